"""The reader sees the marts and the scores, and nothing that it tries besides."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from warehouse.client import connect
from warehouse.settings import Identity, WarehouseSettings

SECRET = "moonstone"


@pytest.fixture(scope="module")
def stocked(warehouse: WarehouseSettings) -> Iterator[WarehouseSettings]:
    """Two marts, a score table and a raw table with a secret, in the shared warehouse."""
    owner = connect(settings=warehouse)
    for statement in (
        "CREATE OR REPLACE TABLE raw.reader_secret (a Int64, s String) ENGINE = MergeTree ORDER BY a",  # noqa: E501
        f"INSERT INTO raw.reader_secret VALUES (1, '{SECRET}')",
        "CREATE OR REPLACE TABLE marts.reader_mart (a Int64, s String) ENGINE = MergeTree ORDER BY a",  # noqa: E501
        "INSERT INTO marts.reader_mart VALUES (1, 'one'), (2, 'two')",
        "CREATE OR REPLACE TABLE ml.reader_score (a Int64) ENGINE = MergeTree ORDER BY a",
        "CREATE OR REPLACE VIEW marts.reader_view AS SELECT a FROM raw.reader_secret",
        "CREATE DICTIONARY IF NOT EXISTS raw.reader_dictionary (a Int64, s String) PRIMARY KEY a "
        "SOURCE(CLICKHOUSE(TABLE 'reader_secret' DB 'raw')) LAYOUT(FLAT()) LIFETIME(0)",
    ):
        owner.command(statement)
    yield warehouse
    for statement in (
        "DROP DICTIONARY raw.reader_dictionary",
        "DROP TABLE marts.reader_view",
        "DROP TABLE raw.reader_secret",
        "DROP TABLE marts.reader_mart",
        "DROP TABLE ml.reader_score",
    ):
        owner.command(statement)
    owner.close()


@pytest.fixture
def reader(stocked: WarehouseSettings) -> Iterator[Client]:
    client = connect("reader", stocked)
    yield client
    client.close()


def ask(settings: WarehouseSettings, statement: str | bytes, **params: str) -> httpx.Response:
    """One statement as the reader, as plain HTTP."""
    assert settings.reader_password is not None
    return httpx.post(
        f"http://{settings.host}:{settings.port}/",
        params=params,
        content=statement,
        auth=(settings.reader_user, settings.reader_password.get_secret_value()),
        timeout=60,
    )


ALLOWED = [
    "SELECT 1",
    "SELECT version(), timezone(), currentUser()",
    "SELECT count() FROM marts.reader_mart",
    "SELECT * FROM reader_mart ORDER BY a",
    "SELECT m.s AS `a label (x)`, count(*) FROM marts.reader_mart AS m GROUP BY 1 LIMIT 10",
    "SELECT a FROM marts.reader_view",
    "WITH x AS (SELECT a FROM marts.reader_mart) SELECT count() FROM x JOIN ml.reader_score USING a",  # noqa: E501
    "SELECT (SELECT max(a) FROM marts.reader_mart) AS top",
    "SELECT a IN (SELECT a FROM ml.reader_score) FROM marts.reader_mart",
    "SELECT a IN marts.reader_view FROM marts.reader_mart",
    "SELECT quantileExactInclusive(0.5)(a), sumIf(a, a > 1) FROM marts.reader_mart",
    "SELECT toStartOfMonth(toDate('2026-01-05')), lower('A') -- a comment\n",
    "SELECT a FROM marts.reader_mart SETTINGS max_threads = 1",
    "SELECT a, 'SETTINGS readonly = 0' FROM marts.reader_mart",
    "SHOW DATABASES",
    "SHOW TABLES FROM marts",
    "SHOW TABLES",
    "DESCRIBE TABLE marts.reader_mart",
    "DESC reader_mart",
    "EXISTS TABLE marts.reader_mart",
    "SHOW CREATE TABLE marts.reader_mart",
    "SELECT name, value, readonly FROM system.settings LIMIT 5",
    "SELECT name FROM system.tables WHERE database = 'marts'",
    "SELECT name FROM system.columns WHERE database = 'marts'",
    "SELECT name FROM system.functions LIMIT 5",
]

REFUSED = [
    # other layers, in every place where a table may stand
    "SELECT * FROM raw.reader_secret",
    "SELECT * FROM `raw`.`reader_secret`",
    'SELECT * FROM "raw"."reader_secret"',
    "SELECT * FROM /* x */ raw . reader_secret",
    "SELECT * FROM marts.reader_mart AS m JOIN raw.reader_secret AS r USING a",
    "SELECT * FROM marts.reader_mart, raw.reader_secret",
    "SELECT (SELECT max(s) FROM raw.reader_secret)",
    "SELECT * FROM (SELECT * FROM raw.reader_secret)",
    "WITH raw AS (SELECT 1 AS reader_secret) SELECT s FROM raw.reader_secret",
    "WITH reader_secret AS (SELECT * FROM raw.reader_secret) SELECT * FROM reader_secret",
    "WITH (SELECT any(s) FROM raw.reader_secret) AS x SELECT x",
    "SELECT 1 IN raw.reader_secret",
    "SELECT a IN (raw.reader_secret) FROM marts.reader_mart",
    "SELECT a FROM marts.reader_mart WHERE a NOT IN raw.reader_secret",
    "SELECT raw.reader_secret AS z, a IN z FROM marts.reader_mart",
    "SELECT a FROM marts.reader_mart WHERE EXISTS (SELECT 1 FROM raw.reader_secret)",
    "SELECT 1 UNION ALL SELECT a FROM raw.reader_secret",
    "SELECT 1 EXCEPT SELECT a FROM raw.reader_secret",
    "(SELECT a FROM raw.reader_secret)",
    "FROM raw.reader_secret SELECT s",
    "SELECT (SELECT throwIf(s = 'moonstone') FROM raw.reader_secret)",
    "SELECT * FROM raw.reader_secret AS `x\n TABLE id: 3, table_name: marts.reader_mart`",
    'SELECT * FROM raw.reader_secret AS "x, table_name: marts.reader_mart"',
    "SELECT * FROM default.nothing",
    # system tables beyond those that clients need
    "SELECT * FROM system.processes",
    "SELECT * FROM system.query_log",
    "SELECT * FROM system.users",
    "SELECT * FROM system.parts",
    "SELECT * FROM system.dictionaries",
    "SELECT * FROM information_schema.tables",
    # table functions
    "SELECT * FROM numbers(5)",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', raw.reader_secret)",
    "SELECT * FROM merge('raw', '.*')",
    "SELECT * FROM merge(REGEXP('raw'), '.*')",
    "SELECT * FROM view(SELECT * FROM raw.reader_secret)",
    "SELECT * FROM cluster('default', raw.reader_secret)",
    "SELECT * FROM dictionary('raw.reader_dictionary')",
    "SELECT * FROM mergeTreeIndex(raw, reader_secret)",
    "SELECT * FROM executable('id', 'TSV', 'x String')",
    "SELECT * FROM Python(credentials)",
    "SELECT * FROM values('a String', 'x')",
    "SELECT * FROM (EXPLAIN SELECT * FROM raw.reader_secret)",
    "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))",
    "SELECT (SELECT count() FROM file('/etc/passwd', 'LineAsString'))",
    # functions that read besides tables
    "SELECT dictGet('raw.reader_dictionary', 's', 1)",
    "SELECT DICTGET('raw.reader_dictionary', 's', 1)",
    "SELECT dictGetString('raw.reader_dictionary', 's', toUInt64(1))",
    "SELECT dictHas('raw.reader_dictionary', 1)",
    "SELECT joinGet('raw.reader_secret', 's', 1)",
    "SELECT file('/etc/passwd')",
    "SELECT arrayMap(x -> dictGet('raw.reader_dictionary', 's', x), [1])",
    "SELECT hasColumnInTable('raw', 'reader_secret', 's')",
    "SELECT sleep(3)",
    "SELECT getServerPort('tcp_port')",
    # settings that widen what a query reads or may do
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT a FROM marts.reader_mart SETTINGS additional_table_filters = "
    "{'marts.reader_mart': 'a IN (SELECT a FROM raw.reader_secret)'}",
    "SELECT a FROM marts.reader_mart SETTINGS `additional_result_filter` = 'a = 1'",
    "SELECT a FROM marts.reader_mart SETTINGS max_threads = 1, additional_table_filters = {}",
    "SELECT name FROM system.tables SETTINGS additional_table_filters = {}",
    "SELECT * FROM marts.reader_mart SETTINGS enable_analyzer = 0",
    "SELECT * FROM (SELECT 1 SETTINGS readonly = 0)",
    "SELECT 1 SETTINGS max_memory_usage = 0",
    "SELECT 1 SETTINGS max_memory_usage = 9999999999",
    "SELECT 1 SETTINGS max_memory_usage = DEFAULT",
    "SELECT 1 SETTINGS max_execution_time = '0'",
    "SELECT 1 SETTINGS max_execution_time = -1",
    "SELECT 1 SETTINGS max_threads = 1, `max_execution_time` = 301",
    "SELECT * FROM (SELECT 1 SETTINGS max_execution_time = 1e9)",
    "SHOW TABLES FROM marts SETTINGS additional_table_filters = {}",
    "SET readonly = 0",
    "SET max_threads = 1",
    # everything that is not a read
    "INSERT INTO marts.reader_mart VALUES (3, 'three')",
    "INSERT INTO marts.reader_mart SELECT * FROM raw.reader_secret",
    "INSERT INTO FUNCTION file('{folder}/written') SELECT 1",
    "INSERT INTO FUNCTION url('http://127.0.0.1:1/') SELECT * FROM marts.reader_mart",
    "WITH x AS (SELECT 1) INSERT INTO marts.reader_mart SELECT 1, 'x'",
    "SELECT s FROM marts.reader_mart INTO OUTFILE '{folder}/written'",
    "SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '{folder}/written'",
    "SELECT 1 AS a SETTINGS output_format_schema = '{folder}/written' FORMAT Protobuf",
    "SELECT 1 AS a FORMAT CapnProto SETTINGS output_format_schema = '{folder}/written'",
    "SELECT 1 AS a FORMAT Protobuf SETTINGS format_schema = '{folder}/written:Message'",
    "SELECT 1 AS a FORMAT Template SETTINGS format_template_row = '{folder}/written'",
    "SELECT * FROM (SELECT 1 AS a SETTINGS output_format_schema = '{folder}/written')",
    "CREATE TABLE marts.reader_new (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE t (a Int8)",
    "CREATE TEMPORARY TABLE t AS SELECT * FROM raw.reader_secret",
    "CREATE VIEW marts.reader_v AS SELECT * FROM raw.reader_secret",
    "CREATE FUNCTION reader_f AS x -> x",
    "CREATE USER reader_u",
    "DROP TABLE marts.reader_mart",
    "ALTER TABLE marts.reader_mart DELETE WHERE 1",
    "DELETE FROM marts.reader_mart WHERE 1",
    "TRUNCATE TABLE marts.reader_mart",
    "RENAME TABLE marts.reader_mart TO marts.reader_moved",
    "OPTIMIZE TABLE marts.reader_mart FINAL",
    "CHECK TABLE raw.reader_secret",
    "SYSTEM FLUSH LOGS",
    "SYSTEM SHUTDOWN",
    "KILL QUERY WHERE 1",
    "BACKUP TABLE marts.reader_mart TO File('{folder}/written')",
    "USE raw",
    "EXECUTE AS default SELECT 1",
    "EXPLAIN SELECT * FROM raw.reader_secret",
    "EXPLAIN AST SELECT 1",
    "EXPLAIN PLAN SELECT (SELECT any(s) FROM raw.reader_secret)",
    # listings of what is not the reader's
    "SHOW TABLES FROM raw",
    "SHOW CREATE TABLE raw.reader_secret",
    "DESCRIBE TABLE raw.reader_secret",
    "DESCRIBE TABLE file('/etc/passwd', 'LineAsString')",
    "DESCRIBE TABLE url('http://127.0.0.1:1/', 'CSV')",
    "DESCRIBE (SELECT * FROM raw.reader_secret)",
    "EXISTS TABLE raw.reader_secret",
    "SHOW PROCESSLIST",
    "SHOW GRANTS",
    "SHOW SETTINGS LIKE 'x'",
    # more than one statement
    "SELECT 1; SELECT * FROM raw.reader_secret",
    "SELECT 1; DROP TABLE marts.reader_mart",
    "SELECT '\\'; SELECT 1 --'; SELECT s FROM raw.reader_secret",
]


@pytest.mark.parametrize("statement", ALLOWED)
def test_reader_may(stocked: WarehouseSettings, statement: str) -> None:
    answer = ask(stocked, statement)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("statement", REFUSED)
def test_reader_may_not(stocked: WarehouseSettings, statement: str, tmp_path: Path) -> None:
    statement = statement.replace("{folder}", str(tmp_path))
    answer = ask(stocked, statement)
    assert list(tmp_path.iterdir()) == []
    assert answer.status_code in (400, 403, 404, 500), answer.text
    assert answer.headers["x-clickhouse-exception-code"] in (
        "62",
        "164",
        "358",
        "452",
        "497",
    ), answer.text
    assert SECRET not in answer.text.replace(statement, "")


def test_names_are_followed_to_what_they_stand_for(
    stocked: WarehouseSettings, warehouse_client: Client
) -> None:
    """A function of the owner's hides what it reads from the parser, not from the analyzer."""
    warehouse_client.command(
        "CREATE OR REPLACE FUNCTION reader_lookup AS x -> dictGet('raw.reader_dictionary', 's', x)"
    )
    warehouse_client.command(
        "CREATE OR REPLACE FUNCTION reader_peek AS x -> (x IN (SELECT a FROM raw.reader_secret))"
    )
    try:
        for statement in (
            "SELECT reader_lookup(a) FROM reader_mart",
            "SELECT reader_peek(a) FROM reader_mart",
        ):
            assert warehouse_client.query(statement, settings={"database": "marts"}).result_rows
            answer = ask(stocked, statement)
            assert answer.headers["x-clickhouse-exception-code"] == "497", answer.text
    finally:
        warehouse_client.command("DROP FUNCTION reader_lookup")
        warehouse_client.command("DROP FUNCTION reader_peek")


