"""Edits in a real Superset: seen by ``diff``, written by ``export``, undone by a deployment."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dashboards.__main__ import app
from dashboards.assets import ASSETS_PATH, asset_uuid, load_assets
from dashboards.bundle import build_bundle, database_passwords
from dashboards.client import Superset
from dashboards.drift import Drift, find_drift
from dashboards.prune import prune
from dashboards.settings import DashboardsSettings
from dashboards.validation import validate
from warehouse.settings import WarehouseSettings

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]

ASSETS = load_assets()
PAGE = ASSETS.dashboards["growth"]
NEW_CHART = "Accounts that grew"


@pytest.fixture
def edited(superset: Superset, marts: WarehouseSettings) -> Iterator[None]:
    """A chart, a dashboard and a dataset edited as the front end does; afterwards as deployed."""
    made = _edit(superset)
    try:
        yield
    finally:
        superset.ask("DELETE", f"/api/v1/chart/{made}")
        _deploy(superset, ASSETS_PATH, marts)
        prune(superset, ASSETS, superset.export())


def _deploy(superset: Superset, folder: Path, marts: WarehouseSettings) -> None:
    """A deployment without its look at every chart."""
    assets = load_assets(folder)
    passwords = database_passwords(assets, marts.login("reader")[1])
    superset.import_bundle(build_bundle(assets, marts), passwords)


def _edit(superset: Superset) -> int:
    """Save an edit of each kind; the number of a chart that was made."""
    charts, datasets = superset.ids("chart"), superset.ids("dataset")
    movers = charts[str(asset_uuid("charts", "top-movers"))]
    shown = superset.ask("GET", f"/api/v1/chart/{movers}")["result"]
    params = json.loads(shown["params"]) | {"row_limit": 25, "slice_id": movers}
    superset.ask(
        "PUT",
        f"/api/v1/chart/{movers}",
        {"slice_name": "Movers", "params": json.dumps(params), "query_context": None},
    )
    table = datasets[str(asset_uuid("datasets", "mart_growth__account_day"))]
    dashboard = superset.ids("dashboard")[str(asset_uuid("dashboards", "growth"))]
    made: int = superset.ask(
        "POST",
        "/api/v1/chart/",
        {
            "slice_name": NEW_CHART,
            "viz_type": "table",
            "datasource_id": table,
            "datasource_type": "table",
            "params": json.dumps(params),
            "dashboards": [dashboard],
        },
    )["id"]
    _edit_columns(superset, table)
    _edit_layout(superset, dashboard, made)
    return made


def _edit_columns(superset: Superset, dataset: int) -> None:
    columns = superset.ask("GET", f"/api/v1/dataset/{dataset}")["result"]["columns"]
    sent = ["id", "column_name", "verbose_name", "description", "expression", "type", "is_dttm"]
    sent += ["filterable", "groupby", "is_active", "uuid"]
    for column in columns:
        if column["column_name"] == "handle":
            column["verbose_name"] = "Account handle"
    body = [{name: column[name] for name in sent} for column in columns]
    superset.ask("PUT", f"/api/v1/dataset/{dataset}", {"columns": body})


def _edit_layout(superset: Superset, dashboard: int, chart: int) -> None:
    """Two tiles change places, a text is cut short, a new chart has a row to itself."""
    found = superset.ask("GET", f"/api/v1/dashboard/{dashboard}")["result"]
    position: dict[str, Any] = json.loads(found["position_json"])
    position["ROW-2"]["children"].reverse()
    text = next(item for name, item in position.items() if name.startswith("MARKDOWN-"))
    text["meta"]["code"] = "See the glossary.\n"
    row, parents = "ROW-x7f", ["ROOT_ID", "GRID_ID"]
    position["GRID_ID"]["children"].append(row)
    position[row] = {"type": "ROW", "id": row, "children": ["CHART-x7f"], "parents": parents}
    position[row]["meta"] = {"background": "BACKGROUND_TRANSPARENT"}
    position["CHART-x7f"] = {"type": "CHART", "id": "CHART-x7f", "parents": [*parents, row]}
    position["CHART-x7f"]["meta"] = {
        "chartId": chart,
        "uuid": superset.ask("GET", f"/api/v1/chart/{chart}")["result"]["uuid"],
        "sliceName": NEW_CHART,
        "width": 12,
        "height": 50,
    }
    metadata = json.loads(found["json_metadata"]) | {"positions": position}
    superset.ask("PUT", f"/api/v1/dashboard/{dashboard}", {"json_metadata": json.dumps(metadata)})


@pytest.mark.usefixtures("edited")
def test_an_edit_is_seen_written_and_undone(
    superset: Superset,
    superset_settings: DashboardsSettings,
    marts: WarehouseSettings,
    tmp_path: Path,
) -> None:
    environment = {
        "SUPERSET_URL": superset_settings.url,
        "SUPERSET_HOME": str(superset_settings.home),
        "SUPERSET_EMBED_ORIGINS": superset_settings.embed_origins,
        "CLICKHOUSE_PORT": str(marts.port),
    }

    def run(*command: str, code: int) -> list[str]:
        done = CliRunner().invoke(app, command, env=environment)
        assert done.exit_code == code, done.output
        return done.output.splitlines()

    def drift_from(folder: Path) -> Drift:
        return find_drift(load_assets(folder), superset_settings, marts)

    lines = run("diff", code=1)
    tiles = [f"{tile.chart} {tile.width}x{tile.height}" for tile in PAGE.rows[1]]
    assert lines[:5] == [
        "datasets/mart_growth__account_day.yaml: columns.handle.label: Handle -> Account handle",
        "charts/top-movers.yaml: title: Top movers -> Movers",
        "charts/top-movers.yaml: params.row_limit: 1000 -> 25",
        "charts/accounts-that-grew.yaml: file: nothing -> Accounts that grew",
        f"dashboards/growth.yaml: rows[2]: {', '.join(tiles)} -> {', '.join(reversed(tiles))}",
    ]
    assert lines[5].endswith("-> See the glossary.")
    assert lines[6].endswith(f"rows[{len(PAGE.rows) + 1}]: nothing -> accounts-that-grew 12x50")
    # what a filter is not kept from, it filters
    kept_from = [item.name for item in PAGE.filters if item.only]
    assert [line.split(": ")[1] for line in lines[7:]] == [
        f"filters.{name}.only" for name in kept_from
    ]

    copy = Path(shutil.copytree(ASSETS_PATH, tmp_path / "assets"))
    written = run("export", "--out", str(copy), code=0)
    files = ["datasets/mart_growth__account_day", "charts/top-movers"]
    files += ["charts/accounts-that-grew", "dashboards/growth"]
    expected = [f"dashboards: wrote {copy / file}.yaml" for file in files]
    assert [line for line in written if " wrote " in line] == expected
    assert run("export", "--out", str(copy), code=0) == ["dashboards: no file(s) written"]
    assert validate(load_assets(copy)) == []

    edited = load_assets(copy)
    movers = edited.charts["top-movers"]
    assert (movers.title, movers.params["row_limit"]) == ("Movers", 25)
    handle = edited.datasets["mart_growth__account_day"].column("handle")
    assert handle is not None
    assert handle.label == "Account handle"
    rows = edited.dashboards["growth"].rows
    assert rows[1] == list(reversed(PAGE.rows[1]))
    assert [tile.chart for tile in rows[-1]] == ["accounts-that-grew"]

    _deploy(superset, copy, marts)
    after = drift_from(copy)
    assert not after, after
    assert [line.split(" (")[0] for line in after.unmanaged] == [f"charts: {NEW_CHART!r}"]


def test_a_deployment_is_no_drift(
    superset_settings: DashboardsSettings, marts: WarehouseSettings
) -> None:
    drift = find_drift(ASSETS, superset_settings, marts)
    assert [*map(str, drift.changes), *drift.absent, *drift.unmanaged] == []
