select
    {{ conform('post_days', 'instagram', [
        'account_id', 'post_id', 'snapshot_date', 'fetched_at', 'published_at', 'view_count',
        'view_definition', 'like_count', 'comment_count', 'share_count', 'save_count',
        {'interaction_count': interaction_count(['like_count', 'comment_count'])},
    ]) }}
from {{ ref('stg_instagram__media') }}
