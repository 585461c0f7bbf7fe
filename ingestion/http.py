"""The client that all platforms share: timeouts, retries that read the body, errors in one line.

What an answer calls for is the platform's own table (:class:`ingestion.policy.Platform`): platforms
report errors with HTTP 200 and quotas with HTTP 403, so the status alone does not tell. Transient
failures are retried with exponential backoff (``Retry-After`` is respected) by dlt's requests
helper. A throttled app holds all its calls until the minute that the platform names; an endpoint
with a known limit is called no faster. What remains is raised as one of :mod:`ingestion.errors`. A
:class:`PlatformError` sticks: every later call of the same client fails at once without asking.

Secrets travel in headers and bodies alone, redirects are not followed, and no message holds either.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from dlt.common.json import json
from dlt.sources.helpers.requests import Client
from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader, ProtocolError, ReadTimeoutError
from urllib3.util import Retry

from ingestion.errors import (
    AccountError,
    ApiError,
    BadMetricError,
    DeadTokenError,
    GoneError,
    PermissionMissingError,
    PlatformError,
    ThrottledError,
    TooMuchDataError,
    UnreachableError,
)
from ingestion.policy import Action, Failure, Json, Ledger, Platform, Verdict
from ingestion.rate import MINUTE, CallWindow
from ingestion.settings import IngestionSettings

MESSAGE_LENGTH = 200
NO_COMPLETE_ANSWER = "no_answer"
SECRET_LENGTH = 12
"""Shorter values of headers and forms are no secrets."""

RAISED: Mapping[str, type[ApiError]] = {
    "transient": AccountError,
    "throttled": AccountError,
    "dead_token": DeadTokenError,
    "permission": PermissionMissingError,
    "gone": GoneError,
    "bad_metric": BadMetricError,
    "too_much": TooMuchDataError,
    "account": AccountError,
    "platform": PlatformError,
}


@dataclass
class Tally:
    """What reading one account's stream has cost so far."""

    calls: int = 0
    pages: int = 0
    quota_units: int = 0
    skipped: list[ApiError] = field(default_factory=list)


_tallies = threading.local()


@contextmanager
def tallied() -> Iterator[Tally]:
    """Count what this thread asks of platforms meanwhile."""
    before, _tallies.current = tally(), Tally()
    try:
        yield _tallies.current
    finally:
        _tallies.current = before


def tally() -> Tally:
    """The count that this thread's calls go to."""
    found = getattr(_tallies, "current", None)
    return found if found is not None else Tally()


@dataclass(frozen=True)
class Judged:
    """An answer that was read once: its body, and what is wrong with it (None: a success)."""

    answer: Json
    verdict: Verdict | None


class PacedAdapter(HTTPAdapter):
    """Holds every attempt, retries too, back until the app and its endpoint may be called."""

    def __init__(self, client: "ApiClient", calls_per_minute: int, **options: Any) -> None:
        super().__init__(**options)
        self._api = client
        self._is_counted = calls_per_minute > 0
        self._make_window = partial(CallWindow, calls_per_minute)
        self._windows: dict[str, CallWindow] = {}
        self._windows_lock = threading.Lock()
        self._app = CallWindow(0)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        path = urlsplit(request.url or "").path
        window = self._window_of(path)
        self._app.wait()
        window.wait()
        spent = self._api.ledger.spend(path)
        counted = tally()
        counted.calls += 1
        counted.quota_units += spent
        response = super().send(request, *args, **options)
        # Read here, while the connection can still break, so that what follows knows the body.
        self._hold(response, window)
        return response

    def _window_of(self, path: str) -> CallWindow:
        if not self._is_counted:
            # Objects' ids stand in paths: a window for each would hold back one object, and stay.
            return self._app
        with self._windows_lock:
            if path not in self._windows:
                self._windows[path] = self._make_window()
            return self._windows[path]

    def _hold(self, response: Response, window: CallWindow) -> None:
        wait = self._api.wait_of(response)
        if 0 < wait <= self._api.longest_wait:
            (window if response.status_code == 429 else self._app).close(wait)


