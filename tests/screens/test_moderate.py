"""`m` and `M`: acts on a message, its author and its place, here on the demo's places."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from modconsole.desk import demo, moderating, sweep
from modconsole.desk.desk import Desk
from modconsole.domain.times import DAY, SECOND
from modconsole.store import lists
from modconsole.sync import registry
from tests.scenarios.story import story
from tests.screens import kit
from tests.screens.kit import console, lines, ready, settled, text, until


@pytest.fixture(autouse=True)
def _places_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's places live in the process: each test has new ones."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})


@pytest.fixture
def path(tmp_path: Path, clock: kit.Clock) -> Path:
    """A database of the demo with its places."""
    desk = Desk(tmp_path / "demo.db", clock=clock)
    demo.fill(desk)
    desk.close()
    return tmp_path / "demo.db"


def state(path: Path, message: str) -> str:
    """What the store says of a message of the blog."""
    desk = Desk(path)
    shown = lists.message(desk.db, "blog", message)
    desk.close()
    assert shown is not None
    return shown.message.state or "live"


async def at(pilot: Pilot[Any], source: str, conversation: str, message: str) -> None:
    """A conversation is open, with the cursor at a message."""
    await ready(pilot)
    pilot.app.open_conversation(source, conversation, message)  # type: ignore[attr-defined]
    await pilot.pause()
    await until(pilot, lambda: any(row.startswith("▌") for row in lines(pilot)), "the message")


async def test_a_message_is_removed_on_its_platform_and_brought_back_by_undo(path: Path, clock: kit.Clock) -> None:
    """The menu says what each act does and how it is taken back; the ask leaves the queue, and is there again after u."""
    async with console(path, clock=clock).run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"in:blog title:Lanternfish", "enter")
        await settled(pilot)
        await until(pilot, lambda: "Imani" in text(pilot), "the limited queue")
        while "Imani" not in next(row for row in lines(pilot) if row.startswith("▌")):
            await pilot.press("j")
        ask = pilot.app.screen.current_ask()  # type: ignore[attr-defined]
        await pilot.press("m")
        await until(pilot, lambda: "3  remove  Puts it into the trash" in text(pilot), "the menu")
        assert "Undo: restored." in text(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "why; may be empty" in text(pilot), "the form")
        await pilot.press(*"rude", "enter")
        await until(pilot, lambda: "It is removed. u undoes it." in text(pilot), "the act")
        assert state(path, ask.messages[0]) == "removed"
        clock.now += SECOND
        await pilot.press("u")
        await until(pilot, lambda: "Undone: remove" in text(pilot), "the undo")
        assert state(path, ask.messages[0]) == "live"


async def test_the_last_act_is_done_again_on_another_ask(path: Path, clock: kit.Clock) -> None:
    """`.` marks the next one as spam too, without the menu."""
    async with console(path, clock=clock).run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"in:blog", "enter")
        await settled(pilot)
        first = pilot.app.screen.current_ask()  # type: ignore[attr-defined]
        await pilot.press("m")
        await until(pilot, lambda: "2  spam" in text(pilot), "the menu")
        await pilot.press("2")
        await until(pilot, lambda: state(path, first.messages[0]) == "spam", "the act")
        await settled(pilot)
        second = pilot.app.screen.current_ask()  # type: ignore[attr-defined]
        assert second.messages != first.messages
        await pilot.press(".")
        await until(pilot, lambda: state(path, second.messages[0]) == "spam", "the act again")


async def test_a_person_is_muted_until_a_time_and_the_conversation_tells_it(path: Path, clock: kit.Clock) -> None:
    """A badge at what they wrote, a line in the log; undone, the line says so and the badge is gone."""
    async with console(path, clock=clock).run_test(size=(100, 40)) as pilot:
        await at(pilot, "forum", "t41", "p412")
        await pilot.press("M")
        await until(pilot, lambda: "[person: Mateus Andrade]" in text(pilot), "the person's page")
        assert "This account lacks the right to suspend people" in text(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "1d, 7d, fri 10:00; empty is for good" in text(pilot), "the form")
        await pilot.press(*"soon", "enter")
        await until(pilot, lambda: "'soon' is not a time" in text(pilot), "the complaint")
        await pilot.press(*(["backspace"] * 4), *"7d", "tab", *"rude", "enter")
        await until(pilot, lambda: "Mateus Andrade is muted until 28 Nov. u undoes it." in text(pilot), "the act")
        await until(pilot, lambda: "Mateus Andrade was muted by mara until 28 Nov: rude" in text(pilot), "the log")
        assert text(pilot).count("muted until 28 Nov") > 1
        (act,) = moderating.acts_on(Desk(path), "forum", "person", "mateus")
        assert act.until == clock.now + 7 * DAY
        await pilot.press("M")
        await until(pilot, lambda: "Since 20:00: muted by mara until 28 Nov." in text(pilot), "what stands")
        await pilot.press("escape", "u")
        await until(pilot, lambda: "until 28 Nov: rude (undone by mara)" in text(pilot), "the log")
        await until(pilot, lambda: text(pilot).count("muted until 28 Nov") == 0, "no badge")


async def test_a_locked_topic_is_unlocked_from_the_menus_third_page(path: Path, clock: kit.Clock) -> None:
    """Tab turns the pages; the last one is about the place."""
    async with console(path, clock=clock).run_test(size=(80, 24)) as pilot:
        await at(pilot, "forum", "t47", "p473")
        await pilot.press("m", "tab", "tab")
        await until(pilot, lambda: "[place: Which battery" in text(pilot), "the place's page")
        await until(pilot, lambda: "2  unlock" in text(pilot), "its acts")
        await pilot.press("2")
        await until(pilot, lambda: "is unlocked. u undoes it." in text(pilot), "the act")
        await until(pilot, lambda: "the conversation was unlocked by mara" in text(pilot), "the log")


async def test_what_nothing_takes_back_is_confirmed_counted_down_and_called_off(path: Path, clock: kit.Clock) -> None:
    """It says so in the menu, in the form and before it is done; u in time, and nobody hears of it."""
    async with console(path, clock=clock).run_test(size=(100, 30)) as pilot:
        await at(pilot, "masto", "s100", "s101")
        await pilot.press("m")
        await until(pilot, lambda: "Cannot be undone." in text(pilot), "the menu")
        await pilot.press("1", "enter")
        await until(pilot, lambda: "This act needs a label." in text(pilot), "the complaint")
        await pilot.press("9", "enter")
        await until(pilot, lambda: "There is no such choice." in text(pilot), "the complaint")
        await pilot.press("backspace", "b", "enter")
        await until(
            pilot, lambda: "Once done, nothing takes it back. For 10 s, u calls it off." in text(pilot), "the question"
        )
        await pilot.press("enter")  # a key held too long agrees to nothing
        await pilot.press("y")
        await until(pilot, lambda: "reported in 10 s · u undo" in text(pilot), "the countdown")
        await until(pilot, lambda: "reported by mara: breaks a rule (not done yet)" in text(pilot), "the log")
        await pilot.press("u")
        await until(pilot, lambda: "Called off: report" in text(pilot), "the undo")
        await until(pilot, lambda: "reported by mara: breaks a rule (called off)" in text(pilot), "the log")


async def test_what_is_in_line_stands_in_the_queue_and_in_the_outbox(path: Path, clock: kit.Clock) -> None:
    """Done by whoever syncs, even if this console is closed; what failed meanwhile can be tried again there."""
    desk = Desk(path, who="mara", clock=clock)
    done = moderating.moderate(desk, "masto", "s101", "report", label="spam", confirmed=True)
    async with console(path, clock=clock).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "masto · report: not done yet" in text(pilot), "the foot")
        await pilot.press("7")
        await settled(pilot)
        assert "Nothing takes this back once it is done." in text(pilot)
        await pilot.press("r")
        assert "Only an act that is unsure or has failed can be done again." in lines(pilot)[-1]
        desk.db.run("update moderation set state = 'failed', trouble = 'No route.' where id = ?", (done.id,))
        await until(pilot, lambda: "No route." in text(pilot), "the failure")
        await pilot.press("r")
        await until(pilot, lambda: "It is reported." in text(pilot), "the second try")
        await until(pilot, lambda: "✓ done" in text(pilot), "the row")
        await pilot.press("t")
        assert "It is done, or called off already." in lines(pilot)[-1]
    clock.now += 60 * SECOND
    sweep.sync(desk, ["masto"])
    desk.close()


async def test_what_somebody_changed_meanwhile_is_not_run_over(path: Path, clock: kit.Clock) -> None:
    """The menu was open while a colleague removed the comment: nothing is done, and that is said."""
    async with console(path, clock=clock).run_test(size=(100, 30)) as pilot:
        await at(pilot, "blog", "release-2-1", "c203")
        await pilot.press("m")
        await until(pilot, lambda: "1  hold" in text(pilot), "the menu")
        moderating.moderate(Desk(path, who="bob", clock=clock), "blog", "c203", "remove")
        await pilot.press("1")
        await until(pilot, lambda: "The message is removed now" in text(pilot), "the refusal")
        assert state(path, "c203") == "removed"


async def test_an_act_that_this_account_may_not_do_says_why(path: Path, clock: kit.Clock) -> None:
    """Its key does nothing else."""
    async with console(path, clock=clock).run_test(size=(80, 24)) as pilot:
        await at(pilot, "forum", "t41", "p412")
        await pilot.press("M")
        await until(pilot, lambda: "3  ban" in text(pilot), "the menu")
        await pilot.press("3")
        await until(pilot, lambda: lines(pilot)[-1].startswith(" ! This account lacks the right"), "the reason")


@pytest.mark.parametrize("size", [(80, 24), (50, 14)])
async def test_every_act_can_be_reached_on_a_small_screen(path: Path, clock: kit.Clock, size: tuple[int, int]) -> None:
    """The forum's six acts on a post go in, the one at the bar whole, the others cut where there is no room."""
    async with console(path, clock=clock).run_test(size=size) as pilot:
        await at(pilot, "forum", "t41", "p412")
        await pilot.press("m")
        await until(pilot, lambda: "1  hold" in text(pilot), "the menu")
        for number, act in enumerate(("hold", "spam", "remove", "hide", "report"), 1):
            bar = next(row for row in lines(pilot) if row.startswith(" ▌"))
            assert f"{number}  {act}" in bar
            await pilot.press("down")
        assert "esc leaves it" in lines(pilot)[-1]


