"""A PostgreSQL cluster in a temporary folder, from the Debian package."""

import os
import pwd
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import psycopg2
import pytest

from orchestration.services import spawn, stop
from tests.ports import free_port

HEALTHY_WITHIN = 120.0
USER = "dagster"
PASSWORD = "throw-away-cluster"  # pragma: allowlist secret


class ServerEndedError(Exception):
    """The server has ended instead of getting ready; its log says why."""


def postgres_binaries() -> Path:
    """The newest version's programs; skips, or fails in CI, where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is missing: make deps")
        pytest.skip("PostgreSQL is missing: make deps")
    return found[-1].parent


@contextmanager
def running_postgresql(folder: Path, port: str, password: str) -> Iterator[None]:
    """A cluster of its own, with the user and database of docker-compose.yml."""
    binaries, data = postgres_binaries(), folder / "postgres"
    # the server refuses to run as root
    drop = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    data.mkdir()
    secret = folder / "password"
    secret.write_text(password)
    if drop:
        account = pwd.getpwnam("postgres")
        for path in (data, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
        for parent in folder.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
        folder.chmod(0o755)
    initdb = ["initdb", "-D", data, "-U", USER, "--pwfile", secret, "-A", "scram-sha-256"]
    subprocess.run([*drop, binaries / initdb[0], *initdb[1:]], check=True, capture_output=True)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}"
    with (folder / "postgres.log").open("wb") as output:
        process = spawn(
            [*drop, str(binaries / "postgres"), "-D", str(data), *options.split()], {}, output
        )
        try:
            ready = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", port, "-U", USER]
            deadline = time.monotonic() + HEALTHY_WITHIN
            while subprocess.run(ready, capture_output=True).returncode:
                if process.poll() is not None:
                    raise ServerEndedError((folder / "postgres.log").read_text()[-2000:])
                assert time.monotonic() < deadline, "postgres is not ready"
                time.sleep(0.1)
            subprocess.run(
                [binaries / "createdb", "-h", "127.0.0.1", "-p", port, "-U", USER, USER],
                env={**os.environ, "PGPASSWORD": password},
                check=True,
            )
            yield
        finally:
            stop(process)


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running cluster's first database."""
    with ExitStack() as stack:
        for last in (False, False, True):
            port = str(free_port())
            folder = tmp_path_factory.mktemp("postgresql")
            try:
                stack.enter_context(running_postgresql(folder, port, PASSWORD))
                break
            except ServerEndedError:
                # another program was faster to take the port
                if last:
                    raise
        yield f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/{USER}"


@pytest.fixture(scope="session")
def make_postgresql_database(postgresql_server: str) -> Callable[[], str]:
    """Makes an empty database and gives its URL."""
    numbers = count(1)

    def make() -> str:
        name = f"test_{next(numbers)}"
        connection = psycopg2.connect(postgresql_server)
        try:
            connection.autocommit = True
            connection.cursor().execute(f"CREATE DATABASE {name}")
        finally:
            connection.close()
        return f"{postgresql_server.rpartition('/')[0]}/{name}"

    return make
