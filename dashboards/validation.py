"""Finds what Superset would import silently and show broken, before anything is sent.

Needs neither Superset nor a warehouse. Each fault names the file and the reason. The chain that
is followed: dashboard -> chart -> dataset -> column or metric -> the table as it is promised, and
dataset -> database.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from dashboards.access import ADMINISTRATOR, GUEST_ROLE, has_own_rows
from dashboards.assets import GRID_COLUMNS, Assets, ChartAsset, DashboardAsset, DatasetAsset, Role
from dashboards.query_context import SHAPES, chart_columns, chart_metrics
from warehouse.contracts import promised_tables
from warehouse.errors import UserError

_SLUG = re.compile(r"[a-z0-9]+([-_]+[a-z0-9]+)*")
# Parametric aggregates that Superset's parser (sqlglot) rejects; inside arrayReduce they pass.
_UNPARSED = re.compile(r"\bquantiles?Exact(In|Ex)clusive\w*(?=\([^()]*\)\()")
TIME_TYPES = re.compile(r"\bDate(32|Time|Time64)?\b")


def validate(assets: Assets) -> list[str]:
    """Every fault of the assets as ``<file>: <reason>``; empty where they are sound."""
    return [
        *_names(assets),
        *_titles("charts", {slug: chart.title for slug, chart in assets.charts.items()}),
        *_titles("dashboards", {slug: item.title for slug, item in assets.dashboards.items()}),
        *(f for slug, dataset in assets.datasets.items() for f in _dataset(slug, dataset, assets)),
        *(f for slug, chart in assets.charts.items() for f in _chart(slug, chart, assets)),
        *(f for slug, item in assets.dashboards.items() for f in _dashboard(slug, item, assets)),
        *_unused(assets),
        *(f for name, role in assets.access.roles.items() for f in _role(name, role, assets)),
        *_embedded(assets),
        *_shared_rows(assets),
        *(f for slug, dataset in assets.datasets.items() for f in _table(slug, dataset)),
    ]


def require_valid(assets: Assets) -> None:
    """Raise :class:`UserError` with the first fault and how many there are."""
    faults = validate(assets)
    if faults:
        more = f" ({len(faults)} faults: run `python -m dashboards validate`)" if faults[1:] else ""
        raise UserError(f"dashboards: {faults[0]}{more}")


def _names(assets: Assets) -> Iterator[str]:
    kinds: dict[str, Mapping[str, object]] = {
        "databases": assets.databases,
        "datasets": assets.datasets,
        "charts": assets.charts,
        "dashboards": assets.dashboards,
    }
    for kind, found in kinds.items():
        if not found:
            yield f"{kind}: no file"
        for slug in found:
            if not _SLUG.fullmatch(slug):
                yield f"{kind}/{slug}.yaml: the name may have lower-case letters, digits, - and _"


def _titles(kind: str, titles: Mapping[str, str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for slug, title in titles.items():
        if title in seen:
            yield f"{kind}/{slug}.yaml: title {title!r} is that of {seen[title]}.yaml too"
        seen.setdefault(title, slug)


def _dataset(slug: str, dataset: DatasetAsset, assets: Assets) -> Iterator[str]:
    file = f"datasets/{slug}.yaml"
    if dataset.database not in assets.databases:
        yield f"{file}: database {dataset.database!r} has no file"
    columns = [column.name for column in dataset.columns]
    metrics = [metric.name for metric in dataset.metrics]
    for name in _repeated([*columns, *metrics]):
        yield f"{file}: {name!r} is there twice"
    if dataset.time_column is not None:
        column = dataset.column(dataset.time_column)
        if column is None or not column.is_time:
            yield f"{file}: time_column {dataset.time_column!r} is no column with is_time"
    for column in dataset.columns:
        if column.is_time != bool(TIME_TYPES.search(column.type)):
            yield f"{file}: column {column.name}: is_time does not fit type {column.type}"
    for metric in dataset.metrics:
        if found := _UNPARSED.search(metric.expression):
            yield f"{file}: metric {metric.name}: Superset's SQL parser does not know {found[0]}"
        if "/" in metric.expression and "toFloat64" not in metric.expression:
            # ClickHouse divides a Decimal to its own scale: a rate of 0.0042 shows as 0.
            yield f"{file}: metric {metric.name}: a division needs toFloat64"


def _table(slug: str, dataset: DatasetAsset) -> Iterator[str]:
    """The dataset's columns against its table's, and its SQL on that table, which is empty."""
    file, tables = f"datasets/{slug}.yaml", promised_tables()
    promised = tables.columns.get((dataset.layer, dataset.table))
    if promised is None:
        yield f"{file}: table {dataset.layer}.{dataset.table} is promised by nobody"
        return
    listed = {item.name: item.type for item in dataset.columns if item.expression is None}
    for name, type_ in listed.items():
        if name not in promised:
            yield f"{file}: column {name} is not one of {dataset.table}"
        elif type_ != promised[name]:
            yield f"{file}: column {name} is {promised[name]} in {dataset.table}, not {type_}"
    for name in sorted(promised.keys() - listed.keys()):
        yield f"{file}: column {name} of {dataset.table} is not listed"
    computed = [(f"column {item.name}", item.expression) for item in dataset.columns]
    for what, expression in [
        *((what, expression) for what, expression in computed if expression is not None),
        *((f"metric {metric.name}", metric.expression) for metric in dataset.metrics),
    ]:
        if fault := tables.fault(f"SELECT {expression} FROM {dataset.layer}.{dataset.table}"):  # noqa: S608
            yield f"{file}: {what}: {fault}"


def _chart(slug: str, chart: ChartAsset, assets: Assets) -> Iterator[str]:
    file = f"charts/{slug}.yaml"
    if chart.viz_type not in SHAPES:
        yield f"{file}: viz_type {chart.viz_type!r} has no query shape; known: {', '.join(SHAPES)}"
        return
    dataset = assets.datasets.get(chart.dataset)
    if dataset is None:
        yield f"{file}: dataset {chart.dataset!r} has no file"
        return
    try:
        columns, metrics = chart_columns(chart.params), chart_metrics(chart.params)
        SHAPES[chart.viz_type](chart.params)
    except KeyError as error:
        yield f"{file}: params: {error.args[0]!r} is missing"
        return
    except (TypeError, ValueError) as error:
        yield f"{file}: params: {error}"
        return
    known = {metric.name for metric in dataset.metrics}
    for metric in metrics:
        if metric not in known:
            yield f"{file}: metric {metric!r} is not one of dataset {chart.dataset}"
    for column in columns:
        if dataset.column(column) is None:
            yield f"{file}: column {column!r} is not one of dataset {chart.dataset}"


def _dashboard(slug: str, dashboard: DashboardAsset, assets: Assets) -> Iterator[str]:
    file = f"dashboards/{slug}.yaml"
    for number, row in enumerate(dashboard.rows, start=1):
        if sum(tile.width for tile in row) != GRID_COLUMNS:
            yield f"{file}: row {number}: widths add up to {sum(t.width for t in row)}, not 12"
        if len({tile.height for tile in row}) > 1:
            yield f"{file}: row {number}: tiles differ in height"
        if any((tile.chart is None) == (tile.text is None) for tile in row):
            yield f"{file}: row {number}: a tile has either a chart or a text"
    charts = dashboard.charts()
    for chart in _repeated(charts):
        yield f"{file}: chart {chart!r} is there twice"
    for chart in charts:
        if chart not in assets.charts:
            yield f"{file}: chart {chart!r} has no file"
    yield from _filters(file, dashboard, assets)


def _filters(file: str, dashboard: DashboardAsset, assets: Assets) -> Iterator[str]:
    charts = dashboard.charts()
    for item in dashboard.filters:
        where = f"{file}: filter {item.name!r}"
        for chart in item.only:
            if chart not in charts:
                yield f"{where}: only: chart {chart!r} is not on the dashboard"
        if item.kind == "time":
            continue
        dataset = assets.datasets.get(item.dataset or "")
        if dataset is None:
            yield f"{where}: dataset {item.dataset!r} has no file"
            continue
        if item.column is None or dataset.column(item.column) is None:
            yield f"{where}: column {item.column!r} is not one of dataset {item.dataset}"
            continue
        for chart in item.only or charts:
            # Superset would leave such a chart unfiltered without a word.
            if _reads_dataset_without(item.column, chart, assets):
                yield f"{where}: chart {chart!r} has no column {item.column!r}: set `only`"


def _reads_dataset_without(column: str, chart: str, assets: Assets) -> bool:
    found = assets.charts.get(chart)
    dataset = assets.datasets.get(found.dataset) if found is not None else None
    return dataset is not None and dataset.column(column) is None


def _role(name: str, role: Role, assets: Assets) -> Iterator[str]:
    where = f"access.yaml: role {name}"
    if name == ADMINISTRATOR:
        yield f"{where}: is Superset's own"
    for part in role.permissions:
        if part not in assets.access.permissions:
            yield f"{where}: permissions {part!r} are not written down"
    for slug in () if role.datasets == "all" else role.datasets:
        if slug not in assets.datasets:
            yield f"{where}: dataset {slug!r} has no file"
    for slug in role.dashboards:
        if slug not in assets.dashboards:
            yield f"{where}: dashboard {slug!r} has no file"
    if role.rows == "all":
        return
    if role.datasets:
        # Superset lets an embedded page change its queries where its role may read a dataset.
        yield f"{where}: a role of own rows reads through its dashboards alone: datasets: []"
    for slug in role.dashboards:
        for dataset in sorted(_read(slug, assets)):
            if not _is_shown(dataset, assets):
                yield (
                    f"{where}: dashboard {slug!r} reads {dataset}, of which it may see no row: "
                    f"it has no column {assets.access.own_rows!r} and is not in shared_rows"
                )


def _read(dashboard: str, assets: Assets) -> set[str]:
    """The datasets of a dashboard's charts and filters, as far as the files are there."""
    found = assets.dashboards.get(dashboard)
    if found is None:
        return set()
    charts = [assets.charts.get(chart) for chart in found.charts()]
    of_charts = {chart.dataset for chart in charts if chart is not None}
    return (of_charts | {item.dataset or "" for item in found.filters}) & assets.datasets.keys()


