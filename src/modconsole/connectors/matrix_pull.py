"""One pull of a Matrix account, lane by lane.

- `discovery`  `/sync` from the kept token on: messages, edits, redactions, reactions, our own from whatever client. The
               token moves in the transaction that stores what came with it. Where a room's timeline is `limited`,
               events were left out: they are read through `/messages`, back to where the last sync ended, page by page;
               until then the room's coverage has a gap. A room that is new to us is read back to its beginning in the
               same way.
- `threads`    the conversations that somebody waits in, the most urgent first, from the newest message back until
               everything that we were asked to look at again was met.
- `full`       instead of `threads`: every room that we are in, back to its beginning; then each message that we believe
               in and did not meet, by its id.

There are no queues of held messages, and no lane of our own: what we write is in the timelines.

An event's text is what its latest replacement says. In a walk back the replacements come first; one whose message is
not on the same page has that message looked up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from uuid import uuid4

from modconsole.connectors.base import Known, Page
from modconsole.connectors.http import Answer
from modconsole.connectors.matrix_api import Api, Chunk, SyncAnswer
from modconsole.connectors.matrix_map import IGNORED, SPEECH, Us, parts
from modconsole.connectors.matrix_read import Memory, Past, Reader
from modconsole.connectors.matrix_rooms import (
    STATE,
    Position,
    Room,
    conversation,
    coverage,
    whole,
)
from modconsole.connectors.matrix_sync import Discovery
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import Gone, Refused

PER_PAGE = 250
"""Events on a page of history. Synapse gives 1,000 at most; smaller pages are stored sooner."""
PER_SYNC = 50
"""Events of one room in one answer of `/sync`; what is beyond is read as a gap."""
THREAD_PER_PAGE = 100
THREAD_PAGES = 10
"""Pages of one conversation that one pull reads again; what lies deeper is looked up by id, or waits for the full
walk."""
URGENT, OTHERS = 15, 10
"""Conversations that one pull reads again: so many of the most urgent, and so many of the others, in turn."""
LOOKED_UP = 50
"""Messages beyond the pages that were read, looked up by their ids in one pull."""
SETTLING = 30 * SECOND
"""How far behind the homeserver's clock a pull vouches: an event is dated before it is stored."""

TYPES = [*SPEECH, "m.reaction", "m.room.redaction"]
PAST = [*TYPES, "m.room.create", "m.room.history_visibility"]
HISTORY = {"types": PAST, "lazy_load_members": True}
WITH_MEMBERS = {"types": [*PAST, "m.room.member"], "lazy_load_members": True}
"""Only where it matters when we came: in large rooms most events are comings and goings."""
FILTER = {
    "presence": {"types": []},
    "account_data": {"types": ["m.direct", IGNORED]},
    "room": {
        "timeline": {"limit": PER_SYNC, "types": [*TYPES, *STATE], "lazy_load_members": True},
        "state": {"types": list(STATE), "lazy_load_members": True, "include_redundant_members": True},
        "ephemeral": {"types": []},
        "account_data": {"types": []},
    },
}
"""What a sync is to tell. Members come with what they wrote, and again each time: the homeserver remembers whom it has
told of, longer than we do."""


