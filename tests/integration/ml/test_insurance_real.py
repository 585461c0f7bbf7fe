"""Insurance models on real data: one split, one tail, one year; the evaluations have the rest."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.claims import TriageModel
from ml.evaluation import claims as claims_evaluation
from ml.evaluation import insurance
from ml.evaluation.metrics import deviance_reduction, gini
from ml.insurance.frequency import FrequencyBoosting, FrequencyGLM

DATA = Path(__file__).parents[3].parent / "shared" / "data"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason=f"real data: {DATA} is absent"),
]


@pytest.fixture(scope="module")
def motor() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A third of the policies to fit on, a fifth to judge by."""
    policies = pd.read_csv(DATA / "insurance" / "beMTPL97.csv.gz", dtype={"fleet": str})
    shuffled = policies.sample(frac=1, random_state=2)
    return shuffled.iloc[:55_000], shuffled.iloc[-33_000:]


def test_motor_frequencies_order_policies_and_keep_the_level(
    motor: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    known, judged = motor
    constant = np.full(len(judged), known.nclaims.sum() / known.expo.sum())
    glm = FrequencyGLM(insurance.COVARIATES, penalties=(1e-3,))
    boosting = FrequencyBoosting(insurance.COVARIATES, insurance.MONOTONIC, learning_rate=0.1)
    for model, reduction, order in ((glm, 0.028, 0.19), (boosting, 0.028, 0.19)):
        rates = model.fit(known, known.expo, known.nclaims).predict(judged)
        rate = judged.nclaims / judged.expo
        assert deviance_reduction(rate, rates, constant, judged.expo, 1) > reduction
        assert gini(judged.nclaims, rates, judged.expo) > order
        assert (rates * judged.expo).sum() == pytest.approx(judged.nclaims.sum(), rel=0.04)


def test_the_tail_of_fire_losses() -> None:
    figures = insurance.evaluate_tail(DATA / "insurance")
    assert all(figure.holds for figure in figures)
    assert sum(bool(figure.target) for figure in figures) == 2


def test_claims_of_1996_by_those_of_1994_and_1995() -> None:
    claims = claims_evaluation.read_claims(DATA / "claims")
    assert len(claims) == 15_420
    known, judged = claims[claims.Year < 1996], claims[claims.Year == 1996]
    model = TriageModel(claims_evaluation.COVARIATES)
    told = model.fit(known, known.FraudFound_P, known.filed_month).predict(judged)
    assert roc_auc_score(judged.FraudFound_P, told.score) >= 0.753
    assert average_precision_score(judged.FraudFound_P, told.score) >= 0.134
    fraud = judged.FraudFound_P.groupby(told.lane).mean()
    assert fraud["fast_track"] < 0.01 < 0.1 < fraud["investigate"]
