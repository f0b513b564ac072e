"""A forum and the least that a store does with what is pulled from it, for the tests of the Discourse connector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from tests.servers.discourse import Forum

from modconsole.connectors.base import Known, Page
from modconsole.connectors.discourse import Discourse
from modconsole.domain.records import Conversation, Coverage, Message
from modconsole.domain.times import to_datetime


class Mirror:
    """Keeps the latest version of everything; `pages` are those of the last pull."""

    def __init__(self, forum: Forum, connector: Discourse) -> None:
        self.forum = forum
        self.connector = connector
        self.messages: dict[str, Message] = {}
        self.conversations: dict[str, Conversation] = {}
        self.looks: dict[str, Coverage] = {}
        self.coverage: Coverage | None = None
        self.position: dict[str, Any] = {}
        self.poison: list[str] = []
        self.pages: list[Page] = []
        self.remembers = True
        """Whether the conversations are given to be read again."""

    def pull(
        self,
        *,
        full: bool = False,
        waiting: tuple[str, ...] = (),
        stop_after: int | None = None,
        stop_at: Callable[[Page], bool] = lambda _: False,
    ) -> Mirror:
        """One pull; with `stop_after`, it is cut off after that many pages, as a crash would, or at the first page that fits."""
        self.forum.world.tick(60)
        states = {m.id: m.state or "live" for m in self.messages.values()}
        known = Known(
            waiting=waiting,
            queued=tuple(i for i, state in states.items() if state in ("held", "hidden", "spam", "removed")),
            live=tuple(i for i, state in states.items() if state != "deleted") if full else (),
            conversations=tuple(self.conversations) if self.remembers else (),
            position=self.position,
        )
        self.pages = []
        for page in self.connector.pull(known, self.forum.clock(), full=full):
            self.pages.append(page)
            self._store(page)
            if (stop_after is not None and len(self.pages) >= stop_after) or stop_at(page):
                break
        return self

    def _store(self, page: Page) -> None:
        for record in page.records:
            if isinstance(record, Message):
                self.messages[record.id] = record
            elif isinstance(record, Conversation):
                self.conversations[record.id] = record
            elif isinstance(record, Coverage) and record.conversation is None:
                self.coverage = record
            elif isinstance(record, Coverage) and record.conversation is not None:
                self.looks[record.conversation] = record
        for gone in page.gone:
            now = to_datetime(self.forum.clock())
            self.messages[gone] = replace(self.messages[gone], state="deleted", state_at=now, observed_at=now)
        self.poison += [why for why, _ in page.poison]
        self.position = page.position

    def lane(self, name: str) -> list[Message]:
        """The messages that a lane of the last pull brought."""
        return [r for page in self.pages if page.lane == name for r in page.records if isinstance(r, Message)]

    def live(self) -> dict[str, str]:
        """What stands there, as far as we know: ids and plain texts."""
        return {m.id: plain(m.text) for m in self.messages.values() if (m.state or "live") == "live"}


def plain(text: str) -> str:
    """The words of a simple post."""
    return text.removeprefix("<p>").removesuffix("</p>")


@pytest.fixture
def forum() -> Iterator[Forum]:
    """A forum whose every request and answer is checked: what breaks the schema fails the test."""
    with Forum() as made:
        yield made
    if made.double.violations:
        pytest.fail("; ".join(made.double.violations[:5]))


@pytest.fixture
def connector(forum: Forum) -> Iterator[Discourse]:
    """A connector signed in there as a moderator."""
    made = forum.connect()
    yield made
    made.close()


@pytest.fixture
def mirror(forum: Forum, connector: Discourse) -> Mirror:
    """An empty store for it."""
    return Mirror(forum, connector)
