"""Meta's Graph API as Instagram and Facebook Pages share it: errors, throttles, tokens, pages.

What an error means is :data:`RULES`, over codes as ``code/subcode`` first and ``code`` after it. A
throttled answer, and any other, may tell in its headers how many minutes the app has to stay away
(``X-Business-Use-Case-Usage``), or that it has used up its share (``X-App-Usage``).

Tokens last 60 days and are exchanged for new ones with the app's id and secret, in a form: neither
they nor a cursor's ``paging.next``, which carries them, ever stand in a URL of ours.

Facts: https://developers.facebook.com/docs/graph-api (guides/error-handling, results,
overview/rate-limiting), https://developers.facebook.com/docs/facebook-login/guides/access-tokens.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from ingestion.connections import Tokens
from ingestion.errors import PlatformError
from ingestion.http import ApiClient, of_type, part, part_list
from ingestion.paging import Page, paging_error, walk_pages
from ingestion.policy import Failure, Headers, Json, Rule
from ingestion.quota import usage_of
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun

VERSION = "v26.0"
HOST = "https://graph.facebook.com"
TIME_ZONE = "America/Los_Angeles"
"""The insights' days end at its midnight."""
PAGE_SIZE = 100
"""The most that an edge gives at once."""

APP_USED_UP_SECONDS = 60
"""Wait after an answer that says the app has used 100 % but not until when; shares are counted over
a sliding hour."""

RECONNECT = "Reconnect the account."
APP_REMEDY = "Check META_APP_ID and META_APP_SECRET."

RULES = (
    Rule("too_much", {"1"}, pattern="(?i)reduce the amount of data"),
    Rule(
        "platform",
        {"1", "101"},
        pattern="(?i)client.secret|client_id|app.id|application",
        remedy=APP_REMEDY,
    ),
    Rule("platform", {"12"}, remedy="Move to a living version of the API."),
    # The owner changed the password, was checked, or removed the app: no exchange helps.
    Rule("account", {"190/458", "190/459", "190/460", "190/464"}, remedy=RECONNECT),
    Rule("dead_token", {"190", "102"}, remedy=RECONNECT),
    Rule("throttled", {"4", "17", "32", "613", "80001", "80002", "80006"}, statuses={429}),
    Rule("gone", {"10"}, pattern="(?i)not enough viewers"),
    Rule("gone", {"100/33", "100/2108006", "110", "803"}),
    Rule("permission", {"3", "10", *map(str, range(200, 300))}, remedy=RECONNECT),
    Rule("account", {"368"}, remedy="The platform blocks the account; look into it there."),
    # A window that is too long or too old is our mistake and no metric's.
    Rule("account", {"100"}, pattern=r"(?i)\bsince\b|\buntil\b|last \d+ days"),
    Rule("bad_metric", {"100"}, pattern=r"(?i)\bmetrics?\b"),
    Rule("transient", {"1", "2", "341", "is_transient"}, statuses=range(500, 600)),
)


def read_failure(status: int, answer: Json) -> Failure | None:
    """The Graph API's error object, which can come with HTTP 200."""
    error = answer.get("error")
    if error is None:
        return None
    if not isinstance(error, dict):
        return Failure([f"HTTP {status}"], str(answer.get("error_description") or error))
    code, subcode = error.get("code"), error.get("error_subcode")
    codes = [f"{code}/{subcode}"] if subcode else []
    codes.append(f"HTTP {status}" if code is None else str(code))
    if error.get("is_transient") is True:
        codes.append("is_transient")
    return Failure(codes, re.sub(r"^\(#\d+\)\s*", "", str(error.get("message") or "")))


def pause(headers: Headers) -> float:
    """Seconds that the app has to stay away: what the usage headers name, 0 for nothing."""
    usage = usage_of(headers)
    if usage.wait_seconds:
        return usage.wait_seconds
    return APP_USED_UP_SECONDS if (usage.percent or 0) >= 100 else 0


