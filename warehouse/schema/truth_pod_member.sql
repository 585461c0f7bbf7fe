CREATE TABLE IF NOT EXISTS {truth}.pod_member
(
    pod_id String,
    platform LowCardinality(String),
    member_kind LowCardinality(String) COMMENT 'account or commenter',
    member_id String COMMENT 'The platform''s id of the account or commenter'
)
ENGINE = MergeTree
ORDER BY (pod_id, platform, member_kind, member_id)
COMMENT 'One row per member of an engagement pod: accounts that it serves, commenters that serve them'
