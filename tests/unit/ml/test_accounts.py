"""AccountClassifier on simulated profiles: what it takes, what it refuses, what it promises."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from ml import artifact
from ml.account_profile import (
    PROFILE_COLUMNS,
    account_features,
    read_profiles,
    youtube_profiles,
)
from ml.accounts import AccountClassifier

ONE = {
    "follower_count": 210,
    "following_count": 180,
    "media_count": 12,
    "biography_length": 40,
    "has_picture": True,
    "is_private": False,
    "username_length": 9,
    "username_digit_count": 2,
}


def simulated(n: int = 300, seed: int = 0, size: float = 1.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Profiles whose fakes follow many, are followed by few and show little."""
    random = np.random.default_rng(seed)
    fake = random.random(n) < 0.3
    length = random.integers(5, 20, n)
    frame = pd.DataFrame(
        {
            "follower_count": random.lognormal(np.where(fake, 3.5, 6), 1) * size,
            "following_count": random.lognormal(np.where(fake, 7, 6), 1) * size,
            "media_count": random.lognormal(np.where(fake, 1, 4), 1) * size,
            "biography_length": random.integers(0, 120, n) * (random.random(n) > fake * 0.8),
            "has_picture": random.random(n) > fake * 0.5,
            "is_private": random.random(n) < 0.5,
            "username_length": length,
            "username_digit_count": np.minimum(random.poisson(np.where(fake, 3, 0.5)), length),
        }
    ).round()
    return frame, fake


@pytest.fixture(scope="module")
def fitted() -> AccountClassifier:
    return AccountClassifier(trees=20).fit(*simulated())


