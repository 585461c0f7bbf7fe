CREATE TABLE IF NOT EXISTS {truth}.claim
(
    claim_id String,
    incident_id Nullable(String) COMMENT 'NULL: staged, there was no incident',
    creator_id String,
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    peril LowCardinality(String),
    behaviour LowCardinality(String) COMMENT 'honest, inflated, staged',
    is_fraud Bool COMMENT 'Inflated or staged',
    loss_date Date COMMENT 'First UTC day of the claimed loss',
    claim_date Date COMMENT 'UTC day of the claim',
    delay_days UInt32 COMMENT 'From loss to claim',
    claimed_days UInt32 COMMENT 'Claimed outage',
    claimed_amount Float64 COMMENT 'In currency',
    true_amount Float64 COMMENT 'True loss, in currency; 0 where staged',
    currency LowCardinality(String) COMMENT 'ISO 4217 code'
)
ENGINE = MergeTree
ORDER BY (creator_id, claim_date, claim_id)
COMMENT 'One row per claim'
