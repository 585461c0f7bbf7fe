{#- Small marks: nearly every model asks for its latest days, several times. -#}
{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='tuple()',
        order_by='snapshot_date',
        settings={'index_granularity': 64},
    )
}}
-- A reading that was repeated and now reaches less far back is not forgotten: what it said of the
-- days before must be taken out of everything that was built on it.
with
account_insights as (
    {{ every_platform('account_insights', where=in_window('snapshot_date')) }}
),

audience_hours as (
    {{ every_platform('audience_hours', where=in_window('snapshot_date')) }}
),

days_read_of as (
    select
        snapshot_date,
        date as day_spoken_of
    from account_insights
    union all
    select
        snapshot_date,
        date as day_spoken_of
    from audience_hours
    {% if is_incremental() -%}
    union all
    select
        snapshot_date,
        earliest_date as day_spoken_of
    from {{ this }}
    {%- endif %}
)

select
    cast(snapshot_date as Date) as snapshot_date,
    cast(min(day_spoken_of) as Date) as earliest_date
from days_read_of
group by snapshot_date
