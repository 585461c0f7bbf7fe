"""clickhouse-connect's operations against the embedded server, as against a real one."""

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import clickhouse_connect
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from warehouse.client import connect
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

ROWS = 300_000


@pytest.fixture(scope="module")
def client(warehouse: WarehouseSettings) -> Iterator[Client]:
    found = connect(settings=warehouse, database="default")
    yield found
    found.close()


@pytest.fixture
def table(client: Client) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:8]}"
    client.command(
        f"CREATE TABLE {name} (id UInt64, name String, rate Nullable(Float64), day Date) "
        "ENGINE = MergeTree ORDER BY id"
    )
    yield name
    client.command(f"DROP TABLE {name}")


def frame(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": np.arange(count, dtype="uint64"),
            "name": [f"name {number}" for number in range(count)],
            "rate": np.where(np.arange(count) % 3 == 0, np.nan, np.arange(count) / 7),
            "day": pd.to_datetime("2026-01-01"),
        }
    )


def test_query_types_and_absence(client: Client) -> None:
    result = client.query(
        "SELECT toInt64(-5), toUInt64(18446744073709551615), 'ä\\n', NULL, toDate('2026-02-03'),"
        " toDateTime64('2026-02-03 04:05:06.123456', 6, 'UTC'), toDecimal64('1.23', 2),"
        " [1, 2], map('k', 1), (1, 'x'), toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'),"
        " true, toLowCardinality('lc'), CAST(NULL, 'LowCardinality(Nullable(String))')"
    )
    (row,) = result.result_rows
    assert row[:5] == (-5, 18446744073709551615, "ä\n", None, date(2026, 2, 3))
    assert row[5].isoformat() == "2026-02-03T04:05:06.123456"
    assert row[6:] == (
        Decimal("1.23"),
        [1, 2],
        {"k": 1},
        (1, "x"),
        uuid.UUID("61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        True,
        "lc",
        None,
    )


def test_query_of_no_rows_has_columns(client: Client) -> None:
    assert client.query("SELECT 1 AS a LIMIT 0").column_names == ("a",)
    assert client.query("SELECT 1 AS a WHERE 0").result_rows == []


def test_insert_and_summary(client: Client, table: str) -> None:
    summary = client.insert(
        table, [[1, "a", 0.5, date(2026, 1, 1)], [2, "b", None, date(2026, 1, 2)]]
    )
    assert summary.written_rows == 2
    result = client.query(f"SELECT * FROM {table} ORDER BY id")
    assert result.result_rows[1] == (2, "b", None, date(2026, 1, 2))
    assert result.summary["read_rows"] == "2"
    assert result.summary["result_rows"] == "2"


def test_insert_df_in_many_blocks_loses_no_row(client: Client, table: str) -> None:
    data = frame(ROWS)
    summary = client.insert_df(table, data)
    assert summary.written_rows == ROWS
    back = client.query_df(f"SELECT * FROM {table} ORDER BY id")
    assert len(back) == ROWS
    assert back["name"].tolist() == data["name"].tolist()
    assert back["rate"].isna().sum() == data["rate"].isna().sum()


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_every_compression_both_ways(
    warehouse: WarehouseSettings, table: str, compress: str | bool
) -> None:
    client = connect(settings=warehouse, database="default", compress=compress)
    client.insert_df(table, frame(ROWS))
    assert client.query_df(f"SELECT * FROM {table}")["id"].sum() == ROWS * (ROWS - 1) // 2
    client.close()


@pytest.mark.parametrize("chunks", [1, 5])
def test_insert_arrow(client: Client, table: str, chunks: int) -> None:
    whole = frame(ROWS)
    size = ROWS // chunks
    parts = [whole[start : start + size] for start in range(0, ROWS, size)]
    data = pa.concat_tables([pa.Table.from_pandas(part) for part in parts])
    data = data.set_column(3, "day", data["day"].cast(pa.date32())).select(range(4))
    assert client.insert_arrow(table, data).written_rows == ROWS
    back = client.query_arrow(f"SELECT * FROM {table} ORDER BY id")
    assert back["id"].to_pylist() == list(range(ROWS))
    with client.query_arrow_stream(f"SELECT id FROM {table}") as stream:
        assert sum(batch.num_rows for batch in stream) == ROWS


@pytest.mark.parametrize("batches", [1, 9])
def test_large_arrow_files_go_over_the_disk(client: Client, batches: int) -> None:
    """Beyond 128 MiB: one batch goes column by column, several one by one."""
    count = 1_800_000
    noise = np.random.default_rng(1).bytes(count * 75).hex()
    names = [noise[start : start + 150] for start in range(0, count * 150, 150)]
    data = pa.table(
        {
            "id": pa.array(np.arange(count, dtype="uint64")),
            "name": pa.array(names),
            "kind": pa.array(["x", "y", None] * (count // 3)).dictionary_encode(),
        }
    )
    if batches > 1:
        data = pa.Table.from_batches(data.to_batches(max_chunksize=count // batches))
    client.command(
        "CREATE OR REPLACE TABLE arrow_big "
        "(id UInt64, name String, kind LowCardinality(Nullable(String))) "
        "ENGINE = MergeTree ORDER BY id"
    )
    assert client.insert_arrow("arrow_big", data).written_rows == count
    row = client.query(
        "SELECT count(), uniqExact(id), uniqExact(name), countIf(kind = 'x'), "
        "countIf(kind IS NULL) FROM arrow_big"
    ).first_row
    assert row == (count, count, count, count // 3, count // 3)
    last = client.query("SELECT name FROM arrow_big WHERE id = {i:UInt64}", {"i": count - 1})
    assert last.first_row == (names[-1],)
    client.command("DROP TABLE arrow_big")


def test_a_broken_arrow_file_is_refused(client: Client, table: str) -> None:
    for body in (b"ARROW1\0\0 and nonsense", b"nothing of the kind"):
        with pytest.raises(DatabaseError):
            client.raw_insert(table, insert_block=body, fmt="Arrow")
    large = b"ARROW1\0\0" + bytes(140_000_000)
    with pytest.raises(DatabaseError) as caught:
        client.raw_insert(table, insert_block=large, fmt="Arrow")
    assert caught.value.code == 117
    assert client.command(f"SELECT count() FROM {table}") == 0


def test_block_streams(client: Client) -> None:
    query = f"SELECT number, toString(number) AS s FROM numbers({ROWS})"
    with client.query_row_block_stream(query) as stream:
        assert sum(len(block) for block in stream) == ROWS
    with client.query_column_block_stream(query) as stream:
        assert sum(sum(block[0]) for block in stream) == ROWS * (ROWS - 1) // 2
    with client.query_rows_stream(query) as stream:
        assert sum(row[0] for row in stream) == ROWS * (ROWS - 1) // 2
    with client.query_df_stream(query) as stream:
        assert sum(len(block) for block in stream) == ROWS


def test_raw_insert_and_raw_query(client: Client, table: str) -> None:
    csv = b"1,one,0.5,2026-01-01\n2,two,\\N,2026-01-02\n"
    assert client.raw_insert(table, insert_block=csv, fmt="CSV").written_rows == 2
    rows = (b'{"id":%d,"name":"n","day":"2026-01-01"}\n' % n for n in range(3, 1003))
    assert client.raw_insert(table, insert_block=rows, fmt="JSONEachRow").written_rows == 1000
    text = client.raw_query(f"SELECT id, name FROM {table} WHERE id < 3 ORDER BY id", fmt="CSV")
    assert text == b'1,"one"\n2,"two"\n'
    with client.raw_stream(f"SELECT id FROM {table}", fmt="TabSeparated") as stream:
        assert len(stream.read().splitlines()) == 1002


def test_command_results(client: Client) -> None:
    assert client.command("SELECT 17") == 17
    assert client.command("SELECT 1, 'x'") == ["1", "x"]
    assert client.command("SELECT 'a' WHERE 0") == ""
    summary = client.command("CREATE TABLE IF NOT EXISTS cmd (a Int8) ENGINE = Memory")
    assert summary.query_id()
    assert client.command("INSERT INTO cmd VALUES (1), (2)").written_rows == 2
    assert client.command("INSERT INTO cmd SELECT number FROM numbers(5)").written_rows == 5
    assert client.command("EXISTS TABLE cmd") == 1
    assert "CREATE TABLE default.cmd" in str(client.command("SHOW CREATE TABLE cmd"))
    client.command("DROP TABLE cmd")
    data = "1\n2\n3\n"
    client.command("CREATE TABLE cmd (a Int8) ENGINE = Memory")
    client.command("INSERT INTO cmd FORMAT CSV", data=data)
    assert client.command("SELECT sum(a) FROM cmd") == 6
    client.command("DROP TABLE cmd")


def test_parameters(client: Client, table: str) -> None:
    values = {"s": "it's \t a \\ 'test'\n", "n": 5, "l": [1, 2], "d": date(2026, 1, 2), "t": table}
    row = client.query(
        "SELECT {s:String}, {n:UInt8}, {l:Array(UInt8)}, {d:Date}, count() FROM {t:Identifier}",
        parameters=values,
    ).first_row
    assert row == (values["s"], 5, [1, 2], date(2026, 1, 2), 0)
    assert client.query("SELECT %(a)s", parameters={"a": "x'y"}).first_row == ("x'y",)
    with pytest.raises(DatabaseError) as caught:
        client.query("SELECT {missing:String}")
    assert caught.value.code == 456


def test_binary_parameter(client: Client) -> None:
    found = client.query("SELECT hex($b$) AS h", parameters={"$b$": b"\x00\xff\x27\x5c"})
    assert found.first_row == ("00FF275C",)


def test_form_encoded_parameters(warehouse: WarehouseSettings) -> None:
    client = connect(settings=warehouse, form_encode_query_params=True)
    long = "ü" * 100_000
    assert client.query("SELECT length({s:String})", parameters={"s": long}).first_row == (200_000,)
    client.close()


def test_settings_do_not_leak(client: Client) -> None:
    text = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    before = client.query(text).first_row
    assert client.query(text, settings={"max_block_size": 1234}).first_row == ("1234",)
    assert client.query(text).first_row == before


def test_unknown_setting(warehouse: WarehouseSettings) -> None:
    clickhouse_connect.common.set_setting("invalid_setting_action", "send")
    try:
        client = connect(settings=warehouse)
        with pytest.raises(DatabaseError) as caught:
            client.query("SELECT 1", settings={"no_such_setting": 1})
        assert caught.value.code == 115
    finally:
        clickhouse_connect.common.set_setting("invalid_setting_action", "error")


def test_sessions(warehouse: WarehouseSettings, client: Client) -> None:
    session = connect(settings=warehouse, session_id=f"s-{uuid.uuid4()}", database="default")
    session.command("CREATE TEMPORARY TABLE kept (a Int8)")
    session.insert("kept", [[1], [2]], column_names=["a"])
    assert session.query("SELECT sum(a) FROM kept").first_row == (3,)
    session.command("SET max_block_size = 77")
    text = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    assert session.query(text).first_row == ("77",)
    assert session.query(text, settings={"max_block_size": 88}).first_row == ("88",)
    assert session.query(text).first_row == ("77",)
    assert client.query(text).first_row != ("77",)
    with pytest.raises(DatabaseError) as caught:
        client.query("SELECT * FROM kept")
    assert caught.value.code == 60
    session.close()


@pytest.mark.parametrize(
    ("statement", "code", "name"),
    [
        ("SELEC 1", 62, "SYNTAX_ERROR"),
        ("SELECT nope", 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT * FROM nope", 60, "UNKNOWN_TABLE"),
        ("SELECT nope(1)", 46, "UNKNOWN_FUNCTION"),
        ("SELECT * FROM nope.t", 81, "UNKNOWN_DATABASE"),
        ("SELECT toUInt8('x')", 6, "CANNOT_PARSE_TEXT"),
        ("SELECT throwIf(1, 'on purpose')", 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
    ],
)
def test_error_classes(client: Client, statement: str, code: int, name: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        client.query(statement)
    assert (caught.value.code, caught.value.name) == (code, name)


def test_error_in_the_middle_of_a_stream(client: Client) -> None:
    query = "SELECT throwIf(number = 3000000, 'late'), number FROM numbers(10000000)"
    with (
        pytest.raises(StreamFailureError, match="late") as caught,
        client.query_row_block_stream(query) as stream,
    ):
        for _ in stream:
            pass
    assert caught.value.code == 395
    with pytest.raises(DatabaseError) as whole:
        client.query(query)
    assert whole.value.code == 395


def test_a_failed_insert_leaves_no_row(client: Client, table: str) -> None:
    with pytest.raises(DatabaseError):
        client.raw_insert(table, insert_block="1,one,0.5,2026-01-01\n2,two,x,y\n", fmt="CSV")
    assert client.command(f"SELECT count() FROM {table}") == 0
    with pytest.raises(DatabaseError) as caught:
        client.raw_insert("no_such_table", insert_block="1\n", fmt="CSV")
    assert caught.value.code == 60


def test_query_ids(client: Client) -> None:
    query_id = f"mine-{uuid.uuid4()}"
    result = client.query("SELECT 1", settings={"query_id": query_id})
    assert result.query_id == query_id
    text = "SELECT query_id FROM system.processes WHERE query_id = {q:String}"
    own = client.query(text, parameters={"q": query_id}, settings={"query_id": query_id})
    assert own.first_row == (query_id,)
    client.command("SYSTEM FLUSH LOGS")
    logged = client.query(
        "SELECT type FROM system.query_log WHERE query_id = {q:String} AND type = 'QueryFinish'",
        parameters={"q": query_id},
    )
    assert len(logged.result_rows) == 2


def test_log_comment_reaches_the_query_log(client: Client, table: str) -> None:
    comment = f"run-{uuid.uuid4()}"
    client.query("SELECT 1", settings={"log_comment": comment})
    client.insert_df(table, frame(10), settings={"log_comment": comment})
    client.command(f"OPTIMIZE TABLE {table}", settings={"log_comment": comment})
    client.command("SYSTEM FLUSH LOGS")
    kinds = client.query(
        "SELECT query_kind FROM system.query_log "
        "WHERE log_comment = {c:String} AND type = 'QueryFinish' ORDER BY query_kind",
        parameters={"c": comment},
    ).result_columns[0]
    assert sorted(set(kinds) - {"Describe"}) == ["Insert", "Optimize", "Select"]


def test_own_database(warehouse: WarehouseSettings) -> None:
    client = connect(settings=warehouse, database="ops")
    assert client.command("SELECT currentDatabase()") == "ops"
    assert client.command("SELECT count() FROM ingestion_outcome") == 0
    client.close()
    with pytest.raises(UserError, match="no_such_database"):
        connect(settings=warehouse, database="no_such_database")


def test_wrong_password_is_one_line(warehouse: WarehouseSettings) -> None:
    wrong = warehouse.model_copy(update={"password": warehouse.reader_password})
    with pytest.raises(UserError) as caught:
        connect(settings=wrong)
    assert "\n" not in str(caught.value)
    assert "CLICKHOUSE_PASSWORD" in str(caught.value)
    assert warehouse.reader_password is not None
    assert warehouse.reader_password.get_secret_value() not in str(caught.value)


def test_unreachable_is_one_line(unused_port: int, warehouse: WarehouseSettings) -> None:
    nowhere = warehouse.model_copy(update={"port": unused_port})
    with pytest.raises(UserError, match=f"127.0.0.1:{unused_port}.*refused") as caught:
        connect(settings=nowhere)
    assert "\n" not in str(caught.value)


def test_schema_is_there_and_repeatable(client: Client, warehouse: WarehouseSettings) -> None:
    from warehouse.schema_ddl import apply

    apply(client, warehouse)
    tables = client.query(
        "SELECT database || '.' || name FROM system.tables WHERE database IN ('ml', 'ops')"
    ).result_columns[0]
    assert {
        "ml.growth_forecast",
        "ml.authenticity_score",
        "ml.risk_score",
        "ml.model_registry",
        "ml.model_metric",
        "ops.ingestion_outcome",
        "ops.metric_availability",
    } <= set(tables)


def test_an_empty_table_of_an_older_shape_is_made_again(
    client: Client, warehouse: WarehouseSettings
) -> None:
    from warehouse.schema_ddl import apply

    client.command("DROP TABLE ml.risk_score")
    client.command("CREATE TABLE ml.risk_score (peril String) ENGINE = MergeTree ORDER BY peril")
    apply(client, warehouse)
    columns = client.query("DESCRIBE TABLE ml.risk_score").result_columns[0]
    assert "event_frequency" in columns
    left = "SELECT count() FROM system.tables WHERE database = 'ml' AND name LIKE 'risk_score%'"
    assert client.command(left) == 1


def test_new_columns_that_may_be_null_are_added_to_rows(
    client: Client, warehouse: WarehouseSettings
) -> None:
    from warehouse.schema_ddl import apply

    wanted = client.query("DESCRIBE TABLE ml.risk_score").result_columns[0]
    for column in ("paid_share", "currency"):
        client.command(f"ALTER TABLE ml.risk_score DROP COLUMN {column}")
    client.command("INSERT INTO ml.risk_score (peril, event_frequency) VALUES ('liability', 0.5)")
    try:
        apply(client, warehouse)
        assert client.query("DESCRIBE TABLE ml.risk_score").result_columns[0] == wanted
        kept = client.query("SELECT peril, event_frequency, paid_share FROM ml.risk_score")
        assert kept.result_rows == [("liability", 0.5, None)]
    finally:
        client.command("TRUNCATE TABLE ml.risk_score")


def test_a_table_of_an_older_shape_with_rows_is_refused(
    client: Client, warehouse: WarehouseSettings
) -> None:
    from warehouse.schema_ddl import apply

    client.command("DROP TABLE ml.risk_score")
    client.command("CREATE TABLE ml.risk_score (peril String) ENGINE = MergeTree ORDER BY peril")
    client.command("INSERT INTO ml.risk_score VALUES ('liability')")
    try:
        client.command("DROP TABLE ml.training_example")
        with pytest.raises(UserError, match=r"ml\.risk_score: .* 1 rows\. Move them away"):
            apply(client, warehouse)
        assert client.command("SELECT count() FROM ml.risk_score") == 1
        assert client.command("EXISTS ml.training_example"), "one refusal keeps no other table away"
    finally:
        client.command("DROP TABLE ml.risk_score")
        apply(client, warehouse)
