"""Risk by peril: frequency, loss, bands, reasons, credibility; what is not known says so."""

import numpy as np
import pandas as pd
import pytest
from skops import io as skops

from ml.insurance.covariates import Covariates
from ml.insurance.duration import DurationCurve
from ml.risk import (
    BAND_EDGES,
    EVENTS_FOR_COVARIATES,
    OUTAGES_FOR_A_CURVE,
    Expert,
    RiskModel,
)

COVARIATES = Covariates(numeric=("suspicion", "follower_log"), categorical=("platform",))
WORDS = {"suspicion": "suspicion of bought followers"}


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    """Simulated incidents: suspicion triples the frequency, mega accounts of youtube double it."""
    rng = np.random.default_rng(11)
    rows = 2_500
    frame = pd.DataFrame(
        {
            "creator_id": rng.integers(0, 1_200, rows).astype(str),
            "suspicion": rng.random(rows),
            "follower_log": rng.normal(9, 1.5, rows),
            "platform": rng.choice(["tiktok", "youtube"], rows),
            "years": rng.uniform(0.3, 1, rows),
        }
    )
    frame["follower_tier"] = np.where(frame.follower_log > 10, "mega", "nano")
    special = (frame.platform == "youtube") & (frame.follower_tier == "mega")
    mean = 0.15 * np.where(frame.suspicion > 0.7, 3, 1) * np.where(special, 2.0, 1.0)
    frame["incidents"] = rng.poisson(mean * frame.years)
    amount = frame.incidents * np.exp(frame.follower_log - 3) * rng.lognormal(0, 0.5, rows)
    frame["amount"] = np.where(frame.incidents > 0, amount, np.nan)
    return frame


@pytest.fixture(scope="module")
def model(history: pd.DataFrame) -> RiskModel:
    return RiskModel("suspension", COVARIATES, words=WORDS).fit(
        history, history.years, history.incidents, history.amount, groups=history.creator_id
    )


@pytest.fixture(scope="module")
def risk(model: RiskModel, history: pd.DataFrame) -> pd.DataFrame:
    return model.predict(history, horizon_days=90)


def test_the_portfolio_is_expected_to_have_what_it_had(
    risk: pd.DataFrame, history: pd.DataFrame
) -> None:
    expected = (risk.event_frequency * history.years).sum()
    assert expected == pytest.approx(history.incidents.sum(), rel=0.02)
    high = history.suspicion > 0.75
    assert risk.event_frequency[high].mean() > 2 * risk.event_frequency[~high].mean()


def test_probability_and_loss_speak_of_the_horizon(risk: pd.DataFrame) -> None:
    periods = risk.event_frequency * 90 / 365
    np.testing.assert_allclose(risk.event_probability, 1 - np.exp(-periods))
    np.testing.assert_allclose(risk.expected_loss_amount, periods * risk.expected_severity_amount)


def test_severity_follows_the_size_of_an_account(risk: pd.DataFrame, history: pd.DataFrame) -> None:
    assert (risk.severity_method == "glm").all()
    size = np.corrcoef(np.log(risk.expected_severity_amount), history.follower_log)[0, 1]
    assert size > 0.9


def test_events_that_cost_nothing_count_in_the_share_that_is_paid(history: pd.DataFrame) -> None:
    """Simulated: two events of five cost nothing, whatever the account."""
    rng = np.random.default_rng(3)
    struck = history.incidents > 0
    amount = history.amount.where(~struck | (rng.random(len(history)) < 0.6), 0.0)
    model = RiskModel("suspension", COVARIATES).fit(
        history, history.years, history.incidents, amount, groups=history.creator_id
    )
    told = model.predict(history)
    free = history.incidents[struck & (amount == 0)].sum() / history.incidents[struck].sum()
    assert model.paid_share_ == pytest.approx(1 - free)
    assert (told.paid_share == model.paid_share_).all()
    assert (told.severity_method == "glm").all()
    losses = (told.expected_loss_amount * history.years).sum()
    assert losses == pytest.approx(amount.sum(), rel=0.15)
    none_paid = RiskModel("suspension", COVARIATES).fit(
        history, history.years, history.incidents, history.amount * 0
    )
    assert none_paid.paid_share_ == 0
    assert none_paid.predict(history).expected_severity_amount.isna().all()


