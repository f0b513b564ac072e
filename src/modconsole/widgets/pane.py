"""A second pane: paragraphs wrapped to its width. Showing something else repaints only the lines that differ.

Textual's `Static` repaints all of itself for every change, blank lines too; a pane that follows the cursor would cost more than
the list that it follows.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip

from modconsole.domain.safetext import wrap
from modconsole.widgets.plain import Painted, Piece, pieces_of

Paragraph = Sequence[Piece]
"""One piece is wrapped; several are one line, which is cut where it does not go in."""


class Pane(Painted):
    """The pane. As wide and high as its styles say; what does not go in is not shown."""

    DEFAULT_CSS = "Pane { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._paragraphs: list[list[Piece]] = []
        self._lines: list[list[Piece]] = []
        self._laid_out_for = 0

    def show(self, paragraphs: Sequence[Paragraph]) -> None:
        """Show these."""
        self._paragraphs = [pieces_of(list(paragraph)) for paragraph in paragraphs]
        width, height = self.content_size
        before, self._lines = self._lines, self._lay_out(width, height)
        if self._laid_out_for != width:
            self._laid_out_for = width
            self.refresh()
            return
        for y in range(min(height, max(len(before), len(self._lines)))):
            if before[y : y + 1] != self._lines[y : y + 1]:
                self.refresh(Region(0, y, width, 1))  # relative to the content, behind the padding

    def on_resize(self) -> None:
        """Another width wraps otherwise."""
        width, height = self.content_size
        self._laid_out_for = width
        self._lines = self._lay_out(width, height)
        self.refresh()

    def _lay_out(self, width: int, height: int) -> list[list[Piece]]:
        lines: list[list[Piece]] = []
        for paragraph in self._paragraphs:
            if len(lines) >= height:
                break
            if len(paragraph) == 1:
                text, style = paragraph[0]
                lines += [[(part, style)] for part in wrap(text, width)]
            else:
                lines.append(paragraph)
        return lines[:height]

    @property
    def text(self) -> str:
        """What is shown, for tests and for screen readers."""
        return "\n".join("".join(text for text, _ in pieces) for pieces in self._paragraphs)

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line."""
        return self.strip(self._lines[y] if y < len(self._lines) else [], self.content_size.width)
