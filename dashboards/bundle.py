"""The bundle that Superset imports: every asset, with uuids, layout and queries derived.

A zip with one root folder: ``metadata.yaml``, ``databases/``, ``datasets/``, ``charts/``,
``dashboards/``. The same assets and settings give the same bytes. No password is in it: the
database's URI carries a mask, and the importer takes the password from a form field beside it.

Source of the fields: ``ImportV1*Schema`` of Superset 6.1.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import yaml

from dashboards.assets import (
    Assets,
    ChartAsset,
    Column,
    DashboardAsset,
    DashboardFilter,
    DatabaseAsset,
    DatasetAsset,
    Metric,
    Tile,
    asset_uuid,
)
from dashboards.provenance import certification
from dashboards.query_context import query_context
from warehouse.settings import WarehouseSettings

VERSION = "1.0.0"
ROOT = "credence"
# The importer fills in the password only where the URI carries this mask.
MASKED_PASSWORD = "X" * 10
_EPOCH = (2020, 1, 1, 0, 0, 0)


def build_bundle(assets: Assets, warehouse: WarehouseSettings) -> bytes:
    """The zip for ``POST /api/v1/assets/import/``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, content in bundle_files(assets, warehouse).items():
            entry = zipfile.ZipInfo(f"{ROOT}/{path}", date_time=_EPOCH)
            bundle.writestr(entry, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return buffer.getvalue()


def bundle_files(assets: Assets, warehouse: WarehouseSettings) -> dict[str, dict[str, Any]]:
    """The content of the bundle by path below its root folder."""
    files: dict[str, dict[str, Any]] = {"metadata.yaml": {"version": VERSION, "type": "assets"}}
    for slug, database in assets.databases.items():
        files[f"databases/{slug}.yaml"] = _database(slug, database, warehouse)
    for slug, dataset in assets.datasets.items():
        files[f"datasets/{dataset.database}/{slug}.yaml"] = _dataset(slug, dataset, warehouse)
    for slug, chart in assets.charts.items():
        files[f"charts/{slug}.yaml"] = _chart(slug, chart)
    for slug, dashboard in assets.dashboards.items():
        files[f"dashboards/{slug}.yaml"] = _dashboard(slug, dashboard, assets)
    return files


def database_passwords(assets: Assets, password: str) -> dict[str, str]:
    """The form field ``passwords`` of the import: the reader's password for each database."""
    return {f"databases/{slug}.yaml": password for slug in assets.databases}


def warehouse_uri(warehouse: WarehouseSettings, layer: str) -> str:
    """SQLAlchemy URI of the warehouse as its reader, password masked."""
    user = quote(warehouse.reader_user, safe="")
    uri = f"clickhousedb://{user}:{MASKED_PASSWORD}@{warehouse.host}:{warehouse.port}"
    return f"{uri}/{warehouse.database(layer)}" + ("?secure=true" if warehouse.secure else "")


def _database(slug: str, database: DatabaseAsset, warehouse: WarehouseSettings) -> dict[str, Any]:
    return {
        "database_name": database.name,
        "sqlalchemy_uri": warehouse_uri(warehouse, database.layer),
        "expose_in_sqllab": database.expose_in_sql_lab,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {
            "metadata_params": {},
            "engine_params": {},
            "metadata_cache_timeout": {},
            "schemas_allowed_for_csv_upload": [],
            "allows_virtual_table_explore": False,
        },
        "uuid": str(asset_uuid("databases", slug)),
        "version": VERSION,
    }


def _dataset(slug: str, dataset: DatasetAsset, warehouse: WarehouseSettings) -> dict[str, Any]:
    return {
        "table_name": dataset.table,
        "schema": warehouse.database(dataset.layer),
        "description": dataset.description,
        "main_dttm_col": dataset.time_column,
        "filter_select_enabled": True,
        "uuid": str(asset_uuid("datasets", slug)),
        "database_uuid": str(asset_uuid("databases", dataset.database)),
        "columns": [_column(column) for column in dataset.columns],
        "metrics": [_metric(metric) for metric in dataset.metrics],
        **certification("datasets", slug),
        "version": VERSION,
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "column_name": column.name,
        "verbose_name": column.label,
        "description": column.description,
        "type": column.type,
        "expression": column.expression,
        "is_dttm": column.is_time,
        "is_active": True,
        "groupby": True,
        "filterable": True,
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "metric_name": metric.name,
        "verbose_name": metric.label,
        "expression": metric.expression,
        "description": metric.description,
        "d3format": metric.format,
    }


def _chart(slug: str, chart: ChartAsset) -> dict[str, Any]:
    return {
        "slice_name": chart.title,
        "description": chart.description,
        "viz_type": chart.viz_type,
        "params": {**chart.params, "viz_type": chart.viz_type},
        "query_context": query_context(chart.viz_type, chart.params),
        "uuid": str(asset_uuid("charts", slug)),
        "dataset_uuid": str(asset_uuid("datasets", chart.dataset)),
        **certification("charts", slug),
        "version": VERSION,
    }


def _dashboard(slug: str, dashboard: DashboardAsset, assets: Assets) -> dict[str, Any]:
    # Placeholders: the importer replaces them, here and in the filters' scopes, by the real ids.
    chart_ids = {chart: number for number, chart in enumerate(dashboard.charts(), start=1)}
    return {
        "dashboard_title": dashboard.title,
        "description": dashboard.description,
        "slug": slug,
        "css": _css(dashboard, assets),
        "published": True,
        "uuid": str(asset_uuid("dashboards", slug)),
        "position": _position(dashboard, assets, chart_ids),
        "metadata": {
            "color_scheme": "credence",
            "label_colors": dict(dashboard.colors),
            "cross_filters_enabled": True,
            # Beside the charts the filters would leave a phone no width to draw them in.
            "filter_bar_orientation": "HORIZONTAL",
            "refresh_frequency": 0,
            "native_filter_configuration": [
                _filter(slug, item, chart_ids) for item in dashboard.filters
            ],
        },
        **certification("dashboards", slug),
        "version": VERSION,
    }


def _css(dashboard: DashboardAsset, assets: Assets) -> str:
    """The CSS of all dashboards, and the words of each chart that has some for being empty.

    Superset's own words do not say why, and there is no setting for them.
    """
    rules = [assets.style]
    for chart in (assets.charts[slug] for slug in dashboard.charts()):
        if chart.empty is not None:
            words = f"[data-test-chart-name={_quoted(chart.title)}] .ant-empty-description"
            rules.append(f"{words} {{ font-size: 0; }}\n")
            rules.append(
                f"{words}::after {{ content: {_quoted(chart.empty)}; font-size: 14px; }}\n"
            )
    return "".join(rules)


def _quoted(text: str) -> str:
    """A string of CSS, which is written as one of JSON is."""
    return json.dumps(text, ensure_ascii=False)


def _position(
    dashboard: DashboardAsset, assets: Assets, chart_ids: Mapping[str, int]
) -> dict[str, Any]:
    rows = [f"ROW-{number}" for number in range(1, len(dashboard.rows) + 1)]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": rows, "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.title}},
    }
    for row, tiles in zip(rows, dashboard.rows, strict=True):
        parents = ["ROOT_ID", "GRID_ID"]
        items = [
            _tile(tile, f"{row}-{number}", [*parents, row], assets, chart_ids)
            for number, tile in enumerate(tiles, start=1)
        ]
        position[row] = {
            "type": "ROW",
            "id": row,
            "children": [item["id"] for item in items],
            "parents": parents,
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        position |= {item["id"]: item for item in items}
    return position


def _tile(
    tile: Tile, place: str, parents: list[str], assets: Assets, chart_ids: Mapping[str, int]
) -> dict[str, Any]:
    size = {"width": tile.width, "height": tile.height}
    if tile.chart is None:
        return {
            "type": "MARKDOWN",
            "id": f"MARKDOWN-{place}",
            "children": [],
            "parents": parents,
            "meta": size | {"code": tile.text},
        }
    return {
        "type": "CHART",
        "id": f"CHART-{tile.chart}",
        "children": [],
        "parents": parents,
        "meta": size
        | {
            "chartId": chart_ids[tile.chart],
            "uuid": str(asset_uuid("charts", tile.chart)),
            "sliceName": assets.charts[tile.chart].title,
        },
    }


def _filter(slug: str, item: DashboardFilter, chart_ids: Mapping[str, int]) -> dict[str, Any]:
    excluded = [
        number for chart, number in chart_ids.items() if item.only and chart not in item.only
    ]
    common = {
        "id": f"NATIVE_FILTER-{slug}-{item.name.lower().replace(' ', '-')}",
        "type": "NATIVE_FILTER",
        "name": item.name,
        "description": "",
        "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
        "cascadeParentIds": [],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
    }
    if item.kind == "time":
        return common | {"filterType": "filter_time", "targets": [{}], "controlValues": {}}
    assert item.dataset is not None
    return common | {
        "filterType": "filter_select",
        "targets": [
            {
                "column": {"name": item.column},
                "datasetUuid": str(asset_uuid("datasets", item.dataset)),
            }
        ],
        "controlValues": {
            "multiSelect": True,
            "enableEmptyFilter": False,
            "defaultToFirstItem": False,
            "inverseSelection": False,
            "searchAllOptions": False,
        },
    }
