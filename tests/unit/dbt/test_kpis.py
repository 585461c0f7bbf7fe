"""Every KPI once: what the marts hold, the page says and the dashboards show is one definition."""

import re
from pathlib import Path
from typing import Any

import pytest

from dashboards.assets import load_assets
from dashboards.metrics import sentence
from orchestration.kpi_page import PAGE, page
from tests.dbt_manifest import layer
from warehouse.errors import UserError
from warehouse.kpis import AGGREGATES, Kpi, kpis, label, read_kpis

KPIS = list(kpis().values())
ORDERS = {"order_of_size"}
"""Metrics of datasets that are no figures: what rows are sorted by."""
# Parts of interactions, and the sample that stands beside a quantile.
PARTS = {"like_count", "comment_count", "share_count", "save_count", "reached_interaction_count"}


@pytest.mark.parametrize("kpi", KPIS, ids=[kpi.name for kpi in KPIS])
def test_a_kpi_is_complete(kpi: Kpi, models: dict[str, Any]) -> None:
    assert all((kpi.label, kpi.formula, kpi.unit, kpi.source, kpi.format, kpi.grain, kpi.caveats))
    assert re.fullmatch(r"[a-z][a-z0-9_]*", kpi.name)
    for mart, columns in kpi.grain.items():
        assert layer(models[mart]) == "marts"
        for column in columns:
            assert column in models[mart]["columns"], f"{mart}.{column}"
    assert {*kpi.sql, *kpi.aggregate} <= set(kpi.grain)


def test_a_label_is_of_one_kpi() -> None:
    labels = [kpi.label for kpi in KPIS]
    assert len(labels) == len(set(labels))


WORDS = {
    *("null", "and", "or", "not", "is", "as", "in", "distinct", "true"),
    *("over", "partition", "by", "order", "range", "between", "preceding"),
    *("current", "row"),
}


def names_in(sql: str) -> set[str]:
    """What a ClickHouse expression refers to: neither functions nor words nor strings."""
    bare = re.sub(r"'[^']*'", "", sql)
    names = set(re.findall(r"\b[a-z_][A-Za-z0-9_]*\b(?!\s*\()", bare))
    return names - WORDS


@pytest.mark.parametrize("kpi", KPIS, ids=[kpi.name for kpi in KPIS])
def test_sql_speaks_of_the_marts_columns(kpi: Kpi, models: dict[str, Any]) -> None:
    aggregates = {mart: kpi.expression(mart)[0] for mart in kpi.aggregate}
    for found in (kpi.sql, aggregates):
        for mart, sql in found.items():
            assert names_in(sql) <= set(models[mart]["columns"]), f"{mart}: {sql}"
    for mart, how in kpi.aggregate.items():
        if "/" in aggregates[mart]:
            assert "toFloat64" in aggregates[mart], how


def test_every_engagement_figure_of_a_mart_is_a_kpi(models: dict[str, Any]) -> None:
    """Rates, changes and counts that a dashboard shows."""
    named = {column for kpi in KPIS for columns in kpi.grain.values() for column in columns}
    for name, model in models.items():
        if name.startswith("mart_engagement__"):
            for column in model["columns"]:
                if column.endswith(("_count", "_change", "_delta")) or "_rate_" in column:
                    known = column in named | PARTS or column.startswith("rated_by_")
                    assert known, f"{name}.{column}"


def test_a_dashboard_shows_kpis_and_says_their_formula() -> None:
    """The metric's SQL reads the column that the KPI names, its tip opens with the formula, and
    the page prints both: all of them come of one entry."""
    text = PAGE.read_text()
    for slug, dataset in load_assets().datasets.items():
        for metric in dataset.metrics:
            if metric.name in ORDERS:
                continue
            kpi = next(k for k in KPIS if metric.description.startswith(sentence(k.formula)))
            columns = kpi.grain[dataset.table]
            expressions = {kpi.expression(dataset.table, column)[0] for column in columns}
            assert metric.expression in expressions, f"{slug}: {metric.name}"
            assert metric.format == kpi.format
            assert kpi.formula in text
            assert f"`{dataset.table}.{columns[0]}`" in text
            assert f"`{kpi.expression(dataset.table)[0]}`" in text


def test_no_dataset_defines_a_figure_of_its_own() -> None:
    own = {
        metric
        for path in sorted((Path("dashboards") / "assets" / "datasets").glob("*.yaml"))
        for metric in re.findall(r"- name: (\w+)\n\s+label: .*\n\s+expression: ", path.read_text())
    }
    assert own - ORDERS <= {"tier", "account"}


def test_the_kpi_page_says_what_the_metrics_say() -> None:
    assert PAGE.read_text() == page(), "docs/kpis.md is not that of metrics.yml. Run: make format"


def test_a_label_is_found_by_the_kpis_name() -> None:
    assert label("engagement_rate_by_views") == "Engagement rate by views"
    with pytest.raises(UserError, match="is not in metrics"):
        label("unheard_of")


def test_an_aggregate_is_named_or_written_out() -> None:
    entry = {"name": "x", "label": "X", "formula": "a / b", "unit": "1", "caveats": ["None."]}
    kpi = Kpi.model_validate(
        entry
        | {
            "grain": {"mart_a": ["x_rate", "y_rate"], "mart_b": "x_rate", "mart_c": "x_rate"},
            "aggregate": {"mart_a": "mean", "mart_b": "toFloat64(sum(a)) / sum(b)"},
        }
    )
    assert kpi.expression("mart_a", "y_rate") == ("avg(y_rate)", AGGREGATES["mean"][1])
    assert kpi.expression("mart_b") == ("toFloat64(sum(a)) / sum(b)", "")
    for mart, column in (("mart_c", None), ("mart_b", "y_rate"), ("mart_d", None)):
        with pytest.raises(UserError, match="KPI x: "):
            kpi.expression(mart, column)


ENTRY = "{name: x, label: X, formula: f, unit: u, grain: {m: c}, caveats: [c]}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- {name: x}", "x: label: Field required"),
        ("- {name: x, typo: 1}", "x: .*"),
        (
            "- &x {name: x, label: X, formula: f, unit: u, grain: {m: c}, caveats: [c]}\n- *x",
            "twice",
        ),
    ],
)
def test_a_malformed_kpi_is_named(tmp_path: Path, text: str, error: str) -> None:
    path = tmp_path / "metrics.yml"
    path.write_text(f"metrics:\n{text}\n")
    with pytest.raises(UserError, match=error):
        read_kpis(path)
