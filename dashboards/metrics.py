"""A dataset's metric out of a KPI: label, SQL, description and format as ``metrics.yml`` has them.

A dataset's file says which KPIs it shows, and under which name a chart asks for each. It defines
none: an ``expression`` of its own is for what is no figure, such as an order of rows.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from warehouse.errors import UserError
from warehouse.kpis import kpis


class KpiReference(BaseModel):
    """A KPI that a dataset shows.

    ``name`` is what charts call it, ``column`` one of several columns of the KPI, ``label`` a
    heading where the KPI's own is too long or stands for several columns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kpi: str
    column: str | None = None
    label: str | None = None


def metric_fields(reference: KpiReference, mart: str) -> dict[str, Any]:
    """The fields of a dataset's metric over ``mart``; ValueError says what is wrong."""
    kpi = kpis().get(reference.kpi)
    if kpi is None:
        raise ValueError(f"metric {reference.name}: KPI {reference.kpi!r} is not in metrics.yml")
    try:
        expression, words = kpi.expression(mart, reference.column)
    except UserError as error:
        raise ValueError(str(error).rstrip(".")) from None
    column = f" ({reference.column})" if reference.column else ""
    return {
        "name": reference.name,
        "label": reference.label or kpi.label,
        "expression": expression,
        "description": f"{sentence(kpi.formula)}{column}. {words}".strip(),
        "format": kpi.format,
    }


def sentence(text: str) -> str:
    """A phrase with its first letter large, without the full stop."""
    return (text[:1].upper() + text[1:]).rstrip(".")
