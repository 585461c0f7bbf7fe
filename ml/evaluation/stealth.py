"""Detection against stealth: how much is found the better fraud hides, as a table and a plot.

Each level of stealth is a world of its own, judged by models that were fitted in it on other
creators. Simulated: no claim about real creators.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from sklearn.metrics import average_precision_score

from ml.evaluation.detection import PRECISION, Detection, recall_by_type, threshold_at
from ml.evaluation.figures import Figure

RECALL = "recall: "


def stealth_table(detections: Mapping[float, Detection]) -> pd.DataFrame:
    """One row per level, rising.

    Returns:
        ``stealth``, ``pr_auc`` and ``chance`` (known types), ``oracle``, ``recall`` at 90 %
        precision, and a column ``recall: <type>`` for each type.
    """
    return pd.DataFrame([_row(level, detections[level]) for level in sorted(detections)])


def _row(level: float, detection: Detection) -> dict[str, float]:
    rows = detection.known
    threshold = threshold_at(rows.is_fraud, rows.fraud_probability)
    by_type = recall_by_type(detection.rows, threshold)
    return {
        "stealth": level,
        "pr_auc": float(average_precision_score(rows.is_fraud, rows.fraud_probability)),
        "oracle": float(average_precision_score(rows.is_fraud, rows.oracle_probability)),
        "chance": float(rows.is_fraud.mean()),
        "recall": float((rows[rows.is_fraud].fraud_probability >= threshold).mean()),
        **{f"{RECALL}{name}": float(value) for name, value in by_type.items()},
    }


def figures(table: pd.DataFrame) -> list[Figure]:
    """The table's cells."""
    return [
        Figure(f"stealth {row['stealth']:g}: {name.replace('_', ' ')}", float(row[name]))
        for _, row in table.iterrows()
        for name in map(str, table.columns)
        if name != "stealth"
    ]


def plot(table: pd.DataFrame, path: Path) -> None:
    """Write the table as a picture (PNG)."""
    # takes a second to load, and no training needs it
    from matplotlib.figure import Figure as Picture

    figure = Picture(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    for column, label in (("pr_auc", "model"), ("oracle", "oracle"), ("chance", "chance")):
        left.plot(table.stealth, table[column], marker="o", label=label)
    left.set(title="PR-AUC, known types", xlabel="stealth", ylim=(0, 1.02))
    for column in [name for name in map(str, table.columns) if name.startswith(RECALL)]:
        label = column.removeprefix(RECALL).replace("_", " ")
        right.plot(table.stealth, table[column], marker="o", label=label)
    right.set(title=f"Recall at {PRECISION:.0%} precision, by type", xlabel="stealth")
    for axes in (left, right):
        axes.legend(fontsize="small")
        axes.grid(alpha=0.3)
    figure.suptitle("Fraud found against how well it hides (simulated)")
    figure.savefig(path, dpi=120)
