{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='snapshot_date',
        order_by='(account_key, post_key)',
        pre_hook="{{ drop_vanished_days([ref('stg_tiktok__videos'), ref('stg_youtube__videos')]) }}",
        query_settings={'max_partitions_per_insert_block': 0},
    )
}}
with
tiktok as (
    select
        platform,
        {{ platform_key('tiktok', 'account_id') }} as account_key,
        {{ platform_key('tiktok', 'post_id') }} as post_key,
        snapshot_date,
        fetched_at,
        view_count,
        like_count,
        comment_count,
        share_count,
        {{ interaction_count(['like_count', 'comment_count', 'share_count']) }} as interaction_count
    from {{ ref('stg_tiktok__videos') }}
    where {{ in_window('snapshot_date') }}
),

youtube as (
    select
        platform,
        {{ platform_key('youtube', 'account_id') }} as account_key,
        {{ platform_key('youtube', 'post_id') }} as post_key,
        snapshot_date,
        fetched_at,
        view_count,
        like_count,
        comment_count,
        cast(null as Nullable(Int64)) as share_count,
        {{ interaction_count(['like_count', 'comment_count']) }} as interaction_count
    from {{ ref('stg_youtube__videos') }}
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
    cast(post_key as String) as post_key,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(view_count as Nullable(Int64)) as view_count,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count,
    cast(share_count as Nullable(Int64)) as share_count,
    cast(interaction_count as Nullable(Int64)) as interaction_count
from all_platforms
