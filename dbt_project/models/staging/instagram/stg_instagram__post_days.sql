-- Reach is read of recent posts alone.
with
reach as (
    select
        snapshot_date,
        account_id,
        object_id as post_id,
        value as reach_count
    from {{ ref('stg_instagram__media_insights') }}
    where metric = 'reach' and period = 'lifetime' and breakdown = ''
)

select
    {{ conform('post_days', 'instagram', [
        {
            'account_id': 'media.account_id',
            'post_id': 'media.post_id',
            'snapshot_date': 'media.snapshot_date',
            'fetched_at': 'media.fetched_at',
            'published_at': 'media.published_at',
            'view_count': 'media.view_count',
            'view_definition': 'media.view_definition',
            'like_count': 'media.like_count',
            'comment_count': 'media.comment_count',
            'share_count': 'media.share_count',
            'save_count': 'media.save_count',
            'reach_count': 'reach.reach_count',
            'interaction_count': interaction_count(['media.like_count', 'media.comment_count']),
            'reached_interaction_count': interactions_where_reached(
                'reach.reach_count', ['media.like_count', 'media.comment_count']
            ),
        },
    ]) }}
from {{ ref('stg_instagram__media') }} as media
left join reach
    on
        media.snapshot_date = reach.snapshot_date
        and media.account_id = reach.account_id
        and media.post_id = reach.post_id
