"""Risk of a peril: how often it strikes an account, what it costs, and why.

One :class:`RiskModel` per peril. Frequency is a Poisson GLM (the champion) or monotone boosting
(the challenger), corrected by what each segment has experienced beyond it, as far as that is
credible; severity is the share of events that cost anything and a Gamma GLM of what these cost;
outages have a duration curve. Reasons are the exact
contributions of the GLM's columns against the portfolio's average.

    model = RiskModel("account_takeover", Covariates(numeric=(...), categorical=("platform",)))
    model.fit(frame, exposure, counts, amounts, groups=frame.creator_id)
    model.predict(frame, horizon_days=90)

What lies behind a prediction that is not the rule is in its reason codes and in
``frequency_method`` and ``severity_method``. No model of a person's sex, age or race.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.insurance.covariates import ABSENT, Covariates, unknown_levels
from ml.insurance.credibility import BuhlmannStraub
from ml.insurance.duration import DurationCurve, expected_paid_days, fit_duration_curve
from ml.insurance.frequency import FrequencyBoosting, FrequencyGLM, exposed
from ml.insurance.observations import checked
from ml.insurance.severity import SeverityBoosting, SeverityGLM
from ml.insurance.tail import Tail, fit_tail
from ml.reasons import LITTLE_EXPERIENCE, UNKNOWN_SEGMENT, Reason, Reasons, explain, unknown_level

__all__ = [
    "BuhlmannStraub",
    "Covariates",
    "DurationCurve",
    "Expert",
    "FrequencyBoosting",
    "FrequencyGLM",
    "RiskModel",
    "SeverityBoosting",
    "SeverityGLM",
    "Tail",
    "expected_paid_days",
    "fit_duration_curve",
    "fit_tail",
]

Floats = npt.NDArray[np.float64]

BAND_EDGES = (0.5, 0.8, 1.25, 2.0)
"""Frequency against the portfolio's: band 1 below the first edge, band 5 from the last one on."""
DAYS_OF_YEAR = 365
LONGEST_DAYS = 90
"""Days of an outage that ``expected_days`` counts at most."""
EVENTS_FOR_COVARIATES = 20
"""Fewer events tell accounts apart by chance: an expert's level, moved by them, stands for all."""
OUTAGES_FOR_A_CURVE = 20
"""Fewer that ended leave an expert's curve as it is: one has three parameters."""
_EVENTS_FOR_SEVERITY = 30
_KNOTS = 5
"""Incidents are rare: a curve of more knots has nothing to hold on to."""
_BINS = 32
"""For the same reason, and weighted bins take most of the time of a small fit."""


@dataclass
class Expert:
    """What is believed of a frequency before there is experience."""

    frequency: float
    """Events a year, > 0."""
    years: float
    """K: the years of exposure whose experience counts as much as this belief, > 0."""
    duration: DurationCurve | None = None
    """How long an outage lasts; None where the peril is none."""

    def __post_init__(self) -> None:
        if not (self.frequency > 0 and self.years > 0):
            raise ValueError(
                f"expert: frequency {self.frequency:g} with {self.years:g} years. "
                "Give both above 0."
            )


