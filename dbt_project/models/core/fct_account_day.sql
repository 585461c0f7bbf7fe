{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='snapshot_date',
        order_by='account_key',
        pre_hook="{{ drop_vanished_days([ref('stg_tiktok__users'), ref('stg_youtube__channels')]) }}",
        query_settings={'max_partitions_per_insert_block': 0},
    )
}}
with
tiktok as (
    select
        platform,
        {{ platform_key('tiktok', 'account_id') }} as account_key,
        snapshot_date,
        fetched_at,
        follower_count,
        following_count,
        cast(null as Nullable(Int64)) as lifetime_view_count,
        lifetime_like_count,
        lifetime_post_count
    from {{ ref('stg_tiktok__users') }}
    where {{ in_window('snapshot_date') }}
),

youtube as (
    select
        platform,
        {{ platform_key('youtube', 'account_id') }} as account_key,
        snapshot_date,
        fetched_at,
        -- A channel that hides its subscribers may still report a number: it is not the count.
        if(is_follower_count_hidden, null, follower_count) as follower_count,
        cast(null as Nullable(Int64)) as following_count,
        lifetime_view_count,
        cast(null as Nullable(Int64)) as lifetime_like_count,
        lifetime_post_count
    from {{ ref('stg_youtube__channels') }}
    where {{ in_window('snapshot_date') }}
),

all_platforms as (
    select * from tiktok
    union all
    select * from youtube
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(account_key as String) as account_key,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(follower_count as Nullable(Int64)) as follower_count,
    cast(following_count as Nullable(Int64)) as following_count,
    cast(lifetime_view_count as Nullable(Int64)) as lifetime_view_count,
    cast(lifetime_like_count as Nullable(Int64)) as lifetime_like_count,
    cast(lifetime_post_count as Nullable(Int64)) as lifetime_post_count
from all_platforms
