-- Reach is read of recent posts alone.
with
reach as (
    select
        snapshot_date,
        account_id,
        object_id as post_id,
        value as reach_count
    from {{ ref('stg_tiktok__video_insights') }}
    where metric = 'reach' and period = 'lifetime' and breakdown = ''
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
        },
    ]) }}
from {{ ref('stg_tiktok__videos') }} as videos
left join reach
    on
        videos.snapshot_date = reach.snapshot_date
        and videos.account_id = reach.account_id
        and videos.post_id = reach.post_id
