"""The client that all platforms share: timeouts, retries that read the body, errors in one line.

A platform brings a classifier that turns an answer into a :class:`Problem`, or None for success:
platforms report errors with HTTP 200, and quotas with HTTP 403, so the status alone does not tell
what is worth another attempt. Transient problems are retried with exponential backoff
(``Retry-After`` is respected) by dlt's requests helper. An endpoint with a known limit is called no
faster, and after HTTP 429 nobody calls it before the wait that it asks for is over. What remains is
raised as

- :class:`AccountError`: this account cannot be read, the others can;
- :class:`PlatformError`: nothing can be read (unreachable, wrong key, quota used up). It sticks:
  every later call of the same client fails at once without asking the platform again.

Secrets travel in headers alone, redirects are not followed, and no message holds a header.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from dlt.common.json import json
from dlt.sources.helpers.requests import Client
from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from ingestion.rate import MINUTE, CallWindow
from ingestion.settings import IngestionSettings
from warehouse.errors import UnavailableError, UserError

Json = dict[str, Any]
Scope = Literal["transient", "account", "platform"]

MAX_EMPTY_PAGES = 3
MESSAGE_LENGTH = 200


@dataclass(frozen=True)
class Problem:
    """Why an answer is not a success; ``code`` is the platform's own word for it."""

    scope: Scope
    code: str
    message: str
    remedy: str = ""


