"""Frequencies: coefficients with errors against another library, penalties, bad input."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.insurance.covariates import Covariates
from ml.insurance.frequency import FrequencyBoosting, FrequencyGLM, exposed
from ml.insurance.monotone_boosting import MonotoneBoosting
from ml.insurance.severity import SeverityBoosting, SeverityGLM

COVARIATES = Covariates(numeric=("size", "cheats"), categorical=("platform",))
TRUE = {"intercept": np.log(0.2), "size": 0.4, "cheats": 0.7, "platform=b": 0.3, "platform=c": 0.0}


@pytest.fixture(scope="module")
def portfolio() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = 4_000
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=rows),
            "cheats": rng.random(rows) < 0.2,
            "platform": rng.choice(list("abc"), rows),
            "creator": rng.integers(0, 1_500, rows),
            "years": rng.uniform(0.2, 1, rows),
        }
    )
    mean = 0.2 * np.exp(0.4 * frame["size"] + 0.7 * frame.cheats + 0.3 * (frame.platform == "b"))
    frame["events"] = rng.poisson(mean * frame.years)
    frame["amount"] = rng.gamma(2.0, np.exp(5 + 0.5 * frame["size"]))
    return frame


@pytest.fixture(scope="module")
def linear(portfolio: pd.DataFrame) -> FrequencyGLM:
    model = FrequencyGLM(COVARIATES, design="linear")
    return model.fit(portfolio, portfolio.years, portfolio.events, groups=portfolio.creator)


def test_coefficients_and_errors_are_those_of_statsmodels(
    portfolio: pd.DataFrame, linear: FrequencyGLM
) -> None:
    design = sm.add_constant(
        pd.DataFrame(
            {
                "size": portfolio["size"],
                "cheats": portfolio.cheats * 1.0,
                "b": (portfolio.platform == "b") * 1.0,
                "c": (portfolio.platform == "c") * 1.0,
            }
        )
    )
    other = sm.GLM(portfolio.events, design, family=sm.families.Poisson(), exposure=portfolio.years)
    plain = other.fit()
    clustered = other.fit(cov_type="cluster", cov_kwds={"groups": portfolio.creator})
    found = linear.coefficients()
    assert found["term"].tolist() == list(TRUE)
    np.testing.assert_allclose(found["coefficient"], plain.params, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["standard_error"], plain.bse, rtol=1e-4)
    robust = linear.coefficients("robust")["standard_error"]
    np.testing.assert_allclose(robust, clustered.bse, rtol=2e-3)


def test_generating_coefficients_lie_within_three_errors(linear: FrequencyGLM) -> None:
    found = linear.coefficients().set_index("term")
    beyond = (found["coefficient"] - pd.Series(TRUE)).abs() / found["standard_error"]
    assert beyond.max() < 3


def test_gamma_coefficients_and_errors_are_those_of_statsmodels(portfolio: pd.DataFrame) -> None:
    design = sm.add_constant(pd.DataFrame({"size": portfolio["size"]}))
    other = sm.GLM(
        portfolio.amount, design, family=sm.families.Gamma(sm.families.links.Log())
    ).fit()
    model = SeverityGLM(Covariates(numeric=("size",)), design="linear")
    found = model.fit(portfolio, portfolio.amount).coefficients()
    np.testing.assert_allclose(found["coefficient"], other.params, rtol=1e-4)
    np.testing.assert_allclose(found["standard_error"], other.bse, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:The inner solver of NewtonCholeskySolver")
def test_a_term_that_the_data_say_nothing_of_has_no_error(portfolio: pd.DataFrame) -> None:
    frame = portfolio.assign(always=1.0, size_again=portfolio["size"])
    model = FrequencyGLM(Covariates(numeric=("size", "size_again")), design="linear")
    found = model.fit(frame, frame.years, frame.events).coefficients()
    assert found["standard_error"].isna().all()


def test_errors_are_refused_where_they_would_not_mean_what_they_say(
    portfolio: pd.DataFrame,
) -> None:
    spline = FrequencyGLM(COVARIATES, penalties=(0.1,))
    spline.fit(portfolio, portfolio.years, portfolio.events)
    with pytest.raises(ValueError, match="design spline"):
        spline.coefficients()
    alone = FrequencyGLM(COVARIATES, design="linear")
    alone.fit(portfolio, portfolio.years, portfolio.events)
    with pytest.raises(ValueError, match="need groups"):
        alone.coefficients("robust")


def test_splines_keep_the_level_and_choose_a_penalty(portfolio: pd.DataFrame) -> None:
    model = FrequencyGLM(COVARIATES).fit(portfolio, portfolio.years, portfolio.events)
    expected = (model.predict(portfolio) * portfolio.years).sum()
    assert expected == pytest.approx(portfolio.events.sum(), rel=1e-6)
    assert model.penalty_ in model.penalties


def test_contributions_add_up_to_the_prediction(portfolio: pd.DataFrame) -> None:
    model = FrequencyGLM(COVARIATES, penalties=(0.01,))
    model.fit(portfolio, portfolio.years, portfolio.events)
    parts = model.contributions(portfolio)
    assert list(parts.columns) == list(COVARIATES.columns)
    np.testing.assert_allclose(
        np.exp(model.log_average + parts.sum(axis=1)), model.predict(portfolio)
    )
    weighted = np.average(parts, axis=0, weights=portfolio.years)
    np.testing.assert_allclose(weighted, 0, atol=1e-9)


def test_a_level_never_seen_counts_as_average(portfolio: pd.DataFrame) -> None:
    model = FrequencyGLM(COVARIATES, penalties=(0.01,))
    model.fit(portfolio, portfolio.years, portfolio.events)
    stranger = portfolio.head(1).assign(platform="twitch")
    assert model.contributions(stranger)["platform"].iloc[0] == 0.0
    assert np.isfinite(model.predict(stranger)).all()


def test_boosting_keeps_to_its_constraint_and_repeats_itself(portfolio: pd.DataFrame) -> None:
    fitted = [
        FrequencyBoosting(COVARIATES, monotonic={"size": 1}, learning_rate=0.3).fit(
            portfolio, portfolio.years, portfolio.events, groups=portfolio.creator, seed=3
        )
        for _ in range(2)
    ]
    steps = pd.DataFrame({"size": np.linspace(-3, 3, 60), "cheats": False, "platform": "a"})
    rates, again = (model.predict(steps) for model in fitted)
    assert (np.diff(rates) >= 0).all()
    assert rates[-1] > rates[0]
    np.testing.assert_array_equal(rates, again)


def test_severity_boosting_follows_the_amounts(portfolio: pd.DataFrame) -> None:
    claims = portfolio.head(1_000)
    model = SeverityBoosting(COVARIATES, learning_rate=0.3).fit(claims, claims.amount)
    assert np.corrcoef(np.log(model.predict(claims)), claims["size"])[0, 1] > 0.8


def test_a_constraint_on_no_numeric_column_is_refused() -> None:
    with pytest.raises(ValueError, match="platform is constrained"):
        MonotoneBoosting(COVARIATES, monotonic={"platform": 1})


@pytest.mark.parametrize(
    ("exposure", "counts", "words"),
    [
        ([1.0, -0.5], [0, 1], "exposure: -0.5"),
        ([1.0, np.nan], [0, 1], "exposure: nan"),
        ([1.0, 0.0], [0, 1], "1 events stand in rows with an exposure of 0"),
        ([0.0, 0.0], [0, 0], "all rows are 0"),
        ([1.0, 1.0], [0, 0.5], "no whole number"),
        ([1.0, 1.0], [0, -1], "counts: -1"),
        ([1.0], [0, 1], "values for 2 rows"),
        (["a", "b"], [0, 1], "not all values are numbers"),
        ([1.0, 1.0], [0, 0], "none of the 2 rows has an event"),
    ],
)
def test_bad_exposures_and_counts_are_refused(exposure: list, counts: list, words: str) -> None:
    frame = pd.DataFrame({"size": [0.0, 1.0]})
    with pytest.raises(ValueError, match=words):
        FrequencyGLM(Covariates(numeric=("size",))).fit(frame, exposure, counts)


def test_an_empty_training_set_is_refused() -> None:
    frame = pd.DataFrame({"size": pd.Series(dtype=float)})
    with pytest.raises(ValueError, match="training set is empty"):
        FrequencyGLM(Covariates(numeric=("size",))).fit(frame, [], [])
    with pytest.raises(ValueError, match="training set is empty"):
        SeverityGLM(Covariates(numeric=("size",))).fit(frame, [])


@pytest.mark.parametrize("amounts", [[1.0, 0.0], [1.0, np.nan], [1.0, -2.0], [1.0]])
def test_bad_amounts_are_refused(amounts: list) -> None:
    frame = pd.DataFrame({"size": [0.0, 1.0]})
    with pytest.raises(ValueError, match="amounts:"):
        SeverityGLM(Covariates(numeric=("size",))).fit(frame, amounts)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 3)), min_size=1, max_size=20))
def test_only_exposed_rows_are_kept_and_no_event_is_lost(rows: list[tuple[float, int]]) -> None:
    frame = pd.DataFrame({"x": range(len(rows))})
    years, counts = (list(column) for column in zip(*rows, strict=True))
    lost = sum(n for y, n in rows if y == 0)
    if lost or not any(years):
        with pytest.raises(ValueError, match="exposure"):
            exposed(frame, years, counts)
        return
    kept, found_years, found = exposed(frame, years, counts)
    assert found.sum() == sum(counts)
    assert found_years.sum() == pytest.approx(sum(years))
    assert kept.sum() == sum(y > 0 for y in years)
