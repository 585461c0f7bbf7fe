select
    cast('instagram' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(id as String) as account_id,
    cast(username as Nullable(String)) as handle,
    cast(name as Nullable(String)) as display_name,
    cast(biography as Nullable(String)) as description,
    cast(website as Nullable(String)) as website,
    cast(profile_picture_url as Nullable(String)) as avatar_url,
    cast(followers_count as Nullable(Int64)) as follower_count,
    cast(follows_count as Nullable(Int64)) as following_count,
    cast(media_count as Nullable(Int64)) as lifetime_post_count
from {{ source('raw', 'instagram__accounts') }}
order by snapshot_date, account_id, fetched_at desc, follower_count desc
limit 1 by snapshot_date, account_id
