"""How much may be under way to the terminal, so that a held key does not lag behind by minutes on a slow line.

After each frame the terminal is asked where its cursor is (`CSI 6 n`, answered since the VT100). The answer says that
it has worked off everything before the question. While too much is unanswered, frames are not sent but merged into the
picture that is wanted; the next answer lets their difference out. The lag is then about one frame, whatever the app
does. A terminal that does not answer is left alone after a few seconds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

QUESTION: Final = "\x1b[6n"
MAX_FRAMES: Final = 4
"""Frames under way."""
MAX_BYTES: Final = 2000
"""Bytes under way, though always at least one frame: a quarter of a second on 64 kbit/s."""
PATIENCE: Final = 3.0
"""Seconds after which a frame counts as shown without an answer."""


class Pace:
    """The frames under way. `clock` gives seconds and never goes back."""

    def __init__(self, *, enabled: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self.enabled = enabled
        self.merged = 0
        self.round_trip = 0.0
        self._clock = clock
        self._under_way: deque[tuple[float, int]] = deque()
        self._answers = 0

    def may_send(self) -> bool:
        """Whether another frame may go out now."""
        if not self.enabled or not self._under_way:
            return True
        if self._clock() - self._under_way[0][0] > PATIENCE:
            self._under_way.clear()
            self.enabled = self._answers > 0
            return True
        return len(self._under_way) < MAX_FRAMES and sum(size for _, size in self._under_way) < MAX_BYTES

    def sent(self, size: int) -> str:
        """A frame of that many bytes went out; gives the question to send after it, if any."""
        if not self.enabled:
            return ""
        self._under_way.append((self._clock(), size))
        return QUESTION

    def answered(self) -> None:
        """The terminal has worked off the oldest frame under way."""
        self._answers += 1
        if self._under_way:
            self.round_trip = self._clock() - self._under_way.popleft()[0]

    def rest(self) -> float:
        """Seconds until the answers that are still to come should be here; 0 if none are.

        Whoever is about to leave the terminal to somebody else waits so long, or the answers would be typed there.
        """
        if not self._under_way or not self._answers:
            return 0.0
        return min(1.5, 2 * self.round_trip + 0.05)

    def forget(self) -> None:
        """What is under way does not count any more."""
        self._under_way.clear()
