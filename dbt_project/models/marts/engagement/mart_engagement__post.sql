{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='tuple()',
        order_by='(account_key, post_key)',
    )
}}
with
posts as (
    select
        *,
        max(last_snapshot_date) over (partition by account_key) as account_last_date
    from {{ ref('dim_post') }}
),

-- No post was read: an account has none only if the platform says so. Any other day without
-- posts says nothing of them, and the listing known before it stands.
emptied as (
    select
        account_key,
        max(snapshot_date) as snapshot_date
    from {{ ref('fct_account_day') }}
    where
        lifetime_post_count = 0
        and account_key in (
            select accounts.account_key
            from {{ ref('dim_account') }} as accounts
            inner join posts on accounts.account_key = posts.account_key
            where accounts.last_snapshot_date > posts.account_last_date
        )
    group by account_key
),

{% if is_incremental() -%}
-- Counters of posts whose latest reading lies outside the rebuilt days stay as they are.
carried as (
    select
        post_key,
        snapshot_date,
        follower_count,
        view_count,
        like_count,
        comment_count,
        share_count,
        interaction_count
    from {{ this }}
    where
        not ({{ in_window('snapshot_date') }})
        and (post_key, snapshot_date) in (
            select
                post_key,
                last_snapshot_date
            from {{ ref('dim_post') }}
        )
),
{%- endif %}

due as (
    select
        post_key,
        last_snapshot_date
    from {{ ref('dim_post') }}
    {% if is_incremental() -%}
    where post_key not in (select post_key from carried)
    {%- endif %}
),

due_post_days as (
    select *
    from {{ ref('fct_post_day') }}
    where
        snapshot_date in (select last_snapshot_date from due)
        and (post_key, snapshot_date) in (
            select
                post_key,
                last_snapshot_date
            from due
        )
),

due_account_days as (
    select
        account_key,
        snapshot_date,
        follower_count
    from {{ ref('fct_account_day') }}
    where snapshot_date in (select last_snapshot_date from due)
),

counters as (
    select
        due_post_days.post_key as post_key,
        due_post_days.snapshot_date as snapshot_date,
        due_account_days.follower_count as follower_count,
        due_post_days.view_count as view_count,
        due_post_days.like_count as like_count,
        due_post_days.comment_count as comment_count,
        due_post_days.share_count as share_count,
        due_post_days.interaction_count as interaction_count
    from due_post_days
    left join due_account_days
        on
            due_post_days.account_key = due_account_days.account_key
            and due_post_days.snapshot_date = due_account_days.snapshot_date
    {% if is_incremental() -%}
    union all
    select * from carried
    {%- endif %}
)

select
    cast(posts.platform as LowCardinality(String)) as platform,
    cast(posts.post_key as String) as post_key,
    cast(posts.post_id as String) as post_id,
    cast(posts.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(posts.title as Nullable(String)) as title,
    cast(
        {{ post_url('posts.platform', 'posts.post_id', 'accounts.handle', 'posts.share_url') }}
        as Nullable(String)
    ) as post_url,
    cast(posts.published_at as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(posts.duration_seconds as Nullable(Int64)) as duration_seconds,
    cast(counters.snapshot_date as Date) as snapshot_date,
    cast(
        posts.last_snapshot_date
        = greatest(posts.account_last_date, coalesce(emptied.snapshot_date, posts.account_last_date))
        as Bool
    ) as is_listed,
    cast(counters.follower_count as Nullable(Int64)) as follower_count,
    cast({{ follower_tier('counters.follower_count') }} as Nullable(String)) as follower_tier,
    cast(counters.view_count as Nullable(Int64)) as view_count,
    cast(counters.like_count as Nullable(Int64)) as like_count,
    cast(counters.comment_count as Nullable(Int64)) as comment_count,
    cast(counters.share_count as Nullable(Int64)) as share_count,
    cast(counters.interaction_count as Nullable(Int64)) as interaction_count,
    cast(
        {{ engagement_rate_by_views('counters.interaction_count', 'counters.view_count') }}
        as Nullable(Float64)
    ) as engagement_rate_by_views,
    cast(
        {{ engagement_rate_by_followers('counters.interaction_count', 'counters.follower_count') }}
        as Nullable(Float64)
    ) as engagement_rate_by_followers
from posts
inner join counters on posts.post_key = counters.post_key
inner join {{ ref('dim_account') }} as accounts on posts.account_key = accounts.account_key
left join emptied on posts.account_key = emptied.account_key
