"""Where Superset is and who signs in: one typed class, read from the environment and ``.env``.

The password of the administrator and the key that signs sessions are generated on first start
and kept, readable by their owner alone, in the data folder; the environment overrides both.
"""

import os
import secrets
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from dashboards.oidc_login import LOOPBACK, SCOPES, require_sound
from warehouse.errors import UserError

START = "Start Superset once with `python -m dashboards serve`"
MADE_BY = {"embedder_password": "Make the user with `python -m dashboards embedder-user`"}


class DashboardsSettings(BaseSettings):
    """Superset: its address, its administrator, its folder and its own Python environment."""

    model_config = SettingsConfigDict(env_file=".env", env_prefix="SUPERSET_", extra="ignore")

    url: str = "http://127.0.0.1:8088"
    public_url: str = ""
    user: str = "admin"
    password: SecretStr | None = None
    secret_key: SecretStr | None = None
    home: Path = Path(".data/superset")
    venv: Path = Path(".venv-superset")
    metadata_url: SecretStr | None = None
    workers: int = 2
    threads: int = 8
    trusted_http_hosts: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: str = SCOPES
    oidc_username_claim: str = "preferred_username"
    oidc_roles_claim: str = "groups"
    oidc_roles: str = ""
    embed_origins: str = ""
    guest_key: SecretStr | None = None
    analyst_password: SecretStr | None = None
    underwriter_password: SecretStr | None = None
    creator_password: SecretStr | None = None
    demo_creator: str = ""
    embedder_user: str = "embedder"
    embedder_password: SecretStr | None = None

    @property
    def port(self) -> int:
        """The port of ``url``, 8088 where it names none."""
        return urlsplit(self.url).port or 8088

    @property
    def link(self) -> str:
        """The address where a person's browser finds Superset: ``public_url``, else ``url``."""
        return (self.public_url or self.url).rstrip("/")

    @property
    def python(self) -> Path:
        """The interpreter of Superset's own environment."""
        return self.venv.absolute() / "bin" / "python"

    def origins(self) -> list[str]:
        """The pages that may show a dashboard in a frame, as ``https://host``; none by default."""
        found = [origin.strip() for origin in self.embed_origins.split(",") if origin.strip()]
        for origin in found:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise UserError(
                    f"SUPERSET_EMBED_ORIGINS: {origin!r} is not an origin. "
                    "Write https://host, without a path."
                )
        return found

    def password_hosts(self) -> set[str]:
        """The hosts to which a password may go over plain http: this machine and those named."""
        named = (host.strip() for host in self.trusted_http_hosts.split(","))
        return {*LOOPBACK, *filter(None, named)}

    def oidc_environment(self) -> dict[str, str]:
        """What Superset's configuration reads of the login at a provider; empty without one.

        :raises UserError: where a setting is missing or malformed.
        """
        if not self.oidc_issuer:
            return {}
        secret = self.oidc_client_secret.get_secret_value() if self.oidc_client_secret else ""
        environment = {
            "SUPERSET_OIDC_ISSUER": self.oidc_issuer,
            "SUPERSET_OIDC_CLIENT_ID": self.oidc_client_id,
            "SUPERSET_OIDC_CLIENT_SECRET": secret,
            "SUPERSET_OIDC_SCOPES": self.oidc_scopes,
            "SUPERSET_OIDC_USERNAME_CLAIM": self.oidc_username_claim,
            "SUPERSET_OIDC_ROLES_CLAIM": self.oidc_roles_claim,
            "SUPERSET_OIDC_ROLES": self.oidc_roles,
        }
        try:
            require_sound(environment)
        except ValueError as error:
            raise UserError(str(error)) from None
        return environment

    def role_password(self, role: str, *, create: bool = False) -> str:
        """The password of the user that a role has here, like the administrator's."""
        given = getattr(self, f"{role}_password")
        return self._secret(given, f"{role}_password", f"SUPERSET_{role.upper()}_PASSWORD", create)

    def generated_password(self, role: str) -> Path | None:
        """The file that keeps the password of a role's user; None where the settings give it."""
        given = getattr(self, f"{role}_password")
        return self.home / f"{role}_password" if given is None else None

    def as_embedder(self) -> Self:
        """The settings of an application that embeds dashboards: it signs in as the embedder.

        :raises UserError: where the embedder has no password yet.
        """
        password = SecretStr(self.role_password("embedder"))
        return self.model_copy(update={"user": self.embedder_user, "password": password})

    def superset_metadata_url(self) -> str:
        """SQLAlchemy URL of Superset's own database: ``metadata_url``, else SQLite in ``home``."""
        if self.metadata_url is not None:
            return self.metadata_url.get_secret_value()
        return f"sqlite:///{self.home.absolute() / 'superset.db'}?check_same_thread=false"

    def admin_password(self, *, create: bool = False) -> str:
        """The administrator's password: from the environment, else from the data folder.

        With ``create`` a missing one is generated and stored (mode 600).
        """
        return self._secret(self.password, "admin_password", "SUPERSET_PASSWORD", create)

    def signing_key(self, *, create: bool = False) -> str:
        """The key that signs sessions and encrypts what Superset stores; like the password."""
        return self._secret(self.secret_key, "secret_key", "SUPERSET_SECRET_KEY", create)

    def _secret(self, given: SecretStr | None, name: str, variable: str, create: bool) -> str:
        if given is not None:
            return given.get_secret_value()
        path = self.home / name
        if not path.exists() and create:
            _store_once(path, secrets.token_urlsafe(32))
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            raise UserError(
                f"superset: {path} is missing. {MADE_BY.get(name, START)}, or set {variable}."
            ) from None


def _store_once(path: Path, value: str) -> None:
    """Write a secret that no reader ever sees half-written, and never replace one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
