CREATE TABLE IF NOT EXISTS {truth}.follower_lot
(
    creator_id String,
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    start_date Date COMMENT 'First UTC day of the delivery',
    delivery_days UInt16 COMMENT 'Days over which the lot is delivered',
    delivered_count UInt64 COMMENT 'Followers delivered by the last day',
    is_round Bool COMMENT 'A round number, as sellers offer it',
    daily_loss_share Float64 COMMENT 'Part, 0-1, of what is left that leaves a day in the first month'
)
ENGINE = MergeTree
ORDER BY (platform, account_id, start_date)
COMMENT 'One row per order of bought followers'
