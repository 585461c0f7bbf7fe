"""A GLM finds again what a small simulated history was generated with, and a wrong one is told."""

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.coefficients import GENERATED, figures, recovered

PUBLISHED = {
    "incidents.takeover": 0.4,
    "incidents.takeover_fraud": 2.0,
    "incidents.suspension": 0.35,
    "incidents.suspension_fraud": 4.0,
    "incidents.collapse": 0.3,
    "incidents.reputation": 0.3,
    "incidents.liability": 0.3,
}


@pytest.fixture(scope="module")
def truth() -> dict[str, pd.DataFrame]:
    """Two accounts of each of 1,500 creators, a frailty shared by both."""
    rng = np.random.default_rng(8)
    number = 1_500
    creators = pd.DataFrame(
        {"creator_id": [f"c{n}" for n in range(number)], "is_fraud": rng.random(number) < 0.2}
    )
    frailty = rng.lognormal(-0.18, 0.6, number)
    accounts = pd.concat(
        [
            creators.assign(platform=platform, account_id=creators.creator_id + platform)
            for platform in ("tiktok", "youtube")
        ],
        ignore_index=True,
    )
    found = []
    for row in GENERATED:
        exposed = creators if row.strikes_creators else accounts
        factor = 1.0 if row.factor is None else PUBLISHED[row.factor]
        mean = PUBLISHED[row.frequency] * np.where(exposed.is_fraud, factor, 1)
        shared = 1.0 if row.strikes_creators else np.tile(frailty, 2)
        struck = exposed.loc[exposed.index.repeat(rng.poisson(mean * shared))]
        found.append(struck.reindex(columns=["creator_id", "platform", "account_id"]))
        found[-1] = found[-1].assign(peril=row.peril)
    return {
        "incidents": pd.concat(found, ignore_index=True),
        "accounts": accounts,
        "creators": creators,
        "coefficients": pd.DataFrame(PUBLISHED.items(), columns=["name", "value"]),
    }


def test_generating_coefficients_are_found_again(truth: dict[str, pd.DataFrame]) -> None:
    table = recovered(**truth, years=1.0)
    assert len(table) == 10
    assert (table.distance < 3.5).all()
    last = figures(table)[-2:]
    assert [figure.target for figure in last] == ["at least 9", "at most 4"]
    assert last[1].holds


def test_a_world_of_other_coefficients_is_told(truth: dict[str, pd.DataFrame]) -> None:
    other = truth["coefficients"].assign(value=lambda rows: rows.value * 1.5)
    told = figures(recovered(**(truth | {"coefficients": other}), years=1.0))
    assert not told[-1].holds
    assert not told[-2].holds


def test_a_year_counts_as_a_year(truth: dict[str, pd.DataFrame]) -> None:
    once, twice = (recovered(**truth, years=years).estimate[0] for years in (1.0, 2.0))
    assert once - twice == pytest.approx(np.log(2))
