"""dbt in this process, parsed once: for a test of many runs."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from tests.integration.dbt.dbt_command import PROJECT
from warehouse.settings import WarehouseSettings


class DbtInProcess:
    """dbt against one environment of a warehouse: a run costs its models alone, not the parsing.

    Args:
        warehouse: the environment.
        folder: where dbt writes its target and logs.
        project: the project's folder.
    """

    def __init__(self, warehouse: WarehouseSettings, folder: Path, project: Path = PROJECT) -> None:
        self.warehouse, self.folder, self.project = warehouse, folder, project
        self._manifest: Manifest | None = None

    def succeed(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        """Run a dbt command that must end well."""
        if self._manifest is None:
            parsed = self._invoke("parse")
            assert isinstance(parsed.result, Manifest)
            self._manifest = parsed.result
        given = ("--vars", yaml.safe_dump(dict(variables))) if variables else ()
        self._invoke(*arguments, *given)

    def _invoke(self, *arguments: str) -> dbtRunnerResult:
        paths = {
            "project-dir": self.project,
            "profiles-dir": self.project,
            "target-path": self.folder / "target",
            "log-path": self.folder / "logs",
        }
        options = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
        with self._environment():
            done = dbtRunner(manifest=self._manifest).invoke(["--quiet", *arguments, *options])
        assert done.success, done.exception or _failures(done)
        return done

    @contextmanager
    def _environment(self) -> Iterator[None]:
        user, password = self.warehouse.login("owner")
        own = {
            "CLICKHOUSE_HOST": self.warehouse.host,
            "CLICKHOUSE_PORT": str(self.warehouse.port),
            "CLICKHOUSE_USER": user,
            "CLICKHOUSE_PASSWORD": password,
            "CREDENCE_ENV": self.warehouse.env,
        }
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _failures(done: dbtRunnerResult) -> str:
    results = getattr(done.result, "results", [])
    return "\n".join(
        f"{result.node.name}: {result.message}"
        for result in results
        if result.status not in ("success", "pass", "skipped")
    )
