{#-
  The days that this run rebuilds, as a predicate on a date column.

  Not incremental: every day. Incremental with `start_date`/`end_date`: those days. Incremental
  without them: from `lookback_days` before the model's latest day on (late restatements).
  `before` and `after` widen the window by days. `known_through` names the date column of the
  model itself.
-#}
{% macro in_window(column, before=0, after=0, known_through='snapshot_date') -%}
    {%- set start_date, end_date = var('start_date'), var('end_date') -%}
    {%- if (start_date is none) != (end_date is none) -%}
        {{ exceptions.raise_compiler_error("start_date and end_date: give both, or neither") }}
    {%- endif -%}
    {%- if not is_incremental() -%}
    true
    {%- elif start_date is not none -%}
    {{ column }} between toDate('{{ start_date }}') - {{ before }} and toDate('{{ end_date }}') + {{ after }}
    {%- else -%}
    {#- An empty model's max is 1970-01-01, and Date wraps around below it. #}
    {{ column }} >= (
        select greatest(coalesce(max({{ known_through }}), toDate('2000-01-01')), toDate('2000-01-01')) - {{ var('lookback_days') + before }}
        from {{ this }}
    )
    {%- endif -%}
{%- endmacro %}

{#- The days that a data test looks at: the run's window where one is given, else all. -#}
{% macro tested_days(column) -%}
    {%- if var('start_date') is none -%}
    true
    {%- else -%}
    {{ column }} between toDate('{{ var("start_date") }}') and toDate('{{ var("end_date") }}')
    {%- endif -%}
{%- endmacro %}
