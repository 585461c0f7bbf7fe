{{ config(order_by='(platform, follower_tier)') }}
with
listed_posts as (
    select
        platform,
        follower_tier,
        account_key,
        engagement_rate_by_views,
        engagement_rate_by_followers
    from {{ ref('mart_engagement__post') }}
    -- A tier needs a follower count: accounts that hide theirs are in no benchmark.
    where is_listed and follower_tier is not null
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(follower_tier as LowCardinality(String)) as follower_tier,
    cast(count() as Int64) as post_count,
    cast(uniqExact(account_key) as Int64) as account_count,
    cast(count(engagement_rate_by_views) as Int64) as rated_by_views_count,
    cast(count(engagement_rate_by_followers) as Int64) as rated_by_followers_count,
    {{ benchmark_quantiles('engagement_rate_by_views') }},
    {{ benchmark_quantiles('engagement_rate_by_followers') }}
from listed_posts
group by platform, follower_tier
