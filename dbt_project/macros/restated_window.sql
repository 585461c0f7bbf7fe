{#-
  The account's days that this run rebuilds, as a predicate on a date column.

  A platform restates the days before a reading. So a run rebuilds, besides the days of in_window,
  `restated_days` before them, and as far back as the readings of its days reach. In an incremental
  run both bounds are literal dates, so that partitions are pruned.

  `before` and `after` widen the window by days: a model whose row looks at the 90 days before it
  reads `before=90` and rebuilds `after=90`. `known_through` names the date column of the model itself.
  A unit test of an incremental run overrides `restated_since`, which asks the warehouse.
-#}
{% macro restated_window(column, before=0, after=0, known_through='snapshot_date') -%}
    {%- set since = restated_since(known_through) -%}
    {%- set end_date = var('end_date') -%}
    {%- if not is_incremental() -%}
    true
    {%- elif end_date is none -%}
    {{ column }} >= toDate('{{ since }}') - {{ before }}
    {%- else -%}
    {{ column }} between toDate('{{ since }}') - {{ before }} and toDate('{{ end_date }}') + {{ after }}
    {%- endif -%}
{%- endmacro %}

{#-
  The first of those days (YYYY-MM-DD), `at_least` so many before the run's; of no meaning where a run is
  not incremental.
-#}
{% macro restated_since(known_through='snapshot_date', at_least=var('restated_days')) -%}
    {%- if not execute -%}
        {%- do ref('fct_insight_reading') -%}
    {%- endif -%}
    {%- if not execute or not is_incremental() -%}
        {{ return('1970-01-01') }}
    {%- endif -%}
    {%- set first_day -%}
        {%- if var('start_date') is not none -%}
        toDate('{{ var("start_date") }}')
        {%- else -%}
        {#- An empty model's max is 1970-01-01, and Date wraps around below it. -#}
        (select greatest(max({{ known_through }}), toDate('2000-01-01')) - {{ var('lookback_days') }} from {{ this }})
        {%- endif -%}
    {%- endset -%}
    {%- set since -%}
        select toString(least(
            {{ first_day }} - {{ at_least }},
            coalesce(minOrNull(earliest_date), {{ first_day }})
        ))
        from {{ ref('fct_insight_reading') }}
        where
            snapshot_date >= {{ first_day }}
            {%- if var('end_date') is not none %}
            and snapshot_date <= toDate('{{ var("end_date") }}')
            {%- endif %}
    {%- endset -%}
    {{ return(run_query(since).rows[0][0]) }}
{%- endmacro %}

{#-
  The partitions that hold the days of which the run's readings speak, or ever spoke, and the run's own:
  all that a model of such days must replace. `start_of` gives a partition's first day.
-#}
{% macro restated_partitions(column, known_through='snapshot_date', start_of='toStartOfMonth') -%}
    {%- set since = restated_since(known_through, at_least=0) -%}
    {%- set end_date = var('end_date') -%}
    {%- if not is_incremental() -%}
    true
    {%- else -%}
    {{ column }} >= {{ start_of }}(toDate('{{ since }}'))
    {%- if end_date is not none %} and {{ start_of }}({{ column }}) <= toDate('{{ end_date }}'){% endif -%}
    {%- endif -%}
{%- endmacro %}
