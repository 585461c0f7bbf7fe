"""No secret leaves its place: not by a log, an error, dlt's files or the warehouse.

Every registered platform is read whole, with tokens that have to be renewed and with tokens that
nobody can renew, against a database and keys of which every secret is known.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ingestion_environment import API_KEY, Ingestion, serve
from pydantic import SecretStr

from ingestion.connections import Tokens
from ingestion.connections.cipher import new_key
from ingestion.registry import PLATFORMS
from ingestion.sandbox.credentials import CLIENT_SECRET
from tests.postgresql import PASSWORD
from warehouse.settings import LAYERS

WORLD = ("--creators", "16", "--days", "20", "--seed", "5")
"""Small, and each platform has accounts enough."""
STALE = SecretStr("stale-access-token-0123456789")
REFUSED = Tokens(
    access_token=SecretStr("refused-access-token-0123456789"),
    refresh_token=SecretStr("refused-refresh-token-0123456789"),
)
KEYS = new_key()
NEEDLES_AT_ONCE = 200
"""ClickHouse searches for at most 255."""


@pytest.fixture
def known(
    make_ingestion: Callable[..., Ingestion], make_postgresql_database: Callable[[], str]
) -> Iterator[Ingestion]:
    """The environment on PostgreSQL; of each platform one account's tokens are refused and another
    one's access token is stale."""
    served = serve(*WORLD)
    ingestion = make_ingestion(next(served), *WORLD)
    ingestion.env |= {
        "DATABASE_URL": make_postgresql_database(),
        "TOKEN_KEYS": KEYS,
        "RUNTIME__LOG_LEVEL": "DEBUG",
    }
    done = ingestion.command("-m", "ingestion.sandbox", "connections", *WORLD)
    assert done.returncode == 0, done.stderr
    store = ingestion.store
    for platform in PLATFORMS:
        refused, stale = store.connections(platform)[:2]
        tokens = store.tokens(stale.connection_id)
        assert tokens is not None
        changed = tokens.model_copy(update={"access_token": STALE})
        store.put([], [(refused, REFUSED), (stale, changed)])
    yield ingestion
    next(served, None)


def secrets_of(ingestion: Ingestion) -> set[str]:
    """Every secret that the run could know by now."""
    store = ingestion.store
    kept = [store.tokens(one.connection_id) for one in store.connections(status=None)]
    secrets = [
        secret
        for tokens in (*kept, REFUSED)
        if tokens
        for secret in (tokens.access_token, tokens.refresh_token)
        if secret
    ]
    _, warehouse = ingestion.warehouse.login("owner")
    found = {secret.get_secret_value() for secret in (*secrets, STALE)}
    return found | {KEYS, API_KEY, CLIENT_SECRET, PASSWORD, warehouse}


def refused_and_renewed(ingestion: Ingestion) -> None:
    """Assert that tokens were renewed, and refused, on every platform that renews them."""
    store = ingestion.store
    for name, platform in PLATFORMS.items():
        if platform.refresh is None:
            continue
        connections = store.connections(name, status=None)
        assert [one.status for one in connections][:2] == ["broken", "active"], name
        tokens = store.tokens(connections[1].connection_id)
        assert tokens is not None
        assert tokens.access_token != STALE


def files_with(files: Sequence[Path], secrets: set[str]) -> Iterator[str]:
    """What of the secrets stands in which file."""
    pattern = re.compile(b"|".join(re.escape(secret.encode()) for secret in secrets))
    for path in files:
        try:
            found = pattern.search(path.read_bytes())
        except FileNotFoundError:
            continue  # a part that the engine has merged away meanwhile
        if found:
            yield f"{path}: {found.group().decode()}"


def columns_with(ingestion: Ingestion, needles: set[str]) -> list[str]:
    """The text columns of the warehouse that hold one of the needles."""
    databases = [ingestion.warehouse.database(layer) for layer in LAYERS]
    columns = ingestion.client.query(
        "SELECT database, table, name FROM system.columns "
        "WHERE database IN {databases:Array(String)} AND type LIKE '%String%'",
        parameters={"databases": databases},
    ).result_rows
    ordered = sorted(needles)
    return [
        f"{database}.{table}.{column}"
        for database, table, column in columns
        for start in range(0, len(ordered), NEEDLES_AT_ONCE)
        if ingestion.client.query(
            f"SELECT count() FROM `{database}`.`{table}` "
            f"WHERE multiSearchAny(ifNull(toString(`{column}`), ''), {{needles:Array(String)}})",
            parameters={"needles": ordered[start : start + NEEDLES_AT_ONCE]},
        ).result_rows[0][0]
    ]


@pytest.mark.slow
def test_no_secret_in_logs_errors_state_or_warehouse(
    known: Ingestion, warehouse_server: Any
) -> None:
    secrets = secrets_of(known)
    printed = []
    for source in ("app", *PLATFORMS):
        done = known.command("-m", f"ingestion.{source}")
        assert done.returncode == 0, done.stderr
        printed += [done.stdout, done.stderr]
    for arguments in (("connections", "list"), ("connections", "test")):
        done = known.command("-m", "ingestion", *arguments)
        printed += [done.stdout, done.stderr]
    # what cannot be loaded, opened or asked is told too
    wrong_key, wrong_password = "wrong-key-0123456789", "wrong-password-0123456789"
    no_entry = known.env["DATABASE_URL"].replace(PASSWORD, wrong_password)
    nowhere = {
        name: "http://127.0.0.1:1" for name in known.environment() if name.endswith("BASE_URL")
    }
    for source, env in (
        ("tiktok", {"CREDENCE_ENV": "nowhere"}),
        ("tiktok", {"TOKEN_KEYS": wrong_key}),
        ("tiktok", {"DATABASE_URL": no_entry}),
        *((source, nowhere) for source in PLATFORMS),
    ):
        done = known.command("-m", f"ingestion.{source}", **env)
        assert done.returncode == 2, (env, done.stdout)
        assert "Traceback" not in done.stderr
        printed += [done.stdout, done.stderr]
    refused_and_renewed(known)
    secrets |= secrets_of(known) | {wrong_key, wrong_password}
    text = "\n".join(printed)
    assert not [secret for secret in secrets if secret in text]

    left = [path for path in (known.folder / "dlt").rglob("*") if path.is_file()]
    assert left
    assert not list(files_with(left, secrets))

    known.client.command("SYSTEM FLUSH LOGS")
    data = Path(warehouse_server.path)
    kept = [p for p in data.rglob("*") if p.is_file() and p.suffix != ".password"]
    assert not list(files_with(kept, secrets))
    assert columns_with(known, secrets) == []
    # what is no secret is found where it stands
    account = known.store.connections("tiktok")[0].account_id
    found = columns_with(known, {account})
    raw, ops = known.warehouse.database("raw"), known.warehouse.database("ops")
    assert {f"{raw}.app__connections.account_id", f"{ops}.ingestion_outcome.account_id"} <= {*found}
