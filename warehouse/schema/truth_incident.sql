CREATE TABLE IF NOT EXISTS {truth}.incident
(
    incident_id String,
    creator_id String,
    platform LowCardinality(Nullable(String)) COMMENT 'NULL where it concerns the creator as a person',
    account_id Nullable(String) COMMENT 'The platform''s id of the account',
    peril LowCardinality(String) COMMENT 'account_takeover, suspension, engagement_collapse, reputation, liability',
    start_date Date COMMENT 'First UTC day',
    end_date Nullable(Date) COMMENT 'UTC day after the last, which may lie beyond the world; NULL: it never ends',
    duration_days Nullable(UInt32) COMMENT 'NULL: it never ends',
    severity_amount Float64 COMMENT 'True loss, in currency',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    is_wrongful Nullable(Bool) COMMENT 'Suspensions alone: without a reason'
)
ENGINE = MergeTree
ORDER BY (creator_id, start_date, peril)
COMMENT 'One row per insured event'
