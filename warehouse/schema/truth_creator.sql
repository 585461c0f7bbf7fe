CREATE TABLE IF NOT EXISTS {truth}.creator
(
    creator_id String,
    kind LowCardinality(String) COMMENT 'honest, or the first fraud type',
    is_fraud Bool COMMENT 'Material fraud on at least one account',
    stealth Float64 COMMENT 'How well this creator hides fraud, 0-1',
    frailty Float64 COMMENT 'Factor on the frequency of incidents, mean about 1',
    claims_behaviour LowCardinality(String) COMMENT 'honest, inflated, staged',
    net_growth_daily Float64 COMMENT 'Net growth a day that the creator''s accounts are drawn with'
)
ENGINE = MergeTree
ORDER BY (creator_id)
COMMENT 'One row per creator: whether and how the creator cheats'
