"""Quantiles of what the combination of simple methods leaves over, learnt over all series at once.

In: rows of :mod:`ml.growth.features` and what came true, in units of each row's scale.
Out: a plain dict of arrays and scikit-learn estimators (so that skops stores it), and quantiles.

Two learners stand for choice, judged out of fold by pinball loss: ``blend``, a convex mixture of
the simple methods by least absolute errors with one residual distribution per horizon; and ``gbm``,
quantile gradient boosting on top of it. Few or regular series are better off with the first. The
chosen one's intervals are then corrected by group (:mod:`ml.growth.conformal`) with its out-of-fold
misses: horizon x tercile of relative error x tercile of size, rounded counters by themselves.

Few series with a history of few horizons cannot be parted, by series or in time, into what is
fitted and what judges; nothing is fitted then: ``combination`` is the simple methods' own, which at
every origin knows the past alone, so that its errors at resolved origins are honest. Their
quantiles are its intervals, counting as many errors as there are stretches of one horizon's length.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import nnls
from sklearn.ensemble import HistGradientBoostingRegressor

from ml.binning import bin_edges, binned
from ml.growth.conformal import correction, group_corrections, misses
from ml.growth.features import METHODS, NAMES

FOLDS = 3
ROWS_FOR_ONE_FOLD = 16_000
"""From that many rows on, one held-out third of the series judges; below, all three in turn."""
SERIES_FOR_FOLDS = 20
ORIGINS_TO_LEARN, ORIGINS_TO_TELL = 20, 5
"""Separate origins of a horizon for a learner, and for the combination's errors to tell of it: the
95 % quantile of misses is defined from 19 on, that of 80 from 4; below, the largest stands."""
SMALLEST_GROUP = 200
_BANDS = 3
_GROUPS = _BANDS * _BANDS + 1
_GAINS = slice(NAMES.index(f"gain_{METHODS[0]}"), NAMES.index(f"gain_{METHODS[-1]}") + 1)
_RELATIVE_ERROR, _ROUNDING = NAMES.index("relative_error"), NAMES.index("rounding")


@dataclass(frozen=True)
class Examples:
    """Resolved rows: features (n, f) · target (n,) in units of the scale · horizon (n,) place in
    the list of horizons · series (n,) number · origin (n,) steps before the series' last day ·
    level, scale (n,)."""

    features: np.ndarray
    target: np.ndarray
    horizon: np.ndarray
    series: np.ndarray
    origin: np.ndarray
    level: np.ndarray
    scale: np.ndarray

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: np.ndarray) -> "Examples":
        return Examples(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def known_horizons(examples: Examples, horizons: Sequence[int]) -> np.ndarray:
    """(horizons,) bool: which have separate origins enough to learn from, or to tell errors."""
    parted = len(np.unique(examples.series)) >= SERIES_FOR_FOLDS
    least = ORIGINS_TO_LEARN if parted else ORIGINS_TO_TELL
    found = [_separate_origins(examples, place, step) for place, step in enumerate(horizons)]
    return np.array(found) >= least


def _separate_origins(examples: Examples, place: int, step: int) -> int:
    """Pairs of series and stretch of one horizon's length that hold a resolved origin.

    Origins closer than a horizon share most of what came, and tell one thing.
    """
    own = examples.horizon == place
    pairs = np.stack([examples.series[own], examples.origin[own] // step], axis=1)
    return len(np.unique(pairs, axis=0))


def quantiles_of(levels: Sequence[float]) -> tuple[float, ...]:
    """The median and both ends of every level's interval, ascending."""
    ends = [end for level in levels for end in ((1 - level) / 2, (1 + level) / 2)]
    return tuple(sorted({0.5, *(round(end, 10) for end in ends)}))


def learn(
    examples: Examples, horizons: Sequence[int], levels: Sequence[float], seed: int
) -> dict[str, Any]:
    """The learner's state: what :func:`quantiles` reads.

    Targets are held within the .995 quantile of their size: a calm series that is purged the next
    day lies hundreds of its usual errors away, which no leaf should be about.
    """
    true = examples.target
    examples = replace(examples, target=_held(true, examples.horizon))
    wanted = quantiles_of(levels)
    folds = _folds(examples, horizons, seed)
    if not folds:
        return _unlearnt(replace(examples, target=true), horizons, wanted, levels)
    judged = np.flatnonzero(np.any([test for _, test in folds], axis=0))
    made: dict[str, np.ndarray] = {}
    fitted: dict[str, Any] = {}
    for kind in ("blend", "gbm"):
        out = np.full((len(examples), len(wanted)), np.nan)
        for train, test in folds:
            fitted[kind] = _fit(
                kind, examples.take(np.flatnonzero(train)), len(horizons), wanted, seed
            )
            out[test] = _raw(fitted[kind], examples.features[test], examples.horizon[test])
        made[kind] = out[judged]
    held = examples.take(judged)
    kind = min(made, key=lambda one: _pinball(held.target, made[one], wanted))
    state = fitted[kind]
    if len(folds) > 1:
        state = _fit(kind, examples, len(horizons), wanted, seed)
    held = replace(held, target=true[judged])
    return state | _corrections(held, made[kind], wanted, len(horizons), levels)


