"""Who reads the marts, as dbt's exposures: made from what the dashboards are written down as.

``python -m orchestration.dbt_exposures`` writes ``dbt_project/models/exposures.yml`` again after a
dashboard has changed; ``--check`` ends with exit code 1 where it is not that of the dashboards.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from dashboards.assets import Assets, load_assets
from dashboards.settings import DashboardsSettings
from orchestration.resources import DBT_FOLDER

EXPOSURES = DBT_FOLDER / "models" / "exposures.yml"
HEAD = "# Made from dashboards/assets by `python -m orchestration.dbt_exposures`: do not edit.\n"


def exposures(assets: Assets) -> list[dict[str, Any]]:
    """One exposure for each dashboard, with the tables that its charts and filters read."""
    return [_exposure(slug, assets) for slug in sorted(assets.dashboards)]


def _exposure(slug: str, assets: Assets) -> dict[str, Any]:
    dashboard = assets.dashboards[slug]
    base = DashboardsSettings.model_fields["url"].default
    return {
        "name": f"dashboard_{slug.replace('-', '_')}",
        "label": dashboard.title,
        "type": "dashboard",
        "maturity": "high",
        "url": f"{base}/superset/dashboard/{slug}/",
        "description": dashboard.description,
        "depends_on": [_reference(*table) for table in assets.tables(slug)],
        "owner": {"name": dashboard.owner},
    }


def _reference(layer: str, table: str) -> str:
    return f"ref('{table}')" if layer == "marts" else f"source('{layer}', '{table}')"


def exposures_yaml(assets: Assets | None = None) -> str:
    """The file as text; of the house's dashboards by default."""
    content = {"version": 2, "exposures": exposures(assets or load_assets())}
    return HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)


def write_exposures(path: Path = EXPOSURES) -> bool:
    """Write the file where it differs from the dashboards; whether it did."""
    text = exposures_yaml()
    if path.exists() and path.read_text() == text:
        return False
    path.write_text(text)
    return True


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        write_exposures()
    elif not EXPOSURES.exists() or EXPOSURES.read_text() != exposures_yaml():
        sys.exit("dbt_project/models/exposures.yml is not that of the dashboards. Run: make format")
