"""What tests of screens need: the demo's community in a database, a clock that stands still, and patience with a deadline."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from modconsole.app import ModConsoleApp
from modconsole.connectors import demo
from modconsole.desk.desk import Desk
from modconsole.domain.records import Record
from modconsole.domain.times import parse
from modconsole.screens.base import Base
from modconsole.screens.listing import ListScreen
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.store.ingest import ingest

NOW = parse("2026-11-21T20:00:00Z")
"""The instant at which the demo began, for every test."""

PATIENCE = 20.0
"""Seconds after which something that should have come is called missing."""


class Clock:
    """Now, until somebody says otherwise."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        """The instant."""
        return self.now


def build(path: Path, records: Iterable[Record], *, accounts: Iterable[str] = ()) -> Path:
    """A database with these records, and sources that somebody is signed in to."""
    with Db(path) as db:
        ingest(db, list(records), NOW)
        for source in accounts:
            marks.save_account(db, source, f"demo-{source}", {})
        db.conn.execute("pragma wal_checkpoint(truncate)")
    return path


def community(path: Path) -> Path:
    """The demo's community as it is when the demo begins."""
    return build(path, demo.records(NOW), accounts=demo.SOURCES)


def copied(template: Path, folder: Path) -> Path:
    """A database of one's own."""
    return Path(shutil.copy(template, folder / "modconsole.db"))


def console(
    path: Path, *, clock: Clock | None = None, who: str = "mara", create: bool = False, **options: Any
) -> ModConsoleApp:
    """The console on a database."""
    return ModConsoleApp(Desk(path, who=who, clock=clock or Clock(), create=create), **options)


async def until(pilot: Pilot[Any], true: Callable[[], object], what: str = "") -> None:
    """Wait until something is true. AssertionError with what is on the screen where it never becomes so."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'it'} never came:\n" + "\n".join(lines(pilot)))
        await pilot.pause()
        await asyncio.sleep(0.005)
    await pilot.pause()


def _idle(rows: Any) -> bool:
    return rows._reading is None or rows._reading.done()


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until nothing is read or carried out any more, and everything is shown."""

    def still() -> bool:
        app, screen = pilot.app, pilot.app.screen
        assert isinstance(app, ModConsoleApp)
        if isinstance(screen, Base) and screen.working:
            return False
        if isinstance(screen, ListScreen) and not (
            screen.trouble or (screen.list.window.loaded and _idle(screen.list))
        ):
            return False
        return not app.reading

    for _ in range(3):  # what one read tells may ask for another
        await until(pilot, still, "rest")


async def ready(pilot: Pilot[Any]) -> None:
    """Wait until the header is read and the list is shown."""
    await until(pilot, lambda: pilot.app.screen.is_mounted, "the screen")
    await settled(pilot)


def lines(pilot: Pilot[Any]) -> list[str]:
    """What is on the screen, line by line."""
    return [strip.text.rstrip() for strip in pilot.app.screen._compositor.render_strips()]


def text(pilot: Pilot[Any]) -> str:
    """What is on the screen."""
    return "\n".join(lines(pilot))


def queue(pilot: Pilot[Any]) -> Any:
    """The screen that is shown, as one that has a list."""
    screen = pilot.app.screen
    assert isinstance(screen, ListScreen)
    return screen
