"""A screen that is a list: column names, rows, a lesson where there are none, how many there are and what is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from modconsole.desk.views import Header
from modconsole.domain.safetext import EMPTY, Safe, fill, fit, join
from modconsole.errors import ModConsoleError
from modconsole.screens.base import Base
from modconsole.widgets.pager import Key
from modconsole.widgets.plain import Piece, Plain, PlainLine
from modconsole.widgets.rowlist import RowList
from modconsole.widgets.window import Pager, Row

R = TypeVar("R", bound=Row)


class ListScreen(Base, Generic[R]):
    """Base of the screens that list something. `now` is the instant by which all rows that are shown were drawn."""

    FOOT_FOLLOWS: ClassVar[bool] = False
    """Whether what can be done depends on the row, and not only on whether there is one."""
    MARKS: ClassVar[bool] = False
    """Whether rows can be marked, to act on them at once."""
    FEW: ClassVar[bool] = False
    """Whether rows are so few that what comes above is shown at once instead of being told."""

    def __init__(self) -> None:
        super().__init__()
        self._nothing = True
        self.now = 0
        self.news = 0
        self.trouble: ModConsoleError | None = None
        self.columns = PlainLine(id="columns")
        self.empty = Plain(id="empty")

    # -- what a screen gives ------------------------------------------------------------------------------------

    def pager(self) -> Pager[R]:
        """What is listed now."""
        raise NotImplementedError

    def draw(self, row: R, width: int) -> list[Piece]:
        """A row in `width` cells; must not read anything."""
        raise NotImplementedError

    def column_names(self, width: int) -> Sequence[Piece]:
        """The line above the list, in `width` cells."""
        return ()

    def lesson(self) -> Sequence[Piece]:
        """What an empty list means, and what to do."""
        raise NotImplementedError

    def opened(self, row: R) -> None:
        """Enter on a row."""

    def lost(self, row: R) -> None:
        """The row under the cursor went away by itself."""

    def moved(self, row: R | None) -> None:
        """The cursor is on another row, or the list has another length; called in the handler of the key."""

    def marks(self, marked: frozenset[Key]) -> None:
        """Other rows are marked."""

    def ribbon_left(self) -> Sequence[Piece]:
        """What the ribbon says while nothing is new."""
        return ()

    def ribbon_right(self) -> Safe:
        """How many there are."""
        return fill("{:,} ", self.list.count) if self.list.count else EMPTY

    def beside(self) -> ComposeResult:
        """A second pane."""
        yield from ()

    def below(self) -> ComposeResult:
        """What stands between list and ribbon."""
        yield from ()

    # -- the frame ----------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """Column names, the list or its lesson, a second pane, and what stands below."""
        self.now = self.desk.now()
        self.list: RowList[R] = RowList(
            self.pager(),
            self.draw,
            on_cursor=self._moved,
            on_open=self.opened,
            on_mark=self.marks if self.MARKS else None,
            on_news=self._told_news,
            on_lost=self.lost,
            on_error=self._failed,
            id="list",
        )
        self.empty.display = False
        yield self.columns
        with Horizontal(id="panes"):
            yield self.list
            yield self.empty
            yield from self.beside()
        yield from self.below()

    def list_width(self) -> int:
        """Cells that the list has for a row."""
        return self.app.size.width

    def on_mount(self) -> None:
        """The frame is filled before the first picture."""
        self.show_columns()
        self.list.focus()

    def on_resize(self) -> None:
        """Other widths hold other columns."""
        self.show_columns()

    def show_columns(self) -> None:
        """The line above the list."""
        self.columns.show([(fit(EMPTY, 2), ""), *self.column_names(self.list_width() - 2)])

    def show_ribbon(self) -> None:
        """What is new above, and how many there are."""
        left = [(fill(" \u2191 {} new", self.news), "accent")] if self.news else list(self.ribbon_left())
        self.ribbon.show(left, [(self.ribbon_right(), "dim")])

    def show_empty(self) -> None:
        """Instead of an empty list, what that means and what to do."""
        loaded = self.list.window.loaded
        empty = (loaded and self.list.count == 0) or (self.trouble is not None and not self.list.count)
        if empty:
            self.empty.show(list(self.lesson()))
        if empty != self.empty.display:
            self.empty.display = empty
            self.list.styles.width = 0 if empty else "1fr"

    # -- what happens -------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Rows may have come and gone, and all of them are older."""
        self.now = self.desk.now()
        self.list.redraw()
        self.list.changed()

    def header_changed(self, header: Header | None) -> None:
        """The database can be read; an empty list may mean something else now."""
        self.trouble = None
        self.show_empty()
        self.show_ribbon()

    def use(self) -> None:
        """List something else: what `pager` gives now."""
        self.trouble = None
        self.list.use(self.pager())
        self._nothing = True  # until its rows are there
        self.show_foot()
        self.show_ribbon()

    def _moved(self, row: R | None, _position: int, _count: int) -> None:
        if row is not None:
            self.trouble = None
        if self.FOOT_FOLLOWS or (row is None) != self._nothing:
            self._nothing = row is None
            self.show_foot()
        self.show_ribbon()
        self.show_empty()
        self.moved(row)

    def _told_news(self, number: int) -> None:
        if number and self.FEW:
            self.list.show_news()
            return
        self.news = number
        self.show_ribbon()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, ModConsoleError):
            raise error
        self.trouble = error
        if self.list.count:
            self.say_error(error)
        self.show_empty()


def titles(*columns: tuple[Safe, int]) -> list[Piece]:
    """Names of columns and their widths as one dim line."""
    return [(join([fit(name, width) for name, width in columns]), "dim")]
