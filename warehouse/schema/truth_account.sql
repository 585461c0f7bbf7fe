CREATE TABLE IF NOT EXISTS {truth}.account
(
    creator_id String,
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    is_fraud Bool COMMENT 'Any of the following',
    has_bought_followers Bool,
    has_follow_unfollow Bool,
    has_bought_likes Bool,
    has_engagement_pod Bool,
    has_comment_spam Bool,
    is_held_out Bool COMMENT 'Guilty of the type that no training set may hold',
    bought_follower_count UInt64 COMMENT 'Bought followers still there at the end of the last day',
    bought_follower_share Float64 COMMENT 'The same as a share, 0-1, of the followers',
    pod_id Nullable(String) COMMENT 'Engagement pod that serves the account'
)
ENGINE = MergeTree
ORDER BY (platform, account_id)
COMMENT 'One row per account: what it is guilty of'
