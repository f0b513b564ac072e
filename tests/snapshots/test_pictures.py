"""What one should see. After a change that is meant: `pytest tests/snapshots --snapshot-update`, and look at each picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.screens import kit
from tests.screens.kit import console, ready, settled

Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Awaitable[None]]


def pressing(*pressed: str) -> Before:
    """Wait for the first screen, press keys, and wait until everything is shown."""

    async def before(pilot: Pilot[Any]) -> None:
        await ready(pilot)
        for key in pressed:
            await pilot.press(key)
            await settled(pilot)

    return before


def test_queue(snap_compare: Compare, community: Path) -> None:
    """You should see 34 waiting and 11 overdue, matrix with a !, Ama Owusu's unseen reply under the bar, Bea's failed one
    below it, Wanjirũ's reply at the foot, and that matrix cannot say; keys with a blue letter in the last line."""
    assert snap_compare(console(community), terminal_size=(80, 24), run_before=pressing())


def test_queue_wide(snap_compare: Compare, community: Path) -> None:
    """You should see each source with its age, and at the right the words of Bea, who asks for a dark theme."""
    assert snap_compare(console(community), terminal_size=(120, 40), run_before=pressing("j"))


def test_queue_limited(snap_compare: Compare, community: Path) -> None:
    """You should see eight people of Mastodon, "limited to in:masto" and "8 of 37"."""
    assert snap_compare(console(community), terminal_size=(80, 24), run_before=pressing("slash", *"in:masto", "enter"))


def test_backlog(snap_compare: Compare, community: Path) -> None:
    """You should see the six questions from before the sources were connected, the oldest first."""
    assert snap_compare(console(community), terminal_size=(80, 24), run_before=pressing("tab"))


def test_inbox(snap_compare: Compare, community: Path) -> None:
    """You should see 46 conversations, newest first, with how many wait in each; the forged name has its signs made visible."""
    assert snap_compare(console(community), terminal_size=(80, 24), run_before=pressing("2"))


def test_search(snap_compare: Compare, community: Path) -> None:
    """You should see the messages that hold "ship", with the word in blue."""
    assert snap_compare(
        console(community), terminal_size=(100, 24), run_before=pressing("2", "slash", *"ship", "enter")
    )


def test_sources(snap_compare: Compare, community: Path) -> None:
    """You should see four sources that are ok and matrix that failed, and below why, what to do, and who is us there."""
    assert snap_compare(console(community), terminal_size=(80, 24), run_before=pressing("6", "end"))


def test_outbox(snap_compare: Compare, community: Path) -> None:
    """You should see four replies, each with a sign and a word, and below what it means that nobody knows of the first."""
    assert snap_compare(console(community), terminal_size=(80, 24), run_before=pressing("7"))


def test_help(snap_compare: Compare, community: Path) -> None:
    """You should see the keys of the queue, then those of the ask under the cursor."""
    assert snap_compare(console(community), terminal_size=(80, 24), run_before=pressing("question_mark"))


def test_palette(snap_compare: Compare, community: Path) -> None:
    """You should see the commands that fit "re", reply first, over the queue."""
    assert snap_compare(console(community), terminal_size=(80, 24), run_before=pressing("colon", *"rep"))


def test_small(snap_compare: Compare, community: Path) -> None:
    """You should see a usable queue in 44 columns: wait, due, who, what."""
    assert snap_compare(console(community), terminal_size=(50, 14), run_before=pressing())


def test_no_database(snap_compare: Compare, tmp_path: Path) -> None:
    """You should see how to begin: demo, sources add, import; and nowhere that nobody waits."""

    async def before(pilot: Pilot[Any]) -> None:
        await kit.until(pilot, lambda: "There is nothing here yet" in kit.text(pilot), "the lesson")

    # A path that is the same on every machine: the lesson names it.
    assert snap_compare(console(Path("/nonexistent/modconsole.db")), terminal_size=(80, 24), run_before=before)
