CREATE TABLE IF NOT EXISTS {ops}.metric_availability
(
    platform LowCardinality(String) COMMENT 'tiktok, youtube, instagram, facebook',
    account_id String COMMENT 'The platform''s id of the account',
    stream LowCardinality(String) COMMENT 'Raw table that asked for it, e.g. instagram__media_insights',
    metric LowCardinality(String) COMMENT 'Name of the metric as the platform calls it',
    snapshot_date Date COMMENT 'UTC day of the reading',
    is_available Bool COMMENT 'Whether the platform gave a value',
    reason Nullable(String) COMMENT 'Why not: not_supported, permission_missing, below_threshold, deprecated',
    observed_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(observed_at)
PARTITION BY toYYYYMM(snapshot_date)
ORDER BY (platform, account_id, stream, metric, snapshot_date)
COMMENT 'Which metric an account offers on which day: tells "absent" from "not asked"'
