-- Reach is read of recent posts alone. It lags behind the listing's counters, by up to a day: beside it
-- stand the likes, comments and shares that were given with it.
with
reach as (
    select
        insights.snapshot_date as snapshot_date,
        insights.account_id as account_id,
        insights.object_id as post_id,
        {{ insight('reach') }} as reach_count,
        if(
            reach_count is null, null,
            {{ interaction_count([insight('likes'), insight('comments'), insight('shares')]) }}
        ) as reached_interaction_count
    from {{ ref('stg_tiktok__video_insights') }} as insights
    where
        insights.period = 'lifetime'
        and insights.breakdown = ''
        and insights.metric in ('reach', 'likes', 'comments', 'shares')
    -- a metric that a later reading of the day lacks is of another moment
    group by insights.snapshot_date, insights.account_id, insights.object_id, insights.fetched_at
    having countIf(insights.metric = 'reach') > 0
)

select
    {{ conform('post_days', 'tiktok', [
        {
            'account_id': 'videos.account_id',
            'post_id': 'videos.post_id',
            'snapshot_date': 'videos.snapshot_date',
            'fetched_at': 'videos.fetched_at',
            'published_at': 'videos.published_at',
            'view_count': 'videos.view_count',
            'view_definition': 'videos.view_definition',
            'like_count': 'videos.like_count',
            'comment_count': 'videos.comment_count',
            'share_count': 'videos.share_count',
            'reach_count': 'reach.reach_count',
            'interaction_count': interaction_count(['videos.like_count', 'videos.comment_count', 'videos.share_count']),
            'reached_interaction_count': 'reach.reached_interaction_count',
        },
    ]) }}
from {{ ref('stg_tiktok__videos') }} as videos
left join reach
    on
        videos.snapshot_date = reach.snapshot_date
        and videos.account_id = reach.account_id
        and videos.post_id = reach.post_id
