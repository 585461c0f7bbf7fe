CREATE TABLE IF NOT EXISTS {ml}.model_registry
(
    model_name LowCardinality(String),
    version String,
    stage LowCardinality(String) COMMENT 'candidate, champion or retired',
    trained_from Nullable(Date) COMMENT 'First UTC day of the training data',
    trained_until Nullable(Date) COMMENT 'Last UTC day of the training data',
    row_count Nullable(UInt64) COMMENT 'Training rows',
    features Array(String),
    parameters String COMMENT 'Hyperparameters as JSON',
    artifact_uri String COMMENT 'Where the fitted model lies',
    artifact_sha256 String,
    code_version String COMMENT 'Git commit that trained it',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
ORDER BY (model_name, version)
COMMENT 'One row per trained model version'
