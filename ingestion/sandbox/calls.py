"""Which calls the sandbox was asked for: what a test of a source's thrift asserts on."""

import threading
from collections import Counter
from collections.abc import Mapping


class CallLog:
    """Calls by route and by account since the start or the last :meth:`reset`; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[tuple[str, str]] = Counter()

    def count(self, route: str, account: str) -> None:
        """Book a call; ``account`` is '' where none is known."""
        with self._lock:
            self._calls[route, account] += 1

    def by_route(self) -> Mapping[str, int]:
        """Calls of each ``<method> <route template>``, whoever made them."""
        found: Counter[str] = Counter()
        with self._lock:
            for (route, _), calls in self._calls.items():
                found[route] += calls
        return dict(sorted(found.items()))

    def by_account(self) -> Mapping[str, Mapping[str, int]]:
        """The same for each ``<platform> <account id>``; under '' what no account was named for."""
        found: dict[str, dict[str, int]] = {}
        with self._lock:
            for (route, account), calls in sorted(self._calls.items()):
                found.setdefault(account, {})[route] = calls
        return found

    def reset(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()
