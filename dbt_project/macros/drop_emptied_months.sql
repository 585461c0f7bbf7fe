{#-
  Hooks after a model that replaces months whole: a month of which no row is left brings nothing that
  could replace it, so it would stay. A row that the readings no longer bear out stands in such a
  month alone.
-#}
{% macro drop_emptied_account_months() -%}
    {%- if is_incremental() -%}
        {%- set emptied -%}
            select distinct toString(toYYYYMM(snapshot_date)) from {{ this }}
            where
                {{ restated_months('snapshot_date') }}
                and (
                    (
                        fetched_at is not null
                        and {{ in_window('snapshot_date') }}
                        and (account_key, snapshot_date) not in (
                            select
                                {{ platform_key('account_id') }},
                                snapshot_date
                            from ({{ every_platform('account_days', where=in_window('snapshot_date')) }})
                        )
                    )
                    or (
                        insights_snapshot_date is not null
                        and {{ in_window('insights_snapshot_date') }}
                        and (account_key, snapshot_date) not in (
                            select
                                {{ platform_key('account_id') }},
                                date
                            from ({{ every_platform('account_insights', where=in_window('snapshot_date')) }})
                        )
                    )
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
