{#-
  The raw tables that are due every day: those whose source is stale after two days or so. Some are read
  once a week, and of others (comments, stories) a day may rightly have none.
-#}
{% macro daily_streams() -%}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for source in graph.sources.values() if source.source_name == 'raw' and source.freshness and source.freshness.error_after.count -%}
            {%- set limit = source.freshness.error_after -%}
            {%- if limit.period == 'hour' and limit.count <= 72 -%}
                {%- do names.append(source.name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    ['{{ names | sort | join("', '") }}']
{%- endmacro %}
