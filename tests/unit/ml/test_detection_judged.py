"""The judges of fraud detection on frames whose answer is known by hand."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.detection import (
    Detection,
    figures,
    flagged_by_event,
    out_of_fold,
    recall_by_type,
    threshold_at,
    true_labels,
)
from ml.evaluation.stealth import plot, stealth_table
from ml.evaluation.worlds import Suspects, pooled

DAY = pd.Timestamp("2026-06-30")


def detection() -> Detection:
    """Four honest accounts, two that bought followers, one of the type that is held out."""
    rows = pd.DataFrame(
        {
            "account_key": list("abcdefg"),
            "fraud_probability": [0.1, 0.2, 0.6, 0.0, 0.9, 0.3, 0.15],
            "oracle_probability": [0.1, 0.2, 0.3, 0.0, 0.9, 0.8, 0.7],
            "anomaly_score": [0.1, 0.2, 0.9, 0.3, 0.5, 0.4, 0.6],
            "is_flagged": [False, False, True, False, True, False, False],
            "is_fraud": [False] * 4 + [True] * 3,
            "is_held_out": [False] * 6 + [True],
            "has_bought_followers": [False] * 4 + [True, True, False],
            "has_comment_spam": [False] * 6 + [True],
        }
    )
    events = pd.DataFrame(
        {
            "account_key": ["a", "b", "c", "c", "d", "e"],
            "kind": ["viral_post", "tv_spike", "viral_post", "tv_spike", "purge", "viral_post"],
        }
    )
    return Detection(rows, "by hand", events)


def test_the_threshold_is_the_least_that_keeps_the_precision() -> None:
    label = np.array([1, 1, 0, 1, 0, 0], dtype=bool)
    score = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    assert threshold_at(label, score, 0.9) == 0.8
    assert threshold_at(label, score, 0.75) == 0.6
    assert threshold_at(~label, score, 0.9) == math.inf


def test_recall_counts_the_accounts_of_each_type_that_reach_the_threshold() -> None:
    found = recall_by_type(detection().rows, 0.5)
    assert found.to_dict() == {"bought_followers": 0.5, "comment_spam": 0.0}


def test_a_flagged_look_alike_is_an_honest_account_and_counts_once() -> None:
    table = flagged_by_event(detection())
    assert table.accounts.to_dict() == {
        "purge": 1,
        "tv_spike": 2,
        "viral_post": 2,
        "spikes": 3,
        "none": 0,
    }
    assert table.flagged_share["spikes"] == pytest.approx(1 / 3)
    assert table.flagged_share["purge"] == 0


def test_what_must_hold_is_told_of_the_oracle_the_forest_and_the_spikes() -> None:
    told = {figure.name: figure for figure in figures(detection())}
    known = told["known types: PR-AUC to the oracle's"]
    # ranks 1 and 3 of the known types: (1/1 + 2/3) / 2, the oracle's are the first two
    assert known.value == pytest.approx(5 / 6)
    assert not known.holds
    assert told["held-out type: PR-AUC"].value == pytest.approx(1 / 3)
    assert told["held-out type: PR-AUC to the isolation forest's"].value == pytest.approx(2 / 3)
    assert not told["honest accounts with a viral spike: share flagged"].holds


def test_true_labels_begin_with_the_first_act() -> None:
    features = pd.DataFrame(
        {"account_key": ["a", "a", "b"], "as_of": [DAY - pd.Timedelta(days=14), DAY, DAY]}
    )
    truth = pd.DataFrame(
        {"account_key": ["a", "b"], "first_date": [DAY - pd.Timedelta(days=1), pd.NaT]}
    )
    labelled = true_labels(Suspects(features, features, truth, features))
    assert labelled.is_fraud.tolist() == [False, True, False]


def test_no_model_sees_an_account_of_a_creator_that_it_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Witness:
        def __init__(self, seed: int) -> None:
            self.seen: set[str] = set()

        def fit(self, examples: pd.DataFrame) -> "Witness":
            self.seen = {key[0] for key in examples.account_key}
            return self

        def predict(self, judged: pd.DataFrame) -> pd.DataFrame:
            assert not self.seen & {key[0] for key in judged.account_key}
            known = judged.account_key != "c1"
            return pd.DataFrame(
                {
                    "fraud_probability": known.map({True: 0.5, False: np.nan}),
                    "is_flagged": known.map({True: True, False: None}),
                    "anomaly_score": 0.5,
                }
            )

    monkeypatch.setattr("ml.evaluation.detection.AuthenticityModel", Witness)
    keys = ["a1", "b1", "a2", "c1", "b2", "c2"]
    judged = pd.DataFrame({"account_key": keys, "creator_id": [key[0] for key in keys]})
    examples = pd.concat([judged.drop(columns="creator_id")] * 2, ignore_index=True)
    made = out_of_fold(judged, examples, 3, "by fold")
    assert made.index.tolist() == judged.index.tolist()
    assert made.fraud_probability.tolist() == [0.5, 0.5, 0.5, 0.0, 0.5, 0.5]
    assert made.is_flagged.tolist() == [True, True, True, False, True, True]


def test_creators_of_two_worlds_are_different_and_absent_ones_stay_absent() -> None:
    world = pd.DataFrame(
        {"creator_id": ["1", None], "account_key": ["x:1", "x:2"], "value": [1, 2]}
    )
    both = pooled([world, world])
    assert both.creator_id.nunique() == 2
    assert both.creator_id.isna().tolist() == [False, True, False, True]
    assert both.account_key.tolist() == ["0/x:1", "0/x:2", "1/x:1", "1/x:2"]
    assert both.value.tolist() == [1, 2, 1, 2]


def test_stealth_is_a_table_in_rising_order_and_a_picture(tmp_path: Path) -> None:
    table = stealth_table({0.9: detection(), 0.1: detection()})
    assert table.stealth.tolist() == [0.1, 0.9]
    assert table.pr_auc.tolist() == pytest.approx([5 / 6] * 2)
    assert table.recall.tolist() == [0.5, 0.5]
    plot(table, tmp_path / "stealth.png")
    assert (tmp_path / "stealth.png").read_bytes().startswith(b"\x89PNG")
