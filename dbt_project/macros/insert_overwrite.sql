{#-
  Takes the place of dbt-clickhouse's macro of this name (1.10), which always replaces the partitions
  that a run brings. Where a run brings days that the model does not hold (`brings_new_days`), they are
  attached to their partition instead, and what stands there is not rewritten. Only models with
  `meta: {attaches_new_days: true}`: the query of such a model leaves the partition's other rows out.
-#}
{% macro clickhouse__incremental_insert_overwrite(existing_relation, partition_by, is_distributed=False) -%}
    {%- if is_distributed -%}
        {{ exceptions.raise_compiler_error('insert_overwrite: distributed tables are not in use here') }}
    {%- endif -%}
    {%- set attaches = config.get('meta', {}).get('attaches_new_days', false) and brings_new_days() -%}
    {%- set new_data = existing_relation.incorporate(path={
        'identifier': existing_relation.identifier ~ '__dbt_new_data_' ~ invocation_id.replace('-', '_')
    }) -%}
    {{ drop_relation_if_exists(new_data) }}
    {% call statement('main') %}
        {{ get_create_table_as_sql(False, new_data, sql) }}
    {% endcall %}
    {%- set partitions -%}
        select distinct partition_id from system.parts
        where active and database = '{{ new_data.schema }}' and table = '{{ new_data.identifier }}'
        order by partition_id
    {%- endset -%}
    {%- set partitions = run_query(partitions).rows -%}
    {%- if partitions -%}
        {% call statement('move_partitions') %}
            alter table {{ existing_relation }}
            {%- for partition in partitions %}
            {{ 'attach' if attaches else 'replace' }} partition id '{{ partition[0] }}' from {{ new_data }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        {% endcall %}
    {%- endif -%}
    {% do adapter.drop_relation(new_data) %}
{%- endmacro %}
