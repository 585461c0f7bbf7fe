"""A fitted version with the figures and gates that say whether it may speak."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from ml.registry import Version


@dataclass(frozen=True)
class Metric:
    """A figure of a version, as ``ml.model_metric`` keeps it."""

    dataset: str
    segment: str
    metric: str
    value: float
    rows: int


@dataclass(frozen=True)
class Gate:
    """What must hold before a version may speak."""

    name: str
    value: float
    bound: float
    is_ceiling: bool
    """Whether the value must not exceed the bound; otherwise it must not fall below it."""

    @property
    def holds(self) -> bool:
        """Whether the version passes; a value that is not defined does not."""
        return self.value <= self.bound if self.is_ceiling else self.value >= self.bound

    def __str__(self) -> str:
        sign = "<=" if self.is_ceiling else ">="
        return f"{self.name} {self.value:.4f} ({sign} {self.bound:.4f} needed)"


@dataclass(frozen=True)
class Trained:
    """A version with its figures and gates."""

    version: Version
    metrics: Sequence[Metric]
    gates: Sequence[Gate]

    @property
    def failed(self) -> list[Gate]:
        """The gates that do not hold."""
        return [gate for gate in self.gates if not gate.holds]


def defined(
    figures: Mapping[str, float], rows: int, segment: str = "all", dataset: str = "validation"
) -> list[Metric]:
    """Figures as metrics; one that is not defined (NaN, infinite) is left out."""
    return [
        Metric(dataset, segment, name, float(value), rows)
        for name, value in figures.items()
        if isfinite(value)
    ]


def named(metrics: Iterable[Metric], segment: str = "all") -> dict[str, float]:
    """The values of a segment by the metric's name."""
    return {metric.metric: metric.value for metric in metrics if metric.segment == segment}
