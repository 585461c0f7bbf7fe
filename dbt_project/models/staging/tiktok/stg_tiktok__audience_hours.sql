with
hours as (
    select
        account_id,
        snapshot_date,
        fetched_at,
        date,
        toUInt8(segment) as hour,
        {{ platform_hour_at("'tiktok'", 'date', 'toUInt8(segment)') }} as hour_at,
        value as active_follower_count
    from {{ ref('stg_tiktok__audience') }}
    where metric = 'audience_activity' and breakdown = 'hour'
)

select
    {{ conform('audience_hours', 'tiktok', [
        'account_id', 'snapshot_date', 'fetched_at', 'date', 'hour', 'hour_at',
        'active_follower_count',
    ]) }}
from hours
