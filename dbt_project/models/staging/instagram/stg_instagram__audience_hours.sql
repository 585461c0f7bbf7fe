-- On the day on which the clocks go forward one of the platform's hours does not exist.
with
hours as (
    select
        account_id,
        snapshot_date,
        fetched_at,
        date,
        toUInt8(segment) as hour,
        {{ platform_hour_at("'instagram'", 'date', 'toUInt8(segment)') }} as hour_at,
        value as active_follower_count
    from {{ ref('stg_instagram__online_followers') }}
    where metric = 'online_followers' and breakdown = 'hour'
)

select
    {{ conform('audience_hours', 'instagram', [
        'account_id', 'snapshot_date', 'fetched_at', 'date', 'hour',
        {'hour_at': 'assumeNotNull(hours.hour_at)'}, 'active_follower_count',
    ]) }}
from hours
where hours.hour_at is not null
