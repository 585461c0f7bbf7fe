"""Two builds of a table are told apart by what is exact, and by floats beyond 1e-9."""

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tests.integration.dbt.table_contents import columns_of, difference

DATABASE = "table_contents"
COLUMNS = "k String, n Nullable(Int64), x Nullable(Float64), d Nullable(Decimal(18, 2))"
ROWS = "('a', 1, 0.1, 1.10), ('b', NULL, NULL, NULL), ('c', 0, nan, 0)"


@pytest.fixture
def client(warehouse_client: Client) -> Iterator[Client]:
    warehouse_client.command(f"CREATE DATABASE {DATABASE}")
    yield warehouse_client
    warehouse_client.command(f"DROP DATABASE {DATABASE}")


@pytest.mark.parametrize(
    ("other", "count"),
    [
        (ROWS, 0),
        (ROWS.replace("0.1,", "0.10000000001,"), 0),
        (ROWS.replace("0.1,", "0.10000001,"), 1),
        (ROWS.replace("'a', 1", "'a', 2"), 2),
        (ROWS.replace("1.10", "1.11"), 2),
        (ROWS.replace("nan", "0"), 1),
        (ROWS.replace("('b', NULL", "('b', 0"), 2),
        (ROWS.removesuffix(", ('c', 0, nan, 0)"), 1),
        (f"{ROWS}, ('a', 1, 0.1, 1.10)", 1),
    ],
    ids=[
        *("the same", "a float nearly", "a float", "an integer", "a Decimal"),
        *("not a number", "zero for NULL", "a row less", "a row twice"),
    ],
)
def test_a_difference_is_found(client: Client, other: str, count: int) -> None:
    for table, rows in (("one", ROWS), ("two", other)):
        client.command(f"CREATE TABLE {DATABASE}.{table} ({COLUMNS}) ENGINE MergeTree ORDER BY k")
        client.command(f"INSERT INTO {DATABASE}.{table} VALUES {rows}")
    columns = columns_of(client, DATABASE)["one"]
    found = difference(client, f"{DATABASE}.one", f"{DATABASE}.two", columns)
    assert columns == ["k", "n", "x", "d"]
    assert len(found[1:]) == count, found
