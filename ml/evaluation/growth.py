"""Growth forecasts on real communities and on simulated series, beside the baselines of the field.

    python -m ml.evaluation.growth [--data ../shared/data/real]

Real: 300 communities, exact daily member counts of 47 days with a hole of nine; the gain of the
next 7 days from each of the seven origins after the hole, told in two ways: *other communities*
(fitted and calibrated on four fifths of the communities, judged on the fifth that it never saw) and
*past only* (``forecast`` on what was known at the origin, and nothing after). Baselines stand at
the same origins: drift, dynamic Theta and AutoETS of statsforecast with its own intervals; *repeat
the last 7 differences* and *28-day median drift* with intervals from their residuals at all
resolved origins of what the model was fitted on, in units of the mean absolute step of 28 days.

Simulated (:mod:`ml.evaluation.simulated_series`): coverage of 80 and 95 % over seven rolling
origins, refitted at each, overall and by kind, horizon and size. No claim about real creators.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ml.evaluation.figures import Figure, at_most, show, within
from ml.evaluation.forecast_metrics import coverage, mase, pinball, wape
from ml.evaluation.simulated_series import simulate
from ml.forecast import fit, forecast
from ml.growth.baselines import BASELINES, baseline
from ml.growth.features import row_median
from ml.growth.history import Panel, read_history

DATA = Path(__file__).parents[3] / "shared" / "data" / "real"
AHEAD = 7
ORIGINS = 7
LEVELS = (0.8, 0.95)
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
"""In the order of the columns of every (n, 5) array of quantiles here."""
FOLDS = 5
MODEL = "ml.forecast"
ENDS = ["lo_95", "lo_80", "point", "hi_80", "hi_95"]
WORST_TO_BEST = 1.05


@dataclass(frozen=True)
class Judged:
    """Gains that came true, and by name what each method said: (n,) and (n, 5) quantiles."""

    gain: np.ndarray
    naive_error: np.ndarray
    said: dict[str, np.ndarray]

    def joined(self, other: "Judged") -> "Judged":
        return Judged(
            np.concatenate([self.gain, other.gain]),
            np.concatenate([self.naive_error, other.naive_error]),
            {name: np.concatenate([made, other.said[name]]) for name, made in self.said.items()},
        )


def read_communities(data: Path = DATA, rounded: bool = False) -> pd.DataFrame:
    """``series_id, date, value``; ``rounded`` shows three significant digits, cut as YouTube's."""
    table = pd.read_csv(data / "community_members_daily.csv", parse_dates=["date"])
    history = table.rename(columns={"id": "series_id", "num_subscribers": "value"})
    history = history[["series_id", "date", "value"]].astype({"value": float})
    if rounded:
        unit = np.maximum(10.0 ** (np.floor(np.log10(history["value"])) - 2), 1)
        history["value"] = np.floor(history["value"] / unit) * unit
    return history


def evaluate(data: Path = DATA) -> list[Figure]:
    """All figures of this module."""
    exact, rounded = read_communities(data), read_communities(data, rounded=True)
    return [
        *community_figures("other communities", judge_other_communities(exact)),
        *community_figures("past only", judge_past_only(exact), required=False),
        *community_figures("rounded", judge_other_communities(rounded), required=False),
        *simulated_figures(),
    ]


def judge_other_communities(history: pd.DataFrame, seed: int = 0) -> Judged:
    """Each fifth of the communities, forecast by a model that saw the other four alone."""
    names = np.sort(history["series_id"].unique())
    fold = dict(
        zip(names, np.random.default_rng(seed).permutation(len(names)) % FOLDS, strict=True)
    )
    place = history["series_id"].map(fold)
    judged: Judged | None = None
    for one in track(range(FOLDS), description="communities, by fold"):
        seen, held = history[place != one], history[place == one]
        model = fit(seen, [AHEAD], LEVELS, seed=seed)
        for origin in _origins(history):
            made = model.predict(held[held["date"] <= origin])
            found = _judged(held, made, origin, seen)
            judged = found if judged is None else judged.joined(found)
    assert judged is not None
    return judged


