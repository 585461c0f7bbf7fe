select
    cast('instagram' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(account_id as String) as account_id,
    cast(id as String) as story_id,
    cast(timestamp as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(media_type as Nullable(String)) as media_type,
    cast(caption as Nullable(String)) as caption,
    cast(language as Nullable(String)) as language,
    cast(permalink as Nullable(String)) as share_url,
    cast(is_ai_generated as Nullable(Bool)) as has_synthetic_media,
    cast(view_count as Nullable(Int64)) as view_count,
    cast(view_definition as Nullable(String)) as view_definition,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comments_count as Nullable(Int64)) as comment_count,
    cast(shares_count as Nullable(Int64)) as share_count,
    cast(reposts_count as Nullable(Int64)) as repost_count
from {{ source('raw', 'instagram__stories') }}
order by snapshot_date, account_id, story_id, fetched_at desc, view_count desc, like_count desc
limit 1 by snapshot_date, account_id, story_id
