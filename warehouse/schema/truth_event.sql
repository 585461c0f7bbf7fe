CREATE TABLE IF NOT EXISTS {truth}.event
(
    creator_id String,
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    kind LowCardinality(String) COMMENT 'e.g. bought_followers, giveaway, purge',
    start_date Date COMMENT 'First UTC day; may lie before the world''s first',
    end_date Date COMMENT 'UTC day after the last',
    size Float64 COMMENT 'In the unit',
    unit LowCardinality(String) COMMENT 'e.g. followers, share of followers gained',
    is_fraud Bool,
    is_hard_negative Bool COMMENT 'Honest, yet it looks like fraud',
    post_id Nullable(String) COMMENT 'Post that the event is about'
)
ENGINE = MergeTree
ORDER BY (platform, account_id, start_date, kind)
COMMENT 'One row per planted event of an account: fraud, or an honest cause of suspicious numbers'
