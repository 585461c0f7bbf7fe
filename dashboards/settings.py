"""Where Superset is and who signs in: one typed class, read from the environment and ``.env``.

The password of the administrator and the key that signs sessions are generated on first start
and kept, readable by their owner alone, in the data folder; the environment overrides both.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import UserError


class DashboardsSettings(BaseSettings):
    """Superset: its address, its administrator, its folder and its own Python environment."""

    model_config = SettingsConfigDict(env_file=".env", env_prefix="SUPERSET_", extra="ignore")

    url: str = "http://127.0.0.1:8088"
    user: str = "admin"
    password: SecretStr | None = None
    secret_key: SecretStr | None = None
    home: Path = Path(".data/superset")
    venv: Path = Path(".venv-superset")
    metadata_url: SecretStr | None = None
    workers: int = 2
    threads: int = 8

    @property
    def port(self) -> int:
        """The port of ``url``, 8088 where it names none."""
        return urlsplit(self.url).port or 8088

    @property
    def python(self) -> Path:
        """The interpreter of Superset's own environment."""
        return self.venv.absolute() / "bin" / "python"

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
                f"superset: {path} is missing. Start Superset once with "
                f"`python -m dashboards serve`, or set {variable}."
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
