"""From a source to ``raw``: the dlt pipeline, made the same way for every source.

A source's tables are ``raw.<source>__<table>``. dlt keeps its state in the warehouse, next to the
data; extracted packages lie under ``DLT_DIR`` until they are loaded. A load that was cut off at any
point is finished by the next run before that run reads anew: nothing read is lost, and the merge
gives the same rows however often a package is loaded.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import dlt
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from dlt.common.exceptions import DltException
from dlt.common.pipeline import LoadInfo
from dlt.destinations.impl.clickhouse.configuration import ClickHouseCredentials
from dlt.extract import DltSource

from ingestion.cursor import Cursors
from ingestion.destination import clickhouse_http
from ingestion.outcomes import Outcomes
from ingestion.settings import IngestionSettings, read_settings
from warehouse.client import connect, log_comment
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

DLT_CONFIG = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    # Else the last load of every table would stand twice in the warehouse.
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    # Every stream reads a day to its end before any reads the next: each goes on from the last.
    "EXTRACT__NEXT_ITEM_MODE": "fifo",
}
"""dlt's own settings; the environment has the last word."""


@dataclass(frozen=True)
class LoadResult:
    """What a run landed: dlt's account of the load, rows per table, how each account went."""

    load_info: LoadInfo
    row_counts: Mapping[str, int]
    outcomes: Outcomes


def make_pipeline(
    source_name: str,
    settings: IngestionSettings | None = None,
    warehouse: WarehouseSettings | None = None,
) -> dlt.Pipeline:
    """The pipeline that loads a source into ``raw``; neither loads nor asks the warehouse."""
    settings = settings or read_settings()
    warehouse = warehouse or WarehouseSettings()
    configure_dlt()
    return dlt.pipeline(
        pipeline_name=source_name,
        pipelines_dir=str(_working_directory(settings, warehouse)),
        destination=make_destination(warehouse),
        dataset_name=source_name,
    )


def configure_dlt() -> None:
    """Give dlt the settings of :data:`DLT_CONFIG` that the environment leaves open."""
    for name, value in DLT_CONFIG.items():
        os.environ.setdefault(name, value)


def make_destination(warehouse: WarehouseSettings) -> clickhouse_http:
    """ClickHouse's ``raw`` database as a dlt destination."""
    credentials = ClickHouseCredentials()
    credentials.host = warehouse.host
    credentials.http_port = warehouse.port
    # Not used over HTTP; dlt names the place it loads to by it.
    credentials.port = warehouse.port
    credentials.secure = 1 if warehouse.secure else 0
    credentials.username, credentials.password = warehouse.login("owner")
    credentials.database = warehouse.database("raw")
    return clickhouse_http(
        credentials=credentials,
        dataset_table_separator="__",
        # The new rows take the old ones' place in one step: readers never see a table empty.
        replace_strategy="staging-optimized",
    )


def run(
    source: DltSource,
    outcomes: Outcomes | None = None,
    settings: IngestionSettings | None = None,
    warehouse: WarehouseSettings | None = None,
) -> LoadResult:
    """Load a source, after finishing what an interrupted run left behind.

    ``outcomes`` is the collector that the source was made with. Raises :class:`UserError` when the
    warehouse or the platform cannot be reached, when the platform stopped the run (what was read
    before is loaded), or when no account could be read. What each account came to is written to
    ``ops.ingestion_outcome`` however the run ends, while the warehouse answers. Runs of one source
    wait for each other.
    """
    settings = settings or read_settings()
    warehouse = warehouse or WarehouseSettings()
    outcomes = outcomes if outcomes is not None else Outcomes()
    comment = log_comment(f"raw/{source.name}", "ingestion")
    with connect("owner", warehouse, comment) as client, closing(outcomes):
        _require_schema(client, warehouse)
        with _one_at_a_time(_working_directory(settings, warehouse), source.name):
            pipeline = make_pipeline(source.name, settings, warehouse)
            outcomes.cursors = Cursors(client, warehouse.database("ops"), warehouse.database("raw"))
            try:
                with told_in_one_line():
                    load_info = _load(pipeline, source)
            except Exception as error:
                if isinstance(error, DltException):
                    _require_answer(warehouse)
                # A warehouse that went away must not hide the error that ended the run.
                with suppress(ClickHouseError):
                    outcomes.write(client, warehouse.database("ops"), uuid4().hex, loaded=False)
                raise
            # Before the next run of the source may go on from it.
            outcomes.write(client, warehouse.database("ops"), load_info.loads_ids[-1])
    outcomes.raise_if_unusable()
    return LoadResult(load_info, _row_counts(pipeline), outcomes)


def _load(pipeline: dlt.Pipeline, source: DltSource) -> LoadInfo:
    pipeline.sync_destination()
    if pipeline.has_pending_data:
        pipeline.normalize()
        pipeline.load()
    load_info = pipeline.run(source)
    load_info.raise_on_failed_jobs()
    return load_info


def _require_answer(warehouse: WarehouseSettings) -> None:
    """Tell a warehouse that went away in one line instead of by dlt's account of the failure."""
    try:
        connect("owner", warehouse).close()
    except UserError as error:
        raise UserError(f"{error} What was read is kept: the next run loads it.") from None


def _require_schema(client: Client, warehouse: WarehouseSettings) -> None:
    raw, ops = warehouse.database("raw"), warehouse.database("ops")
    for kind, name in (("DATABASE", raw), ("TABLE", f"{ops}.ingestion_outcome")):
        if not client.command(f"EXISTS {kind} {name}"):
            raise UserError(
                f"warehouse {warehouse.host}:{warehouse.port}: {kind.lower()} {name} does not "
                "exist. Run: python -m warehouse schema"
            )


def _working_directory(settings: IngestionSettings, warehouse: WarehouseSettings) -> Path:
    """One folder per warehouse: a package that waits is loaded into the one it was read for."""
    place = f"{warehouse.host.lower()}_{warehouse.port}_{warehouse.database('raw')}"
    return (settings.dlt_dir / quote(place, safe="")).absolute()


def _row_counts(pipeline: dlt.Pipeline) -> dict[str, int]:
    trace = pipeline.last_trace
    normalized = trace.last_normalize_info if trace else None
    counts = normalized.row_counts if normalized else {}
    return {table: rows for table, rows in counts.items() if not table.startswith("_dlt")}


@contextmanager
def _one_at_a_time(directory: Path, name: str) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Raise the :class:`UserError` at the bottom of dlt's chain of exceptions, if there is one."""
    try:
        yield
    except DltException as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, UserError):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            raise
        raise cause from None