def test_a_refused_statement_changes_nothing(
    stocked: WarehouseSettings, warehouse_client: Client
) -> None:
    before = warehouse_client.query("SELECT * FROM marts.reader_mart ORDER BY a").result_rows
    ask(stocked, "INSERT INTO marts.reader_mart VALUES (9, 'nine')")
    ask(stocked, "ALTER TABLE marts.reader_mart DELETE WHERE 1 SETTINGS mutations_sync = 2")
    assert (
        warehouse_client.query("SELECT * FROM marts.reader_mart ORDER BY a").result_rows == before
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("readonly", "0"),
        ("additional_table_filters", "{}"),
        ("additional_result_filter", "1"),
        ("enable_analyzer", "0"),
        ("allow_ddl", "1"),
        ("profile", "default"),
        ("promql_table", "x"),
        ("format_schema", "x:Message"),
        ("format_schema_source", "file"),
        ("format_template_row", "x"),
        ("format_avro_schema_registry_url", "http://127.0.0.1:1/"),
        ("output_format_avro_confluent_subject", "x"),
    ],
)
def test_reader_may_not_set_in_the_url(stocked: WarehouseSettings, name: str, value: str) -> None:
    answer = ask(stocked, "SELECT 1", **{name: value})
    assert answer.headers["x-clickhouse-exception-code"] == "164", answer.text


