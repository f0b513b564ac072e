"""How lists say things: ages, due times, names and places. Raw rows in, gated text out; the time is an argument."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from modconsole.domain.safetext import EMPTY, Safe, fill, join, line, literal
from modconsole.domain.times import DAY, HOUR, MINUTE, to_datetime

DOT: Final = literal(" · ")
SPACE: Final = literal(" ")

PRIVATE: Final = ("dm", "group_dm")

MESSAGES: Final = (literal("message"), literal("messages"))
CONVERSATIONS: Final = (literal("conversation"), literal("conversations"))
PEOPLE: Final = (literal("person"), literal("people"))
ASKS: Final = (literal("open ask"), literal("open asks"))
ITEMS: Final = (literal("item"), literal("items"))
"""One, and several, for `many`."""


def age(span: int) -> Safe:
    """A length of time in one unit, for the age of a look: `now`, `2m`, `3h`, `4d`. `span` in microseconds."""
    if span < MINUTE:
        return literal("now")
    if span < HOUR:
        return fill("{}m", span // MINUTE)
    if span < 2 * DAY:
        return fill("{}h", span // HOUR)
    return fill("{}d", span // DAY)


def wait(span: int) -> Safe:
    """A length of time in at most six cells, two units where they matter: `45m`, `9h`, `1d 2h`, `12d`, `3y`."""
    if span < MINUTE:
        return literal("now")
    if span < HOUR:
        return fill("{}m", span // MINUTE)
    if span < DAY:
        return fill("{}h", span // HOUR)
    days, hours = span // DAY, span % DAY // HOUR
    if days < 4:
        return fill("{}d {}h", days, hours) if hours else fill("{}d", days)
    return fill("{}d", days) if days < 1000 else fill("{}y", days // 365)


def due(due_at: int | None, now: int) -> Safe:
    """When an answer is due: `-4h` is four hours too late, `in 2h` is to come; empty without a target."""
    if due_at is None:
        return EMPTY
    if due_at <= now:
        return join([literal("-"), _coarse(now - due_at)])
    return join([literal("in "), _coarse(due_at - now)])


def _coarse(span: int) -> Safe:
    if span < HOUR:
        return fill("{}m", span // MINUTE)
    if span < DAY:
        return fill("{}h", span // HOUR)
    return fill("{}d", span // DAY) if span < 1000 * DAY else fill("{}y", span // (365 * DAY))


def clock(instant: int, now: int) -> Safe:
    """A moment on the clock of this machine: `16:40` today, `Tue 10:02` this week, `24 May` or `24 May 2024` before."""
    moment, today = _local(instant), _local(now)
    if moment.date() == today.date():
        return line(moment.strftime("%H:%M"))
    if abs(now - instant) < 6 * DAY:
        return line(moment.strftime("%a %H:%M"))
    return line(moment.strftime("%d %b" if moment.year == today.year else "%d %b %Y").lstrip("0"))


def _local(instant: int) -> datetime:
    return to_datetime(max(0, instant)).astimezone()


def many(number: int, one: Safe, several: Safe) -> Safe:
    """`1 item`, `1,204 items`."""
    return fill("{:,} {}", number, one if number == 1 else several)


def who(name: str | None, handle: str | None, person: str) -> Safe:
    """A person in a word: name, else handle, else the platform's id."""
    for each in (name, handle, person):
        said = line(each or "", 80)
        if said:
            return said
    return literal("(no name)")


def where(source: str, title: str | None, kind: str) -> Safe:
    """A place in a word: the source, and the conversation's title where it has one, or that it is private."""
    said = line(title or "", 200)
    if said:
        return join([line(source, 60), DOT, said])
    if kind in PRIVATE:
        return join([line(source, 60), literal(" DM") if kind == "dm" else literal(" group")])
    return line(source, 60)
