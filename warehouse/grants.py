"""The SQL that makes owner and reader on a real ClickHouse server, from ``grants.sql``."""

import hashlib
import re
import secrets
from importlib.resources import files

from warehouse.errors import UserError
from warehouse.settings import LAYERS, READABLE_LAYERS, Identity, WarehouseSettings

_EACH = re.compile(r"-- for each (readable )?layer\n(.*?)-- end\n", re.DOTALL)
_USER = re.compile(r"\A[A-Za-z_][A-Za-z0-9_]*\Z")


def render(settings: WarehouseSettings) -> str:
    """The statements for these settings' users, passwords (as salted hashes) and databases.

    Raises:
        UserError: a password is missing, or a user name is not a plain identifier.
    """
    values: dict[str, str] = {}
    identities: tuple[Identity, Identity] = ("owner", "reader")
    for identity in identities:
        user, password = settings.login(identity)
        if not _USER.match(user):
            raise UserError(f"user {user!r}: use letters, digits and underscores only")
        if not password:
            variable = (
                "CLICKHOUSE_PASSWORD" if identity == "owner" else "CLICKHOUSE_READER_PASSWORD"
            )
            raise UserError(f"{identity}: no password is set. Set {variable} and run it again.")
        salt = secrets.token_hex(16)
        values[identity] = user
        values[f"{identity}_salt"] = salt
        values[f"{identity}_hash"] = hashlib.sha256((password + salt).encode()).hexdigest()

    def expand(match: re.Match[str]) -> str:
        layers = READABLE_LAYERS if match.group(1) else LAYERS
        return "".join(
            match.group(2).replace("{database}", settings.database(layer)) for layer in layers
        )

    template = (files("warehouse") / "grants.sql").read_text(encoding="utf-8")
    text = _EACH.sub(expand, template)
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def statements(settings: WarehouseSettings) -> list[str]:
    """The same one by one, without comments: HTTP takes a single statement at a time."""
    lines = [line for line in render(settings).splitlines() if not line.startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]
