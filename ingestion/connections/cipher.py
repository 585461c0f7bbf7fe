"""Encrypts tokens at rest: Fernet keys from the settings, or from a file beside the database.

``TOKEN_KEYS`` holds keys separated by commas: the first encrypts, all decrypt. Where it is not set
and the database is a SQLite file, a key is made on first use and kept in ``<database>.key``, one
key a line, readable by its owner alone.
"""

import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from warehouse.errors import UserError

HOW_TO_MAKE_ONE = "Make one with python -m ingestion connections new-key"


class UndecipherableError(UserError):
    """No key opens what is stored."""


class Cipher:
    """Encrypts with the first key, decrypts with any; the keys are read when they are needed."""

    def __init__(self, keys: SecretStr | None, key_file: Path | None) -> None:
        """``key_file`` is where keys live that the settings do not name; None: nowhere."""
        self._given = keys
        self._file = key_file

    def encrypt(self, secret: SecretStr) -> str:
        """The secret as a Fernet token."""
        return self._fernet.encrypt(secret.get_secret_value().encode()).decode()

    def decrypt(self, stored: str) -> SecretStr:
        """The secret of a Fernet token; raises :class:`UndecipherableError` for a wrong key."""
        try:
            return SecretStr(self._fernet.decrypt(stored.encode()).decode())
        except InvalidToken:
            raise UndecipherableError(
                f"tokens: encrypted with another key than {self._where()}. "
                "Name the key that they were encrypted with, beside the present one."
            ) from None

    def rotate(self, stored: str) -> str:
        """The same secret under the first key."""
        return self.encrypt(self.decrypt(stored))

    def make_key_file(self) -> None:
        """Make the key file where keys come from one and there is none; for an empty database."""
        if self._given is not None or self._file is None or self._file.exists():
            return
        partial = self._file.with_name(f".{self._file.name}.{os.getpid()}.{id(self)}")
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key() + b"\n")
            # whoever comes first has made the key: a link never replaces a file
            with suppress(FileExistsError):
                os.link(partial, self._file)
        except OSError as error:
            raise UserError(
                f"key file {self._file}: cannot be made ({error.strerror}). Set TOKEN_KEYS."
            ) from None
        finally:
            partial.unlink(missing_ok=True)

    @cached_property
    def _fernet(self) -> MultiFernet:
        keys = self._keys()
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise UserError(
                f"{self._where()}: holds no key, or one that is not a Fernet key (32 bytes, URL-"
                f"safe base64). {HOW_TO_MAKE_ONE}."
            ) from None

    def _keys(self) -> list[str]:
        if self._given is not None:
            text = self._given.get_secret_value().replace(",", "\n")
        elif self._file is None:
            raise UserError(
                "setting TOKEN_KEYS: is not set, and tokens are encrypted in PostgreSQL with its "
                f"keys alone. {HOW_TO_MAKE_ONE}."
            )
        else:
            try:
                text = self._file.read_text(encoding="utf-8")
            except OSError as error:
                raise UserError(
                    f"key file {self._file}: cannot be read ({error.strerror}), and the tokens of "
                    "the database are encrypted with it. Put it back, or set TOKEN_KEYS."
                ) from None
        return [key for line in text.splitlines() if (key := line.strip())]

    def _where(self) -> str:
        return "TOKEN_KEYS" if self._given is not None else f"key file {self._file}"


def new_key() -> str:
    """A key for ``TOKEN_KEYS``."""
    return Fernet.generate_key().decode()


def key_file_of(database: Path) -> Path:
    """Where the keys of a SQLite database lie."""
    return database.with_name(f"{database.name}.key")


def keys_beside(database: Path) -> str:
    """The keys of a SQLite database as ``TOKEN_KEYS`` names them; made where there are none."""
    file = key_file_of(database)
    file.parent.mkdir(parents=True, exist_ok=True)
    Cipher(None, file).make_key_file()
    return ",".join(file.read_text(encoding="utf-8").split())
