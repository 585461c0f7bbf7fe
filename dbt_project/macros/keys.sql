{#- Surrogate keys are readable and cannot collide: `tiktok:<open_id>`. They sort by platform. -#}
{% macro platform_key(natural_id) -%}
    concat(platform, ':', {{ natural_id }})
{%- endmacro %}
