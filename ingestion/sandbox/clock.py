"""The sandbox's clock: a request may ask for the world as it stood at the end of an earlier day."""

from datetime import UTC, date, datetime, time, timedelta

from starlette.requests import Request

HEADER = "X-Sandbox-Date"


class InvalidDateError(Exception):
    """The header does not hold a date."""


def as_of(request: Request) -> datetime:
    """The end (UTC) of the day in the request's ``X-Sandbox-Date``; of today without the header."""
    value = request.headers.get(HEADER)
    try:
        day = date.fromisoformat(value) if value else datetime.now(UTC).date()
    except ValueError:
        raise InvalidDateError(f"{HEADER}: {value!r} is not a date (YYYY-MM-DD)") from None
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)
