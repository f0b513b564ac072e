"""The requests that a platform leaves us, and the share of them that is kept for replies.

A platform says how many requests are left in its window and when the window ends. Reading in the background stops, with
`RateLimited` and the time to go on, while there are still enough for a person's replies and their read-back. What is urgent is
made as long as the platform itself does not refuse it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from modconsole.errors import RateLimited


@dataclass(frozen=True)
class Window:
    """What a platform said with an answer: `left` of `limit` requests, until `seconds` from now."""

    left: int
    seconds: float
    limit: int | None = None


class Budget:
    """One window of one platform and credential. `reserve` is the share, or the number from 1 on, that is kept for replies.

    Where the platform does not tell the size of its window, the largest number left that was seen stands for it. `seconds` is a
    monotonic clock. May be used from several threads.
    """

    def __init__(self, reserve: float = 0.1, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._reserve = reserve
        self._seconds = seconds
        self._lock = threading.Lock()
        self._left: int | None = None
        self._limit = 0
        self._ends = 0.0

    def note(self, window: Window | None) -> None:
        """Take over what the platform said; None says nothing."""
        if window is None:
            return
        with self._lock:
            self._left = max(window.left, 0)
            self._limit = window.limit or max(self._limit, self._left)
            self._ends = self._seconds() + max(window.seconds, 0.0)

    def left(self) -> int | None:
        """Requests left as far as is known; None where the platform has not said, or its window is over."""
        with self._lock:
            return self._left if self._seconds() < self._ends else None

    def spend(self, *, urgent: bool, host: str) -> None:
        """Count one request before it is made. Raises `RateLimited` for one that is not urgent where only the reserve is left."""
        with self._lock:
            now = self._seconds()
            if self._left is None or now >= self._ends:
                return
            kept = self._reserve if self._reserve >= 1 else self._reserve * self._limit
            if not urgent and self._left <= kept:
                raise RateLimited(
                    f"{host} leaves us {self._left} requests until its window ends: they are kept for replies.",
                    hint="Reading goes on by itself.",
                    retry_after=max(self._ends - now, 1.0),
                )
            self._left = max(self._left - 1, 0)
