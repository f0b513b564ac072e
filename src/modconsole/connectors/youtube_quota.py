"""The daily quota of a Google Cloud project for the YouTube Data API, counted by ourselves.

Every call costs units: 1 for a list, 50 for whatever changes something; a project has 10,000 a day, and the day ends
at midnight Pacific time (developers.google.com/youtube/v3, "Quota costs"). No answer says how much is left, so it is
counted here, kept in the position of the sync, and the platform's `quotaExceeded` has the last word.

Two things share it. Replies and acts come first: reading in the background stops while `reserve` is left. And reading
is spread over the day: `allowance` is what one run may spend on re-reading, so that the quota of the morning is not
gone by noon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from modconsole.connectors.budget import Budget
from modconsole.domain.times import SECOND, to_datetime, to_instant
from modconsole.errors import RateLimited

DAILY = 10_000
"""Units a day of a project that has asked for no more."""
RESERVE = 0.2
"""The share of a day that is kept for replies and acts: 2,000 units are 40 of them."""
LIST = 1
CHANGE = 50
LEAST = 5
"""Units that a run may spend on re-reading however little the day has left."""
PACIFIC = ZoneInfo("America/Los_Angeles")


class Quota(Budget):
    """The units of one project, day by day. `clock` gives instants; `limit` is the project's daily quota."""

    def __init__(self, clock: Callable[[], int], limit: int = DAILY) -> None:
        super().__init__()
        self._clock = clock
        self._cost = LIST
        self.limit = limit
        self.day = self._today()
        self.used = 0

    def __repr__(self) -> str:
        return f"Quota({self.used} of {self.limit} on {self.day})"

    def load(self, stored: object) -> None:
        """Go on from a position: the same day's count, where it is higher than ours."""
        self._turn()
        if isinstance(stored, dict) and stored.get("day") == self.day and isinstance(stored.get("used"), int):
            self.used = max(self.used, stored["used"])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values for a position."""
        self._turn()
        return {"day": self.day, "used": self.used}

    @property
    def reserve(self) -> int:
        """Units that only replies and acts may spend."""
        return int(self.limit * RESERVE)

    def left_for_reading(self) -> int:
        """Units that reading in the background may still spend today."""
        self._turn()
        return max(self.limit - self.reserve - self.used, 0)

    def allowance(self, interval: float) -> int:
        """Units that one run may spend on re-reading, where a run begins every `interval` seconds until the day ends."""
        runs = max(self.resets_in() / max(interval, 1.0), 1.0)
        return max(int(self.left_for_reading() / runs), LEAST)

    def resets_in(self) -> float:
        """Seconds until the quota is whole again: the next midnight in Los Angeles, 23 to 25 hours after the last."""
        now = self._clock()
        local = to_datetime(now).astimezone(PACIFIC)
        midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), PACIFIC)
        return max((to_instant(midnight) - now) / SECOND, 1.0)

    def exhausted(self) -> None:
        """The platform says that nothing is left."""
        self._turn()
        self.used = max(self.used, self.limit)

    @contextmanager
    def costing(self, units: int) -> Iterator[None]:
        """Within it a request costs so many units."""
        before, self._cost = self._cost, units
        try:
            yield
        finally:
            self._cost = before

    def spend(self, *, urgent: bool, host: str) -> None:
        """Count one request before it is made. Raises `RateLimited` for one that is not urgent where only the reserve
        is left.
        """
        if not urgent and self.left_for_reading() < self._cost:
            raise RateLimited(
                f"Today's quota of {self.limit:,} units is used up, but for the share that is kept for replies.",
                hint="Reading goes on at midnight Pacific time.",
                retry_after=self.resets_in(),
            )
        self._turn()
        self.used += self._cost

    def _today(self) -> str:
        return to_datetime(self._clock()).astimezone(PACIFIC).date().isoformat()

    def _turn(self) -> None:
        """Begin a new day where one has begun."""
        today = self._today()
        if today != self.day:
            self.day, self.used = today, 0
