"""The dashboards as they are written down: YAML files under ``assets/``, read into typed models.

One folder per kind (``databases``, ``datasets``, ``charts``, ``dashboards``), one file per asset;
the file's name without ``.yaml`` is the asset's slug, by which the others refer to it and from
which its uuid follows. A file holds what a person decides; uuids, ids, positions and query
contexts are derived when the bundle is built. ``access.yaml`` says who may see what, ``style.css``
is the CSS of every dashboard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dashboards.metrics import KpiReference, metric_fields
from warehouse.errors import UserError

ASSETS_PATH = Path(__file__).parent / "assets"
Kind = Literal["databases", "datasets", "charts", "dashboards"]
_NAMESPACE = uuid5(NAMESPACE_URL, "credence/dashboards")
GRID_COLUMNS = 12


def asset_uuid(kind: Kind, slug: str) -> UUID:
    """The uuid of an asset: the same on every machine, lower case, different for every slug."""
    return uuid5(_NAMESPACE, f"{kind}/{slug}")


class Written(BaseModel):
    """Part of an asset file: an unknown field is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseAsset(Written):
    """A connection of Superset to the warehouse; address and password come from the settings."""

    name: str
    layer: Literal["marts", "ml"] = "marts"
    expose_in_sql_lab: bool = True


class Column(Written):
    """A column of a mart; ``label`` is what people see.

    With an ``expression`` it is computed by Superset: for how a value is shown, never what it is.
    """

    name: str
    type: str
    label: str | None = None
    description: str | None = None
    expression: str | None = None
    is_time: bool = False


class Metric(Written):
    """A named aggregate over a mart; ``format`` is a d3 number format.

    In a file it is a reference to a KPI (:class:`dashboards.metrics.KpiReference`).
    """

    name: str
    label: str
    expression: str
    description: str
    format: str = "SMART_NUMBER"


class DatasetAsset(Written):
    """A physical table of ``marts`` or ``ml``, with every one of its columns and its metrics."""

    table: str
    database: str = "warehouse"
    layer: Literal["marts", "ml"] = "marts"
    description: str
    time_column: str | None = None
    columns: list[Column] = Field(min_length=1)
    metrics: list[Metric] = []

    @model_validator(mode="before")
    @classmethod
    def _metrics_of_kpis(cls, written: Any) -> Any:
        """Each reference to a KPI as what ``metrics.yml`` says of it."""
        if not isinstance(written, dict) or not isinstance(written.get("metrics"), list):
            return written
        metrics = [
            metric_fields(KpiReference.model_validate(item), written.get("table", ""))
            if isinstance(item, dict) and "kpi" in item
            else item
            for item in written["metrics"]
        ]
        return {**written, "metrics": metrics}

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


class ChartAsset(Written):
    """A chart; ``params`` are Superset's form data of its ``viz_type`` without the data source.

    ``empty`` is what its tile says where there are no rows: why, or what it needs.
    """

    title: str
    description: str
    empty: str | None = None
    viz_type: str
    dataset: str
    params: dict[str, Any]


class Tile(Written):
    """A chart or a text in a row of a dashboard; the widths of a row make up 12."""

    chart: str | None = None
    text: str | None = None
    width: Annotated[int, Field(ge=1, le=GRID_COLUMNS)]
    height: Annotated[int, Field(ge=5, le=200)]


class DashboardFilter(Written):
    """A filter of the whole dashboard; ``only`` names the charts it is for, all by default."""

    name: str
    kind: Literal["select", "time"] = "select"
    dataset: str | None = None
    column: str | None = None
    only: list[str] = []


class DashboardAsset(Written):
    """A dashboard: rows of tiles, filters, and the colour of every series by its name.

    ``owner`` is the team that answers for it.
    """

    title: str
    description: str
    owner: str = "analytics"
    rows: list[list[Tile]]
    filters: list[DashboardFilter] = []
    colors: dict[str, str] = {}

    def charts(self) -> list[str]:
        """The slugs of its charts, in the order of reading."""
        return [tile.chart for row in self.rows for tile in row if tile.chart is not None]


class Role(Written):
    """Who may do what: sets of permissions, dashboards and datasets by slug, and which rows.

    ``rows: own`` is the rows of the creator whose id is the user's name.
    """

    description: str
    permissions: list[str]
    dashboards: list[str]
    datasets: Literal["all"] | list[str]
    rows: Literal["all", "own"]


class Access(Written):
    """The roles, and the rows of every dataset that they may see.

    ``permissions`` names sets of Superset's own permissions, ``embedded`` the dashboards that other
    pages may show, ``own_rows`` the column of the creator, ``shared_rows`` the datasets without
    that column that roles with their own rows may read, each with the SQL condition that a row
    must meet.
    """

    permissions: dict[str, list[str]]
    roles: dict[str, Role]
    embedded: list[str] = []
    own_rows: str
    shared_rows: dict[str, str]


@dataclass(frozen=True)
class Assets:
    """All assets by slug, who may see them, and the CSS of every dashboard."""

    databases: Mapping[str, DatabaseAsset]
    datasets: Mapping[str, DatasetAsset]
    charts: Mapping[str, ChartAsset]
    dashboards: Mapping[str, DashboardAsset]
    access: Access
    style: str

    def datasets_of(self, dashboard: str) -> set[str]:
        """The datasets that a dashboard's charts and filters read."""
        shown = self.dashboards[dashboard]
        names = {self.charts[chart].dataset for chart in shown.charts()}
        return names | {item.dataset for item in shown.filters if item.dataset is not None}

    def tables(self, dashboard: str) -> list[tuple[str, str]]:
        """Layer and name of every table that a dashboard's charts and filters read, sorted."""
        read = [self.datasets[name] for name in self.datasets_of(dashboard)]
        return sorted({(dataset.layer, dataset.table) for dataset in read})


def load_assets(path: Path = ASSETS_PATH) -> Assets:
    """Read every asset under ``path``; :class:`UserError` names the first malformed file."""
    if not path.is_dir():
        raise UserError(f"dashboards: {path} is not a folder of assets.")
    return Assets(
        databases=_load(path, "databases", DatabaseAsset),
        datasets=_load(path, "datasets", DatasetAsset),
        charts=_load(path, "charts", ChartAsset),
        dashboards=_load(path, "dashboards", DashboardAsset),
        access=_read(path / "access.yaml", Access),
        style=_text(path / "style.css"),
    )


AssetType = TypeVar("AssetType", bound=Written)


def _load(path: Path, kind: Kind, model: type[AssetType]) -> dict[str, AssetType]:
    return {file.stem: _read(file, model) for file in sorted((path / kind).glob("*.yaml"))}


def _read(file: Path, model: type[AssetType]) -> AssetType:
    name = _name(file)
    try:
        # a hundred files: libyaml's loader is as safe as the other and takes a fifth of its time
        content = yaml.load(_text(file), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"dashboards: {name}: not YAML: {reason}") from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise UserError(f"dashboards: {name}: {where}: {first['msg']}.") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"dashboards: {_name(file)}: is missing.") from None


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"
