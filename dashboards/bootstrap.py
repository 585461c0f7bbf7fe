"""Superset from nothing to serving, in one process of Superset's own environment.

Creates the application once, brings the metadata database to this version, synchronizes
permissions and roles, makes sure that the administrator exists with the password of the
settings, and serves with gunicorn. Each of Superset's own commands for these steps imports the
whole application again, which costs more than the step. Every step may run again: done work is
recognized and takes about a second.

Started by ``python -m dashboards serve``, or by hand where the environment holds the variables
of ``superset_config.py`` and ``SUPERSET_ADMIN_USER``, ``SUPERSET_ADMIN_PASSWORD``::

    SUPERSET_CONFIG_PATH=dashboards/superset_config.py python dashboards/bootstrap.py --port 8088
"""

import argparse
import os
import signal
import sys
import threading
from typing import Any


def main() -> None:
    """Prepare Superset and serve it until SIGTERM."""
    arguments = _arguments()
    user = os.environ["SUPERSET_ADMIN_USER"]
    password = os.environ.pop("SUPERSET_ADMIN_PASSWORD")
    if arguments.stop_on_stdin_eof:
        threading.Thread(target=_stop_when_parent_is_gone, daemon=True).start()

    _require_metadata_database(os.environ["SUPERSET_METADATA_URL"])
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        _migrate(app)
        _ensure_admin(user, password)
        _drop_connections()
    _serve(app, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8088)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--stop-on-stdin-eof", action="store_true")
    return parser.parse_args()


def _stop_when_parent_is_gone() -> None:
    """A parent killed with SIGKILL must not leave a server behind that holds the port."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _require_metadata_database(address: str) -> None:
    """Superset starts without its database and fails later, far from the cause: ask it first."""
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    url = make_url(address)
    try:
        create_engine(url).connect().close()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        shown = url.render_as_string(hide_password=True)
        sys.exit(f"metadata database {shown}: {reason}. Check SUPERSET_METADATA_URL.")


def _migrate(app: Any) -> None:
    import flask_migrate
    from superset.extensions import appbuilder, db, security_manager

    flask_migrate.upgrade()
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    db.session.commit()
    # At creation the application skips this while migrations are pending: once more, now.
    app.sync_config_to_db()


def _ensure_admin(user: str, password: str) -> None:
    """The settings are the truth: a password changed there is changed here."""
    from superset.extensions import security_manager
    from werkzeug.security import check_password_hash

    found = security_manager.find_user(username=user)
    if found is None:
        role = security_manager.find_role("Admin")
        security_manager.add_user(
            user, "Credence", "Administrator", f"{user}@localhost", role, password=password
        )
    elif not check_password_hash(found.password, password):
        security_manager.reset_password(found.id, password)


def _drop_connections() -> None:
    """Workers are forked from this process and must not share its database connections."""
    from superset.extensions import db

    db.session.remove()
    db.engine.dispose()


def _serve(app: Any, arguments: argparse.Namespace) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in {
                "bind": f"{arguments.host}:{arguments.port}",
                "workers": arguments.workers,
                "worker_class": "gthread",
                "threads": arguments.threads,
                "timeout": 120,
                "graceful_timeout": 15,
                "control_socket_disable": True,
                "proc_name": "credence-superset",
            }.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return app

    Server().run()


if __name__ == "__main__":
    main()
