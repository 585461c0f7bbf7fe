{#- A layer's database: `<CREDENCE_ENV>_<layer>`, or the bare layer where no environment is named. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set environment = env_var('CREDENCE_ENV', '') -%}
    {%- set layer = custom_schema_name or 'core' -%}
    {{ environment ~ '_' ~ layer if environment else layer }}
{%- endmacro %}
