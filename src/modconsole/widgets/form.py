"""A page of questions: some text above, a row for each question, and below a row what is wrong with its answer.

    form = FormView(on_focus=..., on_enter=...)
    await form.put(intro, [Asked("url", literal("Address"), hint=...), Asked("kind", …, choices=("page", "bot"))])
    form.answers()                  # {"url": "https://…", "kind": "page"}
    form.complain({"url": line("…")})

It scrolls where it does not go in. Without questions it is a page to read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from modconsole.domain.safetext import EMPTY, Safe, cells, cut, fit, join, line, literal
from modconsole.widgets.fields import LineField
from modconsole.widgets.plain import STYLE_CLASSES, Painted, Piece, Plain, PlainLine

LABEL: Final = 30
"""Cells that labels may take at most, with the bar before them."""

_BAR, _NO_BAR = literal("\u258c "), literal("  ")
_COMPLAINT = literal("! ")
_LEFT, _RIGHT = literal("\u2039 "), literal(" \u203a")


@dataclass(frozen=True)
class Asked:
    """One question. `value` and `choices` are raw; what is shown of them passes the gate."""

    name: str
    label: Safe
    hint: Safe = EMPTY
    value: str = ""
    secret: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()


class ChoiceField(Painted, can_focus=True):
    """One of a few words. Left and right, or the first letter, take another one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLE_CLASSES)
    DEFAULT_CSS = "ChoiceField { height: 1; width: 1fr; padding: 0 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "turn(1)", show=False, id="form.more"),
        Binding("left", "turn(-1)", show=False, id="form.less"),
    ]

    def __init__(self, choices: Sequence[str], value: str) -> None:
        super().__init__(markup=False)
        self.choices = tuple(choices)
        self._at = self.choices.index(value) if value in self.choices else 0

    @property
    def value(self) -> str:
        """What is chosen."""
        return self.choices[self._at]

    def action_turn(self, by: int) -> None:
        """Another choice."""
        self._at = (self._at + by) % len(self.choices)
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """A letter goes to the next choice that begins with it."""
        letter = (event.character or "").lower()
        if not letter.isalpha():
            return
        order = [*range(self._at + 1, len(self.choices)), *range(self._at + 1)]
        found = next((at for at in order if self.choices[at].lower().startswith(letter)), None)
        if found is not None:
            event.stop()
            self._at = found
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """All choices with the chosen one marked, where they go in; else that one alone."""
        width = self.content_size.width
        words = [line(each, 60) for each in self.choices]
        if sum(cells(word) + 4 for word in words) <= width:
            pieces: list[Piece] = []
            for at, word in enumerate(words):
                chosen = at == self._at
                shown = join([_LEFT, word, _RIGHT]) if chosen else join([_NO_BAR, word, _NO_BAR])
                pieces.append((shown, "strong" if chosen else "dim"))
        else:
            pieces = [(join([_LEFT, words[self._at], _RIGHT]), "strong")]
        return self.strip(pieces if y == 0 else [], width)


class FormLine(LineField):
    """One line. Enter is told at once, so that what is typed ahead goes into the field that has the focus then."""

    def __init__(self, asked: Asked, on_enter: Callable[[], Awaitable[None]]) -> None:
        super().__init__(asked.value, password=asked.secret)
        self._entered = on_enter

    async def action_submit(self) -> None:
        """Textual's name for Enter."""
        await self._entered()


