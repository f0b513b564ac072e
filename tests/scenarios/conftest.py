"""Both implementations for the scenarios: the product's, and the oracle's that was written from the text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modconsole.domain import world
from tests.scenarios import oracle
from tests.scenarios.story import Answering, Answers, Story

Ask = Callable[[Story, str], Answers]


def asking(answering: Answering) -> Ask:
    """A function from a story and a time to the answers."""
    return lambda told, now: Answers(answering, told, now)


@pytest.fixture(params=[world.answer, oracle.answer], ids=["product", "oracle"])
def at(request: pytest.FixtureRequest) -> Ask:
    """Who is waiting at a time of a story, by either implementation."""
    return asking(request.param)


@pytest.fixture
def product() -> Ask:
    """Who is waiting, with what only the product says: badges, suggestions, reasons."""
    return asking(world.answer)
