"""The versions of a rule, newest first: who wrote each and when, which one acts, what changed; blame, and going back.

Going back makes an older text the newest version, so that nothing of the past is lost; it asks whether what was done since is to
be taken back as well, and says how much that is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import ruling
from modconsole.domain.safetext import EMPTY, Safe, fill, fit, join, line, literal
from modconsole.keys import Command
from modconsole.screens.base import Rule, bindings
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.rule_dialogs import RollBackDialog, difference
from modconsole.screens.rule_page import PageScreen, Told, told
from modconsole.screens.rule_words import state_of
from modconsole.screens.wording import clock
from modconsole.widgets.pager import FewPager, Key
from modconsole.widgets.pane import Pane
from modconsole.widgets.plain import Piece

if TYPE_CHECKING:
    from modconsole.desk.ruling import BlameLine, RolledBack, Version

NUMBER, WHEN, BY, STATUS = 8, 13, 16, 12
"""Widths of columns, in cells."""


@dataclass(frozen=True)
class Line:
    """A version in the list, with the text of the one before it."""

    version: Version
    before: str
    acts: bool
    """Whether it is the one that acts."""
    newest: bool = False

    @property
    def key(self) -> Key:
        """Newest first."""
        return (-self.version.version,)


class VersionsScreen(ListScreen[Line]):
    """The versions of one rule."""

    PLACE = "rule-versions"
    BINDINGS: ClassVar[list[BindingType]] = bindings("rule-versions")
    FOOT_FOLLOWS = FEW = True
    DEFAULT_CSS = """
    VersionsScreen { & #changes { height: 60%; padding: 0 1; } }
    """

    def __init__(self, rule: str, on_change: Callable[[], None]) -> None:
        super().__init__()
        self._rule, self._then = rule, on_change
        self.changes = Pane(id="changes")

    def heading(self) -> Sequence[Piece]:
        """`Versions of no-ads`."""
        return [(literal("Versions of "), ""), (line(self._rule, 64), "strong")]

    def pager(self) -> FewPager[Line]:
        """All of them."""
        return FewPager(self._read)

    def _read(self) -> Sequence[Line]:
        """In a thread."""
        found = ruling.versions(self.desk, self._rule)
        state = next((each for each in ruling.listing(self.desk) if each.id == self._rule), None)
        live = state.live_version if state is not None and state.effective == "live" else None
        before = [each.source for each in found[1:]] + [""]
        return [
            Line(each, text, each.version == live, newest=not at)
            for at, (each, text) in enumerate(zip(found, before, strict=True))
        ]

    def below(self) -> ComposeResult:
        """What the version under the cursor changed."""
        yield Rule(literal("what it changed"))
        yield self.changes

    def column_names(self, width: int) -> Sequence[Piece]:
        """version, when, by, status."""
        rest = max(0, width - NUMBER - WHEN - BY - STATUS)
        return titles(
            (literal("version"), NUMBER),
            (literal("when"), WHEN),
            (literal("by"), BY),
            (literal("status"), STATUS),
            (literal("known of it"), rest),
        )

    def draw(self, row: Line, width: int) -> list[Piece]:
        """One version."""
        each = row.version
        notes: list[Safe] = []
        if row.acts:
            notes.append(literal("\u25cf in force"))
        if each.restored is not None:
            notes.append(fill("the text of v{}", each.restored))
        by = each.evidence.get("by")
        if isinstance(by, str) and by:
            notes.append(fill("set live by {}", line(by, 40)))
        word, style = state_of(each.status)
        return [
            (fit(fill("v{}", each.version), NUMBER), "strong"),
            (fit(clock(each.at, self.now), WHEN), "dim"),
            (fit(line(each.by, 60) or literal("(the file)"), BY - 1), ""),
            (literal(" "), ""),
            (fit(word, STATUS), style),
            (fit(join(notes, literal(" \u00b7 ")), max(0, width - NUMBER - WHEN - BY - STATUS)), "dim"),
        ]

    def lesson(self) -> Sequence[Piece]:
        """There is at least one, unless the rule has gone."""
        return [(line(str(self.trouble)) if self.trouble is not None else literal("There is no version."), "")]

    def moved(self, row: Line | None) -> None:
        """The lower part follows the cursor."""
        if row is None:
            self.changes.show([])
            return
        lines = difference(row.before, row.version.source)
        first = [[(literal("the first version"), "dim")]] if not row.before else [[(literal("only its status"), "dim")]]
        self.changes.show(lines if row.before and lines else first)

    def opened(self, row: Line) -> None:
        """What has changed between it and the newest one."""
        newest = self.list.window.row_at(0)
        latest = newest.version.version if newest is not None else row.version.version
        if row.version.version == latest and latest > 1:
            self.app.push_screen(DiffScreen(self._rule, latest - 1, latest))
        else:
            self.app.push_screen(DiffScreen(self._rule, row.version.version, latest))

    def action_blame(self) -> None:
        """Who wrote each line."""
        self.app.push_screen(BlameScreen(self._rule))

    def refusal(self, command: Command) -> Safe | None:
        """The newest version is where one is."""
        if command.id == "version.roll-back" and (self.list.row is None or self.list.row.newest):
            return literal("It is the newest version already.")
        return super().refusal(command)

    def action_roll_back(self) -> None:
        """Make the text under the cursor the newest one; ask what else goes back."""
        row = self.list.row
        if row is None:
            return
        version = row.version.version
        was_live = "by" in row.version.evidence or "as" in row.version.evidence

        def counted(found: tuple[int, bool]) -> None:
            self.app.push_screen(RollBackDialog(version, found[0], acts=was_live and found[1]), answered)

        def answered(restore: bool | None) -> None:
            if restore is not None:
                self.say(literal("Going back \u2026"))
                self.work(lambda: ruling.rollback(self.desk, self._rule, version, restore=restore), self._rolled_back)

        self.work(lambda: (ruling.since(self.desk, self._rule, version), ruling.may_set_live(self.desk)), counted)

    def _rolled_back(self, done: RolledBack) -> None:
        self.console.read_again()
        self.changed()
        self._then()
        self.say(rolled_back_words(done), "warning" if done.failed else "accent")


def rolled_back_words(done: RolledBack) -> Safe:
    """What going back did."""
    said = fill("The text of v{} is version {} now.", done.restored, done.version)
    if done.undone:
        said = join([said, fill("{:,} acts taken back.", done.undone)], literal(" "))
    if done.failed:
        said = join([said, fill("! {:,} could not be: {}", len(done.failed), line(done.failed[0], 200))], literal(" "))
    return said


class DiffScreen(PageScreen):
    """What differs between two versions."""

    def __init__(self, rule: str, old: int, new: int) -> None:
        super().__init__()
        self._rule, self._old, self._new = rule, old, new

    def heading(self) -> Sequence[Piece]:
        """`no-ads   v3 → v5`."""
        return [(line(self._rule, 64), "strong"), (fill("   v{} \u2192 v{}", self._old, self._new), "")]

    def read(self) -> list[Version]:
        """All versions."""
        return ruling.versions(self.desk, self._rule)

    def lines(self, found: list[Version]) -> Sequence[Told]:
        """The lines that went and came."""
        texts = {each.version: each.source for each in found}
        lines = difference(texts.get(self._old, ""), texts.get(self._new, ""))
        return [Told(tuple(each)) for each in lines] or [told(literal("They do not differ."), "dim")]


class BlameScreen(PageScreen):
    """Who wrote each line of the newest version, and in which one."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self._rule = rule

    def heading(self) -> Sequence[Piece]:
        """`no-ads   who wrote what`."""
        return [(line(self._rule, 64), "strong"), (literal("   who wrote what"), "")]

    def read(self) -> list[BlameLine]:
        """Line by line."""
        return ruling.blame(self.desk, self._rule)

    def lines(self, found: list[BlameLine]) -> Sequence[Told]:
        """`v3  ann  12 May  text`."""
        now = self.desk.now()
        lines: list[Told] = []
        before: tuple[object, ...] = ()
        for each in found:
            who: list[Piece] = [(fit(EMPTY, 32), "")]
            if (each.version, each.by) != before:
                before = (each.version, each.by)
                by = fit(line(each.by, 40) or literal("(the file)"), 14)
                who = [
                    (fit(fill("v{}", each.version), 5), "accent"),
                    (by, ""),
                    (literal(" "), ""),
                    (fit(clock(each.at, now), 12), "dim"),
                ]
            indent = fit(EMPTY, min(40, len(each.text) - len(each.text.lstrip(" "))))
            lines.append(Told((*who, (indent, ""), (line(each.text, 400), ""))))
        return lines
