"""Times as a person types them: `2h`, `3d`, `16:30`, `fri 10:00`, `2026-12-01 09:00`, on the clock of this machine."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from modconsole.domain.times import DAY, HOUR, MINUTE, to_datetime, to_instant
from modconsole.errors import InputError

EVENING: Final = 19
MORNING: Final = 9
"""Hours of `tonight` and of `tomorrow`, `next week` and weekdays without a time."""

_UNITS = {"m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_SPAN = re.compile(r"(\d{1,4})\s*(min|[mhdw])")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def local(instant: int) -> datetime:
    """A moment on the clock of this machine."""
    return to_datetime(instant).astimezone()


def tonight(now: int) -> int:
    """This evening at seven, or three hours from now where that has passed."""
    return _at(local(now), EVENING) if is_day(now) else now + 3 * HOUR


def is_day(now: int) -> bool:
    """Whether this evening is still to come."""
    return _at(local(now), EVENING) > now


def tomorrow(now: int) -> int:
    """Tomorrow at nine."""
    return _at(local(now) + timedelta(days=1), MORNING)


def next_week(now: int) -> int:
    """The coming Monday at nine."""
    here = local(now)
    return _at(here + timedelta(days=7 - here.weekday()), MORNING)


def _at(day: datetime, hour: int, minute: int = 0) -> int:
    naive = day.replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=None)
    return to_instant(naive.astimezone())  # anew, because the offset may be another on that day


def parse(text: str, now: int) -> int:
    """An instant after `now`. Raises `InputError` for what is no time, or one that has passed."""
    words = text.strip().lower()
    try:
        found = (_span(words, now) or _named(words, now) or _dated(words)) if words else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise InputError(
            f"{text.strip()[:40]!r} is not a time.", hint="Write 2h, 3d, 16:30, fri 10:00 or 2026-12-01 09:00."
        )
    if found <= now:
        raise InputError("That time has passed.", hint="Give one that is still to come.")
    return found


def _span(words: str, now: int) -> int | None:
    parts = _SPAN.findall(words)
    if not parts or _SPAN.sub("", words).strip():
        return None
    return now + sum(int(number) * _UNITS[unit] for number, unit in parts)


def _named(words: str, now: int) -> int | None:
    """A time of day, with a weekday or `tomorrow` before it if wanted."""
    day, _, clock = words.rpartition(" ") if ":" in words else (words, "", "")
    match = _CLOCK.fullmatch(clock)
    if clock and not match:
        return None
    hour, minute = (int(match[1]), int(match[2])) if match else (MORNING, 0)
    here = local(now)
    if not day:
        at = _at(here, hour, minute)
        return at if at > now else _at(here + timedelta(days=1), hour, minute)
    if day == "tonight":
        return tonight(now)
    if day in ("tomorrow", "tom"):
        return _at(here + timedelta(days=1), hour, minute)
    if day[:3] in _DAYS and day in (day[:3], *_LONG_DAYS):
        ahead = (_DAYS.index(day[:3]) - here.weekday()) % 7 or 7
        return _at(here + timedelta(days=ahead), hour, minute)
    return None


_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _dated(words: str) -> int | None:
    moment = datetime.fromisoformat(words.replace(" ", "T", 1).upper())
    if moment.tzinfo is None and "T" not in words.upper() and " " not in words:
        return _at(moment, MORNING)
    return to_instant(moment.astimezone())
