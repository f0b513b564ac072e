"""Questions at the foot of the screen: a few lines, one key for each usual answer, Esc for none.

    CloseDialog(row)     why it is closed without a reply; the suggestion is chosen already
    SnoozeDialog(now)    until when it is out of sight
    LineDialog(...)      one line of text: a note, tags
    ConfirmDialog(...)   yes or no, where something is not what was seen

Each is dismissed with its answer, or with None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from modconsole.desk.asks import CLOSE_REASONS
from modconsole.domain.safetext import EMPTY, Safe, cut, fill, join, line, literal
from modconsole.errors import ModConsoleError
from modconsole.screens import whens
from modconsole.screens.base import Rule
from modconsole.screens.wording import clock, who
from modconsole.widgets.fields import LineField
from modconsole.widgets.plain import Piece, Plain, PlainLine

if TYPE_CHECKING:
    from modconsole.desk.views import QueueRow

T = TypeVar("T")

_BAR, _NO_BAR, _GAP = literal("\u258c "), literal("  "), literal("  ")


class Dialog(ModalScreen[T | None], Generic[T]):
    """A question at the foot of the screen, below a rule with its title."""

    DEFAULT_CSS = """
    Dialog {
        & #dialog { height: auto; width: 100%; background: $background; }
        & PlainLine, & Plain { padding: 0 1; }
        & LineField { border: none; height: 1; padding: 0 1; background: $surface; }
    }
    """
    AUTO_FOCUS = ""  # Textual would focus a field that is not shown yet
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False, id="dialog.leave")]

    def __init__(self, title: Safe) -> None:
        super().__init__()
        self._title = title
        self.foot = PlainLine(id="dialog-foot")
        # here, because the app's style sheet, which is for whole screens, wins over DEFAULT_CSS
        self.styles.background = "transparent"
        self.styles.align = ("left", "bottom")

    def compose(self) -> ComposeResult:
        """The rule, the question, the keys."""
        with Vertical(id="dialog"):
            yield Rule(self._title)
            yield from self.question()
            yield self.foot

    def question(self) -> ComposeResult:
        """What stands between title and keys."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """No answer."""
        self.dismiss(None)


@dataclass(frozen=True)
class Answer(Generic[T]):
    """One usual answer and its key. Without a value it asks for a line of text."""

    key: str
    label: Safe
    value: T | None = None
    hint: Safe = EMPTY


class Menu(Dialog[T]):
    """Usual answers with a key each; Enter takes the one at the bar; the last may ask for a line."""

    def __init__(
        self,
        title: Safe,
        answers: Sequence[Answer[T]],
        *,
        chosen: int = 0,
        typed: Callable[[str], T] | None = None,
        ask: Safe = EMPTY,
    ) -> None:
        """`typed` turns the typed line into an answer and may raise `ModConsoleError`, which is shown."""
        super().__init__(title)
        self._answers, self._chosen, self._typed, self._ask = list(answers), chosen, typed, ask
        self._lines = [PlainLine() for _ in answers]
        self._line = LineField(id="typed")

    def question(self) -> ComposeResult:
        """One line for each answer, and the line to type into, which shows when it is wanted."""
        yield from self._lines
        self._line.display = False
        yield self._line

    def on_mount(self) -> None:
        """Show what is chosen."""
        self._show()

    def _show(self) -> None:
        for at, (answer, shown) in enumerate(zip(self._answers, self._lines, strict=True)):
            bar: Piece = (_BAR, "accent") if at == self._chosen else (_NO_BAR, "")
            pieces: list[Piece] = [bar, (line(answer.key), "accent"), (_GAP, ""), (answer.label, "")]
            shown.show([*pieces, (_GAP, ""), (answer.hint, "dim")])
        if self._line.display:
            self.foot.show([(join([self._ask, literal("   enter does it   esc leaves it as it is")]), "dim")])
        else:
            first, last = line(self._answers[0].key), line(self._answers[-1].key)
            keys = fill("{} to {}", first, last) if first != last else first
            self.foot.show([(fill("{}, or enter   esc leaves it as it is", keys), "dim")])

    def on_key(self, event: events.Key) -> None:
        """An answer's key, the arrows, Enter."""
        if self._line.display:
            return
        found = next((at for at, each in enumerate(self._answers) if each.key == event.character), None)
        if found is not None:
            event.stop()
            self._take(found)
        elif event.key in ("down", "j", "up", "k"):
            event.stop()
            self._chosen = (self._chosen + (1 if event.key in ("down", "j") else -1)) % len(self._answers)
            self._show()
        elif event.key == "enter":
            event.stop()
            self._take(self._chosen)

    def _take(self, at: int) -> None:
        answer = self._answers[at]
        if answer.value is not None:
            self.dismiss(answer.value)
            return
        self._chosen = at
        self._line.display = True
        self._line.focus()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A line was typed."""
        event.stop()
        try:
            answer = self._typed(event.value) if self._typed is not None else None
        except ModConsoleError as error:
            self.foot.show([(join([literal("! "), line(str(error))]), "warning")])
            return
        self.dismiss(answer)


class CloseDialog(Menu[str]):
    """Close without a reply: one key for each usual reason, or a reason in one's own words."""

    def __init__(self, row: QueueRow) -> None:
        suggested = row.suggest_reason if row.suggest_act == "close" else None
        answers = [
            Answer(str(at), line(reason), reason, literal("suggested") if reason == suggested else EMPTY)
            for at, reason in enumerate(CLOSE_REASONS[:-1], 1)
        ]
        if suggested and suggested not in CLOSE_REASONS:
            answers.insert(0, Answer("0", line(suggested), suggested, literal("suggested")))
        answers.append(Answer(str(len(CLOSE_REASONS)), literal("other: in your own words")))
        chosen = next((at for at, each in enumerate(answers) if each.value == suggested), 0)
        super().__init__(
            fill("Close {} without a reply", cut(who(row.name, row.handle, row.person), 40)),
            answers,
            chosen=chosen if suggested else 0,
            typed=_reason,
            ask=literal("The reason."),
        )


