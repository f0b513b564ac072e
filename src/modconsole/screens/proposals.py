"""What rules propose, and a person decides: one by one, or all that are marked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import ruling
from modconsole.domain.safetext import EMPTY, Safe, block, cut, fill, fit, join, line, literal
from modconsole.errors import ModConsoleError
from modconsole.keys import Command
from modconsole.screens import lessons
from modconsole.screens.base import bindings
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.wording import DOT, SPACE, clock, where, who
from modconsole.widgets.pager import FewPager, Key
from modconsole.widgets.plain import Piece, Plain

if TYPE_CHECKING:
    from modconsole.desk.ruling import Proposal

WHAT, RULE, WHO = 22, 18, 16
"""Widths of columns, in cells."""


@dataclass(frozen=True)
class Line:
    """A proposal in the list."""

    proposal: Proposal

    @property
    def key(self) -> Key:
        """Newest first."""
        return (-self.proposal.at, self.proposal.id)


@dataclass(frozen=True)
class Decided:
    """What came of several decisions."""

    done: int
    trouble: str = ""


class ProposalsScreen(ListScreen[Line]):
    """All that waits for a decision."""

    PLACE = "proposals"
    BINDINGS: ClassVar[list[BindingType]] = bindings("proposals")
    MARKS = True

    def __init__(self) -> None:
        super().__init__()
        self.about = Plain(id="about")
        self._marked: frozenset[Key] = frozenset()

    def heading(self) -> Sequence[Piece]:
        """`Proposals   12 wait for a decision · 3 marked`."""
        pieces: list[Piece] = [(literal("Proposals"), "strong")]
        if self._marked:
            pieces.append((fill("   {} marked: a and d act on these", len(self._marked)), "accent"))
        return pieces

    def pager(self) -> FewPager[Line]:
        """All of them."""
        return FewPager(lambda: [Line(each) for each in ruling.proposals(self.desk)])

    def marks(self, marked: frozenset[Key]) -> None:
        """Others are marked."""
        self._marked = marked
        self.show_head()

    def below(self) -> ComposeResult:
        """All about the proposal under the cursor."""
        yield self.about

    def column_names(self, width: int) -> Sequence[Piece]:
        """what, by which rule, on whom, what they wrote."""
        return titles(
            (literal("proposed"), WHAT),
            (literal("by rule"), RULE),
            (literal("who"), WHO),
            (literal("what they wrote"), max(0, width - WHAT - RULE - WHO)),
        )

    def draw(self, row: Line, width: int) -> list[Piece]:
        """One proposal."""
        each = row.proposal
        return [
            (fit(cut(line(each.words, 120), WHAT - 1), WHAT), "strong"),
            (fit(cut(line(each.rule, 64), RULE - 1), RULE), "dim"),
            (fit(cut(who(each.name, each.handle, each.person), WHO - 1), WHO), ""),
            (fit(line(each.text, 300), max(0, width - WHAT - RULE - WHO)), ""),
        ]

    def lesson(self) -> Sequence[Piece]:
        """Nothing waits for a decision."""
        if self.trouble is not None:
            return [(line(str(self.trouble), 400), "warning")]
        return lessons.page(
            literal("Nothing is proposed"),
            literal("A rule that suggests, strikes or escalates does nothing by itself:"),
            literal("what it proposes stands here until somebody decides. So does what a"),
            literal("platform has no act for, or has refused."),
        )

    def moved(self, row: Line | None) -> None:
        """The lower part follows the cursor."""
        self.about.show(self._about(row.proposal) if row is not None else EMPTY)

    def _about(self, each: Proposal) -> list[Piece]:
        newline = literal("\n")
        place = cut(where(each.source, each.title, "comments"), 50)
        pieces: list[Piece] = [
            (line(each.words, 200), "strong"),
            (DOT, "dim"),
            (fill("rule {} v{}", line(each.rule, 64), each.version), ""),
            (DOT, "dim"),
            (place, ""),
            (DOT, "dim"),
            (clock(each.at, self.now), "dim"),
        ]
        if each.why:
            pieces += [(newline, ""), (line(each.why, 300), "warning")]
        return [*pieces, (newline, ""), (block(each.text, 1_000, 6), "")]

    # -- commands -----------------------------------------------------------------------------------------------

    def refusal(self, command: Command) -> Safe | None:
        """There must be something to decide."""
        if command.id in ("proposal.accept", "proposal.decline", "list.mark") and self.list.row is None:
            return literal("There is nothing under the cursor.")
        return super().refusal(command)

    def opened(self, row: Line) -> None:
        """The conversation, at what it is about."""
        self.console.open_conversation(row.proposal.source, row.proposal.conversation, row.proposal.message)

    def _meant(self) -> list[str]:
        """Those that are marked; else the one under the cursor."""
        if self._marked:
            return [str(key[1]) for key in sorted(self._marked)]
        return [self.list.row.proposal.id] if self.list.row is not None else []

    def action_accept(self) -> None:
        """Do them."""
        meant = self._meant()
        self.say(literal("Asking the platform \u2026"))
        self.work(lambda: self._decide(meant, accept=True), lambda done: self._decided(done, literal("accepted")))

    def action_decline(self) -> None:
        """Do none of them."""
        meant = self._meant()
        self.work(lambda: self._decide(meant, accept=False), lambda done: self._decided(done, literal("declined")))

    def _decide(self, idents: Sequence[str], *, accept: bool) -> Decided:
        """In a thread; what fails does not stop the others."""
        done, trouble = 0, ""
        for ident in idents:
            try:
                (ruling.accept if accept else ruling.decline)(self.desk, ident)
                done += 1
            except ModConsoleError as error:
                trouble = str(error)
        return Decided(done, trouble)

    def _decided(self, done: Decided, word: Safe) -> None:
        self.list.set_marks(set())
        self.console.read_again()
        self.list.changed(follow=False)
        said = fill("{:,} {}.", done.done, word)
        if done.trouble:
            self.say(join([said, fill("! Not all: {}", line(done.trouble, 200))], SPACE), "warning")
        else:
            self.say(said, "accent")
