"""The share of an account's audience that is credible, from a sample of public profiles.

In: the probability of being fake (0-1) of each sampled commenter, from
:class:`ml.accounts.AccountClassifier`. Out: an estimate of the credible share (0-1) with an
interval, or NULL and the reason.

Two estimates of the share of fakes, each with the interval of all shares that a score test does not
reject (Wilson 1927):

- the mean of the probabilities. It is right where the probabilities are, that is where fakes are
  about as frequent as where the classifier was fitted. Its interval is that of as many labels, so
  it covers what is unknown about each profile and the drawing of the sample;
- with an :class:`Accuracy` from labelled accounts that the classifier did not see, the share at or
  above one half, corrected by its sensitivity and specificity (Rogan and Gladen 1978), which does
  not ask how frequent fakes are. Its interval also covers how well the two are known: by one
  account added to each cell of the counts (Lang and Reiczigel 2014) and their variance.

The sample stands for those who comment, not for all who follow: no platform shows those. An
audience may also differ from any that was labelled, which no interval here covers.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

LEAST_PROFILES = 10
"""Fewer profiles with a probability give no estimate."""
TOO_FEW = "too_few_profiles"
BY_CHANCE = "classifier_no_better_than_chance"
ROUNDING = 1e-9


@dataclass(frozen=True)
class Accuracy:
    """How a classifier did on labelled accounts that it was not fitted on, as counts."""

    fakes: int
    fakes_flagged: int
    genuine: int
    genuine_flagged: int

    def __post_init__(self) -> None:
        if not (
            0 <= self.fakes_flagged <= self.fakes and 0 <= self.genuine_flagged <= self.genuine
        ):
            raise ValueError(
                f"audience quality: {self}: more accounts are flagged than there are, or fewer "
                "than none. Count them again."
            )

    @classmethod
    def measured(cls, is_fake: npt.ArrayLike, probability: npt.ArrayLike) -> Self:
        """The counts from labels [n] and probabilities [n] at a threshold of one half."""
        fake = np.asarray(is_fake).astype(bool)
        flagged = np.asarray(probability, dtype=float) >= 0.5
        return cls(
            fakes=int(fake.sum()),
            fakes_flagged=int((fake & flagged).sum()),
            genuine=int((~fake).sum()),
            genuine_flagged=int((~fake & flagged).sum()),
        )

    @property
    def sensitivity(self) -> float:
        """Share of fakes that are flagged, with one account added to each cell."""
        return (self.fakes_flagged + 1) / (self.fakes + 2)

    @property
    def false_alarm(self) -> float:
        """Share of genuine accounts that are flagged, with one account added to each cell."""
        return (self.genuine_flagged + 1) / (self.genuine + 2)


@dataclass(frozen=True)
class AudienceQuality:
    """The credible share of an audience (0-1) with its interval; None, and why, where unknown."""

    n: int
    """Profiles with a probability."""
    level: float
    """How sure the interval is to hold the share, 0-1."""
    credible_share: float | None = None
    lo: float | None = None
    hi: float | None = None
    reason: str | None = None
    """``too_few_profiles`` or ``classifier_no_better_than_chance`` where there is no estimate."""


def audience_quality(
    profile_probabilities: Iterable[float | None],
    level: float = 0.9,
    accuracy: Accuracy | None = None,
    least: int = LEAST_PROFILES,
) -> AudienceQuality:
    """Estimate the credible share of an audience.

    Args:
        profile_probabilities: probability of being fake of each sampled profile, in any order; None
            and NaN (a profile that shows nothing) are left out and not counted.
        level: of the interval, between 0 and 1.
        accuracy: of the classifier, to correct by; None takes the probabilities at their word.
        least: profiles below which there is no estimate, at least 1.

    Raises:
        ValueError: a probability outside 0-1, a level outside 0-1, ``least`` below 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"audience quality: level is {level}. Pass one between 0 and 1.")
    if least < 1:
        raise ValueError(f"audience quality: least is {least}. Pass at least 1.")
    known = _known(profile_probabilities)
    if len(known) < least:
        return AudienceQuality(len(known), level, reason=TOO_FEW)
    if accuracy is not None and accuracy.sensitivity <= accuracy.false_alarm:
        return AudienceQuality(len(known), level, reason=BY_CHANCE)
    if accuracy is None:
        flagged = math.fsum(known) / len(known)
        fake, lo, hi = flagged, *_score_interval(flagged, flagged, len(known), level)
    else:
        flagged = sum(probability >= 0.5 for probability in known) / len(known)
        fake, lo, hi = _corrected(flagged, len(known), level, accuracy)
    return AudienceQuality(len(known), level, 1 - fake, 1 - hi, 1 - lo)


def _known(probabilities: Iterable[float | None]) -> list[float]:
    given = pd.Series(list(probabilities), dtype=object)
    known = given[given.notna()].tolist()
    odd = [one for one in known if isinstance(one, str) or not 0 <= one <= 1]
    if odd:
        raise ValueError(f"audience quality: a probability is {odd[0]!r}. Pass values from 0 to 1.")
    return [float(one) for one in known]


def _corrected(
    flagged: float, n: int, level: float, accuracy: Accuracy
) -> tuple[float, float, float]:
    """Estimate and interval of the share of fakes.

    Fewer are flagged than false alarms alone would be, or more than if all were fake: the sample
    cannot say more than that there are none, or that all are, so it is held within these two.
    """
    alarm, found = accuracy.false_alarm, accuracy.sensitivity
    held = min(max(flagged, alarm), found)
    fake = (held - alarm) / (found - alarm)
    return fake, *_score_interval(fake, held, n, level, accuracy)


def _score_interval(
    estimate: float, flagged: float, n: int, level: float, accuracy: Accuracy | None = None
) -> tuple[float, float]:
    """The shares of fakes around the estimate at which as many flagged are no surprise.

    At a share s the flagged share has the mean m = a + (b - a) s, a the false alarms and b the
    sensitivity, and the variance m (1 - m) / n + s^2 var(b) + (1 - s)^2 var(a). Not surprising is
    (flagged - m)^2 <= z^2 variance, a quadratic inequality in s.
    """
    share = np.polynomial.Polynomial([0, 1])
    alarm, gain, noise_found, noise_alarm = 0.0, 1.0, 0.0, 0.0
    if accuracy is not None:
        alarm, found = accuracy.false_alarm, accuracy.sensitivity
        gain = found - alarm
        noise_found = found * (1 - found) / (accuracy.fakes + 2)
        noise_alarm = alarm * (1 - alarm) / (accuracy.genuine + 2)
    mean = alarm + gain * share
    variance = mean * (1 - mean) / n + share**2 * noise_found + (1 - share) ** 2 * noise_alarm
    surprise = (flagged - mean) ** 2 - norm.ppf((1 + level) / 2) ** 2 * variance
    roots = [float(root.real) for root in surprise.roots() if abs(root.imag) < ROUNDING]
    below = [root for root in roots if root < estimate - ROUNDING]
    above = [root for root in roots if root > estimate + ROUNDING]
    return max([0.0, *below]), min([1.0, *above])
