select
    cast('youtube' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(channel_id as String) as account_id,
    cast(id as String) as post_id,
    cast(published_at as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(title as Nullable(String)) as title,
    cast(description as Nullable(String)) as description,
    cast(duration_seconds as Nullable(Int64)) as duration_seconds,
    cast(category_id as Nullable(String)) as category_id,
    cast(nullIf(JSONExtractString(thumbnails, 'high', 'url'), '') as Nullable(String)) as cover_image_url,
    cast(language as Nullable(String)) as language,
    cast(default_audio_language as Nullable(String)) as audio_language,
    cast(privacy_status as Nullable(String)) as privacy_status,
    cast(made_for_kids as Nullable(Bool)) as is_made_for_kids,
    cast(contains_synthetic_media as Nullable(Bool)) as has_synthetic_media,
    cast(has_paid_product_placement as Nullable(Bool)) as has_paid_product_placement,
    cast(view_count as Nullable(Int64)) as view_count,
    cast(view_definition as Nullable(String)) as view_definition,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count
from {{ source('raw', 'youtube__videos') }}
order by snapshot_date, account_id, post_id, fetched_at desc, view_count desc, like_count desc
limit 1 by snapshot_date, account_id, post_id
