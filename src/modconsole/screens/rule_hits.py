"""What a rule hit, newest first: which words, in which mode, what was done about it, and what a person made of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import ruling
from modconsole.domain.safetext import EMPTY, Safe, cells, cut, fill, fit, join, line, literal
from modconsole.keys import Command
from modconsole.screens import lessons
from modconsole.screens.base import bindings
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.rule_words import done_words, match_words, snippet, spans_of
from modconsole.screens.wording import DOT, clock, where, who
from modconsole.widgets.pager import FewPager, Key
from modconsole.widgets.plain import Piece, Plain, fit_pieces

if TYPE_CHECKING:
    from modconsole.desk.ruling import Hit

MODE, WHEN, WHO = 10, 12, 16
"""Widths of columns, in cells."""
MOST: Final = 1_000
"""Hits that are listed."""
MODES: Final[dict[str, tuple[Safe, str]]] = {
    "live": (literal("\u25cf live"), "accent"),
    "shadow": (literal("\u25d0 shadow"), "dim"),
}


@dataclass(frozen=True)
class Line:
    """A hit in the list."""

    hit: Hit

    @property
    def key(self) -> Key:
        """Newest first."""
        return (-self.hit.ident,)


class HitsScreen(ListScreen[Line]):
    """The hits of one rule."""

    PLACE = "rule-hits"
    BINDINGS: ClassVar[list[BindingType]] = bindings("rule-hits")
    FOOT_FOLLOWS = True

    def __init__(self, rule: str, name: str) -> None:
        super().__init__()
        self.rule, self._name = rule, name
        self.about = Plain(id="about")

    def heading(self) -> Sequence[Piece]:
        """`Hits of no-ads`."""
        return [(literal("Hits of "), ""), (line(self._name or self.rule, 80), "strong")]

    def pager(self) -> FewPager[Line]:
        """The latest ones."""
        return FewPager(self._read)

    def _read(self) -> Sequence[Line]:
        """In a thread."""
        return [Line(each) for each in ruling.hits(self.desk, self.rule, MOST)]

    def below(self) -> ComposeResult:
        """All about the hit under the cursor."""
        yield self.about

    def column_names(self, width: int) -> Sequence[Piece]:
        """how, when, who, what was hit."""
        return titles(
            (literal("mode"), MODE),
            (literal("when"), WHEN),
            (literal("who"), WHO),
            (literal("what was hit"), max(0, width - MODE - WHEN - WHO)),
        )

    def draw(self, row: Line, width: int) -> list[Piece]:
        """One hit."""
        hit = row.hit
        word, style = MODES.get(hit.mode, (line(hit.mode, 12), ""))
        done = done_words(hit.acts)
        room = max(8, width - MODE - WHEN - WHO)
        tail: list[Piece] = [(join([literal("  "), cut(done, room // 2)]), "accent")] if done else []
        said = snippet(hit.text, spans_of(hit.matches), room - sum(cells(text) for text, _ in tail))
        return [
            (fit(word, MODE), style),
            (fit(clock(hit.at, self.now), WHEN), "dim"),
            (fit(cut(who(hit.name, hit.handle, hit.person), WHO - 1), WHO), ""),
            *fit_pieces(said, room - sum(cells(text) for text, _ in tail)),
            *tail,
        ]

    def ribbon_right(self) -> Safe:
        """How many there are."""
        if self.list.count >= MOST:
            return fill("the latest {:,} ", MOST)
        return super().ribbon_right()

    def lesson(self) -> Sequence[Piece]:
        """It has hit nothing."""
        if self.trouble is not None:
            return [(line(str(self.trouble), 400), "warning")]
        return lessons.page(
            literal("It has not hit anything yet"),
            literal("A rule in the shadow, or live, judges what comes in with a sync: its"),
            literal("hits stand here. What it would have hit of all that is stored, the lab"),
            literal("shows: Enter in the list of rules."),
        )

    def moved(self, row: Line | None) -> None:
        """The lower part follows the cursor."""
        self.about.show(self._about(row.hit) if row is not None else EMPTY)

    def _about(self, hit: Hit) -> list[Piece]:
        newline = literal("\n")
        place = cut(where(hit.source, hit.title, "comments"), 60)
        pieces: list[Piece] = [
            (who(hit.name, hit.handle, hit.person), "strong"),
            (DOT, "dim"),
            (place, ""),
            (DOT, "dim"),
            (fill("version {}", hit.version), "dim"),
        ]
        for each in hit.matches[:4]:
            pieces += [(newline, ""), (match_words(each), "")]
        if hit.held:
            pieces += [
                (newline, ""),
                (literal("held: "), "dim"),
                (join([line(h, 40) for h in hit.held], literal(", ")), ""),
            ]
        done = done_words(hit.acts)
        if done:
            pieces += [(newline, ""), (literal("done: "), "dim"), (done, "accent")]
        return pieces

    # -- commands -----------------------------------------------------------------------------------------------

    def refusal(self, command: Command) -> Safe | None:
        """What was not done cannot be taken back."""
        if command.id in ("hit.take-back", "hit.explain") and not self._meant():
            return literal("There is no hit under the cursor.")
        if command.id == "hit.take-back" and not any(ruling.can_take_back(each.hit) for each in self._meant()):
            return literal("It did nothing there that could be taken back.")
        return super().refusal(command)

    def _meant(self) -> list[Line]:
        """The hit under the cursor."""
        return [self.list.row] if self.list.row is not None else []

    def opened(self, row: Line) -> None:
        """The conversation, at it."""
        self.console.open_conversation(row.hit.source, row.hit.conversation, row.hit.message)

    def action_explain(self) -> None:
        """Which rules hit it, and why."""
        from modconsole.screens.rule_explain import ExplainScreen

        for each in self._meant():
            self.app.push_screen(ExplainScreen(each.hit.source, each.hit.message))

    def action_take_back(self) -> None:
        """Take back what the rule did there."""
        for each in self._meant():
            self.say(literal("Taking it back \u2026"))
            self.work(lambda hit=each.hit: ruling.take_back(self.desk, hit), self._took_back)  # type: ignore[misc]

    def _took_back(self, said: str) -> None:
        self.console.read_again()
        self.changed()
        self.say(line(said, 200), "accent")
