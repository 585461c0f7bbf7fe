-- The warehouse's two identities on a ClickHouse server of your own.
-- Render and run it as a user with access management:
--     python -m warehouse grants | clickhouse-client --multiquery
-- Passwords are not in it: set them with the query parameters that it names.

CREATE SETTINGS PROFILE IF NOT EXISTS {prefix}reader_profile SETTINGS
    readonly = 2 READONLY,
    max_execution_time = 300,
    additional_table_filters READONLY,
    additional_result_filter READONLY;

CREATE USER IF NOT EXISTS {owner} IDENTIFIED WITH sha256_password BY {{owner_password:String}};
CREATE USER IF NOT EXISTS {reader} IDENTIFIED WITH sha256_password BY {{reader_password:String}}
    SETTINGS PROFILE '{prefix}reader_profile';
