"""dbt as a user runs it: a process of its own, with its warehouse in the environment."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from warehouse.settings import WarehouseSettings

PROJECT = Path(__file__).parents[3] / "dbt_project"
TARGET = shutil.ignore_patterns("target", "logs")
"""What a copy of the project leaves out."""


def conformed_columns() -> dict[str, dict[str, str]]:
    """Column to type of the views that core reads of a platform, as the macro lists them."""
    text = (PROJECT / "macros" / "conformed.sql").read_text()
    listed = re.search(r"set views = (\{.*?\n    \})", text, re.DOTALL)
    assert listed
    return ast.literal_eval(listed[1])


@dataclass(frozen=True)
class Dbt:
    """dbt against one environment of a warehouse, writing to a folder of its own."""

    warehouse: WarehouseSettings
    folder: Path
    project: Path = PROJECT

    def __call__(
        self, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a dbt command and give what it said, whatever its exit code."""
        user, password = self.warehouse.login("owner")
        command = [
            str(Path(sys.executable).parent / "dbt"),
            *("--no-use-colors", *arguments),
            *("--project-dir", str(self.project), "--profiles-dir", str(self.project)),
            *(
                "--target-path",
                str(self.folder / "target"),
                "--log-path",
                str(self.folder / "logs"),
            ),
            *(("--vars", yaml.safe_dump(dict(variables))) if variables else ()),
        ]
        own = {
            "CLICKHOUSE_HOST": self.warehouse.host,
            "CLICKHOUSE_PORT": str(self.warehouse.port),
            "CLICKHOUSE_USER": user,
            "CLICKHOUSE_PASSWORD": password,
            "CREDENCE_ENV": self.warehouse.env,
        }
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("CLICKHOUSE_", "DBT_"))}
        return subprocess.run(
            command, cwd=self.folder, env=clean | own, capture_output=True, text=True, check=False
        )

    def succeed(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a dbt command that must end well; gives its output."""
        done = self(*arguments, variables=variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
