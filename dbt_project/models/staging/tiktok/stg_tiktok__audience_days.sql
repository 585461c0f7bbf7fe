with
segments as (
    select
        account_id,
        snapshot_date,
        fetched_at,
        breakdown as dimension,
        if(
            breakdown = 'gender',
            transform(lower(segment), ['female', 'male'], ['female', 'male'], 'other'),
            segment
        ) as conformed_segment,
        value as share
    from {{ ref('stg_tiktok__audience') }}
    where breakdown in ('age', 'gender', 'country', 'city')
)

select
    {{ conform('audience_days', 'tiktok', [
        'account_id', 'snapshot_date', 'fetched_at', {'audience': "'follower'"}, 'dimension',
        {'segment': 'conformed_segment'}, 'share',
    ]) }}
from segments
