"""Claims triage: lanes by capacity, learned from earlier claims, judged by later ones."""

import numpy as np
import pandas as pd
import pytest
from skops import io as skops

import ml.claims
from ml.claims import LANES, TriageModel
from ml.insurance.covariates import Covariates

MONOTONIC = {"share_of_ceiling": 1, "delay_days": -1}
COVARIATES = Covariates(numeric=("delay_days", "share_of_ceiling"), categorical=("peril",))


@pytest.fixture(scope="module", autouse=True)
def _few_trees() -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(ml.claims, "_MOST_TREES", 60)
    patch.setattr(ml.claims, "_LEARNING_RATE", 0.1)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def claims() -> pd.DataFrame:
    """Simulated claims: those near the ceiling are often fraud."""
    rng = np.random.default_rng(6)
    rows = 3_000
    frame = pd.DataFrame(
        {
            "delay_days": rng.lognormal(1.5, 0.9, rows),
            "share_of_ceiling": rng.random(rows),
            "peril": rng.choice(["account_takeover", "suspension"], rows),
            "filed_on": pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(rows) // 8, "D"),
        }
    )
    odds = -4 + 4 * frame.share_of_ceiling + (frame.peril == "account_takeover")
    frame["is_fraud"] = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return frame


@pytest.fixture(scope="module")
def model(claims: pd.DataFrame) -> TriageModel:
    known = claims[:2_000]
    return TriageModel(COVARIATES, monotonic=MONOTONIC).fit(known, known.is_fraud, known.filed_on)


def test_lanes_keep_to_their_capacity_and_separate_fraud(
    model: TriageModel, claims: pd.DataFrame
) -> None:
    later = claims[2_000:]
    told = model.predict(later)
    share = told.lane.value_counts(normalize=True)
    assert set(share.index) == set(LANES)
    assert share["fast_track"] == pytest.approx(0.4, abs=0.06)
    assert share["investigate"] == pytest.approx(0.1, abs=0.04)
    fraud = later.is_fraud.groupby(told.lane).mean()
    assert fraud["fast_track"] < 0.5 * fraud["standard"] < 0.5 * fraud["investigate"]
    assert told.score.mean() == pytest.approx(later.is_fraud.mean(), abs=0.03)


def test_no_lane_denies_a_claim() -> None:
    assert LANES == ("fast_track", "standard", "investigate")


def test_thresholds_of_no_capacity_fill_no_lane(claims: pd.DataFrame) -> None:
    known = claims[:2_000]
    model = TriageModel(COVARIATES, fast_track_share=0, investigate_share=0)
    model.fit(known, known.is_fraud, known.filed_on)
    lanes = model.predict(known).lane
    assert set(lanes) == {"standard"}


def test_the_score_rises_with_what_may_only_raise_it(
    model: TriageModel, claims: pd.DataFrame
) -> None:
    steps = claims.head(1).loc[[0] * 30]
    shares = model.predict(steps.assign(share_of_ceiling=np.linspace(0, 1, 30))).score
    assert (np.diff(shares) >= 0).all()
    # nothing but chance in the data: without the constraint it would go up and down
    delays = model.predict(steps.assign(delay_days=np.linspace(0, 20, 30))).score
    assert (np.diff(delays) <= 0).all()


def test_reasons_say_what_moves_the_odds(model: TriageModel, claims: pd.DataFrame) -> None:
    told = model.predict(claims.head(1).assign(share_of_ceiling=0.99)).iloc[0]
    assert told.reason_codes[0] == "share_of_ceiling_raises"
    assert "raises the odds of fraud by" in told.reasons[0]


def test_what_was_never_seen_is_not_fast_tracked(model: TriageModel, claims: pd.DataFrame) -> None:
    safe = claims.head(1).assign(share_of_ceiling=0.0, peril="suspension", delay_days=4.0)
    assert model.predict(safe).lane.iloc[0] == "fast_track"
    for change, code in (({"peril": "alien"}, "unknown_peril"),
                         ({"delay_days": np.nan}, "absent_delay_days")):  # fmt: skip
        told = model.predict(safe.assign(**change)).iloc[0]
        assert told.lane != "fast_track"
        assert told.reason_codes[0] == code


def test_the_order_of_rows_is_irrelevant_where_times_are_given(
    model: TriageModel, claims: pd.DataFrame
) -> None:
    known = claims[:2_000].sample(frac=1, random_state=1)
    shuffled = TriageModel(COVARIATES, monotonic=MONOTONIC).fit(
        known, known.is_fraud, known.filed_on
    )
    later = claims[2_000:]
    difference = (shuffled.predict(later).score - model.predict(later).score).abs()
    assert difference.mean() < 0.01


def test_a_model_is_stored_without_any_function_and_repeats_itself(
    model: TriageModel, claims: pd.DataFrame
) -> None:
    known = claims[:2_000]
    again = TriageModel(COVARIATES, monotonic=MONOTONIC).fit(known, known.is_fraud, known.filed_on)
    content = skops.dumps(again)
    foreign = set(skops.get_untrusted_types(data=content))
    assert foreign <= {
        "ml.claims.TriageModel",
        "ml.insurance.covariates.Covariates",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    }
    loaded = skops.loads(content, trusted=sorted(foreign))
    pd.testing.assert_frame_equal(loaded.predict(claims), model.predict(claims))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"is_fraud": np.zeros(300)}, "0 of the 195 earlier claims are fraud"),
        ({"is_fraud": np.full(300, 0.5)}, "not true or false"),
        ({"is_fraud": [True]}, "1 labels for 300 claims"),
        ({"filed_at": [None] * 300}, "300 absent"),
    ],
)
def test_bad_training_sets_are_refused(claims: pd.DataFrame, change: dict, words: str) -> None:
    few = claims.head(300)
    given = {"is_fraud": few.is_fraud, "filed_at": None} | change
    with pytest.raises(ValueError, match=words):
        TriageModel(COVARIATES).fit(few, **given)


def test_other_misuse_is_refused(claims: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="not fitted"):
        TriageModel(COVARIATES).predict(claims)
    with pytest.raises(ValueError, match="add up to at most 1"):
        TriageModel(COVARIATES, fast_track_share=0.8, investigate_share=0.3)
    with pytest.raises(ValueError, match="later_share 1"):
        TriageModel(COVARIATES, later_share=1)
    with pytest.raises(ValueError, match="gender may not"):
        TriageModel(Covariates(categorical=("gender",)))
    with pytest.raises(ValueError, match="no rows"):
        TriageModel(COVARIATES).fit(claims.head(0), [])
