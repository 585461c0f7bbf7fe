"""What went wrong for the person at the keyboard: one line, exit code 2, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """A condition that its reader can mend.

    The message is one line that names the thing, the value and the remedy, e.g.
    ``port 8123: already in use. Stop the other process or pass --port.``
    Every package raises it (or a subclass) for bad input and unreachable services.
    """


class UnavailableError(UserError):
    """A :class:`UserError` that may pass by itself: a service that does not answer now."""


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """Print a :class:`UserError` as one line on stderr and exit with code 2.

    Every ``python -m`` entry point wraps its command in it; any other exception is a bug and
    keeps its traceback.
    """
    try:
        yield
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