class RiskModel:
    """Frequency and severity of one peril.

    Args:
        peril: one of ``ml.labels.PERILS``, or another name.
        covariates: columns of the frequency and the severity.
        segments: columns whose combination is a segment, e.g. platform and follower tier.
        learner: ``glm``, or ``boosting``, which predicts in the GLM's place; reasons stay the
            GLM's.
        monotonic: for boosting: 1 where a column may only raise the frequency, -1 only lower it.
        expert: what the frequency's level starts from, or None. With one, covariates say nothing
            before there are ``EVENTS_FOR_COVARIATES`` events.
        words: a column in plain words, for reasons; its name by default.
    """

    def __init__(
        self,
        peril: str,
        covariates: Covariates,
        segments: Sequence[str] = ("platform", "follower_tier"),
        learner: Literal["glm", "boosting"] = "glm",
        monotonic: Mapping[str, int] | None = None,
        expert: Expert | None = None,
        words: Mapping[str, str] | None = None,
    ) -> None:
        covariates.refuse_protected()
        if learner not in ("glm", "boosting"):
            raise ValueError(f"risk: learner {learner} is unknown. Take glm or boosting.")
        self.peril = peril
        self.covariates = covariates
        self.segments = tuple(segments)
        self.learner = learner
        self.monotonic = dict(monotonic or {})
        self.expert = expert
        self.words = dict(words or {})

    def fit(
        self,
        frame: pd.DataFrame,
        exposure: npt.ArrayLike,
        counts: npt.ArrayLike,
        amounts: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
        seed: int = 0,
        glm: FrequencyGLM | None = None,
    ) -> Self:
        """Fit to incidents.

        Args:
            frame: covariates and segment columns, one row per account and exposed period.
            exposure: years of each row [n].
            counts: incidents of each row [n].
            amounts: what the incidents of a row cost together [n], in one currency; read where the
                count is above 0: 0 where they cost nothing, NaN where not known. None: there is no
                severity.
            groups: rows that depend on each other [n], e.g. the creator, or None.
            seed: of the folds in which penalties and numbers of trees are chosen.
            glm: that of another learner's model of the same rows, which is not fitted again.

        Raises:
            ValueError: no rows, other lengths, a negative or absent exposure or count, events in
                rows without exposure, a column missing or malformed; or no event at all and no
                expert.
        """
        kept, years, events = exposed(frame, exposure, counts)
        rows = frame[kept]
        labels = None if groups is None else np.asarray(groups)[kept]
        self.years_, self.event_count_ = float(years.sum()), int(events.sum())
        self._fit_frequency(rows, years, events, labels, seed, glm)
        expected = self._model_frequency(rows) * years
        self.credibility_ = BuhlmannStraub(prior_mean=1.0).fit(
            self._segment(rows), events / expected, expected
        )
        self.average_ = float(np.average(self._frequency(rows), weights=years))
        self._fit_severity(rows, events, amounts, kept, labels, seed)
        self.duration_: DurationCurve | None = None
        self.duration_method_ = "none"
        return self

    def fit_duration(self, days: npt.ArrayLike, has_ended: npt.ArrayLike) -> Self:
        """Add the duration of the peril's outages; see :func:`fit_duration_curve`.

        With fewer than ``OUTAGES_FOR_A_CURVE`` that ended an expert's curve stands for it, if there
        is one; ``duration_method_`` says which it is: ``curve``, ``expert`` or ``none``.

        Raises:
            ValueError: as :func:`fit_duration_curve`, where no expert's curve stands.
        """
        if self.expert is not None and np.sum(has_ended) < OUTAGES_FOR_A_CURVE:
            self.duration_ = self.expert.duration
            self.duration_method_ = "none" if self.duration_ is None else "expert"
            return self
        self.duration_, self.duration_method_ = fit_duration_curve(days, has_ended), "curve"
        return self

    def paid_days(self, waiting_days: float = 0, cap_days: float = LONGEST_DAYS) -> float:
        """Days that one outage is expected to be paid for; NaN without a duration.

        Args:
            waiting_days: days at its beginning that are not paid.
            cap_days: most days that are.
        """
        if self.duration_ is None:
            return float("nan")
        return expected_paid_days(self.duration_, waiting_days, cap_days)

    def predict(self, frame: pd.DataFrame, horizon_days: int = DAYS_OF_YEAR) -> pd.DataFrame:
        """The risk of each row of ``frame``, in its order and with its index.

        Returns:
            ``event_frequency`` (a year), ``event_probability`` (0-1, of an event in the horizon),
            ``paid_share`` (0-1, of events that cost anything), ``expected_severity_amount`` (of one
            event: what a paid one costs, times that share), ``expected_loss_amount`` (in the
            horizon),
            ``expected_days`` (of one outage, at most ``LONGEST_DAYS``), ``risk_band`` (1 to 5),
            ``segment``, ``credibility`` (Z of the segment's own experience), ``reason_codes`` and
            ``reasons`` (lists, at most 4), ``frequency_method``, ``severity_method``. NaN where
            there was nothing to learn from.

        Raises:
            ValueError: not fitted, a column missing or malformed, a horizon below one day.
        """
        if not hasattr(self, "average_"):
            raise ValueError(f"risk {self.peril}: not fitted. Call fit first.")
        if not horizon_days >= 1:
            raise ValueError(f"risk: horizon of {horizon_days} days. Give at least 1.")
        frequency = self._frequency(frame)
        segment = self._segment(frame)
        severity = self._severity(frame)
        periods = horizon_days / DAYS_OF_YEAR
        reasons = self._reasons(frame, segment)
        return pd.DataFrame(
            {
                "event_frequency": frequency,
                "event_probability": -np.expm1(-frequency * periods),
                "paid_share": self.paid_share_,
                "expected_severity_amount": severity,
                "expected_loss_amount": frequency * periods * severity,
                "expected_days": self.paid_days(),
                "risk_band": np.searchsorted(BAND_EDGES, frequency / self.average_, "right") + 1,
                "segment": segment,
                "credibility": self.credibility_.credibility(segment),
                "reason_codes": reasons.codes,
                "reasons": reasons.texts,
                "frequency_method": self.frequency_method_,
                "severity_method": self.severity_method_,
            },
            index=frame.index,
        )

    def _fit_frequency(
        self,
        rows: pd.DataFrame,
        years: Floats,
        events: Floats,
        groups: npt.NDArray | None,
        seed: int,
        glm: FrequencyGLM | None,
    ) -> None:
        self.covariates.read(rows)
        self.glm_: FrequencyGLM | None = None
        self.boosting_: FrequencyBoosting | None = None
        observed = float(events.sum() / years.sum())
        self.portfolio_credibility_ = self._portfolio_credibility()
        if self.expert is not None and events.sum() < EVENTS_FOR_COVARIATES:
            self.frequency_method_, self.level_ = "expert", self._level(observed)
            return
        self.glm_ = glm
        if self.glm_ is None:
            self.glm_ = FrequencyGLM(self.covariates, knots=_KNOTS)
            self.glm_.fit(rows, years, events, groups, seed)
        self.frequency_method_, self.level_ = self.learner, self._level(observed) / observed
        if self.learner == "boosting":
            self.boosting_ = FrequencyBoosting(self.covariates, self.monotonic, bins=_BINS)
            self.boosting_.fit(rows, years, events, groups, seed)

    def _portfolio_credibility(self) -> float:
        """Z of the portfolio's own frequency against the expert's."""
        return 1.0 if self.expert is None else self.years_ / (self.years_ + self.expert.years)

    def _level(self, observed: float) -> float:
        """Events a year of the portfolio, from its own and what an expert believes."""
        if self.expert is None:
            return observed
        own = self.portfolio_credibility_
        return own * observed + (1 - own) * self.expert.frequency

    def _fit_severity(
        self,
        rows: pd.DataFrame,
        events: Floats,
        amounts: npt.ArrayLike | None,
        kept: npt.NDArray[np.bool_],
        groups: npt.NDArray | None,
        seed: int,
    ) -> None:
        self.severity_glm_: SeverityGLM | None = None
        self.paid_share_ = self.severity_mean_ = float("nan")
        self.severity_method_ = "none"
        if amounts is None:
            return
        totals = checked("amounts", amounts, len(kept), may_be_absent=True)[kept]
        known = (events > 0) & np.isfinite(totals)
        if not known.any():
            return
        # a Gamma model has no place for an event that cost nothing: those have a share of their own
        paid = known & (totals > 0)
        self.paid_share_ = float(events[paid].sum() / events[known].sum())
        if not paid.any():
            return
        means, numbers = totals[paid] / events[paid], events[paid]
        self.severity_mean_ = float(totals[paid].sum() / numbers.sum())
        self.severity_method_ = "mean"
        if paid.sum() >= _EVENTS_FOR_SEVERITY:
            labels = None if groups is None else groups[paid]
            self.severity_glm_ = SeverityGLM(self.covariates)
            self.severity_glm_.fit(rows[paid], means, numbers, labels, seed)
            self.severity_method_ = "glm"

    def _model_frequency(self, rows: pd.DataFrame) -> Floats:
        """Events a year before the segments' experience."""
        if self.glm_ is None:
            self.covariates.read(rows)
            return np.full(len(rows), self.level_)
        model = self.glm_ if self.boosting_ is None else self.boosting_
        return self.level_ * model.predict(rows)

    def _frequency(self, rows: pd.DataFrame) -> Floats:
        return self._model_frequency(rows) * self.credibility_.estimate(self._segment(rows))

    def _severity(self, rows: pd.DataFrame) -> Floats:
        if self.severity_glm_ is None:
            return np.full(len(rows), self.paid_share_ * self.severity_mean_)
        return self.paid_share_ * self.severity_glm_.predict(rows)

    def _segment(self, rows: pd.DataFrame) -> npt.NDArray[np.object_]:
        if missing := [name for name in self.segments if name not in rows.columns]:
            raise ValueError(
                f"risk: segment column {missing[0]} is missing. Add it, None where it is unknown."
            )
        if not self.segments:
            return np.full(len(rows), "all", dtype=object)
        parts = rows[list(self.segments)].astype(object)
        named = parts.where(parts.notna(), ABSENT).astype(str)
        joined = named[self.segments[0]]
        for name in self.segments[1:]:
            joined = joined + "/" + named[name]
        return joined.to_numpy(dtype=object)

    def _reasons(self, frame: pd.DataFrame, segment: npt.NDArray[np.object_]) -> Reasons:
        known = set(self.credibility_.segments_)
        first: list[list[Reason]] = [[] if name in known else [UNKNOWN_SEGMENT] for name in segment]
        if self.glm_ is None:
            told = [[*before, LITTLE_EXPERIENCE] for before in first]
            return explain(pd.DataFrame(index=frame.index), frame, self.words, told)
        read = self.covariates.read(frame)
        for name in self.covariates.categorical:
            strange = unknown_levels(self.glm_.columns_, name, read[name])
            for row in np.flatnonzero(strange):
                first[row].append(unknown_level(name, read[name].iloc[row]))
        contributions = self.glm_.contributions(frame)
        contributions["segment_experience"] = np.log(self.credibility_.estimate(segment))
        values = frame.assign(segment_experience=segment)
        return explain(contributions, values, self.words, first)
