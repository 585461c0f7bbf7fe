"""How an asset in Superset says which file it came from: its certification, shown as a badge.

Superset keeps no slug of a chart or a dataset. The file's path stands in the certification, and
the asset is managed from here only where its uuid is the one that follows from that path: a copy
that somebody saved in Superset carries the words, but a uuid of its own.
"""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from dashboards.assets import Kind, asset_uuid

CERTIFIED_BY = "Credence"
FOLDER = PurePosixPath("dashboards/assets")


def certification(kind: Kind, slug: str) -> dict[str, Any]:
    """The fields of an asset of the bundle that name its file; none for a database."""
    path = str(FOLDER / kind / f"{slug}.yaml")
    if kind in ("charts", "dashboards"):
        return {"certified_by": CERTIFIED_BY, "certification_details": path}
    if kind == "datasets":
        # Superset has no certification of a dataset but in this free field.
        return {"extra": {"certification": {"certified_by": CERTIFIED_BY, "details": path}}}
    return {}


def managed_slug(kind: Kind, asset: Mapping[str, Any]) -> str | None:
    """The slug of an asset that Superset gave out, or None where it is not managed from here."""
    path = PurePosixPath(_details(asset) or "")
    if path.parent != FOLDER / kind or asset.get("uuid") != str(asset_uuid(kind, path.stem)):
        return None
    return path.stem


def _details(asset: Mapping[str, Any]) -> str | None:
    extra = asset.get("extra")
    if isinstance(extra, str):
        extra = json.loads(extra or "{}")
    inside = extra.get("certification") if isinstance(extra, dict) else None
    found = asset.get("certification_details") or (inside or {}).get("details")
    return str(found) if found else None
