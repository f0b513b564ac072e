"""What was chosen about a source, to be changed. Which asks that changes is shown before it is saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modconsole.desk import sources
from modconsole.desk.sources import Changed, Field, Plan, Standing
from modconsole.domain.safetext import EMPTY, Safe, fill, join, line, literal
from modconsole.screens.forms import NEWLINE, FormScreen, Page, asked_of
from modconsole.screens.saying import STATUS
from modconsole.screens.wording import DOT, clock
from modconsole.widgets.plain import Piece

LISTED = 200
"""Asks that are named at most."""

_STEP = literal("  \u00b7 ")


class SettingsScreen(FormScreen):
    """The settings of one source; `on_saved` is told what to say when the screen has gone."""

    def __init__(self, source: str, on_saved: Callable[[Safe], None]) -> None:
        super().__init__()
        self._source, self._then = source, on_saved
        self._fields: list[Field] = []
        self._texts: dict[str, str] = {}
        self._plan: Plan | None = None

    def heading(self) -> Sequence[Piece]:
        """`blog · settings`."""
        words = literal("what it would change") if self._plan is not None else literal("settings")
        return [(line(self._source, 60), "strong"), (DOT, "dim"), (words, "")]

    def on_mount(self) -> None:
        """Read what is set."""
        read = lambda: (sources.questions(self.desk, self._source), sources.texts(self.desk, self._source))  # noqa: E731
        self.ask_for_it(literal("reading"), read, self._show_settings, self.say_error)

    def _show_settings(self, found: tuple[list[Field], dict[str, str]]) -> None:
        self._fields, self._texts = found
        self.call_later(self._ask)

    async def _ask(self) -> None:
        self._plan = None
        await self.show(Page((), asked_of(self._fields, self._texts), onward=literal("what it would change")))

    def answered(self, answers: dict[str, str]) -> None:
        """Show what it would change; the second time, save it."""
        if self._plan is not None:
            planned = self._plan
            self.stores = True
            self.ask_for_it(
                literal("saving"), lambda: sources.carry_out(self.desk, planned), lambda _: self._saved(planned)
            )
            return
        if not self._fields:
            return
        self._texts = answers
        self.ask_for_it(
            literal("working out what it changes"),
            lambda: sources.changed(self.desk, self._source, answers),
            self._planned,
        )

    def _planned(self, planned: Plan) -> None:
        self.call_later(self._show_plan, planned)

    async def _show_plan(self, planned: Plan) -> None:
        self._plan = planned
        await self.show(Page(told(planned, self.desk.now()), onward=literal("save it")))

    def _saved(self, planned: Plan) -> None:
        self.app.pop_screen()
        self._then(fill("{}: saved. {} asks stand differently.", line(self._source, 60), len(planned.changes)))

    def back(self) -> None:
        """From what it would change to the settings; from there, away."""
        if self._plan is not None:
            self.call_later(self._ask)
        else:
            self.action_leave()


def told(planned: Plan, now: int) -> list[Piece]:
    """What a plan would change, ask by ask: those who would wait or no longer wait first."""
    changes = sorted(planned.changes, key=lambda each: each.later)
    if not changes:
        return [(literal("No ask would stand differently."), "strong"), (NEWLINE, "")]
    number = literal("1 ask") if len(changes) == 1 else fill("{:,} asks", len(changes))
    pieces: list[Piece] = [(fill("{} would stand differently.", number), "strong"), (NEWLINE, "")]
    for each in changes[:LISTED]:
        who = fill("{} in {}: ", line(each.person, 60), line(each.conversation, 60))
        pieces += [(NEWLINE, ""), (_STEP, "dim"), (who, ""), (_change(each, now), "")]
    if len(changes) > LISTED:
        pieces += [(NEWLINE, ""), (fill("  and {:,} more", len(changes) - LISTED), "dim")]
    return pieces


def _change(each: Changed, now: int) -> Safe:
    before, after = each.before, each.after
    if not each.later or before is None or after is None:
        return fill("{} \u2192 {}", _status(before), _status(after))
    parts = []
    if before.due_at != after.due_at:
        parts.append(fill("due {} \u2192 {}", _due(before, now), _due(after, now)))
    if before.backlog != after.backlog:
        parts.append(literal("becomes backlog") if after.backlog else literal("is no longer backlog"))
    return join(parts, literal(", ")) if parts else EMPTY


def _status(each: Standing | None) -> Safe:
    if each is None:
        return literal("no ask")
    return STATUS.get(each.status, line(each.status))


def _due(each: Standing, now: int) -> Safe:
    return clock(each.due_at, now) if each.due_at is not None else literal("never")
