"""A few lines that stand somewhere: as high as they are many, drawn as given. For a quotation, for warnings."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from modconsole.widgets.plain import Painted, Piece, pieces_of


class Lines(Painted):
    """Lines of pieces. `show` changes them; only another number of lines costs a layout."""

    DEFAULT_CSS = "Lines { height: 0; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._lines: list[list[Piece]] = []

    def show(self, lines: Sequence[Sequence[Piece]]) -> None:
        """Show these lines."""
        new = [pieces_of(line) for line in lines]
        if new == self._lines:
            return
        if len(new) != len(self._lines):
            self.styles.height = len(new)
        self._lines = new
        self.refresh()

    @property
    def text(self) -> str:
        """What is shown, for tests and for screen readers."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line."""
        return self.strip(self._lines[y] if y < len(self._lines) else [], self.content_size.width)
