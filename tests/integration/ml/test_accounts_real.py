"""The account classifier on real labelled profiles (../shared/data): one repeat, few shifts.

``python -m ml.evaluation.accounts`` measures all of it.
"""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from ml.accounts import AccountClassifier
from ml.audience_quality import Accuracy, audience_quality
from ml.evaluation.account_shifts import account_shifts
from ml.evaluation.accounts import (
    CHAMPION,
    DATA,
    binned_error,
    candidates,
    out_of_fold,
    read_accounts,
    transfer,
)
from ml.evaluation.metrics import calibration_error

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"real data: {DATA} is absent")


@pytest.fixture(scope="module")
def fake() -> np.ndarray:
    """Out of fold, the probability of fake of each profile."""
    return out_of_fold(AccountClassifier, *read_accounts())


def test_the_accounts_are_read_whole() -> None:
    profiles, is_fake = read_accounts()
    assert (len(profiles), is_fake.sum()) == (1194, 200)
    assert profiles.notna().all(axis=None)


def test_fakes_are_found_at_home(fake: np.ndarray) -> None:
    _, is_fake = read_accounts()
    assert f1_score(is_fake, fake >= 0.5) >= 0.90
    assert average_precision_score(is_fake, fake) >= 0.96
    assert binned_error(is_fake, fake) <= 0.02
    assert calibration_error(is_fake, fake) <= 0.02


def test_larger_accounts_cost_it_less_than_its_rivals() -> None:
    profiles, is_fake = read_accounts()
    size = [
        shift
        for shift in account_shifts(profiles, is_fake)
        if shift.name.startswith("follower_count")
    ]
    assert len(size) == 4
    rivals = ("forest, plain columns", "logistic, plain columns")
    compared = {CHAMPION: lambda: AccountClassifier(trees=25)} | {
        name: candidates()[name] for name in rivals
    }
    table = transfer(profiles, is_fake, compared, size)
    means = table[table["family"] == "size"].groupby("candidate")["balanced_f1"].mean()
    assert means[CHAMPION] > means.drop(CHAMPION).max() + 0.1


def test_audience_quality_holds_the_share_of_mixed_audiences(fake: np.ndarray) -> None:
    """Audiences drawn from one half of the profiles, judged by what the other half tells."""
    _, is_fake = read_accounts()
    random = np.random.default_rng(0)
    half = random.random(len(fake)) < 0.5
    accuracy = Accuracy.measured(is_fake[half], fake[half])
    fakes, genuine = fake[~half & is_fake], fake[~half & ~is_fake]
    for share in (0.05, 0.3, 0.6):
        held = 0
        for _ in range(100):
            count = int(random.binomial(100, share))
            drawn = [*random.choice(fakes, count), *random.choice(genuine, 100 - count)]
            quality = audience_quality(drawn, level=0.9, accuracy=accuracy)
            held += quality.lo <= 1 - share <= quality.hi
        assert held >= 84, share
