select
    cast('facebook' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(page_id as String) as account_id,
    cast(id as String) as video_id,
    cast(post_id as Nullable(String)) as post_id,
    cast(lower(video_type) as Nullable(String)) as video_type,
    cast(created_time as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(title as Nullable(String)) as title,
    cast(description as Nullable(String)) as description,
    cast(language as Nullable(String)) as language,
    cast(length as Nullable(Float64)) as duration_seconds,
    cast(permalink_url as Nullable(String)) as share_url,
    cast(views as Nullable(Int64)) as view_count,
    cast(view_definition as Nullable(String)) as view_definition,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count
from {{ source('raw', 'facebook__videos') }}
order by snapshot_date, account_id, video_id, fetched_at desc, view_count desc, like_count desc
limit 1 by snapshot_date, account_id, video_id
