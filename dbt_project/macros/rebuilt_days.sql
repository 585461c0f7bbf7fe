{#-
  For tables of days that are partitioned by month (`insert_overwrite`), whose rows look back on the
  28 days before them: which days a run rebuilds, and what else its months hold.

  A run of new days, after all that the model holds, brings those days alone: they are attached to
  their months and history is neither read nor written. Any other run also rebuilds the later days
  that look back on its own, and replaces the months whole: the rows in between are carried over.
  Either way a partition changes at once, so a killed run leaves no half of a day behind.
-#}

{#- The run's first and last day as SQL. -#}
{% macro first_day() -%}
    {%- if var('start_date') is not none -%}
    toDate('{{ var("start_date") }}')
    {%- else -%}
    {#- An empty model's max is 1970-01-01, and Date wraps around below it. -#}
    (select greatest(max(snapshot_date), toDate('2000-01-01')) - {{ var('lookback_days') }} from {{ this }})
    {%- endif -%}
{%- endmacro %}

{% macro last_day() -%}
    toDate('{{ var("end_date") if var("end_date") is not none else "2148-12-31" }}')
{%- endmacro %}

{#- Whether the model holds no day from the run's first one on. A unit test overrides it. -#}
{% macro brings_new_days() -%}
    {%- if not execute or not is_incremental() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set known = 'select 1 from ' ~ this ~ ' where snapshot_date >= ' ~ first_day() ~ ' limit 1' -%}
    {{ return(run_query(known).rows | length == 0) }}
{%- endmacro %}

{#- The run's days, `before` days before them, and the later days that look back on them. -#}
{% macro in_rebuilt_days(before=0) -%}
    {%- if is_incremental() -%}
    snapshot_date between {{ first_day() }} - {{ before }} and {{ last_day() }} + {{ reach_of_a_day() }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{#- So many days a delta looks back. -#}
{% macro reach_of_a_day() -%}
    28
{%- endmacro %}

{#- `union all` and the rows that the run's months keep; nothing where the days are attached. -#}
{% macro carried_days(columns) -%}
    {%- if is_incremental() and not brings_new_days() %}
    union all
    select {{ columns | join(', ') }}
    from {{ this }}
    where
        snapshot_date between toStartOfMonth({{ first_day() }}) and toLastDayOfMonth({{ last_day() }} + {{ reach_of_a_day() }})
        and not ({{ in_rebuilt_days() }})
    {%- endif -%}
{%- endmacro %}

{#-
  Hook: drop the months of which the model holds only days of the run, and `readings` (relations)
  nothing any more: a month without a new row is not replaced.
-#}
{% macro drop_vanished_months(readings) -%}
    {%- if is_incremental() and not brings_new_days() -%}
        {%- set window = 'snapshot_date between ' ~ first_day() ~ ' and ' ~ last_day() -%}
        {%- set vanished_months -%}
            select toString(toYYYYMM(snapshot_date)) from {{ this }}
            where snapshot_date between toStartOfMonth({{ first_day() }}) and toLastDayOfMonth({{ last_day() }})
            group by toYYYYMM(snapshot_date)
            having
                countIf(not ({{ window }})) = 0
                {%- for reading in readings %}
                and toYYYYMM(snapshot_date) not in (
                    select toYYYYMM(snapshot_date) from {{ reading }} where {{ window }}
                )
                {%- endfor %}
        {%- endset -%}
        {%- for row in run_query(vanished_months).rows %}
            {{- 'alter table ' ~ this if loop.first }} drop partition {{ row[0] }} {{- ',' if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
