"""The authenticity model on hand-made accounts whose guilt follows from their signals."""

import numpy as np
import pandas as pd
import pytest

from ml.authenticity import (
    BAND_EDGES,
    LEAST_SIGNALS,
    MODEL_FEATURES,
    SIGNALS,
    AuthenticityModel,
)

ACCOUNTS, DAYS = 160, 3


def examples(seed: int = 1) -> pd.DataFrame:
    """Accounts on three days; one in five follows and unfollows, or jumps without a post."""
    rng = np.random.default_rng(seed)
    guilty = np.arange(ACCOUNTS) % 5 == 0
    rows = []
    for day in pd.date_range("2026-01-01", periods=DAYS, freq="14D"):
        frame = pd.DataFrame(rng.normal(size=(ACCOUNTS, len(MODEL_FEATURES))))
        frame.columns = pd.Index(MODEL_FEATURES)
        frame["follow_turns"] = np.where(
            guilty, rng.poisson(4, ACCOUNTS), rng.poisson(0.2, ACCOUNTS)
        )
        frame["unexplained_spike_peak"] = rng.gamma(2, 3, ACCOUNTS) + 12 * guilty
        frame.loc[rng.random(ACCOUNTS) < 0.3, "pod_share"] = np.nan
        rows.append(
            frame.assign(
                account_key=[f"tiktok:{n}" for n in range(ACCOUNTS)],
                creator_id=[f"creator_{n // 2}" for n in range(ACCOUNTS)],
                as_of=day,
                reason_code_count=guilty.astype(float),
                is_fraud=guilty,
            )
        )
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def fitted() -> AuthenticityModel:
    return AuthenticityModel(members=3).fit(examples())


def test_the_guilty_stand_out_with_their_reason(fitted: AuthenticityModel) -> None:
    fresh = examples(seed=2)
    scores = fitted.predict(fresh)
    guilty = fresh.is_fraud
    assert scores.fraud_probability[guilty].min() > scores.fraud_probability[~guilty].median()
    assert scores.authenticity_score.between(0, 100).all()
    pd.testing.assert_series_equal(
        scores.authenticity_score, 100 * (1 - scores.fraud_probability), check_names=False
    )
    named = scores.reason_codes[guilty].map(
        lambda codes: bool({"FOLLOW_UNFOLLOW", "UNEXPLAINED_SPIKE"} & set(codes))
    )
    assert named.mean() > 0.9
    assert scores.reasons.map(len).max() <= 4
    assert (scores.reasons.map(len) == scores.reason_codes.map(len)).all()


