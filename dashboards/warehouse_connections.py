"""Superset's connections to the warehouse: labelled in the query log, and kept for the next query.

Superset opens a connection for each query and closes it after it. Opening one asks the warehouse
four things before the query, which is most of what a quick chart costs. Part of Superset's
configuration, read in Superset's own environment.
"""

import json
import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

KIND = "dashboard"
# ASCII digits of a number that fits a database's
_NUMBER = re.compile(r"[0-9]{1,18}")


def label_and_keep(
    uri: Any, params: dict[str, Any], username: str | None, security_manager: Any, source: Any
) -> tuple[Any, dict[str, Any]]:
    """Superset's ``DB_CONNECTION_MUTATOR``: have connections of the warehouse come from here.

    The query log says what each statement is for; ``mart_ops__cost`` adds it up.
    """
    if uri.get_backend_name().startswith("clickhouse"):
        # SQLAlchemy would ask each new engine's first connection for its database besides
        params = {**params, "creator": partial(_connect, uri), "_initialize": False}
    return uri, params


def _connect(uri: Any) -> Any:
    """A connection that nobody uses; closing it gives it back."""
    connection = _connections(uri).connect()
    label = json.dumps({**_asked_for(), "kind": KIND})
    connection.client.set_client_setting("log_comment", label)
    return connection


@cache
def _connections(uri: Any) -> Any:
    """This process's connections to one address with one login: as many as it has threads."""
    from sqlalchemy.pool import QueuePool

    dialect = uri.get_dialect()
    arguments, options = dialect().create_connect_args(uri)
    # A session of its own for every connection would fill up the user's 256 of a minute.
    options["autogenerate_session_id"] = False
    connect = partial(dialect.dbapi().connect, *arguments, **options)
    return QueuePool(connect, pool_size=0, reset_on_return=None)


def numbers_asked_for(
    path: str, body: Any, arguments: Mapping[str, str], route: Mapping[str, Any]
) -> tuple[int | None, int | None]:
    """Superset's numbers of the dashboard and of the chart that a request names, where it does.

    ``body`` is the request's JSON, ``arguments`` its query, ``route`` what stands in its ``path``.
    A chart of a dashboard names both in its form data.
    """
    form = _content(_content(body).get("form_data"))
    dashboard = form.get("dashboardId") or arguments.get("dashboard_id")
    chart = form.get("slice_id") or route.get("pk")
    if not path.startswith("/api/v1/chart"):
        chart = None
    return _number(dashboard), _number(chart)


def _content(written: Any) -> dict[str, Any]:
    """A JSON object, which Superset's pages send as such or as a string of it."""
    if isinstance(written, str):
        try:
            written = json.loads(written)
        except ValueError:
            return {}
    return written if isinstance(written, dict) else {}


def _number(value: Any) -> int | None:
    return int(value) if _NUMBER.fullmatch(str(value)) else None


def _asked_for() -> dict[str, str]:
    """What the request is for, as far as it says so: a dashboard's slug, and a chart's uuid.

    A chart that is asked for by itself counts for the first dashboard that it stands on; SQL Lab
    and all else for ``superset``.
    """
    from flask import has_request_context, request

    if not has_request_context():
        return {"asset": "dashboards/superset"}
    # a download sends the body of a query as a field of a form
    body = request.get_json(silent=True) or request.form.get("form_data")
    return _names(*numbers_asked_for(request.path, body, request.args, request.view_args or {}))


def _names(dashboard_id: int | None, chart_id: int | None) -> dict[str, str]:
    from superset import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    names, slug = {}, None
    chart = db.session.get(Slice, chart_id) if chart_id is not None else None
    if chart is not None:
        names["chart"] = str(chart.uuid)
    if dashboard_id is not None:
        slug = db.session.query(Dashboard.slug).filter(Dashboard.id == dashboard_id).scalar()
    elif chart is not None:
        slug = min((item.slug for item in chart.dashboards if item.slug), default=None)
    return {"asset": f"dashboards/{slug or 'superset'}", **names}
