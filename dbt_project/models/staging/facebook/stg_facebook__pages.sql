select
    cast('facebook' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(id as String) as account_id,
    cast(username as Nullable(String)) as handle,
    cast(name as Nullable(String)) as display_name,
    cast(coalesce(description, about) as Nullable(String)) as description,
    cast(category as Nullable(String)) as category,
    cast(link as Nullable(String)) as profile_url,
    cast(website as Nullable(String)) as website,
    cast(verification_status != 'not_verified' as Nullable(Bool)) as is_verified,
    cast(followers_count as Nullable(Int64)) as follower_count,
    cast(fan_count as Nullable(Int64)) as fan_count
from {{ source('raw', 'facebook__pages') }}
order by snapshot_date, account_id, fetched_at desc, follower_count desc
limit 1 by snapshot_date, account_id