def proba(model: AccountClassifier, frame: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(frame)[:, 1]


def test_classes_and_shape_are_scikit_learns(fitted: AccountClassifier) -> None:
    frame, fake = simulated(50, seed=1)
    given = fitted.predict_proba(frame)
    assert given.shape == (50, 2)
    assert np.allclose(given.sum(axis=1), 1)
    assert fitted.classes_.tolist() == [False, True]
    assert set(fitted.predict(frame)) <= {False, True}
    assert roc_auc_score(fake, given[:, 1]) > 0.95
    assert fitted.score(frame, fake) > 0.85
    numbers = AccountClassifier(trees=5, copies=0).fit(frame, fake.astype(int))
    assert numbers.classes_.tolist() == [0, 1]


def test_parameters_follow_scikit_learn() -> None:
    model = AccountClassifier(trees=7, copies=1)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        model.predict_proba(simulated(5)[0])


def test_larger_accounts_and_missing_columns_are_still_told_apart(
    fitted: AccountClassifier,
) -> None:
    frame, fake = simulated(200, seed=2, size=8)
    assert roc_auc_score(fake, proba(fitted, frame)) > 0.9
    narrow = frame.drop(columns=["is_private", "biography_length", "username_length"])
    assert roc_auc_score(fake, proba(fitted, narrow)) > 0.85


def test_same_seed_same_numbers() -> None:
    frame, fake = simulated(120)
    first, second = (AccountClassifier(trees=10, copies=1).fit(frame, fake) for _ in range(2))
    assert np.array_equal(proba(first, frame), proba(second, frame))
    other = AccountClassifier(trees=10, copies=1, random_state=1).fit(frame, fake)
    assert not np.array_equal(proba(first, frame), proba(other, frame))


def test_a_row_does_not_depend_on_its_neighbours(fitted: AccountClassifier) -> None:
    frame, _ = simulated(40, seed=3)
    together = proba(fitted, frame)
    order = np.random.default_rng(0).permutation(40)
    assert np.allclose(proba(fitted, frame.iloc[order]), together[order], rtol=1e-12)
    assert proba(fitted, frame.iloc[[7]])[0] == pytest.approx(together[7], rel=1e-12)


def test_an_index_and_other_columns_change_nothing(fitted: AccountClassifier) -> None:
    frame, _ = simulated(30, seed=4)
    changed = frame.assign(handle="x")[["handle", *reversed(frame.columns)]]
    changed.index = pd.Index(["same"] * 30)
    assert np.array_equal(proba(fitted, changed), proba(fitted, frame))


def test_every_type_that_holds_numbers_reads_alike(fitted: AccountClassifier) -> None:
    frame, _ = simulated(30, seed=5)
    expected = proba(fitted, frame)
    for kind in ("float32", "Int64", "object", "Float64"):
        assert np.allclose(proba(fitted, frame.astype(kind)), expected), kind
    decimals = frame.assign(follower_count=[Decimal(int(n)) for n in frame["follower_count"]])
    assert np.array_equal(proba(fitted, decimals), expected)


@pytest.mark.parametrize("absent", [None, np.nan, pd.NA])
def test_nulls_of_every_kind_are_absent(fitted: AccountClassifier, absent: object) -> None:
    row = pd.DataFrame([ONE])
    without = proba(fitted, row.drop(columns="media_count"))
    assert np.array_equal(proba(fitted, row.astype(object).assign(media_count=absent)), without)
    assert not np.array_equal(proba(fitted, row.assign(media_count=0)), without)


def test_nulls_in_the_fit_are_allowed() -> None:
    frame, fake = simulated(200)
    holes = frame.astype(float).mask(np.random.default_rng(1).random(frame.shape) < 0.2)
    holes["is_private"] = None
    model = AccountClassifier(trees=10, copies=1).fit(holes, fake)
    assert "is_private" not in model.columns_
    flipped = frame.assign(is_private=~frame["is_private"])
    assert np.array_equal(proba(model, flipped), proba(model, frame))


def test_a_profile_that_shows_nothing_has_no_probability(fitted: AccountClassifier) -> None:
    frame = pd.DataFrame([ONE, dict.fromkeys(PROFILE_COLUMNS)])
    given = fitted.predict_proba(frame)
    assert np.isfinite(given[0]).all()
    assert np.isnan(given[1]).all()
    with pytest.raises(ValueError, match="row 1 shows none of the columns"):
        fitted.predict(frame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"follower_count": "many"}, "follower_count: row 1 holds 'many'. Pass a number"),
        ({"follower_count": "12"}, "follower_count: row 1 holds '12'"),
        ({"media_count": -1}, r"media_count: row 1 holds -1.*Pass 0 or more"),
        ({"following_count": np.inf}, "following_count: row 1 holds inf"),
        ({"has_picture": 2}, r"has_picture: row 1 holds 2.*true or false"),
        ({"username_digit_count": 10}, r"username_digit_count: row 1 holds 10.*username_length"),
        ({"is_private": pd.Timestamp("2026-01-01")}, "is_private: row 1 holds Timestamp"),
        ({"biography_length": 3 + 1j}, "biography_length: row 1 holds|complex"),
    ],
)
def test_malformed_values_are_refused(
    fitted: AccountClassifier, change: dict[str, object], message: str
) -> None:
    frame = pd.DataFrame([ONE, ONE | change])
    with pytest.raises(ValueError, match=message) as error:
        fitted.predict_proba(frame)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=message):
        AccountClassifier().fit(frame, [0, 1])


def test_malformed_frames_are_refused(fitted: AccountClassifier) -> None:
    frame, fake = simulated(40)
    twice = pd.concat([frame, frame[["media_count"]]], axis=1)
    for odd, message in [
        (frame.iloc[:0], "the frame is empty"),
        (frame[[]], "the frame is empty"),
        (pd.DataFrame({"followers": [1, 2]}), "none of the columns follower_count"),
        (frame.to_numpy(), "a ndarray was given"),
        (twice, "media_count: stands twice"),
    ]:
        with pytest.raises(ValueError, match=message):
            fitted.predict_proba(odd)
        with pytest.raises(ValueError, match=message):
            AccountClassifier().fit(odd, fake[: len(odd)])
    narrow = AccountClassifier(trees=5, copies=0).fit(frame[["media_count"]], fake)
    with pytest.raises(ValueError, match="none of the columns of the fit \\(media_count\\)"):
        narrow.predict_proba(frame[["is_private"]])


