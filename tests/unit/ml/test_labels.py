"""Labels as an insurer would know them on a day: late, with errors, never the held-out fraud."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.labels import (
    PERILS,
    REPORTED_AFTER,
    _delays,
    _uniforms,
    count_incidents,
    label_fraud,
    reported_share,
)

FINDINGS = pd.DataFrame(
    {
        "account_key": ["tiktok:a", "tiktok:b", "tiktok:c", "tiktok:d"],
        "is_held_out": [False, False, True, False],
        "is_found": [True, False, True, True],
        "began_on": pd.to_datetime(["2026-01-10", None, "2026-01-01", "2026-01-20"]),
        "found_on": pd.to_datetime(["2026-02-01", None, "2026-01-05", "2026-03-01"]),
    }
)
REPORTS = pd.DataFrame(
    {
        "creator_id": ["one", "one", "one", "two"],
        "account_key": ["tiktok:a", "tiktok:a", None, "tiktok:d"],
        "peril": ["suspension", "suspension", "liability", "account_takeover"],
        "start_date": pd.to_datetime(["2026-01-12", "2026-01-30", "2026-01-15", "2026-01-13"]),
        "end_date": pd.to_datetime(["2026-01-15", "2026-02-20", "2026-01-16", None]),
        "reported_on": pd.to_datetime(["2026-01-14", "2026-02-02", "2026-01-16", "2026-02-20"]),
        "amount": [100.0, 40.0, 7.5, 900.0],
    }
)


def examples(*days: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"creator_id": creator, "account_key": key, "follower_log": size, "as_of": day}
            for day in pd.to_datetime(list(days))
            for creator, key, size in (
                ("one", "tiktok:a", 4.0),
                ("one", "tiktok:b", 5.0),
                ("two", "tiktok:c", 3.0),
                ("two", "tiktok:d", 3.0),
            )
        ]
    )


def test_guilt_counts_once_begun_and_found() -> None:
    both = examples("2026-01-09", "2026-01-25")
    labels = label_fraud(both, FINDINGS, date(2026, 2, 1)).set_index(["account_key", "as_of"])
    found = labels.is_fraud.unstack()
    assert found.loc["tiktok:a"].tolist() == [False, True]
    assert found.loc["tiktok:b"].tolist() == [False, False]
    # found in March: nobody knows of it in February
    assert found.loc["tiktok:d"].tolist() == [False, False]
    later = label_fraud(both, FINDINGS, date(2026, 3, 1)).set_index(["account_key", "as_of"])
    assert later.is_fraud["tiktok:d"].tolist() == [False, True]


def test_the_held_out_fraud_has_no_label() -> None:
    labels = label_fraud(examples("2026-01-25"), FINDINGS, date(2026, 3, 1))
    assert "tiktok:c" not in set(labels.account_key)
    assert len(labels) == 3


def test_incidents_count_in_the_days_after_that_are_known() -> None:
    counted = count_incidents(examples("2026-01-10", "2026-01-24"), REPORTS, date(2026, 1, 31), 14)
    rows = counted.set_index(["account_key", "as_of"])
    first, second = pd.Timestamp("2026-01-10"), pd.Timestamp("2026-01-24")
    assert rows.suspension["tiktok:a", first] == 1
    assert rows.suspension_amount["tiktok:a", first] == 100.0
    # the second suspension began on the 30th and was reported in February
    assert rows.suspension["tiktok:a", second] == 0
    # reported on 20 February
    assert rows.account_takeover["tiktok:d", first] == 0
    # the days of the first are 7 to 20 days old, those of the second up to 6
    shares = reported_share(np.arange(21))
    assert rows.exposure_years["tiktok:a", first] == pytest.approx(shares[7:].sum() / 365)
    assert rows.exposure_years["tiktok:a", second] == pytest.approx(shares[:7].sum() / 365)


def test_an_outage_has_lasted_as_long_as_it_was_seen_to() -> None:
    both = examples("2026-01-10", "2026-01-24")
    rows = count_incidents(both, REPORTS, date(2026, 2, 10), 14).set_index(["account_key", "as_of"])
    first, second = pd.Timestamp("2026-01-10"), pd.Timestamp("2026-01-24")
    assert rows.suspension_days["tiktok:a", first] == 3
    assert rows.suspension_ended["tiktok:a", first] == 1
    # of the 20 days of the second eleven have passed
    assert rows.suspension_days["tiktok:a", second] == 11
    assert rows.suspension_ended["tiktok:a", second] == 0
    assert np.isnan(rows.suspension_days["tiktok:d", first])
    later = count_incidents(both, REPORTS, date(2026, 3, 1), 14).set_index(["account_key", "as_of"])
    # one that never ends has lasted until today
    assert later.account_takeover_days["tiktok:d", first] == 47
    assert later.account_takeover_ended["tiktok:d", first] == 0


def test_what_strikes_a_creator_counts_on_the_largest_account() -> None:
    counted = count_incidents(examples("2026-01-10"), REPORTS, date(2026, 3, 1), 14)
    rows = counted.set_index("account_key")
    assert rows.liability["tiktok:b"] == 1
    assert rows.liability_amount["tiktok:b"] == 7.5
    assert np.isnan(rows.liability["tiktok:a"])
    # of equals the first by key
    assert rows.liability["tiktok:c"] == 0
    assert np.isnan(rows.liability["tiktok:d"])


def test_a_day_without_exposure_is_left_out() -> None:
    counted = count_incidents(examples("2026-01-10", "2026-01-31"), REPORTS, date(2026, 1, 31), 14)
    assert counted.as_of.max() == pd.Timestamp("2026-01-10")
    assert set(PERILS) <= set(counted.columns)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=30, unique=True), st.integers(0, 9))
def test_a_draw_depends_on_its_own_id_alone(names: list[str], seed: int) -> None:
    together = _uniforms(pd.Series(names), seed, "x")
    alone = [_uniforms(pd.Series([name]), seed, "x")[0] for name in names]
    assert together.tolist() == alone
    assert ((together > 0) & (together < 1)).all()
    assert not np.allclose(together, _uniforms(pd.Series(names), seed, "y"))


@pytest.mark.parametrize("history", [14, 28, 84])
def test_late_reports_do_not_lower_the_frequency(history: int) -> None:
    """Simulated: two incidents a year and account, reported late, counted in rows of 14 days."""
    rng = np.random.default_rng(history)
    known_on, accounts, yearly = date(2026, 6, 30), 10_000, 2.0
    back = np.repeat(np.arange(14, history + 1, 14), accounts)
    names = np.tile([f"a{n}" for n in range(accounts)], history // 14)
    rows = pd.DataFrame({"creator_id": names, "account_key": names, "follower_log": 4.0})
    rows["as_of"] = pd.Timestamp(known_on) - pd.to_timedelta(back, "D")
    struck = np.repeat(np.arange(accounts), rng.poisson(yearly * history / 365, accounts))
    began = pd.Timestamp(known_on) - pd.to_timedelta(rng.integers(0, history, len(struck)), "D")
    median, spread = REPORTED_AFTER
    late = np.ceil(median * rng.lognormal(0, spread, len(struck)))
    reports = pd.DataFrame(
        {
            "creator_id": None,
            "account_key": [f"a{n}" for n in struck],
            "peril": "suspension",
            "start_date": began,
            "end_date": began + pd.Timedelta(days=1),
            "reported_on": began + pd.to_timedelta(late, "D"),
            "amount": 1.0,
        }
    )
    counted = count_incidents(rows, reports, known_on, 14)
    frequency = counted.suspension.sum() / counted.exposure_years.sum()
    assert frequency == pytest.approx(yearly, rel=3 / np.sqrt(counted.suspension.sum()))


def test_delays_have_their_median() -> None:
    names = pd.Series([f"incident {n}" for n in range(4_000)])
    late = _delays(names, 7, "found_after", (21.0, 0.7))
    assert abs(np.median(late) - 21) < 2
    assert late.min() >= 1
