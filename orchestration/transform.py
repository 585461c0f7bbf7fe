"""dbt models as assets: one per model, keyed layer/table, with dbt tests as asset checks."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from orchestration.dbt_platforms import write_platforms_macro
from orchestration.partitions import daily_partitions
from orchestration.resources import DBT_FOLDER, RETRY
from warehouse.client import connect
from warehouse.errors import UnavailableError

MANIFEST = DBT_FOLDER / "target" / "manifest.json"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
PARSED_FOLDERS = ("models", "macros", "tests", "seeds", "snapshots")


class LayerTableTranslator(DagsterDbtTranslator):
    """Asset key = layer and table, group = layer, for models and for the raw tables they read."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """``core/fct_post_day`` for a model, ``core/reason_code`` for a seed, ``raw/tiktok__users``
        for a source, whose name is its layer."""
        kind = dbt_resource_props["resource_type"]
        if kind == "source":
            return dg.AssetKey(
                [dbt_resource_props["source_name"], dbt_resource_props["identifier"]]
            )
        # the folder, not the schema: the environment's prefix never enters a key
        layer = "core" if kind == "seed" else dbt_resource_props["fqn"][1]
        return dg.AssetKey([layer, dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer."""
        return self.get_asset_key(dbt_resource_props).path[0]


def ensure_manifest() -> Path:
    """The dbt manifest, parsed again when a file of the project is newer.

    The platforms that core unites are first brought in line with the registry. Parsing reads the
    project's files alone: it needs no warehouse and no environment. The new manifest replaces the
    old one in one step, so that processes that load at the same time see either of them whole.
    """
    write_platforms_macro()
    if MANIFEST.exists() and MANIFEST.stat().st_mtime >= _last_change():
        return MANIFEST
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MANIFEST.parent) as target:
        subprocess.run(  # noqa: S603
            [
                os.fspath(Path(sys.executable).parent / "dbt"),
                *("parse", "--quiet", "--no-partial-parse"),
                *("--project-dir", DBT_FOLDER, "--profiles-dir", DBT_FOLDER),
                *("--target-path", target, "--log-path", target),
            ],
            check=True,
        )
        (Path(target) / "manifest.json").replace(MANIFEST)
    return MANIFEST


def _last_change() -> float:
    files = [
        *DBT_FOLDER.glob("*.yml"),
        *(file for name in PARSED_FOLDERS for file in (DBT_FOLDER / name).rglob("*.*")),
    ]
    return max(file.stat().st_mtime for file in files)


# what stands on the models' scores, and so is built after them
ON_SCORES = "source:ml+"


def transform_assets() -> list[dg.AssetsDefinition]:
    """The project's models as two steps that build and test the days of a run: what the machine
    learning reads, and what reads the machine learning."""
    return [
        _transform("transform", select="fqn:*", exclude=ON_SCORES),
        _transform("show_scores", select=ON_SCORES, exclude=None),
    ]


def _transform(name: str, select: str, exclude: str | None) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=ensure_manifest(),
        name=name,
        select=select,
        exclude=exclude,
        dagster_dbt_translator=LayerTableTranslator(),
        partitions_def=daily_partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        # two runs of one model collide in ClickHouse: the pool lets one run at a time
        pool="dbt",
    )
    def transform(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        window = context.partition_time_window
        days = {
            "start_date": window.start.date().isoformat(),
            "end_date": (window.end - timedelta(days=1)).date().isoformat(),
        }
        # unit tests say something about the code, not about today's data; exposures build nothing
        left_out = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure"]
        build = ["build", *left_out, "--vars", json.dumps(days)]
        # one folder for the steps of a run: the second finds what the first has parsed
        target = MANIFEST.parent / f"run-{context.run_id}"
        try:
            yield from dbt.cli(build, context=context, target_path=target).stream()
        except DagsterDbtCliRuntimeError as error:
            raise dg.Failure(
                description=dbt_errors(error.description or str(error)),
                allow_retries=not warehouse_answers(),
            ) from error

    return transform


def dbt_errors(message: str) -> str:
    """What dbt itself found wrong, in one line, out of the integration's long message."""
    found = ANSI.sub("", message).partition("Errors parsed from dbt logs:")[2] or message
    return " ".join(found.split())


def warehouse_answers() -> bool:
    """Whether the warehouse is there: a model that fails on it will fail again."""
    try:
        connect("owner").close()
    except UnavailableError:
        return False
    return True
