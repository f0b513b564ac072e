"""Pictures of the screens on which one answers, on the demo's community with a clock that stands still.

Each test says what one should see. `pytest --snapshot-update` takes new pictures; look at them before they are committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from modconsole.app import ModConsoleApp
from modconsole.desk.desk import Desk
from modconsole.domain.records import Author, Message
from modconsole.domain.times import MINUTE, to_datetime
from modconsole.screens.composer import Composer
from modconsole.screens.conversation import ConversationScreen
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.widgets.thread import ThreadView
from tests.screens import kit

Compare = Callable[..., bool]
Keys = Callable[[Pilot[Any]], Any]


def at(path: Path, keys: Keys, *, message: str = "c205") -> tuple[ModConsoleApp, Keys]:
    """The console, and what to do before the picture: open the conversation at a message, then the keys."""
    app = ModConsoleApp(Desk(path, who="mara", clock=kit.Clock()))

    async def before(pilot: Pilot[Any]) -> None:
        await kit.until(pilot, lambda: app.header is not None)
        app.open_conversation("blog", "release-2-1", message)
        await pilot.pause()
        await kit.until(pilot, lambda: settled(app))
        await keys(pilot)
        await kit.until(pilot, lambda: settled(app))
        await pilot.pause()

    return app, before


def settled(app: ModConsoleApp) -> bool:
    """Whether everything that was asked for has been read and is shown."""
    for screen in app.screen_stack:
        if getattr(screen, "working", False):
            return False
        view = getattr(screen, "view", None)
        if isinstance(view, ThreadView) and (view._reading is not None or (view.stack.count and view.item is None)):
            return False
        if isinstance(screen, ConversationScreen) and screen._talk is None:
            return False
        if isinstance(screen, Composer) and screen._begun is None:
            return False
    return True


def stored(path: Path, said: Message) -> None:
    """A message arrives, by another process as it were."""
    with Db(path) as db:
        ingest(db, [said], kit.NOW)


async def nothing(_pilot: Pilot[Any]) -> None:
    """No key."""


def pressing(*keys: str) -> Keys:
    """One key after the other."""

    async def press(pilot: Pilot[Any]) -> None:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()

    return press


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_conversation(community: Path, snap_compare: Compare, size: tuple[int, int]) -> None:
    """You should see the thread with the bar at what waits, the bot's answer as such, notes dim, what is gone in words."""
    app, before = at(community, nothing)
    assert snap_compare(app, run_before=before, terminal_size=size)


def test_close_dialog(community: Path, snap_compare: Compare) -> None:
    """You should see the usual reasons with a key each at the foot, and the conversation above them."""
    app, before = at(community, pressing("c"))
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_snooze_dialog(community: Path, snap_compare: Compare) -> None:
    """You should see until when, with the time that each answer means."""
    app, before = at(community, pressing("z"))
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_why(community: Path, snap_compare: Compare) -> None:
    """You should see the question, since when, what does not cover and why, and the target with the due time."""
    app, before = at(community, pressing("w"))
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_diff(community: Path, snap_compare: Compare) -> None:
    """You should see two versions, and the words that came between signs."""
    app, before = at(community, pressing("d"), message="c220")
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_composer_with_a_caution(community: Path, snap_compare: Compare) -> None:
    """You should see whom it answers and who will read it, both messages, the reply, and that she wrote again."""

    async def keys(pilot: Pilot[Any]) -> None:
        await pilot.press("r")
        screen = pilot.app.screen
        assert isinstance(screen, Composer)
        await kit.until(pilot, lambda: screen._begun is not None)
        screen.area.put("Hi Imani, rev A needs the slow waveform: 2.1.1 has it. 少々お待ちください。")
        now = kit.NOW - 2 * MINUTE
        said = Message(
            source="blog",
            id="c999",
            conversation="release-2-1",
            parent="c205",
            author=Author(id="imani", name="Imani Wekesa"),
            created_at=to_datetime(now),
            text="Never mind the screen, now it does not start at all!",
        )
        await asyncio.to_thread(stored, community, said)
        await kit.until(pilot, lambda: screen._found)
        await kit.until(pilot, lambda: not screen._saving)

    app, before = at(community, keys)
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))
