CREATE TABLE IF NOT EXISTS {ml}.authenticity_score
(
    creator_id Nullable(String),
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    account_key String COMMENT 'Key of core.dim_account',
    as_of Date COMMENT 'Last UTC day that the model has seen',
    authenticity_score Nullable(Float64) COMMENT '0-100, 100 x (1 - fraud_probability): higher is more genuine; NULL where too little is known',
    band LowCardinality(Nullable(String)) COMMENT 'genuine, likely_genuine, unclear, suspicious, very_suspicious',
    fraud_probability Nullable(Float64) COMMENT 'Calibrated probability, 0-1, that audience or engagement is materially bought or traded',
    fraud_probability_lower Nullable(Float64) COMMENT 'Lower bound of the 90 % interval',
    fraud_probability_upper Nullable(Float64) COMMENT 'Upper bound of the 90 % interval',
    anomaly_score Nullable(Float64) COMMENT 'How unusual the account is, 0-1, as its rank among the training accounts; knows no labels',
    is_flagged Nullable(Bool) COMMENT 'fraud_probability at or above the operating point of this version',
    reason_codes Array(String) COMMENT 'What moved the probability up most, strongest first, at most 4',
    reasons Array(String) COMMENT 'The same in words',
    signal_count UInt16 COMMENT 'Signals known of the account, of all that the model looks at',
    model_name LowCardinality(String),
    version LowCardinality(String) COMMENT 'Version in ml.model_registry',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
PARTITION BY toYYYYMM(as_of)
ORDER BY (platform, account_id, as_of, version)
COMMENT 'One row per account, day and model version'
