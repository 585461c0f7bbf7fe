with
video_posts as (
    select
        snapshot_date,
        account_id,
        assumeNotNull(post_id) as post_id,
        min(title) as title,
        sum(duration_seconds) as duration_seconds
    from {{ ref('stg_facebook__videos') }}
    where post_id is not null
    group by snapshot_date, account_id, post_id
)

select
    {{ conform('posts', 'facebook', [
        {
            'account_id': 'published.account_id',
            'post_id': 'published.post_id',
            'snapshot_date': 'published.snapshot_date',
            'published_at': 'published.published_at',
            'post_format': 'published.post_format',
            'title': 'coalesce(video_posts.title, published.caption)',
            'description': 'published.caption',
            'language': 'published.language',
            'duration_seconds': 'round(video_posts.duration_seconds)',
            'share_url': 'published.share_url',
            'has_paid_product_placement': 'published.has_paid_product_placement',
        },
    ]) }}
from {{ ref('stg_facebook__published_posts') }} as published
left join video_posts
    on
        published.snapshot_date = video_posts.snapshot_date
        and published.account_id = video_posts.account_id
        and published.post_id = video_posts.post_id
