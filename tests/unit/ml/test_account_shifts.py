"""Shifts between collections of accounts, and the figures that choose a champion under them."""

import numpy as np
import pandas as pd
import pytest

from ml.account_profile import PROFILE_COLUMNS
from ml.evaluation.account_shifts import LEAST_OF_A_CLASS, account_shifts
from ml.evaluation.accounts import CHAMPION, binned_error, transfer, transfer_figures


@pytest.fixture(scope="module")
def accounts() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    is_fake = np.arange(240) % 4 == 0
    counts = random.integers(0, 1000, (240, len(PROFILE_COLUMNS)))
    frame = pd.DataFrame(counts, columns=list(PROFILE_COLUMNS))
    flags = ["has_picture", "is_private"]
    frame[flags] = frame[flags] % 2
    frame["username_digit_count"] = frame["username_digit_count"] % 3
    frame["username_length"] = frame["username_length"] % 20 + 5
    # all genuine accounts but one have a picture: too few to fit on
    frame.loc[~is_fake, "has_picture"] = (np.arange(180) > 0).astype(int)
    return frame, is_fake


def test_splits_part_the_profiles_with_both_classes_on_each_side(
    accounts: tuple[pd.DataFrame, np.ndarray],
) -> None:
    profiles, is_fake = accounts
    splits = {shift.name: shift.split for shift in account_shifts(profiles, is_fake) if shift.split}
    assert len(splits) == 2 * (5 + 5 + 2)
    assert not any("has_picture" in name for name in splits)
    for fitted, judged in splits.values():
        assert (fitted ^ judged).all()
        for side in (fitted, judged):
            assert min(is_fake[side].sum(), (~is_fake[side]).sum()) >= LEAST_OF_A_CLASS
    low, high = splits["follower_count: low to high"]
    assert profiles.loc[low, "follower_count"].max() < profiles.loc[high, "follower_count"].min()
    assert (
        splits["follower_count: high to low"][0] is high
        or (splits["follower_count: high to low"][0] == high).all()
    )
    own, _ = splits["media_count by class: low to high"]
    assert own[is_fake].mean() == pytest.approx(0.5, abs=0.02)
    assert own[~is_fake].mean() == pytest.approx(0.5, abs=0.02)


def test_changes_touch_what_they_name_alone(accounts: tuple[pd.DataFrame, np.ndarray]) -> None:
    profiles, is_fake = accounts
    before = profiles.copy()
    changes = {
        shift.name: shift.change(profiles, is_fake)
        for shift in account_shifts(profiles, is_fake)
        if shift.split is None
    }
    pd.testing.assert_frame_equal(profiles, before)
    assert "follower_count" not in changes["without follower_count"]
    larger = changes["all counts x 5"]
    assert (larger["media_count"] == profiles["media_count"] * 5).all()
    assert (larger["biography_length"] == profiles["biography_length"]).all()
    assert (changes["privacy reversed"]["is_private"] == 1 - profiles["is_private"]).all()
    grown = changes["genuine accounts far larger"]
    assert (grown["follower_count"] == profiles["follower_count"])[is_fake].all()
    assert (grown["follower_count"] >= profiles["follower_count"]).all()


class Guess:
    """Knows nothing: the same probability for all."""

    def fit(self, frame: pd.DataFrame, is_fake: np.ndarray) -> "Guess":
        return self

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        return np.column_stack([np.full(len(frame), 0.4), np.full(len(frame), 0.6)])


def test_every_candidate_is_judged_under_every_shift(
    accounts: tuple[pd.DataFrame, np.ndarray],
) -> None:
    profiles, is_fake = accounts
    table = transfer(profiles, is_fake, {"one": Guess, "two": Guess})
    assert len(table) == 2 * (1 + len(account_shifts(profiles, is_fake)))
    # all called fake: precision one half where both classes weigh alike, recall 1
    assert table["balanced_f1"].to_numpy() == pytest.approx(2 / 3)
    assert table["pr_auc"].to_numpy() == pytest.approx(0.5)
    home = table[table["family"] == "home"]
    assert home["f1"].to_numpy() == pytest.approx(2 * 0.25 / 1.25)


def scores(champion: float, rival: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "candidate": name,
                "family": family,
                "shift": family,
                "f1": score,
                "balanced_f1": score,
                "pr_auc": score,
            }
            for name, at_home, away in ((CHAMPION, 0.9, champion), ("rival", 0.95, rival))
            for family, score in (("home", at_home), ("size", away), ("kind", away - 0.1))
        ]
    )


def test_the_champion_is_the_best_under_shift_and_not_at_home() -> None:
    figures = {figure.name: figure for figure in transfer_figures(scores(0.8, 0.7))}
    assert all(figure.holds for figure in figures.values())
    assert figures["shifts: mean balanced F1, champion"].value == pytest.approx(0.75)
    assert figures["shifts: drop of balanced F1 from home, champion"].value == pytest.approx(0.15)
    assert figures["shifts: drop of balanced F1 from home, rival"].value == pytest.approx(0.3)
    lost = [figure for figure in transfer_figures(scores(0.7, 0.8)) if not figure.holds]
    assert len(lost) == 2


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    is_fake = np.array([True, False, True, True])
    assert binned_error(is_fake, np.array([0.95, 0.05, 0.95, 1.0])) == pytest.approx(
        (abs(2.9 - 3) + 0.05) / 4
    )
    assert binned_error(is_fake, np.full(4, 0.75)) == 0
