"""Business hours, and when an answer is due.

Spelled "Mon-Fri 09:00-17:00 Europe/Berlin", several stretches apart with ";". Without hours every hour counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from modconsole.domain.times import to_datetime, to_instant
from modconsole.errors import InputError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_STRETCH = re.compile(
    r"\s*(?P<days>[a-z]{3}(?:-[a-z]{3})?(?:,[a-z]{3}(?:-[a-z]{3})?)*)\s+"
    r"(?P<h1>\d{1,2})(?::(?P<m1>\d{2}))?-(?P<h2>\d{1,2})(?::(?P<m2>\d{2}))?(?:\s+(?P<zone>\S+))?\s*",
    re.IGNORECASE,
)
_LONGEST = 3_660
"""Days to look ahead at most: a target that is not reached in ten years is due then."""


@dataclass(frozen=True)
class Stretch:
    """The same hours on some days of the week, in one time zone. `closes` is minutes after midnight, up to 1,440."""

    days: frozenset[int]
    opens: int
    closes: int
    zone: ZoneInfo

    def on(self, day: date) -> tuple[int, int] | None:
        """The instants of opening and closing on a day of the zone's calendar."""
        if day.weekday() not in self.days:
            return None
        midnight = datetime.combine(day, time(), self.zone)
        # wall time: on the day of a clock change the shop still opens when its clock says so
        return tuple(to_instant(midnight + timedelta(minutes=minute)) for minute in (self.opens, self.closes))  # type: ignore[return-value]


@lru_cache(maxsize=256)
def parse(text: str) -> tuple[Stretch, ...]:
    """The stretches of a spelling of business hours. Raises `InputError` naming what cannot be read."""
    found = []
    for part in text.split(";"):
        if not part.strip():
            continue
        match = _STRETCH.fullmatch(part)
        if match is None:
            raise InputError(
                f"{part.strip()!r} is no stretch of business hours.", hint="Write Mon-Fri 09:00-17:00 Europe/Berlin."
            )
        opens = int(match["h1"]) * 60 + int(match["m1"] or 0)
        closes = int(match["h2"]) * 60 + int(match["m2"] or 0)
        if not 0 <= opens < closes <= 1440:
            raise InputError(
                f"{part.strip()!r} does not open before it closes.", hint="Split hours that pass midnight in two."
            )
        found.append(Stretch(_days(match["days"]), opens, closes, _zone(match["zone"] or "UTC")))
    if not found:
        raise InputError(f"{text!r} names no business hours.", hint="Leave them out where every hour counts.")
    return tuple(found)


def due(since: int, target: int, hours: str | None) -> int:
    """The instant at which `target` microseconds of open time have passed since `since`."""
    if not hours:
        return since + target
    stretches = parse(hours)
    left = target
    first = to_datetime(since).date() - timedelta(days=1)
    for offset in range(_LONGEST):
        day = first + timedelta(days=offset)
        spans = sorted(span for span in (stretch.on(day) for stretch in stretches) if span is not None)
        upto = since
        for opens, closes in spans:
            opens = max(opens, upto)
            if closes <= opens:
                continue
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
            upto = closes
        since = max(since, upto)
    return since + left


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        for name in (first, last or first):
            if name not in _DAYS:
                raise InputError(f"{name!r} is no day of the week.", hint="Use Mon, Tue, Wed, Thu, Fri, Sat, Sun.")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"{name!r} is no time zone.", hint="Use a name such as Europe/Berlin or UTC.") from None
