"""What every call of a platform's route passes: it is counted, limited, and may meet a fault."""

from collections.abc import Callable

from starlette.datastructures import Headers, QueryParams
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingestion.rate import CallWindow
from ingestion.sandbox.calls import CallLog
from ingestion.sandbox.faults import Call, Injection
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
        faults: Injection,
    ) -> None:
        self._platform, self._app = platform, route.app
        self._template = f"/{platform}{route.path}"
        self._tokens, self._calls, self._window, self._faults = tokens, calls, window, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        account = self._account(Headers(scope=scope))
        self._calls.count(
            f"{scope['method']} {self._template}", f"{self._platform} {account}" if account else ""
        )
        app: ASGIApp = self._app
        if delay := self._window.take():
            app = throttled(self._platform, self._template, delay)
        elif not self._faults.is_idle:
            app, receive = await self._disturbed(scope, receive, account)
        await app(scope, receive, send)

    async def _disturbed(
        self, scope: Scope, receive: Receive, account: str | None
    ) -> tuple[ASGIApp, Receive]:
        """What answers the call, and its body once more."""
        body = await _read(receive)
        call = Call(
            platform=self._platform,
            template=self._template,
            path=scope["path"],
            params=QueryParams(scope["query_string"]),
            path_params=scope.get("path_params", {}),
            account=account,
            number=self._faults.number(scope["method"], scope["path"], account),
            body=body,
            tokens=self._tokens,
            app=self._app,
        )
        return self._faults.app(call), _Replay(body, receive)

    def _account(self, headers: Headers) -> str | None:
        """Whose living access token the call carries."""
        for name in TOKEN_HEADERS:
            token = headers.get(name, "").removeprefix("Bearer ")
            account = self._tokens.account(self._platform, token) if token else None
            if account:
                return account
        return None


class _Replay:
    """Gives a body that was read already, then what its source gives."""

    def __init__(self, body: bytes, source: Receive) -> None:
        self._body: bytes | None = body
        self._source = source

    @property
    def __self__(self) -> object:
        """The server's side of the connection, where its own function shows it."""
        return getattr(self._source, "__self__", None)

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._source()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body.extend(message.get("body", b""))
        if not message.get("more_body"):
            return bytes(body)
