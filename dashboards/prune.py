"""Removes from Superset what was deployed once and is written down no more.

Only what names a file of ours and bears the uuid of that file is removed: what people made in
Superset stays.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from dashboards.assets import Assets, Kind, asset_uuid
from dashboards.client import Superset
from dashboards.provenance import managed_slug

# what others stand on comes last
_ROUTES: tuple[tuple[Kind, str], ...] = (
    ("dashboards", "dashboard"),
    ("charts", "chart"),
    ("datasets", "dataset"),
)


def prune(superset: Superset, assets: Assets, exported: Mapping[str, bytes]) -> list[str]:
    """Delete what is managed from here and has no file; returns one line per asset.

    ``exported`` is Superset's own export. A dataset that a chart made in Superset reads is kept,
    and the line says so.
    """
    written: dict[Kind, Mapping[str, object]] = {
        "dashboards": assets.dashboards,
        "charts": assets.charts,
        "datasets": assets.datasets,
    }
    return [
        _remove(superset, kind, route, slug)
        for kind, route in _ROUTES
        for slug in sorted(_managed(kind, exported) - written[kind].keys())
    ]


def _managed(kind: Kind, exported: Mapping[str, bytes]) -> set[str]:
    slugs = (managed_slug(kind, asset) for asset in exported_assets(kind, exported))
    return {slug for slug in slugs if slug is not None}


def exported_assets(kind: Kind, exported: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """The assets of a kind in an export."""
    for path, content in exported.items():
        if path.startswith(f"{kind}/"):
            yield yaml.safe_load(content)


def _remove(superset: Superset, kind: Kind, route: str, slug: str) -> str:
    uuid = str(asset_uuid(kind, slug))
    file = f"{kind}/{slug}.yaml"
    if kind == "datasets":
        users = superset.ask("GET", f"/api/v1/dataset/{uuid}/related_objects")["charts"]["result"]
        if users:
            return f"{file}: kept, chart {users[0]['slice_name']!r} made in Superset reads it"
    superset.ask("DELETE", f"/api/v1/{route}/{superset.ids(route)[uuid]}")
    return f"{file}: removed"
