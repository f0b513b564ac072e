"""A desk at a small database, with a clock that only moves when told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modconsole.desk.desk import Desk
from modconsole.store.ingest import ingest
from tests.scenarios.story import Story, when


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = when("12:00")

    def __call__(self) -> int:
        """Now, as an instant."""
        return self.now

    def set(self, at: str) -> None:
        """To a time of a story."""
        self.now = when(at)


@pytest.fixture
def clock() -> Clock:
    """Noon of the first day."""
    return Clock()


@pytest.fixture
def sit(tmp_path: Path, clock: Clock) -> Callable[..., Desk]:
    """Sit somebody down at the database, after a story has been told to it."""

    def sitting(told: Story | None = None, who: str = "ann") -> Desk:
        desk = Desk(tmp_path / "modconsole.db", who=who, clock=clock)
        if told is not None:
            ingest(desk.db, told.records, clock.now)
        return desk

    return sitting
