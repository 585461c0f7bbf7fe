"""Whether the frequency GLM finds again the coefficients that generated a synthetic world.

Ten coefficients: of each peril the log of its frequency and the log of the factor that fraud puts
on it, fitted to the world's own incidents (its truth, which no feature reads: here the estimator
and its standard errors are judged, not the labels), against those that the world publishes in
``truth.coefficient``. Accounts of one creator share a frailty, so the errors are robust to it.
Simulated: no claim about real creators.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.evaluation.figures import Figure, at_least, at_most
from ml.insurance.covariates import Covariates
from ml.insurance.frequency import FrequencyGLM

FRAUD = Covariates(numeric=("is_fraud",))


@dataclass(frozen=True)
class Generated:
    """A peril and the names of the coefficients that generate it."""

    peril: str
    strikes_creators: bool
    frequency: str
    factor: str | None = None
    """Of fraud on the frequency; None: fraud changes nothing."""


GENERATED = (
    Generated("account_takeover", False, "incidents.takeover", "incidents.takeover_fraud"),
    Generated("suspension", False, "incidents.suspension", "incidents.suspension_fraud"),
    Generated("engagement_collapse", False, "incidents.collapse"),
    Generated("reputation", True, "incidents.reputation"),
    Generated("liability", True, "incidents.liability"),
)


def recovered(
    incidents: pd.DataFrame,
    accounts: pd.DataFrame,
    creators: pd.DataFrame,
    coefficients: pd.DataFrame,
    years: float,
) -> pd.DataFrame:
    """Estimates beside what generated them.

    Args:
        incidents: ``truth.incident``: ``creator_id``, ``platform``, ``account_id``, ``peril``.
        accounts: ``truth.account``: ``creator_id``, ``platform``, ``account_id``, ``is_fraud``.
        creators: ``truth.creator``: ``creator_id``, ``is_fraud``.
        coefficients: ``truth.coefficient``: ``name``, ``value``.
        years: length of the world.

    Returns:
        Ten rows: ``coefficient``, ``generating``, ``estimate``, ``standard_error``, ``distance``
        (in standard errors).
    """
    published = coefficients.set_index("name")["value"]
    tables = []
    for row in GENERATED:
        exposed = creators if row.strikes_creators else accounts
        keys = ["creator_id"] if row.strikes_creators else ["platform", "account_id"]
        counts = _counts(exposed, incidents[incidents["peril"] == row.peril], keys)
        model = FrequencyGLM(FRAUD, design="linear")
        model.fit(exposed, np.full(len(exposed), years), counts, groups=exposed["creator_id"])
        found = model.coefficients("robust")
        factor = 1.0 if row.factor is None else float(published[row.factor])
        tables.append(
            pd.DataFrame(
                {
                    "coefficient": [f"{row.peril}: frequency", f"{row.peril}: fraud"],
                    "generating": np.log([float(published[row.frequency]), factor]),
                    "estimate": found["coefficient"],
                    "standard_error": found["standard_error"],
                }
            )
        )
    table = pd.concat(tables, ignore_index=True)
    gap = (table["estimate"] - table["generating"]).abs()
    return table.assign(distance=gap / table["standard_error"])


def figures(table: pd.DataFrame) -> list[Figure]:
    """What :func:`recovered` must reach: nine of ten within two errors, none beyond four."""
    return [
        *(
            Figure(f"simulated, {name}: distance in standard errors", distance)
            for name, distance in zip(table["coefficient"], table["distance"], strict=True)
        ),
        at_least(
            "simulated: coefficients within two standard errors",
            float((table["distance"] <= 2).sum()),
            9,
        ),
        at_most("simulated: furthest coefficient in standard errors", _furthest(table), 4),
    ]


def _furthest(table: pd.DataFrame) -> float:
    return float(table["distance"].max(skipna=False))


def _counts(exposed: pd.DataFrame, incidents: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Incidents of each exposed row, in its order."""
    counts = incidents.groupby(keys, observed=True).size().rename("count").reset_index()
    return exposed[keys].merge(counts, on=keys, how="left")["count"].fillna(0)
