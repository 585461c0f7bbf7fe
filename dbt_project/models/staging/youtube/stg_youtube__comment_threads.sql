select
    cast('youtube' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(id as String) as comment_id,
    cast(video_id as Nullable(String)) as post_id,
    cast(channel_id as String) as account_id,
    cast(author_channel_id as Nullable(String)) as author_id,
    cast(author_display_name as Nullable(String)) as author_name,
    cast(text_original as Nullable(String)) as comment_text,
    cast(language as Nullable(String)) as language,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(total_reply_count as Nullable(Int64)) as reply_count,
    cast(is_public as Nullable(Bool)) as is_public,
    cast(published_at as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(updated_at as Nullable(DateTime64(6, 'UTC'))) as updated_at
from {{ source('raw', 'youtube__comment_threads') }}
order by snapshot_date, account_id, comment_id, fetched_at desc, like_count desc, reply_count desc
limit 1 by snapshot_date, account_id, comment_id
