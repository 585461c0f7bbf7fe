"""The page of KPIs for people, made from ``metrics.yml``: prints Markdown.

Run after a change of a metric: ``python dbt_project/kpi_page.py > docs/kpis.md``. A test compares
the two.
"""

from pathlib import Path

import yaml

METRICS = Path(__file__).parent / "metrics.yml"
HEAD = """# KPIs

Each figure has one definition. It is written down in `dbt_project/metrics.yml`, from which this
page is made (`python dbt_project/kpi_page.py > docs/kpis.md`), and computed in
`dbt_project/macros/engagement.sql`. What is not known is NULL, never 0.
"""


def page() -> str:
    """The page as Markdown."""
    metrics = yaml.safe_load(METRICS.read_text())["metrics"]
    return "\n".join([HEAD, *map(_section, metrics)])


def _section(metric: dict) -> str:
    where = [f"`{mart}.{column}`" for mart, column in metric["grain"].items()]
    lines = [
        f"## {metric['label']}\n",
        f"**{metric['formula']}**\n",
        f"- Unit: {metric['unit']}",
        f"- Where: {', '.join(where)}",
        *(f"- {caveat}" for caveat in metric["caveats"]),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
