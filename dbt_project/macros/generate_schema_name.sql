{#-
  A layer's database: `<CREDENCE_ENV>_<layer>`, or the bare layer where no environment is named.
  The profile's schema is that of core; sources, where no macro can stand, repeat the expression.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema.removesuffix('core') ~ (custom_schema_name or 'core') }}
{%- endmacro %}
