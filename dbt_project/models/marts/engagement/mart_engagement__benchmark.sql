{{ config(order_by='(platform, follower_tier, post_format)') }}
with
listed_posts as (
    select
        platform,
        follower_tier,
        -- each post counts once in its format and once among all
        arrayJoin([coalesce(post_format, 'unknown'), 'all']) as band_format,
        account_key,
        engagement_rate_by_views,
        engagement_rate_by_followers,
        engagement_rate_by_reach
    from {{ ref('mart_engagement__post') }}
    -- A tier needs a follower count: accounts that hide theirs are in no benchmark.
    where is_listed and follower_tier is not null
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(follower_tier as LowCardinality(String)) as follower_tier,
    cast(band_format as LowCardinality(String)) as post_format,
    cast(count() as Int64) as post_count,
    cast(uniqExact(account_key) as Int64) as account_count,
    cast(count(engagement_rate_by_views) as Int64) as rated_by_views_count,
    cast(count(engagement_rate_by_followers) as Int64) as rated_by_followers_count,
    cast(count(engagement_rate_by_reach) as Int64) as rated_by_reach_count,
    {{ benchmark_quantiles('engagement_rate_by_views') }},
    {{ benchmark_quantiles('engagement_rate_by_followers') }},
    {{ benchmark_quantiles('engagement_rate_by_reach') }}
from listed_posts
group by platform, follower_tier, band_format
