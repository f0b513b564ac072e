"""Lengths of time, instants, comparisons and shares as rule files spell them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final, cast

from modconsole.domain.facts import Op
from modconsole.domain.times import DAY, HOUR, MINUTE, SECOND, parse, to_instant
from modconsole.errors import InputError

UNITS: Final[dict[str, int]] = {
    "second": SECOND,
    "minute": MINUTE,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "year": 365 * DAY,
}
"""What a length of time is counted in, in microseconds. A month is 30 days and a year 365: a rule asks how long, not when."""
_SHORT = {"s": SECOND, "sec": SECOND, "m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
LONGEST: Final = 100 * 365 * DAY
LARGEST: Final = 1_000_000_000
_SPAN = re.compile(r"(?P<number>\d{1,12}(?:\.\d{1,6})?)\s*(?P<unit>[a-z]+)(?:\s*,\s*|\s+and\s+|\s+|$)", re.ASCII)
_OP = re.compile(r"<=|>=|==|=<|=>|≤|≥|<|>|=")
_OPS: dict[str, str] = {"==": "=", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">="}
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_SHARE = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def span(text: str) -> int | None:
    """Microseconds of "7 days", "90 minutes", "1 day 12 hours", "8h"; None for anything else."""
    text = text.strip().lower()
    at, sum_ = 0, 0.0
    while at < len(text):
        match = _SPAN.match(text, at)
        if match is None:
            return None
        unit = match["unit"]
        size = _SHORT.get(unit) or UNITS.get(unit) or UNITS.get(unit.removesuffix("s"))
        if size is None:
            return None
        sum_ += float(match["number"]) * size
        at = match.end()
    return round(sum_) if text and 0 < sum_ <= LONGEST else None


def spell(microseconds: int) -> str:
    """A length of time as `span` reads it: the largest unit that leaves nothing over."""
    for name, size in reversed(UNITS.items()):
        if name not in ("week", "month", "year") and microseconds >= size and microseconds % size == 0:
            number = microseconds // size
            return f"{number} {name}{'' if number == 1 else 's'}"
    return f"{microseconds / SECOND:.6f}".rstrip("0").rstrip(".") + " seconds"


def instant(text: str) -> int | None:
    """The instant of "2027-01-01" (midnight UTC) or of a time with its offset; None for anything else."""
    text = text.strip()
    try:
        if len(text) == 10:
            return to_instant(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC))
        return parse(text.replace(" ", "T", 1))
    except (ValueError, InputError, OverflowError):
        return None


def compared(text: str) -> tuple[Op | None, str]:
    """An operator in front of a value, and the value."""
    text = text.strip()
    match = _OP.match(text)
    if match is None:
        return None, text
    return cast("Op", _OPS.get(match.group(), match.group())), text[match.end() :].strip()


def whole(text: str) -> int | None:
    """A whole number, as far as one is meant seriously."""
    if not _WHOLE.fullmatch(text.strip()):
        return None
    number = int(text)
    return number if abs(number) <= LARGEST else None


def number(text: str) -> float | None:
    """A number that is not negative, perhaps with a fraction."""
    return float(text) if _SHARE.fullmatch(text.strip()) else None