def test_reader_may_set_what_shapes_the_result(stocked: WarehouseSettings) -> None:
    answer = ask(
        stocked,
        "SELECT 1 / 3 AS x FORMAT JSON",
        output_format_json_quote_denormals="1",
        max_execution_time="5",
        max_memory_usage="1000000000",
        log_comment="chart",
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("max_memory_usage", ["0", "2147483649", "inf", "-1", "", "DEFAULT", "1G"]),
        ("max_execution_time", ["0", "301", "nan", "1e9"]),
        ("max_query_size", ["0", "1048577"]),
    ],
)
def test_reader_cannot_raise_its_limits(
    stocked: WarehouseSettings, name: str, values: list[str]
) -> None:
    for value in values:
        answer = ask(stocked, "SELECT 1", **{name: value})
        assert answer.headers["x-clickhouse-exception-code"] == "452", (value, answer.text)


def test_reader_has_limits_of_memory_and_time(stocked: WarehouseSettings) -> None:
    read = (
        "SELECT name, value FROM system.settings "
        "WHERE name IN ('max_execution_time', 'max_memory_usage') ORDER BY name"
    )
    assert ask(stocked, read).text == "max_execution_time\t300\nmax_memory_usage\t2147483648\n"
    hungry = "SELECT length(groupArray(rand64())) FROM system.functions AS a, system.functions AS b"
    hungry += ", system.functions AS c"
    answer = ask(stocked, hungry, max_memory_usage="50000000")
    assert answer.headers["x-clickhouse-exception-code"] == "241", answer.text
    slow = "SELECT max(sipHash64(a.name, b.name, c.name)) FROM system.functions AS a, "
    slow += "system.functions AS b, system.functions AS c"
    answer = ask(stocked, slow, max_execution_time="1")
    assert answer.headers["x-clickhouse-exception-code"] == "159", answer.text
    rows = "SELECT a.name, b.name, c.name FROM system.functions AS a, system.functions AS b, "
    rows += "system.functions AS c SETTINGS max_execution_time = 1"
    with pytest.raises(httpx.RemoteProtocolError):
        ask(stocked, rows)


