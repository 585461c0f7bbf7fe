"""An edit is written into its file, and the rest of the file stays as a person wrote it."""

import difflib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboards.assets import (
    ASSETS_PATH,
    ChartAsset,
    DashboardAsset,
    Tile,
    Written,
    load_assets,
)
from dashboards.drift import NO_PLACE, Change, Drift
from dashboards.readback import KINDS
from dashboards.rewriting import bring_back, rewrite
from tests.growth_page import PAGE, TEXT
from warehouse.errors import UserError

ASSETS = load_assets()
MOVERS = ASSETS.charts["top-movers"]
ACCOUNT_DAY = ASSETS.datasets["mart_growth__account_day"]


def text_of(kind: str, slug: str) -> str:
    return (ASSETS_PATH / kind / f"{slug}.yaml").read_text("utf-8")


def edited(written: Any, **fields: Any) -> Any:
    """A copy with other fields, as strict as a file."""
    return type(written).model_validate(written.model_dump() | fields)


def changed_lines(text: str, before: Written, after: Written) -> list[str]:
    """The lines that went (-) and came (+)."""
    rewritten, refused = rewrite(text, before, after)
    assert refused == []
    lines = difflib.unified_diff(text.splitlines(), rewritten.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def every_asset() -> Iterator[tuple[str, str, Any]]:
    for kind in KINDS:
        for slug, written in getattr(ASSETS, kind).items():
            yield kind, slug, written


def test_an_edit_touches_its_own_line_in_every_file() -> None:
    for kind, slug, written in every_asset():
        field = {"databases": "name", "datasets": "time_column"}.get(kind, "title")
        lines = changed_lines(
            text_of(kind, slug), written, written.model_copy(update={field: "Edited"})
        )
        assert lines[-1] == f"+{field}: Edited", (kind, slug)
        assert len(lines) == (1 if getattr(written, field) is None else 2), (kind, slug)


def test_params() -> None:
    params = {name: value for name, value in MOVERS.params.items() if name != "order_desc"}
    params |= {"row_limit": 25, "metrics": ["growth_28d", "followers"], "show_totals": True}
    params["column_config"] = params["column_config"] | {"tier": {"columnWidth": 90}}
    params["table_timestamp_format"] = "%d %b"
    assert changed_lines(
        text_of("charts", "top-movers"), MOVERS, edited(MOVERS, params=params)
    ) == [
        "-  metrics: [followers, growth_28d, percentile]",
        "+  metrics: [growth_28d, followers]",
        "-  order_desc: true",
        "-  row_limit: 1000",
        "+  row_limit: 25",
        '-  table_timestamp_format: "%Y-%m-%d %H:%M"',
        '+  table_timestamp_format: "%d %b"',
        "-    tier: {columnWidth: 70}",
        "+    tier: {columnWidth: 90}",
        "+  show_totals: true",
    ]


def test_a_chart_filter() -> None:
    latest, known = MOVERS.params["adhoc_filters"]
    params = MOVERS.params | {"adhoc_filters": [latest | {"comparator": 1}, known]}
    lines = changed_lines(text_of("charts", "top-movers"), MOVERS, edited(MOVERS, params=params))
    assert [line.rpartition(", ")[2] for line in lines] == ["comparator: 0}", "comparator: 1}"]


def test_a_long_text_is_folded() -> None:
    description = "The accounts that grew fastest. " * 8 + "The end."
    after = edited(MOVERS, description=description)
    text, _ = rewrite(text_of("charts", "top-movers"), MOVERS, after)
    assert max(len(line) for line in text.splitlines() if "{" not in line) <= 100
    assert loaded(text, ChartAsset) == after


def loaded(text: str, model: type[Any]) -> Any:
    import yaml

    return model.model_validate(yaml.safe_load(text))


def test_a_row_moves_with_the_comment_above_it() -> None:
    rows = list(PAGE.rows)
    rows.insert(0, rows.pop(3))
    after = PAGE.model_copy(update={"rows": rows})
    text, _ = rewrite(TEXT, PAGE, after)
    assert loaded(text, DashboardAsset) == after
    assert sorted(text.splitlines()) == sorted(TEXT.splitlines())
    assert text.splitlines()[5:9] == [
        "  # Who moves?",
        "  - - {chart: top-movers, width: 6, height: 64}",
        "    - {chart: largest-falls, width: 6, height: 64}",
        "  # How did it come to that?",
    ]


def test_tiles_widths_and_texts() -> None:
    rows = [list(row) for row in PAGE.rows]
    rows[2] = [
        tile.model_copy(update={"width": width})
        for tile, width in zip(rows[2], (7, 5), strict=True)
    ]
    rows[3].reverse()
    rows.append([Tile(text="First line.\n\nLast line.\n", width=12, height=10)])
    assert changed_lines(TEXT, PAGE, PAGE.model_copy(update={"rows": rows})) == [
        "-  - - {chart: cohort-growth, width: 6, height: 62}",
        "-    - {chart: cohorts, width: 6, height: 62}",
        "+  - - {chart: cohort-growth, width: 7, height: 62}",
        "+    - {chart: cohorts, width: 5, height: 62}",
        "-  - - {chart: top-movers, width: 6, height: 64}",
        "-    - {chart: largest-falls, width: 6, height: 64}",
        "+  - - {chart: largest-falls, width: 6, height: 64}",
        "+    - {chart: top-movers, width: 6, height: 64}",
        "+  - - text: |",
        "+        First line.",
        "+",
        "+        Last line.",
        "+      width: 12",
        "+      height: 10",
    ]


def test_a_filter_added_and_one_removed() -> None:
    _, creator, days = PAGE.filters
    weeks = days.model_copy(update={"name": "Weeks", "only": ["cohorts"]})
    after = PAGE.model_copy(update={"filters": [creator, days, weeks]})
    assert changed_lines(TEXT, PAGE, after) == [
        "-  - {name: Platform, dataset: mart_growth__account_day, column: platform}",
        "+  - {name: Weeks, kind: time, only: [cohorts]}",
    ]


def test_a_column_and_the_label_of_a_kpi() -> None:
    columns = [
        column.model_copy(update={"label": "Account handle"}) if column.name == "handle" else column
        for column in ACCOUNT_DAY.columns
    ]
    metrics = [
        metric.model_copy(update={"label": "All followers"})
        if metric.name == "followers"
        else metric
        for metric in ACCOUNT_DAY.metrics
    ]
    after = ACCOUNT_DAY.model_copy(update={"columns": columns, "metrics": metrics})
    assert changed_lines(text_of("datasets", "mart_growth__account_day"), ACCOUNT_DAY, after) == [
        "-  - {name: handle, type: Nullable(String), label: Handle}",
        "+  - {name: handle, type: Nullable(String), label: Account handle}",
        "-  - {name: followers, kpi: followers_gaps_filled, label: Followers}",
        "+  - {name: followers, kpi: followers_gaps_filled, label: All followers}",
    ]


def test_what_a_kpi_is_belongs_to_its_definition() -> None:
    metrics = list(ACCOUNT_DAY.metrics)
    metrics[0] = metrics[0].model_copy(update={"expression": "1", "format": ",d"})
    metrics.append(metrics[1].model_copy(update={"name": "mine"}))
    before = text_of("datasets", "mart_growth__account_day")
    after = ACCOUNT_DAY.model_copy(update={"metrics": metrics})
    text, refused = rewrite(before, ACCOUNT_DAY, after)
    assert text == before
    assert refused == [
        "metric followers: its expression is that of a KPI: change it in "
        "dbt_project/metrics.yml; not written",
        "metric followers: its format is that of a KPI: change it in "
        "dbt_project/metrics.yml; not written",
        "metric mine was made in Superset: a figure is defined in dbt_project/metrics.yml, "
        "then named here; not written",
    ]


@pytest.mark.parametrize(
    ("kind", "model"),
    [("charts", ChartAsset), ("dashboards", DashboardAsset)],
)
def test_a_new_file_holds_the_asset(kind: str, model: type[Any]) -> None:
    for written in getattr(ASSETS, kind).values():
        text, _ = rewrite("", None, written)
        assert loaded(text, model) == written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the asset files."""
    return Path(shutil.copytree(ASSETS_PATH, tmp_path / "assets"))


def test_a_new_file_is_in_the_style_of_the_others() -> None:
    text, _ = rewrite("", None, MOVERS)
    assert "\n  groupby: [account, platform, tier]\n" in text
    assert "\n    - {expressionType: SIMPLE, clause: WHERE, subject: days_ago, " in text
    assert "\n  column_config:\n    followers: {d3NumberFormat: " in text


def test_only_files_that_differ_are_written(folder: Path) -> None:
    movers, new = edited(MOVERS, title="Movers"), edited(MOVERS, title="New")
    charts = {**ASSETS.charts, "top-movers": movers, "new": new}
    refused = Change("dashboards/growth.yaml", "css", "", "p {}", NO_PLACE)
    drift = Drift([refused], [], [], replace(ASSETS, charts=charts))
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.yaml")}

    assert bring_back(drift, ASSETS, folder, ["new"]).files == [folder / "charts/new.yaml"]
    rows = [[Tile(chart="new", width=12, height=50)]]
    page = ASSETS.dashboards["growth"].model_copy(update={"rows": rows})
    shown = replace(drift.found, dashboards={**ASSETS.dashboards, "growth": page})
    other = Path(shutil.copytree(ASSETS_PATH, folder.parent / "other"))
    brought = bring_back(replace(drift, found=shown), ASSETS, other, ["growth"]).files
    assert brought == [other / "charts/new.yaml", other / "dashboards/growth.yaml"]

    with pytest.raises(UserError, match="'nobody' is no asset"):
        bring_back(drift, ASSETS, folder, ["nobody"])
    done = bring_back(drift, ASSETS, folder, [])
    assert done.files == [folder / "charts/top-movers.yaml", folder / "charts/new.yaml"]
    assert done.refused == ['dashboards/growth.yaml: css: "" -> p {} (no file holds it)']

    assert load_assets(folder) == drift.found
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert {path for path in before if after[path] != before[path]} == {done.files[0]}
    assert [path.name for path in folder.rglob(".*")] == []