def judge_past_only(history: pd.DataFrame, seed: int = 0) -> Judged:
    """All communities at each origin, from what was known then."""
    judged: Judged | None = None
    for origin in track(_origins(history), description="communities, by origin"):
        known = history[history["date"] <= origin]
        found = _judged(history, forecast(known, [AHEAD], LEVELS, seed=seed), origin, known)
        judged = found if judged is None else judged.joined(found)
    assert judged is not None
    return judged


def _origins(history: pd.DataFrame) -> list[pd.Timestamp]:
    last = history["date"].max() - pd.Timedelta(days=AHEAD)
    return list(pd.date_range(end=last, periods=ORIGINS))


def _judged(
    history: pd.DataFrame, made: pd.DataFrame, origin: pd.Timestamp, seen: pd.DataFrame
) -> Judged:
    """What the model and every baseline said at an origin against what came true."""
    values = history.pivot(index="series_id", columns="date", values="value")
    values = values.reindex(made["series_id"])
    start = values[origin].to_numpy()
    panel = read_history(history[history["date"] <= origin], "D")
    windows = panel.values[pd.Index(panel.ids).get_indexer(made["series_id"])]
    step = np.nanmean(np.abs(np.diff(windows, axis=1)), axis=1)
    said = {MODEL: made[ENDS].to_numpy() - start[:, None]}
    for name, method in _SIMPLE.items():
        said[name] = method(windows)[:, None] + _residuals(method, read_history(seen, "D"), windows)
    for name in BASELINES:
        point, low, high = baseline(name, windows, [AHEAD], LEVELS)
        ends = [low[:, 0, 1], low[:, 0, 0], point[:, 0], high[:, 0, 0], high[:, 0, 1]]
        said[name] = np.stack(ends, axis=1) - start[:, None]
    gain = values[origin + pd.Timedelta(days=AHEAD)].to_numpy() - start
    return Judged(gain, step, said)


def _repeat(windows: np.ndarray) -> np.ndarray:
    return windows[:, -1] - windows[:, -1 - AHEAD]


def _median_drift(windows: np.ndarray) -> np.ndarray:
    return AHEAD * row_median(np.diff(windows, axis=1)[:, -28:])


_SIMPLE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "repeat the last 7 differences": _repeat,
    "28-day median drift": _median_drift,
}


def _residuals(
    method: Callable[[np.ndarray], np.ndarray], panel: Panel, windows: np.ndarray
) -> np.ndarray:
    """(n, 5) quantiles of a simple method's past errors, in units of each window's usual step."""
    width = panel.values.shape[1]
    found = []
    for column in range(AHEAD, width - AHEAD):
        target = column + AHEAD
        rows = panel.observed[:, column] & panel.observed[:, target]
        past = panel.values[rows, : column + 1]
        away = panel.values[rows, target] - past[:, -1] - method(past)
        found.append(away / _usual_step(past))
    if not found:
        return np.zeros((len(windows), len(QUANTILES)))
    every = np.concatenate(found)
    spread = np.quantile(every[np.isfinite(every)], QUANTILES)
    spread[QUANTILES.index(0.5)] = 0.0
    return _usual_step(windows)[:, None] * spread


def _usual_step(windows: np.ndarray) -> np.ndarray:
    return np.nanmean(np.abs(np.diff(windows, axis=1))[:, -28:], axis=1)


def mean_pinball(judged: Judged, name: str) -> float:
    """The mean over the five quantiles, in members."""
    made = judged.said[name]
    losses = [pinball(judged.gain, made[:, at], q) for at, q in enumerate(QUANTILES)]
    return float(np.mean(losses))


