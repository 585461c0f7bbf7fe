"""What a history frame may look like, what is mended in it, and what is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from ml.growth.history import HISTORY_STEPS, Panel, read_history

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def counter(values: list[float], name: str = "a", end: str = "2026-06-28") -> pd.DataFrame:
    days = pd.date_range(end=end, periods=len(values))
    return pd.DataFrame({"series_id": name, "date": days, "value": values})


def read(frame: pd.DataFrame, freq: str = "D") -> Panel:
    return read_history(frame, freq, NOW)


def test_series_of_any_order_and_length_end_in_the_last_column() -> None:
    frame = pd.concat([counter([1, 2, 4]), counter([7, 9], "b", "2026-06-20")])
    panel = read(frame.sample(frac=1, random_state=1))
    row = list(panel.ids).index("b")
    np.testing.assert_array_equal(panel.values[row], [np.nan, 7, 9])
    np.testing.assert_array_equal(panel.values[1 - row], [1, 2, 4])
    assert panel.last_day[row] == np.datetime64("2026-06-20")
    assert list(panel.lengths[[1 - row, row]]) == [3, 2]


def test_a_hole_is_a_straight_line_that_is_known_to_be_filled() -> None:
    panel = read(counter([10, np.nan, np.nan, 40]))
    np.testing.assert_allclose(panel.values[0], [10, 20, 30, 40])
    np.testing.assert_array_equal(panel.observed[0], [True, False, False, True])
    assert panel.defects[0] == "nan|gap"


def test_the_origin_is_the_last_day_with_a_value() -> None:
    panel = read(counter([10, 11, np.nan]))
    assert panel.last_day[0] == np.datetime64("2026-06-27")


@pytest.mark.parametrize(
    ("values", "defect"),
    [
        ([1_230_000, 1_230_000, 1_240_000, 1_240_000, 1_250_000, 1_260_000], "rounded"),
        ([90, 80, 0, 0, 0, 0, 0, 0, 0, 70, 75], "zero_weeks|negative_steps"),
        ([*range(10_000, 10_400, 10), *range(9_000, 9_400, 10)], "purge|negative_steps"),
        ([10, 12, 11, 14], "negative_steps"),
        ([1_000, 1_003, 1_007, 1_011, 1_014, 1_019], ""),
    ],
)
def test_what_real_counters_do_is_named(values: list[float], defect: str) -> None:
    assert read(counter(values)).defects[0] == defect


def test_the_same_row_twice_is_dropped_and_named() -> None:
    panel = read(pd.concat([counter([1, 2, 3]), counter([1, 2, 3]).iloc[[1]]]))
    np.testing.assert_array_equal(panel.values[0], [1, 2, 3])
    assert panel.defects[0] == "duplicates"


def test_weeks_count_back_from_the_last_day_and_take_the_value_nearest_to_them() -> None:
    panel = read(counter([float(day) for day in range(1, 23)]), "W")
    np.testing.assert_array_equal(panel.values[0], [1, 8, 15, 22])
    assert panel.defects[0] == "resampled"


def test_a_week_that_is_told_a_day_late_is_still_its_week() -> None:
    days = pd.to_datetime(["2026-06-07", "2026-06-15", "2026-06-21", "2026-06-28"])
    panel = read(pd.DataFrame({"series_id": 1, "date": days, "value": [1, 2, 3, 4]}), "W")
    np.testing.assert_array_equal(panel.values[0], [1, 2, 3, 4])
    assert panel.defects[0] == ""


@pytest.mark.parametrize(
    "days",
    [
        pd.Series(["2026-06-01", "2026-06-02"]),
        pd.Series([date(2026, 6, 1), date(2026, 6, 2)]),
        pd.Series(pd.to_datetime(["2026-05-31 23:30-02:00", "2026-06-01 23:30-02:00"])),
    ],
)
def test_days_come_in_any_honest_form(days: pd.Series) -> None:
    panel = read(pd.DataFrame({"series_id": "a", "date": days, "value": [1, 2]}))
    assert panel.last_day[0] == np.datetime64("2026-06-02")


def test_numbers_come_in_any_honest_form() -> None:
    frame = counter([1, 2])
    for values in (pd.array([1, None], "Int64"), [Decimal("1"), None], [1, np.nan]):
        panel = read(frame.assign(value=values))
        np.testing.assert_array_equal(panel.values[0], [1])


def test_what_lies_years_back_is_not_laid_out() -> None:
    frame = counter([1, 2], end="2026-06-28")
    frame.loc[0, "date"] = pd.Timestamp("1975-01-01")
    assert read(frame).values.shape[1] == 1
    assert read(counter([5.0] * 2_000)).values.shape[1] == HISTORY_STEPS


GOOD = counter([1, 2, 3])


@pytest.mark.parametrize(
    ("frame", "freq", "message"),
    [
        (GOOD.iloc[:0], "D", "history: has no rows"),
        (GOOD.drop(columns="value"), "D", "history: column 'value' stands 0 times"),
        (GOOD.to_numpy(), "D", "history: is a ndarray"),
        (GOOD, "M", "freq: 'M' is unknown"),
        (GOOD.assign(value=["1", "2", "x"]), "D", "value: '1' is not a number"),
        (GOOD.assign(value=True), "D", "value: has type bool"),
        (GOOD.assign(value=np.inf), "D", "value: holds an infinite number"),
        (GOOD.assign(date=[20260101, 20260102, 20260103]), "D", "date: has type int64"),
        (GOOD.assign(date=["2026-01-01", "soon", "2026-01-03"]), "D", "date: cannot be read"),
        (GOOD.assign(date=pd.NaT), "D", "date: 3 rows have none"),
        (GOOD.assign(series_id=["a", None, "a"]), "D", "series_id: 1 rows have none"),
        (counter([1, 2], end="2026-07-01"), "D", "date: 2026-07-01 lies in the future"),
        (
            pd.concat([GOOD, GOOD.assign(value=[1, 2, 5])]),
            "D",
            "value: series 'a' has 3 and 5 on 2026-06-28",
        ),
        (
            pd.concat([GOOD, GOOD.assign(value=[1, 2, 5])]),
            "W",
            "value: series 'a' has 3 and 5 on 2026-06-28",
        ),
    ],
)
def test_a_malformed_frame_is_refused_in_one_line(frame: object, freq: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")) as refused:
        read_history(frame, freq, NOW)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
