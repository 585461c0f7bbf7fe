-- The API does not tell Shorts from videos.
select
    {{ conform('posts', 'youtube', [
        'account_id', 'post_id', 'snapshot_date', 'published_at', {'post_format': "'video'"},
        'title', 'description', 'language', 'duration_seconds', 'cover_image_url', 'category_id',
        'privacy_status', 'is_made_for_kids', 'has_synthetic_media', 'has_paid_product_placement',
    ]) }}
from {{ ref('stg_youtube__videos') }}
