{#- Made from ingestion.registry by `python -m orchestration.dbt_platforms`: do not edit. -#}
{% macro platforms() -%}
    {{ return(['facebook', 'instagram', 'tiktok', 'youtube']) }}
{%- endmacro %}
