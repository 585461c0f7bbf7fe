"""The warehouse, dbt and dlt as Dagster resources; what only a person can mend fails at once."""

import os
import sys
from pathlib import Path
from typing import Any

import dagster as dg
from clickhouse_connect.driver.client import Client
from dagster_dbt import DbtCliInvocation, DbtCliResource
from dlt.extract import DltSource

from ingestion.outcomes import Outcomes
from ingestion.pipeline import LoadResult, run
from orchestration.settings import PROJECT_ROOT
from warehouse.client import connect
from warehouse.errors import UnavailableError, UserError
from warehouse.settings import Identity, WarehouseSettings

DBT_FOLDER = PROJECT_ROOT / "dbt_project"

# for what outlasts the client's own retries: a platform or the warehouse restarting
RETRY = dg.RetryPolicy(
    max_retries=3, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


class WarehouseResource(dg.ConfigurableResource):
    """The door to ClickHouse; where it is comes from the environment (``CLICKHOUSE_*``)."""

    def connect(self, identity: Identity = "owner") -> Client:
        """A new client of the owner or the reader."""
        return connect(identity)


class DltResource(dg.ConfigurableResource):
    """Loads a source the way its own command does: what was cut off is finished first."""

    def load(self, source: DltSource, outcomes: Outcomes) -> LoadResult:
        """Load a source into ``raw``; tried again only where time may mend what is wrong."""
        try:
            return run(source, outcomes)
        except UserError as error:
            may_pass = isinstance(error, UnavailableError)
            raise dg.Failure(description=str(error), allow_retries=may_pass) from error


class WarehouseDbtResource(DbtCliResource):
    """dbt that finds the warehouse where the warehouse's own settings say."""

    def cli(self, args: Any, **kwargs: Any) -> DbtCliInvocation:
        """Run a dbt command; see DbtCliResource.cli."""
        # dbt and its in-process adapter read profiles.yml through the environment alone
        os.environ.update(dbt_environment(WarehouseSettings()))
        return super().cli(args, **kwargs)


def dbt_environment(settings: WarehouseSettings) -> dict[str, str]:
    """The variables that ``dbt_project/profiles.yml`` reads."""
    user, password = settings.login("owner")
    clustered = {"CLICKHOUSE_CLUSTER": settings.cluster, "DBT_TARGET": "cluster"}
    return (clustered if settings.cluster else {}) | {
        "CLICKHOUSE_HOST": settings.host,
        "CLICKHOUSE_PORT": str(settings.port),
        "CLICKHOUSE_SECURE": str(settings.secure).lower(),
        "CLICKHOUSE_USER": user,
        "CLICKHOUSE_PASSWORD": password,
        "CREDENCE_ENV": settings.env,
    }


def resources() -> dict[str, object]:
    """Every resource by the name that assets ask for."""
    return {
        "warehouse": WarehouseResource(),
        "dlt": DltResource(),
        "dbt": WarehouseDbtResource(
            project_dir=os.fspath(DBT_FOLDER),
            profiles_dir=os.fspath(DBT_FOLDER),
            # dbt of this very environment, whatever PATH says
            dbt_executable=os.fspath(Path(sys.executable).parent / "dbt"),
        ),
    }
