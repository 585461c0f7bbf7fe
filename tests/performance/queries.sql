-- Followers by platform and day, 90 days
SELECT snapshot_date, platform, sum(follower_count) AS followers
FROM marts.mart_growth__account_day
WHERE snapshot_date > (SELECT max(snapshot_date) - 90 FROM marts.mart_growth__account_day)
GROUP BY snapshot_date, platform
ORDER BY snapshot_date, platform;

-- Followers by platform and month, all of history
SELECT toStartOfMonth(snapshot_date) AS month, platform, avg(follower_count) AS followers
FROM marts.mart_growth__account_day
GROUP BY month, platform
ORDER BY month, platform;

-- Net growth, top movers of 28 days
SELECT platform, handle, follower_count, follower_growth_rate_28d, growth_percentile_28d
FROM marts.mart_growth__account_day
WHERE snapshot_date = (SELECT max(snapshot_date) FROM marts.mart_growth__account_day)
ORDER BY follower_growth_rate_28d DESC NULLS LAST
LIMIT 25;

-- Followers gained and lost by day
SELECT snapshot_date, sum(gained_follower_count) AS gained, sum(lost_follower_count) AS lost
FROM marts.mart_growth__account_day
WHERE snapshot_date > (SELECT max(snapshot_date) - 90 FROM marts.mart_growth__account_day)
GROUP BY snapshot_date
ORDER BY snapshot_date;

-- Churn of followers by tier
SELECT
    follower_tier,
    count() AS accounts,
    quantileExactInclusive(0.5)(churn_rate_28d) AS median_churn_rate
FROM marts.mart_growth__account_day
WHERE snapshot_date = (SELECT max(snapshot_date) FROM marts.mart_growth__account_day)
GROUP BY follower_tier
ORDER BY follower_tier;

-- Growth of cohorts by age and tier
SELECT *
FROM marts.mart_growth__cohort
WHERE week_start_date = (SELECT max(week_start_date) FROM marts.mart_growth__cohort)
ORDER BY ALL;

-- Forecast of followers against what came
SELECT *
FROM marts.mart_growth__forecast
ORDER BY ALL
LIMIT 1000;

-- Engagement rate by platform and day, 90 days
SELECT
    snapshot_date,
    platform,
    quantileExactInclusive(0.5)(engagement_rate_by_views_28d) AS median_engagement_rate_by_views
FROM marts.mart_engagement__account_day
WHERE snapshot_date > (SELECT max(snapshot_date) - 90 FROM marts.mart_engagement__account_day)
GROUP BY snapshot_date, platform
ORDER BY snapshot_date, platform;

-- Engagement rate by tier
SELECT
    follower_tier,
    count() AS accounts,
    quantileExactInclusive(0.5)(engagement_rate_by_views) AS median_engagement_rate_by_views
FROM marts.mart_engagement__account
GROUP BY follower_tier
ORDER BY follower_tier;

-- Accounts against their benchmark
SELECT benchmark_quartile, platform, count() AS accounts
FROM marts.mart_engagement__account
GROUP BY benchmark_quartile, platform
ORDER BY benchmark_quartile, platform;

-- Accounts, a table of 100
SELECT platform, handle, follower_tier, follower_count, follower_change, engagement_rate_by_views
FROM marts.mart_engagement__account
ORDER BY follower_count DESC NULLS LAST
LIMIT 100;

-- Reach by platform and week, a year
SELECT toMonday(snapshot_date) AS week, platform, sum(reach_count) AS reach
FROM marts.mart_engagement__account_day
WHERE snapshot_date > (SELECT max(snapshot_date) - 365 FROM marts.mart_engagement__account_day)
GROUP BY week, platform
ORDER BY week, platform;

-- Benchmark of engagement by platform, tier and format
SELECT *
FROM marts.mart_engagement__benchmark
ORDER BY platform, follower_tier, post_format;

-- Formats and sponsorship compared at equal age
SELECT *
FROM marts.mart_engagement__format
ORDER BY ALL;

-- When to post, a heat map
SELECT *
FROM marts.mart_engagement__posting_time
ORDER BY ALL;

-- Top posts of the last 28 days
SELECT platform, handle, title, post_url, published_at, view_count, engagement_rate_by_views
FROM marts.mart_engagement__post
WHERE published_at >= (SELECT max(published_at) - toIntervalDay(28) FROM marts.mart_engagement__post)
ORDER BY interaction_count DESC NULLS LAST
LIMIT 50;

-- Engagement rate of posts by length
SELECT
    platform,
    multiIf(duration_seconds < 15, 1, duration_seconds < 60, 2, duration_seconds < 180, 3, 4) AS band,
    count() AS posts,
    quantileExactInclusive(0.5)(engagement_rate_by_views) AS median_engagement_rate_by_views
