"""The least that a store does with what the Matrix connector pulls, in memory."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from modconsole.connectors.base import Connector, Known, Page
from modconsole.domain.records import Conversation, Coverage, Message, Reaction
from modconsole.domain.times import to_datetime


class Mirror:
    """Pulls a connector and keeps the latest version of everything; `pages` are those of the last pull."""

    def __init__(self, connector: Connector, now: int = 1_900_000_000_000_000) -> None:
        self.connector = connector
        self.now = now
        self.messages: dict[str, Message] = {}
        self.texts: dict[str, list[str]] = {}
        self.conversations: dict[str, Conversation] = {}
        self.reactions: dict[tuple[str, str, str], Reaction] = {}
        self.gaps: dict[str, str] = {}
        """Of each conversation the gap that stands, and of the whole source under an empty name."""
        self.coverage: Coverage | None = None
        self.position: dict[str, Any] = {}
        self.pages: list[Page] = []
        self.poison: list[tuple[str, bytes]] = []

    def pull(
        self,
        *,
        full: bool = False,
        waiting: tuple[str, ...] = (),
        conversations: tuple[str, ...] = (),
        stop_after: int | None = None,
    ) -> Mirror:
        """One pull; with `stop_after`, it is cut off after that many pages, as a crash would."""
        self.now += 60_000_000
        states = {m.id: m.state or "live" for m in self.messages.values()}
        known = Known(
            waiting=waiting,
            queued=tuple(i for i, state in states.items() if state in ("held", "hidden", "spam", "removed")),
            live=tuple(i for i, state in states.items() if state != "deleted") if full else (),
            conversations=tuple(self.conversations) if full else conversations,
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
            elif isinstance(record, Reaction):
                self.reactions[record.message, record.author.id, record.name] = record
            elif isinstance(record, Coverage):
                self.gaps.pop(record.conversation or "", None)
                if record.gap is not None:
                    self.gaps[record.conversation or ""] = record.gap.why or ""
                self.coverage = record if record.conversation is None else self.coverage
        for gone in page.gone:
            now = to_datetime(self.now)
            self.messages[gone] = replace(self.messages[gone], state="deleted", state_at=now, observed_at=now)
        self.poison += page.poison
        self.position = msgspec.json.decode(msgspec.json.encode(page.position))

    def lanes(self) -> list[str]:
        """The lanes of the last pull, each once, in order."""
        return list(dict.fromkeys(page.lane for page in self.pages))

    def ids(self) -> list[str]:
        """The ids of all messages that the last pull brought, in order."""
        return [record.id for page in self.pages for record in page.records if isinstance(record, Message)]

    def said(self, room: str) -> list[str]:
        """The texts of a room that are there, in order of time."""
        found = [m for m in self.messages.values() if m.conversation == room and m.state is None]
        return [m.text for m in sorted(found, key=lambda m: m.created_at)]
