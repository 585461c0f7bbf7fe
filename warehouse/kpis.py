"""The KPIs as ``dbt_project/metrics.yml`` states them: one definition for all who show a figure.

What people read of a KPI comes from here: the page ``docs/kpis.md``, the metrics and their tips in
Superset, the labels of the API. The file's head explains its fields.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from warehouse.errors import UserError

METRICS_PATH = Path(__file__).parents[1] / "dbt_project" / "metrics.yml"

# How a column of a mart becomes one figure over several of its rows, and how that is said.
# arrayReduce, because Superset's SQL parser does not know quantileExactInclusive(0.5)(...).
AGGREGATES: Mapping[str, tuple[str, str]] = {
    "sum": ("sum({column})", "Summed; what is not known is left out."),
    "mean_of_days": (
        "toFloat64(sum({column})) / uniqExact(snapshot_date)",
        "Summed over accounts, never over days: of several days their mean.",
    ),
    "mean": ("avg({column})", "Of several the mean."),
    "median": (
        "if(count({column}) = 0, null, "
        "arrayReduce('quantileExactInclusive(0.5)', groupArray({column})))",
        "Of several the median.",
    ),
    "single": (
        "if(count() = 1, any({column}), null)",
        "Empty over more than one row: quantiles do not add up.",
    ),
    "distinct": ("uniqExact({column})", "Each is counted once."),
    "minimum": ("min({column})", "Of several the smallest."),
    "maximum": ("max({column})", "Of several the largest."),
}


class Kpi(BaseModel):
    """One KPI; the fields are explained at the head of ``metrics.yml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    label: str
    formula: str
    unit: str
    source: str = ""
    format: str = "SMART_NUMBER"
    grain: dict[str, tuple[str, ...]]
    sql: dict[str, str] = {}
    aggregate: dict[str, str] = {}
    caveats: tuple[str, ...]

    @field_validator("grain", mode="before")
    @classmethod
    def _columns(cls, grain: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
        return {m: [found] if isinstance(found, str) else found for m, found in grain.items()}

    def expression(self, mart: str, column: str | None = None) -> tuple[str, str]:
        """The KPI over several rows of ``mart`` as ClickHouse SQL, and in words.

        Args:
            mart: a mart of :attr:`aggregate`.
            column: which of the KPI's columns there; the first by default.

        Raises:
            UserError: the KPI has no such aggregate or column.
        """
        columns = self.grain.get(mart, ())
        if mart not in self.aggregate:
            raise UserError(f"KPI {self.name}: no aggregate for {mart}. Add it to metrics.yml.")
        if column is not None and column not in columns:
            raise UserError(f"KPI {self.name}: {mart}.{column} is not one of its columns.")
        how = self.aggregate[mart]
        if how in AGGREGATES:
            text, words = AGGREGATES[how]
            return text.format(column=column or columns[0]), words
        return how, ""


def read_kpis(path: Path = METRICS_PATH) -> dict[str, Kpi]:
    """Every KPI by name; :class:`UserError` names the first that is malformed or there twice."""
    found: dict[str, Kpi] = {}
    for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))["metrics"]):
        name = entry.get("name", f"number {number + 1}")
        try:
            kpi = Kpi.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UserError(f"{path.name}: {name}: {where}: {first['msg']}.") from None
        if kpi.name in found:
            raise UserError(f"{path.name}: {name}: is there twice.")
        found[kpi.name] = kpi
    return found


@cache
def kpis() -> Mapping[str, Kpi]:
    """Every KPI of the project by name, read once."""
    return read_kpis()


def label(name: str) -> str:
    """What people call a KPI; :class:`UserError` where there is none of the name."""
    if name not in kpis():
        raise UserError(f"KPI {name!r}: is not in metrics.yml.")
    return kpis()[name].label
