"""Exposures: dbt's list of who reads the marts is that of the dashboards."""

from dataclasses import replace
from pathlib import Path

import yaml

from dashboards.assets import load_assets
from orchestration.dbt_exposures import EXPOSURES, exposures, exposures_yaml, write_exposures
from tests.dbt_manifest import PROJECT


def test_the_exposures_are_those_of_the_dashboards() -> None:
    assert EXPOSURES.read_text() == exposures_yaml(), "Run: make format"


def test_each_dashboard_names_its_owner_and_the_tables_that_it_reads() -> None:
    assets = load_assets()
    found = {item["label"]: item for item in exposures(assets)}
    assert set(found) == {dashboard.title for dashboard in assets.dashboards.values()}
    overview = found["Overview"]
    assert overview["type"] == "dashboard"
    assert overview["owner"]["name"]
    assert overview["url"].endswith("/superset/dashboard/overview/")
    read = {assets.charts[chart].dataset for chart in assets.dashboards["overview"].charts()}
    assert {f"ref('{name}')" for name in read} <= set(overview["depends_on"])
    marts = {path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql")}
    for item in found.values():
        for table in item["depends_on"]:
            assert table.removeprefix("ref('").removesuffix("')") in marts


def test_a_table_of_ml_is_a_source() -> None:
    assets = load_assets()
    name = "mart_engagement__account"
    forecast = assets.datasets[name].model_copy(update={"layer": "ml", "table": "growth_forecast"})
    changed = replace(assets, datasets={**assets.datasets, name: forecast})
    overview = next(item for item in exposures(changed) if item["label"] == "Overview")
    assert "source('ml', 'growth_forecast')" in overview["depends_on"]


def test_a_file_that_differs_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "exposures.yml"
    assert write_exposures(path)
    assert not write_exposures(path)
    assert yaml.safe_load(path.read_text())["exposures"]
