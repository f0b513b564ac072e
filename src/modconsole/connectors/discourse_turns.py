"""What all lanes of a pull share: what was met, what was told, pages with their position, and how much may still be asked."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from modconsole.connectors.base import Known, Page
from modconsole.connectors.discourse_api import CHUNK, Unreadable
from modconsole.connectors.discourse_map import number_in, review_id, waits_as_message
from modconsole.connectors.discourse_reader import Reader
from modconsole.domain.records import Conversation, Record
from modconsole.domain.times import DAY
from modconsole.errors import Gone, Refused

KEYS = ("feed", "history", "full", "lists", "older", "did", "notes", "queue", "own", "turn", "topics", "asked", "born")
"""What a position may hold."""
FULL_AGE = 2 * DAY
"""A full walk that was cut short longer ago than this begins anew."""
ROOM = 0.5
"""The share of a minute's requests that lanes which can wait leave to the next pull and to people."""


class Turns:
    """State of one pull."""

    def __init__(self, reader: Reader, known: Known, now: int, *, full: bool) -> None:
        self.reader = reader
        self.api = reader.api
        self.http = reader.api.http
        self.me = reader.api.me()
        self.known = known
        self.now = now
        self.full = full
        self.position: dict[str, Any] = {k: copy.deepcopy(v) for k, v in known.position.items() if k in KEYS}
        born = self.position.get("born")
        for number, written in born.items() if isinstance(born, dict) else ():
            if str(number).isdigit() and isinstance(written, str):
                reader.born.setdefault(int(number), written)
        begun = self.position.get("full")
        since = begun.get("since") if isinstance(begun, dict) else None
        self.resumed = full and isinstance(since, int) and 0 <= now - since < FULL_AGE
        """Whether this full walk goes on with one that was cut short."""
        self.known_ids = frozenset((*known.waiting, *known.recent, *known.queued, *known.live))
        self.seen: set[int] = set()
        """Posts met in this pull."""
        self.told: set[int] = set()
        """Topics told of in this pull."""
        self.whole: set[int] = set()
        """Topics read whole in this pull, or found closed to us."""
        self.reviewed: set[int] = set()
        """Things to review met in this pull."""
        self.closed: set[str] = set()
        """Lists that the site does not let us read."""

    def number(self, key: str) -> int | None:
        """A number in the position."""
        found = self.position.get(key)
        return found if isinstance(found, int) else None

    def room(self) -> bool:
        """Whether lanes that can wait may go on asking in this pull."""
        budget = self.http.budget
        left = budget.left() if budget is not None else None
        return left is None or left > ROOM * self.api.limit

    # ------------------------------------------------------------------ pages

    def page(self, lane: str, raw: Sequence[Any]) -> Page:
        """A page of posts as the site gave them: those not met so far, with the topics not told of so far."""
        batch = self.reader.records(raw, self.now, skip=self.seen)
        self.seen |= batch.ids
        records: list[Record] = []
        for record in batch.records:
            number = number_in(record.conversation, "topic")
            topic = self.reader.head(number) if number is not None and number not in self.told else None
            if topic is not None:
                self.told.add(topic.id)
                records.append(self.reader.told(topic, self.now))
            records.append(record)
        return Page(records=tuple(records), position={}, lane=lane, poison=tuple(batch.poison), done=len(batch.ids))

    def by_ids(self, lane: str, places: Iterable[tuple[int | None, int | None]]) -> Page:
        """A page of posts given by topic and id; one that has moved or gone is asked for by itself."""
        topics: defaultdict[int, list[int]] = defaultdict(list)
        alone = []
        for topic, post in dict.fromkeys(places):
            if post is None or post in self.seen:
                continue
            if topic is None:
                alone.append(post)
            else:
                topics[topic].append(post)
        raw: list[Any] = []
        for topic, ids in topics.items():
            came: set[int] = set()
            for start in range(0, len(ids), CHUNK):
                try:
                    found = self.api.posts(topic, ids[start : start + CHUNK])
                except (Gone, Refused):
                    break
                raw += found
                came |= {each["id"] for each in found if isinstance(each, dict) and isinstance(each.get("id"), int)}
            alone += [each for each in ids if each not in came]
        for post in alone:
            try:
                raw.append(self.api.get(f"posts/{post}.json"))
            except (Gone, Refused):
                continue
        return self.page(lane, raw)

    def fresh_records(self, records: Iterable[Record]) -> list[Record]:
        """Without the topics that were told of already in this pull."""
        fresh: list[Record] = []
        for record in records:
            number = number_in(record.id, "topic") if isinstance(record, Conversation) else None
            if number in self.told:
                continue
            if number is not None:
                self.told.add(number)
            fresh.append(record)
        return fresh

    def became(self, lane: str, number: int) -> tuple[Page, list[Record], tuple[str, ...]]:
        """What became of something that waited for review: the post as it is now, the held message as no more, or neither."""
        self.reviewed.add(number)
        try:
            item = self.reader.review(number)
        except Gone:
            known = review_id(number)
            return self.page(lane, ()), [], (known,) if known in self.known_ids else ()
        except Refused:
            return self.page(lane, ()), [], ()
        except Unreadable as error:
            self.api.poison.append((f"what waits for review ({number}) makes no sense", error.payload))
            return self.page(lane, ()), [], ()
        records: list[Record] = []
        if waits_as_message(item):
            self.reader.remember(item)
            records = self.fresh_records(self.reader.waiting(item, self.now))
        return self.by_ids(lane, [(item.topic_id, item.post_id)]), records, ()

    def placed(
        self,
        page: Page,
        *,
        more: Sequence[Record] = (),
        gone: Sequence[str] = (),
        total: int | None = None,
        complete: bool = False,
    ) -> Page:
        """The page with the position as it is now."""
        return Page(
            records=(*page.records, *more),
            position=self.kept(),
            lane=page.lane,
            done=page.done + len(more),
            total=total,
            complete=complete,
            gone=tuple(gone),
            poison=(*page.poison, *self._odd()),
        )

    def plain(self, lane: str, records: Sequence[Record], *, complete: bool = True) -> Page:
        """A page of records that are made already."""
        return Page(
            records=tuple(records),
            position=self.kept(),
            lane=lane,
            done=len(records),
            complete=complete,
            poison=self._odd(),
        )

    def _odd(self) -> tuple[tuple[str, bytes], ...]:
        """Items of lists that made no sense since the last page."""
        odd = tuple(self.api.poison)
        self.api.poison.clear()
        return odd

    def kept(self) -> dict[str, Any]:
        """The position to store: a copy, for the lanes go on changing theirs."""
        self.position["born"] = {str(number): written for number, written in self.reader.born.items()}
        return copy.deepcopy(self.position)
