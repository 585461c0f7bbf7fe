"""Superset's own export, read back into what the asset files hold.

In comes what ``GET /api/v1/assets/export/`` gives, out come the models of
:mod:`dashboards.assets`: the inverse of :mod:`dashboards.bundle`. Ids, positions and query contexts
are derived, so they are not read back; what the editor adds on every save is left out.

Source of the fields: ``Export*Command`` of Superset 6.1.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import ValidationError

from dashboards.assets import (
    Assets,
    ChartAsset,
    DashboardAsset,
    DatabaseAsset,
    DatasetAsset,
    Kind,
    Written,
    asset_uuid,
)
from dashboards.provenance import managed_slug
from warehouse.settings import WarehouseSettings

EDITOR_DEFAULTS = Path(__file__).parent / "editor_defaults.yaml"
KINDS: tuple[Kind, ...] = ("databases", "datasets", "charts", "dashboards")
TITLES: Mapping[Kind, str] = {
    "databases": "database_name",
    "datasets": "table_name",
    "charts": "slice_name",
    "dashboards": "dashboard_title",
}
LAYERS: tuple[Literal["marts", "ml"], ...] = ("marts", "ml")
# Form data that says where a chart stands, not what it shows.
_VOLATILE = {
    "annotation_layers",
    "dashboards",
    "datasource",
    "extra_form_data",
    "slice_id",
    "temporal_columns_lookup",
    "url_params",
    "viz_type",
}
_FILTER_FIELDS = ("expressionType", "clause", "subject", "operator", "comparator")
_FILTER_KINDS = {"filter_select": "select", "filter_time": "time"}
Content = Mapping[str, Any]


class UnwritableError(Exception):
    """An asset holds what no asset file can say; the message names it."""


@dataclass(frozen=True)
class Export:
    """What stands in Superset: the content of each asset by kind and uuid."""

    contents: Mapping[Kind, Mapping[str, Content]]

    def title(self, kind: Kind, uuid: str) -> str:
        return str(self.contents[kind][uuid][TITLES[kind]])


def read_export(files: Mapping[str, bytes]) -> Export:
    """The files of the export (by path below its root folder) as content by kind and uuid."""
    contents: dict[Kind, dict[str, Content]] = {kind: {} for kind in KINDS}
    for path, text in files.items():
        kind = next((kind for kind in KINDS if path.startswith(f"{kind}/")), None)
        if kind is not None:
            content = yaml.safe_load(text)
            contents[kind][content["uuid"]] = content
    return Export(contents)


@dataclass(frozen=True)
class Slugs:
    """The slug of every asset of an export by kind and uuid.

    ``managed`` have their uuid from a file that is or was there. ``adopted`` were made in Superset
    and stand on a managed dashboard: charts with a slug out of their title.
    """

    managed: Mapping[Kind, Mapping[str, str]]
    adopted: Mapping[str, str]

    def of(self, kind: Kind, uuid: str | None) -> str:
        """The slug; :class:`UnwritableError` where the asset has no file and gets none."""
        found = self.managed[kind].get(uuid or "")
        if kind == "charts":
            found = found or self.adopted.get(uuid or "")
        if not found:
            raise UnwritableError(f"{kind.removesuffix('s')} {uuid} is not managed")
        return found


def slugs_of(export: Export, assets: Assets) -> Slugs:
    """Which assets of the export are managed, and the slugs of charts made in Superset."""
    managed: dict[Kind, dict[str, str]] = {}
    for kind in KINDS:
        written: Mapping[str, Written] = getattr(assets, kind)
        managed[kind] = {str(asset_uuid(kind, slug)): slug for slug in written}
        for uuid, content in export.contents[kind].items():
            if slug := managed_slug(kind, content):
                managed[kind][uuid] = slug
    taken, adopted = set(managed["charts"].values()), dict[str, str]()
    # Written by an export, and not deployed yet: the chart of that title is meant.
    waiting = {
        chart.title: slug
        for slug, chart in assets.charts.items()
        if str(asset_uuid("charts", slug)) not in export.contents["charts"]
    }
    for uuid, content in export.contents["dashboards"].items():
        for chart in _charts(content) if uuid in managed["dashboards"] else ():
            made = export.contents["charts"].get(chart, {})
            if made.get("dataset_uuid") in managed["datasets"] and chart not in (
                managed["charts"] | adopted
            ):
                title = export.title("charts", chart)
                adopted[chart] = waiting.pop(title, "") or _new_slug(title, taken)
                taken.add(adopted[chart])
    return Slugs(managed, adopted)


def _charts(dashboard: Content) -> list[str]:
    """The uuids of a dashboard's charts in the order of the layout."""
    found = [item for item in dashboard["position"].values() if isinstance(item, dict)]
    return [item["meta"].get("uuid") or "" for item in found if item["type"] == "CHART"]