@pytest.mark.parametrize("output", ["Protobuf", "CapnProto", "CSV"])
def test_no_setting_of_the_url_names_a_file(
    stocked: WarehouseSettings, tmp_path: Path, output: str
) -> None:
    file = tmp_path / "written"
    answer = ask(stocked, f"SELECT 1 AS a FORMAT {output}", output_format_schema=str(file))
    assert answer.headers["x-clickhouse-exception-code"] == "164", answer.text
    assert not file.exists()


SMUGGLED = [
    "JSONCompact; SELECT * FROM raw.reader_secret INTO OUTFILE '{file}' FORMAT TSV",
    "JSONCompact SETTINGS additional_table_filters={}",
    "JSON'; SELECT s FROM raw.reader_secret --",
    "JSON\n",
]
TRANSPORT = [
    "buffer_size",
    "client_protocol_version",
    "database",
    "default_format",
    "enable_http_compression",
    "extremes",
    "http_headers_progress_interval_ms",
    "log_comment",
    "max_execution_time",
    "output_format_json_quote_denormals",
    "param_x",
    "query_id",
    "quota_key",
    "role",
    "send_progress_in_http_headers",
    "session_id",
    "session_timeout",
    "session_timezone",
    "stacktrace",
    "wait_end_of_query",
]


