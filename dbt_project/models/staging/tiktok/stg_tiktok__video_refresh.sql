select
    cast('tiktok' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(open_id as String) as account_id,
    cast(id as String) as post_id,
    cast(is_gone as Nullable(Bool)) as is_gone,
    cast(create_time as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(title as Nullable(String)) as title,
    cast(view_count as Nullable(Int64)) as view_count,
    cast(view_definition as Nullable(String)) as view_definition,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count,
    cast(share_count as Nullable(Int64)) as share_count
from {{ source('raw', 'tiktok__video_refresh') }}
order by snapshot_date, account_id, post_id, fetched_at desc, is_gone desc, view_count desc
limit 1 by snapshot_date, account_id, post_id
