"""Which rows of a training set authenticity learns from."""

import pandas as pd
import pytest

from ml.training import without_first_weeks


@pytest.mark.parametrize(("snapshots", "kept"), [(13, 10), (7, 4), (6, 6), (1, 1)])
def test_the_first_weeks_are_left_out_where_most_days_stay(snapshots: int, kept: int) -> None:
    days = pd.date_range(end="2026-06-30", periods=snapshots, freq="14D")
    examples = pd.DataFrame({"account_key": "x:1", "as_of": days.repeat(2)})
    rows = without_first_weeks(examples)
    assert rows.as_of.unique().tolist() == days[-kept:].tolist()
    assert rows.index.tolist() == list(range(2 * kept))
