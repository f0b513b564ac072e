"""One pull of a Discourse site, lane by lane.

- `discovery`  the newest public posts by id, down to the mark; topic lists for what that feed leaves out (unlisted topics, our
               personal messages in every inbox, archived ones too), and our notifications.
- `queues`     what waits for review, and what has left the queue since.
- `own`        what we wrote, from wherever.
- `threads`    conversations read whole: edits, deletions, and what was never announced.
- `again`      single posts that were not met so far, by their ids.
- `history`    older public posts, a stretch a pull, from where the first pull began downwards.

Personal messages come from the inboxes of the account and its groups, not from `/private-posts.json`: that one shows an
administrator the personal messages of everybody, and those are none of ours.

Discourse leaves an administrator's key some 60 requests a minute. Lanes that can go on another time do so when what is left of
them falls below `ROOM`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from modconsole.connectors.base import Known, Page
from modconsole.connectors.discourse_map import moment, waits_as_message
from modconsole.connectors.discourse_reader import Reader
from modconsole.connectors.discourse_shapes import Listed, Me
from modconsole.connectors.discourse_threads import Threads
from modconsole.connectors.discourse_turns import Turns
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.domain.times import SECOND, to_datetime, to_instant
from modconsole.domain.walk import Walk, step
from modconsole.errors import Gone, Refused, Unreachable

OVERLAP = 50
"""Post ids below the mark that each pull reads again: ids are given out before posts become visible, and not in that order."""
HISTORY_PAGES = 20
"""Pages of 50 older posts in one ordinary pull."""
LIST_OVERLAP = 60 * SECOND
FIRST_LISTS = 5
"""Pages of a list of personal messages that a first pull reads; a full walk reads them all."""
QUEUE_PAGE = 10
"""Things to review on a page (`ReviewablesController::PER_PAGE`)."""
QUEUE_PAGES = 50
SETTLING = 30 * SECOND
"""How far behind the site's clock a pull vouches."""


