-- A post has no counter of views of its own: those of a video or reel stand with the video. Reach is
-- read of recent posts that are no reels.
with
video_posts as (
    select
        snapshot_date,
        account_id,
        assumeNotNull(post_id) as post_id,
        if(count(view_count) = count(), sum(view_count), null) as view_count,
        min(view_definition) as view_definition
    from {{ ref('stg_facebook__videos') }}
    where post_id is not null
    group by snapshot_date, account_id, post_id
),

reach as (
    select
        snapshot_date,
        account_id,
        object_id as post_id,
        value as reach_count
    from {{ ref('stg_facebook__post_insights') }}
    where metric = 'post_total_media_view_unique' and period = 'lifetime' and breakdown = ''
)

select
    {{ conform('post_days', 'facebook', [
        {
            'account_id': 'published.account_id',
            'post_id': 'published.post_id',
            'snapshot_date': 'published.snapshot_date',
            'fetched_at': 'published.fetched_at',
            'published_at': 'published.published_at',
            'view_count': 'video_posts.view_count',
            'view_definition': 'video_posts.view_definition',
            'like_count': 'published.like_count',
            'comment_count': 'published.comment_count',
            'share_count': 'published.share_count',
            'reach_count': 'reach.reach_count',
            'interaction_count': interaction_count(['published.like_count', 'published.comment_count']),
            'reached_interaction_count': interactions_where_reached(
                'reach.reach_count', ['published.like_count', 'published.comment_count']
            ),
        },
    ]) }}
from {{ ref('stg_facebook__published_posts') }} as published
left join video_posts
    on
        published.snapshot_date = video_posts.snapshot_date
        and published.account_id = video_posts.account_id
        and published.post_id = video_posts.post_id
left join reach
    on
        published.snapshot_date = reach.snapshot_date
        and published.account_id = reach.account_id
        and published.post_id = reach.post_id
