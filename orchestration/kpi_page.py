"""The page of KPIs for people, ``docs/kpis.md``, made from ``dbt_project/metrics.yml``.

``python -m orchestration.kpi_page`` writes it again after a change of a KPI; ``--check`` says
whether it is that of the KPIs and ends with exit code 1 where it is not.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from orchestration.settings import PROJECT_ROOT
from warehouse.kpis import Kpi, kpis

PAGE = PROJECT_ROOT / "docs" / "kpis.md"
HEAD = """# KPIs

Each figure has one definition. It is written down in `dbt_project/metrics.yml`, from which this
page, the metrics of Superset and the labels of the API are made (`make format` writes the page
again). What is not known is NULL, never 0.
"""


def page(found: Iterable[Kpi] | None = None) -> str:
    """The page as Markdown; of the project's KPIs by default."""
    return "\n".join([HEAD, *map(_section, kpis().values() if found is None else found)])


def _section(kpi: Kpi) -> str:
    where = [f"`{mart}.{column}`" for mart, columns in kpi.grain.items() for column in columns]
    over_rows = [f"- Over rows of `{mart}`: `{kpi.expression(mart)[0]}`" for mart in kpi.aggregate]
    lines = [
        f"## {kpi.label}\n",
        f"**{kpi.formula}**\n",
        f"- Unit: {kpi.unit}",
        f"- From: {kpi.source}",
        f"- Where: {', '.join(where)}",
        *(f"- As SQL in `{mart}`: `{sql}`" for mart, sql in kpi.sql.items()),
        *over_rows,
        *(f"- {caveat}" for caveat in kpi.caveats),
    ]
    return "\n".join(lines) + "\n"


def write_page(path: Path = PAGE) -> bool:
    """Write the page where it differs; whether it did."""
    text = page()
    if path.exists() and path.read_text() == text:
        return False
    path.write_text(text)
    return True


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        write_page()
    elif PAGE.read_text() != page():
        sys.exit("docs/kpis.md is not that of metrics.yml. Run: make format")