def _reason(typed: str) -> str:
    return typed.strip() or CLOSE_REASONS[-1]


@dataclass(frozen=True)
class Until:
    """Until when something is out of sight; None: until the person writes."""

    instant: int | None


class SnoozeDialog(Menu[Until]):
    """Out of sight: until tonight, tomorrow, next week, until they write, or a time."""

    def __init__(self, row: QueueRow, now: int) -> None:
        named = [
            ("1", literal("until tonight") if whens.is_day(now) else literal("for three hours"), whens.tonight(now)),
            ("2", literal("until tomorrow morning"), whens.tomorrow(now)),
            ("3", literal("until next week"), whens.next_week(now)),
        ]
        answers = [Answer(key, label, Until(at), clock(at, now)) for key, label, at in named]
        answers.append(Answer("4", literal("until they write"), Until(None), literal("no time")))
        answers.append(Answer("5", literal("another time")))
        super().__init__(
            fill("Snooze {}", cut(who(row.name, row.handle, row.person), 40)),
            answers,
            chosen=1,
            typed=lambda text: Until(whens.parse(text, now)),
            ask=literal("2h, 3d, 16:30, fri 10:00 or 2026-12-01 09:00."),
        )


class LineDialog(Dialog[str]):
    """One line of text; Enter gives it."""

    def __init__(self, title: Safe, about: Safe) -> None:
        super().__init__(title)
        self._about = about
        self._line = LineField(id="typed")

    def question(self) -> ComposeResult:
        """The line to type into."""
        yield self._line

    def on_mount(self) -> None:
        """Ready to type."""
        self._line.focus()
        self.foot.show([(join([self._about, literal("   enter does it   esc leaves it")]), "dim")])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A line was typed; an empty one is no answer."""
        event.stop()
        self.dismiss(event.value.strip() or None)


class ConfirmDialog(Dialog[bool]):
    """Something is not what was seen: do it all the same?"""

    def __init__(self, title: Safe, what: Safe, act: Safe) -> None:
        super().__init__(title)
        self._what, self._act = what, act

    def question(self) -> ComposeResult:
        """What has happened."""
        yield Plain([(self._what, "")])

    def on_mount(self) -> None:
        """The keys."""
        self.foot.show(
            [
                (literal("y"), "accent"),
                (fill(" {}   ", self._act), "dim"),
                (literal("n"), "accent"),
                (literal(" leave it"), "dim"),
            ]
        )

    def on_key(self, event: events.Key) -> None:
        """Yes or no; Enter is no answer, so that a key held too long agrees to nothing."""
        if event.character in ("y", "n"):
            event.stop()
            self.dismiss(event.character == "y")
