"""One pull of a WordPress site, lane by lane.

WordPress can neither say what changed since a moment (there is no time of the last change, and `after` compares the
*date* of a comment, in the site's local time, which imports and approvals leave in the past) nor list what was
deleted. So:

- `new`     all comments in any state, by id, ascending, from the mark on: a new comment has a higher id than all
            before it, whatever its date. The list is paged by row numbers, and deletions shift rows: each page
            overlaps the one before, and a page that does not connect is stepped back from, until it does. The mark
            moves with each page.
- `held`, `spam`, `trash`   the queues: comments moved there since. Long queues are read a window a pull, turning.
- `again`   comments that somebody waits in, recent ones, and those last seen in a queue, by their ids.
- `full`    instead of all these: every comment, then each one we believe in and did not meet, by its id.

Absence from a list is not deletion: what was asked for by id and did not come is looked up on its own, and only the
answer "invalid id" makes it gone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from modconsole.connectors.base import Known, Page
from modconsole.connectors.wordpress_api import PER_PAGE, Api, Listing
from modconsole.connectors.wordpress_map import Comment, Post, conversation, message
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import Gone, Refused

START_OVERLAP = 50
"""Rows before the mark that each pull reads again: ids are given out before rows become visible, and not in that
order."""
PAGE_OVERLAP = 10
"""Rows by which a page repeats the one before it, so that it shows whether they connect."""
QUEUE_PAGES = 10
"""Pages of spam and of trash in one ordinary pull; the next one goes on from there. Held comments are always read
whole."""
QUEUED_AGAIN = 500
"""Of the comments known to be in a queue and not met there, how many of the newest, and how many others, one pull
looks up."""
SETTLING = 30 * SECOND
"""How far behind the server's clock a pull vouches: a comment is dated before spam filters run, and becomes visible
after."""

KEYS = ("mark", "full", "spam", "trash", "queued")
"""What a position may hold: the marks of the two walks by id, and where the next turn through long lists begins."""

QUEUES = (("held", "hold"), ("spam", "spam"), ("trash", "trash"))


@dataclass(frozen=True)
class Mark:
    """How far a walk by id has come: the highest id seen, and how many rows the list had up to there."""

    id: int = 0
    row: int = 0

    @classmethod
    def of(cls, position: dict[str, Any], lane: str) -> Mark | None:
        """The mark of a lane in a stored position; None where there is none, or it makes no sense."""
        stored = position.get(lane)
        if not isinstance(stored, dict):
            return None
        number, row = stored.get("id"), stored.get("row")
        return cls(number, row) if isinstance(number, int) and isinstance(row, int) and row >= 0 else None

    def json(self) -> dict[str, int]:
        return {"id": self.id, "row": self.row}


class Pull:
    """One pull; `pages()` runs it. Nothing is kept for the next one but what the pages' positions say."""

    def __init__(self, api: Api, source: str, known: Known, now: int, posts: dict[int, Post], *, full: bool) -> None:
        self.api = api
        self.source = source
        self.known = known
        self.now = now
        self.full = full
        self.position: dict[str, Any] = {k: v for k, v in known.position.items() if k in KEYS}
        self.seen: set[int] = set()
        self.posts = posts
        self.told: set[int] = set()
        self.unreadable: set[int] = set()
        self.began: float | None = None

    def pages(self) -> Iterator[Page]:
        """All lanes in order, and at the end the coverage."""
        mark = Mark.of(self.position, "mark")
        if self.full:
            yield from self._walk("full", "full", Mark.of(self.position, "full") or Mark())
            self.position["mark"] = self.position.pop("full")
            known = (*self.known.waiting, *self.known.queued, *self.known.recent, *self.known.live)
            yield from self._again("again", known)
        else:
            yield from self._walk("new", "mark", mark or Mark())
            if mark is not None and self.api.me().moderates:
                for lane, status in QUEUES:
                    yield from self._queue(lane, status)
            yield from self._again("again", (*self.known.waiting, *self._queued(), *self.known.recent))
        yield self._coverage()

    # ------------------------------------------------------------------ by id, from a mark on

    def _walk(self, lane: str, key: str, mark: Mark) -> Iterator[Page]:
        query = self.api.any_status({"orderby": "id", "order": "asc"})
        row = max(0, mark.row - START_OVERLAP)
        connected_total: int | None = None
        step = PER_PAGE
        while True:
            listing = self._list({**query, "offset": str(row)})
            if row > 0 and self._torn(listing, mark, connected_total):
                row = max(0, min(row, listing.total) - step)
                step *= 2
                continue
            step, connected_total = PER_PAGE, listing.total
            end = min(row + PER_PAGE, listing.total)
            highest = max((c.id for c in listing.comments), default=mark.id)
            mark = Mark(max(mark.id, highest), end)
            self.position[key] = mark.json()
            last = end >= listing.total
            yield self._page(lane, listing.comments, done=end, total=listing.total, complete=last)
            if last:
                return
            row = end - PAGE_OVERLAP

    @staticmethod
    def _torn(listing: Listing, mark: Mark, connected_total: int | None) -> bool:
        """Whether rows up to the mark have gone, so that this page may begin beyond a comment that nobody has seen.

        Within a walk the count must also have fallen: rows that this account may not see are missing from pages as
        well.
        """
        reaches_back = any(comment.id <= mark.id for comment in listing.comments)
        if reaches_back:
            return False
        return connected_total is None or listing.total < connected_total

    def _list(self, query: dict[str, str]) -> Listing:
        listing = self.api.list(query)
        if self.began is None:
            self.began = listing.server_time
        return listing

    # ------------------------------------------------------------------ the queues

    def _queue(self, lane: str, status: str) -> Iterator[Page]:
        """A queue from where the last pull stopped; where rows have moved in between, the full walk makes up for
        it."""
        whole = lane == "held"
        stored = self.position.get(lane)
        row = max(0, stored) if isinstance(stored, int) and not whole else 0
        for turn in itertools.count(1):
            query = {"orderby": "id", "order": "asc", "status": status, "offset": str(row)}
            listing = self._list(query)
            row += PER_PAGE
            last = row >= listing.total
            if not whole:
                self.position[lane] = 0 if last else row
            enough = last or (not whole and turn >= QUEUE_PAGES)
            yield self._page(lane, listing.comments, done=min(row, listing.total), total=listing.total, complete=enough)
            if enough:
                return
            row -= PAGE_OVERLAP

    def _queued(self) -> list[str]:
        """Those last seen in a queue and not met there now: they have left it, or lie beyond the window that was read.

        The newest every time; of the others, where a spam folder holds thousands, some more each time, turning.
        """
        left = sorted((int(i) for i in self.known.queued if i.isascii() and i.isdigit()), reverse=True)
        left = [i for i in left if i not in self.seen]
        newest, older = left[:QUEUED_AGAIN], left[QUEUED_AGAIN:]
        stored = self.position.get("queued")
        below = [i for i in older if i < stored] if isinstance(stored, int) else older
        turn = (below or older)[:QUEUED_AGAIN]
        if turn:
            self.position["queued"] = turn[-1]
        else:
            self.position.pop("queued", None)
        return [str(i) for i in newest + turn]

    # ------------------------------------------------------------------ by their ids

    def _again(self, lane: str, ids: Iterable[str]) -> Iterator[Page]:
        wanted = [int(i) for i in dict.fromkeys(ids) if i.isascii() and i.isdigit() and int(i) not in self.seen]
        for start in range(0, len(wanted), PER_PAGE):
            batch = wanted[start : start + PER_PAGE]
            listing = self._list(self.api.any_status({"include": ",".join(map(str, batch))}))
            came = {comment.id for comment in listing.comments}
            found, gone = list(listing.comments), []
            for absent in (i for i in batch if i not in came):
                try:
                    found.append(self.api.one(str(absent)))
                except Gone:
                    gone.append(str(absent))
                except Refused:
                    continue  # it exists, and we may not see it: that is no news about it
            end = min(start + PER_PAGE, len(wanted))
            yield self._page(lane, found, done=end, total=len(wanted), complete=end == len(wanted), gone=gone)

    # ------------------------------------------------------------------ pages

    def _page(
        self,
        lane: str,
        comments: list[Comment],
        *,
        done: int,
        total: int,
        complete: bool,
        gone: Iterable[str] = (),
    ) -> Page:
        """A page of what this pull has not met yet, with the posts that it has not told of yet."""
        fresh = [comment for comment in comments if comment.id not in self.seen]
        self.seen.update(comment.id for comment in fresh)
        unknown = [c for c in fresh if c.post and c.post not in self.posts and c.post not in self.unreadable]
        if unknown:
            self.posts.update(self.api.posts(unknown))
            self.unreadable.update(c.post for c in unknown if c.post and c.post not in self.posts)
        records: list[Record] = []
        for comment in fresh:
            post = self.posts.get(comment.post or 0)
            if post is not None and post.id not in self.told:
                self.told.add(post.id)
                records.append(conversation(post, self.source, self.now))
            records.append(message(comment, self.source, self.now))
        return Page(
            records=tuple(records),
            position=dict(self.position),
            lane=lane,
            done=done,
            total=total,
            complete=complete,
            gone=tuple(gone),
        )

    def _coverage(self) -> Page:
        """What this pull vouches for: the server's clock at its beginning, less `SETTLING`."""
        through = int(self.began * SECOND) if self.began is not None else self.now
        why = "; ".join(missing_rights(self.api))
        coverage = Coverage(
            source=self.source,
            checked_at=to_datetime(self.now),
            complete_through=to_datetime(through - SETTLING),
            gap=Gap(why=why) if why else None,
            observed_at=to_datetime(self.now),
        )
        return Page(records=(coverage,), position=dict(self.position), lane="coverage", complete=True)


def missing_rights(api: Api) -> tuple[str, ...]:
    """The rights that this account lacks, each with what that hides."""
    me = api.me()
    missing = []
    if not me.moderates:
        missing.append(
            "no right to moderate comments: held and spam comments, stored texts and guests' e-mail addresses stay hidden,"
            " and nothing can be moderated"
        )
    if not me.filters:
        missing.append("no right to edit posts: only approved comments can be listed")
    return tuple(missing)
