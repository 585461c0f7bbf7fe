"""Claims triage on real claims, out of time: fitted on 1994 and 1995, judged on 1996.

    python -m ml.evaluation.claims [--data ../shared/data/claims]

15,420 motor claims with 6 % fraud. The columns were chosen within 1994 and 1995 alone: what a
calendar says (month, weekday, week of the month) helps in random folds and harms in the next year,
which the validation of 1995 by 1994 shows. Sex, age and marital status are in the file and are read
by no model.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
import typer
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.claims import TriageModel
from ml.evaluation.figures import Figure, at_least, show
from ml.evaluation.metrics import calibration_error, stability_index
from ml.insurance.covariates import Covariates

DATA = Path(__file__).parents[3] / "shared" / "data" / "claims"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
ORDERED = {
    "VehiclePrice": [
        "less than 20000", "20000 to 29000", "30000 to 39000",
        "40000 to 59000", "60000 to 69000", "more than 69000",
    ],
    "Days_Policy_Accident": ["none", "1 to 7", "8 to 15", "15 to 30", "more than 30"],
    "Days_Policy_Claim": ["none", "1 to 7", "8 to 15", "15 to 30", "more than 30"],
    "PastNumberOfClaims": ["none", "1", "2 to 4", "more than 4"],
    "AgeOfVehicle": [
        "new", "2 years", "3 years", "4 years", "5 years", "6 years", "7 years", "more than 7",
    ],
    "NumberOfSuppliments": ["none", "1 to 2", "3 to 5", "more than 5"],
    "AddressChange_Claim": [
        "no change", "under 6 months", "1 year", "2 to 3 years", "4 to 8 years",
    ],
    "NumberOfCars": ["1 vehicle", "2 vehicles", "3 to 4", "5 to 8", "more than 8"],
}  # fmt: skip
"""Classes of the file, from low to high."""
COVARIATES = Covariates(
    numeric=(*ORDERED, "delay_weeks", "Deductible"),
    categorical=(
        "Fault",
        "PolicyType",
        "VehicleCategory",
        "PoliceReportFiled",
        "WitnessPresent",
        "AgentType",
        "BasePolicy",
        "AccidentArea",
    ),
)
WITH_CALENDAR = Covariates(
    numeric=(*COVARIATES.numeric, "WeekOfMonth", "WeekOfMonthClaimed"),
    categorical=(*COVARIATES.categorical, "Month", "MonthClaimed", "DayOfWeek"),
)


def read_claims(data: Path = DATA) -> pd.DataFrame:
    """One row per policy number, classes as ranks, with ``delay_weeks`` and ``filed_month``.

    Three policy numbers stand twice; the row with fewer values absent is kept.
    """
    raw = pd.read_csv(data / "fraud_oracle.csv.gz", encoding="utf-8-sig")
    fullest = raw.isna().sum(axis=1).sort_values(kind="stable").index
    claims = raw.loc[fullest].drop_duplicates("PolicyNumber").sort_values("PolicyNumber")
    ranks = {
        name: claims[name].map({text: rank for rank, text in enumerate(classes)})
        for name, classes in ORDERED.items()
    }
    month = {name: number for number, name in enumerate(MONTHS)}
    accident, claimed = claims["Month"].map(month), claims["MonthClaimed"].map(month)
    weeks = claims["WeekOfMonthClaimed"] - claims["WeekOfMonth"]
    return claims.assign(
        **ranks,
        delay_weeks=(claimed - accident) % 12 * 52 / 12 + weeks,
        filed_month=claims["Year"] * 12 + accident,
    ).reset_index(drop=True)


def evaluate(data: Path = DATA) -> list[Figure]:
    """Figures of the validation within the training years, and of the judging year."""
    claims = read_claims(data)
    year = claims["Year"]
    calm, _ = _scored(claims, year == 1994, year == 1995, COVARIATES)
    calendar, fraud = _scored(claims, year == 1994, year == 1995, WITH_CALENDAR)
    chosen = [
        Figure("1994 -> 1995: AUC", roc_auc_score(fraud, calm["score"])),
        Figure("1994 -> 1995: average precision", average_precision_score(fraud, calm["score"])),
        Figure("1994 -> 1995, calendar too: AUC", roc_auc_score(fraud, calendar["score"])),
        Figure(
            "1994 -> 1995, calendar too: average precision",
            average_precision_score(fraud, calendar["score"]),
        ),
    ]
    return [*chosen, *_judged(claims, year < 1996, year == 1996)]


def _judged(claims: pd.DataFrame, train: pd.Series, test: pd.Series) -> list[Figure]:
    triage, fraud = _scored(claims, train, test, COVARIATES)
    score, lane = triage["score"].to_numpy(), triage["lane"].to_numpy()
    rule = _rule(claims[test])
    lower_half = score <= np.median(score)
    investigated, fast = lane == "investigate", lane == "fast_track"
    return [
        at_least("1996: average precision", average_precision_score(fraud, score), 0.134),
        Figure("1996: average precision by chance", float(fraud.mean())),
        Figure("1996: average precision of a rule", average_precision_score(fraud, rule)),
        at_least("1996: AUC", roc_auc_score(fraud, score), 0.753),
        Figure("1996: AUC of a rule", roc_auc_score(fraud, rule)),
        Figure("1996: fraud share of the lower half", float(fraud[lower_half].mean())),
        Figure("1996: calibration error", calibration_error(fraud, score)),
        Figure("1996: stability index of the score against 1995", _drift(claims)),
        Figure("1996: share fast-tracked", float(fast.mean())),
        Figure("1996: fraud share of the fast track", float(fraud[fast].mean())),
        Figure("1996: share investigated", float(investigated.mean())),
        Figure("1996: fraud share of the investigated", float(fraud[investigated].mean())),
        Figure("1996: share of fraud investigated", float(fraud[investigated].sum() / fraud.sum())),
    ]


def _scored(
    claims: pd.DataFrame, train: pd.Series, test: pd.Series, covariates: Covariates
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    known = claims[train]
    model = TriageModel(covariates).fit(known, known["FraudFound_P"], known["filed_month"])
    return model.predict(claims[test]), claims.loc[test, "FraudFound_P"].to_numpy(dtype=bool)


def _drift(claims: pd.DataFrame) -> float:
    """PSI of one model's scores, fitted on 1994, between 1995 and 1996."""
    year = claims["Year"]
    known = claims[year == 1994]
    model = TriageModel(COVARIATES).fit(known, known["FraudFound_P"], known["filed_month"])
    before, after = model.predict(claims[year == 1995]), model.predict(claims[year == 1996])
    return stability_index(before["score"], after["score"])


def _rule(claims: pd.DataFrame) -> npt.NDArray[np.float64]:
    """What anyone sees in the data: own fault, and more than liability covered."""
    own_fault = claims["Fault"] == "Policy Holder"
    beyond_liability = claims["BasePolicy"] != "Liability"
    return np.asarray(own_fault, dtype=np.float64) + np.asarray(beyond_liability, dtype=np.float64)


def main(data: Annotated[Path, typer.Option(help="Folder of the claims data.")] = DATA) -> None:
    """Print the figures; exit code 1 where one does not hold."""
    if not show("Claims triage on real claims, out of time", evaluate(data)):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
