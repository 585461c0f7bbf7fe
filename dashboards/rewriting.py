"""Writes what was edited in Superset into the asset files, and leaves the rest of them as it is.

Only the fields that differ are touched: comments, order and style of a file stay. What a figure is
stands in ``dbt_project/metrics.yml``, so an edit of a KPI is refused, in words.
"""

import io
import json
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
    SingleQuotedScalarString,
)

from dashboards.assets import Assets, DatasetAsset, Metric, Written
from dashboards.drift import Drift
from dashboards.readback import KINDS
from warehouse.errors import UserError

FLOW_WIDTH = 115
TEXT_WIDTH = 96


@dataclass(frozen=True)
class Rewritten:
    """The files that were written, and a line for each edit that no file can hold."""

    files: list[Path]
    refused: list[str]


def bring_back(drift: Drift, assets: Assets, folder: Path, slugs: list[str]) -> Rewritten:
    """Write the edits of ``slugs`` (all where there are none) into the files under ``folder``.

    ``assets`` are what the files hold now. A dashboard brings its new charts with it.

    :raises UserError: for a slug that is neither a file nor a new chart.
    """
    known = {slug for kind in KINDS for slug in getattr(drift.found, kind)}
    for slug in slugs:
        if slug not in known:
            raise UserError(f"dashboards: {slug!r} is no asset: neither a file nor in Superset.")
    chosen = set(slugs) or known
    for dashboard in chosen & drift.found.dashboards.keys():
        chosen |= set(drift.found.dashboards[dashboard].charts()) - assets.charts.keys()
    files, refused = [], []
    for kind in KINDS:
        found: Mapping[str, Written] = getattr(drift.found, kind)
        for slug, after in found.items():
            before = getattr(assets, kind).get(slug)
            if before == after or slug not in chosen:
                continue
            path = folder / kind / f"{slug}.yaml"
            text, words = rewrite(path.read_text("utf-8") if before else "", before, after)
            refused += [f"{kind}/{slug}.yaml: {word}" for word in words]
            if before is None or text != path.read_text("utf-8"):
                _write(path, text)
                files.append(path)
    refused += [
        str(change)
        for change in drift.changes
        if change.note and (not slugs or Path(change.file).stem in chosen)
    ]
    return Rewritten(files, refused)


def rewrite(text: str, before: Written | None, after: Written) -> tuple[str, list[str]]:
    """The file's text with what ``after`` has otherwise than ``before``, and what was refused."""
    if before is None:
        return _dumped(_styled(after.model_dump(exclude_defaults=True))), []
    document, refused = _loaded(text), list[str]()
    if isinstance(before, DatasetAsset) and isinstance(after, DatasetAsset):
        references = {item["name"] for item in document.get("metrics", []) if "kpi" in item}
        after, refused = _without_figures(before, after, references)
    old, new = (model.model_dump(exclude_defaults=True) for model in (before, after))
    if old != new:
        _merge(document, old, new)
        text = _dumped(document)
    return text, refused


def _without_figures(
    before: DatasetAsset, after: DatasetAsset, references: set[str]
) -> tuple[DatasetAsset, list[str]]:
    """The dataset without edits of KPIs, which belong elsewhere, and a line for each of them."""
    old, kept, refused = {metric.name: metric for metric in before.metrics}, list[Metric](), []
    for metric in after.metrics:
        written = old.get(metric.name)
        if written is None:
            refused.append(
                f"metric {metric.name} was made in Superset: a figure is defined in "
                "dbt_project/metrics.yml, then named here; not written"
            )
            continue
        if metric.name in references:
            figure = written.model_copy(update={"label": metric.label})
            refused += [
                f"metric {metric.name}: its {field} is that of a KPI: change it in "
                "dbt_project/metrics.yml; not written"
                for field in ("expression", "description", "format")
                if getattr(metric, field) != getattr(written, field)
            ]
            metric = figure
        kept.append(metric)
    return after.model_copy(update={"metrics": kept}), refused


def _merge(node: Any, old: Any, new: Any) -> None:
    """Change in ``node`` what differs between two plain values of it."""
    if isinstance(new, list):
        _merge_list(node, old, new)
        return
    for name in old.keys() - new.keys():
        node.pop(name, None)
    for name, value in new.items():
        if name in old and old[name] == value:
            continue
        present = node.get(name)
        if isinstance(present, CommentedMap | CommentedSeq) and type(old[name]) is type(value):
            _merge(present, old[name], value)
        else:
            node[name] = _like(present, value)


def _merge_list(node: CommentedSeq, old: list[Any], new: list[Any]) -> None:
    """Items that stay keep their text and the comment above them, also where they move."""
    origins = _origins(old, new)
    items = []
    for item, origin in zip(new, origins, strict=True):
        if origin is None:
            items.append(_styled(item, in_rows=isinstance(item, list)))
            continue
        if old[origin] != item:
            _merge(node[origin], old[origin], item)
        items.append(node[origin])
    if origins != list(range(len(old))):
        comments = {number: node.ca.items.get(origin) for number, origin in enumerate(origins)}
        node[:] = items
        node.ca.items.clear()
        node.ca.items.update({number: comment for number, comment in comments.items() if comment})


