"""A platform's ways as data: its hosts, its errors, its tokens, its limits, its streams.

A platform is one :class:`Platform`, made in its own file and named once in
:mod:`ingestion.registry`. What an error means is a table of :class:`Rule` read from top to bottom;
the client (:mod:`ingestion.http`) acts on the first rule that matches and knows no platform.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from dlt.extract import DltResource, DltSource

    from ingestion.connections import Tokens
    from ingestion.http import ApiClient
    from ingestion.outcomes import Outcomes
    from ingestion.settings import IngestionSettings
    from ingestion.snapshot import AccountDay, SnapshotRun

Json = dict[str, Any]
Headers = Mapping[str, str]

Action = Literal[
    "transient",  # asked again with backoff
    "throttled",  # nobody of the app asks before the wait that the platform names is over
    "dead_token",  # refreshed once, then resumed
    "permission",  # this account's stream cannot be read; the others can
    "gone",  # this object is skipped, and recorded
    "bad_metric",  # the batch of metrics is bisected, the metric quarantined
    "too_much",  # the page is halved
    "account",  # anything else that is one account's
    "platform",  # nothing can be read: quota used up, key wrong
]


@dataclass(frozen=True)
class Failure:
    """What an error body says: the platform's codes, the most telling first, and its words."""

    codes: Sequence[str]
    message: str


@dataclass(frozen=True)
class Rule:
    """Failures with one of the ``codes`` or ``statuses`` (and, where given, a message like
    ``pattern``) call for ``action``; ``remedy`` is the last sentence of the error."""

    action: Action
    codes: Collection[str] = ()
    statuses: Collection[int] = ()
    pattern: str = ""
    remedy: str = ""

    def matches(self, status: int, failure: Failure) -> bool:
        named = bool(self.codes or self.statuses)
        hit = status in self.statuses or any(code in self.codes for code in failure.codes)
        return (hit or not named) and bool(re.search(self.pattern, failure.message))


Refresh = Callable[["ApiClient", "Tokens", "IngestionSettings"], "Tokens"]


@dataclass(frozen=True)
class Platform:
    """Everything that the shared code has to know of a platform."""

    name: str
    hosts: Mapping[str, str]
    """Default addresses by name, the main one under ``""``; ``<NAME>_BASE_URL`` and
    ``<NAME>_<HOST>_BASE_URL`` in the settings have the last word."""
    read_failure: Callable[[int, Json], Failure | None]
    """What an answer (status, body) says went wrong; None for a success."""
    rules: Sequence[Rule]
    """What each failure calls for; the HTTP status tells it of one that no rule matches."""
    streams: Callable[["SnapshotRun"], "list[DltResource]"]
    probe: Callable[["SnapshotRun", "AccountDay"], object]
    """The cheapest call that shows whether an account can be read."""
    authorize: Callable[[str, "IngestionSettings"], Headers] = lambda token, _: {
        "Authorization": f"Bearer {token}"
    }
    """The headers that carry a token; secrets never travel in a URL."""
    refresh: "Refresh | None" = None
    """Ask the platform for new tokens; None where they cannot be renewed without the owner."""
    renew_ahead: timedelta = timedelta(minutes=5)
    """So long before it ends a token is renewed; some can be renewed only while they live."""
    calls_per_minute: Callable[["IngestionSettings"], int] = lambda _: 0
    """Most calls of one endpoint in a minute; 0: no limit."""
    pause: Callable[[Headers], float] = lambda _: 0
    """Seconds that an answer's headers ask the whole app to wait."""
    make_ledger: "Callable[[IngestionSettings], Ledger] | None" = None
    """Counts the quota that calls spend, and refuses a call beyond it."""
    version: str = ""
    """Version of the API that is asked."""
    time_zone: str = "UTC"
    """IANA name of the zone whose midnights cut the days that the platform's insights measure."""

    def source(
        self,
        dates: "Iterable[date] | None" = None,
        settings: "IngestionSettings | None" = None,
        outcomes: "Outcomes | None" = None,
        limit: int | None = None,
    ) -> "DltSource":
        """The dlt source of all streams over the connected accounts (the first ``limit``).

        ``dates`` are the days to read, today alone by default; ``outcomes`` collects how each
        account went. Settings and connections are read when the source runs, not when it is made.
        """
        from ingestion.snapshot import make_source

        return make_source(self, dates, settings, outcomes, limit)

    def judge(self, status: int, answer: Json) -> "Verdict | None":
        """What an answer calls for; None for a success."""
        failure = self.read_failure(status, answer)
        if failure is None and status >= 400:
            failure = Failure([f"HTTP {status}"], "refused without a reason")
        if failure is None:
            return None
        for rule in self.rules:
            if rule.matches(status, failure):
                return Verdict(rule.action, failure, rule.remedy)
        return Verdict(usual_action(status), failure)


@dataclass(frozen=True)
class Verdict:
    """An answer that is not a success, and what to do about it."""

    action: Action
    failure: Failure
    remedy: str = ""
    code: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", next(iter(self.failure.codes), "unknown"))


def usual_action(status: int) -> Action:
    """What a failure calls for of which nothing but the HTTP status is understood."""
    if status == 429:
        return "throttled"
    return "transient" if status >= 500 else "account"


class Ledger:
    """Counts what calls cost; this one knows no limit."""

    def spend(self, path: str) -> int:
        """Book a call before it is made and give its units; PlatformError beyond the quota."""
        return 0

    def close(self) -> None:
        """Keep what was booked."""
