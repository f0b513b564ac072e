"""What a pull of a Bluesky account has in common, and its two lists: notifications and our own posts, both newest first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from modconsole.connectors.base import Page
from modconsole.connectors.bluesky_api import PAGE, Api
from modconsole.connectors.bluesky_map import Notification, Post, Stored
from modconsole.connectors.bluesky_read import Reader, Records
from modconsole.connectors.bluesky_text import POST, bumped, post_place, read_time, tid_instant
from modconsole.domain.records import Record
from modconsole.domain.times import DAY, HOUR, to_instant
from modconsole.domain.walk import Walk, restart, step
from modconsole.errors import Refused

OVERLAP = 2 * HOUR
"""How far below the mark notifications and own posts are read again: late indexing, clocks that differ."""
WALK_PAGES = 30
"""Pages of one list in one run; the walk goes on with the next. A full walk has no bound."""
OWN_DAYS = 3 * DAY
"""Threads in which we wrote lately are read even where the store does not ask for them."""


class Notifications(msgspec.Struct):
    """A page of notifications."""

    notifications: list[Any] = msgspec.field(default_factory=list)
    cursor: str | None = None


class Run:
    """One pull under way: what it has read, where it stands, and what it cannot vouch for."""

    def __init__(self, api: Api, source: str, now: int, position: dict[str, Any], *, full: bool) -> None:
        self.api = api
        self.now = now
        self.full = full
        self.position = position
        self.reader = Reader(api, source, now)
        self.seen: set[str] = set()
        """The posts that this pull has told of."""
        self.listed: dict[str, Post] = {}
        """Those of them that came from lists."""
        self.why: list[str] = []
        self.unfinished = False

    def fresh(self, uris: Iterable[str]) -> list[Post]:
        """The posts, as they are shown, of those addresses that this pull has not told of."""
        found = self.reader.posts(uri for uri in uris if uri not in self.seen)
        self.seen.update(found)
        self.listed.update(found)
        return list(found.values())

    def page(
        self,
        lane: str,
        records: Sequence[Record],
        *,
        done: int = 0,
        total: int | None = None,
        complete: bool = False,
        gone: Sequence[str] = (),
    ) -> Page:
        """A page with what was set aside since the last one."""
        poison = tuple(self.reader.poison)
        self.reader.poison.clear()
        return Page(tuple(records), dict(self.position), lane, done, total, complete, tuple(gone), poison)

    def behind(self, what: str) -> None:
        """Say that a list is longer than one run reads: until it is read, nothing new is vouched for."""
        self.unfinished = True
        self.why.append(f"{what} are still being read")


class Lists:
    """Notifications and our own posts. `touched` are the threads of what is new, `lately` those in which we wrote lately."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.touched: dict[str, None] = {}
        self.lately: list[str] = []

    def notifications(self) -> Iterator[Page]:
        """What Bluesky tells us of, down to the old mark; a walk that is longer than one run goes on with the next."""
        walk = Walk() if self.run.full else Walk.from_json(self.run.position.get("notifications"))
        if walk.cursor is not None:  # an older walk is under way: what is new must not wait for its end
            yield self.run.page("discovery", self._of_notifications(self._notified(None), None))
        mark, count, oldest = walk.mark, 0, self.run.now
        for turn in itertools.count(1):
            try:
                listed = self._notified(walk.cursor)
            except Refused:
                if walk.cursor is None:
                    raise
                walk = restart(walk)  # a cursor that Bluesky no longer takes
                continue
            told = self._told(listed)
            keys = [key for one in told if (key := instant_of(one.indexed_at)) is not None]
            count, oldest = count + len(keys), min([oldest, *keys])
            records = self._of_notifications(listed, mark)
            walk, ended = step(walk, keys, _following(listed.cursor, walk.cursor), overlap=OVERLAP)
            self.run.position["notifications"] = walk.to_json()
            self._lost(mark, oldest, cut=ended and listed.cursor is None and count > PAGE)
            yield self.run.page("discovery", records, done=count, complete=ended)
            if ended or (turn >= WALK_PAGES and not self.run.full):
                break
        if walk.cursor is not None:
            self.run.behind("older notifications")

    def _notified(self, cursor: str | None) -> Notifications:
        query = {"limit": str(PAGE), "priority": "false"}
        if cursor is not None:
            query["cursor"] = cursor
        name, reasons = "app.bsky.notification.listNotifications", ("mention", "reply", "quote")
        return self.run.api.get(name, Notifications, query, several={"reasons": reasons})

    def _told(self, listed: Notifications) -> list[Notification]:
        """The notifications that can be understood and are about posts."""
        found = []
        for raw in listed.notifications:
            one = self.run.reader.understood(raw, Notification, "a notification")
            if one is not None and post_place(one.uri) is not None:
                found.append(one)
        return found

    def _of_notifications(self, listed: Notifications, mark: int | None) -> list[Record]:
        """The posts behind notifications, with those of the overlap; what is older was read by a walk that came to its end."""
        aside = len(self.run.reader.poison)
        new = [
            one.uri
            for one in self._told(listed)
            if mark is None or (at := instant_of(one.indexed_at)) is None or at >= mark - OVERLAP
        ]
        del self.run.reader.poison[aside:]  # the same items were set aside when their order was looked at
        posts = self.run.fresh(new)
        self.touched.update((post.root, None) for post in posts)
        return self.run.reader.records(posts)

    def _lost(self, mark: int | None, oldest: int, *, cut: bool) -> None:
        """Note where Bluesky's list ended before it came to what was read last time; only a full walk makes up for that."""
        if cut and mark is not None and oldest > mark + OVERLAP:
            self.run.position["lost"] = {"from": mark, "to": oldest}
        elif self.run.full:
            self.run.position.pop("lost", None)

    def own(self) -> Iterator[Page]:
        """Our posts, from our own repository; those that Bluesky shows. The others come with the overlap, or their thread."""
        walk = Walk() if self.run.full else Walk.from_json(self.run.position.get("own"))
        mark, count = walk.mark, 0
        for turn in itertools.count(1):
            query = {"repo": self.run.api.did, "collection": POST, "limit": str(PAGE)}
            if walk.cursor is not None:
                query["cursor"] = walk.cursor
            listed = self.run.api.get("com.atproto.repo.listRecords", Records, query)
            stored = [s for raw in listed.records if (s := self.run.reader.understood(raw, Stored, "a post of ours"))]
            keys = [_age(one) for one in stored]
            self.lately += [root_of(one) for one in stored if _age(one) > self.run.now - OWN_DAYS]
            new = [one for one in stored if mark is None or _age(one) >= mark - OVERLAP]
            posts = self.run.fresh(one.uri for one in new)
            self.touched.update((post.root, None) for post in posts)
            count += len(stored)
            walk, ended = step(walk, keys, listed.cursor, overlap=OVERLAP)
            self.run.position["own"] = walk.to_json()
            yield self.run.page("own", self.run.reader.records(posts), done=count, complete=ended)
            if ended or (turn >= WALK_PAGES and not self.run.full):
                break
        if walk.cursor is not None:
            self.run.behind("our own older posts")


def instant_of(text: str) -> int | None:
    """A time of a record or an answer as an instant; None where it is none."""
    moment = read_time(text)
    return to_instant(moment) if moment is not None else None


def _age(stored: Stored) -> int:
    """When a post of ours was written: by its key, which the list is sorted by, else by what it says."""
    at = post_place(stored.uri)
    found = tid_instant(at.key) if at is not None else None
    return found if found is not None else instant_of(stored.value.created_at or "") or 0


def root_of(stored: Stored) -> str:
    """The first post of a stored post's thread."""
    return stored.value.reply.root.uri if stored.value.reply is not None else stored.uri


def _following(cursor: str | None, current: str | None) -> str | None:
    """The next page's cursor, a millisecond later than it is given; where that would lead nowhere, as it is given."""
    later = bumped(cursor) if cursor is not None else None
    return cursor if later == current else later
