{#- Made from ingestion.registry by `python -m orchestration.dbt_platforms`: do not edit. -#}
{% macro platforms() -%}
    {{ return(['facebook', 'instagram', 'tiktok', 'youtube']) }}
{%- endmacro %}

{#- The zones whose midnights cut the platforms' days. -#}
{% macro platform_time_zones() -%}
    {{ return({
        'facebook': 'America/Los_Angeles',
        'instagram': 'America/Los_Angeles',
        'tiktok': 'UTC',
        'youtube': 'America/Los_Angeles',
    }) }}
{%- endmacro %}
