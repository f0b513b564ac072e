"""The sources: what each can vouch for, why not, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk.views import Header, SourceState, coverage
from modconsole.domain.safetext import EMPTY, Safe, fill, fit, join, line, literal
from modconsole.domain.times import SECOND
from modconsole.screens import lessons
from modconsole.screens.base import bindings
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.source_actions import SourceActions
from modconsole.screens.wording import ASKS, CONVERSATIONS, DOT, ITEMS, SPACE, age, clock, many, wait
from modconsole.widgets.plain import Piece, Plain
from modconsole.widgets.window import ListPager

NAME, STATE, SEEN, OPEN = 18, 12, 8, 8
"""Widths of columns, in cells."""


@dataclass(frozen=True)
class Line:
    """A source in the list."""

    state: SourceState

    @property
    def key(self) -> tuple[str]:
        """Sources are listed by their ids."""
        return (self.state.source.id,)


class Sources:
    """The sources as a pager; there are few, so each page reads them all."""

    def __init__(self, screen: SourcesScreen) -> None:
        self._desk = screen.desk

    def _all(self) -> ListPager[Line]:
        return ListPager(sorted((Line(each) for each in coverage(self._desk)), key=lambda each: each.key))

    def count(self) -> int:
        """How many there are."""
        return self._all().count()

    def first(self, n: int) -> list[Line]:
        """The first ones."""
        return self._all().first(n)

    def last(self, n: int) -> list[Line]:
        """The last ones."""
        return self._all().last(n)

    def after(self, key: tuple[str], n: int) -> list[Line]:
        """Those after a key."""
        return self._all().after(key, n)

    def before(self, key: tuple[str], n: int) -> list[Line]:
        """Those before a key."""
        return self._all().before(key, n)

    def position(self, key: tuple[str]) -> int | None:
        """How many come before."""
        return self._all().position(key)


class SourcesScreen(SourceActions, ListScreen[Line]):
    """What each source can vouch for."""

    PLACE = "sources"
    BINDINGS: ClassVar[list[BindingType]] = bindings("sources")
    FOOT_FOLLOWS = True

    def __init__(self) -> None:
        super().__init__()
        self.about = Plain(id="about")

    def heading(self) -> Sequence[Piece]:
        """`Sources   4 of 5 can vouch for what they show`."""
        header = self.console.header
        pieces: list[Piece] = [(literal("Sources"), "strong")]
        if header is not None and header.sources:
            good = sum(each.state == "fresh" and not each.source.paused for each in header.sources)
            style = "" if good == len(header.sources) else "warning"
            pieces.append((fill("   {} of {} can vouch", good, len(header.sources)), style))
            if header.syncing:
                pieces.append((literal(" · syncing now"), "dim"))
        return pieces

    def pager(self) -> Sources:
        """All of them."""
        return Sources(self)

    def below(self) -> ComposeResult:
        """All about the source under the cursor."""
        yield self.about

    def column_names(self, width: int) -> Sequence[Piece]:
        """source, state, seen, open, why not."""
        rest = max(0, width - NAME - STATE - SEEN - OPEN)
        return titles(
            (literal("source"), NAME),
            (literal("state"), STATE),
            (literal("seen"), SEEN),
            (literal("open"), OPEN),
            (literal("why it cannot vouch"), rest),
        )

    def draw(self, row: Line, width: int) -> list[Piece]:
        """One source."""
        state, source = row.state, row.state.source
        seen = state.complete_through if state.complete_through is not None else state.checked_at
        bad = state.state != "fresh" or source.paused
        word = literal("! paused") if source.paused else _WORDS[state.state]
        return [
            (fit(line(source.id, 60), NAME - 1), "strong"),
            (SPACE, ""),
            (fit(word, STATE), "warning" if bad else ""),
            (fit(age(self.now - seen) if seen is not None else literal("never"), SEEN), "dim"),
            (fit(fill("{:,}", source.open_asks), OPEN), ""),
            (fit(line(state.why), max(0, width - NAME - STATE - SEEN - OPEN)), "warning" if bad else "dim"),
        ]

    def lesson(self) -> Sequence[Piece]:
        """How to connect one."""
        if self.trouble is not None and self.console.header is None:
            return lessons.no_database(self.trouble)
        return lessons.first_source()

    def moved(self, row: Line | None) -> None:
        """The lower part follows the cursor."""
        self.about.show(about(row.state, self.now) if row is not None else EMPTY)

    def header_changed(self, header: Header | None) -> None:
        """The lower part may have changed without the cursor."""
        super().header_changed(header)
        self.moved(self.list.row)

    def meant(self) -> SourceState | None:
        """The source under the cursor."""
        return self.list.row.state if self.list.row is not None else None

    def opened(self, row: Line) -> None:
        """All that is known of it."""
        from modconsole.screens.source import SourceScreen

        self.app.push_screen(SourceScreen(row.state.source.id))

    def action_add(self) -> None:
        """Sign in to a place."""
        from modconsole.screens.adding import PlatformsScreen

        self.app.push_screen(PlatformsScreen(self.added))


_WORDS = {"fresh": literal("ok"), "stale": literal("! stale"), "failed": literal("! failed")}


def about(state: SourceState, now: int) -> list[Piece]:
    """All that is known of a source, in lines."""
    source = state.source
    newline = literal("\n")
    pieces: list[Piece] = [(line(source.name, 80), "strong"), (DOT, ""), (line(source.platform, 40), "dim")]
    if source.url:
        pieces += [(DOT, ""), (line(source.url, 120), "dim")]
    target = wait(int(source.target_hours * 3600 * SECOND))
    rows: list[tuple[Safe, Safe, str]] = []
    if state.why:
        seen = state.complete_through if state.complete_through is not None else state.checked_at
        since = join([literal(" since "), clock(seen, now)]) if seen is not None else EMPTY
        rows.append((literal("why not"), join([line(state.why, 200), since]), "warning"))
    todo = _todo(state)
    if todo:
        rows.append((literal("to do"), todo, ""))
    hours = join([literal(" in "), line(source.hours, 80)]) if source.hours else EMPTY
    rows.append((literal("answer in"), join([target, hours]), ""))
    us = [line(each.name or each.handle or each.id, 40) for each in source.identities]
    rows.append(
        (literal("us"), join(us, literal(", ")) if us else literal("nobody: every reply counts as a stranger's"), "")
    )
    rows.append(
        (
            literal("holds"),
            join([many(source.conversations, *CONVERSATIONS), many(source.open_asks, *ASKS)], literal(", ")),
            "",
        )
    )
    if source.gaps:
        rows.append(
            (
                literal("gaps"),
                fill("{} could not be seen to the end: Enter", many(source.gaps, *CONVERSATIONS)),
                "warning",
            )
        )
    if source.poisoned:
        rows.append(
            (literal("set aside"), fill("{} could not be read: Enter", many(source.poisoned, *ITEMS)), "warning")
        )
    for label, said, style in rows:
        pieces += [(newline, ""), (fit(label, 11), "dim"), (said, style)]
    return pieces


def _todo(state: SourceState) -> Safe:
    source = state.source
    if source.paused:
        return literal("p takes it into syncs again")
    if state.state == "fresh":
        return EMPTY
    if source.hint:
        return line(source.hint, 200)
    if not source.account:
        return literal("import a newer file, or sign in: l")
    return literal("R or s looks again now; it is also tried again by itself")
