-- `user` is named in place of `from` where the account itself wrote the comment.
select
    cast('instagram' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(account_id as String) as account_id,
    cast(id as String) as comment_id,
    cast(media_id as Nullable(String)) as post_id,
    cast(parent_id as Nullable(String)) as parent_comment_id,
    cast(coalesce(from_id, user_id) as Nullable(String)) as author_id,
    cast(coalesce(from_username, username) as Nullable(String)) as author_name,
    cast(text as Nullable(String)) as comment_text,
    cast(language as Nullable(String)) as language,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(timestamp as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(hidden as Nullable(Bool)) as is_hidden
from {{ source('raw', 'instagram__comments') }}
order by snapshot_date, account_id, comment_id, fetched_at desc, like_count desc
limit 1 by snapshot_date, account_id, comment_id
