{#-
  Where a reading was repeated and no longer speaks of a day, the reading before it holds: the days of
  reading among which that one is, as a predicate on `snapshot_date`; none where there is no such day,
  as in most runs. A unit test overrides it.
-#}
{% macro refuted_insights() -%}
    {#- Before anything else, because dbt looks for what a model reads where nothing is incremental. -#}
    {%- do restated_since() -%}
    {%- if not execute or not is_incremental() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set refuted -%}
        select
            toString(min(snapshot_date)) as first_date,
            toString(max(insights_snapshot_date)) as last_date
        from {{ this }}
        where {{ unread_insights() }}
        having count() > 0
    {%- endset -%}
    {%- for row in run_query(refuted).rows -%}
        {{ return("snapshot_date between toDate('" ~ row[0] ~ "') and toDate('" ~ row[1] ~ "')") }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{#- The rows of fct_account_day whose insights the run's readings should hold, and do not. -#}
{% macro unread_insights() -%}
    {{ restated_months('snapshot_date') }}
    and insights_snapshot_date is not null
    and {{ in_window('insights_snapshot_date') }}
    and (account_key, snapshot_date) not in (
        select
            {{ platform_key('account_id') }},
            date
        from ({{ every_platform('account_insights', where=in_window('snapshot_date')) }})
    )
{%- endmacro %}

{#-
  Hook after a model that replaces months whole: a month of which no row is left brings nothing that
  could replace it, so it would stay. A row that the readings no longer bear out stands in such a
  month alone.
-#}
{% macro drop_emptied_account_months() -%}
    {%- if is_incremental() -%}
        {%- set emptied -%}
            select distinct toString(toYYYYMM(snapshot_date)) from {{ this }}
            where {{ unread_insights() }}
            union distinct
            select distinct toString(toYYYYMM(snapshot_date)) from {{ this }}
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
        {{ drop_months(emptied) }}
    {%- endif -%}
{%- endmacro %}

{#- Drop the months (YYYYMM) that the query `emptied` names. -#}
{% macro drop_months(emptied) -%}
    {%- for row in run_query(emptied).rows %}
        {{- 'alter table ' ~ this if loop.first }} drop partition {{ row[0] }} {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
