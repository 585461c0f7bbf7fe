{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='tuple()',
        order_by='snapshot_date',
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

days_spoken_of as (
    select
        snapshot_date,
        date as earliest_date
    from account_insights
    union all
    select
        snapshot_date,
        date as earliest_date
    from audience_hours
    {% if is_incremental() -%}
    union all
    select
        snapshot_date,
        earliest_date
    from {{ this }}
    {%- endif %}
)

select
    cast(snapshot_date as Date) as snapshot_date,
    cast(min(days_spoken_of.earliest_date) as Date) as earliest_date
from days_spoken_of
group by snapshot_date
