{{ config(order_by='(platform, follower_tier, post_format, sponsorship)') }}
-- Posts are compared at seven days of age, because their lifetime counters grow with it; by reach at
-- one day, because the platforms are asked for the reach of a post in its first days alone.
with
day_old_posts as (
    select
        post_key,
        {{ engagement_rate_by_reach('reached_interaction_count', 'reach_count') }} as by_reach
    from {{ ref('fct_post_milestone') }}
    where age_days = 1
),

week_old_posts as (
    select
        milestones.platform as platform,
        {{ follower_tier('milestones.follower_count') }} as follower_tier,
        coalesce(posts.post_format, 'unknown') as known_format,
        multiIf(posts.is_sponsored is null, 'unknown', posts.is_sponsored, 'sponsored', 'organic') as sponsorship,
        milestones.account_key as account_key,
        milestones.view_count as view_count,
        milestones.interaction_count as interaction_count,
        {{ engagement_rate_by_views('milestones.interaction_count', 'milestones.view_count') }} as by_views,
        {{ engagement_rate_by_followers('milestones.interaction_count', 'milestones.follower_count') }} as by_followers,
        day_old_posts.by_reach as by_reach
    from {{ ref('fct_post_milestone') }} as milestones
    inner join {{ ref('dim_post') }} as posts on milestones.post_key = posts.post_key
    left join day_old_posts on milestones.post_key = day_old_posts.post_key
    where milestones.age_days = 7 and milestones.follower_count is not null
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(follower_tier as LowCardinality(String)) as follower_tier,
    cast(known_format as LowCardinality(String)) as post_format,
    cast(sponsorship as LowCardinality(String)) as sponsorship,
    cast(count() as Int64) as post_count,
    cast(uniqExact(account_key) as Int64) as account_count,
    cast(count(by_views) as Int64) as rated_by_views_count,
    cast(count(by_followers) as Int64) as rated_by_followers_count,
    cast(count(by_reach) as Int64) as rated_by_reach_count,
    cast({{ median('view_count') }} as Nullable(Float64)) as median_day_7_views,
    cast({{ median('interaction_count') }} as Nullable(Float64)) as median_day_7_interactions,
    cast({{ median('by_views') }} as Nullable(Float64)) as median_day_7_engagement_rate_by_views,
    cast({{ median('by_followers') }} as Nullable(Float64)) as median_day_7_engagement_rate_by_followers,
    cast({{ median('by_reach') }} as Nullable(Float64)) as median_day_1_engagement_rate_by_reach
from week_old_posts
group by platform, follower_tier, known_format, sponsorship
