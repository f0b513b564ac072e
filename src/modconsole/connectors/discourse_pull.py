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

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from modconsole.connectors.base import Known, Page
from modconsole.connectors.discourse_map import instant, waits_as_message
from modconsole.connectors.discourse_reader import Reader
from modconsole.connectors.discourse_shapes import Listed, Me
from modconsole.connectors.discourse_threads import Threads
from modconsole.connectors.discourse_turns import Turns
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.domain.times import SECOND, to_datetime
from modconsole.domain.walk import Walk, step
from modconsole.errors import Gone, Refused, Unreachable

OVERLAP = 50
"""Post ids below the mark that each pull reads again: ids are given out before posts become visible, and not in that order."""
HISTORY_PAGES = 20
"""Pages of 50 older posts in one ordinary pull."""
LIST_OVERLAP = 60 * SECOND
LATEST = "latest.json"
FIRST_OWN = 3
"""Pages of our own activity that a first pull reads: it finds older posts of ours with everybody's."""
QUEUE_PAGE = 10
"""Things to review on a page (`ReviewablesController::PER_PAGE`)."""
QUEUE_PAGES = 50
SETTLING = 30 * SECOND
"""How far behind the site's clock a pull vouches."""


CATEGORIES = "categories that this account may not read stay unseen"
"""Said when a source is added. It is no gap of a sync: nobody expects a moderator to answer where he may not read."""


