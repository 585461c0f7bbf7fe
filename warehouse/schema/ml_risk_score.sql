CREATE TABLE IF NOT EXISTS {ml}.risk_score
(
    creator_id Nullable(String),
    platform LowCardinality(String),
    account_id String COMMENT 'The platform''s id of the account',
    account_key String COMMENT 'Key of core.dim_account',
    as_of Date COMMENT 'Last UTC day that the model has seen',
    peril LowCardinality(String) COMMENT 'account_takeover, suspension, liability, reputation or engagement_collapse',
    horizon_days UInt16 COMMENT 'Days after as_of that the probability and the loss speak of',
    event_frequency Nullable(Float64) COMMENT 'Expected events a year',
    event_probability Nullable(Float64) COMMENT 'Probability, 0-1, of at least one event in the horizon',
    paid_share Nullable(Float64) COMMENT 'Share of events, 0-1, that cost anything',
    expected_severity_amount Nullable(Decimal(18, 2)) COMMENT 'Expected loss of one event, in currency: what a paid one costs, times paid_share',
    expected_loss_amount Nullable(Decimal(18, 2)) COMMENT 'Expected loss in the horizon, in currency',
    expected_days Nullable(Float64) COMMENT 'Days that one outage is expected to last, of each at most 90; NULL where the peril is no outage',
    currency LowCardinality(Nullable(String)) COMMENT 'ISO 4217 code of the amounts',
    risk_band Nullable(UInt8) COMMENT '1 (lowest risk) to 5 (highest), by frequency against the portfolio of this version',
    segment LowCardinality(String) COMMENT 'Segment whose experience counts, e.g. tiktok/micro',
    credibility Nullable(Float64) COMMENT 'Weight Z, 0-1, of the segment''s own experience (Buhlmann-Straub)',
    reason_codes Array(String) COMMENT 'What moved the frequency most, strongest first, at most 4',
    reasons Array(String) COMMENT 'The same in words',
    model_name LowCardinality(String),
    version LowCardinality(String) COMMENT 'Version in ml.model_registry',
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(created_at)
PARTITION BY toYYYYMM(as_of)
ORDER BY (platform, account_id, peril, as_of, version)
COMMENT 'One row per account, peril, day and model version'
