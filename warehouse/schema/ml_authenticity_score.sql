CREATE TABLE IF NOT EXISTS {ml}.authenticity_score
(
    creator_id String,
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    account_key String COMMENT 'Key of core.dim_account',
    as_of Date COMMENT 'Last UTC day that the model has seen',
    authenticity_score Nullable(Float64) COMMENT 'Probability, 0-1, that audience and engagement are genuine; NULL where there is too little to judge',
    fraud_kind LowCardinality(Nullable(String)) COMMENT 'Most likely kind, e.g. bought_followers',
    is_flagged Nullable(Bool) COMMENT 'Score beyond the threshold of this version',
    reasons Array(String) COMMENT 'What moved the score most, strongest first',
    model_name LowCardinality(String),
    version LowCardinality(String) COMMENT 'Version in ml.model_registry',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
PARTITION BY toYYYYMM(as_of)
ORDER BY (platform, account_id, as_of, version)
COMMENT 'One row per account, day and model version'
