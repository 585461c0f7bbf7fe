"""dbt in this process, parsed once: a command costs what it builds, no start and no parsing."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from tests.integration.dbt.dbt_command import PROJECT
from warehouse.settings import WarehouseSettings


class DbtInProcess:
    """dbt against one environment of a warehouse.

    Args:
        warehouse: the environment.
        folder: where dbt writes its target and logs.
        project: the project's folder.
        target: the target of ``profiles.yml``; the default one where none is named.
    """

    def __init__(
        self,
        warehouse: WarehouseSettings,
        folder: Path,
        project: Path = PROJECT,
        target: str | None = None,
    ) -> None:
        self.warehouse, self.folder, self.project = warehouse, folder, project
        self._target = target
        self._manifest: Manifest | None = None

    def succeed(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        """Run a dbt command that must end well."""
        done, _ = self._run(*arguments, variables=variables)
        assert done.success, done.exception or _failures(done)

    def fail(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a dbt command that must find fault, not break; gives what it said."""
        done, said = self._run(*arguments, variables=variables)
        assert not done.success
        assert done.exception is None, done.exception
        return said

    def _run(
        self, *arguments: str, variables: Mapping[str, str] | None
    ) -> tuple[dbtRunnerResult, str]:
        if self._manifest is None:
            parsed, _ = self._invoke("parse")
            assert isinstance(parsed.result, Manifest), parsed.exception
            self._manifest = parsed.result
        given = ("--vars", yaml.safe_dump(dict(variables))) if variables else ()
        return self._invoke(*arguments, *given)

    def _invoke(self, *arguments: str) -> tuple[dbtRunnerResult, str]:
        paths = {
            "project-dir": self.project,
            "profiles-dir": self.project,
            "target-path": self.folder / "target",
            "log-path": self.folder / "logs",
        }
        options = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
        if self._target:
            options += ["--target", self._target]
        said: list[str] = []
        runner = dbtRunner(self._manifest, callbacks=[lambda event: said.append(event.info.msg)])
        with self._environment():
            done = runner.invoke(["--quiet", *arguments, *options])
        return done, "\n".join(said)

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
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("CLICKHOUSE_", "DBT_"))]:
                patch.delenv(name)
            for name, value in own.items():
                patch.setenv(name, value)
            yield


def _failures(done: dbtRunnerResult) -> str:
    results = getattr(done.result, "results", [])
    return "\n".join(
        f"{result.node.name}: {result.message}"
        for result in results
        if result.status not in ("success", "pass", "skipped")
    )
