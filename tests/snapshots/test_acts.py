"""Pictures of moderation: the menu, the form, what is asked before something that nothing takes back, and the log.

Each test says what one should see. `pytest --snapshot-update` takes new pictures; look at them before they are committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from modconsole.app import ModConsoleApp
from modconsole.desk import demo, moderating, undoing
from modconsole.desk.desk import Desk
from modconsole.domain.times import DAY
from modconsole.screens.act_form import ActForm
from modconsole.screens.act_menu import ActMenu
from modconsole.screens.dialogs import ConfirmDialog
from modconsole.sync import registry
from tests.screens import kit
from tests.snapshots.test_talk import settled

Compare = Callable[..., bool]
Keys = Callable[[Pilot[Any]], Any]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk at the demo with its living places, by a clock that stands still."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})
    desk = Desk(tmp_path / "demo.db", who="mara", clock=kit.Clock())
    demo.fill(desk)
    yield desk
    desk.close()


def at(desk: Desk, place: tuple[str, str, str], *keys: str, shown: type[Any] = object) -> tuple[ModConsoleApp, Keys]:
    """The console with a conversation open at a message, and what to press before the picture of a screen of that kind."""
    app = ModConsoleApp(Desk(desk.path, who="mara", clock=kit.Clock()))

    async def before(pilot: Pilot[Any]) -> None:
        await kit.until(pilot, lambda: app.header is not None)
        app.open_conversation(*place)
        await pilot.pause()
        await kit.until(pilot, lambda: settled(app))
        for key in keys:
            await pilot.press(key)
            await kit.until(pilot, lambda: settled(app))
            if key in ("m", "M"):
                await kit.until(pilot, lambda: isinstance(app.screen, ActMenu) and app.screen.possible, "the menu")
            await pilot.pause()
        assert isinstance(app.screen, shown)

    return app, before


POST, TOOT, COMMENT = ("forum", "t41", "p412"), ("masto", "s100", "s101"), ("blog", "release-2-1", "c205")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_menu(places: Desk, snap_compare: Compare, size: tuple[int, int]) -> None:
    """You should see five acts on a post with a key each, what each does, how it is undone, and that a report cannot be."""
    app, before = at(places, POST, "m")
    assert snap_compare(app, run_before=before, terminal_size=size)


def test_menu_of_a_person(places: Desk, snap_compare: Compare) -> None:
    """You should see that he is muted since and until when, that we may not ban him and why, and below what was done before."""
    moderating.moderate(
        places, "forum", "mateus", "mute", on="person", message="p412", until=kit.NOW + 7 * DAY, reason="rude"
    )
    app, before = at(places, POST, "M")
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_form(places: Desk, snap_compare: Compare) -> None:
    """You should see what the act does, a line for the end and one for the reason, and how it is undone."""
    app, before = at(places, POST, "M", "1", "7", "d", shown=ActForm)
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_form_with_choices(places: Desk, snap_compare: Compare) -> None:
    """You should see three numbered choices, and in the last line that a label is needed."""
    app, before = at(places, TOOT, "m", "1", "enter", shown=ActForm)
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_confirmation(places: Desk, snap_compare: Compare) -> None:
    """You should see that it cannot be undone, what it does, and for how long u calls it off."""
    app, before = at(places, TOOT, "m", "1", "1", "enter", shown=ConfirmDialog)
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_log(places: Desk, snap_compare: Compare) -> None:
    """You should see a comment held by bob and the hold undone, its author banned with a badge, and the place locked."""
    bob = Desk(places.path, who="bob", clock=kit.Clock())
    moderating.moderate(bob, "blog", "c205", "hold", reason="is this a joke?")
    undoing.undo(places, moderating.acts_on(places, "blog", "message", "c205")[0].id)
    moderating.moderate(
        places, "blog", "imani", "ban", on="person", message="c205", until=kit.NOW + DAY, reason="shouting"
    )
    moderating.moderate(bob, "blog", "release-2-1", "lock", on="conversation", message="c205")
    bob.close()
    app, before = at(places, COMMENT)
    assert snap_compare(app, run_before=before, terminal_size=(80, 24))


def test_small_menu(places: Desk, snap_compare: Compare) -> None:
    """You should see the act at the bar whole, and the others cut to a line each."""
    app, before = at(places, POST, "m", "down")
    assert snap_compare(app, run_before=before, terminal_size=(50, 14))
