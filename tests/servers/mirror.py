"""The least that a store must do with what a connector pulls: the contract of `connectors.base`, acted out in
memory."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from modconsole.connectors.base import Known, Page
from modconsole.connectors.wordpress import WordPress
from modconsole.domain.records import Conversation, Coverage, Message
from modconsole.domain.times import to_datetime


class Mirror:
    """Pulls a connector and keeps the latest version of everything; `pages` are those of the last pull."""

    def __init__(self, connector: WordPress, now: int = 1_800_000_000_000_000) -> None:
        self.connector = connector
        self.now = now
        self.messages: dict[str, Message] = {}
        self.texts: dict[str, list[str]] = {}
        self.conversations: dict[str, Conversation] = {}
        self.coverage: Coverage | None = None
        self.position: dict[str, Any] = {}
        self.pages: list[Page] = []

    def pull(self, *, full: bool = False, waiting: tuple[str, ...] = (), stop_after: int | None = None) -> Mirror:
        """One pull; with `stop_after`, it is cut off after that many pages, as a crash would."""
        self.now += 60_000_000
        states = {m.id: m.state or "live" for m in self.messages.values()}
        known = Known(
            waiting=waiting,
            queued=tuple(i for i, state in states.items() if state in ("held", "hidden", "spam", "removed")),
            live=tuple(i for i, state in states.items() if state != "deleted") if full else (),
            position=self.position,
        )
        self.pages = []
        for page in self.connector.pull(known, self.now, full=full):
            self.pages.append(page)
            self._store(page)
            if stop_after is not None and len(self.pages) >= stop_after:
                break
        return self

    def _store(self, page: Page) -> None:
        for record in page.records:
            if isinstance(record, Message):
                self.messages[record.id] = record
                if record.text not in self.texts.setdefault(record.id, []):
                    self.texts[record.id].append(record.text)
            elif isinstance(record, Conversation):
                self.conversations[record.id] = record
            elif isinstance(record, Coverage):
                self.coverage = record
        for gone in page.gone:
            now = to_datetime(self.now)
            self.messages[gone] = replace(self.messages[gone], state="deleted", state_at=now, observed_at=now)
        self.position = page.position

    def lanes(self) -> list[str]:
        """The lanes of the last pull, each once, in order."""
        return list(dict.fromkeys(page.lane for page in self.pages))

    def ids(self) -> list[str]:
        """The ids of all messages that the last pull brought, in order."""
        return [record.id for page in self.pages for record in page.records if isinstance(record, Message)]

    def state(self, comment: int) -> str:
        """A comment's state here."""
        return self.messages[str(comment)].state or "live"
