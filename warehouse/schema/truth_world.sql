CREATE TABLE IF NOT EXISTS {truth}.world
(
    seed UInt64 COMMENT 'Seed of the synthetic world',
    creators UInt32 COMMENT 'Creators of the world',
    days UInt32 COMMENT 'Days of the world',
    first_day Date COMMENT 'First UTC day',
    last_day Date COMMENT 'Last UTC day',
    stealth Float64 COMMENT 'How well fraud hides: 0 crude, 1 as well as it can',
    held_out_fraud LowCardinality(String) COMMENT 'Fraud type that no training set may hold'
)
ENGINE = MergeTree
ORDER BY (seed)
COMMENT 'One row: which world the truth is of'
