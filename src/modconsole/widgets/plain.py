"""Text on the screen: the only module that builds Textual's text objects, and it takes gated text alone.

Textual shows a string as markup, obeys escape sequences in it, and runs actions from it. So a screen never hands it a
string: it hands `Safe` text (see `domain.safetext`) to the widgets here, or pieces of it with the names of styles.
`tests/test_gate.py` forbids every other way.

- `Plain`: a block of text that wraps and takes the height it needs.
- `PlainLine`: one line with a left and a right part; showing something new costs one repaint and no layout.
- `Painted`: base of every widget that draws its own lines; turns pieces into strips.
- `notify_safe`: a passing notice.

Styles are few and named for what they say: `STYLES`. A widget may add its own as component classes `text--<name>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content, Span
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from modconsole.domain.safetext import EMPTY, Safe, cells, cut, fit, join

if TYPE_CHECKING:
    from textual.app import App
    from textual.visual import VisualType

Piece = tuple[Safe, str]
"""Gated text and the name of its style; the empty name is the widget's own style."""

Shown = Safe | Sequence[Piece]
"""What can be shown: text, or pieces with styles."""

STYLES: Final = ("dim", "strong", "accent", "warning", "reverse", "struck", "under")
"""Names of styles every widget here knows. Colour never carries meaning alone: a word or a sign always does."""

STYLE_CLASSES: Final = frozenset(f"text--{name}" for name in STYLES)

STYLE_CSS: Final = """
    & > .text--dim { color: $foreground-muted; }
    & > .text--strong { text-style: bold; }
    & > .text--accent { color: $text-primary; }
    & > .text--warning { color: $text-warning; text-style: bold; }
    & > .text--reverse { text-style: reverse; }
    & > .text--struck { text-style: strike; }
    & > .text--under { text-style: underline; }
"""

Severity = Literal["information", "warning", "error"]


def pieces_of(shown: Shown) -> list[Piece]:
    """`shown` as pieces. TypeError for a string that did not pass the gate."""
    pieces: list[Piece] = [(shown, "")] if isinstance(shown, Safe) else list(shown)
    for piece in pieces:
        if not isinstance(piece, tuple) or not isinstance(piece[0], Safe):
            raise TypeError("Only gated text is shown: pass it through safetext.line or safetext.block.")
    return pieces


def fit_pieces(pieces: Iterable[Piece], width: int) -> list[Piece]:
    """The pieces in exactly `width` cells: filled with spaces, or cut with an ellipsis where they do not go in."""
    out: list[Piece] = []
    left = max(0, width)
    rest = iter(pieces)
    for text, style in rest:
        taken = cells(text)
        if taken > left or (taken == left and any(more for more, _ in rest)):
            out.append((fit(_more(text), left), style))
            return out
        out.append((text, style))
        left -= taken
    if left:
        out.append((fit(EMPTY, left), ""))
    return out


def _more(text: Safe) -> Safe:
    """`text` made one cell longer than it is, so that fitting it shows that something is missing."""
    return join([text, _ONE_MORE])


_ONE_MORE: Final = fit(EMPTY, 1)


def lay_out(left: Iterable[Piece], right: Iterable[Piece], width: int) -> list[Piece]:
    """One line of exactly `width` cells, `left` at its start and `right` at its end; the left gives way."""
    right = list(right)
    if not right:
        return fit_pieces(left, width)
    room = width - sum(cells(text) for text, _ in right)
    if room < 1:
        return fit_pieces(right, width)
    return fit_pieces(left, room) + right


class Painted(Widget):
    """A widget that draws its own lines from pieces; the only place where segments for the Line API are made."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLE_CLASSES)
    DEFAULT_CSS = "Painted {" + STYLE_CSS + "}"

    _rich_styles: dict[str, Style]

    def styled(self, name: str) -> Style:
        """The style of that name over the widget's own. KeyError if the widget has no class `text--<name>`."""
        try:
            return self._rich_styles[name]
        except AttributeError:
            self._rich_styles = {}
        except KeyError:
            pass
        style = self.rich_style
        if name:
            component = self.get_component_styles(f"text--{name}")
            style += component.partial_rich_style
            if component.has_rule("color") and component.color.a < 1 and style.bgcolor is not None:
                # Textual's partial style forgets that a colour is translucent: dim text would not be dim
                blended = Color.from_rich_color(style.bgcolor) + component.color
                style += Style.from_color(blended.rich_color)
        self._rich_styles[name] = style
        return style

    def notify_style_update(self) -> None:
        """Textual's notice that a theme or a class changed."""
        self._rich_styles = {}
        super().notify_style_update()

    def strip(self, pieces: Iterable[Piece], width: int) -> Strip:
        """The pieces as a line of exactly `width` cells."""
        return Strip(
            [Segment(text, self.styled(style)) for text, style in fit_pieces(pieces_of(list(pieces)), width) if text],
            max(0, width),
        )


