select
    cast('youtube' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(playlist_id as String) as playlist_id,
    cast(channel_id as String) as account_id,
    cast(video_id as String) as post_id,
    cast(published_at as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(added_at as Nullable(DateTime64(6, 'UTC'))) as added_at,
    cast(position as Nullable(Int64)) as position
from {{ source('raw', 'youtube__playlist_items') }}
order by snapshot_date, account_id, post_id, playlist_id, fetched_at desc, position
limit 1 by snapshot_date, account_id, post_id, playlist_id