def test_five_bands_rise_with_the_frequency(model: RiskModel, risk: pd.DataFrame) -> None:
    assert risk.risk_band.between(1, 5).all()
    assert risk.groupby("risk_band").event_frequency.mean().is_monotonic_increasing
    top = risk.event_frequency >= BAND_EDGES[-1] * model.average_
    assert (risk.risk_band == 5).equals(top)


def test_a_segments_own_experience_counts_by_its_credibility(
    model: RiskModel, risk: pd.DataFrame, history: pd.DataFrame
) -> None:
    table = model.credibility_.table().set_index("segment")
    assert table["observed"].idxmax() == "youtube/mega"
    assert 0.2 < table.loc["youtube/mega", "credibility"] < 1
    assert table.loc["youtube/mega", "estimate"] > 1.1
    moved = risk.event_frequency / model.glm_.predict(history)
    assert moved.to_numpy() == pytest.approx(table.estimate[risk.segment].to_numpy())
    shown = risk[risk.segment == "youtube/mega"].credibility.unique()
    assert shown == pytest.approx(table.loc["youtube/mega", "credibility"])


def test_reasons_are_at_most_four_and_name_what_moves_the_risk(
    model: RiskModel, history: pd.DataFrame
) -> None:
    suspect = history.head(1).assign(suspicion=0.95)
    told = model.predict(suspect).iloc[0]
    assert told.reason_codes[0] == "suspicion_raises"
    assert told.reasons[0].startswith("suspicion of bought followers (0.95) raises the risk by")
    everyone = model.predict(history)
    assert everyone.reason_codes.map(len).between(1, 4).all()
    assert (everyone.reason_codes.map(len) == everyone.reasons.map(len)).all()


def test_an_unknown_platform_is_recorded(model: RiskModel, history: pd.DataFrame) -> None:
    told = model.predict(history.head(1).assign(platform="twitch")).iloc[0]
    assert told.reason_codes[:2] == ["unknown_segment", "unknown_platform"]
    assert told.credibility == 0
    assert np.isfinite(told.event_frequency)


def test_an_absent_number_is_said_to_be_not_known(model: RiskModel, history: pd.DataFrame) -> None:
    told = model.predict(history.head(1).assign(suspicion=np.nan)).iloc[0]
    assert any("(not known)" in text for text in told.reasons)


def test_the_challenger_predicts_with_the_champions_reasons(history: pd.DataFrame) -> None:
    few = history.head(800)
    champion = RiskModel("suspension", COVARIATES).fit(few, few.years, few.incidents)
    boosted = RiskModel(
        "suspension", COVARIATES, learner="boosting", monotonic={"suspicion": 1}
    ).fit(few, few.years, few.incidents, glm=champion.glm_)
    assert boosted.glm_ is champion.glm_
    steps = few.head(1).loc[[0] * 20].assign(suspicion=np.linspace(0, 1, 20))
    told = boosted.predict(steps)
    assert (np.diff(told.event_frequency) >= 0).all()
    assert set(told.frequency_method) == {"boosting"}
    assert told.expected_severity_amount.isna().all()
    assert set(told.severity_method) == {"none"}


def test_few_losses_give_their_mean(history: pd.DataFrame) -> None:
    few = history.head(120)
    small = RiskModel("suspension", COVARIATES).fit(few, few.years, few.incidents, few.amount)
    told = small.predict(few)
    assert set(told.severity_method) == {"mean"}
    mean = few.amount.sum() / few.incidents.sum()
    assert told.expected_severity_amount.unique() == pytest.approx(mean)


def test_an_expert_stands_in_for_experience(history: pd.DataFrame) -> None:
    expert = Expert(frequency=0.05, years=history.years.sum())
    none = np.zeros(len(history))
    told = RiskModel("liability", COVARIATES, expert=expert).fit(history, history.years, none)
    found = told.predict(history.head(3))
    assert told.portfolio_credibility_ == pytest.approx(0.5)
    assert found.event_frequency.tolist() == pytest.approx([0.025] * 3)
    assert set(found.frequency_method) == {"expert"}
    assert found.risk_band.tolist() == [3, 3, 3]


def test_a_handful_of_events_moves_the_level_alone(history: pd.DataFrame) -> None:
    few = history.head(100)
    assert 5 < few.incidents.sum() < EVENTS_FOR_COVARIATES
    expert = Expert(frequency=0.05, years=few.years.sum())
    told = RiskModel("suspension", COVARIATES, segments=(), expert=expert).fit(
        few, few.years, few.incidents
    )
    found = told.predict(history.head(50))
    own = few.incidents.sum() / few.years.sum()
    assert found.event_frequency.tolist() == pytest.approx([(own + 0.05) / 2] * 50, rel=0.3)
    assert found.event_frequency.nunique() == 1
    assert found.reason_codes.iloc[0] == ["little_experience"]