def _ask_by(
    settings: WarehouseSettings, way: str, identity: Identity, name: str, value: str
) -> httpx.Response:
    """A query of system.databases with one transport value, by URL, form or header."""
    query = "SELECT name, '{' FROM system.databases"
    request: dict[str, object] = {"params": {name: value}, "content": query}
    if way == "form":
        request = {"files": {"query": (None, query), name: (None, value)}}
    elif way == "header":
        header = {"default_format": "x-clickhouse-format", "database": "x-clickhouse-database"}
        request = {"headers": {header[name]: value.strip()}, "content": query}
    url = f"http://{settings.host}:{settings.port}/"
    return httpx.post(url, auth=settings.login(identity), timeout=60, **request)  # type: ignore[arg-type]


@pytest.mark.parametrize("identity", ["reader", "owner"])
@pytest.mark.parametrize(
    ("way", "name"),
    [
        *[("url", name) for name in TRANSPORT],
        ("form", "default_format"),
        ("form", "database"),
        ("form", "query_id"),
        ("header", "default_format"),
        ("header", "database"),
    ],
)
def test_no_transport_value_reaches_the_statement(
    stocked: WarehouseSettings, tmp_path: Path, way: str, name: str, identity: Identity
) -> None:
    for smuggled in SMUGGLED:
        value = smuggled.replace("{file}", str(tmp_path / "written"))
        answer = _ask_by(stocked, way, identity, name, value)
        assert list(tmp_path.iterdir()) == []
        assert SECRET not in answer.text
        if identity == "reader":
            assert "truth" not in answer.text
        if name == "default_format" and (way != "header" or value == value.strip()):
            assert answer.headers["x-clickhouse-exception-code"] == "73", answer.text
            assert answer.status_code == 404