def quantiles(
    state: dict[str, Any], features: np.ndarray, horizon: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Point (n,), lows and highs (n, levels) in units of the scale, nested and around the point."""
    raw = _raw(state, features, horizon)
    wanted = [round(float(one), 10) for one in state["quantiles"]]
    point = raw[:, wanted.index(0.5)]
    groups = _groups(state["edges"], features, horizon, level)
    lows, highs = np.empty((2, len(raw), len(state["levels"])))
    low, high = point, point
    for place in np.argsort(state["levels"]):
        tail = round((1 - float(state["levels"][place])) / 2, 10)
        wider = state["corrections"][place][groups]
        low = np.minimum(raw[:, wanted.index(tail)] - wider, low)
        high = np.maximum(raw[:, wanted.index(round(1 - tail, 10))] + wider, high)
        lows[:, place], highs[:, place] = low, high
    return point, lows, highs


def _later(examples: Examples, place: int, step: int) -> np.ndarray:
    """Rows of a horizon's later half of origins, or of all where half of them tell too little.

    The usual error of a young series is told by few origins and mostly too large, so that what
    came in its units is too small.
    """
    rows = np.flatnonzero(examples.horizon == place)
    later = rows[examples.origin[rows] <= np.median(examples.origin[rows])] if len(rows) else rows
    enough = _separate_origins(examples.take(later), place, step) >= ORIGINS_TO_TELL
    return later if enough else rows


def _held(target: np.ndarray, horizon: np.ndarray) -> np.ndarray:
    bound = np.zeros(len(target))
    for place in np.unique(horizon):
        own = horizon == place
        bound[own] = np.quantile(np.abs(target[own]), 0.995)
    return np.clip(target, -bound, bound)


def _folds(
    examples: Examples, horizons: Sequence[int], seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(train, test) masks: by series, or by time where there are too few series; none if neither.

    In time the tested stretch is kept apart from training by the longest horizon on either side.
    """
    series = np.unique(examples.series)
    if len(series) >= SERIES_FOR_FOLDS:
        shuffled = np.random.default_rng(seed).permutation(len(series)) % FOLDS
        fold = shuffled[np.searchsorted(series, examples.series)]
        count = 1 if len(examples) >= ROWS_FOR_ONE_FOLD else FOLDS
        return [(fold != one, fold == one) for one in range(count)]
    separate = [_separate_origins(examples, place, step) for place, step in enumerate(horizons)]
    if min(one for one in separate if one) < ORIGINS_TO_LEARN:
        return []
    cuts = np.quantile(examples.origin, np.linspace(0, 1, FOLDS + 1)[1:-1])
    fold = np.searchsorted(cuts, examples.origin)
    folds = []
    for one in range(FOLDS):
        test = fold == one
        if not test.any():
            continue
        first, last = examples.origin[test].min(), examples.origin[test].max()
        reach = max(horizons)
        apart = (examples.origin < first - reach) | (examples.origin > last + reach)
        if apart.sum() >= len(examples) // (2 * FOLDS):
            folds.append((apart, test))
    return folds


def _unlearnt(
    examples: Examples,
    horizons: Sequence[int],
    wanted: tuple[float, ...],
    levels: Sequence[float],
) -> dict[str, Any]:
    """The combination as it is, with the quantiles of its errors at resolved origins."""
    count = len(horizons)
    state: dict[str, Any] = {
        "kind": "combination",
        "quantiles": np.array(wanted),
        "blend": np.zeros((count, len(METHODS))),
        "spread": np.zeros((count, len(wanted))),
        "edges": np.zeros((2, _BANDS - 1)),
        "levels": np.array(levels, dtype=float),
    }
    corrections = np.zeros((len(levels), count, _GROUPS))
    for place, step in enumerate(horizons):
        own = examples.take(_later(examples, place, step))
        found = own.target
        if not len(found):
            continue
        separate = _separate_origins(own, place, step)
        middle = np.median(found)
        state["spread"][place] = middle
        for at, level in enumerate(levels):
            away = np.abs(found - middle)
            corrections[at, place] = correction(away, level, separate)
    return state | {"corrections": corrections.reshape(len(levels), count * _GROUPS)}


def _fit(
    kind: str, examples: Examples, horizons: int, wanted: tuple[float, ...], seed: int
) -> dict[str, Any]:
    blend = np.stack([_mixture(examples, place) for place in range(horizons)])
    rest = examples.target - _blended(blend, examples.features, examples.horizon)
    state: dict[str, Any] = {"kind": kind, "quantiles": np.array(wanted), "blend": blend}
    if kind == "blend":
        spread = np.zeros((horizons, len(wanted)))
        for place in range(horizons):
            own = rest[examples.horizon == place]
            if len(own):
                spread[place] = np.quantile(own, wanted)
        return state | {"spread": spread}
    # Neighbouring origins of a series overlap, so a leaf needs more rows than it seems.
    weights = _weights(examples)
    bins = bin_edges(examples.features)
    features = binned(examples.features, bins)
    estimators = [
        HistGradientBoostingRegressor(
            loss="quantile",
            quantile=quantile,
            max_iter=60,
            learning_rate=0.07,
            max_leaf_nodes=15 if len(examples) < ROWS_FOR_ONE_FOLD else 31,
            min_samples_leaf=int(np.clip(len(examples) // 100, 40, 300)),
            early_stopping=False,
            random_state=seed,
        ).fit(features, rest, sample_weight=weights)
        for quantile in wanted
    ]
    return state | {"bins": bins, "estimators": estimators}


def _weights(examples: Examples) -> np.ndarray:
    """(n,) errors are told in totals, so that large movers count for more.

    A root of the scale, within bounds, keeps the many small ones in sight.
    """
    weights = np.ones(len(examples))
    for place in np.unique(examples.horizon):
        own = examples.horizon == place
        weights[own] = (examples.scale[own] / np.median(examples.scale[own])) ** 0.3
    return np.clip(weights, 0.2, 5.0)


def _raw(state: dict[str, Any], features: np.ndarray, horizon: np.ndarray) -> np.ndarray:
    """(n, quantiles) sorted, in units of the scale, before any correction."""
    centre = _blended(state["blend"], features, horizon)[:, None]
    if state["kind"] != "gbm":
        return centre + state["spread"][horizon]
    places = binned(features, state["bins"])
    learnt = np.stack([one.predict(places) for one in state["estimators"]], axis=1)
    return centre + np.sort(learnt, axis=1)


def _mixture(examples: Examples, place: int) -> np.ndarray:
    """(methods,) weights of a horizon that sum to at most 1; the rest is the combination's.

    Least absolute errors by reweighted non-negative least squares.
    """
    rows = np.flatnonzero(examples.horizon == place)[:20_000]
    if not len(rows):
        return np.zeros(len(METHODS))
    gains = np.nan_to_num(examples.features[rows, _GAINS].astype(float))
    target = examples.target[rows]
    with_combination = np.column_stack([gains, np.zeros(len(rows))])
    sum_to_one = np.full((1, with_combination.shape[1]), 1e4 * np.sqrt(len(rows)))
    weights = np.zeros(with_combination.shape[1])
    root = np.ones(len(rows))
    for _ in range(12):
        design = np.vstack([with_combination * root[:, None], sum_to_one])
        weights, _ = nnls(design, np.append(target * root, sum_to_one[0, 0]))
        away = np.abs(target - with_combination @ weights)
        root = 1 / np.sqrt(np.maximum(away, 0.05))
    return weights[:-1] / max(weights.sum(), 1e-9)


def _blended(blend: np.ndarray, features: np.ndarray, horizon: np.ndarray) -> np.ndarray:
    gains = np.nan_to_num(features[:, _GAINS].astype(float))
    return np.einsum("nm,nm->n", gains, blend[horizon])


def _pinball(target: np.ndarray, made: np.ndarray, wanted: tuple[float, ...]) -> float:
    away = target[:, None] - made
    tilt = np.array(wanted)
    return float(np.mean(np.maximum(tilt * away, (tilt - 1) * away)))


def _groups(
    edges: np.ndarray, features: np.ndarray, horizon: np.ndarray, level: np.ndarray
) -> np.ndarray:
    """(n,) numbers of groups: per horizon, relative error x size by the edges of training.

    Rounded counters are one more: what they hide is alike at any size.
    """
    calm = np.searchsorted(edges[0], features[:, _RELATIVE_ERROR])
    size = np.searchsorted(edges[1], np.log1p(np.abs(level)))
    band = np.where(features[:, _ROUNDING] > 0, _GROUPS - 1, calm * _BANDS + size)
    return horizon * _GROUPS + band


def _corrections(
    held: Examples,
    made: np.ndarray,
    wanted: tuple[float, ...],
    horizons: int,
    levels: Sequence[float],
) -> dict[str, Any]:
    thirds = np.linspace(0, 1, _BANDS + 1)[1:-1]
    edges = np.stack(
        [
            np.quantile(held.features[:, _RELATIVE_ERROR], thirds),
            np.quantile(np.log1p(np.abs(held.level)), thirds),
        ]
    )
    groups = _groups(edges, held.features, held.horizon, held.level)
    tables = np.zeros((len(levels), horizons * _GROUPS))
    for place, level in enumerate(levels):
        tail = round((1 - level) / 2, 10)
        found = misses(
            held.target,
            made[:, wanted.index(tail)],
            made[:, wanted.index(round(1 - tail, 10))],
        )
        for one in range(horizons):
            own = held.horizon == one
            tables[place, one * _GROUPS : (one + 1) * _GROUPS] = group_corrections(
                found[own], groups[own] - one * _GROUPS, _GROUPS, level, SMALLEST_GROUP
            )
    return {"edges": edges, "corrections": tables, "levels": np.array(levels, dtype=float)}
