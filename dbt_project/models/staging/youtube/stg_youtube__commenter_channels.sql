select
    cast('youtube' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(account_id as String) as account_id,
    cast(id as String) as author_id,
    cast(custom_url as Nullable(String)) as handle,
    cast(title as Nullable(String)) as display_name,
    cast(description as Nullable(String)) as description,
    cast(country as Nullable(String)) as country,
    cast(published_at as Nullable(DateTime64(6, 'UTC'))) as account_created_at,
    cast(subscriber_count as Nullable(Int64)) as follower_count,
    cast(hidden_subscriber_count as Nullable(Bool)) as is_follower_count_hidden,
    cast(view_count as Nullable(Int64)) as lifetime_view_count,
    cast(video_count as Nullable(Int64)) as lifetime_post_count
from {{ source('raw', 'youtube__commenter_channels') }}
order by snapshot_date, account_id, author_id, fetched_at desc, lifetime_view_count desc
limit 1 by snapshot_date, account_id, author_id