async def test_a_key_typed_ahead_is_the_menus(path: Path, clock: kit.Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """`m2` in one go marks as spam, however long the platform takes to say what we may; it never opens the inbox."""
    go = threading.Event()
    possible = moderating.possible
    monkeypatch.setattr(moderating, "possible", lambda *given: go.wait(5) and possible(*given))
    async with console(path, clock=clock).run_test(size=(80, 24)) as pilot:
        await at(pilot, "blog", "release-2-1", "c203")
        pressing = asyncio.create_task(pilot.press("m", "2"))
        await until(pilot, lambda: "Asking what can be done there" in text(pilot), "the menu")
        go.set()
        await pressing
        await until(pilot, lambda: "It is marked as spam." in text(pilot), "the act")
        assert state(path, "c203") == "spam"


async def test_a_menu_that_takes_too_long_can_be_left(
    path: Path, clock: kit.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes afterwards opens nothing any more."""
    go = threading.Event()
    possible = moderating.possible
    monkeypatch.setattr(moderating, "possible", lambda *given: go.wait(5) and possible(*given))
    async with console(path, clock=clock).run_test(size=(80, 24)) as pilot:
        await at(pilot, "blog", "release-2-1", "c203")
        await pilot.press("m")
        await until(pilot, lambda: "Asking what can be done there" in text(pilot), "the menu")
        await pilot.press("escape")
        go.set()
        await until(pilot, lambda: "Moderate on" not in text(pilot), "the conversation")
        await settled(pilot)
        assert "Moderate on" not in text(pilot)
        assert state(path, "c203") == "live"


async def test_without_a_sign_in_the_key_says_that_nothing_can_be_done(tmp_path: Path) -> None:
    """An imported source has no platform behind it."""
    path = kit.build(tmp_path / "m.db", story().message("q", "bo", "09:00").records)
    async with console(path).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for key in ("m", "M"):
            await pilot.press(key)
            await until(pilot, lambda: "Nobody is signed in to blog" in lines(pilot)[-1], "the sentence")


async def test_with_no_message_under_the_cursor_the_key_is_refused(tmp_path: Path) -> None:
    """And says why."""
    async with console(kit.build(tmp_path / "m.db", [])).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for key in ("m", "M"):
            await pilot.press(key)
            assert lines(pilot)[-1] == " There is no message under the cursor."
