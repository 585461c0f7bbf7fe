"""The connections file: read whole or refused in one line, never with a token in it."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ingestion.connections import read_connections, write_connections
from warehouse.errors import UserError

CREATOR = {"creator_id": "c1", "display_name": "Ann", "created_at": "2026-01-01T00:00:00Z"}
CONNECTION = {
    "connection_id": "k1",
    "creator_id": "c1",
    "platform": "tiktok",
    "account_id": "o1",
    "handle": "ann",
    "access_token": "act.very-secret",
    "connected_at": "2026-01-01T00:00:00Z",
}


def write(path: Path, connection: dict[str, Any] | None = None, **file: Any) -> Path:
    body = {"creators": [CREATOR], "connections": [{**CONNECTION, **(connection or {})}], **file}
    path.write_text(json.dumps(body))
    return path


def test_a_file_is_read_and_written_back_for_its_owner_alone(tmp_path: Path) -> None:
    found = read_connections(write(tmp_path / "in.json"))
    assert [c.account_id for c in found.of("tiktok")] == ["o1"]
    assert found.of("youtube") == []
    out = tmp_path / "new" / "out.json"
    write_connections(out, found)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert read_connections(out) == found
    assert [path.name for path in out.parent.iterdir()] == ["out.json"]


def test_tokens_do_not_show(tmp_path: Path) -> None:
    found = read_connections(write(tmp_path / "in.json"))
    assert "very-secret" not in f"{found!r} {found}"


@pytest.mark.parametrize(
    ("connection", "file", "said"),
    [
        ({"platform": "myspace"}, {}, "connections.0.platform"),
        ({"access_token": None}, {}, "a tiktok connection needs an access_token"),
        ({"connected_at": "2026-01-01T00:00:00"}, {}, "connections.0.connected_at"),
        ({"creator_id": "c9"}, {}, "creator_id 'c9' of a connection is not among creators"),
        ({"account_id": ""}, {}, "connections.0.account_id"),
        ({"extra": "act.very-secret"}, {}, "connections.0.extra"),
        ({}, {"creators": [CREATOR, CREATOR]}, "creator_id 'c1' stands twice"),
        ({}, {"connections": [CONNECTION, CONNECTION]}, "connection_id 'k1' stands twice"),
        (
            {},
            {"connections": [CONNECTION, {**CONNECTION, "connection_id": "k2"}]},
            "account 'tiktok o1' stands twice",
        ),
        ({}, {"creators": None}, "creators"),
    ],
)
def test_what_is_wrong_is_named_without_secrets(
    tmp_path: Path, connection: dict[str, Any], file: dict[str, Any], said: str
) -> None:
    path = write(tmp_path / "in.json", connection, **file)
    with pytest.raises(UserError) as caught:
        read_connections(path)
    message = str(caught.value)
    assert said in message
    assert str(path) in message
    assert "very-secret" not in message
    assert "\n" not in message


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_what_is_no_such_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"in\.json"):
        read_connections(path)
    with pytest.raises(UserError, match=r"missing\.json not found\. Set CONNECTIONS_FILE"):
        read_connections(tmp_path / "missing.json")
