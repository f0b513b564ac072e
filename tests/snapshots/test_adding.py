"""You should see: how a source is added in the console, step by step, and what is known of one that was added."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.sync import registry
from tests.screens import kit
from tests.screens.kit import console
from tests.screens.test_adding import asked, choosing, signed_in
from tests.screens.test_source_screen import at, form, opened
from tests.screens.test_source_screen import path as troubled
from tests.tools import village as platform
from tests.tools.village import Village

__all__ = ["troubled"]

Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Awaitable[None]]


@pytest.fixture
def village(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Village:
    """A platform whose sign-in takes two steps, and a secret in the environment."""
    monkeypatch.setenv("MODCONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODCONSOLE_KEYRING", "off")
    monkeypatch.setenv("MODCONSOLE_SECRET_V", "token")
    return platform.register(monkeypatch.setattr)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A database without a source."""
    return kit.build(tmp_path / "m.db", [])


async def first_lesson(pilot: Pilot[Any]) -> None:
    """The list of sources, before there is one."""
    await kit.ready(pilot)
    await pilot.press("6")
    await kit.settled(pilot)


async def which_platform(pilot: Pilot[Any]) -> None:
    """What can be signed in to, with the cursor on WordPress."""
    await first_lesson(pilot)
    await pilot.press("a")
    await kit.until(pilot, lambda: getattr(pilot.app.screen, "PLACE", "") == "platforms", "the platforms")
    await kit.settled(pilot)


async def a_password_is_wanted(pilot: Pilot[Any]) -> None:
    """WordPress asks for three things; the last one is masked."""
    await choosing(pilot, "WordPress")
    await asked(pilot, "Sign in to a WordPress site")
    await pilot.press(*"https://blog.example", "enter", *"mara", "enter", *"abcd efgh")


async def a_wrong_code(pilot: Pilot[Any]) -> None:
    """An address to open, and an error with what to do."""
    await choosing(pilot)
    await asked(pilot, "Which village?")
    await pilot.press(*"village.example", "ctrl+s")
    await asked(pilot, "Let modconsole in")
    pilot.app.post_message(events.Paste("wrong"))
    await pilot.pause()
    await pilot.press("enter")
    await asked(pilot, "does not take this code")


async def choices_with_an_error(pilot: Pilot[Any]) -> None:
    """What can be chosen, with a time that cannot be."""
    await signed_in(pilot)
    await pilot.press("enter")
    await asked(pilot, "What to call it")
    await pilot.press(*["tab"] * 6, "ctrl+u", *"someday", "ctrl+s")
    await asked(pilot, "Write now, none, 30d")


async def what_a_change_does(pilot: Pilot[Any]) -> None:
    """Who would no longer wait, before it is saved."""
    await opened(pilot)
    await pilot.press("e")
    await form(pilot, "Business hours")
    await pilot.press("tab", "tab", "tab", *"bob", "tab", "tab", "ctrl+u", *"2", "ctrl+s")
    await form(pilot, "would stand differently")


async def at_a_gap(pilot: Pilot[Any]) -> None:
    """All about a source, with the cursor on the conversation that was not seen to its end."""
    await opened(pilot)
    await at(pilot, "40 of 90")


@pytest.mark.usefixtures("village")
def test_first_source(snap_compare: Compare, empty: Path) -> None:
    """You should see what a source is, and that `a` adds one step by step, with nothing stored before the end."""
    assert snap_compare(console(empty), terminal_size=(80, 24), run_before=first_lesson)


@pytest.mark.usefixtures("village")
def test_platforms(snap_compare: Compare, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see two platforms, and below the list what comes in from WordPress, and how well."""
    monkeypatch.setattr(registry, "BUILT_IN", ("wordpress",))
    assert snap_compare(console(empty), terminal_size=(80, 24), run_before=which_platform)


@pytest.mark.usefixtures("village")
def test_sign_in(snap_compare: Compare, empty: Path) -> None:
    """You should see three fields, the bar at the third, its nine characters as dots, and its hint above the keys."""
    assert snap_compare(console(empty), terminal_size=(80, 24), run_before=a_password_is_wanted)


@pytest.mark.usefixtures("village")
def test_a_step_with_an_address(snap_compare: Compare, empty: Path) -> None:
    """You should see the whole address over three lines, an empty code, and in yellow that the code was not taken."""
    assert snap_compare(console(empty), terminal_size=(80, 24), run_before=a_wrong_code)


@pytest.mark.usefixtures("village")
def test_what_comes_in(snap_compare: Compare, empty: Path) -> None:
    """You should see as whom we signed in, what will be synced, a missing permission with a !, and who else may be us."""
    assert snap_compare(console(empty), terminal_size=(80, 24), run_before=signed_in)


@pytest.mark.usefixtures("village")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_choices(snap_compare: Compare, empty: Path, size: tuple[int, int]) -> None:
    """You should see every choice in a row of its own, and below the backlog's in yellow how a time is written."""
    assert snap_compare(console(empty), terminal_size=size, run_before=choices_with_an_error)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_source(snap_compare: Compare, troubled: Path, size: tuple[int, int]) -> None:
    """You should see that it cannot vouch and why, until when it is limited, what is missing, its gap, and the bar at the
    conversation that was not seen to its end."""
    assert snap_compare(console(troubled), terminal_size=size, run_before=at_a_gap)


def test_a_change_of_settings(snap_compare: Compare, troubled: Path) -> None:
    """You should see that two asks would stand differently: Bob would have none, and Ann's would be due at another time."""
    with Db(troubled) as db:
        marks.synced(db, "v", kit.NOW, kit.NOW, walked=False)
    assert snap_compare(console(troubled), terminal_size=(80, 24), run_before=what_a_change_does)