class FieldRow(Vertical):
    """A question with its field, and below it what is wrong with the answer."""

    DEFAULT_CSS = """
    FieldRow { height: auto; width: 1fr; }
    FieldRow > Horizontal { height: 1; width: 1fr; }
    FieldRow LineField { border: none; height: 1; width: 1fr; padding: 0 1; background: $surface; }
    FieldRow LineField:focus { border: none; background: $panel; background-tint: transparent; }
    FieldRow > Plain { height: auto; display: none; }
    """

    def __init__(self, asked: Asked, width: int, on_enter: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.asked = asked
        self._width = width
        self._label = PlainLine()
        self._label.styles.width = width
        self.note = Plain()
        self.note.styles.padding = (0, 1, 0, width + 1)
        self.field: FormLine | ChoiceField
        self.field = ChoiceField(asked.choices, asked.value) if asked.choices else FormLine(asked, on_enter)

    def compose(self) -> ComposeResult:
        """Label and field side by side."""
        with Horizontal():
            yield self._label
            yield self.field
        yield self.note

    def on_mount(self) -> None:
        """The label, without the bar."""
        self.mark(False)

    def mark(self, focused: bool) -> None:
        """Show whether this is where one types."""
        label = fit(cut(self.asked.label, self._width - 3), self._width - 2)
        bar: Piece = (_BAR, "accent") if focused else (_NO_BAR, "")
        self._label.show([bar, (label, "strong" if focused else "")])

    def complain(self, what: Safe) -> None:
        """What is wrong with the answer; nothing is with an empty text."""
        self.note.display = bool(what)
        self.note.show([(_COMPLAINT, "warning"), (what, "warning")] if what else EMPTY)


class FormView(VerticalScroll, inherit_bindings=False):
    """The page. `on_focus` is told the question at which one types now; None on a page that is only read."""

    DEFAULT_CSS = """
    FormView { height: 1fr; width: 1fr; padding: 1 2 0 2; scrollbar-size-vertical: 1; }
    FormView > Plain { height: auto; }
    FormView > .gap { height: 1; }
    """

    def __init__(
        self,
        *,
        on_focus: Callable[[Asked | None], None],
        on_enter: Callable[[], Awaitable[None]],
        id: str | None = None,
    ) -> None:
        """`on_enter` is called when Enter is pressed in a line."""
        super().__init__(id=id)
        self._told, self._entered = on_focus, on_enter
        self.intro = Plain()
        self.rows: list[FieldRow] = []
        self.can_focus = False

    def compose(self) -> ComposeResult:
        """The text above."""
        yield self.intro

    async def put(self, intro: Sequence[Piece], asked: Sequence[Asked]) -> None:
        """Another page. The cursor is in the first field that needs an answer, else in the first one."""
        widest = max((cells(each.label) for each in asked), default=0)
        width = min(LABEL, widest + 4)
        rows = [FieldRow(each, width, self._entered) for each in asked]
        with self.app.batch_update():  # a page is there at once: nobody types into one that has no fields yet
            self.intro.show(list(intro))
            self.intro.display = bool(intro)
            self.intro.styles.padding = (0, 0, 1 if asked and intro else 0, 0)
            await self.remove_children(FieldRow)
            self.rows = rows
            self.can_focus = not asked
            await self.mount_all(rows)
            self.scroll_home(animate=False)
            self._start()

    def _start(self) -> None:
        if self.rows:
            start = next((row for row in self.rows if row.asked.required and not row.field.value), self.rows[0])
            self.screen.set_focus(start.field)
        else:
            self.screen.set_focus(self)
            self._told(None)

    def answers(self) -> dict[str, str]:
        """What stands in the fields."""
        return {row.asked.name: row.field.value for row in self.rows}

    def complain(self, wrong: Mapping[str, Safe]) -> bool:
        """Say below each field what is wrong with it, and go to the first one. False where none of them is here."""
        here = [row for row in self.rows if row.asked.name in wrong]
        for row in self.rows:
            row.complain(wrong.get(row.asked.name, EMPTY))
        if here:
            self.screen.set_focus(here[0].field)
        return bool(here)

    # -- the cursor -------------------------------------------------------------------------------------------------

    @property
    def _at(self) -> int:
        focused = self.screen.focused
        return next((at for at, row in enumerate(self.rows) if row.field is focused), -1)

    @property
    def is_last(self) -> bool:
        """Whether one is at the last field, or there is none."""
        return self._at == len(self.rows) - 1

    def move(self, by: int) -> None:
        """To another field; on a page without fields, up or down."""
        if not self.rows:
            self.scroll_relative(y=by, animate=False)
            return
        self.screen.set_focus(self.rows[min(max(0, self._at + by), len(self.rows) - 1)].field)

    def page(self, by: int) -> None:
        """A screen up or down."""
        self.scroll_relative(y=by * max(1, self.size.height - 2), animate=False)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The bar goes to the field at which one types."""
        self._mark(event.widget)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """It leaves the one before."""
        for row in self.rows:
            if row.field is event.widget:
                row.mark(False)

    def _mark(self, focused: Widget) -> None:
        for row in self.rows:
            row.mark(row.field is focused)
            if row.field is focused:
                row.scroll_visible(animate=False)
                self._told(row.asked)

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was wrong may be right now."""
        event.stop()
        for row in self.rows:
            if row.field is event.input:
                row.complain(EMPTY)
