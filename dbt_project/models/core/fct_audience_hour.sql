{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toMonday(activity_date)',
        order_by='(account_key, hour_at)',
        post_hook="{{ drop_emptied_partitions(
            'audience_hours', 'hour_at', \"toDateTime(hour_at, 'UTC')\", 'activity_date', start_of='toMonday'
        ) }}",
        query_settings={'max_partitions_per_insert_block': 0},
    )
}}
{%- set in_run = in_window('snapshot_date', known_through='insights_snapshot_date') %}
{%- set before_refuted = earlier_readings(
    'audience_hours', 'hour_at', "toDateTime(hour_at, 'UTC')", 'activity_date', start_of='toMonday'
) %}
{%- set replaced_days = restated_partitions('date', 'insights_snapshot_date', 'toMonday') %}
-- Weeks, because an hour is read again for some days: a run rewrites a week or two.
with
audience_hours as (
    {{ every_platform('audience_hours', where=in_run) }}
    {% if before_refuted -%}
    union all
    {{ every_platform('audience_hours', where=before_refuted ~ ' and ' ~ replaced_days) }}
    {%- endif %}
),

readings as (
    select
        audience_hours.platform as platform,
        {{ platform_key('audience_hours.account_id') }} as account_key,
        audience_hours.date as activity_date,
        toDateTime(audience_hours.hour_at, 'UTC') as hour_at,
        audience_hours.active_follower_count as active_follower_count,
        audience_hours.snapshot_date as insights_snapshot_date
    from audience_hours
    {% if is_incremental() -%}
    union all
    select
        platform,
        account_key,
        activity_date,
        hour_at,
        active_follower_count,
        insights_snapshot_date
    from {{ this }}
    where
        {{ restated_partitions('activity_date', 'insights_snapshot_date', 'toMonday') }}
        and not ({{ in_window('insights_snapshot_date', known_through='insights_snapshot_date') }})
    {%- endif %}
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(account_key as String) as account_key,
    cast(activity_date as Date) as activity_date,
    cast(hour_at as DateTime('UTC')) as hour_at,
    cast(active_follower_count as Nullable(Int64)) as active_follower_count,
    cast(insights_snapshot_date as Date) as insights_snapshot_date
from readings
order by account_key, hour_at, insights_snapshot_date desc
limit 1 by account_key, hour_at
