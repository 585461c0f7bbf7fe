{{ config(order_by='(platform, follower_tier, weekday, hour_utc)') }}
-- A post is held against the posts of its own account, so that large accounts do not set the hour.
with
week_old_posts as (
    select
        milestones.platform as platform,
        {{ follower_tier('milestones.follower_count') }} as follower_tier,
        toDayOfWeek(assumeNotNull(posts.published_at), 0, 'UTC') as published_weekday,
        toHour(assumeNotNull(posts.published_at), 'UTC') as published_hour,
        milestones.account_key as account_key,
        milestones.interaction_count as interaction_count
    from {{ ref('fct_post_milestone') }} as milestones
    inner join {{ ref('dim_post') }} as posts on milestones.post_key = posts.post_key
    where
        milestones.age_days = 7
        and milestones.interaction_count is not null
        and posts.published_at is not null
),

-- Of fewer posts a single one would be its own measure.
typical_posts as (
    select
        account_key,
        {{ median('interaction_count') }} as median_interactions
    from week_old_posts
    group by account_key
    having count() >= 5
),

lifts as (
    select
        posts.platform as platform,
        posts.follower_tier as follower_tier,
        posts.published_weekday as published_weekday,
        posts.published_hour as published_hour,
        posts.account_key as account_key,
        {{ rate('posts.interaction_count', 'typical_posts.median_interactions') }} as lift
    from week_old_posts as posts
    left join typical_posts on posts.account_key = typical_posts.account_key
    where posts.follower_tier is not null
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(follower_tier as LowCardinality(String)) as follower_tier,
    cast(published_weekday as UInt8) as weekday,
    cast(published_hour as UInt8) as hour_utc,
    cast(count() as Int64) as post_count,
    cast(uniqExact(account_key) as Int64) as account_count,
    cast(count(lift) as Int64) as compared_post_count,
    cast(if(count(lift) >= 5, {{ median('lift') }}, null) as Nullable(Float64)) as median_lift
from lifts
group by platform, follower_tier, published_weekday, published_hour
