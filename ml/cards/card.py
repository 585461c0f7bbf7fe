"""The card of a version: a Markdown file with plots beside the artefact, from its figures alone.

No hash of the version reads it: a card may be written anew without a change of the model.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from ml.candidate import Gate, Metric, Trained
from ml.cards.plots import draw
from ml.cards.words import SIMULATED, WORDS
from ml.registry import Version

CARD_FILE = "card.md"


def write_card(trained: Trained, folder: Path) -> Path:
    """Write ``card.md`` and its plots; the same candidate gives the same bytes.

    Args:
        trained: the version with its figures and gates.
        folder: of the version's artefact.

    Returns:
        The path of the Markdown file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plots = draw(trained.version.model_name, trained.metrics, folder)
    path = folder / CARD_FILE
    path.write_text(_card(trained, plots), encoding="utf-8")
    return path


def read_card(path: Path, with_plots: bool = True) -> str:
    """The text of a card; empty where there is none, since nothing depends on it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return ""
    lines = text.splitlines()
    return "\n".join(line for line in lines if with_plots or not line.startswith("!["))


def _card(trained: Trained, plots: dict[str, str]) -> str:
    version, words = trained.version, WORDS[trained.version.model_name]
    return "\n".join(
        [
            f"# {words.title}, version {version.version}\n",
            f"**{SIMULATED}**\n",
            f"{words.what}\n",
            *_points("What it is for", words.use),
            *_points("What it is not for", words.misuse),
            *_training(version),
            *_gates(trained.gates),
            f"## Figures\n\nJudged on {words.judged_on}.\n",
            *_overall(trained.metrics),
            *(f"![{title}]({file})\n" for file, title in plots.items()),
            *_by_part(trained.metrics),
            *_points("Known limits", words.limits),
        ]
    )


def _points(title: str, points: Sequence[str]) -> Iterable[str]:
    return [f"## {title}\n", *(f"- {point}" for point in points), ""]


def _training(version: Version) -> Iterable[str]:
    features = ", ".join(f"`{name}`" for name in version.features)
    rows = {
        "days": f"{version.trained_from or '-'} to {version.trained_until or '-'}",
        "rows": f"{version.row_count or 0:,}",
        "features": features,
        "parameters": f"`{json.dumps(json.loads(version.parameters), sort_keys=True)}`",
        "libraries": ", ".join(f"{k} {v}" for k, v in sorted(version.libraries.items())),
        "data (sha256)": f"`{version.data_sha256}`",
        "code (sha256)": f"`{version.code_sha256}`",
        "artefact (sha256)": f"`{version.artifact_sha256}`",
    }
    return ["## Training\n", *_table(["", "value"], [[k, v] for k, v in rows.items()])]


def _gates(gates: Sequence[Gate]) -> Iterable[str]:
    rows = [
        [
            gate.name,
            _number(gate.value),
            f"{'at most' if gate.is_ceiling else 'at least'} {_number(gate.bound)}",
            "yes" if gate.holds else "**no**",
        ]
        for gate in gates
    ]
    head = ["check before promotion", "value", "needed", "holds"]
    return ["## Checks\n", *_table(head, rows)] if rows else []


def _overall(metrics: Sequence[Metric]) -> Iterable[str]:
    rows = [
        [metric.dataset, metric.segment, metric.metric, _number(metric.value), f"{metric.rows:,}"]
        for metric in metrics
        if ":" not in metric.segment
    ]
    return _table(["data", "of", "figure", "value", "rows"], rows)


def _by_part(metrics: Sequence[Metric]) -> Iterable[str]:
    """One table per kind of part: a row per subject and part, a column per figure."""
    kinds: dict[str, dict[tuple[str, str], dict[str, float]]] = {}
    for metric in metrics:
        if ":" in metric.segment:
            subject, _, part = metric.segment.rpartition("/")
            kind, _, value = part.partition(":")
            row = kinds.setdefault(kind, {}).setdefault((subject, value), {"rows": metric.rows})
            row[metric.metric] = metric.value
    for kind, rows in kinds.items():
        columns = list(dict.fromkeys(name for row in rows.values() for name in row))
        yield f"### By {kind.replace('_', ' ')}\n"
        yield from _table(
            ["of", kind, *columns],
            [
                [subject or "all", value, *(_cell(row, name) for name in columns)]
                for (subject, value), row in rows.items()
            ],
        )


def _cell(row: dict[str, float], name: str) -> str:
    if name == "rows":
        return f"{row[name]:,}"
    return _number(row[name]) if name in row else "-"


def _number(value: float) -> str:
    return f"{value:.4f}" if value == value else "-"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    return [*lines, ""]
