{#-
  A day that the platform restates is held as of its latest reading. Where that reading was repeated
  and no longer speaks of the day, the reading before it holds, and where there is none the row goes.

  The models that these serve hold the day of reading as `insights_snapshot_date` and are partitioned
  by `day`; `view` is the conformed view that they read. What identifies a row of an account is `key` in
  the model and `measured` in the view.
-#}

{#- The rows of the model that the run's readings should bear out, and do not. -#}
{% macro refuted_rows(view, key, measured, day, known_through='insights_snapshot_date', start_of='toStartOfMonth') -%}
    {{ restated_partitions(day, known_through, start_of) }}
    and insights_snapshot_date is not null
    and {{ in_window('insights_snapshot_date', known_through=known_through) }}
    and (account_key, {{ key }}) not in (
        select
            {{ platform_key('account_id') }},
            {{ measured }}
        from (
            {{ every_platform(view, where=in_window('snapshot_date', known_through=known_through)) }}
        )
    )
{%- endmacro %}

{#-
  The readings among which the one before is, as a predicate on `snapshot_date`; none where no row is
  refuted, as in most runs. A unit test overrides it.
-#}
{% macro earlier_readings(view, key, measured, day, known_through='insights_snapshot_date', start_of='toStartOfMonth') -%}
    {#- Before anything else, because dbt looks for what a model reads where nothing is incremental. -#}
    {%- do restated_since(known_through) -%}
    {%- if not execute or not is_incremental() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set refuted -%}
        select
            toString(min({{ day }})) as first_date,
            toString(max(insights_snapshot_date)) as last_date
        from {{ this }}
        where {{ refuted_rows(view, key, measured, day, known_through, start_of) }}
        having count() > 0
    {%- endset -%}
    {%- for row in run_query(refuted).rows -%}
        {{ return(
            "snapshot_date between toDate('" ~ row[0] ~ "') and toDate('" ~ row[1] ~ "')"
            ~ ' and not (' ~ in_window('snapshot_date', known_through=known_through) ~ ')'
        ) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{#-
  Hook after the model: drop the partitions in which refuted rows still stand. They were left with no
  row at all, so the run brought nothing to replace them.
-#}
{% macro drop_emptied_partitions(view, key, measured, day, known_through='insights_snapshot_date', start_of='toStartOfMonth') -%}
    {%- if is_incremental() -%}
        {%- set emptied -%}
            select distinct _partition_id from {{ this }}
            where {{ refuted_rows(view, key, measured, day, known_through, start_of) }}
        {%- endset -%}
        {{ drop_partitions(emptied) }}
    {%- endif -%}
{%- endmacro %}

{#- Drop the partitions whose ids the query `emptied` gives. -#}
{% macro drop_partitions(emptied) -%}
    {%- for row in run_query(emptied).rows %}
        {{- 'alter table ' ~ this if loop.first }} drop partition id '{{ row[0] }}' {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- As drop_emptied_partitions, of fct_account_day, whose rows also rest on the account's own reading. -#}
{% macro drop_emptied_account_months() -%}
    {%- if is_incremental() -%}
        {%- set emptied -%}
            select distinct _partition_id from {{ this }}
            where {{ refuted_rows('account_insights', 'snapshot_date', 'date', 'snapshot_date', 'snapshot_date') }}
            union distinct
            select distinct _partition_id from {{ this }}
            where
                fetched_at is not null
                and {{ in_window('snapshot_date') }}
                and (account_key, snapshot_date) not in (
                    select
                        {{ platform_key('account_id') }},
                        snapshot_date
                    from ({{ every_platform('account_days', where=in_window('snapshot_date')) }})
                )
        {%- endset -%}
        {{ drop_partitions(emptied) }}
    {%- endif -%}
{%- endmacro %}