FROM marts.mart_engagement__post
WHERE duration_seconds IS NOT NULL
GROUP BY platform, band
ORDER BY platform, band;

-- One creator, followers of all accounts by day
SELECT snapshot_date, account_key, follower_count, is_filled
FROM marts.mart_growth__account_day
WHERE creator_id = 'creator_7'
ORDER BY account_key, snapshot_date;

-- One creator, views and engagement by day
SELECT snapshot_date, account_key, day_view_count, engagement_rate_by_views_28d, reach_count
FROM marts.mart_engagement__account_day
WHERE
    creator_id = 'creator_7'
    AND snapshot_date > (SELECT max(snapshot_date) - 180 FROM marts.mart_engagement__account_day)
ORDER BY account_key, snapshot_date;

-- One creator, best posts
SELECT platform, title, post_url, published_at, view_count, interaction_count
FROM marts.mart_engagement__post
WHERE creator_id = 'creator_7'
ORDER BY interaction_count DESC NULLS LAST
LIMIT 20;

-- Audience by age and gender
SELECT
    platform,
    avg(audience_share_18_24) AS share_18_24,
    avg(audience_share_25_34) AS share_25_34,
    avg(audience_share_35_44) AS share_35_44,
    avg(audience_share_female) AS share_female
FROM marts.mart_audience__account_day
WHERE snapshot_date = (SELECT max(snapshot_date) FROM marts.mart_audience__account_day)
GROUP BY platform
ORDER BY platform;

-- Where the audience is
SELECT top_country, count() AS accounts, avg(top_country_share) AS share
FROM marts.mart_audience__account_day
WHERE snapshot_date = (SELECT max(snapshot_date) FROM marts.mart_audience__account_day)
GROUP BY top_country
ORDER BY accounts DESC, top_country;

-- Accounts whose audience moved between countries
SELECT platform, handle, country_change_28d, top_country, content_language
FROM marts.mart_audience__account_day
WHERE snapshot_date = (SELECT max(snapshot_date) FROM marts.mart_audience__account_day)
ORDER BY country_change_28d DESC NULLS LAST
LIMIT 25;

-- Fraud, accounts by reason, 90 days
SELECT snapshot_date, arrayJoin(reason_codes) AS reason_code, count() AS accounts
FROM marts.mart_fraud__account_day
WHERE snapshot_date > (SELECT max(snapshot_date) - 90 FROM marts.mart_fraud__account_day)
GROUP BY snapshot_date, reason_code
ORDER BY snapshot_date, reason_code;

-- Fraud, accounts with most reasons
SELECT platform, handle, length(reason_codes) AS reasons, reason_codes, signal_count
FROM marts.mart_fraud__account_day
WHERE snapshot_date = (SELECT max(snapshot_date) FROM marts.mart_fraud__account_day)
ORDER BY reasons DESC, handle
LIMIT 50;

-- Fraud, quality of comments of an account by day
SELECT *
FROM marts.mart_fraud__comment_quality
WHERE creator_id = 'creator_7'
ORDER BY account_key, snapshot_date;

-- Fraud, commenters who come together
SELECT *
FROM marts.mart_fraud__pod
WHERE snapshot_date = (SELECT max(snapshot_date) FROM marts.mart_fraud__pod)
ORDER BY ALL
LIMIT 100;

-- Insurance, exposure by platform and tier
SELECT
    platform,
    follower_tier,
    count() AS accounts,
    sum(modelled_income_amount) AS income,
    quantileExactInclusive(0.5)(reach_volatility_90d) AS median_reach_volatility,
    countIf(is_stale) AS stale_accounts
FROM marts.mart_insurance__account_exposure
WHERE snapshot_date = (SELECT max(snapshot_date) FROM marts.mart_insurance__account_exposure)
GROUP BY platform, follower_tier
ORDER BY platform, follower_tier;

-- Pipeline health, what is late and why
SELECT platform, handle, stream, attempt_status, problem, remedy, hours_since_success
FROM marts.mart_ops__pipeline_health
WHERE is_latest AND (is_late OR attempt_status NOT IN ('ok', 'empty'))
ORDER BY hours_since_success DESC NULLS FIRST
LIMIT 200;

-- Cost by asset, 28 days
SELECT kind, asset, sum(query_seconds) AS seconds, sum(read_row_count) AS rows_read
FROM marts.mart_ops__cost
WHERE event_date > today() - 28
GROUP BY kind, asset
ORDER BY seconds DESC
LIMIT 50;
