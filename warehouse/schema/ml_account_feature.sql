CREATE TABLE IF NOT EXISTS {ml}.account_feature
(
    creator_id Nullable(String),
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    account_key String COMMENT 'Key of core.dim_account',
    as_of Date COMMENT 'Last UTC day that the features have seen',
    features Map(LowCardinality(String), Float64) COMMENT 'Value by name; what is not known is not in it',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
PARTITION BY toYYYYMM(as_of)
ORDER BY (account_key, as_of)
COMMENT 'One row per account and day: what the models know of it'
