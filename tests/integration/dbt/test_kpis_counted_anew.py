"""Every KPI of metrics.yml equals what pandas counts from raw, on a synthetic world.

The expectation shares no code with the models. It is written from the definitions in metrics.yml,
the column docs and docs/fraud-signals.md, and reads raw tables (and seeds, ops and ml: inputs).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import kpi_audience
import kpi_engagement
import kpi_fraud
import kpi_growth
import kpi_insurance
import kpi_ops
import pandas as pd
import pytest
from clickhouse_connect.driver.client import Client
from kpi_marts import EXPRESSIONS, KEYS, columns_of, kpi_columns, read
from kpi_raw import Raw
from kpi_registry import differences, recount
from kpi_world import add_forecasts, add_outcomes, add_scores, add_twins, write_world

from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect
from warehouse.kpis import Kpi, kpis

END = date(2026, 10, 30)
COUNTING = [kpi_audience, kpi_engagement, kpi_fraud, kpi_growth, kpi_insurance, kpi_ops]
"""Imported for what they register."""
NEVER_KNOWN = {"documented_income_amount"}
"""KPIs of which the world cannot say anything: there is no source of them yet."""

Counted = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def built(dbt: DbtInProcess, tmp_path_factory: pytest.TempPathFactory) -> DbtInProcess:
    """The world in core and marts; what it cost is added up last."""
    write_world(dbt.warehouse, tmp_path_factory.mktemp("ingestion"), END)
    raw, ml, ops = (dbt.warehouse.database(layer) for layer in ("raw", "ml", "ops"))
    with connect(settings=dbt.warehouse) as client:
        add_twins(client, raw)
        add_forecasts(client, raw, ml, END)
        add_scores(client, raw, ml, END)
        add_outcomes(client, raw, ops, datetime.now(UTC) - timedelta(minutes=1))
    dbt.succeed("seed")
    dbt.succeed("run")
    dbt.succeed("run", "--select", "mart_ops__cost")
    return dbt


@pytest.fixture(scope="module")
def counted(built: DbtInProcess) -> Counted:
    """Every mart's figures as pandas counts them."""
    with connect(settings=built.warehouse) as client:
        raw = Raw(client, built.warehouse.database("raw"))
        return {
            mart: rows for function in recount.distinct() for mart, rows in function(raw).items()
        }


@pytest.mark.parametrize("kpi", kpis().values(), ids=list(kpis()))
def test_every_kpi_has_a_recount(kpi: Kpi) -> None:
    assert kpi.name in recount.functions, f"{kpi.name}: count it anew in kpi_*.py"
    assert set(kpi.grain) <= set(KEYS)


def test_no_recount_is_of_a_kpi_that_is_gone() -> None:
    assert set(recount.functions) == set(kpis())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_column_of_a_kpi_is_counted_anew(counted: Counted) -> None:
    missing = [
        f"{kpi.name}: {mart}.{column}"
        for kpi in kpis().values()
        for mart, columns in kpi.grain.items()
        for column in columns
        if column not in {*counted[mart], *(EXPRESSIONS.get(key, key) for key in KEYS[mart])}
    ]
    assert missing == []


@pytest.mark.slow
@pytest.mark.parametrize("mart", sorted({mart for kpi in kpis().values() for mart in kpi.grain}))
def test_the_mart_holds_what_pandas_counts(
    built: DbtInProcess, counted: Counted, warehouse_client: Client, mart: str
) -> None:
    expected = counted[mart]
    found = read(warehouse_client, built.warehouse.database("marts"), mart, expected)
    wanted = expected[[*KEYS[mart], *columns_of(mart, expected)]]
    assert differences(found, wanted, KEYS[mart]) == []
    unknown = {name for name in kpi_columns(mart) if wanted[name].isna().all()}
    assert unknown <= NEVER_KNOWN, f"{mart}: the world says nothing of {sorted(unknown)}"


@pytest.mark.slow
def test_no_figure_of_a_mart_is_nan_or_infinite(
    built: DbtInProcess, warehouse_client: Client
) -> None:
    """What is not known is NULL: NaN and infinity pass for numbers, and pandas hides the former."""
    marts = built.warehouse.database("marts")
    columns = warehouse_client.query(
        "SELECT table, name FROM system.columns"
        " WHERE database = {marts:String} AND match(type, '^(Nullable.)?Float')",
        parameters={"marts": marts},
    ).result_rows
    assert columns
    told = {}
    for mart in sorted({mart for mart, _ in columns}):
        names = sorted(name for table, name in columns if table == mart)
        counts = ", ".join(f"countIf(NOT isFinite(`{name}`))" for name in names)
        found = warehouse_client.query(f"SELECT {counts} FROM {marts}.{mart}").result_rows[0]
        told |= {f"{mart}.{name}": n for name, n in zip(names, found, strict=True) if n}
    assert told == {}


@pytest.mark.slow
def test_a_figure_that_is_off_is_found(
    built: DbtInProcess, counted: Counted, warehouse_client: Client
) -> None:
    mart = "mart_growth__account_day"
    expected = counted[mart]
    found = read(warehouse_client, built.warehouse.database("marts"), mart, expected)
    wanted = expected[[*KEYS[mart], *columns_of(mart, expected)]]
    off = found.copy()
    known = off.index[off.churn_rate_28d.notna()][0]
    off.loc[known, "churn_rate_28d"] += 1e-7
    assert len(differences(off, wanted, KEYS[mart])) == 1
    off.loc[known, "churn_rate_28d"] = None
    assert "churn_rate_28d: 1 of" in differences(off, wanted, KEYS[mart])[0]
    assert "not in the mart" in differences(found[1:], wanted, KEYS[mart])[0]
    assert "in the mart alone" in differences(found, wanted[1:], KEYS[mart])[0]


def test_the_recount_reads_nothing_of_the_models() -> None:
    """Raw, ops, ml and the engine's log alone: no view of staging, no table of core or marts."""
    for path in Path(__file__).parent.glob("kpi_*.py"):
        text = path.read_text()
        if path.name != "kpi_marts.py":
            assert not any(word in text for word in ("stg_", "dim_", "fct_", "core.", "macros"))