class ApiClient:
    """Calls one platform's API; safe to share between threads."""

    def __init__(self, platform: Platform, settings: IngestionSettings) -> None:
        self.platform = platform
        self.ledger: Ledger = platform.make_ledger(settings) if platform.make_ledger else Ledger()
        self.longest_wait = settings.longest_wait
        self._hosts = {
            name: settings.base_url(platform.name, name, default).rstrip("/")
            for name, default in platform.hosts.items()
        }
        self._calls_per_minute = platform.calls_per_minute(settings)
        self._attempts = settings.request_attempts
        self._stopped: PlatformError | None = None
        self._adapter = PacedAdapter(
            self,
            self._calls_per_minute,
            pool_maxsize=settings.ingestion_concurrency,
        )
        self._client = Client(
            request_timeout=(settings.connect_timeout, settings.read_timeout),
            raise_for_status=False,
            request_max_attempts=settings.request_attempts,
            request_backoff_factor=settings.request_backoff,
            request_max_retry_delay=MINUTE,
            # What an answer calls for is the platform's to say, not the status's.
            status_codes=(),
            retry_condition=self._is_worth_another,
        )

    def call(
        self,
        path: str,
        who: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
        form: Mapping[str, str] | None = None,
        method: Literal["GET", "POST"] | None = None,
        host: str = "",
    ) -> Json:
        """Ask once (with retries) and return the JSON object of a success.

        ``who`` names in errors whom the call is for. A ``body`` is sent as JSON, a ``form``
        URL-encoded; either makes the call a POST. Raises one of :mod:`ingestion.errors`.
        """
        if self._stopped:
            raise self._stopped
        session = self._client.session
        base = self._hosts[host]
        session.mount(base, self._adapter)
        try:
            response = session.request(
                method or ("GET" if body is None and form is None else "POST"),
                base + path,
                params=params,
                json=body,
                data=form,
                headers=headers,
                allow_redirects=False,
            )
        except PlatformError as error:
            # The ledger's: what is used up stays so.
            raise self._stop(error) from None
        except RequestException as error:
            if isinstance(error, RequestsConnectionError) and not _was_connected(error):
                raise self._stop(self._unreachable(base, error)) from None
            raise AccountError(
                f"{self.platform.name}: account {who}: {path}: no complete answer after "
                f"{self._attempts} attempts ({_reason(error)}). Run again later.",
                NO_COMPLETE_ANSWER,
            ) from None
        judged, wait = self.judge(response), self.wait_of(response)
        if judged.verdict is not None:
            verdict = _without_secrets(judged.verdict, headers, form, body)
            raise self._error(verdict, who, wait)
        if wait > self.longest_wait:
            self._stop(self._throttled("calls are used up", "used_up", wait))
        return judged.answer

    def judge(self, response: Response) -> Judged:
        """What an answer says, read once."""
        known: Judged | None = getattr(response, "judged", None)
        if known is None:
            known = self._judge(response)
            response.judged = known  # type: ignore[attr-defined]
        return known

    def wait_of(self, response: Response) -> float:
        """Seconds that the platform asks the app to wait before another call; 0: none."""
        asked = self.platform.pause(response.headers)
        verdict = self.judge(response).verdict
        if verdict is None or verdict.action != "throttled":
            return asked
        # Where the limit is known, so is how long a call that exceeded it has to wait.
        otherwise = MINUTE if self._calls_per_minute else 0
        return asked or _retry_after(response, otherwise)

    def close(self) -> None:
        """Keep the quota that was spent."""
        self.ledger.close()

    def _judge(self, response: Response) -> Judged:
        status = response.status_code
        if 300 <= status < 400:
            return _stop_all(f"HTTP {status}", "redirected elsewhere", self._check_base_url())
        try:
            answer: Any = json.loadb(response.content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            kind = response.headers.get("content-type", "no content type").split(";")[0]
            if status == 404:
                message = f"no such API here ({kind})"
                return _stop_all("HTTP 404", message, self._check_base_url())
            failure = Failure([f"HTTP {status}"], f"not a JSON object but {kind}")
            action: Action = "throttled" if status == 429 else "transient"
            return Judged({}, Verdict(action, failure))
        return Judged(answer, self.platform.judge(status, answer))

    def _is_worth_another(self, response: Response | None, _error: BaseException | None) -> bool:
        if response is None:
            return False
        verdict = self.judge(response).verdict
        if verdict is None:
            return False
        if verdict.action == "throttled":
            return self.wait_of(response) <= self.longest_wait
        return verdict.action == "transient"

    def _error(self, verdict: Verdict, who: str, wait: float) -> ApiError:
        name, remedy = self.platform.name, verdict.remedy
        detail = f"{_one_line(verdict.failure.message)} ({verdict.code})"
        if verdict.action == "platform":
            return self._stop(PlatformError(f"{name}: {detail}. {remedy}".strip(), verdict.code))
        if verdict.action == "throttled" and wait > self.longest_wait:
            return self._stop(self._throttled(detail, verdict.code, wait))
        if verdict.action in ("transient", "throttled"):
            detail = f"still refused after {self._attempts} attempts: {detail}"
            remedy = remedy or "Run again later."
        message = f"{name}: account {who}: {detail}. {remedy}".strip()
        return RAISED[verdict.action](message, verdict.code)

    def _stop(self, error: PlatformError) -> PlatformError:
        self._stopped = error
        return error

    def _throttled(self, detail: str, code: str, wait: float) -> ThrottledError:
        again = datetime.now(UTC) + timedelta(seconds=wait)
        return ThrottledError(
            f"{self.platform.name}: {detail}. The platform wants no calls before "
            f"{again:%Y-%m-%d %H:%M} UTC; run again then.",
            code,
        )

    def _unreachable(self, base: str, error: RequestsConnectionError) -> PlatformError:
        return UnreachableError(
            f"{self.platform.name}: no answer from {base} ({_reason(error)}). "
            f"{self._check_base_url()}",
            "unreachable",
        )

    def _check_base_url(self) -> str:
        main = self._hosts.get("", next(iter(self._hosts.values())))
        return f"Check {self.platform.name.upper()}_BASE_URL ({main}) and the network."


def part(item: Json, name: str) -> Json:
    """The object under ``name``, empty where absent; raises :class:`AccountError` for another."""
    return of_type(dict, "an object", name, item.get(name) or {})


def part_list(item: Json, name: str) -> list[Json]:
    """The objects under ``name``, none where absent; raises :class:`AccountError` for others."""
    found = of_type(list, "a list", name, item.get(name) or [])
    return [of_type(dict, "an object", name, one) for one in found]


def of_type(kind: type[Any] | tuple[type[Any], ...], word: str, name: str, value: Any) -> Any:
    """``value`` where it is of ``kind``; raises :class:`AccountError` where it is not."""
    if isinstance(value, kind):
        return value
    # A token of an odd shape is a secret all the same.
    shown = "what came" if "token" in name else repr(str(value)[:60])
    raise AccountError(
        f"{name}: {shown} is not {word}. The platform's answer has changed shape.",
        "unreadable_value",
    )


def _stop_all(code: str, message: str, remedy: str) -> Judged:
    return Judged({}, Verdict("platform", Failure([code], message), remedy))


def _retry_after(response: Response, otherwise: float) -> float:
    """Seconds that the platform's ``Retry-After`` asks to wait."""
    try:
        asked = Retry().get_retry_after(response.raw)
    except InvalidHeader:
        asked = None
    return otherwise if asked is None else asked


def _was_connected(error: RequestsConnectionError) -> bool:
    """Whether the connection stood before it broke: what broke it may be this answer alone."""
    return any(isinstance(cause, ProtocolError | ReadTimeoutError) for cause in error.args)


def _without_secrets(
    verdict: Verdict, headers: Mapping[str, str], *fields: Mapping[str, Any] | None
) -> Verdict:
    """The verdict without what the call carried: platforms quote a token that they refuse."""
    values = [part for value in headers.values() for part in value.split()]
    values += [value for given in fields for value in (given or {}).values()]
    message = verdict.failure.message
    for value in values:
        if isinstance(value, str) and len(value) >= SECRET_LENGTH:
            message = message.replace(value, "***")
    return replace(verdict, failure=replace(verdict.failure, message=message))


def _reason(error: BaseException) -> str:
    """The operating system's words at the bottom of a chain of connection errors."""
    text = str(error)
    for known in ("Connection refused", "Name or service not known", "timed out", "reset by peer"):
        if known.lower() in text.lower():
            return known.lower()
    if "name resolution" in text or "NameResolution" in text:
        return "name not found"
    return type(error).__name__


def _one_line(text: str) -> str:
    return " ".join(text.split())[:MESSAGE_LENGTH].rstrip(". ") or "no message"
