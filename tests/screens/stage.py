"""A console on a small database whose clock stands still until it is told to go on."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from modconsole.app import ModConsoleApp
from modconsole.desk.desk import Desk
from modconsole.domain.records import Record
from modconsole.domain.times import SECOND
from modconsole.screens.conversation import ConversationScreen
from modconsole.store.ingest import ingest
from tests.scenarios.story import Story, when


class Clock:
    """A clock that a test sets."""

    def __init__(self, at: str) -> None:
        self.now = when(at)

    def __call__(self) -> int:
        """Now, as an instant."""
        return self.now

    def set(self, at: str) -> None:
        """Another time of the story."""
        self.now = when(at)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += int(seconds * SECOND)


def utc() -> None:
    """Clocks on the screen show the machine's time zone: make that UTC."""
    os.environ["TZ"] = "UTC"
    time.tzset()


def stored(path: Path, told: Story | Iterable[Record], at: str) -> None:
    """The records of a story in a database, as if a sync had brought them."""
    desk = Desk(path)
    ingest(desk.db, list(told.records if isinstance(told, Story) else told), when(at))
    desk.close()


@asynccontextmanager
async def console(
    path: Path, clock: Clock, *, who: str = "ann", size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[ModConsoleApp, Pilot[int]]]:
    """The console of one person on a database."""
    utc()
    desk = Desk(path, who=who, clock=clock)
    app = ModConsoleApp(desk)
    async with app.run_test(size=size) as pilot:
        await until(lambda: app.header is not None)
        yield app, pilot


@asynccontextmanager
async def talking(
    path: Path,
    clock: Clock,
    *,
    conversation: str = "post",
    source: str = "blog",
    focus: str | None = None,
    who: str = "ann",
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[tuple[ModConsoleApp, Pilot[int], ConversationScreen]]:
    """The same, with a conversation open and read."""
    async with console(path, clock, who=who, size=size) as (app, pilot):
        app.open_conversation(source, conversation, focus)
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ConversationScreen)
        await until(lambda: screen.view.item is not None or screen.view.stack.count == 0)
        await pilot.pause()
        yield app, pilot, screen


async def until(true: Callable[[], object], seconds: float = 8) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def picture(app: ModConsoleApp) -> list[str]:
    """The lines on the screen, without spaces at their ends."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def shows(app: ModConsoleApp, text: str) -> bool:
    """Whether a text is on the screen."""
    return any(text in line for line in picture(app))
