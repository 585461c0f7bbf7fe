"""Where the warehouse is and who asks: one typed class, read from the environment and ``.env``.

Production is a change of these settings and of nothing else. The embedded server writes the
passwords that it generates into its data folder, and they are picked up from there when the
environment names none.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Identity = Literal["owner", "reader"]

LAYERS = ("raw", "staging", "core", "marts", "ml", "ops", "truth")
READABLE_LAYERS = ("marts", "ml")


class WarehouseSettings(BaseSettings):
    """Connection to ClickHouse, embedded or real."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_prefix="CLICKHOUSE_",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8123, ge=0, le=65535)
    secure: bool = False
    user: str = "owner"
    password: SecretStr | None = None
    reader_user: str = "reader"
    reader_password: SecretStr | None = None
    admin_password: SecretStr | None = None
    """For ``python -m warehouse grants --apply-as`` alone."""
    cluster: str = ""
    """A cluster of ClickHouse servers on which dbt keeps its tables replicated; none by default."""
    path: Path = Field(default=Path(".data/warehouse"), validation_alias="WAREHOUSE_PATH")
    env: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$", validation_alias="CREDENCE_ENV")

    def password_file(self, identity: Identity) -> Path:
        """Where the embedded server keeps the password that it generated for an identity."""
        return self.path / f"{identity}.password"

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine, where an embedded server may be the one asked."""
        return self.host in ("127.0.0.1", "localhost", "::1")

    def login(self, identity: Identity) -> tuple[str, str]:
        """User name and password of an identity.

        A password that the environment does not name is read from the embedded server's data
        folder when the host is this machine; else it is empty.
        """
        user = self.user if identity == "owner" else self.reader_user
        secret = self.password if identity == "owner" else self.reader_password
        if secret is not None:
            return user, secret.get_secret_value()
        if not self.is_local:
            return user, ""
        try:
            return user, self.password_file(identity).read_text(encoding="utf-8").strip()
        except OSError:
            return user, ""

    def database(self, layer: str) -> str:
        """The ClickHouse database of a layer: the layer's name, prefixed with the environment."""
        return f"{self.env}_{layer}" if self.env else layer
