select
    cast('tiktok' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(open_id as String) as account_id,
    cast(comment_id as String) as comment_id,
    cast(video_id as Nullable(String)) as post_id,
    cast(parent_comment_id as Nullable(String)) as parent_comment_id,
    cast(user_id as Nullable(String)) as author_id,
    cast(unique_identifier as Nullable(String)) as author_unique_id,
    cast(coalesce(username, display_name) as Nullable(String)) as author_name,
    cast(owner as Nullable(Bool)) as is_by_owner,
    cast(text as Nullable(String)) as comment_text,
    cast(language as Nullable(String)) as language,
    cast(likes as Nullable(Int64)) as like_count,
    cast(replies as Nullable(Int64)) as reply_count,
    cast(create_time as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(liked as Nullable(Bool)) as is_liked_by_owner,
    cast(pinned as Nullable(Bool)) as is_pinned,
    cast(status != 'PUBLIC' as Nullable(Bool)) as is_hidden
from {{ source('raw', 'tiktok__comments') }}
order by snapshot_date, account_id, comment_id, fetched_at desc, like_count desc, reply_count desc
limit 1 by snapshot_date, account_id, comment_id
