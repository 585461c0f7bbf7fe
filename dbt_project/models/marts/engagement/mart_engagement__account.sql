-- Filters on tier or date must not move an account back to an older day: what is current is a row here.
with
readings as (
    select *
    from {{ ref('mart_engagement__account_day') }}
    where
        snapshot_date in (select last_snapshot_date from {{ ref('dim_account') }})
        and (account_key, snapshot_date) in (
            select
                account_key,
                last_snapshot_date
            from {{ ref('dim_account') }}
        )
),

-- The benchmark is of single posts, so an account meets it with its typical post: a rate pooled
-- over many posts would hardly ever reach the outer quartiles.
typical_posts as (
    select
        account_key,
        {{ median('engagement_rate_by_views') }} as median_engagement_rate_by_views
    from {{ ref('mart_engagement__post') }}
    where is_listed
    group by account_key
)

select
    cast(readings.platform as LowCardinality(String)) as platform,
    cast(readings.account_key as String) as account_key,
    cast(readings.account_id as String) as account_id,
    cast(readings.creator_id as Nullable(String)) as creator_id,
    cast(readings.handle as Nullable(String)) as handle,
    cast(readings.display_name as Nullable(String)) as display_name,
    cast(accounts.profile_url as Nullable(String)) as profile_url,
    cast(readings.snapshot_date as Date) as snapshot_date,
    cast(readings.follower_count as Nullable(Int64)) as follower_count,
    cast(readings.follower_change as Nullable(Int64)) as follower_change,
    cast(readings.follower_tier as Nullable(String)) as follower_tier,
    cast(readings.post_count as Nullable(Int64)) as post_count,
    cast(readings.view_count as Nullable(Int64)) as view_count,
    cast(readings.interaction_count as Nullable(Int64)) as interaction_count,
    cast(readings.engagement_rate_by_views as Nullable(Float64)) as engagement_rate_by_views,
    cast(readings.engagement_rate_by_followers as Nullable(Float64)) as engagement_rate_by_followers,
    cast(typical_posts.median_engagement_rate_by_views as Nullable(Float64)) as median_engagement_rate_by_views,
    cast(benchmarks.p50_engagement_rate_by_views as Nullable(Float64)) as benchmark_engagement_rate_by_views,
    cast(
        multiIf(
            typical_posts.median_engagement_rate_by_views is null, null,
            benchmarks.p50_engagement_rate_by_views is null, null,
            typical_posts.median_engagement_rate_by_views < benchmarks.p25_engagement_rate_by_views, 'Q1 lowest',
            typical_posts.median_engagement_rate_by_views < benchmarks.p50_engagement_rate_by_views, 'Q2',
            typical_posts.median_engagement_rate_by_views < benchmarks.p75_engagement_rate_by_views, 'Q3',
            'Q4 highest'
        ) as Nullable(String)
    ) as benchmark_quartile
from readings
inner join {{ ref('dim_account') }} as accounts on readings.account_key = accounts.account_key
left join typical_posts on readings.account_key = typical_posts.account_key
left join {{ ref('mart_engagement__benchmark') }} as benchmarks
    on
        readings.platform = benchmarks.platform
        and readings.follower_tier = benchmarks.follower_tier
        and benchmarks.post_format = 'all'