def _is_shown(dataset: str, assets: Assets) -> bool:
    access = assets.access
    return dataset in access.shared_rows or has_own_rows(assets.datasets[dataset], access)


def _embedded(assets: Assets) -> Iterator[str]:
    creator = assets.access.roles.get(GUEST_ROLE)
    for slug in assets.access.embedded:
        if creator is None or slug not in creator.dashboards:
            yield f"access.yaml: embedded: {slug!r} is no dashboard of role {GUEST_ROLE}"


def _shared_rows(assets: Assets) -> Iterator[str]:
    for slug, condition in assets.access.shared_rows.items():
        where = f"access.yaml: shared_rows: {slug}"
        dataset = assets.datasets.get(slug)
        if dataset is None:
            yield f"{where}: has no file"
        elif has_own_rows(dataset, assets.access):
            yield f"{where}: its rows are somebody's own, by {assets.access.own_rows!r}"
        elif fault := promised_tables().fault(
            f"SELECT 1 FROM {dataset.layer}.{dataset.table} WHERE {condition}"  # noqa: S608
        ):
            yield f"{where}: {fault}"


def _unused(assets: Assets) -> Iterator[str]:
    shown = {chart for dashboard in assets.dashboards.values() for chart in dashboard.charts()}
    for slug in assets.charts:
        if slug not in shown:
            yield f"charts/{slug}.yaml: is on no dashboard"
    read = {chart.dataset for chart in assets.charts.values()}
    for slug in assets.datasets:
        if slug not in read:
            yield f"datasets/{slug}.yaml: is read by no chart"


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)
