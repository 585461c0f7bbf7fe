{#-
  Who a statement is for, as `log_comment` of system.query_log: mart_ops__cost adds up what each asset
  costs. dbt keeps a session for each of its threads, so a hook before a model names all statements
  that follow, and one after it ends that. Tests carry theirs in the statement itself.
-#}
{% macro log_comment(asset, kind) -%}
    {{ {'run': invocation_id, 'asset': asset, 'kind': kind} | tojson }}
{%- endmacro %}

{#- The asset of a node: its layer and name, as everywhere. -#}
{% macro asset_of(node) -%}
    {{ ('core' if node.resource_type == 'seed' else node.fqn[1]) ~ '/' ~ node.name }}
{%- endmacro %}

{% macro begin_asset() -%}
    set log_comment = '{{ log_comment(asset_of(model), model.resource_type) }}'
{%- endmacro %}

{#- What dbt asks between two models (which tables there are, what days a run rebuilds). -#}
{% macro end_asset() -%}
    set log_comment = '{{ log_comment("dbt", "other") }}'
{%- endmacro %}

{#- dbt's own statement of a data test, and what it is a test of. -#}
{% macro clickhouse__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {%- set tested = graph.nodes.get(model.attached_node) if model.attached_node else none -%}
    {{ default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) }}
    settings log_comment = '{{ log_comment(asset_of(tested) if tested else "dbt", "test") }}'
{%- endmacro %}
