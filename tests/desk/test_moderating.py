"""Acts on a platform from the desk, on the demo's places, which live in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.connectors import demo
from modconsole.desk import demo as demo_desk
from modconsole.desk import moderating, undoing
from modconsole.desk.desk import Desk
from modconsole.errors import NotFound
from modconsole.store import journal, lists
from modconsole.store.ingest import ingest
from tests.desk.conftest import Clock
from tests.scenarios.story import story

NOBODY = "nowhere"


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Desk:
    """A desk at the demo."""
    found = Desk(tmp_path / "demo.db", who="ann", clock=clock)
    demo_desk.fill(found)
    return found


def held(desk: Desk) -> str:
    """A comment of the blog that is held."""
    found = desk.db.value(
        "select m.native from message m join source s on s.id = m.source where s.native = 'blog' and m.state = 'held'"
    )
    assert found is not None
    return str(found)


def state(desk: Desk, message: str) -> str:
    """What the store says of a message."""
    shown = lists.message(desk.db, "blog", message)
    assert shown is not None
    return shown.message.state or "live"


def test_an_act_is_carried_out_written_down_and_taken_back_by_the_same_undo(desk: Desk) -> None:
    """On the platform, and here."""
    message = held(desk)
    done = moderating.moderate(desk, "blog", message, "approve", seen="held")
    assert (done.was, done.became, state(desk, message)) == ("held", "live", "live")
    assert [(each.what, each.by, each.undone) for each in journal.journal(desk.db, 1)] == [("approve", "ann", False)]
    undone = undoing.undo(desk)
    assert (undone.what, undone.status, state(desk, message)) == ("approve", "held", "held")
    assert [each.undone for each in journal.journal(desk.db, 1)] == [True]


def test_the_acts_of_a_place_are_those_that_its_platform_has(desk: Desk) -> None:
    """A key for what cannot be done would be a lie."""
    place = demo.connect("blog", start=desk.now(), clock=desk.clock)
    assert moderating.able(desk, "blog") == place.capabilities.moderation
    assert {"approve", "spam", "trash", "restore"} <= moderating.able(desk, "blog")


def test_without_a_sign_in_there_is_nothing_to_act_with(desk: Desk) -> None:
    """An imported source has no platform behind it; the error says how to sign in."""

    ingest(desk.db, story(source=NOBODY).message("q", "bo", "09:00").records, desk.now())
    assert moderating.able(desk, NOBODY) == frozenset()
    with pytest.raises(NotFound, match="Nobody is signed in"):
        moderating.moderate(desk, NOBODY, "q", "trash")
