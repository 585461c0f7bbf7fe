CREATE TABLE IF NOT EXISTS {ml}.risk_score
(
    creator_id String,
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    account_key String COMMENT 'Key of core.dim_account',
    as_of Date COMMENT 'Last UTC day that the model has seen',
    peril LowCardinality(String) COMMENT 'Insured event, e.g. account_suspension, hack, demonetisation',
    event_probability Nullable(Float64) COMMENT 'Probability, 0-1, of at least one event in the horizon',
    horizon_days UInt16 COMMENT 'Days after as_of that the probability speaks of',
    expected_loss_amount Nullable(Float64) COMMENT 'Expected loss in the horizon, in currency',
    currency LowCardinality(Nullable(String)) COMMENT 'ISO 4217 code of the amount',
    reasons Array(String) COMMENT 'What moved the score most, strongest first',
    model_name LowCardinality(String),
    version LowCardinality(String) COMMENT 'Version in ml.model_registry',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
PARTITION BY toYYYYMM(as_of)
ORDER BY (platform, account_id, peril, as_of, version)
COMMENT 'One row per account, peril, day and model version'
