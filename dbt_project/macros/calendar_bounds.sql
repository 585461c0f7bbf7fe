{#- The first and the last day of the calendar. -#}
{% macro calendar_bounds() -%}
    {{ return(['2015-01-01', '2040-12-31']) }}
{%- endmacro %}