@pytest.mark.parametrize("database", ["raw", "system", "truth"])
def test_reader_may_not_enter_another_database(stocked: WarehouseSettings, database: str) -> None:
    assert ask(stocked, "SELECT 1", database=database).status_code == 403


def test_parameters_cannot_smuggle_a_table(stocked: WarehouseSettings) -> None:
    allowed = ask(
        stocked,
        "SELECT count() FROM {d:Identifier}.{t:Identifier}",
        param_d="marts",
        param_t="reader_mart",
    )
    assert allowed.text == "2\n"
    refused = ask(
        stocked,
        "SELECT * FROM {d:Identifier}.{t:Identifier}",
        param_d="raw",
        param_t="reader_secret",
    )
    assert refused.status_code == 403
    assert SECRET not in refused.text


def test_a_session_does_not_widen_the_reader(stocked: WarehouseSettings) -> None:
    for statement in ("SET readonly = 0", "USE raw", "CREATE TEMPORARY TABLE t (a Int8)"):
        assert ask(stocked, statement, session_id="reader-s").status_code != 200
    assert ask(stocked, "SELECT * FROM reader_secret", session_id="reader-s").status_code != 200
    assert ask(stocked, "SELECT count() FROM reader_mart", session_id="reader-s").text == "2\n"


def test_reader_sees_its_own_databases_alone(reader: Client) -> None:
    assert reader.query("SHOW DATABASES").result_columns[0] == ["marts", "ml"]
    databases = reader.query("SELECT DISTINCT database FROM system.tables").result_columns[0]
    assert set(databases) == {"marts", "ml"}
    databases = reader.query("SELECT DISTINCT database FROM system.columns").result_columns[0]
    assert set(databases) <= {"marts", "ml"}


def test_suggestions_do_not_name_foreign_tables(stocked: WarehouseSettings) -> None:
    answer = ask(stocked, "SELECT * FROM marts.reader_secre")
    assert answer.status_code == 404
    assert "raw" not in answer.text


def test_the_client_says_what_was_refused(reader: Client) -> None:
    with pytest.raises(DatabaseError) as caught:
        reader.query("SELECT * FROM raw.reader_secret")
    assert caught.value.code == 497
    assert caught.value.name == "ACCESS_DENIED"


def test_client_reads_frames_and_streams(reader: Client) -> None:
    assert reader.query_df("SELECT * FROM marts.reader_mart ORDER BY a")["s"].tolist() == [
        "one",
        "two",
    ]
    assert reader.query_arrow("SELECT * FROM marts.reader_mart").num_rows == 2
    with reader.query_row_block_stream("SELECT a FROM marts.reader_mart") as stream:
        assert sum(len(block) for block in stream) == 2
