{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='snapshot_date',
        order_by='(account_key, post_key)',
        pre_hook="{{ drop_vanished_days(conformed_views('post_days')) }}",
        query_settings={'max_partitions_per_insert_block': 0},
    )
}}
with
post_days as (
    {{ every_platform('post_days', where=in_window('snapshot_date')) }}
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast({{ platform_key('account_id') }} as String) as account_key,
    cast({{ platform_key('post_id') }} as String) as post_key,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(view_count as Nullable(Int64)) as view_count,
    cast(view_definition as LowCardinality(Nullable(String))) as view_definition,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count,
    cast(share_count as Nullable(Int64)) as share_count,
    cast(save_count as Nullable(Int64)) as save_count,
    cast(interaction_count as Nullable(Int64)) as interaction_count
from post_days
