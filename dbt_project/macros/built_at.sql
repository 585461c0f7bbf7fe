{#- When this run began (UTC): what a mart takes for now, so that all of its rows speak of one moment. -#}
{% macro built_at() -%}
    parseDateTime64BestEffort('{{ run_started_at }}', 6, 'UTC')
{%- endmacro %}