RENEW_AHEAD = timedelta(days=7)
"""A long-lived token is exchanged while it lives: a dead one opens nothing."""


def refresh(client: ApiClient, tokens: Tokens, settings: IngestionSettings) -> Tokens:
    """Exchange the connection's token for one of another 60 days.

    What is exchanged is the owner's long-lived token: the ``refresh_token`` where one is kept
    beside the access token (at first a page's own, or a shorter-lived one), else the access token
    itself. What comes back is the owner's next long-lived token. It opens the account, so it is the
    new access token; and it takes the place of a ``refresh_token``, for the one exchanged still
    ends after its own 60 days, and a dead one can be exchanged no more. Raises
    :class:`DeadTokenError` where the exchange is refused, :class:`AccountError` for an answer of
    another shape.
    """
    if not settings.meta_app_id or settings.meta_app_secret is None:
        raise PlatformError(
            f"{client.platform.name}: a token has to be exchanged, but there is no app to do it. "
            "Set META_APP_ID and META_APP_SECRET.",
            "app_missing",
        )
    old = tokens.refresh_token or tokens.access_token
    answer = client.call(
        f"/{VERSION}/oauth/access_token",
        "token exchange",
        {},
        form={
            "grant_type": "fb_exchange_token",
            "client_id": settings.meta_app_id,
            "client_secret": settings.meta_app_secret.get_secret_value(),
            "fb_exchange_token": old.get_secret_value(),
        },
    )
    new = SecretStr(of_type(str, "a token", "access_token", answer.get("access_token")))
    ends = _ends(answer.get("expires_in"))
    renewed: dict[str, object] = {"access_token": new, "access_expires_at": ends}
    if tokens.refresh_token is not None:
        renewed |= {"refresh_token": new, "refresh_expires_at": ends}
    return tokens.model_copy(update=renewed)


def _ends(expires_in: object) -> datetime | None:
    """When a token ends; a token without an end names none, or 0."""
    if expires_in is None:
        return None
    seconds = of_type(int, "a number of seconds", "expires_in", expires_in)
    return datetime.now(UTC) + timedelta(seconds=seconds) if seconds else None


def ask(
    run: SnapshotRun, unit: AccountDay, path: str, params: Mapping[str, str] | None = None
) -> Json:
    """One call of the pinned version; ``path`` such as ``/{id}/media``."""
    return run.call(unit, f"/{VERSION}{path}", params)


def walk(
    run: SnapshotRun,
    unit: AccountDay,
    path: str,
    params: Mapping[str, str],
    size: int = PAGE_SIZE,
    most: int | None = None,
) -> Iterator[Json]:
    """The objects of an edge, page by page (at most ``most`` of them)."""

    def fetch(cursor: str | int | None, size: int) -> Page:
        paging = {"limit": str(size)} | ({"after": str(cursor)} if cursor else {})
        return page_of(ask(run, unit, path, {**params, **paging}), unit.who)

    return walk_pages(fetch, unit.who, size, most)


def page_of(answer: Json, who: str) -> Page:
    """An edge's objects and the cursor behind them.

    The last page can still carry a cursor: what tells that more follows is ``paging.next``.
    """
    paging = part(answer, "paging")
    following = None
    if paging.get("next"):
        following = part(paging, "cursors").get("after") or _cursor_in(str(paging["next"]))
        if following is None:
            raise paging_error(who, "more to come but no cursor")
    return Page(part_list(answer, "data"), following)


def without_links(item: Json) -> Json:
    """The object without the paging of its edges, whose links carry the token."""
    return {
        name: {key: one for key, one in value.items() if key != "paging"}
        if isinstance(value, dict)
        else value
        for name, value in item.items()
    }


def _cursor_in(link: str) -> str | None:
    """The cursor of a link that is never followed, for it carries the token."""
    return next(iter(parse_qs(urlsplit(link).query).get("after", [])), None)
