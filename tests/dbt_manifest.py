"""The dbt project as dbt itself parses it: no warehouse, no environment."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1] / "dbt_project"


def parse(folder: Path, **environment: str) -> dict[str, Any]:
    """The manifest as dbt parses it, with no other environment and no server."""
    clean = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("CLICKHOUSE_", "CREDENCE_", "DBT_"))
    }
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            *("parse", "--no-partial-parse", "--warn-error"),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(folder), "--log-path", str(folder)),
        ],
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "manifest.json").read_text())


def models_of(manifest: dict[str, Any]) -> dict[str, Any]:
    """Models by name."""
    nodes = manifest["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}


def layer(model: dict[str, Any]) -> str:
    """The folder of a model below ``models/``."""
    return model["fqn"][1]
