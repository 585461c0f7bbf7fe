select
    {{ conform('posts', 'tiktok', [
        'account_id', 'post_id', 'snapshot_date', 'published_at', {'post_format': "'video'"},
        'title', 'description', 'language', 'duration_seconds', 'share_url', 'cover_image_url',
    ]) }}
from {{ ref('stg_tiktok__videos') }}
