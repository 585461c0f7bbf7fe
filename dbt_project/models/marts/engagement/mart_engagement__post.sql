{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='tuple()',
        order_by='(account_key, post_key)',
    )
}}
{%- set carried_counters = [
    'follower_count', 'view_count', 'like_count', 'comment_count', 'share_count', 'save_count',
] %}
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

-- What neither the run's days nor the built rows have: all posts in a full build, else those that lost
-- their last reading and stand at an older one.
due as (
    select
        account_key,
        post_key,
        last_snapshot_date
    from {{ ref('dim_post') }}
    {% if is_incremental() -%}
    where
        not ({{ in_window('last_snapshot_date') }})
        and (post_key, last_snapshot_date) not in (
            select
                post_key,
                snapshot_date
            from {{ this }}
        )
    {%- endif %}
),

due_post_days as (
    select *
    from {{ ref('fct_post_day') }}
    where
        (post_key, snapshot_date) in (
            select
                post_key,
                last_snapshot_date
            from due
        )
    {% if is_incremental() -%}
    union all
    select *
    from {{ ref('fct_post_day') }}
    where {{ in_window('snapshot_date') }}
    {%- endif %}
),

due_account_days as (
    select
        account_key,
        snapshot_date,
        follower_count
    from {{ ref('fct_account_day') }}
    where
        (account_key, snapshot_date) in (
            select
                account_key,
                last_snapshot_date
            from due
        )
    {% if is_incremental() -%}
    union all
    select
        account_key,
        snapshot_date,
        follower_count
    from {{ ref('fct_account_day') }}
    where {{ in_window('snapshot_date') }}
    {%- endif %}
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
        due_post_days.save_count as save_count,
        due_post_days.reach_count as current_reach_count,
        due_post_days.interaction_count as interaction_count,
        due_post_days.reached_interaction_count as current_reached_interaction_count
    from due_post_days
    left join due_account_days
        on
            due_post_days.account_key = due_account_days.account_key
            and due_post_days.snapshot_date = due_account_days.snapshot_date
    {% if is_incremental() -%}
    union all
    select
        post_key,
        snapshot_date,
        {{ carried_counters | join(', ') }},
        if(reach_date = snapshot_date, reach_count, null) as current_reach_count,
        interaction_count,
        if(reach_date = snapshot_date, reached_interaction_count, null) as current_reached_interaction_count
    from {{ this }}
    where not ({{ in_window('snapshot_date') }})
    {%- endif %}
),

-- Three rows a post at most, whatever the length of its history.
milestones as (
    select
        {%- for days in [1, 7, 28] %}
        maxIf(view_count, age_days = {{ days }}) as day_{{ days }}_view_count,
        maxIf(interaction_count, age_days = {{ days }}) as day_{{ days }}_interaction_count,
        {%- endfor %}
        argMaxIf(
            tuple(reach_count, reached_interaction_count, toNullable(snapshot_date)),
            age_days,
            reach_count is not null
        ) as latest_reach,
        post_key
    from {{ ref('fct_post_milestone') }}
    group by post_key
),

-- The platforms are asked for the reach of recent posts alone: of an older one that of its latest
-- milestone stands, beside its interactions of that moment.
readings as (
    select
        {%- for counter in carried_counters %}
        counters.{{ counter }} as {{ counter }},
        {%- endfor %}
        {%- for days in [1, 7, 28] %}
        milestones.day_{{ days }}_view_count as day_{{ days }}_view_count,
        milestones.day_{{ days }}_interaction_count as day_{{ days }}_interaction_count,
        {%- endfor %}
        counters.post_key as post_key,
        counters.snapshot_date as snapshot_date,
        counters.interaction_count as interaction_count,
        counters.current_reach_count is not null or milestones.post_key is null as has_current_reach,
        if(has_current_reach, counters.current_reach_count, milestones.latest_reach.1) as reach_count,
        if(has_current_reach, counters.current_reached_interaction_count, milestones.latest_reach.2)
            as reached_interaction_count,
        if(has_current_reach, toNullable(counters.snapshot_date), milestones.latest_reach.3) as reach_date
    from counters
    left join milestones on counters.post_key = milestones.post_key
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
    cast(toDayOfWeek(posts.published_at, 0, 'UTC') as Nullable(UInt8)) as weekday,
    cast(toHour(posts.published_at, 'UTC') as Nullable(UInt8)) as hour_utc,
    cast(posts.post_format as Nullable(String)) as post_format,
    cast(posts.is_sponsored as Nullable(Bool)) as is_sponsored,
    cast(posts.language as Nullable(String)) as language,
    cast(posts.duration_seconds as Nullable(Int64)) as duration_seconds,
    cast(readings.snapshot_date as Date) as snapshot_date,
    cast(
        posts.last_snapshot_date
        = greatest(posts.account_last_date, coalesce(emptied.snapshot_date, posts.account_last_date))
        as Bool
    ) as is_listed,
    cast(readings.follower_count as Nullable(Int64)) as follower_count,
    cast({{ follower_tier('readings.follower_count') }} as Nullable(String)) as follower_tier,
    cast(readings.view_count as Nullable(Int64)) as view_count,
    cast(readings.like_count as Nullable(Int64)) as like_count,
    cast(readings.comment_count as Nullable(Int64)) as comment_count,
    cast(readings.share_count as Nullable(Int64)) as share_count,
    cast(readings.save_count as Nullable(Int64)) as save_count,
    cast(readings.reach_count as Nullable(Int64)) as reach_count,
    cast(if(readings.reach_count is null, null, readings.reach_date) as Nullable(Date)) as reach_date,
    cast(readings.reached_interaction_count as Nullable(Int64)) as reached_interaction_count,
    cast(readings.interaction_count as Nullable(Int64)) as interaction_count,
    cast(
        {{ engagement_rate_by_views('readings.interaction_count', 'readings.view_count') }}
        as Nullable(Float64)
    ) as engagement_rate_by_views,
    cast(
        {{ engagement_rate_by_followers('readings.interaction_count', 'readings.follower_count') }}
        as Nullable(Float64)
    ) as engagement_rate_by_followers,
    cast(
        {{ engagement_rate_by_reach('readings.reached_interaction_count', 'readings.reach_count') }}
        as Nullable(Float64)
    ) as engagement_rate_by_reach,
    {%- for days in [1, 7, 28] %}
    cast(readings.day_{{ days }}_view_count as Nullable(Int64)) as day_{{ days }}_view_count,
    cast(readings.day_{{ days }}_interaction_count as Nullable(Int64)) as day_{{ days }}_interaction_count,
    {%- endfor %}
    cast(
        {{ rate('readings.day_1_interaction_count', 'readings.day_28_interaction_count') }} as Nullable(Float64)
    ) as first_day_share
from posts
inner join readings
    on
        posts.post_key = readings.post_key
        and posts.last_snapshot_date = readings.snapshot_date
inner join {{ ref('dim_account') }} as accounts on posts.account_key = accounts.account_key
left join emptied on posts.account_key = emptied.account_key
