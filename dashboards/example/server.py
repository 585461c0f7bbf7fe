"""The example's server: the page, its script, and a visitor's token.

A real application signs its visitors in and takes the creator from their session. Here the
command line names it, so the server answers on this machine alone.
"""

from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from dashboards.client import session
from dashboards.embedding import embedded_uuid, guest_token
from dashboards.settings import DashboardsSettings
from warehouse.errors import UserError

HERE = Path(__file__).parent


def application(settings: DashboardsSettings, creator_id: str, dashboard: str) -> Starlette:
    """The page for one creator and dashboard; ``settings`` sign in a user of role ``embedder``."""

    def page(request: Request) -> FileResponse:
        return FileResponse(HERE / "page.html")

    def script(request: Request) -> FileResponse:
        return FileResponse(HERE / "embed.js", media_type="text/javascript")

    def visit(request: Request) -> JSONResponse:
        try:
            with session(settings) as superset:
                uuid = embedded_uuid(superset, dashboard)
                token = guest_token(superset, creator_id, uuid)
        except UserError as error:
            return JSONResponse({"error": str(error)}, status_code=502)
        return JSONResponse(
            {"superset": settings.link, "uuid": uuid, "token": token},
            headers={"Cache-Control": "no-store"},
        )

    return Starlette(
        routes=[
            Route("/", page),
            Route("/embed.js", script),
            Route("/visit", visit, methods=["POST"]),
        ]
    )


def serve(settings: DashboardsSettings, creator_id: str, dashboard: str, port: int) -> None:
    """Serve the page on this machine until Ctrl-C."""
    uvicorn.run(
        application(settings, creator_id, dashboard),
        host="127.0.0.1",
        port=port,
        log_level="warning",
    )