class Pull:
    """One pull; `pages()` runs it. Nothing is kept for the next one but what the pages' positions say, and names in
    `memory`."""

    def __init__(self, api: Api, source: str, known: Known, now: int, memory: Memory, *, full: bool) -> None:
        self.api = api.background()
        self.source = source
        self.known = known
        self.now = now
        self.full = full
        self.at = Position.from_json(known.position)
        self.rooms = self.at.rooms
        self.me = self.api.who().user_id
        self.memory = memory
        self.ask = uuid4().hex
        self.looks = 0
        self.began: float | None = None
        self.read = Reader(self.api, source, Us(self.me), now, memory)

    def pages(self) -> Iterator[Page]:
        """All lanes in order, and at the end the coverage."""
        self._names()
        yield from self._discover()
        yield from self._backfill()
        if self.full:
            yield from self._everything()
        else:
            yield from self._threads()
        yield self._vouch()

    def _names(self) -> None:
        """What we are called, now and before."""
        called = [self.api.name(self.me), self.me[1:].partition(":")[0]]
        self.at.names = list(dict.fromkeys([*self.at.names, *(name for name in called if name)]))
        self.read.us = Us(self.me, tuple(self.at.names))

    # ------------------------------------------------------------------ discovery

    def _discover(self) -> Iterator[Page]:
        """What is new. A homeserver may answer a first sync out of a cache, so that is followed up at once."""
        first = not self.at.since
        answer, came = self._asked()
        first = first or not self.at.since
        yield self._taken(answer)
        if first:
            answer, came = self.api.sync(self.at.since, FILTER, self.ask)
            yield self._taken(answer)
        self.began = came.time()

    def _asked(self) -> tuple[SyncAnswer, Answer]:
        """A sync from the kept token on. One that the homeserver no longer takes (it was set up anew) is dropped, and
        everything read again."""
        if self.at.since:
            try:
                return self.api.sync(self.at.since, FILTER, self.ask)
            except Refused as error:
                if error.code not in ("M_UNKNOWN", "M_INVALID_PARAM", "M_UNKNOWN_POS"):
                    raise
            self.at.since = ""
            for room in self.rooms.values():
                room.membership = ""
        return self.api.sync(None, FILTER)

    def _taken(self, answer: SyncAnswer) -> Page:
        records = Discovery(self.at, self.read, self.source, self.now).records(answer)
        records += self._described(self.rooms)
        self.at.since = answer.next_batch
        return self._page("discovery", records, complete=not any(room.gaps for room in self.rooms.values()))

    # ------------------------------------------------------------------ gaps

    def _backfill(self) -> Iterator[Page]:
        """Read what syncs left out, the stretch that is nearest to now first."""
        waiting = [ident for ident, room in self.rooms.items() if room.gaps]
        for done, ident in enumerate(waiting):
            room = self.rooms[ident]
            while room.gaps:
                start, stop = room.gaps[-1]
                chunk = self._history(ident, room, start, stop)
                records = self.read.records(ident, chunk.chunk, chunk.state, whole=not stop) if chunk else []
                if chunk is None or chunk.end is None or chunk.end == start:
                    room.gaps = [gap for gap in room.gaps if gap != [start, stop]]
                    if chunk is not None and not stop:
                        self._reached(room, ident)
                else:
                    room.gaps[-1] = [chunk.end, stop]
                over = done + (not room.gaps)
                yield self._page(
                    "discovery",
                    [*records, *self._described([ident])],
                    done=over,
                    total=len(waiting),
                    complete=over == len(waiting),
                )

    def _history(self, ident: str, room: Room, start: str, stop: str) -> Chunk | None:
        """A page of history; None where the homeserver does not give it. A token that it no longer takes stands for the
        newest."""
        try:
            return self.api.messages(ident, start, stop, PER_PAGE, WITH_MEMBERS if room.hides else HISTORY)
        except (Refused, Gone) as error:
            if start and isinstance(error, Refused) and error.code in ("M_UNKNOWN", "M_INVALID_PARAM"):
                return Chunk(end="")
            room.closed = True
            return None

    def _reached(self, room: Room, ident: str) -> None:
        """A walk has come to the end of what there is: is it the room's beginning?"""
        room.cut = self.read.past.get(ident, Past()).cut(room.hides, self.me)
        room.closed = False

    # ------------------------------------------------------------------ threads

    def _threads(self) -> Iterator[Page]:
        """Read conversations again, as far back as there is something to look at."""
        wanted = self._wanted()
        chosen = self._chosen()
        budget = LOOKED_UP
        for done, ident in enumerate(chosen, 1):
            records: list[Record] = []
            start = ""
            for turn in range(THREAD_PAGES):
                if turn:
                    yield self._page("threads", records, done=done - 1, total=len(chosen))
                chunk = self._again(ident, start)
                records = self.read.records(ident, chunk.chunk, chunk.state, whole=True)
                start = chunk.end or ""
                if not start or wanted[ident] <= self.read.met:
                    break
            missing = sorted(wanted[ident] - self.read.met)[:budget]
            budget -= len(missing)
            found, gone = self._look_up(ident, missing)
            if ident not in self.known.conversations[:URGENT]:
                self.at.turn = ident
            yield self._page(
                "threads", [*records, *found], done=done, total=len(chosen), complete=done == len(chosen), gone=gone
            )

    def _again(self, ident: str, start: str) -> Chunk:
        """A page of a conversation; an empty one where it is no longer ours to read: what a sync says of the room says
        why."""
        try:
            return self.api.messages(ident, start, "", THREAD_PER_PAGE, HISTORY)
        except (Refused, Gone):
            return Chunk()

    def _wanted(self) -> dict[str, set[str]]:
        """What we were asked to look at again, by room."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for message in (*self.known.waiting, *self.known.queued, *self.known.recent):
            room, event = parts(message)
            if event:
                wanted[room].add(message)
        return wanted

    def _chosen(self) -> list[str]:
        """The conversations of this pull: the most urgent, and of the others those whose turn it is."""
        readable = [i for i in dict.fromkeys(self.known.conversations) if self._is_in(i)]
        urgent, others = readable[:URGENT], readable[URGENT:]
        start = others.index(self.at.turn) + 1 if self.at.turn in others else 0
        return urgent + (others[start:] + others[:start])[:OTHERS]

    def _is_in(self, ident: str) -> bool:
        room = self.rooms.get(ident)
        return room is not None and room.membership == "join" and not room.space

    def _look_up(self, ident: str, messages: Iterable[str]) -> tuple[list[Record], list[str]]:
        """Messages by their ids.

        One that is not there counts as gone only in a room that hides nothing from its members, and while we ignore
        nobody: the homeserver gives the same answer for what we may not see, and for what somebody wrote whom we
        ignore.
        """
        found: list[Record] = []
        gone = []
        for message in messages:
            try:
                found += self.read.one(ident, parts(message)[1])
            except Gone:
                room = self.rooms[ident]
                if not (room.hides or room.cut or room.closed or self.at.ignoring):
                    gone.append(message)
            except Refused:
                continue
        return found, gone

    # ------------------------------------------------------------------ everything

    def _everything(self) -> Iterator[Page]:
        """All rooms that we are in, each from its newest event to its beginning; a walk that was cut off goes on in its
        room."""
        order = sorted(filter(self._is_in, self.rooms))
        at, start = (self.at.walk[0], self.at.walk[1]) if len(self.at.walk) == 2 else ("", "")
        live: dict[str, list[str]] = defaultdict(list)
        for message in dict.fromkeys((*self.known.live, *self.known.waiting, *self.known.queued)):
            live[parts(message)[0]].append(message)
        for done, ident in enumerate(order, 1):
            if ident < at:
                continue
            resumed = ident == at and bool(start)
            yield from self._walk(ident, start if resumed else "", done - 1, len(order))
            # Of a room whose first part an earlier run has read we do not know what was met: the next walk looks.
            missing = [] if resumed else [m for m in live[ident] if m not in self.read.met and parts(m)[1]]
            found, gone = self._look_up(ident, missing)
            self.at.walk = [f"{ident} ", ""]
            looks = self._described([ident], again=True)
            yield self._page("full", [*found, *looks], done=done, total=len(order), gone=gone)
        self.at.walk = []
        yield self._page("full", [], done=len(order), total=len(order), complete=True)

    def _walk(self, ident: str, start: str, done: int, total: int) -> Iterator[Page]:
        room = self.rooms[ident]
        while True:
            chunk = self._history(ident, room, start, "")
            if chunk is None:
                return
            records = self.read.records(ident, chunk.chunk, chunk.state, whole=True)
            ends = chunk.end is None or chunk.end == start
            start = chunk.end or ""
            self.at.walk = [ident, start]
            if ends:
                self._reached(room, ident)
            yield self._page("full", records, done=done, total=total)
            if ends:
                return

    # ------------------------------------------------------------------ pages

    def _described(self, idents: Iterable[str], *, again: bool = False) -> list[Record]:
        """Conversations and their coverage, where they have changed; `again`, the coverage in any case."""
        records: list[Record] = []
        for ident in idents:
            room = self.rooms[ident]
            if room.space:
                continue
            record = conversation(ident, room, self.source, self.now, direct=ident in self.at.direct)
            if record is not None:
                records.append(record)
            followed = room.moved in self.rooms and self.rooms[room.moved].membership == "join"
            look = coverage(ident, room, self.source, self.now, turn=self.looks, followed=followed, again=again)
            if look is not None:
                self.looks += 1
                records.append(look)
        return records

    def _page(
        self,
        lane: str,
        records: list[Record],
        *,
        done: int = 0,
        total: int | None = None,
        complete: bool = False,
        gone: Iterable[str] = (),
    ) -> Page:
        return Page(
            records=tuple(records),
            position=self.at.to_json(),
            lane=lane,
            done=done,
            total=total,
            complete=complete,
            gone=tuple(gone),
            poison=self.read.poisoned(),
        )

    def _vouch(self) -> Page:
        """What this pull vouches for: the homeserver's clock when it was asked what is new, less `SETTLING`."""
        through = int(self.began * SECOND) if self.began is not None else self.now
        gap = whole(self.rooms)
        look = Coverage(
            source=self.source,
            checked_at=to_datetime(self.now),
            complete_through=to_datetime(through - SETTLING),
            gap=Gap(why=gap) if gap else None,
            observed_at=to_datetime(self.now),
        )
        return self._page("coverage", [look], complete=True)
