"""A version's card: what it tells, that it is the same again, and what happens without one."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ml.candidate import Gate, Metric, Trained, defined
from ml.cards.card import CARD_FILE, read_card, write_card
from ml.registry import Version

PARTS = ("platform:tiktok", "size:10k-100k", "language:en")


def trained(name: str, metrics: list[Metric]) -> Trained:
    version = Version(
        model_name=name,
        version="0123456789abcdef",
        stage="candidate",
        reason="trained",
        trained_from=date(2026, 1, 1),
        trained_until=date(2026, 6, 30),
        row_count=2_720,
        features=["pod_share", "churn_high"],
        parameters='{"seed": 7}',
        data_sha256="d" * 64,
        code_sha256="c" * 64,
        libraries={"numpy": "2.3.1"},
        artifact_uri=f"{name}/0123456789abcdef/model.skops",
        artifact_sha256="a" * 64,
        created_at=datetime.now(UTC),
    )
    gates = [
        Gate("average precision", 0.61, 0.1, False),
        Gate("Brier score", 0.2, 0.1, True),
    ]
    return Trained(version, metrics, gates)


def authenticity() -> Trained:
    metrics = defined({"average_precision": 0.61, "base_rate": 0.1}, 900)
    for part in PARTS:
        metrics += defined({"false_positive_rate": 0.02, "flagged_share": 0.08}, 300, part)
    for band in range(1, 5):
        figures = {"mean_probability": band / 5, "event_rate": band / 6}
        metrics += defined(figures, 225, f"band:{band}")
    return trained("authenticity", [*metrics, *defined({"psi": 0.3}, 900, "feature:pod_share")])


def risk() -> Trained:
    ratio = {"actual_to_expected": 0.9, "actual_to_expected_error": 0.2}
    metrics = defined({"events": 3.0}, 900, "suspension", "train") + defined(ratio, 900, "all")
    for part in PARTS:
        metrics += defined(ratio, 300, f"all/{part}")
    for band in range(1, 6):
        metrics += defined({"actual_rate": band / 100}, 180, f"all/band:{band}")
        told = {"actual": band / 3, "champion": 1.0, "challenger": band / 4}
        metrics += defined(told, 180, f"all/double_lift:{band}")
    return trained("risk", metrics)


def growth() -> Trained:
    metrics = defined({"coverage_80": 0.79}, 900, "follower_count")
    for part in ("horizon:7", "horizon:14", "platform:tiktok"):
        figures = {"coverage_80": 0.79, "coverage_95": 0.94}
        figures |= {"gain_wape": 0.5, "gain_wape_of_drift": 0.7}
        metrics += defined(figures, 300, f"follower_count/{part}")
    return trained("growth", metrics)


@pytest.mark.parametrize(
    ("made", "plots"),
    [
        (authenticity(), {"calibration.png", "lift.png", "false_positives.png"}),
        (risk(), {"lift.png", "actual_to_expected.png", "double_lift.png"}),
        (growth(), {"coverage.png", "gain.png", "coverage_by_part.png"}),
    ],
    ids=lambda value: value.version.model_name if isinstance(value, Trained) else "",
)
def test_a_card_has_its_plots_and_is_the_same_again(
    made: Trained, plots: set[str], tmp_path: Path
) -> None:
    digests = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        text = write_card(made, folder).read_text()
        digests.append(
            {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}
        )
        assert set(digests[-1]) == {CARD_FILE, *plots}
        assert all(f"]({name})" in text for name in plots)
    assert digests[0] == digests[1]
    assert "Simulated: no claim about real creators." in text
    assert not read_card(tmp_path / "one" / CARD_FILE, with_plots=False).count("![")


def test_a_card_tells_where_a_version_comes_from_and_how_it_does(tmp_path: Path) -> None:
    made = authenticity()
    text = write_card(made, tmp_path).read_text()
    for told in (
        "# Authenticity, version 0123456789abcdef",
        "| days | 2026-01-01 to 2026-06-30 |",
        "| rows | 2,720 |",
        "`pod_share`, `churn_high`",
        "numpy 2.3.1",
        "| average precision | 0.6100 | at least 0.1000 | yes |",
        "| Brier score | 0.2000 | at most 0.1000 | **no** |",
        "| validation | all | average_precision | 0.6100 | 900 |",
        "| all | tiktok | 300 | 0.0200 | 0.0800 |",
        "| all | pod_share | 900 | 0.3000 |",
        "## What it is not for",
        "## Known limits",
    ):
        assert told in text
    assert "nan" not in text


def test_a_candidate_of_few_figures_has_a_card_without_plots(tmp_path: Path) -> None:
    bare = replace(risk(), metrics=[], gates=[])
    assert "![" not in write_card(bare, tmp_path).read_text()
    assert [path.name for path in tmp_path.iterdir()] == [CARD_FILE]


def test_a_missing_card_is_an_empty_one(tmp_path: Path) -> None:
    assert read_card(tmp_path / "nowhere" / CARD_FILE) == ""


def test_training_starts_without_plots() -> None:
    code = "import sys, ml.jobs; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
