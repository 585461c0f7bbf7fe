"""Superset's configuration, read by Superset itself inside its own environment.

Everything that differs between machines comes from environment variables, which
``python -m dashboards serve`` fills from :class:`dashboards.settings.DashboardsSettings`:

- ``SUPERSET_SECRET_KEY``: signs sessions and encrypts stored passwords; must never change.
- ``SUPERSET_METADATA_URL``: Superset's own database, SQLite or PostgreSQL.
- ``SUPERSET_COOKIE_SECURE``: ``true`` behind https.

Source of the names: https://superset.apache.org/docs/configuration/configuring-superset
"""

import json
import os
from typing import Any

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = os.environ["SUPERSET_METADATA_URL"]
ALEMBIC_SKIP_LOG_CONFIG = True

APP_NAME = "Credence"

# Users and roles are managed through the REST API; sign-up stays closed and nobody is anonymous.
FAB_ADD_SECURITY_API = True
AUTH_USER_REGISTRATION = False
PUBLIC_ROLE_LIKE = None

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = os.environ.get("SUPERSET_COOKIE_SECURE", "false").lower() == "true"

# Only what dashboards of our own need: no remote tiles or fonts, and no telemetry pixel, which
# Superset's front end asks for and its stock policy allows.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": SESSION_COOKIE_SECURE,
}

FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,
    "DRILL_TO_DETAIL": True,
    "DRILL_BY": True,
    "ENABLE_TEMPLATE_PROCESSING": True,
    "ALERT_REPORTS": False,
}

# A dashboard answers from marts that change once a day, but a stale figure after a load is worse
# than a second query: results live for a minute.
DATA_CACHE_CONFIG = {
    "CACHE_TYPE": "SimpleCache",
    "CACHE_DEFAULT_TIMEOUT": 60,
    "CACHE_THRESHOLD": 500,
}
CACHE_CONFIG = DATA_CACHE_CONFIG


def _dashboard_of_request() -> str:
    """The slug of the dashboard that the request is for, as far as it says so.

    A chart of a dashboard names it in its form data. A chart that is asked for by itself counts for
    the first dashboard that it stands on; SQL Lab and all else for ``superset``.
    """
    from flask import has_request_context, request
    from superset import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    if not has_request_context():
        return "superset"
    body = request.get_json(silent=True)
    form = (body.get("form_data") or {}) if isinstance(body, dict) else {}
    dashboard_id = form.get("dashboardId") or request.args.get("dashboard_id")
    if dashboard_id is not None and str(dashboard_id).isdigit():
        found = db.session.get(Dashboard, int(dashboard_id))
        return str(found.slug) if found is not None and found.slug else "superset"
    chart_id = form.get("slice_id") or (request.view_args or {}).get("pk")
    if chart_id is not None and request.path.startswith("/api/v1/chart"):
        chart = db.session.get(Slice, int(chart_id)) if str(chart_id).isdigit() else None
        slugs = sorted(str(item.slug) for item in chart.dashboards if item.slug) if chart else []
        return slugs[0] if slugs else "superset"
    return "superset"


def _label_statements(
    uri: Any, params: dict[str, Any], username: str | None, security_manager: Any, source: Any
) -> tuple[Any, dict[str, Any]]:
    """Have the query log say which dashboard a statement is for: ``mart_ops__cost`` adds it up."""
    if uri.get_backend_name().startswith("clickhouse"):
        asset = f"dashboards/{_dashboard_of_request()}"
        comment = json.dumps({"asset": asset, "kind": "dashboard"})
        # A session of its own for every connection would fill up the user's 256 of a minute.
        labels = {"ch_log_comment": comment, "autogenerate_session_id": False}
        arguments = {**params.get("connect_args", {}), **labels}
        params = {**params, "connect_args": arguments}
    return uri, params


DB_CONNECTION_MUTATOR = _label_statements

ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000

# One colour per meaning on every dashboard.
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "credence",
        "label": "Credence",
        "description": "Colours of the Credence dashboards",
        "isDefault": True,
        "colors": [
            "#1F6F8B",
            "#E07A3F",
            "#5B8E7D",
            "#8D6A9F",
            "#C8A02B",
            "#B5485D",
            "#5C6B8A",
            "#7FB069",
            "#A0725B",
            "#3D9BB3",
        ],
    }
]