def test_malformed_labels_are_refused() -> None:
    frame, fake = simulated(40)
    for labels, message in [
        (np.ones(40), "every account is fake"),
        (np.zeros(40), "every account is genuine"),
        (fake[:-1], "40 profiles and 39 labels"),
        (fake.astype(float) * 2, "holds 2.0. Pass 0 or 1"),
        (np.where(fake, "fake", "real"), "holds '(fake|real)'. Pass 0 or 1"),
        ([None, *fake[1:]], "row 0 holds None"),
    ]:
        with pytest.raises(ValueError, match=message):
            AccountClassifier().fit(frame, labels)
    with pytest.raises(ValueError, match="no column varies"):
        AccountClassifier().fit(pd.DataFrame([ONE] * 4), [0, 1, 0, 1])


def test_a_known_prevalence_moves_the_level_and_not_the_order(fitted: AccountClassifier) -> None:
    frame, _ = simulated(60, seed=7)
    given = proba(fitted, frame)
    same = fitted.predict_proba(frame, prevalence=fitted.prevalence_)[:, 1]
    assert np.allclose(same, given)
    more = fitted.predict_proba(frame, prevalence=0.9)[:, 1]
    assert (more > given).all()
    assert np.array_equal(np.argsort(more), np.argsort(given))
    for odd in (0, 1, np.nan, 17):
        with pytest.raises(ValueError, match=f"prevalence is {odd}"):
            fitted.predict_proba(frame, prevalence=odd)


def test_a_handful_of_accounts_is_enough() -> None:
    frame, _ = simulated(3)
    given = proba(AccountClassifier(trees=5).fit(frame, [0, 0, 1]), frame)
    assert ((given >= 0) & (given <= 1)).all()


def test_it_is_stored_without_pickle(fitted: AccountClassifier, tmp_path: Path) -> None:
    frame, _ = simulated(20, seed=6)
    name, sha256 = artifact.save(fitted, tmp_path)
    read = artifact.load(tmp_path / name, sha256, artifact.libraries())
    assert np.array_equal(proba(read, frame), proba(fitted, frame))


COUNT = st.none() | st.integers(0, 10**9)
PROFILE = st.fixed_dictionaries(
    {
        "follower_count": COUNT,
        "following_count": COUNT,
        "media_count": COUNT,
        "biography_length": st.none() | st.integers(0, 150),
        "has_picture": st.none() | st.booleans(),
        "is_private": st.none() | st.booleans(),
        "username_length": st.none() | st.integers(10, 30),
        "username_digit_count": st.none() | st.integers(0, 10),
    }
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(PROFILE, min_size=1, max_size=5))
def test_any_profile_gets_a_probability_or_none(
    fitted: AccountClassifier, rows: list[dict[str, object]]
) -> None:
    frame = pd.DataFrame(rows)
    given = proba(fitted, frame)
    shown = frame.notna().any(axis=1).to_numpy()
    assert (np.isfinite(given) == shown).all()
    assert ((given[shown] > 0) & (given[shown] < 1)).all()


def test_ratios_do_not_know_size() -> None:
    small = read_profiles(pd.DataFrame([ONE | {"follower_count": 99, "following_count": 199}]))
    large = read_profiles(pd.DataFrame([ONE | {"follower_count": 9999, "following_count": 19999}]))
    ratio = "log_following_per_follower"
    assert account_features(small)[ratio].item() == pytest.approx(np.log(2))
    assert account_features(large)[ratio].item() == pytest.approx(np.log(2))


def test_a_name_without_characters_has_no_share_of_digits() -> None:
    nameless = read_profiles(
        pd.DataFrame([ONE | {"username_length": 0, "username_digit_count": 0}])
    )
    assert account_features(nameless)["username_digit_share"].isna().all()


def test_youtube_commenters_become_profiles() -> None:
    channels = pd.DataFrame(
        {
            "handle": ["@ana12", None],
            "description": ["Hello", ""],
            "follower_count": [12, None],
            "lifetime_post_count": [3, 0],
        },
        index=[5, 9],
    )
    profiles = youtube_profiles(channels)
    assert profiles.index.tolist() == [5, 9]
    known = read_profiles(profiles)
    assert known.loc[0].dropna().to_dict() == {
        "follower_count": 12,
        "media_count": 3,
        "biography_length": 5,
        "username_length": 5,
        "username_digit_count": 2,
    }
    assert known.loc[1].dropna().to_dict() == {"media_count": 0, "biography_length": 0}
    assert len(read_profiles(youtube_profiles(channels.iloc[1:]))) == 1