class Pull(Turns):
    """One pull; `pages()` runs it. Nothing is kept for the next one but what the pages' positions say."""

    def __init__(self, reader: Reader, known: Known, now: int, *, full: bool) -> None:
        super().__init__(reader, known, now, full=full)
        self.threads = Threads(self)

    def pages(self) -> Iterator[Page]:
        """All lanes in order, and at the end the coverage."""
        yield from self._feed()
        yield from self._unlisted()
        yield from self._messages()
        yield from self._notes()
        if self.me.staff:
            yield from self._queue()
        yield from self._own()
        yield from self.threads.pages()
        yield from self.threads.again()
        yield from self._history()
        yield self._coverage()

    # ------------------------------------------------------------------ discovery

    def _feed(self) -> Iterator[Page]:
        """New public posts, from the top down to the mark. The first pull takes the top page alone: the rest is history."""
        walk = Walk.from_json(self.position.get("feed"))
        first, ended = walk.mark is None, False
        while not ended:
            with self.http.background():
                raw = self.api.latest(int(walk.cursor) if walk.cursor and walk.cursor.isdigit() else None)
                page = self.page("discovery", raw)
            keys = _ids(raw)
            if first and keys:
                self.position["history"] = min(keys)
                walk, ended = Walk(mark=max(keys)), True
            else:
                walk, ended = step(walk, keys, str(min(keys)) if keys else None, overlap=OVERLAP)
            self.position["feed"] = walk.to_json()
            yield self.placed(page, complete=ended)

    def _history(self) -> Iterator[Page]:
        """Posts older than the first pull's; on a full walk all from the top once more."""
        key = "full" if self.full else "history"
        before: int | None = self.number(key)
        if before is None and not self.full:
            return
        pages = 0
        while True:
            if not self.full and (pages >= HISTORY_PAGES or not self.room()):
                return
            with self.http.background():
                raw = self.api.latest(before)
                page = self.page("history", raw)
            keys = _ids(raw)
            pages += 1
            if keys:
                before = min(keys)
                self.position[key] = before
            else:
                self.position.pop(key, None)
                if self.full:
                    self.position.pop("history", None)
            yield self.placed(page, complete=not keys)
            if not keys:
                return

    def _unlisted(self) -> Iterator[Page]:
        """Topics that the feed leaves out because they are not listed; staff see them among the others."""
        if self.me.staff:
            yield from self._list("latest.json", lambda listed: not listed.visible, first_pages=1)

    def _messages(self) -> Iterator[Page]:
        """Personal messages: our inbox, what we sent and archived, and the inboxes of our groups."""
        name = quote(self.me.username.lower())
        paths = [f"topics/private-messages{kind}/{name}.json" for kind in ("", "-sent", "-archive")]
        for group in self.me.groups:
            if group.has_messages:
                place = f"topics/private-messages-group/{name}/{quote(group.name.lower())}"
                paths += [f"{place}.json", f"{place}/archive.json"]
        for path in paths:
            yield from self._list(path, lambda _: True, first_pages=FIRST_LISTS)

    def _list(self, path: str, wanted: Callable[[Listed], bool], *, first_pages: int) -> Iterator[Page]:
        """Topics of a list with activity since the mark, each read whole.

        A list moves while it is walked: what moves up is on its first page when the next walk begins.
        """
        lists = self.position.setdefault("lists", {})
        stored = lists.get(path)
        walk = Walk.from_json(stored)
        first, ended, turn = walk.mark is None, False, 0
        if self.full:
            walk = Walk()
        while not ended:
            number = int(walk.cursor) if walk.cursor and walk.cursor.isdigit() else 0
            try:
                with self.http.background():
                    listed = self.api.topics(path, number)
            except (Gone, Refused):
                self.closed.add(path)
                return
            keys = {topic.id: to_instant(moment(topic.bumped_at)) for topic in listed if topic.bumped_at}
            floor = (walk.mark or 0) - LIST_OVERLAP
            yield from self._listed([each for each in listed if wanted(each) and keys.get(each.id, floor) >= floor])
            turn += 1
            enough = first and not self.full and turn >= first_pages
            following = str(number + 1) if listed and not enough else None
            walk, ended = step(walk, list(keys.values()), following, overlap=LIST_OVERLAP)
            lists[path] = walk.to_json()
            self.position.pop("did", None)
        yield self.plain("discovery", ())

    def _listed(self, listed: Iterable[Listed]) -> Iterator[Page]:
        """Topics of one page of a list. Those read are remembered: a page that is cut short goes on where it was."""
        for each in listed:
            did = self.position.setdefault("did", [])
            if each.id in self.whole or each.id in did:
                continue
            yield from self.threads.read(each.id, "discovery")
            did.append(each.id)

    def _notes(self) -> Iterator[Page]:
        """Topics that our notifications name and that no other lane has met. The first pull looks at the newest only."""
        walk = Walk.from_json(self.position.get("notes"))
        first, ended = walk.mark is None, False
        while not ended:
            offset = int(walk.cursor) if walk.cursor and walk.cursor.isdigit() else 0
            with self.http.background():
                notes = self.api.notes(offset)
            new = [note for note in notes if walk.mark is None or note.id > walk.mark]
            for number in dict.fromkeys(note.topic_id for note in new if note.topic_id is not None):
                if number not in self.whole and number not in self.told:
                    yield from self.threads.read(number, "discovery")
            following = str(offset + len(notes)) if len(notes) >= 30 and not first else None
            walk, ended = step(walk, [note.id for note in notes], following)
            self.position["notes"] = walk.to_json()
        yield self.plain("discovery", ())

    # ------------------------------------------------------------------ the review queue

    def _queue(self) -> Iterator[Page]:
        """All that waits, read from the top; then what was waiting at the last pull and is not any more."""
        before = self.position.get("queue")
        waiting: list[int] = []
        for offset in range(0, QUEUE_PAGE * QUEUE_PAGES, QUEUE_PAGE):
            with self.http.background():
                try:
                    items, meta = self.reader.reviews(offset)
                except (Gone, Refused):
                    self.closed.add("review.json")
                    return
                records: list[Record] = []
                for item in items:
                    waiting.append(item.id)
                    if waits_as_message(item):
                        records += self.fresh_records(self.reader.waiting(item, self.now))
                flagged = [(item.topic_id, item.post_id) for item in items if not waits_as_message(item)]
                page = self.by_ids("queues", flagged)
            last = offset + QUEUE_PAGE >= meta.total_rows_reviewables
            yield self.placed(page, more=records, total=meta.total_rows_reviewables, complete=last)
            if last:
                break
        left = [n for n in before if isinstance(n, int) and n not in waiting] if isinstance(before, list) else []
        self.position["queue"] = [*waiting, *left]
        for number in left:
            yield self._left(number)

    def _left(self, number: int) -> Page:
        with self.http.background():
            page, records, gone = self.became("queues", number)
        self.position["queue"] = [each for each in self.position["queue"] if each != number]
        return self.placed(page, more=records, gone=gone, complete=False)

    # ------------------------------------------------------------------ what we wrote

    def _own(self) -> Iterator[Page]:
        """Our own posts, newest first, down to the mark; the first pull reads a few pages, the rest is history."""
        walk = Walk.from_json(self.position.get("own"))
        first, ended, turn = walk.mark is None, False, 0
        while not ended:
            offset = int(walk.cursor) if walk.cursor and walk.cursor.isdigit() else 0
            with self.http.background():
                doings = self.api.doings(offset)
                unmet = [(each.topic_id, each.post_id) for each in doings if each.post_id not in self.seen]
                page = self.by_ids("own", unmet)
            turn += 1
            keys = [to_instant(moment(each.created_at)) for each in doings]
            enough = not doings or (first and turn >= FIRST_LISTS)
            walk, ended = step(walk, keys, None if enough else str(offset + len(doings)), overlap=LIST_OVERLAP)
            self.position["own"] = walk.to_json()
            yield self.placed(page, complete=ended)

    # ------------------------------------------------------------------ the look as a whole

    def _coverage(self) -> Page:
        """What this pull vouches for: the site's clock at its beginning, less `SETTLING`."""
        through = int(self.api.began * SECOND) if self.api.began is not None else self.now
        why = list(missing_rights(self.me, self.closed))
        if self.number("history") is not None:
            why.append("older posts are still being read")
        coverage = Coverage(
            source=self.reader.source,
            checked_at=to_datetime(self.now),
            complete_through=to_datetime(through - SETTLING),
            gap=Gap(why="; ".join(why)) if why else None,
            observed_at=to_datetime(self.now),
        )
        return Page(records=(coverage,), position=self.kept(), lane="coverage", complete=True)


def missing_rights(me: Me, closed: Iterable[str] = ()) -> tuple[str, ...]:
    """What this account may not see or do, each in words."""
    missing = []
    shut = set(closed)
    if not me.staff:
        missing.append(
            "not a moderator there: the review queue, hidden and deleted posts and unlisted topics stay unseen, and nothing can"
            " be moderated"
        )
    elif "review.json" in shut:
        missing.append("the review queue is closed to this account: what waits for approval stays unseen")
    if not me.admin:
        missing.append("categories that this account may not read stay unseen")
    lists = sorted(path for path in shut if path.startswith("topics/private-messages"))
    if lists:
        missing.append(f"{len(lists)} of its message lists are closed to this account")
    return tuple(missing)


def _ids(raw: Sequence[Any]) -> list[int]:
    """The ids on a page, of the posts that make sense and of those that do not. A page that has posts and no ids is no page: to
    take it for the end of the list would lose what is below."""
    found = [each.get("id") for each in raw if isinstance(each, dict)]
    ids = [each for each in found if isinstance(each, int)]
    if raw and not ids:
        raise Unreachable("The site listed posts without their ids.", hint="Is something in front of it?")
    return ids
