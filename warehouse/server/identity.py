"""Who asks: the two identities, their passwords, and which pages may reach the port at all."""

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from warehouse.server.errors import AUTHENTICATION_FAILED, REQUIRED_PASSWORD, ClickHouseError
from warehouse.settings import Identity, WarehouseSettings

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Credentials:
    """User name and password of both identities."""

    users: Mapping[str, tuple[Identity, str]]

    def authenticate(self, user: str, password: str) -> Identity:
        """The identity behind a user and a password, compared in constant time.

        Raises:
            ClickHouseError: 516, with one message for an unknown user and a wrong password.
        """
        identity, expected = self.users.get(user, ("reader", ""))
        matches = hmac.compare_digest(expected.encode(), password.encode("utf-8", "replace"))
        if user not in self.users or not expected or not matches:
            raise ClickHouseError(
                AUTHENTICATION_FAILED,
                f"{user}: Authentication failed: password is incorrect, "
                "or there is no user with such name",
            )
        return identity


def credentials(settings: WarehouseSettings) -> Credentials:
    """Both identities' passwords: from the settings, else from the data folder, else new.

    A generated password is written to ``<path>/<identity>.password`` with mode 600.
    """
    owner = settings.password.get_secret_value() if settings.password else None
    reader = settings.reader_password.get_secret_value() if settings.reader_password else None
    return Credentials(
        {
            settings.user: ("owner", owner or _stored_password(settings.password_file("owner"))),
            settings.reader_user: (
                "reader",
                reader or _stored_password(settings.password_file("reader")),
            ),
        }
    )


def _stored_password(file: Path) -> str:
    try:
        stored = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        stored = ""
    if stored:
        file.chmod(0o600)
        return stored
    password = secrets.token_urlsafe(24)
    temporary = file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(password + "\n")
        target.flush()
        os.fsync(target.fileno())
    temporary.rename(file)
    return password


def presented(headers: Mapping[str, str], params: Mapping[str, str]) -> tuple[str, str]:
    """The user and password of a request: X-ClickHouse headers, basic auth, or URL parameters.

    Raises:
        ClickHouseError: 194 when the request carries none, 516 when they cannot be read.
    """
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return _utf8(headers.get("x-clickhouse-user", "")), _utf8(
            headers.get("x-clickhouse-key", "")
        )
    if "authorization" in headers:
        scheme, _, value = headers["authorization"].partition(" ")
        if scheme.lower() != "basic":
            raise ClickHouseError(
                AUTHENTICATION_FAILED,
                f"Authorization scheme '{scheme}' is not supported: use Basic",
            )
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ClickHouseError(
                AUTHENTICATION_FAILED, "The Authorization header is not valid Basic"
            ) from None
        return user, password
    if "user" in params or "password" in params:
        return params.get("user", ""), params.get("password", "")
    raise ClickHouseError(REQUIRED_PASSWORD, "Authentication is required: give user and password")


def _utf8(value: str) -> str:
    """A header's text: its bytes arrive as Latin-1, clients write UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


@dataclass(frozen=True)
class Doors:
    """The host names under which the server may be addressed.

    Any page in the user's browser can send requests to a local port; with DNS rebinding it can
    even read the answers. A request whose ``Host`` or ``Origin`` is not ours is refused.
    """

    hosts: frozenset[str]

    @classmethod
    def for_bind(cls, host: str, allowed: tuple[str, ...] = ()) -> "Doors":
        """Loopback names, the bind address and what the operator named besides."""
        return cls(_LOOPBACK_NAMES | {host.lower()} | {name.lower() for name in allowed})

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Whether both Host and Origin are ours (absent is fine: not a browser)."""
        host = headers.get("host", "")
        if host and _hostname(f"//{host}") not in self.hosts:
            return False
        origin = headers.get("origin", "")
        if not origin:
            return True
        return _netloc(origin) == host.lower() and _hostname(origin) in self.hosts


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