class Pull(Turns):
    """One pull; `pages()` runs it. Nothing is kept for the next one but what the pages' positions say.

    A walk that an earlier pull began (`late`) ends where that one began; then it is walked once more from the top, for what came
    since: this pull vouches for its own beginning.
    """

    def __init__(self, reader: Reader, known: Known, now: int, *, full: bool) -> None:
        super().__init__(reader, known, now, full=full)
        self.threads = Threads(self)

    def pages(self) -> Iterator[Page]:
        """All lanes in order, and at the end the coverage."""
        if self.full and not self.resumed:
            self.position["full"] = {"since": self.now, "before": 0}
            self.position["older"] = dict.fromkeys(self._lists(), 0)
        yield from self._feed()
        for path in self._lists():
            yield from self._list(path)
        yield from self._notes()
        if self.me.staff:
            yield from self._queue()
        yield from self._own()
        yield from self.threads.pages()
        if not self.full:
            yield from self.threads.again()
        yield from self._older()
        yield from self._history()
        if self.full:  # last: what a full walk has met need not be asked for
            yield from self.threads.again()
            self.position.pop("full", None)
            self.position.pop("history", None)
        yield self._coverage()

    # ------------------------------------------------------------------ discovery

    def _feed(self) -> Iterator[Page]:
        """New public posts, from the top down to the mark. The first pull takes the top page alone: the rest is history."""
        walk = Walk.from_json(self.position.get("feed"))
        first, ended, late = walk.mark is None, False, walk.cursor is not None
        while not ended:
            with self.http.background():
                raw = self.api.latest(int(walk.cursor) if walk.cursor and walk.cursor.isdigit() else None)
                page = self.page("discovery", raw)
            keys = _ids(raw)
            if first and keys:
                self.position["history"] = min(keys)
                walk, ended = Walk(mark=max(keys)), True
            else:
                passed = walk.mark is not None and bool(keys) and min(keys) < walk.mark - OVERLAP
                walk, ended = step(walk, keys, str(min(keys)) if keys and not passed else None, overlap=OVERLAP)
            self.position["feed"] = walk.to_json()
            ended, late = ended and not late, late and not ended
            yield self.placed(page, complete=ended)

    def _history(self) -> Iterator[Page]:
        """Posts older than the first pull's; on a full walk all from the top once more."""
        full = self.position.get("full") if self.full else None
        before = full.get("before") if isinstance(full, dict) else self.number("history")
        turn = 0
        while before is not None and (self.full or (turn < HISTORY_PAGES and self.room())):
            with self.http.background():
                raw = self.api.latest(before or None)
                page = self.page("history", raw)
            turn += 1
            keys = _ids(raw)
            before = min(keys, default=None)
            if isinstance(full, dict):
                full["before"] = before
            elif before is not None:
                self.position["history"] = before
            else:
                self.position.pop("history", None)
            yield self.placed(page, complete=before is None)

    def _lists(self) -> list[str]:
        """The lists of topics to look at: all topics, for those that the feed leaves out, if we may see them; and personal
        messages in our inbox, sent, archived, and in the inboxes of our groups."""
        name = quote(self.me.username.lower())
        paths = [LATEST] if self.me.staff else []
        paths += [f"topics/private-messages{kind}/{name}.json" for kind in ("", "-sent", "-archive")]
        for group in self.me.groups:
            if group.has_messages:
                place = f"topics/private-messages-group/{name}/{quote(group.name.lower())}"
                paths += [f"{place}.json", f"{place}/archive.json"]
        return paths

    def _list(self, path: str) -> Iterator[Page]:
        """Topics of a list with activity since the mark, each read whole. The first pull takes the first page, the rest is older.

        A list moves while it is walked: what moves up is on its first page when the next walk begins.
        """
        lists = self.position.setdefault("lists", {})
        walk = Walk.from_json(lists.get(path))
        first, ended, late = walk.mark is None, False, walk.cursor is not None
        while not ended:
            number = int(walk.cursor) if walk.cursor and walk.cursor.isdigit() else 0
            listed = self._page_of(path, number)
            if listed is None:
                return
            keys = {topic.id: key for topic in listed if (key := instant(topic.bumped_at)) is not None}
            floor = (walk.mark or 0) - LIST_OVERLAP
            yield from self._listed(f"{path}#{number}", [each for each in listed if keys.get(each.id, floor) >= floor])
            passed = any(keys.get(each.id, floor) < floor for each in listed if not each.pinned)
            following = str(number + 1) if listed and not first and not passed else None
            walk, ended = step(walk, list(keys.values()), following, overlap=LIST_OVERLAP)
            lists[path] = walk.to_json()
            ended, late = ended and not late, late and not ended
            if first and listed:
                self.position.setdefault("older", {})[path] = 1
        yield self.plain("discovery", ())

    def _older(self) -> Iterator[Page]:
        """The pages of lists that no pull has read so far. Topics that move down are read twice, which does no harm."""
        older = self.position.get("older")
        if not isinstance(older, dict):
            return
        for path, number in list(older.items()):
            while path in older and (self.full or self.room()):
                listed = self._page_of(path, number)
                yield from self._listed(f"{path}#{number}", listed or ())
                number += 1
                if listed:
                    older[path] = number
                else:
                    older.pop(path)
                yield self.plain("history", (), complete=path not in older)

    def _page_of(self, path: str, number: int) -> list[Listed] | None:
        """A page of a list; None where the list is closed to us."""
        try:
            with self.http.background():
                return self.api.topics(path, number)
        except (Gone, Refused):
            self.closed.add(path)
            return None

    def _listed(self, page: str, listed: Iterable[Listed]) -> Iterator[Page]:
        """Topics of one page of a list. Those read are remembered: a page that is cut short goes on where it was."""
        did = self.position.setdefault("did", {})
        done = did.setdefault(page, [])
        for each in listed:
            if each.id in self.whole or each.id in done or (page.startswith(LATEST) and each.visible):
                continue
            yield from self.threads.read(each.id, "discovery")
            done.append(each.id)
        did.pop(page)

    def _notes(self) -> Iterator[Page]:
        """Topics that our notifications name and that no other lane has met. The first pull looks at the newest only."""
        walk = Walk.from_json(self.position.get("notes"))
        first, ended, late = walk.mark is None, False, walk.cursor is not None
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
            ended, late = ended and not late, late and not ended
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
                    self.reviewed.add(item.id)
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
        first, ended, late, turn = walk.mark is None, False, walk.cursor is not None, 0
        while not ended:
            offset = int(walk.cursor) if walk.cursor and walk.cursor.isdigit() else 0
            with self.http.background():
                doings = self.api.doings(offset)
                page = self.by_ids("own", [(each.topic_id, each.post_id) for each in doings])
            turn += 1
            keys = [key for each in doings if (key := instant(each.created_at)) is not None]
            passed = walk.mark is not None and any(key < walk.mark - LIST_OVERLAP for key in keys)
            enough = not doings or passed or (first and turn >= FIRST_OWN)
            walk, ended = step(walk, keys, None if enough else str(offset + len(doings)), overlap=LIST_OVERLAP)
            self.position["own"] = walk.to_json()
            ended, late = ended and not late, late and not ended
            yield self.placed(page, complete=ended)

    # ------------------------------------------------------------------ the look as a whole

    def _coverage(self) -> Page:
        """What this pull vouches for: the site's clock at its beginning, less `SETTLING`."""
        through = int(self.api.began * SECOND) if self.api.began is not None else self.now
        why = [each for each in missing_rights(self.me, self.closed) if each != CATEGORIES]
        if self.number("history") is not None or self.position.get("older"):
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
        missing.append(CATEGORIES)
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
