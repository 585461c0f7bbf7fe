"""Frequency, severity, pure premium and tail models on real insurance data.

    python -m ml.evaluation.insurance [--data ../shared/data/insurance]

Belgian motor third-party liability of 1997 (163,212 policies) and Danish fire losses (2,167), both
from CASdatasets. Every motor figure comes from rows that the model was not fitted on: five folds,
settings chosen within the training rows alone; beside it stands the constant model. The
policyholder's sex is in the file and no model reads it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
import typer
from rich.progress import track
from sklearn.metrics import mean_tweedie_deviance
from sklearn.model_selection import KFold

from ml.evaluation.figures import Figure, at_least, at_most, show, within
from ml.evaluation.metrics import actual_to_expected, double_lift, gini, lift
from ml.insurance.covariates import Covariates
from ml.insurance.frequency import FrequencyBoosting, FrequencyGLM
from ml.insurance.glm import GAMMA, POISSON, LogLinkGLM
from ml.insurance.severity import SeverityBoosting, SeverityGLM
from ml.insurance.tail import fit_tail

Floats = npt.NDArray[np.float64]
Predictor = Callable[[pd.DataFrame], Floats]

DATA = Path(__file__).parents[3] / "shared" / "data" / "insurance"
COVARIATES = Covariates(
    numeric=("ageph", "bm", "power", "agec", "long", "lat"),
    categorical=("coverage", "fuel", "use", "fleet"),
)
MONOTONIC = {"bm": 1}
"""A worse place on the bonus-malus scale may only raise the frequency."""
TWEEDIE = 1.6
FOLDS = 5
SEGMENT_CLAIMS = 500
"""Claims that a segment must be expected to have for its A/E to be told."""
SEED = 1


def evaluate(data: Path = DATA) -> list[Figure]:
    """All figures of this module."""
    return [*evaluate_motor(data), *evaluate_tail(data)]


def evaluate_motor(data: Path = DATA) -> list[Figure]:
    """Frequency, severity and pure premium of the motor portfolio, out of fold."""
    policies = pd.read_csv(data / "beMTPL97.csv.gz", dtype={"fleet": str})
    predicted = _out_of_fold(policies)
    return [
        *_frequency_figures(policies, predicted),
        *_segment_figures(policies, predicted),
        *_severity_figures(policies, predicted),
        *_premium_figures(policies, predicted),
    ]


def evaluate_tail(data: Path = DATA) -> list[Figure]:
    """Generalised Pareto tail of the Danish fire losses above 10 million kroner."""
    tail = fit_tail(pd.read_csv(data / "danishuni.csv.gz")["Loss"], threshold=10)
    return [
        within("fire losses above 10: shape", tail.shape, 0.497, 0.01),
        Figure("fire losses above 10: standard error of the shape", tail.shape_error),
        within("fire losses above 10: scale", tail.scale, 6.975, 0.1),
        Figure("fire losses above 10: standard error of the scale", tail.scale_error),
    ]


def _out_of_fold(policies: pd.DataFrame) -> pd.DataFrame:
    """Predictions for policies that the models did not see, with the number of their fold."""
    splits = list(KFold(FOLDS, shuffle=True, random_state=SEED).split(policies))
    parts = []
    for fold, (fitted, judged) in enumerate(track(splits, "motor: folds", transient=True)):
        models = _models(policies.iloc[fitted])
        rows = policies.iloc[judged]
        found = {name: predict(rows) for name, predict in models.items()}
        parts.append(pd.DataFrame({"fold": fold, **found}, index=rows.index))
    return pd.concat(parts).reindex(policies.index)


def _models(train: pd.DataFrame) -> Mapping[str, Predictor]:
    exposure, counts, amounts = train["expo"], train["nclaims"], train["amount"]
    claims = train[counts > 0]
    frequency = float(counts.sum() / exposure.sum())
    severity = float(claims["amount"].sum() / claims["nclaims"].sum())
    tweedie = LogLinkGLM(COVARIATES, TWEEDIE)
    tweedie.fit_mean(
        train, (amounts / exposure).to_numpy(), exposure.to_numpy(dtype=np.float64), seed=SEED
    )
    amount = claims["amount"] / claims["nclaims"]
    number = claims["nclaims"]
    return {
        "frequency_constant": lambda rows: np.full(len(rows), frequency),
        "frequency_glm": FrequencyGLM(COVARIATES).fit(train, exposure, counts, seed=SEED).predict,
        "frequency_boosting": FrequencyBoosting(COVARIATES)
        .fit(train, exposure, counts, seed=SEED)
        .predict,
        "frequency_monotone": FrequencyBoosting(COVARIATES, MONOTONIC)
        .fit(train, exposure, counts, seed=SEED)
        .predict,
        "severity_constant": lambda rows: np.full(len(rows), severity),
        "severity_glm": SeverityGLM(COVARIATES).fit(claims, amount, number, seed=SEED).predict,
        "severity_boosting": SeverityBoosting(COVARIATES)
        .fit(claims, amount, number, seed=SEED)
        .predict,
        "premium_tweedie": tweedie.predict,
    }


def _frequency_figures(policies: pd.DataFrame, predicted: pd.DataFrame) -> list[Figure]:
    exposure, counts = policies["expo"], policies["nclaims"]
    rate = counts / exposure
    deviance = {
        name: _deviance(rate, predicted[f"frequency_{name}"], exposure, predicted["fold"], POISSON)
        for name in ("constant", "glm", "boosting", "monotone")
    }
    figures = [
        Figure(f"motor frequency, Poisson deviance: {name}", value)
        for name, value in deviance.items()
    ]
    targets = {"glm": (0.031, 0.205), "boosting": (0.035, 0.215), "monotone": (0.035, 0.215)}
    for name, (reduction, order) in targets.items():
        rates = predicted[f"frequency_{name}"]
        title = f"motor frequency, {name}"
        gain = 1 - deviance[name] / deviance["constant"]
        ratio = float((rates * exposure).sum() / counts.sum())
        figures += [
            at_least(f"{title}: deviance below the constant model's, share", gain, reduction),
            at_least(f"{title}: Gini", _gini(counts, rates, exposure, predicted["fold"]), order),
            within(f"{title}: predicted / actual", ratio, 1.0, 0.01),
        ]
    return figures


def _segment_figures(policies: pd.DataFrame, predicted: pd.DataFrame) -> list[Figure]:
    """Level by segment, lift, and who is nearer where the two models disagree."""
    exposure, counts = policies["expo"], policies["nclaims"]
    age = pd.cut(policies["ageph"], [17, 25, 35, 50, 65, 95]).astype(str)
    segments = [policies[name] for name in COVARIATES.categorical] + [age]
    figures = []
    for name in ("glm", "monotone"):
        rates = predicted[f"frequency_{name}"]
        tables = [actual_to_expected(counts, rates * exposure, segment) for segment in segments]
        table = pd.concat(tables)
        ratios = table.loc[table["expected"] >= SEGMENT_CLAIMS, "ratio"]
        bands = lift(counts, rates, exposure)["actual_rate"]
        title = f"motor frequency, {name}"
        figures += [
            Figure(f"{title}: lowest A/E of a segment", ratios.min()),
            Figure(f"{title}: highest A/E of a segment", ratios.max()),
            Figure(f"{title}: rate of the highest tenth / lowest", bands.iloc[-1] / bands.iloc[0]),
        ]
    disagreeing = double_lift(
        counts, predicted["frequency_glm"], predicted["frequency_monotone"], exposure
    )
    for name, column in (("glm", "first"), ("monotone", "second")):
        distance = (disagreeing["actual"] - disagreeing[column]).abs().mean()
        figures.append(Figure(f"motor frequency, double lift: mean distance of {name}", distance))
    return figures


def _severity_figures(policies: pd.DataFrame, predicted: pd.DataFrame) -> list[Figure]:
    claims = policies["nclaims"] > 0
    number = policies.loc[claims, "nclaims"]
    amount = policies.loc[claims, "amount"] / number
    fold = predicted.loc[claims, "fold"]
    deviance = {
        name: _deviance(amount, predicted.loc[claims, f"severity_{name}"], number, fold, GAMMA)
        for name in ("constant", "glm", "boosting")
    }
    paid = predicted.loc[claims, "severity_glm"] * number
    return [
        Figure("motor severity, Gamma deviance: constant", deviance["constant"]),
        at_most("motor severity, Gamma deviance: glm", deviance["glm"], deviance["constant"]),
        Figure("motor severity, Gamma deviance: boosting", deviance["boosting"]),
        Figure("motor severity, glm: predicted / actual", paid.sum() / (amount * number).sum()),
    ]


def _premium_figures(policies: pd.DataFrame, predicted: pd.DataFrame) -> list[Figure]:
    exposure, amounts, fold = policies["expo"], policies["amount"], predicted["fold"]
    premiums = {
        "constant": predicted["frequency_constant"] * predicted["severity_constant"],
        "Tweedie glm": predicted["premium_tweedie"],
        "frequency x severity, glm": predicted["frequency_glm"] * predicted["severity_glm"],
        "frequency x severity, boosting": predicted["frequency_monotone"]
        * predicted["severity_boosting"],
    }
    figures = []
    for name, premium in premiums.items():
        value = _deviance(amounts / exposure, premium, exposure, fold, TWEEDIE)
        order = _gini(amounts, premium, exposure, fold)
        ratio = float((premium * exposure).sum() / amounts.sum())
        figures += [
            Figure(f"motor pure premium, Tweedie deviance: {name}", value),
            Figure(f"motor pure premium, Gini: {name}", order),
            Figure(f"motor pure premium, predicted / actual: {name}", ratio),
        ]
    return figures


def _deviance(
    actual: pd.Series, predicted: pd.Series, weight: pd.Series, fold: pd.Series, power: float
) -> float:
    """The weighted mean deviance of each fold, and their mean."""
    values = [
        mean_tweedie_deviance(
            actual[part], predicted[part], sample_weight=weight[part], power=power
        )
        for part in (fold == number for number in range(FOLDS))
    ]
    return float(np.mean(values))


def _gini(actual: pd.Series, predicted: pd.Series, weight: pd.Series, fold: pd.Series) -> float:
    parts = (fold == number for number in range(FOLDS))
    return float(np.mean([gini(actual[part], predicted[part], weight[part]) for part in parts]))


def main(data: Annotated[Path, typer.Option(help="Folder of the insurance data.")] = DATA) -> None:
    """Print the figures; exit code 1 where one does not hold."""
    if not show("Insurance models on real data", evaluate(data)):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
