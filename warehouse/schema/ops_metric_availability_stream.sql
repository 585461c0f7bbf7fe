ALTER TABLE {ops}.metric_availability
    ADD COLUMN IF NOT EXISTS stream LowCardinality(String)
    COMMENT 'Raw table that asked for it, e.g. instagram__media_insights' AFTER account_id
