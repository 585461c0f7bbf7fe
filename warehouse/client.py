"""The one way to a ClickHouse client: settings in, clickhouse-connect out."""

import json
import logging
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError

from warehouse.errors import UnavailableError, UserError
from warehouse.settings import Identity, WarehouseSettings

_WRONG_LOGIN_CODES = frozenset({192, 193, 194, 516})


def log_comment(asset: str, kind: str) -> str:
    """What a statement is for, as ``log_comment`` of the query log: ``mart_ops__cost`` reads it.

    Args:
        asset: the asset's key (``raw/tiktok__videos``, ``dashboards/overview``), or the package.
        kind: what is done with it: ``ingestion``, ``dashboard``, ``ml``, ``other``.
    """
    return json.dumps({"asset": asset, "kind": kind})


def connect(
    identity: Identity = "owner",
    settings: WarehouseSettings | None = None,
    comment: str | None = None,
    **kwargs: Any,
) -> Client:
    """Open a client for an identity.

    Args:
        identity: ``owner`` (the pipeline) or ``reader`` (dashboards, serving).
        settings: where the warehouse is; read from the environment by default.
        comment: what the client's statements are for, as :func:`log_comment` says it.
        kwargs: passed to ``clickhouse_connect.get_client`` (``database``, ...).

    Raises:
        UserError: the server cannot be reached, or refuses the password.
    """
    settings = settings or WarehouseSettings()
    # What goes wrong is raised here as one line; the driver would log it besides.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    user, password = settings.login(identity)
    where = f"{settings.host}:{settings.port}"
    # A client is shared by threads (Dagster, the API): a session would lock them out of it.
    kwargs.setdefault("autogenerate_session_id", False)
    if comment is not None:
        kwargs["settings"] = {"log_comment": comment}
    try:
        return clickhouse_connect.get_client(
            host=settings.host,
            port=settings.port,
            secure=settings.secure,
            username=user,
            password=password,
            **kwargs,
        )
    except OperationalError as error:
        raise UnavailableError(
            f"warehouse {where}: cannot be reached ({_reason(error)}). "
            "Start it (python -m warehouse server) or set CLICKHOUSE_HOST and CLICKHOUSE_PORT."
        ) from None
    except DatabaseError as error:
        if error.code in _WRONG_LOGIN_CODES:
            raise UserError(_refused(settings, identity, user, password, where)) from None
        raise UserError(f"warehouse {where}: {_first_line(error)}") from None
    except ClickHouseError as error:
        raise UserError(f"warehouse {where}: {_first_line(error)}") from None


def _refused(
    settings: WarehouseSettings, identity: Identity, user: str, password: str, where: str
) -> str:
    variable = "CLICKHOUSE_PASSWORD" if identity == "owner" else "CLICKHOUSE_READER_PASSWORD"
    problem = "the password is wrong or the user unknown" if password else "no password is set"
    place = f" or point WAREHOUSE_PATH (now {settings.path}) at the server's data folder"
    remedy = f"Set {variable}{place if settings.is_local else ''}."
    return f"warehouse {where}: user {user} was refused: {problem}. {remedy}"


def _reason(error: BaseException) -> str:
    """The innermost cause, e.g. "Connection refused", without the layers of libraries around."""
    cause = getattr(error.__cause__, "reason", None) or error.__cause__ or error
    text = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    return text.rsplit(": ", 1)[-1].rsplit("] ", 1)[-1]


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
