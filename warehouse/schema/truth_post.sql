CREATE TABLE IF NOT EXISTS {truth}.post
(
    creator_id String,
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    post_id String COMMENT 'The platform''s id of the post',
    is_viral Bool,
    is_giveaway Bool,
    is_alien Bool COMMENT 'Written by somebody who had taken the account over',
    bought_like_count UInt64 COMMENT 'Bought likes among the final likes',
    pod_comment_count UInt64 COMMENT 'Comments by members of a pod',
    spam_comment_count UInt64 COMMENT 'Comments by bots that the creator ordered'
)
ENGINE = MergeTree
ORDER BY (platform, account_id, post_id)
COMMENT 'One row per post about which there is something to tell'
