"""`m`: acts on a message on its platform, here the demo's blog."""

from __future__ import annotations

from pathlib import Path

from modconsole.desk import demo
from modconsole.desk.desk import Desk
from modconsole.domain.times import SECOND
from modconsole.store import lists
from tests.scenarios.story import story
from tests.screens import kit
from tests.screens.kit import console, lines, ready, settled, text, until


def state(path: Path, message: str) -> str:
    """What the store says of a message of the blog."""
    desk = Desk(path)
    shown = lists.message(desk.db, "blog", message)
    desk.close()
    assert shown is not None
    return shown.message.state or "live"


async def test_a_message_is_trashed_on_its_platform_and_brought_back_by_undo(tmp_path: Path, clock: kit.Clock) -> None:
    """The menu says what each act does; the ask leaves the queue, and is there again after u."""
    path = tmp_path / "demo.db"
    desk = Desk(path, clock=clock)
    demo.fill(desk)
    desk.close()
    async with console(path, clock=clock).run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"in:blog title:Lanternfish", "enter")
        await settled(pilot)
        await until(pilot, lambda: "Imani" in text(pilot), "the limited queue")
        while "Imani" not in next(row for row in lines(pilot) if row.startswith("▌")):
            await pilot.press("j")
        ask = pilot.app.screen.current_ask()  # type: ignore[attr-defined]
        await pilot.press("m")
        await until(pilot, lambda: "hold" in text(pilot) and "trash" in text(pilot), "the menu")
        assert "can be restored" in text(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "In the trash. u undoes it." in text(pilot), "the act")
        assert state(path, ask.messages[0]) == "removed"
        clock.now += SECOND
        await pilot.press("u")
        await until(pilot, lambda: "Undone: trash" in text(pilot), "the undo")
        assert state(path, ask.messages[0]) == "live"


async def test_without_a_sign_in_the_key_says_that_nothing_can_be_done(tmp_path: Path) -> None:
    """An imported source has no platform behind it."""
    path = kit.build(tmp_path / "m.db", story().message("q", "bo", "09:00").records)
    async with console(path).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("m")
        await until(pilot, lambda: "Nobody is signed in to blog" in lines(pilot)[-1], "the sentence")


async def test_with_no_message_under_the_cursor_the_key_is_refused(tmp_path: Path) -> None:
    """And says why."""
    async with console(kit.build(tmp_path / "m.db", [])).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("m")
        assert lines(pilot)[-1] == " There is no message under the cursor."
