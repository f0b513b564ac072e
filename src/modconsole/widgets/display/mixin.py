"""`DiffDisplay`: Textual's app with a screen writer that sends only what changed.

    class ModConsole(DiffDisplay, App[int]): ...

It replaces `App._display`, which is private: see `SUPPORTED`. Whatever is not a plain update of the compositor goes
Textual's own way, and the whole picture is sent anew afterwards.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import textual
from rich.color import ColorSystem
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App

from modconsole.widgets.display.cells import Line, Painter
from modconsole.widgets.display.frame import Frame
from modconsole.widgets.display.pace import PATIENCE, Pace

if TYPE_CHECKING:
    from textual.screen import Screen


def _version() -> str:
    """Textual's version by its folder of metadata: `textual.__version__` loads `importlib.metadata`, 6 to 12 ms of a start."""
    found = next(Path(textual.__file__).parents[1].glob("textual-*.dist-info"), None)
    return textual.__version__ if found is None else found.name.removeprefix("textual-")


SUPPORTED = _version().startswith("8.2.")
"""Whether this is a Textual whose insides are the ones that were tested."""


def how(environ: dict[str, str] | os._Environ[str] = os.environ) -> str:
    """`stock` (Textual writes), `diff` (only changed cells) or `paced` (and never too much under way; the default)."""
    wanted = environ.get("MODCONSOLE_DISPLAY", "paced")
    return wanted if SUPPORTED and wanted in ("diff", "paced") else "stock"


def erases_in_colour(environ: dict[str, str] | os._Environ[str] = os.environ) -> bool:
    """Whether the terminal erases with the current background colour. GNU screen does not, unless told to."""
    return "STY" not in environ and ("TMUX" in environ or not environ.get("TERM", "").startswith("screen"))


if TYPE_CHECKING:
    _App = App[Any]
else:
    _App = object


class DiffDisplay(_App):
    """Mixin for an `App`; must come before it in the list of bases."""

    DISPLAY: ClassVar[str | None] = None
    """Overrules `MODCONSOLE_DISPLAY` for a class of apps, in tests."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mode = self.DISPLAY or how()
        self._diffing = mode != "stock"
        self._pace = Pace(enabled=mode == "paced")
        self._frame: Frame | None = None
        self._painter: Painter | None = None
        self._wanted: dict[int, Line] = {}
        self._waiting = False
        self._cursor_at = (0, 0)

    # -- what Textual calls -------------------------------------------------------------------------------------

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        driver = self._driver
        if not self._diffing or driver is None or self.is_headless or driver.is_inline:
            return super()._display(screen, renderable)
        if renderable is None or self._batch_count or not self._running or self._closed:
            return super()._display(screen, renderable)
        if not isinstance(renderable, (LayoutUpdate, ChopsUpdate)):
            self.forget_display()
            return super()._display(screen, renderable)
        try:
            self._show(renderable)
        except Exception as error:
            self._handle_exception(error)
        finally:
            self.post_display_hook()
        return None

    def forget_display(self) -> None:
        """Somebody else wrote to the terminal: nothing is known about its picture any more."""
        self._frame = None
        self._wanted = {}
        self._pace.forget()

    def action_redraw(self) -> None:
        """Send the whole picture anew, after a stray program or a bad line has garbled it."""
        self.forget_display()
        self.refresh(layout=True)

    def _suspend_signal(self) -> None:
        """Another program gets the terminal: our questions' answers must not be typed into it."""
        time.sleep(self._pace.rest())
        super()._suspend_signal()

    def on_mount(self) -> None:
        """Coming back from another program, or from the shell, the terminal shows something else."""
        self.app_resume_signal.subscribe(self, self._resumed, immediate=True)

    def _resumed(self, _app: object) -> None:
        self.forget_display()
        self.refresh(layout=True)

    async def _on_exit_app(self) -> None:
        """Called before Textual's own handler, while the terminal's answers are still read and thrown away."""
        self._pace.enabled = False
        await asyncio.sleep(self._pace.rest())

    def on_cursor_position(self, _event: events.CursorPosition) -> None:
        """The terminal's answer to a question of `pace`."""
        self._pace.answered()
        self._send_wanted()

    # -- sending ------------------------------------------------------------------------------------------------

    def _show(self, update: LayoutUpdate | ChopsUpdate) -> None:
        width, height = self.screen.outer_size
        frame = self._frame
        if frame is None or (frame.width, frame.height) != (width, height):
            frame = self._frame = Frame(width, height, erases=erases_in_colour())
            self._wanted = {}
            self._pace.forget()
        self._wanted.update(self._changed_rows(frame, update))
        if self._pace.may_send():
            self._send_wanted()
        else:
            self._pace.merged += 1
            if not self._waiting:
                self._waiting = True
                self.set_timer(PATIENCE, self._stop_waiting)

    def _stop_waiting(self) -> None:
        self._waiting = False
        self._send_wanted()

    def _send_wanted(self) -> None:
        frame, driver = self._frame, self._driver
        if not self._wanted or frame is None or driver is None or not self._running or not self._pace.may_send():
            return
        rows, self._wanted = self._wanted, {}
        data = frame.advance(rows)
        if not data:
            return
        self._begin_update()
        try:
            driver.write(data + self._cursor())
        finally:
            self._end_update()
        question = self._pace.sent(len(data))
        if question:
            driver.write(question)
        driver.flush()

    def _cursor(self) -> str:
        """Where the (hidden) cursor belongs: input methods open their window there. Unused, it costs nothing."""
        x, y = self.screen.outer_size.clamp_offset(self.cursor_position)
        return f"\x1b[{y + 1};{x + 1}H" if x or y else ""

    # -- from updates to rows -----------------------------------------------------------------------------------

    def _changed_rows(self, frame: Frame, update: LayoutUpdate | ChopsUpdate) -> dict[int, Line]:
        """The rows as they should be after the update, those that it touches."""
        rows: dict[int, Line] = {}
        for y, x, cells in self._pieces(update):
            if not 0 <= y < frame.height:
                continue
            if x == 0 and len(cells) == frame.width:
                rows[y] = cells
                continue
            row = rows.get(y)
            if row is None:
                row = rows[y] = list(self._wanted.get(y) or frame.lines[y])
            row[x : x + len(cells)] = cells
            del row[frame.width :]
        return rows

    def _pieces(self, update: LayoutUpdate | ChopsUpdate) -> list[tuple[int, int, Line]]:
        """(line, column, cells) of what the update paints."""
        if self._painter is None:
            self._painter = Painter(self.console._color_system or ColorSystem.TRUECOLOR, no_colour=self.no_color)
        cells = self._painter.cells
        if isinstance(update, LayoutUpdate):
            left, top = update.region.offset
            return [(y, left, cells(strips)) for y, strips in enumerate(update.strips, top)]
        pieces = []
        for y, x1, x2 in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x <= x2 and end > x1:
                    low, high = max(0, x1 - x), min(end, x2) - x
                    pieces.append((y, x + low, cells([strip])[low:high]))
        return pieces
