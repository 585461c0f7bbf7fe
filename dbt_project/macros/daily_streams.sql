{#-
  The raw tables that are due every day: those whose source declares when it is stale. Of the others
  (comments, stories) a day may rightly have none.
-#}
{% macro daily_streams() -%}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for source in graph.sources.values() if source.source_name == 'raw' and source.freshness and source.freshness.error_after.count -%}
            {%- do names.append(source.name) -%}
        {%- endfor -%}
    {%- endif -%}
    ['{{ names | sort | join("', '") }}']
{%- endmacro %}