def test_reasons_are_sought_among_suspicious_signals_alone_and_in_parts(
    fitted: AuthenticityModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = examples(seed=2)
    whole = fitted.predict(fresh)
    asked: list[int] = []
    raw = AuthenticityModel._raw

    def counted(self: AuthenticityModel, inputs: np.ndarray) -> np.ndarray:
        asked.append(len(inputs))
        return raw(self, inputs)

    monkeypatch.setattr(AuthenticityModel, "_raw", counted)
    monkeypatch.setattr("ml.authenticity.ASKED_AT_ONCE", 100)
    pd.testing.assert_frame_equal(fitted.predict(fresh), whole)
    assert asked.pop(0) == len(fresh)
    assert max(asked) == 100
    assert sum(asked) < 0.7 * len(SIGNALS) * len(fresh)


def test_the_interval_holds_the_probability(fitted: AuthenticityModel) -> None:
    scores = fitted.predict(examples(seed=3))
    assert (scores.fraud_probability_lower <= scores.fraud_probability).all()
    assert (scores.fraud_probability <= scores.fraud_probability_upper).all()
    assert (scores.fraud_probability_lower < scores.fraud_probability_upper).any()


def test_bands_follow_the_probability(fitted: AuthenticityModel) -> None:
    scores = fitted.predict(examples(seed=4))
    order = scores.groupby("band").fraud_probability.agg(["min", "max"]).sort_values("min")
    assert (order["max"].to_numpy()[:-1] < order["min"].to_numpy()[1:]).all()
    genuine = scores[scores.band == "genuine"]
    assert (genuine.fraud_probability < BAND_EDGES[0]).all()


def test_a_more_suspicious_signal_never_lowers_the_risk(fitted: AuthenticityModel) -> None:
    frame = examples(seed=5).head(60)
    before = fitted.predict(frame).fraud_probability
    for signal in SIGNALS:
        worse = frame.assign(**{signal.feature: frame[signal.feature] + 2 * signal.direction})
        known = frame[signal.feature].notna()
        after = fitted.predict(worse).fraud_probability
        assert (after[known] >= before[known] - 1e-9).all(), signal.feature


def test_the_same_seed_gives_the_same_scores(fitted: AuthenticityModel) -> None:
    again = AuthenticityModel(members=3).fit(examples())
    fresh = examples(seed=6)
    pd.testing.assert_frame_equal(fitted.predict(fresh), again.predict(fresh))
    other = AuthenticityModel(members=3, seed=8).fit(examples())
    assert not fitted.predict(fresh).equals(other.predict(fresh))


def test_too_little_known_gives_no_score(fitted: AuthenticityModel) -> None:
    frame = examples(seed=7).head(2)
    names = [signal.feature for signal in SIGNALS]
    frame.loc[0, names[LEAST_SIGNALS - 1 :]] = np.nan
    frame.loc[1, names[LEAST_SIGNALS:]] = np.nan
    scores = fitted.predict(frame)
    assert scores.signal_count.tolist() == [LEAST_SIGNALS - 1, LEAST_SIGNALS]
    assert scores.authenticity_score.isna().tolist() == [True, False]
    assert scores.band[0] is None
    assert scores.is_flagged[0] is None
    assert scores.reasons[0] == []


def test_a_signal_that_was_never_known_does_no_harm() -> None:
    blind = examples().assign(spike_lost_60=np.nan)
    model = AuthenticityModel(members=2).fit(blind)
    assert model.predict(examples(seed=8)).fraud_probability.notna().all()


def test_unseen_rows_are_of_the_last_days(fitted: AuthenticityModel) -> None:
    data = examples()
    unseen = fitted.unseen(data)
    assert unseen.as_of.min() == data.as_of.max()
    assert unseen.fraud_probability.between(0, 1).all()


def test_the_judged_probabilities_know_nothing_of_the_creators_that_judge(
    fitted: AuthenticityModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their labels turned around leave it as it was."""
    data = examples()
    judges = set(fitted.unseen(data).creator_id)
    assert 0.3 < len(judges) / data.creator_id.nunique() <= 0.5
    guilty = data.groupby("creator_id").is_fraud.max()
    assert guilty[guilty.index.isin(judges)].mean() == pytest.approx(guilty.mean(), abs=0.05)
    later = data.as_of == data.as_of.max()
    turned = data.assign(is_fraud=data.is_fraud ^ (later & data.creator_id.isin(judges)))
    monkeypatch.setattr(
        "ml.authenticity._in_first_half", lambda creator, *_: ~np.isin(creator, list(judges))
    )
    again = AuthenticityModel(members=3).fit(turned)
    np.testing.assert_array_equal(again.judged, fitted.judged)
    np.testing.assert_array_equal(again.judged_probability, fitted.judged_probability)
    assert again.slope != fitted.slope


def test_bad_frames_are_named(fitted: AuthenticityModel) -> None:
    with pytest.raises(ValueError, match=r"columns are missing: pod_share\. Add"):
        fitted.predict(examples().drop(columns="pod_share"))
    honest = examples().assign(is_fraud=False)
    with pytest.raises(ValueError, match="0 fraud accounts"):
        AuthenticityModel().fit(honest)
    with pytest.raises(ValueError, match="0 fraud accounts"):
        AuthenticityModel().fit(honest.head(0))
