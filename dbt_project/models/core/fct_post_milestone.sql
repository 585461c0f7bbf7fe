{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, post_key, age_days)',
        pre_hook="{{ drop_vanished_months([ref('fct_post_day')]) }}",
        meta={'attaches_new_days': true},
    )
}}
{%- set built_columns = [
    'platform', 'account_key', 'post_key', 'published_date', 'age_days', 'snapshot_date',
    'follower_count', 'view_count', 'like_count', 'comment_count', 'share_count', 'reach_count',
    'interaction_count', 'reached_interaction_count',
] %}
with
milestones as (
    select
        *,
        toDate(published_at) as published_date,
        snapshot_date - toDate(published_at) as age_days
    from {{ ref('fct_post_day') }}
    where
        {{ in_rebuilt_days() }}
        and snapshot_date - toDate(published_at) in (1, 7, 28)
),

account_days as (
    select
        account_key,
        snapshot_date,
        follower_count
    from {{ ref('fct_account_day') }}
    where {{ in_rebuilt_days() }}
)

select
    cast(milestones.platform as LowCardinality(String)) as platform,
    cast(milestones.account_key as String) as account_key,
    cast(milestones.post_key as String) as post_key,
    cast(milestones.published_date as Date) as published_date,
    cast(milestones.age_days as UInt8) as age_days,
    cast(milestones.snapshot_date as Date) as snapshot_date,
    cast(account_days.follower_count as Nullable(Int64)) as follower_count,
    cast(milestones.view_count as Nullable(Int64)) as view_count,
    cast(milestones.like_count as Nullable(Int64)) as like_count,
    cast(milestones.comment_count as Nullable(Int64)) as comment_count,
    cast(milestones.share_count as Nullable(Int64)) as share_count,
    cast(milestones.reach_count as Nullable(Int64)) as reach_count,
    cast(milestones.interaction_count as Nullable(Int64)) as interaction_count,
    cast(milestones.reached_interaction_count as Nullable(Int64)) as reached_interaction_count
from milestones
left join account_days
    on
        milestones.account_key = account_days.account_key
        and milestones.snapshot_date = account_days.snapshot_date
{{ carried_days(built_columns) }}
