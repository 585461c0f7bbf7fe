-- A peer is asked for by its name, which is therefore the key: another's id may stand behind it one day.
select
    cast('instagram' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(account_id as String) as account_id,
    cast(username as String) as handle,
    cast(id as Nullable(String)) as peer_id,
    cast(name as Nullable(String)) as display_name,
    cast(biography as Nullable(String)) as description,
    cast(website as Nullable(String)) as website,
    cast(profile_picture_url as Nullable(String)) as avatar_url,
    cast(followers_count as Nullable(Int64)) as follower_count,
    cast(follows_count as Nullable(Int64)) as following_count,
    cast(media_count as Nullable(Int64)) as lifetime_post_count
from {{ source('raw', 'instagram__peers') }}
order by snapshot_date, account_id, handle, fetched_at desc, follower_count desc
limit 1 by snapshot_date, account_id, handle
