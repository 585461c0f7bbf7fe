"""Keys, URLs and records of connections: refused in one line, never with a secret in it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr, ValidationError

from ingestion.connections import Connection, ConnectionStore, Creator, Tokens
from ingestion.connections.cipher import Cipher, UndecipherableError, new_key
from ingestion.connections.database import Database, absolute_url
from ingestion.settings import IngestionSettings
from warehouse.errors import UserError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANN = Creator(creator_id="c1", display_name="Ann", created_at=NOW)
CONNECTION = Connection(
    connection_id="k1",
    creator_id="c1",
    platform="tiktok",
    account_id="o1",
    handle="ann",
    connected_at=NOW,
)
SECOND = CONNECTION.model_copy(update={"connection_id": "k2", "account_id": "o2"})
TOKENS = Tokens(access_token=SecretStr("act.very-secret"))


def settings(url: object, keys: str | None = None) -> IngestionSettings:
    return IngestionSettings(
        _env_file=None,
        database_url=SecretStr(str(url)),
        token_keys=None if keys is None else SecretStr(keys),
    )


def store_at(folder: Path, keys: str | None = None) -> ConnectionStore:
    return ConnectionStore(settings(f"sqlite:///{folder}/credence.db", keys))


def said(caught: pytest.ExceptionInfo[UserError]) -> str:
    message = str(caught.value)
    assert "\n" not in message
    assert "secret" not in message
    # nothing that a traceback would print on top of it
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    store_at(tmp_path / "new").put([ANN], [(CONNECTION, TOKENS)])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert {"credence.db", "credence.db.key"} <= set(modes)
    assert not any(mode & 0o077 for mode in modes.values()), modes
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_no_token_is_readable_at_rest(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.put([ANN], [(CONNECTION, TOKENS)])
    store.close()
    for path in tmp_path.iterdir():
        if path.is_file():
            assert b"very-secret" not in path.read_bytes(), path
    assert "very-secret" not in f"{TOKENS!r} {TOKENS} {TOKENS.model_dump_json()}"


def test_one_key_file_is_made_however_many_ask(tmp_path: Path) -> None:
    ciphers = [Cipher(None, tmp_path / "k") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(Cipher.make_key_file, ciphers))
    sealed = [cipher.encrypt(SecretStr("x")) for cipher in ciphers]
    assert {ciphers[0].decrypt(one).get_secret_value() for one in sealed} == {"x"}
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    old, new = new_key(), new_key()
    sealed = Cipher(SecretStr(old), None).encrypt(SecretStr("x"))
    both = Cipher(SecretStr(f"{new}, {old}"), None)
    assert both.decrypt(sealed).get_secret_value() == "x"
    assert Fernet(new).decrypt(both.rotate(sealed)) == b"x"
    with pytest.raises(UndecipherableError, match="another key than TOKEN_KEYS") as caught:
        Cipher(SecretStr(new), None).decrypt(sealed)
    assert new not in said(caught)


@pytest.mark.parametrize("keys", ["", " , ", "very-secret", f"{new_key()},very-secret"])
def test_what_is_no_key_is_one_line(tmp_path: Path, keys: str) -> None:
    with pytest.raises(UserError, match="TOKEN_KEYS: holds no key") as caught:
        store_at(tmp_path, keys).put([ANN], [(CONNECTION, TOKENS)])
    assert "new-key" in said(caught)


def test_a_wrong_key_is_one_line_when_reading_and_writing(tmp_path: Path) -> None:
    store_at(tmp_path).put([ANN], [(CONNECTION, TOKENS)])
    other = store_at(tmp_path, new_key())
    with pytest.raises(UserError, match="encrypted with another key than TOKEN_KEYS") as caught:
        other.tokens("k1")
    said(caught)
    with pytest.raises(UserError, match="encrypted with another key"):
        other.add(SECOND, TOKENS)
    assert [one.connection_id for one in store_at(tmp_path).connections()] == ["k1"]


def test_a_lost_key_file_is_not_made_anew(tmp_path: Path) -> None:
    store_at(tmp_path).put([ANN], [(CONNECTION, TOKENS)])
    (tmp_path / "credence.db.key").unlink()
    for use in (
        lambda s: s.tokens("k1"),
        lambda s: s.add(SECOND, TOKENS),
        lambda s: s.rotate(),
    ):
        with pytest.raises(UserError, match=r"credence\.db\.key: cannot be read") as caught:
            use(store_at(tmp_path))
        said(caught)
    assert not (tmp_path / "credence.db.key").exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "very secret",
        "mysql://user:very-secret@host/db",  # pragma: allowlist secret
        "postgresql://user:very-secret@host",  # pragma: allowlist secret
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_what_is_no_database_url_is_one_line_without_the_url(url: str) -> None:
    with pytest.raises(UserError, match="DATABASE_URL: not the URL of") as caught:
        ConnectionStore(settings(url))
    assert "very" not in said(caught)


def test_what_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database at all, but long enough to be taken for one" * 99)
    url = f"sqlite:///{tmp_path}/file"
    with pytest.raises(
        UserError, match=r"file: file is not a database\. Check DATABASE_URL"
    ) as caught:
        ConnectionStore(settings(url)).creators()
    said(caught)
    with pytest.raises(UserError, match="cannot be opened"):
        ConnectionStore(settings(f"{url}/credence.db")).creators()


def test_a_server_that_does_not_answer_is_named_without_its_password(unused_port: int) -> None:
    server = f"127.0.0.1:{unused_port}/credence?options=secret"
    url = f"postgresql://ann:very-secret@{server}"  # pragma: allowlist secret
    with pytest.raises(UserError, match=f"credence on 127.0.0.1:{unused_port}: ") as caught:
        ConnectionStore(settings(url, new_key())).creators()
    assert "refused" in said(caught)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    store_at(tmp_path).put([ANN], [])
    database = Database(SecretStr(f"sqlite:///{tmp_path}/credence.db"))
    with database.writing() as sql:
        sql.exec_driver_sql("UPDATE ingestion_version SET version_num = 'from_the_future'")
    with pytest.raises(UserError, match="made by a newer version of Credence") as caught:
        store_at(tmp_path).creators()
    said(caught)


def test_a_relative_path_is_made_absolute_and_a_server_stays(tmp_path: Path) -> None:
    assert absolute_url(SecretStr("sqlite:///.data/c.db"), tmp_path) == (
        f"sqlite:///{tmp_path}/.data/c.db"
    )
    assert absolute_url(SecretStr("sqlite:////srv/c.db"), tmp_path) == "sqlite:////srv/c.db"
    server = "postgresql+psycopg2://u:p@h:5432/d"  # pragma: allowlist secret
    assert absolute_url(SecretStr(server), tmp_path) == server


@pytest.mark.parametrize(
    "changes",
    [
        {"connection_id": ""},
        {"account_id": ""},
        {"platform": ""},
        {"connected_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"status": "asleep"},
        {"access_token": "act.very-secret"},
    ],
)
def test_records_are_checked_and_errors_hold_no_input(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Connection.model_validate({**CONNECTION.model_dump(), **changes})
    assert "very-secret" not in str(caught.value)
