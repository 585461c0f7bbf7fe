"""So many calls in a minute: a sliding window, for those who call and for those who count."""

import threading
import time
from collections import deque
from collections.abc import Callable

MINUTE = 60.0


class CallWindow:
    """At most ``calls`` in any ``seconds``; safe to share between threads. 0 calls: no limit."""

    def __init__(
        self,
        calls: int,
        seconds: float = MINUTE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._calls, self._seconds = calls, seconds
        self._clock, self._sleep = clock, sleep
        self._taken_until: deque[float] = deque()
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take a call and give 0, or take none and give the seconds until there is one."""
        with self._lock:
            now = self._clock()
            while self._taken_until and self._taken_until[0] <= now:
                self._taken_until.popleft()
            if now < self._closed_until:
                return self._closed_until - now
            if self._calls and len(self._taken_until) >= self._calls:
                return self._taken_until[0] - now
            if self._calls:
                self._taken_until.append(now + self._seconds)
            return 0

    def wait(self) -> None:
        """Take a call as soon as there is one."""
        while delay := self.take():
            self._sleep(delay)

    def close(self, seconds: float) -> None:
        """Give no call for so long: whoever counts them has counted more than this window."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + seconds)
