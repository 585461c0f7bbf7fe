select
    cast('facebook' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(page_id as String) as account_id,
    cast(id as String) as comment_id,
    cast(post_id as Nullable(String)) as post_id,
    cast(parent_id as Nullable(String)) as parent_comment_id,
    cast(from_id as Nullable(String)) as author_id,
    cast(from_name as Nullable(String)) as author_name,
    cast(message as Nullable(String)) as comment_text,
    cast(language as Nullable(String)) as language,
    cast(attachment as Nullable(String)) as attachment,
    cast(permalink_url as Nullable(String)) as share_url,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as reply_count,
    cast(created_time as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(is_hidden as Nullable(Bool)) as is_hidden,
    cast(is_private as Nullable(Bool)) as is_private
from {{ source('raw', 'facebook__comments') }}
order by snapshot_date, account_id, comment_id, fetched_at desc, like_count desc, reply_count desc
limit 1 by snapshot_date, account_id, comment_id