def _origins(old: list[Any], new: list[Any]) -> list[int | None]:
    """For each new item the place of the old one that it is, changed or not."""
    free, origins = list(range(len(old))), list[int | None](None for _ in new)
    for alike in (lambda a, b: a == b, _same):
        for number, item in enumerate(new):
            if origins[number] is None:
                found = next((place for place in free if alike(old[place], item)), None)
                if found is not None:
                    origins[number] = found
                    free.remove(found)
    return origins


def _same(old: Any, new: Any) -> bool:
    """Whether two different items are one thing before and after: by name, chart, text, subject."""
    if isinstance(old, list) and isinstance(new, list):
        return any(_same(a, b) for a in old for b in new)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    key = next((key for key in ("name", "chart", "subject", "text") if key in old), None)
    return key in new and (key == "text" or old[key] == new[key])


def _styled(value: Any, in_rows: bool = False) -> Any:
    """A new value in the style of the files: short collections on one line, long texts folded."""
    if isinstance(value, dict):
        node: Any = CommentedMap({name: _styled(item) for name, item in value.items()})
    elif isinstance(value, list):
        of_rows = any(isinstance(item, list) for item in value)
        node = CommentedSeq(_styled(item, in_rows=of_rows) for item in value)
    elif isinstance(value, str):
        return _text(value)
    else:
        return value
    # What YAML needs on one line: JSON without its quotes.
    text = json.dumps(value, ensure_ascii=False).replace('"', "")
    held = value.values() if isinstance(value, dict) else value
    nested = any(isinstance(item, dict) for item in held)
    if len(text) <= FLOW_WIDTH and "\\n" not in text and not nested and not in_rows:
        node.fa.set_flow_style()
    return node


def _like(present: Any, value: Any) -> Any:
    """A new scalar between the quotes of the old one."""
    quoted = (DoubleQuotedScalarString, SingleQuotedScalarString)
    if isinstance(value, str) and isinstance(present, quoted):
        return type(present)(value)
    return _styled(value)


def _text(value: str) -> str:
    if "\n" in value:
        return LiteralScalarString(value)
    lines = textwrap.wrap(value, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
    if len(lines) < 2 or " ".join(lines) != value:
        return value
    folded, place = FoldedScalarString(value), -1
    folds = []
    for line in lines[:-1]:
        place += len(line) + 1
        folds.append(place)
    folded.fold_pos = folds  # type: ignore[attr-defined]
    return folded


class _ListInList(Emitter):
    """Writes a list that is an item of a list behind the dash of that item: ``- - {...}``."""

    def increase_indent(
        self, flow: bool = False, sequence: bool | None = None, indentless: bool = False
    ) -> None:
        super().increase_indent(flow, sequence, indentless)
        if sequence and not flow and self.indents.seq_seq():
            self.indent = (self.indent or 0) - self.sequence_dash_offset

    def expect_first_block_sequence_item(self) -> Any:
        if not self.indents.seq_seq():
            return super().expect_first_block_sequence_item()
        self.write_indicator("-", True, indention=True)
        self.states.append(self.expect_block_sequence_item)
        return self.expect_node(sequence=True)


def _yaml() -> YAML:
    found = YAML()
    found.Emitter = _ListInList
    found.preserve_quotes = True
    # Longer than any line: what is folded stays folded, nothing else is.
    found.width = 4096
    found.indent(mapping=2, sequence=4, offset=2)
    return found


def _loaded(text: str) -> CommentedMap:
    document: CommentedMap = _yaml().load(text)
    if isinstance(document.get("rows"), CommentedSeq):
        _keep_comments_of_rows(document, text.splitlines())
    return document


def _keep_comments_of_rows(document: CommentedMap, lines: list[str]) -> None:
    """ruamel.yaml drops the comments between the rows, as they are lists: they are set anew."""
    rows, above = document["rows"], {}
    for number in range(len(rows)):
        end = start = rows.lc.item(number)[0]
        while lines[start - 1].lstrip().startswith("#"):
            start -= 1
        above[number] = [line.strip().removeprefix("#").strip() for line in lines[start:end]]
    rows.ca.comment = None
    rows.ca.items.clear()
    document.ca.items.pop("rows", None)
    for number, comment in above.items():
        if comment:
            rows.yaml_set_comment_before_after_key(number, before="\n".join(comment), indent=2)


def _dumped(document: CommentedMap) -> str:
    out = io.StringIO()
    _yaml().dump(document, out)
    return out.getvalue()


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole, so that nobody reads half of it."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.stem}.", delete=False
    ) as file:
        file.write(text)
    whole = Path(file.name)
    whole.chmod(path.stat().st_mode if path.exists() else 0o644)
    whole.replace(path)
