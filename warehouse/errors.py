"""What went wrong for the person at the keyboard: one line, exit code 2, no traceback."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, get_args

from pydantic import SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsError

_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL", re.IGNORECASE)


class UserError(Exception):
    """A condition that its reader can mend.

    The message is one line that names the thing, the value and the remedy, e.g.
    ``port 8123: already in use. Stop the other process or pass --port.``
    Every package raises it (or a subclass) for bad input and unreachable services.
    """


class UnavailableError(UserError):
    """A :class:`UserError` that may pass by itself: a service that does not answer now."""


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """Print a :class:`UserError` as one line on stderr and exit with code 2.

    A setting that its class refuses is such an error too: the line names the variable. Every
    ``python -m`` entry point wraps its command in it; any other exception is a bug and keeps its
    traceback.
    """
    try:
        yield
    except UserError as error:
        _exit(str(error))
    except SettingsError as error:
        _exit(f"settings: {error}. Mend it in the environment or in .env.")
    except ValidationError as error:
        found = _settings_class(error.title)
        if found is None:
            raise
        problems = "; ".join(_problem(found, detail) for detail in error.errors())
        _exit(f"{problems}. Mend it in the environment or in .env.")


def _exit(message: str) -> NoReturn:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
    sys.exit(2)


def _settings_class(name: str) -> type[BaseSettings] | None:
    waiting = [BaseSettings]
    while waiting:
        one = waiting.pop()
        if one.__name__ == name:
            return one
        waiting += one.__subclasses__()
    return None


def _problem(settings: type[BaseSettings], detail: ErrorDetails) -> str:
    """One refused setting: its variable, its value unless it is secret, and why."""
    place = detail["loc"]
    if not place:
        # A rule over several fields: the input would be all of them, secrets among them.
        return detail["msg"]
    name = str(place[0])
    field = settings.model_fields.get(name)
    variable = name
    if field is not None:
        alias = field.validation_alias
        prefix = settings.model_config.get("env_prefix", "")
        variable = alias if isinstance(alias, str) else f"{prefix}{name}".upper()
    else:
        aliased = [one for one in settings.model_fields.values() if one.validation_alias == name]
        field = aliased[0] if aliased else None
    if detail["type"] == "missing":
        return f"{variable}: is not set"
    shown = "" if _is_secret(field, variable) else f"={str(detail['input'])[:200]}"
    return f"{variable}{shown}: {detail['msg']}"


def _is_secret(field: FieldInfo | None, variable: str) -> bool:
    if field is None or _SECRET.search(variable):
        return True
    kinds = {field.annotation, *get_args(field.annotation)}
    return bool(kinds & {SecretStr, SecretBytes})
