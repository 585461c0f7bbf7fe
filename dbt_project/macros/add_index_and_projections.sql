{#-
  Takes the place of dbt-clickhouse's macro of this name (1.10), whose ALTER leaves the cluster out: so
  all DDL of a cluster goes one way.
-#}
{% macro add_index_and_projections(relation) -%}
    {%- set added = [] -%}
    {%- for projection in config.get('projections', default=[]) -%}
        {%- do added.append('add ' ~ clickhouse_projection_ddl(projection)) -%}
    {%- endfor -%}
    {%- for index in config.get('indexes', default=[]) -%}
        {%- do added.append('add index ' ~ index.name ~ ' ' ~ index.definition) -%}
    {%- endfor -%}
    {%- if added -%}
        {% call statement('add_projections_and_indexes') %}
            alter table {{ relation }} {{ on_cluster_clause(relation) }} {{ added | join(', ') }}
        {% endcall %}
    {%- endif -%}
{%- endmacro %}