def _new_slug(title: str, taken: Iterable[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "chart"
    numbered = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(slug for slug in numbered if slug not in set(taken))


AssetType = TypeVar("AssetType", bound=Written)


def _model(
    model: type[AssetType], written: AssetType | None, fields: Mapping[str, Any]
) -> AssetType:
    """The model with what was read back; what Superset does not know stays as written."""
    known = written.model_dump() if written is not None else {}
    try:
        return model.model_validate({**known, **fields})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnwritableError(f"{where}: {first['msg']}") from None


def database(
    content: Content, written: DatabaseAsset | None, warehouse: WarehouseSettings
) -> DatabaseAsset:
    """The connection; its layer is the database that it stands in."""
    name = content["sqlalchemy_uri"].rpartition("/")[2].partition("?")[0]
    return _model(
        DatabaseAsset,
        written,
        {
            "name": content["database_name"],
            "layer": _layer(name, warehouse),
            "expose_in_sql_lab": content["expose_in_sqllab"],
        },
    )


def dataset(
    content: Content, written: DatasetAsset | None, slugs: Slugs, warehouse: WarehouseSettings
) -> DatasetAsset:
    """The dataset with its columns and metrics in the order of the file: Superset keeps none."""
    columns = [
        {
            "name": column["column_name"],
            "type": column["type"] or "",
            "label": column["verbose_name"] or None,
            "description": column["description"] or None,
            "expression": column["expression"] or None,
            "is_time": bool(column["is_dttm"]),
        }
        for column in content["columns"]
    ]
    metrics = [
        {
            "name": metric["metric_name"],
            "label": metric["verbose_name"] or "",
            "expression": metric["expression"],
            "description": metric["description"] or "",
            "format": metric["d3format"] or "",
        }
        for metric in content["metrics"]
    ]
    return _model(
        DatasetAsset,
        written,
        {
            "table": content["table_name"],
            "database": slugs.of("databases", content["database_uuid"]),
            "layer": _layer(content["schema"], warehouse),
            "description": content["description"] or "",
            "time_column": content["main_dttm_col"] or None,
            "columns": _ordered(
                columns, [item.name for item in written.columns] if written else []
            ),
            "metrics": _ordered(
                metrics, [item.name for item in written.metrics] if written else []
            ),
        },
    )


def _layer(database: str, warehouse: WarehouseSettings) -> str:
    found = next((layer for layer in LAYERS if warehouse.database(layer) == database), None)
    if found is None:
        raise UnwritableError(f"database {database!r} is no layer of the warehouse")
    return found


def _ordered(items: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    place = {name: number for number, name in enumerate(names)}
    return sorted(items, key=lambda item: (place.get(item["name"], len(place)), item["name"]))


def chart(content: Content, written: ChartAsset | None, slugs: Slugs) -> ChartAsset:
    """The chart without what the editor adds to its form data on every save."""
    viz_type = content["viz_type"]
    return _model(
        ChartAsset,
        written,
        {
            "title": content["slice_name"],
            "description": content["description"] or "",
            "viz_type": viz_type,
            "dataset": slugs.of("datasets", content.get("dataset_uuid")),
            "params": _params(viz_type, content["params"], written.params if written else {}),
        },
    )


def _params(viz_type: str, found: Content, written: Content) -> dict[str, Any]:
    """The form data that a person decided: what stands in the file, or is not the default."""
    kept = {}
    for name, value in found.items():
        added = name not in written
        if added and (name in _VOLATILE or is_default(viz_type, name, value)):
            continue
        kept[name] = value
    if "adhoc_filters" in kept:
        kept["adhoc_filters"] = _filters(kept["adhoc_filters"], written.get("adhoc_filters", []))
        if not kept["adhoc_filters"] and "adhoc_filters" not in written:
            del kept["adhoc_filters"]
    return kept


def is_default(viz_type: str, name: str, value: Any) -> bool:
    """Whether the editor gives a control this value where nobody has chosen one."""
    defaults = _editor_defaults()
    return any(
        name in found and found[name] == value
        for found in (defaults["every"], defaults.get(viz_type, {}))
    )


@cache
def _editor_defaults() -> dict[str, dict[str, Any]]:
    defaults: dict[str, dict[str, Any]] = yaml.safe_load(EDITOR_DEFAULTS.read_text("utf-8"))
    return defaults


def _filters(found: list[dict[str, Any]], written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A chart's own filters; SQL filters are left whole, for validation to speak of."""
    kept = []
    for item in found:
        if item.get("expressionType") == "SIMPLE":
            item = {name: item.get(name) for name in _FILTER_FIELDS}
            # The editor offers the dataset's time column with each save, without a limit.
            if item["comparator"] == "No filter" and item not in written:
                continue
        kept.append(item)
    return kept


def dashboard(content: Content, written: DashboardAsset | None, slugs: Slugs) -> DashboardAsset:
    """The dashboard; its charts are known by their uuids, rows and tiles by their order.

    :raises UnwritableError: for tabs, columns, headers and charts without a file.
    """
    position, metadata = content["position"], content.get("metadata") or {}
    rows = [
        [_tile(position[child], slugs) for child in position[row]["children"]]
        for row in _rows(position)
    ]
    charts = {
        item["meta"]["chartId"]: slugs.of("charts", item["meta"].get("uuid"))
        for item in position.values()
        if isinstance(item, dict) and item["type"] == "CHART"
    }
    shown = [tile["chart"] for row in rows for tile in row if "chart" in tile]
    filters = [
        _filter(item, charts, shown, slugs, written)
        for item in metadata.get("native_filter_configuration") or []
    ]
    return _model(
        DashboardAsset,
        written,
        {
            "title": content["dashboard_title"],
            "description": content["description"] or "",
            "rows": rows,
            "filters": filters,
            "colors": metadata.get("label_colors") or {},
        },
    )


def _rows(position: Content) -> list[str]:
    grid = position["ROOT_ID"]["children"]
    if grid != ["GRID_ID"]:
        raise UnwritableError(f"layout: {position[grid[0]]['type'].lower()} instead of rows")
    rows: list[str] = position["GRID_ID"]["children"]
    for row in rows:
        if position[row]["type"] != "ROW":
            raise UnwritableError(f"layout: {position[row]['type'].lower()} {row} is no row")
    return rows


def _tile(item: Content, slugs: Slugs) -> dict[str, Any]:
    meta = item["meta"]
    size = {"width": meta["width"], "height": meta["height"]}
    if item["type"] == "CHART":
        return {"chart": slugs.of("charts", meta.get("uuid"))} | size
    if item["type"] == "MARKDOWN":
        return size | {"text": meta["code"]}
    raise UnwritableError(
        f"layout: {item['type'].lower()} {item['id']} is neither a chart nor a text"
    )


def _filter(
    item: Content,
    charts: Mapping[int, str],
    shown: list[str],
    slugs: Slugs,
    written: DashboardAsset | None,
) -> dict[str, Any]:
    """A filter; the charts that it is for stand in the order of the file, new ones behind them."""
    name, type_ = item.get("name"), item.get("filterType", item["type"])
    kind = _FILTER_KINDS.get(type_)
    if kind is None:
        raise UnwritableError(f"filter {name!r}: {type_} is neither a choice nor a time")
    found: dict[str, Any] = {"name": name, "kind": kind}
    if kind == "select":
        target = item["targets"][0]
        found["dataset"] = slugs.of("datasets", target.get("datasetUuid"))
        found["column"] = target["column"]["name"]
    excluded = {charts.get(number) for number in item["scope"]["excluded"]}
    only = {slug for slug in shown if slug not in excluded}
    others = written.filters if written else []
    before = next((other.only for other in others if other.name == name), [])
    if only == set(before or shown):
        return found | {"only": before}
    ordered = dict.fromkeys([*before, *shown])
    return found | {"only": [] if len(only) == len(shown) else [s for s in ordered if s in only]}
