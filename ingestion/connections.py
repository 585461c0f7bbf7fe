"""Creators and their connected accounts, read from the connections file.

The file is JSON, mode 600 because it holds access tokens::

    {"creators": [{"creator_id", "display_name", "created_at"}],
     "connections": [{"connection_id", "creator_id", "platform": "tiktok" | "youtube",
                      "account_id", "handle", "access_token", "connected_at"}]}

``account_id`` is TikTok's open_id or YouTube's channel id. ``access_token`` is needed for TikTok;
YouTube's public data is read with the API key of the settings. Times are ISO 8601 with an offset.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_serializer,
    model_validator,
)

from warehouse.errors import UserError

Platform = Literal["tiktok", "youtube"]
Text = Annotated[str, Field(min_length=1)]


class Creator(BaseModel):
    """A person; ``creator_id`` is ours and stands in every account-grain table."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    creator_id: Text
    display_name: Text
    created_at: AwareDatetime


class Connection(BaseModel):
    """A creator's account on a platform and the secret that reads it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    connection_id: Text
    creator_id: Text
    platform: Platform
    account_id: Text
    handle: str
    access_token: SecretStr | None = None
    connected_at: AwareDatetime

    @model_validator(mode="after")
    def _tiktok_needs_a_token(self) -> Self:
        if self.platform == "tiktok" and not self.access_token:
            raise ValueError("a tiktok connection needs an access_token")
        return self

    @field_serializer("access_token", when_used="json")
    def _reveal(self, token: SecretStr | None) -> str | None:
        return token.get_secret_value() if token else None


class Connections(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    creators: list[Creator]
    connections: list[Connection]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        creators = [creator.creator_id for creator in self.creators]
        _refuse_doubled("creator_id", creators)
        _refuse_doubled("connection_id", (c.connection_id for c in self.connections))
        _refuse_doubled("account", (f"{c.platform} {c.account_id}" for c in self.connections))
        unknown = {c.creator_id for c in self.connections} - set(creators)
        if unknown:
            raise ValueError(f"creator_id {min(unknown)!r} of a connection is not among creators")
        return self

    def of(self, platform: Platform) -> list[Connection]:
        """The connections of one platform."""
        return [c for c in self.connections if c.platform == platform]


def read_connections(path: Path) -> Connections:
    """Read and check the connections file.

    Raises :class:`UserError` naming the file, the field and what is wrong, never a token.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"connections file {path} not found. Set CONNECTIONS_FILE, or write one for the "
            f"sandbox: python -m ingestion.sandbox connections --out {path}"
        ) from None
    except OSError as error:
        raise UserError(f"connections file {path} cannot be read ({error.strerror}).") from None
    try:
        return Connections.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UserError(f"connections file {path}: {place}: {first['msg']}.") from None


def write_connections(path: Path, connections: Connections) -> None:
    """Write the file whole or not at all, readable by its owner alone."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(connections.model_dump_json(indent=1))
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise UserError(f"connections file {path} cannot be written ({error.strerror}).") from None


def _refuse_doubled(name: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{name} {value!r} stands twice")
        seen.add(value)
