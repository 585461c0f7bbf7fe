CREATE TABLE IF NOT EXISTS {ml}.training_example
(
    snapshot_id String COMMENT 'Training set that the row belongs to: first 16 hexadecimal digits of the sha256 of its rows',
    creator_id Nullable(String),
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    account_key String COMMENT 'Key of core.dim_account',
    as_of Date COMMENT 'Last UTC day that the features have seen',
    label_until Date COMMENT 'UTC day on which the labels were known',
    exposure_years Float64 COMMENT 'Years after as_of in which incidents are counted, each day by the share of its incidents that is reported by label_until',
    features Map(LowCardinality(String), Float64) COMMENT 'Value by name; what is not known is not in it',
    labels Map(LowCardinality(String), Float64) COMMENT 'is_fraud as found by investigation; incidents, their amounts, days and ends by peril as reported',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
PARTITION BY label_until
ORDER BY (snapshot_id, account_key, as_of)
COMMENT 'One row per training set, account and day; a set is read back as a whole'
