"""The commands over connections: what they do to the database, and what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.fernet import Fernet
from pydantic import SecretStr
from typer.testing import CliRunner

from ingestion import connections_command
from ingestion.__main__ import app
from ingestion.connections import ConnectionStore
from ingestion.errors import DeadTokenError
from ingestion.registry import PLATFORMS
from ingestion.settings import IngestionSettings
from warehouse.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
ADD = ("add", "--platform", "tiktok", "--account-id", "o1", "--handle", "ann")
SECRETS = "act.very-secret\nrft.very-secret\n"


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings name an empty database, and no tokens."""
    url = f"sqlite:///{tmp_path}/credence.db"
    monkeypatch.setenv("DATABASE_URL", url)
    for name in ("TOKEN_KEYS", "CONNECTION_ACCESS_TOKEN", "CONNECTION_REFRESH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return url


@pytest.fixture
def store(database: str) -> ConnectionStore:
    return ConnectionStore(IngestionSettings(_env_file=None, database_url=SecretStr(database)))


def run(*arguments: str, stdin: str = "") -> Result:
    done = CliRunner().invoke(app, ["connections", *arguments], input=stdin)
    assert "very-secret" not in done.output
    return done


def succeed(*arguments: str, stdin: str = "") -> str:
    done = run(*arguments, stdin=stdin)
    assert done.exit_code == 0, done.exception
    return done.stdout


def refused(*arguments: str, stdin: str = "") -> str:
    done = run(*arguments, stdin=stdin)
    assert isinstance(done.exception, UserError), done.output
    return str(done.exception)


def test_a_new_creator_gets_an_id_and_the_tokens_come_from_stdin(store: ConnectionStore) -> None:
    scopes = ("--scope", "user.info.basic", "--scope", "video.list")
    expiry = ("--access-expires-at", "2026-12-31T23:59:59Z")
    said = succeed(*ADD, "--name", "Ann", *scopes, *expiry, stdin=SECRETS)
    (creator,) = store.creators()
    assert creator.display_name == "Ann"
    assert said == f"tiktok_o1: connected, creator {creator.creator_id}\n"
    (connection,) = store.connections()
    assert connection.scopes == ("user.info.basic", "video.list")
    tokens = store.tokens("tiktok_o1")
    assert tokens is not None
    assert tokens.access_token == SecretStr("act.very-secret")
    assert tokens.refresh_token == SecretStr("rft.very-secret")
    assert str(tokens.access_expires_at) == "2026-12-31 23:59:59+00:00"


def test_tokens_come_from_the_environment(
    store: ConnectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTION_ACCESS_TOKEN", "act.very-secret")
    succeed(*ADD, "--creator", "c1", "--name", "Ann")
    tokens = store.tokens("tiktok_o1")
    assert tokens is not None
    assert tokens.access_token == SecretStr("act.very-secret")
    assert tokens.refresh_token is None


def test_connecting_again_renews_the_tokens(store: ConnectionStore) -> None:
    succeed(*ADD, "--creator", "c1", "--name", "Ann", stdin="old")
    succeed("revoke", "tiktok_o1")
    assert store.tokens("tiktok_o1") is None
    succeed(*ADD, "--creator", "c1", stdin=SECRETS)
    tokens = store.tokens("tiktok_o1")
    assert tokens is not None
    assert tokens.access_token == SecretStr("act.very-secret")
    assert [one.status for one in store.connections(status=None)] == ["active"]
    assert "without a token" in succeed(*ADD, "--creator", "c1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (ADD, "Pass --creator ID, or --name for a new one"),
        ((*ADD, "--creator", "c9"), "creator c9: not known. Pass --name"),
        (("add", "--platform", "myspace", "--account-id", "o1"), "platform myspace: not known"),
        (
            ("add", "--platform", "tiktok", "--account-id", "", "--name", "Ann"),
            "--account-id: String should have at least 1 character",
        ),
        (("revoke", "k9"), "connection k9: not known"),
        (("test", "k9"), "connection k9: not known"),
        (("list", "--platform", "myspace"), "platform myspace: not known. Name one of "),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_added(
    store: ConnectionStore, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(*arguments, stdin=SECRETS)
    assert store.creators() == []


def test_the_list_shows_every_status_and_no_token(store: ConnectionStore) -> None:
    succeed(*ADD, "--creator", "c1", "--name", "Ann [bold]", stdin=SECRETS)
    succeed("add", "--platform", "youtube", "--account-id", "UC1", "--creator", "c1")
    succeed("revoke", "youtube_UC1")

    def refuse(_: object) -> None:
        raise DeadTokenError("tiktok: account ann: refused (invalid_grant).", "invalid_grant")

    with pytest.raises(DeadTokenError):
        store.refresh("tiktok_o1", SecretStr("act.very-secret"), refuse)  # type: ignore[arg-type]
    lines = succeed("list").splitlines()
    assert re.match(r"tiktok_o1 +c1 +Ann \[bold\] +ann .* broken: tiktok: account ann", lines[1])
    assert re.match(r"youtube_UC1 +c1 +Ann \[bold\] .* revoked", lines[2])
    assert len(succeed("list", "--platform", "tiktok").splitlines()) == 2


def test_a_probe_tells_each_account_apart(
    store: ConnectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        succeed(*ADD[:4], f"o{number}", "--creator", "c1", "--name", "Ann", stdin=SECRETS)

    def probe(_: object, unit: connections_command.AccountDay) -> None:
        if unit.account.account_id == "o2":
            raise DeadTokenError("tiktok: account o2: token invalid.", "access_token_invalid")

    probed = PLATFORMS["tiktok"].__class__(**{**vars(PLATFORMS["tiktok"]), "probe": probe})
    monkeypatch.setattr(connections_command, "PLATFORMS", {"tiktok": probed})
    assert succeed("test", "tiktok_o1") == "tiktok_o1: can be read\n"
    done = run("test")
    assert done.stdout.splitlines() == [
        "tiktok_o1: can be read",
        "tiktok_o2: tiktok: account o2: token invalid.",
    ]
    assert str(done.exception) == "1 of 2 connections cannot be read."
    for number in (1, 2):
        succeed("revoke", f"tiktok_o{number}")
    assert succeed("test") == "no active connection\n"


def test_keys_are_made_and_changed(
    store: ConnectionStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    succeed(*ADD, "--creator", "c1", "--name", "Ann", stdin=SECRETS)
    old = (tmp_path / "credence.db.key").read_text().strip()
    new = succeed("new-key").strip()
    Fernet(new)
    monkeypatch.setenv("TOKEN_KEYS", f"{new},{old}")
    assert succeed("rotate") == "tokens of 1 connections are encrypted with the first key\n"
    monkeypatch.setenv("TOKEN_KEYS", new)
    assert succeed("rotate").startswith("tokens of 1 ")
    monkeypatch.setenv("TOKEN_KEYS", old)
    assert "another key than TOKEN_KEYS" in refused("rotate")


def test_an_error_is_one_line_of_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ingestion", "connections", "revoke", "k9"],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "error: connection k9: not known. python -m ingestion connections list shows all."
    ]
