select
    cast('youtube' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(id as String) as account_id,
    cast(custom_url as Nullable(String)) as handle,
    cast(title as Nullable(String)) as display_name,
    cast(description as Nullable(String)) as description,
    cast(nullIf(JSONExtractString(thumbnails, 'high', 'url'), '') as Nullable(String)) as avatar_url,
    cast(country as Nullable(String)) as country,
    cast(published_at as Nullable(DateTime64(6, 'UTC'))) as account_created_at,
    cast(uploads_playlist_id as Nullable(String)) as uploads_playlist_id,
    cast(subscriber_count as Nullable(Int64)) as follower_count,
    cast(hidden_subscriber_count as Nullable(Bool)) as is_follower_count_hidden,
    cast(view_count as Nullable(Int64)) as lifetime_view_count,
    cast(video_count as Nullable(Int64)) as lifetime_post_count,
    cast(community_guidelines_good_standing as Nullable(Bool)) as community_guidelines_good_standing,
    cast(copyright_strikes_good_standing as Nullable(Bool)) as copyright_strikes_good_standing,
    cast(content_id_claims_good_standing as Nullable(Bool)) as content_id_claims_good_standing
from {{ source('raw', 'youtube__channels') }}
order by snapshot_date, account_id, fetched_at desc, follower_count desc
limit 1 by snapshot_date, account_id
