"""What a pull of YouTube has met so far, and the pages that it tells: records, gaps, and the position.

The position holds plain values only, and each of its lists has an end (`KEPT`): it is written with every page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modconsole.connectors.base import Known, Page
from modconsole.connectors.youtube_map import Thread
from modconsole.connectors.youtube_quota import Quota
from modconsole.connectors.youtube_reader import Poison, Reader, ThreadPage
from modconsole.domain.records import Coverage, Gap, Message, Record, State
from modconsole.domain.times import SECOND, to_datetime

SETTLING = 120 * SECOND
"""How far behind its own beginning a pull vouches."""
KEPT = 1_000
"""Entries of each list in the position."""

HELD = "held "
"""What the names of gaps begin with that are about a queue."""

KEYS = (
    *("walk", "full", "walking", "walked"),
    *("queues", "read", "reading", "absent", "counts", "gaps", "again", "looked", "quota"),
)
"""What a position may hold:

- `walk`, `full`   where the walks through the channel stand (`domain.walk`)
- `walking`        when the walk through everything began that is under way; `walked`, when the last one did that came to its end
- `queues`         what was held or likely spam at the last run
- `read`           when each conversation was last read whole; `reading` is the one that a run had to leave
- `absent`         what exists and was met in no list, and when that was first so
- `counts`         of threads with many replies: how many there were when they were last read
- `gaps`           what is not complete, and in which conversation
- `again`          where the next turn through the ids begins; `looked` when the last one began
- `quota`          units spent today
"""


class Pages:
    """The memory of one pull."""

    def __init__(self, reader: Reader, quota: Quota, known: Known, now: int, *, full: bool) -> None:
        self.reader = reader
        self.quota = quota
        self.known = known
        self.now = now
        self.full = full
        self.position: dict[str, Any] = {key: known.position[key] for key in KEYS if key in known.position}
        self.counts: dict[str, int] = dict(self.kept("counts"))
        self.absent: dict[str, int] = dict(self.kept("absent"))
        self.gaps: dict[str, str] = dict(self.kept("gaps"))
        self.read: dict[str, int] = dict(self.kept("read"))
        self.seen: set[str] = set()
        """Ids that this pull has met, in whatever state."""
        self.live: set[str] = set()
        self.partial: set[str] = set()
        """Threads of which not all replies were read again."""
        self.whole: set[str] = set()
        """Conversations that were read from beginning to end."""
        self.told: set[str] = set()
        self.why: list[str] = []
        self.queued: set[str] | None = None
        """What is held or likely spam; None where that could not be seen whole."""
        self.queued_in: dict[str, set[str]] = {}
        """Which replies of a thread are."""
        quota.load(self.position.get("quota"))

    @property
    def there(self) -> int:
        """When this pull began, by YouTube's clock where that is behind ours."""
        return self.now - self.reader.api.http.lag

    def kept(self, key: str) -> dict[str, Any]:
        """A part of the position that is an object."""
        stored = self.position.get(key)
        return stored if isinstance(stored, dict) else {}

    def count(self, thread: Thread) -> None:
        """Note a thread of which YouTube shows fewer replies than it counts."""
        known = {reply.id for reply in thread.replies} | self.queued_in.get(thread.id, set())
        if thread.total > len(known) + len(thread.poison):
            self.gaps[thread.id] = thread.conversation
        else:
            self.gaps.pop(thread.id, None)

    def forget_gaps(self, there: set[str], place: str = "") -> None:
        """Threads that are not there any more have no gap; of one conversation, or of all."""
        for ident, at in list(self.gaps.items()):
            if ident not in there and ident != at and not ident.startswith(HELD) and place in ("", at):
                del self.gaps[ident]

    def tell(
        self,
        lane: str,
        page: ThreadPage,
        *,
        listed: State = "live",
        records: Iterable[Record] = (),
        gone: Iterable[str] = (),
        done: int = 0,
        total: int | None = None,
        complete: bool = False,
    ) -> Page:
        """A page with what its threads hold, and the conversations that this pull has not told of yet. `listed` is
        the state of the list that the threads are from.
        """
        found: list[Record] = list(records)
        poison: Poison = page.poison[:]
        for thread in page.threads:
            messages, bad = self.reader.records(thread, self.now, listed)
            found += messages
            poison += bad
        told = [record for record in found if isinstance(record, Message)]
        self.seen.update(each.id for each in told)
        self.live.update(each.id for each in told if each.state is None)
        for ident in self.live & self.absent.keys():
            del self.absent[ident]
        fresh = [place for place in dict.fromkeys(each.conversation for each in told) if place not in self.told]
        self.told.update(fresh)
        with self.reader.api.http.background():
            described = list(self.reader.conversations(fresh, self.now))
        return Page(
            records=(*described, *found, *self._gaps()),
            position=self._stored(),
            lane=lane,
            done=done or len(told),
            total=total,
            complete=complete,
            gone=tuple(gone),
            poison=tuple(poison),
        )

    def _stored(self) -> dict[str, Any]:
        self.position["gaps"] = dict(self.gaps)
        for key, value in (("counts", self.counts), ("absent", self.absent), ("read", self.read)):
            self.position[key] = dict(list(value.items())[-KEPT:])
        self.position["quota"] = self.quota.to_json()
        return dict(self.position)

    def _gaps(self) -> list[Record]:
        """Coverage of the conversations whose completeness has changed since the position was stored."""
        before, now = set(self.kept("gaps").values()), set(self.gaps.values())
        healed = [
            Coverage(
                source=self.reader.source,
                checked_at=to_datetime(self.now),
                conversation=place,
                observed_at=to_datetime(self.now),
            )
            for place in sorted(before - now)
        ]
        short = "YouTube counts more replies below a comment than it shows"
        return [*healed, *(self.gap(place, short) for place in sorted(now - before) if place not in self.gaps)]

    def gap(self, place: str, why: str) -> Coverage:
        moment = to_datetime(self.now)
        return Coverage(
            source=self.reader.source, checked_at=moment, conversation=place, gap=Gap(why=why), observed_at=moment
        )

    def coverage(self) -> Page:
        """What this pull vouches for: up to the oldest reading of the conversations that were to be read again."""
        walked = self.position.get("walked", self.there)
        through = min((self.read.get(place, walked) for place in self.known.conversations), default=self.there)
        if self.quota.left_for_reading() <= 0:
            self.why.append(
                "the day's quota is used up but for replies: old threads are read again from midnight Pacific time on"
            )
        moment = to_datetime(self.now)
        coverage = Coverage(
            source=self.reader.source,
            checked_at=moment,
            complete_through=to_datetime(through - SETTLING),
            gap=Gap(why="; ".join(self.why)) if self.why else None,
            observed_at=moment,
        )
        return Page(records=(coverage,), position=self._stored(), lane="coverage", complete=True)
