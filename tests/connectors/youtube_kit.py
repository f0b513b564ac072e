"""A clock that stands still, and a store in miniature: what pulls of the YouTube connector come to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.connectors.youtube_double import US, YouTubeDouble

from modconsole.connectors.base import Known, Page
from modconsole.connectors.signing import Credentials
from modconsole.connectors.youtube import YouTube, connect
from modconsole.domain.ask import Ask
from modconsole.domain.records import Coverage, Identity, Message, Record, Source
from modconsole.domain.times import HOUR, SECOND, parse, to_datetime
from modconsole.domain.world import answer

NOON = parse("2026-11-21T12:00:00-08:00")
"""A noon in Los Angeles: the quota's day is half over."""
SOURCE = "tube"


class Clock:
    """A time that only a test moves."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self.now += int(seconds * SECOND)


class Mirror:
    """Runs pulls and keeps what they bring, as the store does: the latest version of each message, marks, looks."""

    def __init__(self, double: YouTubeDouble, clock: Clock, **settings: Any) -> None:
        self.double = double
        self.clock = clock
        self.credentials = Credentials(double.secret)
        self.settings = {**double.settings, **settings}
        self._made: list[YouTube] = []
        self.connector = self.connect()
        self.records: list[Record] = [
            Source(id=SOURCE, platform="youtube", identities=[Identity(id=US)], connected_at=to_datetime(0))
        ]
        self.messages: dict[str, Message] = {}
        self.position: dict[str, Any] = {}
        self.gone: set[str] = set()
        self.poison: list[tuple[str, bytes]] = []
        self.pages: list[Page] = []

    def connect(self) -> YouTube:
        """Another connector with the same sign-in."""
        self._made.append(connect(self.settings, self.credentials, source=SOURCE, clock=self.clock))
        return self._made[-1]

    def close(self) -> None:
        """Let go of every connection."""
        for connector in self._made:
            connector.close()

    def known(self, *, full: bool = False) -> Known:
        """What the store would give: here everybody waits who is not us, and every conversation is recent."""
        live = [m for m in self.messages.values() if m.id not in self.gone]
        newest = sorted(live, key=lambda m: m.created_at, reverse=True)
        return Known(
            waiting=tuple(m.id for m in newest if m.author.id != US and m.state is None),
            recent=tuple(m.id for m in newest),
            queued=tuple(m.id for m in newest if m.state in ("held", "hidden", "spam", "removed")),
            live=tuple(m.id for m in newest) if full else (),
            conversations=tuple(dict.fromkeys(m.conversation for m in newest)),
            position=self.position,
        )

    def sync(self, *, full: bool = False, known: Known | None = None) -> list[Page]:
        """One run to its end."""
        self.pages = []
        for page in self.connector.pull(known or self.known(full=full), self.clock(), full=full):
            self.take(page)
        return self.pages

    def take(self, page: Page) -> None:
        """Store a page and its position."""
        self.pages.append(page)
        self.position = page.position
        self.poison += page.poison
        for ident in page.gone:
            assert ident in self.messages
            self.gone.add(ident)
        self.add(page.records)

    def add(self, records: Iterable[Record]) -> None:
        """Store records: of a message the version that was observed last."""
        for record in records:
            self.records.append(record)
            if isinstance(record, Message):
                before = self.messages.get(record.id)
                assert record.observed_at is not None
                if before is None or before.observed_at is None or record.observed_at >= before.observed_at:
                    self.messages[record.id] = record
                    self.gone.discard(record.id)

    @property
    def coverage(self) -> Coverage:
        """The last look at the whole source."""
        return [r for r in self.records if isinstance(r, Coverage) and r.conversation is None][-1]

    def gap(self, video: str) -> str | None:
        """Why a video's comments are not complete; None where they are."""
        looks = [r for r in self.records if isinstance(r, Coverage) and r.conversation == f"video:{video}"]
        return looks[-1].gap.why if looks and looks[-1].gap is not None else None

    def state(self, ident: str) -> str:
        """How a message stands."""
        return "gone" if ident in self.gone else self.messages[ident].state or "live"

    def asks(self) -> list[Ask]:
        """Who waits, by the plain reading of the rules."""
        return [ask for ask in answer(self.records, self.clock()) if ask.status == "waiting"]

    def agrees(self) -> None:
        """Everything that is on YouTube is here once, with its text, time and state; and nothing else is live."""
        there = self.double.messages()
        states = {"published": "live", "heldForReview": "held", "likelySpam": "spam", "rejected": "removed"}
        for ident, row in there.items():
            above = there[row.parent].status if row.parent is not None else "published"
            if "rejected" in (row.status, above) and ident not in self.messages:
                continue  # it is listed nowhere
            here = self.messages[ident]
            expected = {"hidden" if above != "published" and row.status == "published" else states[row.status]}
            if above == "rejected" and row.status == "rejected":
                expected = {"hidden", "removed"}  # nothing tells them apart
            assert (here.text, here.created_at) == (row.text, to_datetime(row.published))
            assert self.state(ident) in expected, (self.state(ident), row, above)
        live = {ident for ident in self.messages if self.state(ident) == "live"}
        assert live <= there.keys()


def settle(mirror: Mirror, runs: int = 3) -> None:
    """Several runs, some minutes apart."""
    for _ in range(runs):
        mirror.sync()
        mirror.clock.skip(300)


def hours_ago(clock: Clock, hours: float) -> int:
    """An instant in the past."""
    return clock() - int(hours * HOUR)
