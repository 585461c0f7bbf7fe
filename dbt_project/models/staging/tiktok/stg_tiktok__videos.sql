-- A doubled id carries no reading time of its own. Lifetime counters grow, so the higher view
-- count, then like, comment and share count, is the later reading.
select
    cast('tiktok' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(open_id as String) as account_id,
    cast(id as String) as post_id,
    cast(create_time as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(title as Nullable(String)) as title,
    cast(video_description as Nullable(String)) as description,
    cast(language as Nullable(String)) as language,
    cast(duration as Nullable(Int64)) as duration_seconds,
    cast(width as Nullable(Int64)) as width,
    cast(height as Nullable(Int64)) as height,
    cast(cover_image_url as Nullable(String)) as cover_image_url,
    cast(share_url as Nullable(String)) as share_url,
    cast(view_count as Nullable(Int64)) as view_count,
    cast(view_definition as Nullable(String)) as view_definition,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count,
    cast(share_count as Nullable(Int64)) as share_count
from {{ source('raw', 'tiktok__videos') }}
order by
    snapshot_date, account_id, post_id,
    view_count desc, like_count desc, comment_count desc, share_count desc, fetched_at desc
limit 1 by snapshot_date, account_id, post_id
