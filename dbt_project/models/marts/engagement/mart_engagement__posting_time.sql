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

compared_posts as (
    select
        *,
        -- of fewer posts a single one would be its own measure
        if(count() over of_account >= 5, {{ median_over('interaction_count', 'of_account') }}, null)
            as median_interactions
    from week_old_posts
    window of_account as (partition by account_key)
),

lifts as (
    select
        platform,
        follower_tier,
        published_weekday,
        published_hour,
        account_key,
        {{ rate('interaction_count', 'median_interactions') }} as lift
    from compared_posts
    where follower_tier is not null
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
