"""Which addresses a password may be sent to: https anywhere, plain http to hosts that are named.

oauthlib, below superset-client, refuses plain http unless a variable of the whole process says
otherwise. It is set while any session with such a host is open: sessions overlap where a server
answers its visitors in threads.
"""

import os
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from warehouse.errors import UserError

VARIABLE = "OAUTHLIB_INSECURE_TRANSPORT"


class _PlainHttp:
    """How many sessions need the variable, and what it was before the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions = 0
        self._previous: str | None = None

    @contextmanager
    def allowed(self) -> Iterator[None]:
        with self._lock:
            if self._sessions == 0:
                self._previous = os.environ.get(VARIABLE)
                os.environ[VARIABLE] = "1"
            self._sessions += 1
        try:
            yield
        finally:
            with self._lock:
                self._sessions -= 1
                if self._sessions == 0:
                    _restore(self._previous)


_PLAIN_HTTP = _PlainHttp()


@contextmanager
def safe_transport(url: str, hosts: Collection[str]) -> Iterator[None]:
    """Let oauthlib speak to ``url``, over plain http where its host is one of ``hosts``.

    :raises UserError: where a password would be sent in the clear to another host.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        yield
        return
    if parts.scheme != "http" or parts.hostname not in hosts:
        raise UserError(
            f"superset: {url}: a password is sent over https alone, or over http to this machine. "
            "Set SUPERSET_URL to an https:// address, or name a host on a private network in "
            "SUPERSET_TRUSTED_HTTP_HOSTS."
        )
    with _PLAIN_HTTP.allowed():
        yield


def _restore(previous: str | None) -> None:
    if previous is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = previous
