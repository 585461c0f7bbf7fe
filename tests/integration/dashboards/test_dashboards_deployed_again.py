"""A deployment puts right what was changed by hand, and removes what has no file any more."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from dashboards.assets import Assets, asset_uuid, load_assets
from dashboards.bundle import build_bundle, database_passwords
from dashboards.client import Superset
from dashboards.deploy import bring_in
from dashboards.grants import grant, withhold
from dashboards.prune import prune
from dashboards.row_level_security import RULES
from dashboards.settings import DashboardsSettings
from warehouse.settings import WarehouseSettings

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]


@pytest.fixture
def of_before(superset: Superset, marts: WarehouseSettings) -> Assets:
    """What was deployed once: a dashboard, a chart and two datasets more than there are now."""
    now = load_assets()
    chart = now.charts["accounts"]
    other = now.datasets["mart_ops__cost"].model_copy(update={"table": "mart_ops__old_cost"})
    charts = {
        "old-chart": chart.model_copy(update={"title": "Old chart"}),
        "old-costs": now.charts["query-time"].model_copy(
            update={"title": "Old costs", "dataset": "mart_ops__old_cost"}
        ),
    }
    rows = [[now.dashboards["overview"].rows[0][0].model_copy(update={"chart": "old-chart"})]]
    board = now.dashboards["overview"].model_copy(
        update={"title": "Old", "rows": rows, "filters": []}
    )
    before = replace(
        now,
        datasets={**now.datasets, "mart_ops__old_cost": other},
        charts={**now.charts, **charts},
        dashboards={**now.dashboards, "old": board},
    )
    password = marts.login("reader")[1]
    superset.import_bundle(build_bundle(before, marts), database_passwords(before, password))
    return before


@pytest.fixture
def saved_chart(superset: Superset, of_before: Assets) -> Iterator[int]:
    """A copy of a chart of ours that somebody saved in Superset, its certification with it."""
    found = superset.ask("GET", f"/api/v1/chart/{asset_uuid('charts', 'old-chart')}")["result"]
    dataset = superset.ids("dataset")[str(asset_uuid("datasets", "mart_engagement__account"))]
    kept = ("certified_by", "certification_details", "viz_type", "params")
    body: dict[str, Any] = {name: found[name] for name in kept} | {
        "slice_name": "A copy",
        "datasource_id": dataset,
        "datasource_type": "table",
    }
    number = superset.ask("POST", "/api/v1/chart/", body)["id"]
    yield number
    superset.ask("DELETE", f"/api/v1/chart/{number}")


def test_what_has_no_file_is_removed_and_what_people_made_stays(
    superset: Superset, of_before: Assets, saved_chart: int
) -> None:
    now = load_assets()
    done = prune(superset, now, superset.export())
    assert done == [
        "dashboards/old.yaml: removed",
        "charts/old-chart.yaml: removed",
        "charts/old-costs.yaml: removed",
        "datasets/mart_ops__old_cost.yaml: removed",
    ]
    assert saved_chart in superset.ids("chart").values()
    assert superset.count("chart") == len(now.charts) + 1
    assert superset.count("dataset") == len(now.datasets)
    assert superset.count("dashboard") == len(now.dashboards)
    assert prune(superset, now, superset.export()) == []


def test_a_dataset_that_somebodys_chart_reads_is_kept(
    superset: Superset, of_before: Assets
) -> None:
    number = superset.ids("dataset")[str(asset_uuid("datasets", "mart_ops__old_cost"))]
    body = {"slice_name": "Mine", "datasource_id": number, "datasource_type": "table"}
    chart = superset.ask("POST", "/api/v1/chart/", body | {"viz_type": "table", "params": "{}"})
    try:
        done = prune(superset, load_assets(), superset.export())
        kept = "datasets/mart_ops__old_cost.yaml: kept, chart 'Mine' made in Superset reads it"
        assert kept in done
        assert number in superset.ids("dataset").values()
    finally:
        superset.ask("DELETE", f"/api/v1/chart/{chart['id']}")
    assert prune(superset, load_assets(), superset.export()) == [
        "datasets/mart_ops__old_cost.yaml: removed"
    ]


def test_access_that_was_changed_by_hand_is_put_right(
    superset: Superset, superset_settings: DashboardsSettings
) -> None:
    assets, origins = load_assets(), superset_settings.origins()
    rules = {rule["name"]: rule["id"] for rule in superset.listed(RULES, order="name")}
    own = superset.ask("GET", f"{RULES}{rules['credence: own rows']}")["result"]
    tables = [table["id"] for table in own["tables"]]
    by_hand = {"filter_type": "Base", "clause": "1 = 1", "tables": tables[:1], "roles": []}
    superset.ask("PUT", f"{RULES}{rules['credence: own rows']}", {"clause": "1 = 1"})
    superset.ask("DELETE", f"{RULES}{rules['credence: no rows']}")
    mine = superset.ask("POST", RULES, by_hand | {"name": "by hand"})["id"]
    old = {"name": "credence: old", "description": "dashboards/assets/access.yaml: Old."}
    superset.ask("POST", RULES, by_hand | old)
    board = superset.ids("dashboard")[str(asset_uuid("dashboards", "pipeline-health"))]
    roles = {
        role["name"]: role["id"] for role in superset.listed("/api/v1/security/roles/", order="id")
    }
    superset.ask("PUT", f"/api/v1/dashboard/{board}", {"roles": [roles["creator"]]})
    superset.ask(
        "POST",
        f"/api/v1/security/roles/{roles['creator']}/permissions",
        {"permission_view_menu_ids": []},
    )
    try:
        given = len(assets.access.permissions["look"])
        assert withhold(superset, assets) == ["rule credence: no rows: created"]
        assert grant(superset, assets, origins) == [
            f"role creator: {given} permissions given, 0 taken",
            "dashboard pipeline-health: open to analyst",
            "rule credence: own rows: updated",
            "rule credence: old: removed",
        ]
        assert withhold(superset, assets) == []
        assert grant(superset, assets, origins) == []
        assert "by hand" in {rule["name"] for rule in superset.listed(RULES, order="name")}
    finally:
        superset.ask("DELETE", f"{RULES}{mine}")


def test_a_chart_is_brought_in_when_its_dataset_is_under_a_rule(
    superset: Superset,
    superset_settings: DashboardsSettings,
    marts: WarehouseSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Superset shows a dataset's rows to those who may look at one of its charts."""
    assets, bring = load_assets(), superset.import_bundle
    unruled: dict[str, set[str]] = {}

    def watched(bundle: bytes, passwords: Mapping[str, str]) -> None:
        bring(bundle, passwords)
        names = zipfile.ZipFile(io.BytesIO(bundle)).namelist()
        kind = "charts" if any("/charts/" in name for name in names) else "datasets"
        rules = superset.listed(RULES, order="name")
        ruled = {table["table_name"] for rule in rules for table in rule["tables"]}
        unruled[kind] = {dataset.table for dataset in assets.datasets.values()} - ruled

    for rule in superset.listed(RULES, order="name"):
        superset.ask("DELETE", f"{RULES}{rule['id']}")
    monkeypatch.setattr(superset, "import_bundle", watched)
    changes = bring_in(superset, assets, marts, superset_settings.origins())
    assert unruled == {
        "datasets": {dataset.table for dataset in assets.datasets.values()},
        "charts": set(),
    }
    assert all(change.startswith("rule credence: ") for change in changes)
