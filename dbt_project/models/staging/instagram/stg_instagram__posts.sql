select
    {{ conform('posts', 'instagram', [
        'account_id', 'post_id', 'snapshot_date', 'published_at', 'post_format',
        {'title': 'caption', 'description': 'caption'}, 'language', 'share_url',
        'has_synthetic_media',
    ]) }}
from {{ ref('stg_instagram__media') }}
