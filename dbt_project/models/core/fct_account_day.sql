{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='snapshot_date',
        order_by='account_key',
        pre_hook="{{ drop_vanished_days(conformed_views('account_days')) }}",
        query_settings={'max_partitions_per_insert_block': 0},
    )
}}
with
account_days as (
    {{ every_platform('account_days', where=in_window('snapshot_date')) }}
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast({{ platform_key('account_id') }} as String) as account_key,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(follower_count as Nullable(Int64)) as follower_count,
    cast(following_count as Nullable(Int64)) as following_count,
    cast(lifetime_view_count as Nullable(Int64)) as lifetime_view_count,
    cast(lifetime_like_count as Nullable(Int64)) as lifetime_like_count,
    cast(lifetime_post_count as Nullable(Int64)) as lifetime_post_count
from account_days
