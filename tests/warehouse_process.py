"""The embedded server as a process of its own, the way a user runs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from warehouse.settings import WarehouseSettings

ROOT = Path(__file__).resolve().parents[1]


_LIMITED = """
from pathlib import Path
from warehouse.server.app import Limits
from warehouse.server.process import serve
from warehouse.settings import WarehouseSettings
settings = WarehouseSettings(path=Path({path!r}))
serve(settings, "127.0.0.1", 0, limits=Limits({limits}))
"""


class WarehouseServer:
    """An embedded server as a process of its own, the way a user runs it."""

    def __init__(
        self,
        path: Path,
        *arguments: str,
        env: dict[str, str] | None = None,
        limits: str = "",
    ) -> None:
        self.path = path
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CLICKHOUSE_", "CREDENCE_", "WAREHOUSE_"))
        }
        command = [sys.executable, "-m", "warehouse", "server", "--path", str(path)]
        if limits:
            command = [sys.executable, "-c", _LIMITED.format(path=str(path), limits=limits)]
        elif "--port" not in arguments:
            command += ["--port", "0"]
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            env=clean | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("warehouse: listening on http://"):
            self.process.wait(timeout=30)
            assert self.process.stderr is not None
            raise AssertionError(f"the server did not start: {line}{self.process.stderr.read()}")
        self.url = line.split(" on ")[1].strip()
        self.port = int(self.url.rsplit(":", 1)[1])

    @property
    def settings(self) -> WarehouseSettings:
        """Settings that lead a client here, passwords included."""
        found = WarehouseSettings(
            _env_file=None, host="127.0.0.1", port=self.port, path=self.path, env=""
        )
        owner, password = found.login("owner")
        reader, reader_password = found.login("reader")
        return WarehouseSettings(
            _env_file=None,
            host="127.0.0.1",
            port=self.port,
            path=self.path,
            env="",
            user=owner,
            password=password,
            reader_user=reader,
            reader_password=reader_password,
        )

    def stop(self, number: int = signal.SIGTERM, timeout: float = 30) -> int:
        """Send a signal, wait for the end, and give the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        return self.process.returncode
