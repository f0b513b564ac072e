"""The seconds in which something can be called off, in the footer: for replies, and for acts that nothing takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modconsole.domain.safetext import Safe, literal
from modconsole.screens.base import Base
from modconsole.screens.saying import countdown

if TYPE_CHECKING:
    from textual.timer import Timer

_SENT = literal("sent")


class Counting(Base):
    """Counts down on a screen, once a second and only while there is something to count."""

    _counting: Timer | None = None
    _goes_out_at: int = 0
    _going: Safe = _SENT

    def count_down(self, goes_out_at: int, what: Safe = _SENT) -> None:
        """Say in how many seconds `what` will be, as "sent", and how to call it off."""
        self._goes_out_at, self._going = goes_out_at, what
        self._count()
        if self._counting is None:
            self._counting = self.set_interval(1.0, self._count)

    def count_no_more(self) -> None:
        """It was called off."""
        self._goes_out_at = 0

    def _count(self) -> None:
        """The seconds that are left, unless something else has been said since."""
        said = countdown(self._goes_out_at, self.desk.now(), self._going)
        counting = self._said[:1] == () or self._said[0][1] == "accent"
        if counting and said is not None:
            self.say(said)
        if said is None or not counting:
            if counting:
                self.unsay()
            if self._counting is not None:
                self._counting.stop()
                self._counting = None
