"""The bundle holds what Superset's importer wants, and nothing that it must not hold."""

import io
import json
import zipfile
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import yaml
from pydantic import SecretStr

from dashboards.assets import Assets, asset_uuid, load_assets
from dashboards.bundle import build_bundle, bundle_files, database_passwords
from warehouse.settings import WarehouseSettings


@pytest.fixture(scope="module")
def assets() -> Assets:
    return load_assets()


def settings(**values: Any) -> WarehouseSettings:
    return WarehouseSettings(_env_file=None, **values)


@pytest.fixture(scope="module")
def files(assets: Assets) -> dict[str, dict[str, Any]]:
    return bundle_files(assets, settings())


def test_uuids_follow_from_the_slug_alone() -> None:
    # Fixed for ever: another uuid would leave a second copy of every asset in each Superset.
    assert asset_uuid("charts", "accounts") == UUID("65384f6b-6794-5878-882f-9bd84c6f1aa1")
    assert asset_uuid("datasets", "accounts") != asset_uuid("charts", "accounts")


def test_one_root_folder_and_the_same_bytes_every_time(assets: Assets) -> None:
    bundle = build_bundle(assets, settings())
    assert bundle == build_bundle(load_assets(), settings())
    names = zipfile.ZipFile(io.BytesIO(bundle)).namelist()
    assert {name.split("/")[0] for name in names} == {"credence"}
    assert "credence/metadata.yaml" in names
    assert (
        len(names)
        == len(set(names))
        == 1
        + sum(
            len(kind)
            for kind in (assets.databases, assets.datasets, assets.charts, assets.dashboards)
        )
    )


def test_no_password_is_in_it(assets: Assets) -> None:
    secret = settings(reader_password=SecretStr("hunter2"), password=SecretStr("hunter3"))
    archive = zipfile.ZipFile(io.BytesIO(build_bundle(assets, secret)))
    content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"hunter" not in content
    assert database_passwords(assets, "hunter2") == {"databases/warehouse.yaml": "hunter2"}


def test_superset_reads_the_warehouse_as_its_reader(assets: Assets) -> None:
    def uri(**values: Any) -> str:
        found = bundle_files(assets, settings(**values))["databases/warehouse.yaml"]
        return str(found["sqlalchemy_uri"])

    assert uri() == "clickhousedb://reader:XXXXXXXXXX@127.0.0.1:8123/marts"
    real = uri(host="ch.example", port=8443, secure=True, reader_user="bi@credence", env="prod")
    assert real == (
        "clickhousedb://bi%40credence:XXXXXXXXXX@ch.example:8443/prod_marts?secure=true"
    )


def test_datasets_stand_in_the_environments_databases(assets: Assets) -> None:
    found = bundle_files(assets, settings(env="ci"))
    schemas = {item["schema"] for path, item in found.items() if path.startswith("datasets/")}
    assert schemas == {"ci_marts"}


def test_references_lead_to_assets_of_the_bundle(files: dict[str, dict[str, Any]]) -> None:
    def uuids(kind: str) -> set[str]:
        return {item["uuid"] for path, item in files.items() if path.startswith(kind)}

    everything = [item["uuid"] for path, item in files.items() if path != "metadata.yaml"]
    assert len(everything) == len(set(everything))
    assert all(uuid == uuid.lower() and str(UUID(uuid)) == uuid for uuid in everything)
    for path, item in files.items():
        if path.startswith("datasets/"):
            assert item["database_uuid"] in uuids("databases/")
        if path.startswith("charts/"):
            assert item["dataset_uuid"] in uuids("datasets/")


