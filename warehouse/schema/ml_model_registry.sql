CREATE TABLE IF NOT EXISTS {ml}.model_registry
(
    model_name LowCardinality(String),
    version String COMMENT 'First 16 hexadecimal digits of the sha256 of parameters, data and code',
    stage LowCardinality(String) COMMENT 'trained, candidate, challenger, refused, champion, retired or withdrawn: the last row of a version says which',
    reason String COMMENT 'Why the row was written, e.g. promoted: every check passed',
    trained_from Nullable(Date) COMMENT 'First UTC day of the training data',
    trained_until Nullable(Date) COMMENT 'Last UTC day of the training data',
    row_count Nullable(UInt64) COMMENT 'Training rows',
    features Array(String),
    parameters String COMMENT 'Hyperparameters as JSON',
    data_sha256 String COMMENT 'Fingerprint of the training data',
    code_sha256 String COMMENT 'Fingerprint of the code that trained it',
    libraries Map(String, String) COMMENT 'Versions of the libraries that the artefact needs',
    artifact_uri String COMMENT 'Where the fitted model lies, in the artefact folder',
    artifact_sha256 String,
    created_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (model_name, created_at, version)
COMMENT 'One row per change of a model version''s stage; never changed, never removed'