class ApiError(UserError):
    """A platform's refusal, in one line; ``code`` is the platform's word for it."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class AccountError(ApiError):
    """One account, or one object of it, cannot be read."""


class PlatformError(ApiError):
    """Nothing can be read from the platform."""


class UnreachableError(PlatformError, UnavailableError):
    """The platform does not answer at all."""


Classifier = Callable[[int, Json], Problem | None]


class PacedAdapter(HTTPAdapter):
    """Holds every attempt, retries too, back until its endpoint may be called."""

    def __init__(self, calls_per_minute: int, seconds: float = MINUTE, **options: Any) -> None:
        super().__init__(**options)
        # Where the limit is known, so is how long a call that exceeded it has to wait.
        self._pause = seconds if calls_per_minute else 0
        self._make_window = partial(CallWindow, calls_per_minute, seconds)
        self._windows: dict[str, CallWindow] = {}

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        window = self.window(urlsplit(request.url or "").path)
        window.wait()
        response = super().send(request, *args, **options)
        if response.status_code == 429:
            window.close(_retry_after(response, self._pause))
        return response

    def window(self, path: str) -> CallWindow:
        """The calls of one endpoint: one window for all threads."""
        return self._windows.setdefault(path, self._make_window())


class ApiClient:
    """Calls one platform's API; safe to share between threads.

    Each endpoint is called ``calls_per_minute`` times a minute at most (0: no limit).
    """

    def __init__(
        self,
        platform: str,
        base_url: str,
        classify: Classifier,
        settings: IngestionSettings,
        calls_per_minute: int = 0,
    ) -> None:
        self.platform = platform
        self._base_url = base_url.rstrip("/")
        self._classify = classify
        self._attempts = settings.request_attempts
        self._stopped: PlatformError | None = None
        self._adapter = PacedAdapter(calls_per_minute, pool_maxsize=settings.ingestion_concurrency)
        self._client = Client(
            request_timeout=(settings.connect_timeout, settings.read_timeout),
            raise_for_status=False,
            request_max_attempts=settings.request_attempts,
            request_backoff_factor=settings.request_backoff,
            request_max_retry_delay=MINUTE,
            retry_condition=self._is_transient,
            session_attrs={"max_redirects": 0},
        )

    def call(
        self,
        method: Literal["GET", "POST"],
        path: str,
        account: str,
        headers: dict[str, str],
        params: dict[str, str] | None = None,
        body: Json | None = None,
    ) -> Json:
        """Ask once (with retries) and return the JSON object of a success.

        ``account`` names in errors whom the call is for. Raises :class:`AccountError` or
        :class:`PlatformError`.
        """
        if self._stopped:
            raise self._stopped
        session = self._client.session
        session.mount(self._base_url, self._adapter)
        try:
            response = session.request(
                method,
                self._base_url + path,
                params=params,
                json=body,
                headers=headers,
                allow_redirects=False,
            )
        except RequestsConnectionError as error:
            raise self._stop(self._unreachable(error)) from None
        except RequestException as error:
            raise AccountError(
                f"{self.platform}: account {account}: {path}: no complete answer after "
                f"{self._attempts} attempts ({type(error).__name__}). Run again later.",
                "no_answer",
            ) from None
        problem, answer = self._read(response)
        if problem is None:
            return answer
        detail = f"{_one_line(problem.message)} ({problem.code})"
        if problem.scope == "platform":
            raise self._stop(
                PlatformError(f"{self.platform}: {detail}. {problem.remedy}".strip(), problem.code)
            )
        if problem.scope == "transient":
            detail = f"still refused after {self._attempts} attempts: {detail}"
        raise AccountError(
            f"{self.platform}: account {account}: {detail}. {problem.remedy}".strip(), problem.code
        )

    def _read(self, response: Response) -> tuple[Problem | None, Json]:
        status = response.status_code
        if 300 <= status < 400:
            return Problem(
                "platform", f"HTTP {status}", "redirected elsewhere", self._check_base_url()
            ), {}
        try:
            answer: Any = json.loadb(response.content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            kind = response.headers.get("content-type", "no content type").split(";")[0]
            if status == 404:
                return Problem(
                    "platform", "HTTP 404", f"no such API here ({kind})", self._check_base_url()
                ), {}
            return Problem("transient", f"HTTP {status}", f"not a JSON object but {kind}"), {}
        problem = self._classify(status, answer)
        if problem is None and status >= 400:
            problem = Problem("account", f"HTTP {status}", "refused without a reason")
        return problem, answer

    def _is_transient(self, response: Response | None, _error: BaseException | None) -> bool:
        if response is None:
            return False
        problem, _answer = self._read(response)
        return problem is not None and problem.scope == "transient"

    def _stop(self, error: PlatformError) -> PlatformError:
        self._stopped = error
        return error

    def _unreachable(self, error: RequestsConnectionError) -> PlatformError:
        return UnreachableError(
            f"{self.platform}: no answer from {self._base_url} ({_reason(error)}). "
            f"{self._check_base_url()}",
            "unreachable",
        )

    def _check_base_url(self) -> str:
        return f"Check {self.platform.upper()}_BASE_URL ({self._base_url}) and the network."


def part(item: Json, name: str) -> Json:
    """The object under ``name``, empty where absent; raises :class:`AccountError` for another."""
    return _of_type(dict, "an object", name, item.get(name) or {})


def part_list(item: Json, name: str) -> list[Json]:
    """The objects under ``name``, none where absent; raises :class:`AccountError` for others."""
    found = _of_type(list, "a list", name, item.get(name) or [])
    return [_of_type(dict, "an object", name, one) for one in found]


def _of_type(kind: type[Any] | tuple[type[Any], ...], word: str, name: str, value: Any) -> Any:
    if isinstance(value, kind):
        return value
    raise AccountError(
        f"{name}: {str(value)[:60]!r} is not {word}. The platform's answer has changed shape.",
        "unreadable_value",
    )


@dataclass(frozen=True)
class Page:
    """One page of a list and where the next begins (None: this is the last)."""

    items: list[Json]
    following: str | int | None


def walk_pages(
    fetch: Callable[[Any], Page], account: str, most: int | None = None
) -> Iterator[Json]:
    """The items of all pages, from ``fetch(None)`` on; at most ``most`` pages.

    A platform that repeats a cursor, or goes on promising more behind empty pages, would be asked
    for ever: that raises :class:`AccountError`.
    """
    cursor: str | int | None = None
    seen: set[str | int] = set()
    empty = 0
    for number in itertools.count(1):
        page = fetch(cursor)
        yield from page.items
        if page.following is None or number == most:
            return
        _of_type((str, int), "a cursor", "paging", page.following)
        empty = 0 if page.items else empty + 1
        if page.following in seen or empty >= MAX_EMPTY_PAGES:
            what = "empty pages with more to come" if empty else "the same cursor again"
            raise paging_error(account, f"{what} on page {number}")
        seen.add(page.following)
        cursor = page.following


def paging_error(account: str, what: str) -> AccountError:
    """A list that cannot be walked to its end; what was read of it must not pass for the whole."""
    return AccountError(
        f"account {account}: paging does not end: {what}. "
        "Nothing of this list was kept; run again later.",
        "paging_loop",
    )


def _retry_after(response: Response, otherwise: float) -> float:
    """Seconds that the platform asks to wait, a minute at most."""
    try:
        asked = Retry().get_retry_after(response.raw)
    except InvalidHeader:
        asked = None
    return otherwise if asked is None else min(asked, MINUTE)


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
