"""The queries behind dashboard charts, and the history on which their speed is measured."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from benchmarks.dashboards.history import is_filled
from benchmarks.post_days import raw
from benchmarks.post_days.builds import Dbt
from benchmarks.post_days.charts import Chart, charts, measure, percentile
from benchmarks.post_days.world import World
from warehouse.client import connect
from warehouse.errors import UserError
from warehouse.schema_ddl import apply
from warehouse.settings import LAYERS, WarehouseSettings

EMPTY = {"Forecast of followers against what came"}
"""Charts that wait for a model."""

OF_POSTS = {"fct_post_day", "fct_account_post_day", "dim_post", "mart_engagement__post"}
"""Models of posts: a day's run reads a day of them, some times, and never their history."""

WORLD = World.of(400 * 100, posts=400, accounts=80)


@pytest.fixture(scope="module")
def environment(warehouse: WarehouseSettings) -> Iterator[WarehouseSettings]:
    """Databases of this module's own with ingestion's raw tables."""
    settings = warehouse.model_copy(update={"env": "t_charts"})
    with connect(settings=settings) as client:
        apply(client, settings)
        raw.create_tables(settings)
        yield settings
        for layer in LAYERS:
            client.command(f"DROP DATABASE IF EXISTS {settings.database(layer)}")


@pytest.fixture
def client(environment: WarehouseSettings) -> Iterator[Client]:
    """The owner's client, on tables without rows."""
    with connect(settings=environment) as client:
        for name in raw.table_names():
            client.command(f"TRUNCATE TABLE {environment.database('raw')}.{name}")
        yield client


def day_of(client: Client, environment: WarehouseSettings, world: World) -> dict[str, tuple]:
    """Rows and a checksum of the world's last day, by raw table."""
    return {
        name: client.query(
            f"SELECT count(), sum(cityHash64(toJSONString(tuple(*)))) "
            f"FROM {environment.database('raw')}.{name} WHERE snapshot_date = '{world.last}'"
        ).result_rows[0]
        for name in raw.table_names()
        if not name.startswith("app__")
    }


def test_thirty_charts_read_marts_alone() -> None:
    asked = charts()

    assert len(asked) == 30
    for chart in asked:
        tables = re.findall(r"\b(?:FROM|JOIN)\s+([\w.]+)", chart.sql)
        assert tables, chart.name
        assert all(table.startswith("marts.mart_") for table in tables), chart.name
        assert "marts." not in chart.on("t_marts").replace("t_marts.", ""), chart.name


@pytest.mark.parametrize("text", ["SELECT 1;\n", "-- a\nSELECT 1;\n\n-- a\nSELECT 2;\n"])
def test_a_query_has_a_name_of_its_own(tmp_path: Path, text: str) -> None:
    file = tmp_path / "queries.sql"
    file.write_text(text)

    with pytest.raises(ValueError, match="quer"):
        charts(file)


def test_charts_are_read_to_the_semicolon(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text("-- one\nSELECT 1;\n\n-- two\nSELECT 2\nFROM marts.mart_a;\n")

    assert charts(file) == [Chart("one", "SELECT 1"), Chart("two", "SELECT 2\nFROM marts.mart_a")]


@pytest.mark.parametrize(("level", "value"), [(0.95, 19), (0.5, 10), (1.0, 20), (0.01, 1)])
def test_percentile_is_the_value_that_so_many_do_not_exceed(level: float, value: int) -> None:
    assert percentile([float(number) for number in range(20, 0, -1)], level) == value


def test_a_month_of_the_history_lies_in_one_partition() -> None:
    months = list(WORLD.months())

    assert sum(month.days for month in months) == WORLD.days
    assert months[0].first == WORLD.first
    assert months[-1].last == WORLD.last
    assert all(month.first.replace(day=1) == month.last.replace(day=1) for month in months)


@pytest.mark.slow
def test_a_day_lands_the_same_alone_and_in_a_history(
    client: Client, environment: WarehouseSettings
) -> None:
    days = replace(WORLD, days=8)
    raw.fill(client, days, environment)
    within = day_of(client, environment, days)
    for name in within:
        client.command(f"TRUNCATE TABLE {environment.database('raw')}.{name}")
    raw.fill(client, days.latest(1), environment)

    assert day_of(client, environment, days) == within
    assert sum(int(rows) for rows, _ in within.values()) > WORLD.posts
    posts = client.query(
        "SELECT count(), countIf(open_id IN (SELECT open_id FROM {raw}.tiktok__users)) "
        "FROM {raw}.tiktok__videos".replace("{raw}", environment.database("raw"))
    ).result_rows
    assert posts == [(WORLD.posts // 4, WORLD.posts // 4)]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_chart_shows_a_small_history(
    client: Client, environment: WarehouseSettings, tmp_path: Path
) -> None:
    raw.fill_accounts(client, WORLD, environment)
    raw.fill(client, WORLD, environment)
    dbt = Dbt(environment, tmp_path)
    dbt.full_refresh(client)
    tomorrow = WORLD.next_day
    raw.fill(client, tomorrow, environment)
    day = dbt.day(client, tomorrow.last)

    timings = measure(client, environment.database("marts"), rounds=1)

    assert {timing.chart.name for timing in timings if not timing.result_rows} == EMPTY
    read = {cost.name: cost.read_rows for cost in day.costs}
    assert OF_POSTS | {"mart_engagement__account_day"} <= read.keys()
    # no index parts so few rows well, but a scan of history would read all of them
    most = WORLD.posts * WORLD.days / 2
    assert {name: read[name] for name in OF_POSTS if read[name] >= most} == {}


def test_a_history_of_other_rows_is_refused(client: Client, environment: WarehouseSettings) -> None:
    client.command(f"TRUNCATE TABLE {environment.database('ops')}.ingestion_outcome")
    assert not is_filled(client, environment, WORLD)
    raw.fill(client, WORLD, environment)
    raw.fill(client, WORLD.next_day, environment)
    assert is_filled(client, environment, WORLD)
    with pytest.raises(UserError, match=f"from {WORLD.first} on is here.*Pass the --rows"):
        is_filled(client, environment, World.of(400 * 200, posts=400, accounts=80))
