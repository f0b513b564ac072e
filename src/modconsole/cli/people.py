"""Tables and lists for people. Whatever a stranger wrote goes through the gate before it is laid out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import click

from modconsole.domain.safetext import cells, cut, fit, line
from modconsole.domain.times import DAY, HOUR, MINUTE, to_datetime

WIDE = 160
"""Columns of a table that does not go to a terminal."""


def width() -> int:
    """Columns to fill: those of the terminal, if there is one."""
    return max(40, shutil.get_terminal_size((80, 24)).columns) if sys.stdout.isatty() else WIDE


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: frozenset[int] = frozenset(),
    whole: frozenset[int] = frozenset(),
) -> None:
    """Print a table. The last column gets the room that is left; the others what they need, up to a fifth of the width.

    `right` columns are set to the right; `whole` ones are never cut, since they hold what the next command is given.
    """
    total = width()
    cleaned = [[line(cell) for cell in row] for row in rows]
    titles = [line(head) for head in heads]
    most = max(10, total // 5)
    widths = [
        min(total if at in whole else most, max([cells(titles[at]), *(cells(row[at]) for row in cleaned)]))
        for at in range(len(heads) - 1)
    ]
    rest = max(10, total - sum(widths) - 2 * len(widths))
    for row in [titles, *cleaned]:
        parts = [
            fit(cut(cell, size), size, "right" if at in right else "left")
            for at, (cell, size) in enumerate(zip(row, widths, strict=False))
        ]
        click.echo("  ".join([*parts, cut(row[-1], rest)]).rstrip())


def age(since: int, now: int) -> str:
    """A stretch of time in its two greatest units; never below zero."""
    left = max(0, now - since)
    if left < HOUR:
        return f"{left // MINUTE}m"
    if left < DAY:
        return f"{left // HOUR}h"
    days, rest = divmod(left, DAY)
    return f"{days:,}d {rest // HOUR}h" if days < 100 else f"{days:,}d"


def due(due_at: int | None, now: int) -> str:
    """How long until an answer is due; with a minus where that has passed."""
    if due_at is None:
        return "—"
    return f"in {age(now, due_at)}" if due_at > now else f"-{age(due_at, now)}"


def who(ident: str, handle: str | None, name: str | None) -> str:
    """What a person is called."""
    return name or handle or ident


def local(instant: int | None) -> str:
    """A time in the zone of this machine, without what nobody reads."""
    if instant is None:
        return "—"
    try:
        moment: datetime = to_datetime(instant).astimezone()
    except OverflowError:
        return "—"
    return moment.strftime("%Y-%m-%d %H:%M")