def test_outages_have_an_expected_length_once_durations_are_known(model: RiskModel) -> None:
    frame = pd.DataFrame(
        {"suspicion": [0.5], "follower_log": [9.0], "platform": "tiktok", "follower_tier": "nano"}
    )
    assert np.isnan(model.predict(frame).expected_days.iloc[0])
    model.fit_duration([3, 5, 6, 8, 12, np.inf], [True] * 5 + [False])
    assert 10 < model.predict(frame).expected_days.iloc[0] < 40
    assert model.paid_days(cap_days=30) < model.paid_days()
    assert model.paid_days(waiting_days=5, cap_days=30) < model.paid_days(cap_days=30)
    model.duration_ = None


def test_few_outages_leave_an_experts_curve_as_it_is() -> None:
    believed = DurationCurve(0.3, 5, 1)
    frame = pd.DataFrame({"suspicion": [0.5] * 9, "follower_log": 9.0, "platform": "tiktok"})
    model = RiskModel(
        "suspension", COVARIATES, segments=("platform",), expert=Expert(0.05, 100, believed)
    ).fit(frame, np.ones(9), np.zeros(9))
    assert np.isnan(model.paid_days())
    few = OUTAGES_FOR_A_CURVE - 1
    model.fit_duration([2] * few, [True] * few)
    assert (model.duration_, model.duration_method_) == (believed, "expert")
    many = OUTAGES_FOR_A_CURVE
    model.fit_duration(list(range(2, many + 2)), [True] * many)
    assert model.duration_method_ == "curve"
    assert model.duration_.median_days > 6
    model.expert = Expert(0.05, 100)
    model.fit_duration([], [])
    assert np.isnan(model.paid_days())


def test_a_model_is_stored_without_any_function_and_predicts_the_same(
    model: RiskModel, history: pd.DataFrame, risk: pd.DataFrame
) -> None:
    content = skops.dumps(model)
    foreign = set(skops.get_untrusted_types(data=content))
    assert foreign <= {
        "ml.insurance.covariates.Covariates",
        "ml.insurance.covariates.NumericColumn",
        "ml.insurance.credibility.BuhlmannStraub",
        "ml.insurance.frequency.FrequencyGLM",
        "ml.risk.RiskModel",
        "ml.insurance.severity.SeverityGLM",
    }
    again = skops.loads(content, trusted=sorted(foreign)).predict(history, horizon_days=90)
    pd.testing.assert_frame_equal(again, risk)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"counts": [0.0, 0.0]}, "has an event"),
        ({"exposure": [1.0, -1.0]}, "exposure: -1"),
        ({"exposure": [1.0, 0.0]}, "1 events stand in rows with an exposure of 0"),
        ({"amounts": [1.0, -5.0]}, "amounts: -5 in row 1"),
        ({"amounts": [1.0]}, "amounts:"),
    ],
)
def test_bad_training_sets_are_refused(change: dict, words: str) -> None:
    frame = pd.DataFrame({"suspicion": [0.0, 1.0], "follower_log": 9.0, "platform": "tiktok"})
    given = {"exposure": [1.0, 1.0], "counts": [0, 1], "amounts": None} | change
    with pytest.raises(ValueError, match=words):
        RiskModel("suspension", COVARIATES, segments=("platform",)).fit(frame, **given)


def test_other_misuse_is_refused(model: RiskModel, history: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="training set is empty"):
        RiskModel("suspension", COVARIATES).fit(history.head(0), [], [])
    with pytest.raises(ValueError, match="not fitted"):
        RiskModel("suspension", COVARIATES).predict(history)
    with pytest.raises(ValueError, match="horizon of 0 days"):
        model.predict(history, horizon_days=0)
    with pytest.raises(ValueError, match="segment column follower_tier is missing"):
        model.predict(history.drop(columns="follower_tier"))
    with pytest.raises(ValueError, match="column suspicion is missing"):
        model.predict(history.drop(columns="suspicion"))
    with pytest.raises(ValueError, match="age may not set the price"):
        RiskModel("suspension", Covariates(numeric=("age",)))
    with pytest.raises(ValueError, match="learner neural"):
        RiskModel("suspension", COVARIATES, learner="neural")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expert: frequency 0"):
        Expert(0, 10)
