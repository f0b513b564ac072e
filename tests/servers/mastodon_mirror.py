"""The least that a store must do with what the Mastodon connector pulls, and a transport that keeps what travelled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
from msgspec.structs import replace

from modconsole.connectors.base import Connector, Known, Page
from modconsole.domain.records import Conversation, Coverage, Message
from modconsole.domain.times import to_datetime


class Recording(httpx.HTTPTransport):
    """Passes requests on, and keeps each with its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[httpx.Response] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        answer = super().handle_request(request)
        content = answer.read()
        answer.close()
        headers = [(name, value) for name, value in answer.headers.items() if name != "content-encoding"]
        self.answers.append(httpx.Response(answer.status_code, headers=headers, content=content, request=request))
        return httpx.Response(answer.status_code, headers=headers, content=content)

    def paths(self) -> list[str]:
        """`METHOD path?query` of everything that was asked."""
        return [f"{answer.request.method} {answer.request.url.raw_path.decode()}" for answer in self.answers]


@dataclass
class Mirror:
    """Pulls a connector and keeps the latest version of everything; `pages` are those of the last pull."""

    connector: Connector
    now: int
    messages: dict[str, Message] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    looks: dict[str, Coverage] = field(default_factory=dict)
    coverage: Coverage | None = None
    position: dict[str, Any] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    first_seen: dict[str, str] = field(default_factory=dict)
    """For each message the lane that brought it first."""

    def pull(self, *, full: bool = False, waiting: tuple[str, ...] = (), stop_after: int | None = None) -> Mirror:
        """One pull; with `stop_after` it is cut off after that many pages, as a crash would."""
        self.now += 60_000_000
        states = {m.id: m.state or "live" for m in self.messages.values()}
        existing = tuple(ident for ident, state in states.items() if state != "deleted")
        known = Known(
            waiting=waiting,
            recent=existing,
            queued=tuple(ident for ident in existing if states[ident] != "live"),
            live=existing if full else (),
            conversations=tuple(self.conversations),
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
                self.first_seen.setdefault(record.id, page.lane)
                self.messages[record.id] = record
            elif isinstance(record, Conversation):
                self.conversations[record.id] = record
            elif isinstance(record, Coverage) and record.conversation is not None:
                self.looks[record.conversation] = record
            elif isinstance(record, Coverage):
                self.coverage = record
        for gone in page.gone:
            if gone in self.messages:
                moment = to_datetime(self.now)
                self.messages[gone] = replace(self.messages[gone], state="deleted", state_at=moment)
        self.position = page.position

    def lanes(self) -> list[str]:
        """The lanes of the last pull, each once, in order."""
        return list(dict.fromkeys(page.lane for page in self.pages))

    def ids(self) -> list[str]:
        """The ids of all messages that the last pull brought, in order."""
        return [record.id for page in self.pages for record in page.records if isinstance(record, Message)]

    def thread(self, conversation: str) -> set[str]:
        """The ids of a conversation's messages that are not deleted."""
        return {m.id for m in self.messages.values() if m.conversation == conversation and m.state != "deleted"}

    def why(self) -> str:
        """Why the last coverage of the whole source has a gap; empty where it has none."""
        return (self.coverage.gap.why or "") if self.coverage is not None and self.coverage.gap is not None else ""
