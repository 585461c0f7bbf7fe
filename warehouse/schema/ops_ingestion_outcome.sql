CREATE TABLE IF NOT EXISTS {ops}.ingestion_outcome
(
    run_id String COMMENT 'Run of the pipeline that made the attempt',
    platform LowCardinality(String) COMMENT 'tiktok, youtube, instagram, facebook',
    account_id String COMMENT 'The platform''s id of the account; empty for a stream without one',
    stream LowCardinality(String) COMMENT 'Raw table that the attempt fills, e.g. tiktok__videos',
    snapshot_date Date COMMENT 'UTC day that the counters speak of',
    status LowCardinality(String) COMMENT 'ok, empty (nothing there), skipped (objects left out), failed, unloaded (read, but the load failed)',
    row_count Nullable(UInt64) COMMENT 'Rows landed',
    page_count Nullable(UInt32) COMMENT 'Pages read from the API',
    call_count Nullable(UInt32) COMMENT 'HTTP calls made, retries included',
    quota_units Nullable(UInt32) COMMENT 'Quota spent, in the platform''s units',
    duration_seconds Nullable(Float64) COMMENT 'Wall time of the attempt',
    error_class Nullable(String) COMMENT 'Kind of failure, e.g. token_expired',
    error_message Nullable(String) COMMENT 'One line without secrets',
    started_at DateTime64(6, 'UTC'),
    finished_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(snapshot_date)
ORDER BY (snapshot_date, platform, account_id, stream, started_at)
COMMENT 'One row per attempt to read one stream of one account'
