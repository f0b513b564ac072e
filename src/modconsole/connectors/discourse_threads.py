"""Conversations read whole, and single posts asked for by their ids.

A topic gives the ids of all its posts, deleted ones too for staff. A small topic is read whole each time. Of a large one
(`LARGE`) each pull reads what is new and a stretch of the rest, turning, so that an edit or deletion is seen at the latest after
some pulls; where a pull is cut short, the next one goes on where it was. A topic of 10,000 posts and more gives no ids: it is
walked by post numbers, forwards only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from modconsole.connectors.base import Page
from modconsole.connectors.discourse_api import Unreadable
from modconsole.connectors.discourse_map import conversation_id, number_in
from modconsole.connectors.discourse_shapes import Topic
from modconsole.connectors.discourse_turns import Turns
from modconsole.domain.records import Coverage, Gap
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import Gone, Refused

LARGE = 200
"""Posts from which on a topic is read in stretches."""
STRETCH = 60
"""Older posts of a large topic that one pull reads again."""
URGENT = 10
"""Conversations that every pull reads: those first in the given order."""
TURN = 40
"""Others that one pull reads, turning."""
AGAIN = 30
"""Single posts that one pull asks for."""
SETTLING = 30 * SECOND
LARGE_KEPT = 300
"""Large topics of which the position remembers how far they are read."""


class Threads:
    """The lanes that re-read what is known, for one pull."""

    def __init__(self, pull: Turns) -> None:
        self.pull = pull

    def pages(self) -> Iterator[Page]:
        """Known conversations: the most urgent on each pull, of the others some more each time; on a full walk all."""
        pull = self.pull
        known = list(dict.fromkeys(pull.known.conversations))
        if pull.full:
            yield from self._all(known)
            return
        order = known[URGENT:]
        stored = pull.position.get("turn")
        at = order.index(stored) + 1 if stored in order else 0
        for done, each in enumerate([*known[:URGENT], *(order[at:] + order[:at])[:TURN]]):
            if done >= URGENT and not pull.room():
                break
            yield from self._conversation(each)
            if each in order:
                pull.position["turn"] = each
        yield pull.plain("threads", ())

    def _all(self, known: Sequence[str]) -> Iterator[Page]:
        """Every known conversation, in an order that does not change from one pull to the next."""
        full = self.pull.position["full"]
        for each in sorted(known, key=_order):
            if "turn" in full and _order(each) <= _order(full["turn"]):
                continue
            yield from self._conversation(each)
            full["turn"] = each
        yield self.pull.plain("threads", ())

    def _conversation(self, ident: str) -> Iterator[Page]:
        number, review = number_in(ident, "topic"), number_in(ident, "review")
        if number is not None and number not in self.pull.whole:
            yield from self.read(number, "threads")
        elif review is not None and review not in self.pull.reviewed:
            with self.pull.http.background():
                page, records, gone = self.pull.became("threads", review)
            yield self.pull.placed(page, more=records, gone=gone)

    # ------------------------------------------------------------------ one topic

    def read(self, number: int, lane: str) -> Iterator[Page]:
        """One topic whole, with what this look can vouch for. One that is gone gives nothing: its posts are asked for one by
        one."""
        pull = self.pull
        pull.whole.add(number)
        try:
            with pull.http.background():
                topic = pull.reader.topic_now(number)
        except Gone:
            return
        except Refused:
            yield pull.plain(lane, [self._look(number, "the site does not show this topic to this account")])
            return
        except Unreadable as error:
            pull.api.poison.append((f"topic {number} makes no sense", error.payload))
            yield pull.plain(lane, [self._look(number, "the site sent this topic in a form that makes no sense")])
            return
        pull.told.add(number)
        told = pull.reader.told(topic, pull.now)
        held: Page | None = None
        for page in self._posts(topic, lane):
            if held is not None:
                yield held
            held = page if held is not None else replace(page, records=(told, *page.records))
        held = held or pull.plain(lane, [told], complete=False)
        yield replace(held, records=(*held.records, self._look(number, "")))

    def _look(self, number: int, why: str) -> Coverage:
        pull = self.pull
        through = int(pull.api.began * SECOND) if pull.api.began is not None else pull.now
        return Coverage(
            source=pull.reader.source,
            conversation=conversation_id(number),
            checked_at=to_datetime(pull.now),
            complete_through=to_datetime(through - SETTLING),
            gap=Gap(why=why) if why else None,
            observed_at=to_datetime(pull.now),
        )

    def _posts(self, topic: Topic, lane: str) -> Iterator[Page]:
        stream = topic.post_stream.stream
        odd = [
            raw for raw in topic.post_stream.posts if not isinstance(raw, dict) or not isinstance(raw.get("id"), int)
        ]
        if odd:
            yield self._page(lane, odd)
        if stream is None:
            yield from self._mega(topic, lane)
        elif len(stream) <= LARGE:
            for _, raw in self._chunks(topic, stream):
                yield self._page(lane, raw)
        else:
            yield from self._large(topic, stream, lane)

    def _chunks(self, topic: Topic, ids: Sequence[int]) -> Iterator[tuple[list[int], list[Any]]]:
        chunks = self.pull.reader.chunks(topic, ids)
        while True:
            with self.pull.http.background():
                found = next(chunks, None)
            if found is None:
                return
            yield found

    def _page(self, lane: str, raw: Sequence[Any]) -> Page:
        with self.pull.http.background():  # parents may have to be asked for
            page = self.pull.page(lane, raw)
        return self.pull.placed(page)

    def _state(self, topic: Topic) -> dict[str, int]:
        """How far a large topic is read: `new`, up to which id; `turn`, where the stretch ended; `left`, what a full walk has
        yet to read; `number`, where there are no ids."""
        topics = self.pull.position.setdefault("topics", {})
        found = topics.pop(str(topic.id), None)
        state = {k: v for k, v in found.items() if isinstance(v, int)} if isinstance(found, dict) else {}
        topics[str(topic.id)] = state
        while len(topics) > LARGE_KEPT:
            topics.pop(next(iter(topics)))
        return state

    def _large(self, topic: Topic, stream: Sequence[int], lane: str) -> Iterator[Page]:
        state = self._state(topic)
        new = sorted(each for each in stream if each > state.get("new", 0))
        for ids, raw in self._chunks(topic, new):
            page = self._page(lane, raw)
            state["new"] = max(ids)
            yield self.pull.placed(page)
        older = sorted(set(stream) - set(new))
        turn = state.get("turn", 0)
        circle = [each for each in older if each > turn] + [each for each in older if each <= turn]
        circle = circle[: state.setdefault("left", len(circle)) if self.pull.full else STRETCH]
        for ids, raw in self._chunks(topic, circle):
            page = self._page(lane, raw)
            state["turn"] = ids[-1]
            if "left" in state:
                state["left"] -= len(ids)
            yield self.pull.placed(page)
        if self.pull.full:
            state.pop("left", None)

    def _mega(self, topic: Topic, lane: str) -> Iterator[Page]:
        state = self._state(topic)
        yield self._page(lane, topic.post_stream.posts)
        number = max(state.get("number", 0), *(_number(raw) for raw in topic.post_stream.posts), 0)
        while True:
            with self.pull.http.background():
                raw = self.pull.api.after(topic.id, number)
            last = max((_number(each) for each in raw), default=number)
            if last <= number:
                return
            page = self._page(lane, raw)
            number = state["number"] = last
            yield self.pull.placed(page)

    # ------------------------------------------------------------------ single posts

    def again(self) -> Iterator[Page]:
        """Posts that somebody waits in, that were last seen in a queue, or that are recent, where no lane has met them."""
        pull = self.pull
        known = pull.known
        wanted = list(dict.fromkeys((*known.waiting, *known.queued, *known.recent, *(known.live if pull.full else ()))))
        wanted = [each for each in wanted if not self._met(each)]
        whole = pull.full and not pull.resumed  # else what the earlier part has met would all be asked for
        stored = pull.position.get("asked")
        first = len([each for each in known.waiting if each in set(wanted)])
        rest = wanted[first:]
        at = rest.index(stored) + 1 if stored in rest else 0
        order = [*wanted[:first], *rest[at:], *rest[:at]]
        for done, each in enumerate(order):
            if not whole and (done >= AGAIN + first or not pull.room()):
                break
            if each in rest:
                pull.position["asked"] = each
            if not self._met(each):
                yield self._single(each)
        yield pull.plain("again", ())

    def _met(self, ident: str) -> bool:
        """Whether this pull has met a message."""
        review = number_in(ident, "review")
        return review in self.pull.reviewed if review is not None else ident.isdigit() and int(ident) in self.pull.seen

    def _single(self, ident: str) -> Page:
        pull = self.pull
        review = number_in(ident, "review")
        with pull.http.background():
            if review is not None:
                page, records, gone = pull.became("again", review)
                return pull.placed(page, more=records, gone=gone)
            try:
                raw = pull.api.get(f"posts/{int(ident)}.json") if ident.isdigit() else None
            except Gone:
                return pull.placed(pull.page("again", ()), gone=(ident,))
            except Refused:
                raw = None  # it exists, and we may not see it: that is no news about it
            return pull.placed(pull.page("again", [raw] if raw is not None else []))


def _order(ident: str) -> tuple[str, int]:
    """Conversations by kind and number."""
    kind, _, number = ident.partition(":")
    return (kind, int(number) if number.isdigit() else 0)


def _number(raw: Any) -> int:
    found = raw.get("post_number") if isinstance(raw, dict) else None
    return found if isinstance(found, int) else 0
