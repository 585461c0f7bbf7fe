{#- A run rebuilds the months of weeks that its account days may have changed, whole. -#}
{%- set since = "toMonday(toDate('" ~ restated_since('week_start_date') ~ "'))" %}
{%- set end_date = var('end_date') %}
{%- set until = "toMonday(toDate('" ~ end_date ~ "') + 90)" if end_date else "toDate('2148-12-30')" %}
{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(week_start_date)',
        order_by='(platform, follower_tier, age_band, week_start_date)',
        pre_hook="{{ drop_unread_weeks(ref('mart_growth__account_day')) }}",
    )
}}
with
-- Each account once a week, as it last was. One that hides its followers has no tier, and no cohort.
account_weeks as (
    select
        platform,
        account_key,
        toMonday(snapshot_date) as week_start_date,
        follower_tier,
        follower_growth_rate_28d,
        multiIf(
            account_age_days >= 1095, '3_years_and_over',
            is_age_from_first_seen, 'unknown',
            account_age_days >= 365, '1_to_3_years',
            'under_1_year'
        ) as age_band
    from {{ ref('mart_growth__account_day') }}
    where
        follower_tier is not null
        {% if is_incremental() -%}
        and snapshot_date between toStartOfMonth({{ since }}) and toLastDayOfMonth({{ until }}) + 6
        and toMonday(snapshot_date) between toStartOfMonth({{ since }}) and toLastDayOfMonth({{ until }})
        {%- endif %}
    order by account_key, week_start_date, snapshot_date desc
    limit 1 by account_key, week_start_date
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(age_band as LowCardinality(String)) as age_band,
    cast(follower_tier as LowCardinality(String)) as follower_tier,
    cast(week_start_date as Date) as week_start_date,
    cast(count() as Int64) as cohort_account_count,
    cast(count(follower_growth_rate_28d) as Int64) as rated_by_growth_count,
    cast(quantileExactInclusive(0.25)(follower_growth_rate_28d) as Nullable(Float64)) -- noqa: LT01
        as p25_follower_growth_rate_28d,
    cast(quantileExactInclusive(0.5)(follower_growth_rate_28d) as Nullable(Float64)) -- noqa: LT01
        as p50_follower_growth_rate_28d,
    cast(quantileExactInclusive(0.75)(follower_growth_rate_28d) as Nullable(Float64)) -- noqa: LT01
        as p75_follower_growth_rate_28d
from account_weeks
group by platform, age_band, follower_tier, week_start_date
