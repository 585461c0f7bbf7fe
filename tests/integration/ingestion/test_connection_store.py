"""Creators, connections and tokens on both databases, by threads and by processes."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr

from ingestion.connections import Connection, ConnectionStore, Creator, Tokens
from ingestion.connections.cipher import new_key
from ingestion.connections.database import VERSION_TABLE, Database
from ingestion.connections.schema import metadata
from ingestion.errors import (
    AccountError,
    DeadTokenError,
    PermissionMissingError,
    UnreachableError,
)
from ingestion.settings import IngestionSettings
from warehouse.errors import UserError

NOW = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
REFRESHER = str(Path(__file__).with_name("connection_refresher.py"))
MakeStore = Callable[..., ConnectionStore]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/credence.db"
    made: str = request.getfixturevalue("make_postgresql_database")()
    return made


@pytest.fixture
def keys() -> str:
    return new_key()


@pytest.fixture
def make_store(url: str, keys: str) -> MakeStore:
    """Opens the database as another process would."""

    def make(token_keys: str | None = keys) -> ConnectionStore:
        return ConnectionStore(settings(url, token_keys))

    return make


@pytest.fixture
def store(make_store: MakeStore) -> ConnectionStore:
    found = make_store()
    found.put([creator(1), creator(2)], [])
    return found


def settings(url: str, keys: str | None) -> IngestionSettings:
    return IngestionSettings(
        _env_file=None,
        database_url=SecretStr(url),
        token_keys=None if keys is None else SecretStr(keys),
    )


def creator(number: int) -> Creator:
    return Creator(creator_id=f"c{number}", display_name=f"Ann {number}", created_at=NOW)


def connection(number: int, **changes: object) -> Connection:
    made = Connection(
        connection_id=f"k{number}",
        creator_id="c1",
        platform="tiktok",
        account_id=f"o{number}",
        handle=f"ann{number}",
        connected_at=NOW,
        scopes=("user.info.basic", "video.list"),
    )
    return made.model_copy(update=changes)


def tokens(access: str, refresh: str | None = "rft") -> Tokens:
    return Tokens(
        access_token=SecretStr(access),
        refresh_token=SecretStr(refresh) if refresh else None,
        access_expires_at=NOW + timedelta(days=1),
        refresh_expires_at=NOW + timedelta(days=365),
    )


def refused(_: Tokens) -> Tokens:
    raise DeadTokenError(
        "tiktok: account ann1: refused (invalid_grant).\nReconnect.", "invalid_grant"
    )


def test_what_is_put_is_what_is_read(store: ConnectionStore, make_store: MakeStore) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    store.add(connection(2, platform="youtube", connected_at=elsewhere, scopes=()), None)
    store.add(connection(1), tokens("act"))
    other = make_store()
    assert other.creators() == [creator(1), creator(2)]
    found = other.connections()
    assert found == [connection(1), connection(2, platform="youtube", scopes=())]
    assert found[1].connected_at.tzinfo is UTC
    assert other.connections("youtube") == found[1:]
    assert other.connection("k1") == found[0]
    assert other.tokens("k1") == tokens("act")
    assert other.tokens("k2") is None
    assert other.tokens("nobody") is None


def test_connections_come_by_account(store: ConnectionStore) -> None:
    store.put([], [(connection(n), None) for n in (3, 1, 2)])
    assert [one.account_id for one in store.connections("tiktok")] == ["o1", "o2", "o3"]


def test_models_are_what_the_migrations_make(store: ConnectionStore, url: str) -> None:
    database = Database(SecretStr(url))
    with database.reading() as sql:
        context = MigrationContext.configure(
            sql, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []
        assert not sql.dialect.has_table(sql, "alembic_version")


def test_other_tables_of_the_database_are_left_alone(url: str, make_store: MakeStore) -> None:
    """The operational database is shared: serving and Dagster have tables and histories there."""
    make_store().creators()
    database = Database(SecretStr(url))
    with database.writing() as sql:
        sql.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        sql.exec_driver_sql("INSERT INTO alembic_version VALUES ('theirs')")
        metadata.drop_all(sql)
        sql.exec_driver_sql("DELETE FROM ingestion_version")
    make_store().put([creator(1)], [])
    with database.reading() as sql:
        found = sql.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    assert found == ["theirs"]


def test_many_first_users_upgrade_once(make_store: MakeStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: make_store().creators(), range(8)))
    assert found == [[]] * 8


def test_many_processes_upgrade_once(url: str, keys: str) -> None:
    code = (
        "from ingestion.connections import ConnectionStore\n"
        "from ingestion.settings import read_settings\n"
        "print(ConnectionStore(read_settings()).creators())"
    )
    env = environment(url, keys)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env=env, stdout=-1, stderr=-1, text=True
        )
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60) for process in running] == [("[]\n", "")] * 4


def test_connecting_again_renews(store: ConnectionStore) -> None:
    store.add(connection(1), tokens("old"))
    store.revoke("k1")
    store.add(connection(1, handle="ann_new"), tokens("new", None))
    assert store.connections() == [connection(1, handle="ann_new")]
    assert store.tokens("k1") == tokens("new", None)
    store.add(connection(1), None)
    assert store.tokens("k1") is None


def test_a_creator_is_renamed_and_keeps_the_day_of_arrival(store: ConnectionStore) -> None:
    store.add_creator(
        Creator(creator_id="c1", display_name="Anna", created_at=NOW + timedelta(days=9))
    )
    assert store.creators()[0] == Creator(creator_id="c1", display_name="Anna", created_at=NOW)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([connection(3, creator_id="c9")], "creator c9: not known"),
        ([connection(3, account_id="o1")], "tiktok account o1: already connected as k1"),
        ([connection(1, account_id="o9")], "connection k1: is tiktok account o1"),
        ([connection(1, creator_id="c2")], "connection k1: belongs to creator c1"),
        ([connection(3), connection(3)], "connection k3: given twice"),
        ([connection(3), connection(4, account_id="o3")], "account tiktok o3: given twice"),
    ],
)
def test_what_contradicts_is_refused_whole(
    store: ConnectionStore, found: list[Connection], said: str
) -> None:
    store.add(connection(1), tokens("act"))
    with pytest.raises(UserError, match=said):
        store.put([creator(3)], [(connection(2), None), *((one, None) for one in found)])
    assert store.connections() == [connection(1)]
    assert len(store.creators()) == 2


def test_a_revoked_account_is_not_read_and_may_go_to_another_creator(
    store: ConnectionStore,
) -> None:
    store.add(connection(1), tokens("act"))
    store.revoke("k1")
    assert store.connections() == []
    assert store.tokens("k1") is None
    revoked = connection(1, status="revoked")
    assert store.connections(status=None) == [revoked]
    store.add(connection(5, account_id="o1", creator_id="c2"), tokens("act2"))
    assert [one.connection_id for one in store.connections()] == ["k5"]
    assert store.connections(status=None) == [revoked, store.connection("k5")]
    with pytest.raises(UserError, match="connection k9: not known"):
        store.revoke("k9")


def test_replacing_leaves_nothing_else(store: ConnectionStore) -> None:
    store.add(connection(1), tokens("act"))
    store.put([creator(7)], [(connection(2, creator_id="c7"), tokens("act2"))], replace=True)
    assert store.creators() == [creator(7)]
    assert [one.connection_id for one in store.connections(status=None)] == ["k2"]
    assert store.tokens("k1") is None


def test_ten_thousand_creators_are_put_in_seconds(store: ConnectionStore) -> None:
    people = [creator(n) for n in range(10_000)]
    accounts = [(connection(n, creator_id=f"c{n}"), tokens(f"act{n}")) for n in range(10_000)]
    began = time.monotonic()
    store.put(people, accounts, replace=True)
    assert time.monotonic() - began < 15
    assert len(store.connections("tiktok")) == 10_000
    assert store.tokens("k9999") == tokens("act9999")


def test_writers_at_once_wait_for_each_other(make_store: MakeStore) -> None:
    make_store().add_creator(creator(1))

    def work(worker: int) -> None:
        own = make_store()
        for number in range(worker * 10, worker * 10 + 10):
            own.add(connection(number), tokens(f"act{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(make_store().connections()) == 80


def test_rotation_leaves_no_token_under_the_old_key(
    store: ConnectionStore, make_store: MakeStore, keys: str
) -> None:
    store.add(connection(1), tokens("act1"))
    store.add(connection(2), tokens("act2", None))
    new = new_key()
    assert make_store(f"{new},{keys}").rotate() == 2
    assert make_store(new).tokens("k1") == tokens("act1")
    assert make_store(new).tokens("k2") == tokens("act2", None)
    with pytest.raises(UserError, match="another key"):
        make_store(keys).tokens("k1")


def test_a_rotation_under_a_wrong_key_changes_nothing(
    store: ConnectionStore, make_store: MakeStore
) -> None:
    store.add(connection(1), tokens("act1"))
    with pytest.raises(UserError, match="another key"):
        make_store(new_key()).rotate()
    assert store.tokens("k1") == tokens("act1")


def test_a_refresh_is_committed_before_it_is_returned(
    store: ConnectionStore, make_store: MakeStore
) -> None:
    store.add(connection(1), tokens("old", "rft1"))
    asked_with = []

    def ask(present: Tokens) -> Tokens:
        asked_with.append(present)
        return tokens("new", "rft2")

    fresh = store.refresh("k1", SecretStr("old"), ask)
    assert fresh == tokens("new", "rft2") == make_store().tokens("k1")
    assert asked_with == [tokens("old", "rft1")]
    # what is stale for one has been renewed by another: the platform is not asked again
    assert make_store().refresh("k1", SecretStr("old"), refused) == fresh


def test_a_refresh_token_that_is_not_replaced_is_kept(store: ConnectionStore) -> None:
    store.add(connection(1), tokens("old", "rft1"))
    given = Tokens(access_token=SecretStr("new"))
    fresh = store.refresh("k1", SecretStr("old"), lambda _: given)
    assert fresh.refresh_token == SecretStr("rft1")
    assert fresh.refresh_expires_at == NOW + timedelta(days=365)
    assert store.tokens("k1") == fresh


def test_threads_that_refresh_at_once_ask_once_an_account(make_store: MakeStore) -> None:
    store = make_store()
    store.put([creator(1)], [(connection(n), tokens("old")) for n in range(4)])
    asked: list[str] = []
    together = threading.Barrier(4, timeout=30)

    def refresh(worker: int) -> Tokens:
        number = worker % 4

        def ask(_: Tokens) -> Tokens:
            # one account does not wait for another: all four are asked for at the same time
            together.wait()
            asked.append(f"k{number}")
            return tokens(f"new{number}")

        own = store if worker < 16 else make_store()
        return own.refresh(f"k{number}", SecretStr("old"), ask)

    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(refresh, range(24)))
    assert sorted(asked) == ["k0", "k1", "k2", "k3"]
    assert found == [tokens(f"new{worker % 4}") for worker in range(24)]


def test_processes_that_refresh_at_once_ask_once(
    store: ConnectionStore, url: str, keys: str, tmp_path: Path
) -> None:
    store.add(connection(1), tokens("old"))
    log = tmp_path / "asked"
    running = [
        subprocess.Popen(
            [sys.executable, REFRESHER, "k1", "old", str(log)],
            cwd=ROOT,
            env=environment(url, keys),
            stdin=-1,
            stdout=-1,
            text=True,
        )
        for _ in range(4)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    printed = {process.communicate("go\n", timeout=60)[0] for process in running}
    assert len(log.read_text().splitlines()) == 1
    assert len(printed) == 1
    renewed = store.tokens("k1")
    assert renewed is not None
    assert printed == {renewed.access_token.get_secret_value() + "\n"}


def test_a_worker_that_dies_while_it_asks_holds_nobody_up(
    store: ConnectionStore, url: str, keys: str, tmp_path: Path
) -> None:
    store.add(connection(1), tokens("old"))
    process = subprocess.Popen(
        [sys.executable, REFRESHER, "k1", "old", str(tmp_path / "asked"), "hang"],
        cwd=ROOT,
        env=environment(url, keys),
        stdin=-1,
        stdout=-1,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline() == "asking\n"
    # its lock is held, and readers do not care
    assert store.tokens("k1") == tokens("old")
    process.kill()
    process.wait(timeout=30)
    process.stdin.close()
    process.stdout.close()
    assert store.refresh("k1", SecretStr("old"), lambda _: tokens("new")) == tokens("new")


@pytest.mark.parametrize("error", [DeadTokenError, PermissionMissingError, AccountError])
def test_a_final_refusal_breaks_the_connection(
    store: ConnectionStore, error: type[AccountError]
) -> None:
    store.add(connection(1), tokens("old"))

    def ask(_: Tokens) -> Tokens:
        raise error("tiktok: account ann1: refused\n(invalid_grant). Reconnect.", "invalid_grant")

    with pytest.raises(error):
        store.refresh("k1", SecretStr("old"), ask)
    assert store.connections() == []
    reason = "tiktok: account ann1: refused (invalid_grant). Reconnect."
    assert store.connection("k1") == connection(1, status="broken", reason=reason)
    # the next worker is told without asking the platform
    with pytest.raises(AccountError, match="refused \\(invalid_grant\\)"):
        store.refresh("k1", SecretStr("old"), lambda _: pytest.fail("asked again"))
    store.add(connection(1), tokens("new"))
    assert store.connections() == [connection(1)]


@pytest.mark.parametrize(
    "error",
    [
        UnreachableError("tiktok: no answer.", "unreachable"),
        AccountError("tiktok: account ann1: still refused after 5 attempts.", "internal_error"),
        AccountError("tiktok: account ann1: wrong client key.", "invalid_client"),
        RuntimeError("a bug"),
    ],
)
def test_a_passing_failure_leaves_the_connection_as_it_was(
    store: ConnectionStore, error: Exception
) -> None:
    store.add(connection(1), tokens("old"))

    def ask(_: Tokens) -> Tokens:
        raise error

    with pytest.raises(type(error)):
        store.refresh("k1", SecretStr("old"), ask)
    assert store.connections() == [connection(1)]
    assert store.tokens("k1") == tokens("old")
    assert store.refresh("k1", SecretStr("old"), lambda _: tokens("new")) == tokens("new")


def test_a_reconnection_during_a_refresh_wins(
    store: ConnectionStore, make_store: MakeStore
) -> None:
    store.add(connection(1), tokens("old"))

    def ask(_: Tokens) -> Tokens:
        make_store().add(connection(1), tokens("reconnected"))
        return tokens("refreshed")

    assert store.refresh("k1", SecretStr("old"), ask) == tokens("reconnected")
    assert store.tokens("k1") == tokens("reconnected")

    def fail(present: Tokens) -> Tokens:
        make_store().add(connection(1), tokens("again"))
        return refused(present)

    with pytest.raises(DeadTokenError):
        store.refresh("k1", SecretStr("reconnected"), fail)
    assert store.connections() == [connection(1)]


def test_a_revocation_during_a_refresh_wins(store: ConnectionStore) -> None:
    store.add(connection(1), tokens("old"))

    def ask(_: Tokens) -> Tokens:
        store.revoke("k1")
        return tokens("new")

    with pytest.raises(AccountError, match="revoked"):
        store.refresh("k1", SecretStr("old"), ask)
    assert store.tokens("k1") is None


def test_what_has_no_tokens_cannot_be_refreshed(store: ConnectionStore) -> None:
    store.add(connection(1), None)
    with pytest.raises(AccountError, match=r"account ann1: has no tokens\. Reconnect"):
        store.refresh("k1", SecretStr("old"), refused)


def test_postgresql_needs_keys_of_the_settings(
    make_postgresql_database: Callable[[], str],
) -> None:
    store = ConnectionStore(settings(make_postgresql_database(), None))
    store.put([creator(1)], [(connection(1), None)])
    with pytest.raises(UserError, match="setting TOKEN_KEYS: is not set") as caught:
        store.add(connection(2), tokens("act"))
    assert "new-key" in str(caught.value)


def test_a_wrong_password_is_one_line_without_it(postgresql_server: str) -> None:
    start, _, rest = postgresql_server.partition("throw-away-cluster")
    with pytest.raises(UserError, match="password authentication failed") as caught:
        ConnectionStore(settings(f"{start}wrong-secret{rest}", new_key())).creators()
    assert "wrong-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def environment(url: str, keys: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "TOKEN_KEYS": keys, "PYTHONPATH": str(ROOT)}
