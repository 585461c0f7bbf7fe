"""What every call of a platform's route passes: it is counted, limited, and may meet a fault."""

import math
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ingestion.rate import CallWindow
from ingestion.sandbox.calls import CallLog
from ingestion.sandbox.refusals import throttled
from ingestion.sandbox.tokens import TokenBook

MakeWindow = Callable[[], CallWindow]

TOKEN_HEADERS = ("authorization", "access-token")


class Gate:
    """One route of a platform, behind what all routes share.

    ``window`` limits the route's calls: one beyond it is answered as the platform throttles.
    """

    def __init__(
        self,
        platform: str,
        route: Route,
        tokens: TokenBook,
        calls: CallLog,
        window: CallWindow,
    ) -> None:
        self._platform, self._app = platform, route.app
        self._template = f"/{platform}{route.path}"
        self._tokens, self._calls, self._window = tokens, calls, window

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        account = self._account(Headers(scope=scope))
        self._calls.count(f"{scope['method']} {self._template}", account)
        app: ASGIApp = self._app
        if delay := self._window.take():
            app = throttled(self._platform, self._template, math.ceil(delay))
        await app(scope, receive, send)

    def _account(self, headers: Headers) -> str | None:
        """``<platform> <account id>`` of the call's access token."""
        for name in TOKEN_HEADERS:
            token = headers.get(name, "").removeprefix("Bearer ")
            account = self._tokens.account(self._platform, token) if token else None
            if account:
                return f"{self._platform} {account}"
        return None
