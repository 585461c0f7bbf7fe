"""Superset's configuration, read by Superset itself inside its own environment.

Everything that differs between machines comes from environment variables, which
``python -m dashboards serve`` fills from :class:`dashboards.settings.DashboardsSettings`:

- ``SUPERSET_SECRET_KEY``: signs sessions and encrypts stored passwords; must never change.
- ``SUPERSET_METADATA_URL``: Superset's own database, SQLite or PostgreSQL.
- ``SUPERSET_COOKIE_SECURE``: ``true`` behind https.
- ``SUPERSET_EMBED_ORIGINS``: pages that may show a dashboard in a frame, by commas; none.
- ``SUPERSET_OIDC_*``: where people sign in instead of here, see ``oidc_login.py`` beside this file.
- ``SUPERSET_GUEST_KEY``: signs their guest tokens; the same on all hosts that serve one Superset,
  made anew at each start where it is not set.

Source of the names: https://superset.apache.org/docs/configuration/configuring-superset
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

# Superset loads this file by its path alone
sys.path.append(str(Path(__file__).parent))
from action_log import ActionLog
from oidc_login import oidc_config
from warehouse_connections import label_and_keep

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = os.environ["SUPERSET_METADATA_URL"]
ALEMBIC_SKIP_LOG_CONFIG = True

APP_NAME = "Credence"

# Users and roles are managed through the REST API; sign-up stays closed and nobody is anonymous.
FAB_ADD_SECURITY_API = True
AUTH_USER_REGISTRATION = False
PUBLIC_ROLE_LIKE = None
try:
    globals().update(oidc_config(os.environ))
except ValueError as error:
    sys.exit(str(error))

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = os.environ.get("SUPERSET_COOKIE_SECURE", "false").lower() == "true"
# https ends at a proxy before this server, whose word makes the addresses that a login returns to
ENABLE_PROXY_FIX = SESSION_COOKIE_SECURE

# An embedded page's visitor is a creator: row level security goes by the name in its token.
EMBED_ORIGINS = [
    origin for origin in os.environ.get("SUPERSET_EMBED_ORIGINS", "").split(",") if origin
]
GUEST_ROLE_NAME = "creator"
GUEST_TOKEN_JWT_SECRET = os.environ.get("SUPERSET_GUEST_KEY") or secrets.token_urlsafe(32)
GUEST_TOKEN_JWT_AUDIENCE = "credence"  # noqa: S105 - a name
GUEST_TOKEN_JWT_EXP_SECONDS = 300


def _names_its_visitor(token: dict[str, Any]) -> bool:
    return bool((token.get("user") or {}).get("username"))


GUEST_TOKEN_VALIDATOR_HOOK = _names_its_visitor

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
        "frame-ancestors": ["'self'", *EMBED_ORIGINS],
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
    "EMBEDDED_SUPERSET": bool(EMBED_ORIGINS),
    # or a query in SQL Lab would see the rows that its author's charts do not
    "RLS_IN_SQLLAB": True,
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

DB_CONNECTION_MUTATOR = label_and_keep
EVENT_LOGGER = ActionLog()

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
