select
    cast('tiktok' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(open_id as String) as account_id,
    cast(union_id as Nullable(String)) as union_id,
    cast(username as Nullable(String)) as handle,
    cast(display_name as Nullable(String)) as display_name,
    cast(bio_description as Nullable(String)) as description,
    cast(profile_deep_link as Nullable(String)) as profile_url,
    cast(avatar_url as Nullable(String)) as avatar_url,
    cast(is_verified as Nullable(Bool)) as is_verified,
    cast(follower_count as Nullable(Int64)) as follower_count,
    cast(following_count as Nullable(Int64)) as following_count,
    cast(likes_count as Nullable(Int64)) as lifetime_like_count,
    cast(video_count as Nullable(Int64)) as lifetime_post_count
from {{ source('raw', 'tiktok__users') }}
order by snapshot_date, account_id, fetched_at desc, follower_count desc
limit 1 by snapshot_date, account_id