def overwrite(strip: Strip, at: int, text: Safe) -> Strip:
    """A line that somebody else has drawn, with gated text over the cells from `at` on, in the style that they have."""
    end = at + cells(text)
    style = next((segment.style for segment in strip.crop(at, end)), None)
    return Strip.join([strip.crop(0, at), Strip([Segment(text, style)]), strip.crop(end)])


class PlainLine(Painted):
    """One line of text. `show` may be called in any handler: it costs one repaint of this line, and no layout."""

    DEFAULT_CSS = "PlainLine { height: 1; width: 1fr; }"

    def __init__(
        self, left: Shown = EMPTY, right: Shown = EMPTY, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes, markup=False)
        self._left = pieces_of(left)
        self._right = pieces_of(right)

    def show(self, left: Shown, right: Shown = EMPTY) -> None:
        """Show `left` at the start and `right` at the end. Nothing is repainted if that is what is shown already."""
        pieces = pieces_of(left), pieces_of(right)
        if pieces != (self._left, self._right):
            self._left, self._right = pieces
            self.refresh()

    @property
    def text(self) -> str:
        """What is shown, for tests and for screen readers."""
        return "".join(text for text, _ in [*self._left, *self._right])

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line."""
        width = self.content_size.width
        right = [piece for piece in self._right if piece[0]]
        return self.strip(lay_out(self._left, right, width) if y == 0 else [], width)


class Plain(Static):
    """A block of text. It wraps, and is as high as it needs to be unless its style says otherwise."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLE_CLASSES)
    DEFAULT_CSS = "Plain {" + STYLE_CSS + "}"

    def __init__(self, shown: Shown = EMPTY, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", markup=False, id=id, classes=classes)
        self._pieces: list[Piece] = pieces_of(shown)

    def on_mount(self) -> None:
        """Styles are known from here on."""
        super().update(self._content())

    def notify_style_update(self) -> None:
        """Textual's notice that a theme or a class changed."""
        super().notify_style_update()
        if self.is_mounted:
            super().update(self._content(), layout=False)

    def _content(self) -> Content:
        spans: list[Span] = []
        at = 0
        for text, style in self._pieces:
            if style and text:
                spans.append(Span(at, at + len(text), self.get_visual_style(f"text--{style}", partial=True)))
            at += len(text)
        return Content("".join(text for text, _ in self._pieces), spans)

    def show(self, shown: Shown, *, layout: bool = True) -> None:
        """Show this instead. `layout=False` where the height is fixed: it then costs one repaint."""
        pieces = pieces_of(shown)
        if pieces == self._pieces:
            return
        self._pieces = pieces
        if self.is_mounted:
            super().update(self._content(), layout=layout)

    def update(self, content: VisualType = EMPTY, *, layout: bool = True) -> None:
        """As `show`; takes gated text alone, whatever Textual's signature allows."""
        if not isinstance(content, Safe):
            raise TypeError("Only gated text is shown: pass it through safetext.line or safetext.block.")
        self.show(content, layout=layout)

    @property
    def text(self) -> str:
        """What is shown, for tests and for screen readers."""
        return "".join(text for text, _ in self._pieces)


def notify_safe(
    where: Widget | App[Any], text: Safe, severity: Severity = "information", timeout: float | None = None
) -> None:
    """A notice that passes by itself after `timeout` seconds (Textual's default if None)."""
    if not isinstance(text, Safe):
        raise TypeError("Only gated text is shown: pass it through safetext.line or safetext.block.")
    where.notify(cut(text, 400), severity=severity, timeout=timeout, markup=False)
