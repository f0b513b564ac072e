"""Instants and how they are spelled.

An *instant* is an integer: microseconds since 1970-01-01T00:00:00Z. Integers compare, sort and store without surprises,
hold every RFC 3339 time from year 1 to 9999, and never lose a microsecond as floats would.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from modconsole.errors import InputError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def to_instant(moment: datetime) -> int:
    """Microseconds since 1970 of an aware `datetime`; exact for every year."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


def to_datetime(instant: int) -> datetime:
    """The aware UTC `datetime` of an instant. Raises `OverflowError` outside the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=instant)


def to_text(instant: int) -> str:
    """RFC 3339 in UTC, with `Z`; a fraction only where there is one."""
    moment = to_datetime(instant)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"


def parse(text: str) -> int:
    """An instant from RFC 3339 text with an offset. Raises `InputError` for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text.upper():
        raise InputError(f"{text!r} is not a time.", hint="Write it as 2026-11-21T22:10:00Z, with an offset or Z.")
    return to_instant(moment)
