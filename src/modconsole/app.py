"""The console: the app that the screens live in, and the way in, `run`.

It follows the database (whoever wrote to it) by asking SQLite for a number a few times a second; when that changes, and
once a minute because ages do, the header's figures are read in a thread and the screen that is shown looks again. While
nothing happens, nothing is sent to the terminal.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final

from modconsole import keymap as keymaps
from modconsole.errors import InputError, ModConsoleError, UsageError
from modconsole.widgets.display.terminal import prepare_environment, require_terminal, run_console

with suppress(UsageError):  # `run` says it; Textual reads the environment when it is imported, which is now
    prepare_environment()

from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen

from modconsole.desk import undoing
from modconsole.desk.desk import Desk
from modconsole.desk.views import Header, header
from modconsole.domain.safetext import Safe, for_terminal, join, line, literal
from modconsole.screens.base import Act, Base, bindings
from modconsole.screens.queue import QueueScreen
from modconsole.widgets.display.mixin import DiffDisplay
from modconsole.widgets.inorder import KeysInOrder

POLL: Final = 0.3
"""Seconds between two looks at the database's number."""
TYPING: Final = 0.4
"""Somebody types as long as the last key is not older, in seconds; then what others changed may be shown `PATIENCE` later."""
PATIENCE: Final = 3.0
"""Seconds."""
MINUTE: Final = 60.0
THREADS: Final = 3
"""Threads that read and act, each with a connection of its own."""

SWITCH: Final = 0.0005
"""Seconds after which a thread that reads gives way: a key needs the interpreter's lock several times."""

Background = Callable[[threading.Event], None]
"""Work beside the screen, such as sync: runs in a thread of its own until the event is set."""


class ModConsoleApp(DiffDisplay, KeysInOrder, App[int]):
    """The console on one desk."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [b for b in bindings("queue") if getattr(b, "id", "") == "quit"]

    def __init__(
        self,
        desk: Desk,
        *,
        background: Background | None = None,
        keymap: Mapping[str, tuple[str, ...]] | None = None,
        sync_now: Callable[[str | None], bool] | None = None,
        log: Path | None = None,
    ) -> None:
        """`keymap` is a checked one (`keymap.read_keymap`); `sync_now` asks for a look at one source, or at all of them, and
        is false where nothing is synced.

        `log` is the file that takes the details of a crash.
        """
        super().__init__()
        self.desk = desk
        self.keymap = dict(keymap or {})
        self.header: Header | None = None
        self.repeatable: tuple[Safe, Act] | None = None
        self.sync_now = sync_now
        self.log_path = log
        self.crashed = ""
        self._background = background
        self._stop = threading.Event()
        self._version: int | None = None
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._again = False
        self._screens: dict[str, Base] = {}

    # -- life ---------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[Any]:
        """Home is the first screen; Textual's own empty one would cost a frame."""
        home = self._screens["queue"] = QueueScreen()
        return home

    def on_load(self) -> None:
        """Before the screen is there."""
        self._fatal_error = self._crash  # type: ignore[method-assign]
        if self.keymap:
            self.set_keymap({ident: ",".join(each) for ident, each in self.keymap.items()})
        self._pool = ThreadPoolExecutor(THREADS, "desk")
        asyncio.get_running_loop().set_default_executor(self._pool)

    def on_mount(self) -> None:
        """Follow the database, and begin the work beside the screen."""
        self.read_again()
        self.set_interval(POLL, self._poll)
        self.set_interval(MINUTE, self.read_again)
        self.call_after_refresh(
            gc.freeze
        )  # what is loaded stays: looking through it for garbage takes as long as five keys
        if self._background is not None:
            threading.Thread(target=self._beside, args=(self._background,), name="background", daemon=True).start()

    def on_unmount(self) -> None:
        """The work beside the screen is told to end."""
        self._stop.set()

    def _beside(self, work: Background) -> None:
        try:
            work(self._stop)
        except ModConsoleError as error:
            if not self._stop.is_set():
                self.call_from_thread(self._say, join([literal("! "), line(str(error))]), "warning")

    def _crash(self) -> None:
        """Instead of Textual's traceback, which shows what strangers wrote: kinds and places go to the log, alone."""
        error = sys.exception()
        frames = traceback.extract_tb(error.__traceback__) if error is not None else []
        last = next((frame for frame in reversed(frames) if "modconsole" in frame.filename), None)
        place = f" in {Path(last.filename).name}, line {last.lineno}" if last is not None else ""
        self.crashed = f"{type(error).__name__}{place}"
        if self.log_path is not None:
            with suppress(OSError):
                _append(
                    self.log_path, [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames], self.crashed
                )
        self._close_messages_no_wait()

    # -- following the database ---------------------------------------------------------------------------------

    def _poll(self) -> None:
        """Follow what others change. While somebody types, less often: a key that comes during a reading waits for it."""
        now = time.monotonic()
        if now - self.typed_at < TYPING and now - self._read_at < PATIENCE:
            return
        try:
            version = self.desk.version()
        except ModConsoleError:
            version = None
        if version != self._version:
            self._version, self._read_at = version, now
            self.read_again()

    def read_again(self) -> None:
        """Look at the database now: the header's figures, and what the screen shows."""
        screen = self.screen
        if isinstance(screen, Base) and screen.is_mounted:
            screen.changed()
        self._again = True
        if not self.reading:
            self._reading = asyncio.create_task(self._read())

    @property
    def reading(self) -> bool:
        """Whether the header's figures are being read."""
        return self._reading is not None and not self._reading.done()

    async def _read(self) -> None:
        while self._again:
            self._again = False
            try:
                self.header = await asyncio.to_thread(header, self.desk)
            except ModConsoleError as error:
                self._unreadable(error)
                return
            except Exception as error:
                self.call_later(_raise, error)
                return
            for screen in self.screen_stack:
                if isinstance(screen, Base):
                    screen.show_head()
                    screen.header_changed(self.header)

    def _unreadable(self, error: ModConsoleError) -> None:
        """Without a database the screens teach; with one, the figures are not as fresh as they look."""
        if self._version is not None:
            self._say(join([literal("! "), line(str(error))]), "warning")

    def _say(self, what: Safe, style: str = "") -> None:
        if isinstance(self.screen, Base):
            self.screen.say(what, style)

    # -- screens ------------------------------------------------------------------------------------------------

    def go(self, screen: str) -> None:
        """Show one of the main screens; each keeps its place."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if screen == "queue":
            return
        if screen not in self._screens:
            self._screens[screen] = make(screen)
            self.install_screen(self._screens[screen], screen)
        self.push_screen(screen)

    def open_conversation(self, source: str, conversation: str, focus: str | None = None) -> None:
        """Show a conversation, at a message if one is named."""
        from modconsole.screens.conversation import ConversationScreen

        self.push_screen(ConversationScreen(source, conversation, focus))

    def action_go(self, screen: str) -> None:
        """The keys of the main screens."""
        self.go(screen)

    def action_palette(self) -> None:
        """Find a command by its name."""
        from modconsole.screens.palette import PaletteScreen

        if isinstance(self.screen, Base):
            self.push_screen(PaletteScreen(self.screen))

    def action_help(self) -> None:
        """All keys that work where we are."""
        from modconsole.screens.help import HelpScreen

        if isinstance(self.screen, Base) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen.place))

    # -- acts that need no ask ----------------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Take back my last act, and say what it was."""
        screen = self.screen
        if isinstance(screen, Base):
            screen.work(lambda: undoing.undo(self.desk), self._undone)

    def _undone(self, undone: undoing.Undone) -> None:
        from modconsole.screens.saying import undone_words

        self.read_again()
        if isinstance(self.screen, Base):
            self.screen.say(undone_words(undone))

    def action_repeat(self) -> None:
        """Do the last act again on the ask under the cursor."""
        screen = self.screen
        if not isinstance(screen, Base):
            return
        ask = screen.current_ask()
        if self.repeatable is None:
            screen.say(literal("Nothing has been done yet that could be done again."), "warning")
        elif ask is None:
            screen.say(literal("There is no ask under the cursor."), "warning")
        else:
            self.repeatable[1](ask)

    def action_sync(self, source: str | None = None) -> None:
        """Ask for a look at all sources, or at one."""
        if self.sync_now is None or not self.sync_now(source):
            self._say(
                literal("Nothing is synced here: what you see was imported. 6, then a, adds a source."),
                "warning",
            )
            return
        self._say(join([literal("Looking at "), line(source) if source else literal("all sources"), literal(" now.")]))

    async def action_quit(self) -> None:
        """Leave."""
        self.exit(0)


