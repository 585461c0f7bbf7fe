"""The plots of a model card, drawn from a version's figures alone; the same figures, same bytes.

matplotlib is loaded when the first plot is drawn: training must start without it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ml.candidate import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCHES, DOTS_PER_INCH = (5.4, 3.2), 90
OURS, OTHERS, AIM = "tab:blue", "tab:orange", "0.6"

Table = dict[str, dict[str, float]]
"""By value of a part (``tiktok``, ``3``) the figures by name."""


def parts_of(metrics: Sequence[Metric], subject: str, kind: str) -> Table:
    """The figures of validation of one kind of part, in the order in which they were made."""
    start = f"{subject}/{kind}:" if subject else f"{kind}:"
    table: Table = {}
    for metric in metrics:
        if metric.dataset == "validation" and metric.segment.startswith(start):
            table.setdefault(metric.segment.removeprefix(start), {})[metric.metric] = metric.value
    return table


def draw(name: str, metrics: Sequence[Metric], folder: Path) -> dict[str, str]:
    """Write the plots of a model that its figures allow; returns title by file name."""
    drawn = {}
    for file, (title, plot) in _PLOTS[name].items():
        figures = plot(metrics)
        if figures is not None:
            _save(figures, title, folder / file)
            drawn[file] = title
    return drawn


Drawing = Callable[["Axes"], None]
Plot = Callable[[Sequence[Metric]], Drawing | None]


def _save(drawing: Drawing, title: str, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    drawing(axes)
    axes.set_title(title, fontsize="medium")
    axes.spines[["top", "right"]].set_visible(False)
    # the library's own version in the file would change it without a change of the plot
    figure.savefig(path, metadata={"Software": None})


def _columns(table: Table, *names: str) -> tuple[list[str], list[list[float]]]:
    """The parts that have all of the figures, and these."""
    kept = {part: row for part, row in table.items() if all(name in row for name in names)}
    return list(kept), [[row[name] for row in kept.values()] for name in names]


def _calibration(metrics: Sequence[Metric]) -> Drawing | None:
    bands, (said, came) = _columns(parts_of(metrics, "", "band"), "mean_probability", "event_rate")
    if not bands:
        return None

    def drawing(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=AIM, linestyle="--", linewidth=1)
        axes.plot(said, came, marker="o", color=OURS)
        axes.set(xlabel="mean probability", ylabel="share of frauds", xlim=(0, 1), ylim=(0, 1))

    return drawing


def _lift(subject: str, rate: str) -> Plot:
    def plot(metrics: Sequence[Metric]) -> Drawing | None:
        bands, (rates,) = _columns(parts_of(metrics, subject, "band"), rate)
        mean = sum(rates) / len(rates) if rates else 0.0
        if not mean > 0:
            return None

        def drawing(axes: "Axes") -> None:
            axes.bar(bands, [one / mean for one in rates], color=OURS)
            axes.axhline(1, color=AIM, linestyle="--", linewidth=1)
            axes.set(xlabel="band by rising prediction", ylabel="rate against that of all")

        return drawing

    return plot


def _by_part(subject: str, figure: str, aim: float | None, error: str = "") -> Plot:
    """A dot for each platform, size and language, with twice the error as a line."""

    def plot(metrics: Sequence[Metric]) -> Drawing | None:
        rows = {
            f"{kind} {part}": row
            for kind in ("platform", "size", "language")
            for part, row in parts_of(metrics, subject, kind).items()
        }
        names = [figure, error] if error else [figure]
        parts, columns = _columns(rows, *names)
        if not parts:
            return None

        def drawing(axes: "Axes") -> None:
            places = list(range(len(parts)))[::-1]
            spread = [2 * one for one in columns[1]] if error else None
            axes.errorbar(columns[0], places, xerr=spread, fmt="o", color=OURS)
            if aim is not None:
                axes.axvline(aim, color=AIM, linestyle="--", linewidth=1)
            axes.set_yticks(places, parts, fontsize="small")
            axes.set_xlim(left=0)
            axes.margins(y=0.1)
            axes.locator_params(axis="x", nbins=6)

        return drawing

    return plot


def _coverage(metrics: Sequence[Metric]) -> Drawing | None:
    table = parts_of(metrics, "follower_count", "horizon")
    days, columns = _columns(table, "coverage_80", "coverage_95")
    if not days:
        return None

    def drawing(axes: "Axes") -> None:
        for level, color, values in zip((80, 95), (OURS, OTHERS), columns, strict=True):
            axes.plot(days, values, marker="o", color=color, label=f"interval of {level} %")
            axes.axhline(level / 100, color=color, linestyle="--", linewidth=1)
        axes.set(xlabel="days ahead", ylabel="share inside", ylim=(0, 1.02))
        axes.legend(loc="lower left", fontsize="small")

    return drawing


def _error_of_gain(metrics: Sequence[Metric]) -> Drawing | None:
    table = parts_of(metrics, "follower_count", "horizon")
    days, columns = _columns(table, "gain_wape", "gain_wape_of_drift")
    if not days:
        return None

    def drawing(axes: "Axes") -> None:
        for name, color, values in zip(("model", "drift"), (OURS, OTHERS), columns, strict=True):
            axes.plot(days, values, marker="o", color=color, label=name)
        axes.set(xlabel="days ahead", ylabel="WAPE of the gain")
        axes.set_ylim(bottom=0)
        axes.legend(fontsize="small")

    return drawing


def _double_lift(metrics: Sequence[Metric]) -> Drawing | None:
    names = ("actual", "champion", "challenger")
    bands, columns = _columns(parts_of(metrics, "all", "double_lift"), *names)
    if not bands:
        return None

    def drawing(axes: "Axes") -> None:
        for name, color, values in zip(names, ("black", OURS, OTHERS), columns, strict=True):
            axes.plot(bands, values, marker="o", color=color, label=name)
        axes.set(xlabel="band by rising challenger / champion", ylabel="rate against that of all")
        axes.legend(fontsize="small")

    return drawing


_PLOTS: dict[str, dict[str, tuple[str, Plot]]] = {
    "authenticity": {
        "calibration.png": ("Calibration on unseen creators", _calibration),
        "lift.png": ("Frauds by band of probability", _lift("", "event_rate")),
        "false_positives.png": (
            "Share of honest accounts that are flagged",
            _by_part("", "false_positive_rate", None),
        ),
    },
    "growth": {
        "coverage.png": ("Coverage by horizon", _coverage),
        "gain.png": ("Error of the gain of followers", _error_of_gain),
        "coverage_by_part.png": (
            "Coverage of the interval of 80 %",
            _by_part("follower_count", "coverage_80", 0.8),
        ),
    },
    "risk": {
        "lift.png": ("Events by band of expected frequency", _lift("all", "actual_rate")),
        "actual_to_expected.png": (
            "Actual to expected events, two standard errors",
            _by_part("all", "actual_to_expected", 1.0, "actual_to_expected_error"),
        ),
        "double_lift.png": ("Where champion and challenger disagree", _double_lift),
    },
}
