CREATE TABLE IF NOT EXISTS {truth}.coefficient
(
    name String COMMENT 'Group and name, e.g. growth.daily_loss',
    value Float64 COMMENT 'In the unit',
    unit LowCardinality(String) COMMENT 'e.g. per day, share, USD',
    meaning String COMMENT 'What it sets'
)
ENGINE = MergeTree
ORDER BY (name)
COMMENT 'One row per coefficient that generated the world'