def community_figures(title: str, judged: Judged, required: bool = True) -> list[Figure]:
    """WAPE of the 7-day gain, pinball loss, MASE and coverage, ours and the baselines'.

    What is not ``required`` is told beside the target without failing it.
    """
    others = [name for name in judged.said if name != MODEL]
    error = {name: wape(judged.gain, made[:, 2]) for name, made in judged.said.items()}
    loss = {name: mean_pinball(judged, name) for name in judged.said}
    best_error, best_loss = (min(of[name] for name in others) for of in (error, loss))
    ours = judged.said[MODEL]
    figures = [
        at_most(
            f"{title}: 7-day gain, WAPE to the best baseline's",
            error[MODEL] / best_error,
            WORST_TO_BEST,
        ),
        at_most(f"{title}: pinball loss to the best baseline's", loss[MODEL] / best_loss, 1.0),
    ]
    if not required:
        figures = [Figure(figure.name, figure.value) for figure in figures]
    for name in judged.said:
        figures.append(Figure(f"{title}: WAPE, {name}", error[name]))
        figures.append(Figure(f"{title}: pinball loss, {name}", loss[name]))
        figures.append(
            Figure(
                f"{title}: MASE (m = 1), {name}",
                mase(judged.gain, judged.said[name][:, 2], judged.naive_error),
            )
        )
    figures.append(
        Figure(f"{title}: skill against drift (WAPE)", 1 - error[MODEL] / error["drift"])
    )
    figures.append(
        Figure(f"{title}: coverage of 80", coverage(judged.gain, ours[:, 1], ours[:, 3]))
    )
    figures.append(
        Figure(f"{title}: coverage of 95", coverage(judged.gain, ours[:, 0], ours[:, 4]))
    )
    return figures


SIMULATED_SEED = 20_261
SIMULATED_ORIGINS = 7


@dataclass(frozen=True)
class Setup:
    """A simulated panel: how many series of how many steps, judged how."""

    freq: str
    series: int
    steps: int
    horizons: tuple[int, ...]
    apart: int


SETUPS = (Setup("D", 640, 400, (7, 14, 28), 14), Setup("W", 320, 160, (4, 8, 13), 6))


def simulated_figures(setups: tuple[Setup, ...] = SETUPS) -> list[Figure]:
    """Coverage over rolling origins, overall within .02 and by group within .05."""
    figures = []
    for setup in setups:
        told = judge_simulated(setup)
        title = f"simulated {'days' if setup.freq == 'D' else 'weeks'}"
        for percent in (80, 95):
            inside = told["value"].between(told[f"lo_{percent}"], told[f"hi_{percent}"])
            aim = percent / 100
            figures.append(within(f"{title}: coverage of {percent}", inside.mean(), aim, 0.02))
            for name in ("kind", "horizon", "size"):
                by = inside.groupby(told[name], observed=True).mean()
                worst = by.index[int(np.argmax(np.abs(by.to_numpy() - aim)))]
                label = f"{title}: coverage of {percent}, farthest {name} ({worst})"
                figures.append(within(label, float(by[worst]), aim, 0.05))
    return figures


def judge_simulated(setup: Setup, seed: int = SIMULATED_SEED) -> pd.DataFrame:
    """What ``forecast`` says at every origin beside what came true, one row each."""
    history, kinds = simulate(setup.series, setup.steps, seed, setup.freq)
    told = [
        forecast(history[history["date"] <= origin], setup.horizons, LEVELS, setup.freq)
        for origin in track(
            list(_rolling(history, setup)), description=f"simulated, {setup.freq}, by origin"
        )
    ]
    made = pd.concat(told).merge(history, on=["series_id", "date"])
    start = history.rename(columns={"date": "origin", "value": "start"})
    made = made.merge(start, on=["series_id", "origin"])
    made["kind"] = made["series_id"].map(kinds)
    made["size"] = pd.qcut(made["start"].rank(method="first"), 3, labels=["small", "mid", "large"])
    return made


def _rolling(history: pd.DataFrame, setup: Setup) -> Iterator[pd.Timestamp]:
    days = np.sort(history["date"].unique())
    for turn in reversed(range(SIMULATED_ORIGINS)):
        yield pd.Timestamp(days[-1 - max(setup.horizons) - turn * setup.apart])


def _sheet(figures: list[Figure]) -> Table:
    """WAPE and pinball loss of every method side by side."""
    measures = ("WAPE", "pinball loss", "MASE (m = 1)")
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for figure in figures:
        title, _, rest = figure.name.partition(": ")
        measure, comma, name = rest.partition(", ")
        if comma and measure in measures:
            cells.setdefault((title, name), {})[measure] = figure.value
    table = Table("judged on", "method", *measures)
    for (title, name), found in cells.items():
        table.add_row(title, name, *(f"{found[measure]:,.4f}" for measure in measures))
    return table


def main(data: Annotated[Path, typer.Option(help="Folder of the real series.")] = DATA) -> None:
    """Print the figures; exit code 1 where one does not hold."""
    figures = evaluate(data)
    Console(highlight=False).print(_sheet(figures))
    if not show("Growth forecasts", figures):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
