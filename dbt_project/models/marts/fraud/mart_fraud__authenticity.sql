{{ config(order_by='(account_key, snapshot_date)') }}
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

scores as (
    select *
    from {{ source('ml', 'authenticity_score') }}
    where
        as_of >= (select max(as_of) - least(90, toUInt16(max(as_of))) from {{ source('ml', 'authenticity_score') }})
        and (model_name, version) in (select model_name, version from champions) -- noqa: LT09
    order by account_key, as_of, created_at desc, version desc
    limit 1 by account_key, as_of
),

latest as (
    select max(as_of) as latest_date from scores
),

tiers as (
    select
        account_key,
        snapshot_date,
        follower_count
    from {{ ref('fct_account_day') }}
    where snapshot_date in (select as_of from scores)
)

select
    cast(accounts.platform as LowCardinality(String)) as platform,
    cast(scores.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(scores.as_of as Date) as snapshot_date,
    cast({{ follower_tier('tiers.follower_count') }} as Nullable(String)) as follower_tier,
    cast(scores.as_of = latest.latest_date as Bool) as is_latest,
    cast(scores.authenticity_score as Nullable(Float64)) as authenticity_score,
    cast(scores.band as LowCardinality(Nullable(String))) as authenticity_band,
    cast(scores.fraud_probability as Nullable(Float64)) as fraud_probability,
    cast(scores.fraud_probability_lower as Nullable(Float64)) as fraud_probability_lower,
    cast(scores.fraud_probability_upper as Nullable(Float64)) as fraud_probability_upper,
    cast(scores.anomaly_score as Nullable(Float64)) as anomaly_score,
    cast(scores.is_flagged as Nullable(Bool)) as is_flagged,
    cast(scores.reason_codes as Array(String)) as authenticity_reason_codes,
    cast(scores.reasons as Array(String)) as authenticity_reasons,
    cast(scores.signal_count as Int64) as known_signal_count,
    cast(scores.model_name as LowCardinality(String)) as model_name,
    cast(scores.version as LowCardinality(String)) as model_version,
    cast(scores.created_at as DateTime64(6, 'UTC')) as scored_at
from scores
cross join latest
inner join {{ ref('dim_account') }} as accounts on scores.account_key = accounts.account_key
left join tiers on scores.account_key = tiers.account_key and scores.as_of = tiers.snapshot_date
