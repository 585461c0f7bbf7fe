{{ config(order_by='(account_key, metric, target_date)') }}
-- Scores are added and never changed: of the champion's, the latest that was made for a day stands.
with
champions as (
    select
        model_name,
        version
    from (
        select
            model_name,
            version,
            stage
        from {{ source('ml', 'model_registry') }}
        order by model_name, version, created_at desc
        limit 1 by model_name, version
    )
    where stage = 'champion'
),

forecasts as (
    select *
    from {{ source('ml', 'growth_forecast') }}
    where
        -- Older ones are history that no chart of the future shows.
        as_of >= (select max(as_of) - least(90, toUInt16(max(as_of))) from {{ source('ml', 'growth_forecast') }})
        and (model_name, version) in (select model_name, version from champions) -- noqa: LT09
    order by account_key, metric, target_date, as_of desc, created_at desc, model_name, version desc
    limit 1 by account_key, metric, target_date
),

account_days as (
    select
        account_key,
        snapshot_date,
        follower_count,
        reach_count,
        view_count
    from {{ ref('fct_account_day') }}
    where snapshot_date in (select target_date from forecasts)
),

post_days as (
    select
        account_key,
        snapshot_date,
        {{ engagement_rate_by_views('viewed_interaction_count', 'interacted_view_count') }}
            as engagement_rate_by_views
    from {{ ref('fct_account_post_day') }}
    where snapshot_date in (select target_date from forecasts)
),

held_against_actuals as (
    select
        forecasts.*,
        case forecasts.metric
            when 'follower_count' then toFloat64(account_days.follower_count)
            when 'reach_count' then toFloat64(account_days.reach_count)
            when 'view_count' then toFloat64(account_days.view_count)
            when 'engagement_rate_by_views' then post_days.engagement_rate_by_views
        end as actual_value
    from forecasts
    left join account_days
        on forecasts.account_key = account_days.account_key and forecasts.target_date = account_days.snapshot_date
    left join post_days
        on forecasts.account_key = post_days.account_key and forecasts.target_date = post_days.snapshot_date
)

select
    cast(accounts.platform as LowCardinality(String)) as platform,
    cast(forecasts.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(forecasts.metric as LowCardinality(String)) as metric,
    cast(forecasts.target_date as Date) as target_date,
    cast(forecasts.as_of as Date) as as_of_date,
    cast(forecasts.horizon_days as UInt16) as horizon_days,
    cast(forecasts.forecast_value as Float64) as forecast_value,
    cast(forecasts.lower_value as Nullable(Float64)) as lower_value,
    cast(forecasts.upper_value as Nullable(Float64)) as upper_value,
    cast(forecasts.lower_95_value as Nullable(Float64)) as lower_95_value,
    cast(forecasts.upper_95_value as Nullable(Float64)) as upper_95_value,
    cast(forecasts.actual_value as Nullable(Float64)) as actual_value,
    cast(
        forecasts.actual_value >= forecasts.lower_value and forecasts.actual_value <= forecasts.upper_value
        as Nullable(Bool)
    ) as is_within_interval,
    cast(forecasts.reasons as Array(String)) as reasons,
    cast(forecasts.model_name as LowCardinality(String)) as model_name,
    cast(forecasts.version as LowCardinality(String)) as model_version,
    cast(forecasts.created_at as DateTime64(6, 'UTC')) as forecast_at
from held_against_actuals as forecasts
inner join {{ ref('dim_account') }} as accounts on forecasts.account_key = accounts.account_key