def _raise(error: Exception) -> None:
    raise error


def make(screen: str) -> Base:
    """One of the main screens, loaded when it is first shown. KeyError for any other name."""
    if screen == "inbox":
        from modconsole.screens.inbox import InboxScreen

        return InboxScreen()
    if screen == "rules":
        from modconsole.screens.rules import RulesScreen

        return RulesScreen()
    if screen == "sources":
        from modconsole.screens.sources import SourcesScreen

        return SourcesScreen()
    if screen == "outbox":
        from modconsole.screens.outbox import OutboxScreen

        return OutboxScreen()
    raise KeyError(screen)


def run(
    desk: Desk,
    *,
    background: Background | None = None,
    sync_now: Callable[[str | None], bool] | None = None,
    home: Path | None = None,
) -> int:
    """Run the console and give the exit status: 0, 1 after an error of ours, 128 + n after signal n.

    `home` is the folder with `settings.toml` and `logs`. Raises `UsageError` where no screen can be shown, and
    `InputError` for settings that cannot be used.
    """
    prepare_environment()
    require_terminal()
    app = ModConsoleApp(
        desk,
        background=background,
        keymap=load_keymap(home / "settings.toml") if home is not None else None,
        sync_now=sync_now,
        log=home / "logs" / "console.log" if home is not None else None,
    )
    sys.setswitchinterval(SWITCH)
    gc.freeze()  # what is loaded stays: looking through it for garbage again and again takes as long as five keys
    status = run_console(app)
    if app.crashed:
        where = f" Details are in {app.log_path}." if app.log_path is not None else ""
        said = f"modconsole stopped because of an error of its own ({app.crashed}). Drafts and replies are kept.{where}"
        sys.stderr.write(for_terminal(said) + "\n")
    return status


def load_keymap(path: Path) -> dict[str, tuple[str, ...]]:
    """The user's keymap from a settings file, checked; empty without one. Raises `InputError` that names each problem."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    found, problems = keymaps.read_keymap(text)
    if problems:
        raise InputError(
            f"{path}: " + " ".join(problems), hint="`?` and docs/keys.md list all commands with their ids."
        )
    return found


def _append(path: Path, lines: list[str], what: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(number, "a", encoding="utf-8") as file:
        file.write("\n".join([what, *lines, ""]) + "\n")
