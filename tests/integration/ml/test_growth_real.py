"""Growth forecasts of real communities: better than what one would do by hand, or not shipped."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.forecast_metrics import coverage, wape
from ml.evaluation.growth import AHEAD, FOLDS, ORIGINS, read_communities
from ml.forecast import fit

DATA = Path(__file__).parents[4] / "shared" / "data" / "real"
WEEK = pd.Timedelta(days=AHEAD)


@pytest.mark.skipif(
    not (DATA / "community_members_daily.csv").exists(),
    reason="the real series are absent (../shared/data/real/community_members_daily.csv)",
)
def test_gains_of_communities_never_seen_are_told_better_than_by_repeating_the_last_week() -> None:
    history = read_communities(DATA)
    origins = pd.date_range(end=history["date"].max() - WEEK, periods=ORIGINS)
    fold = pd.factorize(history["series_id"])[0] % FOLDS
    told = pd.concat(
        [
            model.predict(held[held["date"] <= origin])
            for model, held in (
                (fit(history[fold != one], [AHEAD]), history[fold == one]) for one in range(FOLDS)
            )
            for origin in origins
        ]
    )
    days = history.pivot(index="date", columns="series_id", values="value").resample("D")
    members = days.interpolate().stack()

    def at(dates: pd.Series) -> np.ndarray:
        return members.loc[pd.MultiIndex.from_arrays([dates, told["series_id"]])].to_numpy()

    start, gain = at(told["origin"]), at(told["date"]) - at(told["origin"])
    repeated = start - at(told["origin"] - WEEK)
    assert wape(gain, told["point"] - start) <= 1.05 * wape(gain, repeated)
    for level, low, high in ((0.8, "lo_80", "hi_80"), (0.95, "lo_95", "hi_95")):
        covered = coverage(gain, told[low] - start, told[high] - start)
        assert covered == pytest.approx(level, abs=0.05)
