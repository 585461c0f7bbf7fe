CREATE TABLE IF NOT EXISTS {ml}.growth_forecast
(
    creator_id Nullable(String),
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    account_key String COMMENT 'Key of core.dim_account',
    as_of Date COMMENT 'Last UTC day that the model has seen',
    metric LowCardinality(String) COMMENT 'follower_count, reach_count, view_count or engagement_rate_by_views',
    target_date Date COMMENT 'UTC day that is forecast',
    horizon_days UInt16 COMMENT 'target_date - as_of',
    forecast_value Float64 COMMENT 'Median forecast, in the metric''s unit',
    lower_value Nullable(Float64) COMMENT 'Lower bound of the 80 % interval',
    upper_value Nullable(Float64) COMMENT 'Upper bound of the 80 % interval',
    lower_95_value Nullable(Float64) COMMENT 'Lower bound of the 95 % interval',
    upper_95_value Nullable(Float64) COMMENT 'Upper bound of the 95 % interval',
    reasons Array(String) COMMENT 'How the row was made and what limits trust in it, e.g. short_history',
    model_name LowCardinality(String),
    version LowCardinality(String) COMMENT 'Version in ml.model_registry',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
PARTITION BY toYYYYMM(as_of)
ORDER BY (platform, account_id, metric, as_of, target_date, version)
COMMENT 'One row per account, metric, day of forecast and day forecast'
