CREATE TABLE IF NOT EXISTS {ml}.model_metric
(
    model_name LowCardinality(String),
    version String,
    as_of Date COMMENT 'Last UTC day of the evaluation data',
    dataset LowCardinality(String) COMMENT 'train, validation, test or live',
    segment LowCardinality(String) COMMENT '"all", a peril or a series, and after a slash the part of it, e.g. suspension/platform:tiktok',
    metric LowCardinality(String) COMMENT 'e.g. roc_auc, pinball_loss, mape',
    metric_value Nullable(Float64) COMMENT 'NULL where the metric is not defined',
    row_count Nullable(UInt64) COMMENT 'Rows evaluated',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
ORDER BY (model_name, version, dataset, segment, metric, as_of)
COMMENT 'One row per model version, data set, segment and metric'
