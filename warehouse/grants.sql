-- The warehouse's two identities on a ClickHouse server of your own.
--
--     python -m warehouse grants | clickhouse-client --user admin --password
--
-- fills in the names, the environment's databases and salted hashes of the passwords that the
-- settings hold. Safe to repeat: users keep what they have, passwords are set anew.

CREATE SETTINGS PROFILE IF NOT EXISTS {reader}_profile SETTINGS
    readonly = 2 CONST,
    allow_ddl = 0 CONST,
    max_execution_time = 300 MAX 3600,
    max_memory_usage = 2147483648 MAX 8589934592,
    additional_table_filters CONST,
    additional_result_filter CONST;

CREATE USER IF NOT EXISTS {owner};
ALTER USER {owner} IDENTIFIED WITH sha256_hash BY '{owner_hash}' SALT '{owner_salt}';

CREATE USER IF NOT EXISTS {reader};
ALTER USER {reader} IDENTIFIED WITH sha256_hash BY '{reader_hash}' SALT '{reader_salt}'
    SETTINGS PROFILE '{reader}_profile';

-- The owner makes and fills every layer, and reads what the server says of its own work.
-- for each layer
GRANT SHOW, SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE, BACKUP, dictGet
    ON {database}.* TO {owner};
-- end
GRANT CREATE TEMPORARY TABLE, KILL QUERY, SYSTEM FLUSH LOGS ON *.* TO {owner};
GRANT SELECT ON system.* TO {owner};

-- The reader reads what is made to be read: no other layer, no table functions, no DDL.
REVOKE ALL ON *.* FROM {reader};
-- for each readable layer
GRANT SELECT ON {database}.* TO {reader};
-- end