def test_the_layout_holds_every_tile_once(assets: Assets, files: dict[str, dict[str, Any]]) -> None:
    position = files["dashboards/overview.yaml"]["position"]
    items = {key: item for key, item in position.items() if key != "DASHBOARD_VERSION_KEY"}
    assert all(item["id"] == key for key, item in items.items())
    children = [child for item in items.values() for child in item.get("children", [])]
    assert sorted(children) == sorted(set(items) - {"ROOT_ID", "HEADER_ID"})
    charts = [item["meta"] for item in items.values() if item["type"] == "CHART"]
    assert [meta["uuid"] for meta in charts] == [
        str(asset_uuid("charts", slug)) for slug in assets.dashboards["overview"].charts()
    ]
    assert sorted(meta["chartId"] for meta in charts) == list(range(1, len(charts) + 1))


def test_filters_reach_the_charts_that_they_name(files: dict[str, dict[str, Any]]) -> None:
    dashboard = files["dashboards/overview.yaml"]
    filters = {item["name"]: item for item in dashboard["metadata"]["native_filter_configuration"]}
    assert filters["Platform"]["targets"] == [
        {
            "column": {"name": "platform"},
            "datasetUuid": str(asset_uuid("datasets", "mart_engagement__account")),
        }
    ]
    assert filters["Platform"]["scope"]["excluded"] == []
    chart_ids = {
        item["meta"]["uuid"]: item["meta"]["chartId"]
        for item in dashboard["position"].values()
        if isinstance(item, dict) and item["type"] == "CHART"
    }
    history = chart_ids[str(asset_uuid("charts", "followers-over-time"))]
    assert set(filters["Days"]["scope"]["excluded"]) == set(chart_ids.values()) - {history}


def test_every_chart_brings_its_query(files: dict[str, dict[str, Any]]) -> None:
    for path, item in files.items():
        if path.startswith("charts/"):
            context = json.loads(item["query_context"])
            assert context["datasource"] == {"id": 0, "type": "table"}, path
            assert context["queries"], path


def test_a_series_is_cut_to_its_grain(files: dict[str, dict[str, Any]]) -> None:
    context = json.loads(files["charts/followers-over-time.yaml"]["query_context"])
    query = context["queries"][0]
    assert query["columns"] == [
        {
            "columnType": "BASE_AXIS",
            "expressionType": "SQL",
            "label": "snapshot_date",
            "sqlExpression": "snapshot_date",
            "timeGrain": "P1D",
        },
        "platform",
    ]
    assert query["metrics"] == ["followers"]
    assert query["filters"] == [
        {"col": "snapshot_date", "op": "TEMPORAL_RANGE", "val": "No filter"}
    ]


def test_a_table_is_sorted_as_it_says(files: dict[str, dict[str, Any]]) -> None:
    def order(slug: str) -> Any:
        return json.loads(files[f"charts/{slug}.yaml"]["query_context"])["queries"][0]["orderby"]

    assert order("top-accounts") == [["followers", False]]
    assert order("benchmark") == [["order_of_size", True]]


def test_files_are_plain_yaml(assets: Assets) -> None:
    archive = zipfile.ZipFile(io.BytesIO(build_bundle(assets, settings())))
    for name in archive.namelist():
        text = archive.read(name).decode()
        assert yaml.safe_load(text), name
        assert "&id" not in text, f"{name}: an alias, which people cannot read"


def test_a_chart_without_rows_says_why_in_its_own_words(assets: Assets) -> None:
    named = assets.charts["top-movers"].model_copy(
        update={"title": 'The "top"', "empty": 'Für "Gäste"; \\ none.'}
    )
    changed = replace(assets, charts={**assets.charts, "top-movers": named})
    css = bundle_files(changed, settings())["dashboards/overview.yaml"]["css"]
    assert css.startswith(assets.style)
    tile = '[data-test-chart-name="The \\"top\\""] .ant-empty-description'
    assert f'{tile}::after {{ content: "Für \\"Gäste\\"; \\\\ none."; ' in css
    assert '"Accounts"] .ant-empty-description' not in css


def test_the_filters_leave_the_charts_a_phones_width(files: dict[str, dict[str, Any]]) -> None:
    for path, content in files.items():
        if path.startswith("dashboards/"):
            assert content["metadata"]["filter_bar_orientation"] == "HORIZONTAL"
            assert "@media (max-width: 600px)" in content["css"]
