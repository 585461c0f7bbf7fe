with
segments as (
    select
        account_id,
        snapshot_date,
        fetched_at,
        transform(
            metric,
            ['follower_demographics', 'engaged_audience_demographics', 'reached_audience_demographics'],
            ['follower', 'engaged', 'reached'],
            ''
        ) as audience,
        breakdown as dimension,
        if(
            breakdown = 'gender',
            transform(segment, ['F', 'M'], ['female', 'male'], 'other'),
            segment
        ) as conformed_segment,
        value as audience_count
    from {{ ref('stg_instagram__audience') }}
    where breakdown in ('age', 'gender', 'country', 'city')
)

select
    {{ conform('audience_days', 'instagram', [
        'account_id', 'snapshot_date', 'fetched_at', 'audience', 'dimension',
        {'segment': 'conformed_segment'}, 'audience_count',
    ]) }}
from segments
where audience != ''
