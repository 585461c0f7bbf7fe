"""What stands in Superset otherwise than a deployment of the asset files would leave it.

An edit made in Superset's own editor is compared field by field with the file: ``python -m
dashboards diff`` prints the lines, ``export`` (:mod:`dashboards.rewriting`) writes into the files
what a file can hold. Reads Superset's export alone; the warehouse need not run.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from dashboards import readback
from dashboards.assets import Assets, Kind, Written, asset_uuid
from dashboards.bundle import bundle_files
from dashboards.client import session
from dashboards.readback import (
    KINDS,
    Content,
    Export,
    Slugs,
    UnwritableError,
    read_export,
    slugs_of,
)
from dashboards.settings import DashboardsSettings
from dashboards.validation import require_valid
from warehouse.settings import WarehouseSettings

_MISSING = object()
_SHOWN = 60
NO_PLACE = "no file holds it"
# Content that the asset models hold, or that Superset derives; the rest must be as it was sent.
_HELD: Mapping[Kind, set[str]] = {
    "databases": {"database_name", "expose_in_sqllab", "configuration_method", "version"},
    "datasets": {
        *("table_name", "database_uuid", "schema", "description", "main_dttm_col", "version"),
        *("column_name", "verbose_name", "type", "expression", "is_dttm"),
        *("metric_name", "d3format"),
    },
    "charts": {
        *("slice_name", "description", "viz_type", "params", "dataset_uuid", "version"),
        "query_context",
    },
    "dashboards": {
        *("dashboard_title", "description", "position", "label_colors", "version"),
        *("id", "type", "name", "filterType", "targets", "scope"),
        # What the front end keeps of its own, also when a dashboard is only looked at.
        *("shared_label_colors", "map_label_colors", "color_scheme_domain", "default_filters"),
        *("chart_configuration", "global_chart_configuration", "chartsInScope", "tabsInScope"),
    },
}
# Rules of a dashboard's CSS that follow from its charts' files.
_CHART_RULES = re.compile(r"^\[data-test-chart-name=.*\n", re.MULTILINE)
_NAMES = ("name", "column_name", "metric_name")
_NAMED_LISTS = ("columns", "metrics", "metadata.native_filter_configuration")


@dataclass(frozen=True)
class Change:
    """A field that is ``before`` in the file and ``after`` in Superset.

    ``note`` says why no file can say it; empty where one can.
    """

    file: str
    field: str
    before: Any
    after: Any
    note: str = ""

    def __str__(self) -> str:
        line = f"{self.file}: {self.field}"
        if self.before is not self.after:
            line += ": " + " -> ".join(_words(self.before, self.after))
        return line + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Drift:
    """All differences, a line each.

    ``changes`` are edits, ``absent`` what only a deployment or its pruning mends, ``unmanaged``
    what was made in Superset, which a deployment leaves alone. ``found`` is what stands in Superset
    as models, also of charts that have no file yet.
    """

    changes: list[Change]
    absent: list[str]
    unmanaged: list[str]
    found: Assets

    def __bool__(self) -> bool:
        return bool(self.changes or self.absent)


def find_drift(
    assets: Assets,
    settings: DashboardsSettings | None = None,
    warehouse: WarehouseSettings | None = None,
) -> Drift:
    """Compare ``assets`` with the running Superset.

    :raises UserError: where Superset is unreachable or refuses, or the files are too broken.
    """
    with session(settings or DashboardsSettings()) as superset:
        files = superset.export()
    return compare(assets, read_export(files), warehouse or WarehouseSettings())


def compare(assets: Assets, export: Export, warehouse: WarehouseSettings) -> Drift:
    """The differences between the asset files and an export of Superset.

    :raises UserError: where the files are too broken to be deployed.
    """
    slugs = slugs_of(export, assets)
    sent = _sent(assets, warehouse)
    found: dict[Kind, dict[str, Written]] = {kind: {} for kind in KINDS}
    changes: list[Change] = []
    for kind in KINDS:
        written: Mapping[str, Written] = getattr(assets, kind)
        for slug, uuid in _with_files(kind, written, export, slugs):
            content, file, before = (
                export.contents[kind][uuid],
                _file(kind, slug),
                written.get(slug),
            )
            try:
                found[kind][slug] = read_back(kind, content, before, slugs, warehouse)
                changes += model_changes(file, before, found[kind][slug])
            except UnwritableError as reason:
                changes.append(Change(file, str(reason), _MISSING, _MISSING, NO_PLACE))
            if uuid in sent:
                changes += _beyond_the_models(file, kind, sent[uuid], content)
    now: dict[str, Any] = {kind: {**getattr(assets, kind), **found[kind]} for kind in KINDS}
    return Drift(
        changes=changes,
        absent=[*_absent(assets, export), *_left_behind(assets, export, slugs)],
        unmanaged=list(_unmanaged(export, slugs)),
        found=replace(assets, **now),
    )


def read_back(
    kind: Kind, content: Content, written: Any, slugs: Slugs, warehouse: WarehouseSettings
) -> Written:
    """An asset of the export as its model; :class:`UnwritableError` where no file can say it."""
    if kind == "databases":
        return readback.database(content, written, warehouse)
    if kind == "datasets":
        return readback.dataset(content, written, slugs, warehouse)
    if kind == "charts":
        return readback.chart(content, written, slugs)
    return readback.dashboard(content, written, slugs)


def model_changes(file: str, before: Written | None, after: Written) -> list[Change]:
    """The fields in which two models of one file differ; a single line for a new file."""
    if before is None:
        return [Change(file, "file", _MISSING, getattr(after, "title", file))]
    fields = differences(before.model_dump(), after.model_dump())
    return [Change(file, field, old, new) for field, old, new in fields]


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, old and new value of each difference; named items of a list are told by their names."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            where = f"{path}.{name}" if path else str(name)
            yield from differences(before.get(name, _MISSING), after.get(name, _MISSING), where)
    elif _named(before) and _named(after):
        old, new = _by_name(before), _by_name(after)
        yield from differences(old, new, path)
        if old == new:
            yield f"{path} (order)", list(old), list(new)
    elif path == "rows":
        yield from _rows(before, after)
    else:
        yield path, before, after


def _named(items: Any) -> bool:
    return isinstance(items, Sequence) and all(
        isinstance(item, Mapping) and any(name in item for name in _NAMES) for item in items
    )


def _by_name(items: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {next(str(item[name]) for name in _NAMES if name in item): item for item in items}


Row = Sequence[Mapping[str, Any]]


def _rows(before: Sequence[Row], after: Sequence[Row]) -> Iterator[tuple[str, Any, Any]]:
    """The rows that came, went or changed; rows that only made way for others are the same."""
    old, new = [_row(row) for row in before], [_row(row) for row in after]
    for how, start, end, first, last in SequenceMatcher(None, old, new, False).get_opcodes():
        if how == "equal":
            continue
        for number, row, other in zip_longest(
            range(max(end - start, last - first)), before[start:end], after[first:last]
        ):
            if row is not None and other is not None:
                yield from _tiles(start + number, row, other)
            else:
                where = f"rows[{(start if other is None else first) + number + 1}]"
                yield where, _row(row) if row else _MISSING, _row(other) if other else _MISSING


def _tiles(number: int, before: Row, after: Row) -> Iterator[tuple[str, Any, Any]]:
    """The fields of the tiles where a row has the same charts, else the row as a whole."""
    if [tile["chart"] for tile in before] != [tile["chart"] for tile in after]:
        yield f"rows[{number + 1}]", _row(before), _row(after)
        return
    for place, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        yield from differences(old, new, f"rows[{number + 1}][{place}]")


def _row(row: Row) -> str:
    tiles = (
        f"{tile['chart'] or repr(tile['text'])} {tile['width']}x{tile['height']}" for tile in row
    )
    return ", ".join(tiles)


def _with_files(
    kind: Kind, written: Mapping[str, Written], export: Export, slugs: Slugs
) -> Iterator[tuple[str, str]]:
    """Slug and uuid of every asset of the export that has a file, or that gets one."""
    for slug in written:
        uuid = str(asset_uuid(kind, slug))
        if uuid in export.contents[kind]:
            yield slug, uuid
    if kind == "charts":
        for uuid, slug in slugs.adopted.items():
            yield slug, uuid


def _beyond_the_models(file: str, kind: Kind, sent: Content, found: Content) -> Iterator[Change]:
    """Edits that no file holds, of what is sent beside the models or never sent at all."""
    held = _HELD[kind]
    for path, before, after in differences(_without(held, sent), _without(held, found)):
        # What is not sent is empty; Superset writes it as null, "", 0, [] or {}.
        if _empty(before) and _empty(after):
            continue
        if path == "css" and _CHART_RULES.sub("", before) == _CHART_RULES.sub("", after or ""):
            continue
        # Whole columns, metrics and filters that came or went are told by the models.
        if _MISSING in (before, after) and path.rpartition(".")[0] in _NAMED_LISTS:
            continue
        yield Change(file, path, before, after, NO_PLACE)


def _without(held: set[str], content: Any) -> Any:
    """The content without the fields that are held, at any depth; named items keep their names."""
    if isinstance(content, Mapping):
        return {
            name: _without(held, value)
            for name, value in content.items()
            if name not in held or name in _NAMES
        }
    if isinstance(content, list):
        items = [_without(held, item) for item in content]
        return _by_name(items) if items and _named(items) else items
    return content


def _empty(value: Any) -> bool:
    return value is _MISSING or not value


def _sent(assets: Assets, warehouse: WarehouseSettings) -> dict[str, dict[str, Any]]:
    """What a deployment sends, by uuid."""
    try:
        files = bundle_files(assets, warehouse)
    except (KeyError, TypeError, ValueError):
        # No bundle can be made of broken files; what is wrong with them is said in words.
        require_valid(assets)
        raise
    return {content["uuid"]: content for content in files.values() if "uuid" in content}


def _absent(assets: Assets, export: Export) -> Iterator[str]:
    for kind in KINDS:
        for slug in getattr(assets, kind):
            if str(asset_uuid(kind, slug)) not in export.contents[kind]:
                yield f"{_file(kind, slug)}: is not in Superset: deploy brings it"


def _left_behind(assets: Assets, export: Export, slugs: Slugs) -> Iterator[str]:
    for kind in KINDS:
        for uuid, slug in slugs.managed[kind].items():
            if slug not in getattr(assets, kind) and uuid in export.contents[kind]:
                title = export.title(kind, uuid)
                yield f"{_file(kind, slug)}: is gone, {title!r} is in Superset: deploy removes it"


def _unmanaged(export: Export, slugs: Slugs) -> Iterator[str]:
    for kind in KINDS:
        for uuid in export.contents[kind]:
            if uuid not in slugs.managed[kind] and uuid not in slugs.adopted:
                yield f"{kind}: {export.title(kind, uuid)!r} ({uuid}) is not managed"


def _file(kind: Kind, slug: str) -> str:
    return f"{kind}/{slug}.yaml"


def _words(before: Any, after: Any) -> tuple[str, str]:
    """Both values on one line, long ones cut around the place where they begin to differ."""
    old, new = _word(before), _word(after)
    same = next(
        (place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    start = max(0, same - _SHOWN // 3) if max(len(old), len(new)) > _SHOWN else 0
    return _cut(old, start), _cut(new, start)


def _word(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str, start: int) -> str:
    shown = " ".join(text[start : start + _SHOWN].split())
    ends = ("..." if start else "", "..." if len(text) > start + _SHOWN else "")
    return f"{ends[0]}{shown}{ends[1]}" or '""'
