"""One pull of a Bluesky account, lane by lane.

- `queues`     for operators of Ozone what is open or escalated there; requests for direct messages.
- `discovery`  notifications of mentions, replies and quotations, newest first, down to the old mark; conversations of
               direct messages that changed. Notifications are sorted by the earlier of the author's claim and the
               platform's time, so what is dated back, or indexed late, lies below the mark: an overlap is read again,
               and the rest is left to `threads`.
- `own`        our posts as they lie in our own repository, whatever program wrote them.
- `threads`    known conversations read whole, the urgent ones every time and the others in turns, those of new posts
               with them; then known messages that were not met, by their addresses. A reply below a deleted one is in
               no thread any more: what is known of such branches is read on its own.

Notifications tell nothing of a reply more than four levels below our post, below a hidden one, by somebody who is
muted, or indexed before its parent. `threads` finds those.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from modconsole.connectors.base import Known, Page
from modconsole.connectors.bluesky_api import PAGE, Api
from modconsole.connectors.bluesky_chat import ChatPull
from modconsole.connectors.bluesky_map import Notification, Post, Stored
from modconsole.connectors.bluesky_ozone import Ozone
from modconsole.connectors.bluesky_read import Reader, Records, Thread
from modconsole.connectors.bluesky_text import POST, bumped, post_place, read_time, tid_instant
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.domain.times import DAY, HOUR, MINUTE, SECOND, to_datetime, to_instant
from modconsole.domain.walk import Walk, restart, step
from modconsole.errors import Refused

OVERLAP = 2 * HOUR
"""How far below the mark notifications and own posts are read again: late indexing, clocks that differ."""
WALK_PAGES = 30
"""Pages of one list in one run; the walk goes on with the next. A full walk has no bound."""
HEAD, TURN = 30, 30
"""Conversations that are read in each run: the most urgent every time, and some of the others, turning."""
OWN_DAYS = 3 * DAY
"""Threads in which we wrote lately are read even where the store does not ask for them."""
SETTLING = 2 * MINUTE
"""Writes are visible after half a second; what a pull vouches for ends this long before it began."""
RECENT = 200
"""Of the recent messages, how many that no thread has shown are read again by address in one run, turning."""
LOOKUPS = 60
"""Posts looked up one by one in one run."""
BATCH = 100
"""Records of threads that are stored in one transaction."""


class Notifications(msgspec.Struct):
    """A page of notifications."""

    notifications: list[Any] = msgspec.field(default_factory=list)
    cursor: str | None = None


class Pull:
    """One pull; `pages()` is used once."""

    def __init__(
        self, api: Api, source: str, known: Known, now: int, *, full: bool, messages: bool, ozone: Ozone | None
    ) -> None:
        self.api = api
        self.source = source
        self.known = known
        self.now = now
        self.full = full
        self.reader = Reader(api, source, now)
        self.position: dict[str, Any] = dict(known.position)
        self._ozone = ozone
        self._chat = ChatPull(self.reader, known, self.position, self._page, full=full) if messages else None
        self._seen: set[str] = set()
        self._touched: dict[str, None] = {}
        self._lately: list[str] = []
        self._listed: dict[str, Post] = {}
        self._met: set[str] = set()
        self._gaps: dict[str, str] = {}
        self._whole: set[str] = set()
        self._why: list[str] = []
        self._unfinished = False

    def pages(self) -> Iterator[Page]:
        """All lanes, in order, and the coverage.

        Requests are made between two pages, in the background; nothing is held across one.
        """
        lanes = self._lanes()
        while True:
            with self.api.http.background():
                page = next(lanes, None)
            if page is None:
                return
            yield page

    def _lanes(self) -> Iterator[Page]:
        self.api.first_answer = None
        self.reader.read_gates()
        yield from self._queues()
        yield from self._notifications()
        yield from self._messages()
        yield from self._own()
        turn = self._turn()
        yield from self._threads(turn)
        if self._chat is not None:
            yield from self._chat.again(turn)
        yield from self._by_address()
        yield self._coverage()

    # ------------------------------------------------------------------ queues and direct messages

    def _queues(self) -> Iterator[Page]:
        """What moderators of our Ozone service have before them; the states hold for the rest of the pull."""
        if self._ozone is None:
            return
        try:
            for states in self._ozone.queue():
                self.reader.states.update(states)
                posts = self._fresh(states)
                yield self._page("queues", self.reader.records(posts))
            if self._ozone.cut:
                self._why.append("the moderation queue is longer than was read")
        except Refused as error:
            self._why.append(f"the moderation queue: {error.message}")
        yield self._page("queues", [], complete=True)

    def _messages(self) -> Iterator[Page]:
        if self._chat is None:
            return
        try:
            yield from self._chat.changed()
            if not self._chat.complete:
                self._behind("older direct messages")
        except Refused as error:
            if error.code != "not_for_messages":
                raise
            self._chat = None
            self._why.append(f"direct messages: {error.message}")

    # ------------------------------------------------------------------ lists

    def _notifications(self) -> Iterator[Page]:
        walk = Walk() if self.full else Walk.from_json(self.position.get("notifications"))
        if walk.cursor is not None:  # an older walk is under way: what is new must not wait for its end
            yield self._page("discovery", self._of_notifications(self._notified(None), None))
        mark, count, oldest = walk.mark, 0, self.now
        for turn in itertools.count(1):
            try:
                listed = self._notified(walk.cursor)
            except Refused:
                if walk.cursor is None:
                    raise
                walk = restart(walk)  # a cursor that Bluesky no longer takes
                continue
            told = self._told(listed)
            keys = [key for one in told if (key := _instant(one.indexed_at)) is not None]
            count, oldest = count + len(keys), min([oldest, *keys])
            records = self._of_notifications(listed, mark)
            walk, ended = step(walk, keys, _following(listed.cursor, walk.cursor), overlap=OVERLAP)
            self.position["notifications"] = walk.to_json()
            self._lost(mark, oldest, cut=ended and listed.cursor is None and count > PAGE)
            yield self._page("discovery", records, done=count, complete=ended)
            if ended or (turn >= WALK_PAGES and not self.full):
                break
        if walk.cursor is not None:
            self._behind("older notifications")

    def _notified(self, cursor: str | None) -> Notifications:
        query = {"limit": str(PAGE), "priority": "false"}
        if cursor is not None:
            query["cursor"] = cursor
        name, reasons = "app.bsky.notification.listNotifications", ("mention", "reply", "quote")
        return self.api.get(name, Notifications, query, several={"reasons": reasons})

    def _told(self, listed: Notifications) -> list[Notification]:
        """The notifications that can be understood and are about posts."""
        found = []
        for raw in listed.notifications:
            one = self.reader.understood(raw, Notification, "a notification")
            if one is not None and post_place(one.uri) is not None:
                found.append(one)
        return found

    def _of_notifications(self, listed: Notifications, mark: int | None) -> list[Record]:
        """The posts behind notifications, with those of the overlap; what is older was read by a walk that came to its end."""
        aside = len(self.reader.poison)
        new = [
            one.uri for one in self._told(listed) if mark is None or (_instant(one.indexed_at) or 0) >= mark - OVERLAP
        ]
        del self.reader.poison[aside:]  # the same items were set aside when their order was looked at
        posts = self._fresh(new)
        self._touched.update((post.root, None) for post in posts)
        return self.reader.records(posts)

    def _lost(self, mark: int | None, oldest: int, *, cut: bool) -> None:
        """Note where Bluesky's list ended before it came to what was read last time; only a full walk makes up for that."""
        if cut and mark is not None and oldest > mark + OVERLAP:
            self.position["lost"] = {"from": mark, "to": oldest}
        elif self.full:
            self.position.pop("lost", None)

    def _own(self) -> Iterator[Page]:
        walk = Walk() if self.full else Walk.from_json(self.position.get("own"))
        mark, count = walk.mark, 0
        for turn in itertools.count(1):
            query = {"repo": self.api.did, "collection": POST, "limit": str(PAGE)}
            if walk.cursor is not None:
                query["cursor"] = walk.cursor
            listed = self.api.get("com.atproto.repo.listRecords", Records, query)
            stored = [s for raw in listed.records if (s := self.reader.understood(raw, Stored, "a post of ours"))]
            keys = [_age(one) for one in stored]
            self._lately += [_root(one) for one in stored if _age(one) > self.now - OWN_DAYS]
            new = [one for one in stored if mark is None or _age(one) >= mark - OVERLAP]
            posts = self._fresh(one.uri for one in new)
            self._touched.update((post.root, None) for post in posts)
            count += len(stored)
            walk, ended = step(walk, keys, listed.cursor, overlap=OVERLAP)
            self.position["own"] = walk.to_json()
            yield self._page("own", self.reader.records(posts), done=count, complete=ended)
            if ended or (turn >= WALK_PAGES and not self.full):
                break
        if walk.cursor is not None:
            self._behind("our own older posts")

    # ------------------------------------------------------------------ threads

    def _turn(self) -> list[str]:
        """The conversations to read in this run: the urgent ones, those of new posts, and some of the rest, turning."""
        wanted = list(dict.fromkeys([*self.known.conversations, *self._touched, *self._lately]))
        if self.full:
            return wanted
        head = list(dict.fromkeys([*wanted[:HEAD], *list(self._touched)[: 2 * HEAD]]))
        urgent = set(head)
        return head + self._some("threads", [one for one in wanted if one not in urgent], TURN)

    def _some(self, name: str, of: list[str], many: int) -> list[str]:
        """The next `many`, after the last of the run before; from the beginning again after the end."""
        last = self.position.get(name)
        start = of.index(last) + 1 if last in of else 0
        some = of[start : start + many] or of[:many]
        if some:
            self.position[name] = some[-1]
        else:
            self.position.pop(name, None)
        return some

    def _threads(self, conversations: Sequence[str]) -> Iterator[Page]:
        roots = [conversation for conversation in conversations if post_place(conversation) is not None]
        records: list[Record] = []
        gone: list[str] = []
        for done, root in enumerate(roots, 1):
            thread = self.reader.thread(root)
            self._whole.add(root)
            records += self._of_thread(thread)
            if root in thread.missing and self.reader.lookup(root) == "gone":
                gone.append(root)
            self._gaps[root] = thread.gap(asked=root)
            records.append(self._of_conversation(root))
            if len(records) >= BATCH or done == len(roots):
                yield self._page("threads", records, done=done, total=len(roots), gone=gone)
                records, gone = [], []

    def _of_thread(self, thread: Thread) -> list[Record]:
        fresh = [post for uri, post in thread.posts.items() if uri not in self._seen]
        self._seen.update(thread.posts)
        self._met.update(thread.posts)
        return self.reader.records(fresh)

    def _by_address(self) -> Iterator[Page]:
        """Known messages that no list and no thread has shown."""
        known = self.known
        recent = [i for i in known.recent if i not in self._seen]
        if not self.full:
            recent = self._some("recent", recent, RECENT)
        ids = [*known.waiting, *known.queued, *recent, *known.live]
        wanted = [i for i in dict.fromkeys(ids) if i not in self._seen and post_place(i) is not None]
        lookups = 0
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            posts = self.reader.posts(some)
            records = self._below(posts.values())
            gone = []
            for absent in (uri for uri in some if uri not in posts and uri not in self._seen):
                lookups += 1
                if lookups > LOOKUPS and not self.full:
                    break
                found = self.reader.lookup(absent)
                if found == "gone":
                    gone.append(absent)
                elif isinstance(found, Stored):
                    records += self._not_shown(found)
            end = min(start + PAGE, len(wanted))
            yield self._page("threads", records, done=end, total=len(wanted), complete=end == len(wanted), gone=gone)
        yield self._page("threads", self._below(self._listed.values()), complete=True)

    def _below(self, posts: Iterable[Post]) -> list[Record]:
        """Posts that their thread, read whole, does not show, and what was written below them: such a branch hangs on nothing."""
        records: list[Record] = []
        for post in posts:
            if post.root in self._whole and post.uri not in self._met and post.reply_count > 0:
                branch = self.reader.thread(post.uri)
                records += self._of_thread(branch)
                self._note(post.root, branch.gap(asked=""), records)
            if post.uri not in self._seen:
                self._seen.add(post.uri)
                records += self.reader.records([post])
        return records

    def _not_shown(self, stored: Stored) -> list[Record]:
        """A post that lies in its author's repository, and that Bluesky does not show us."""
        records: list[Record] = []
        taken = self._ozone.taken_down(stored, self.reader) if self._ozone is not None else None
        if taken is not None:
            self._seen.add(stored.uri)
            return [taken]
        written = _instant(stored.value.created_at or "")
        if written is not None and written > self.now - SETTLING:
            return records  # it may only not be shown yet
        self._note(_root(stored), "a message that still exists is not shown to us: a block, or moderation", records)
        return records

    def _note(self, root: str, why: str, records: list[Record]) -> None:
        """A further reason why a conversation cannot be vouched for."""
        if why and why not in self._gaps.get(root, ""):
            self._gaps[root] = "; ".join(part for part in (self._gaps.get(root, ""), why) if part)
            records.append(self._of_conversation(root))

    # ------------------------------------------------------------------ pages and coverage

    def _fresh(self, uris: Iterable[str]) -> list[Post]:
        """The posts, as they are shown, of those addresses that this pull has not told of."""
        found = self.reader.posts(uri for uri in uris if uri not in self._seen)
        self._seen.update(found)
        self._listed.update(found)
        return list(found.values())

    def _page(
        self,
        lane: str,
        records: Sequence[Record],
        *,
        done: int = 0,
        total: int | None = None,
        complete: bool = False,
        gone: Sequence[str] = (),
    ) -> Page:
        poison = tuple(self.reader.poison)
        self.reader.poison.clear()
        return Page(tuple(records), dict(self.position), lane, done, total, complete, tuple(gone), poison)

    def _of_conversation(self, root: str) -> Coverage:
        why = self._gaps.get(root)
        return Coverage(
            source=self.source,
            conversation=root,
            checked_at=to_datetime(self.now),
            complete_through=to_datetime(self._through()),
            gap=Gap(why=why) if why else None,
            observed_at=to_datetime(self.now),
        )

    def _behind(self, what: str) -> None:
        """Say that a list is longer than one run reads: until it is read, nothing new is vouched for."""
        self._unfinished = True
        self._why.append(f"{what} are still being read")

    def _through(self) -> int:
        """The server's clock when it first answered, less what is not visible yet; ours where it has none."""
        said = self.api.first_answer
        return (int(said * SECOND) if said is not None else self.now) - SETTLING

    def _coverage(self) -> Page:
        lost = self.position.get("lost")
        if isinstance(lost, dict):
            self._why.append("Bluesky no longer lists the notifications of a stretch in which nothing was read")
        if not self._unfinished:
            self.position["through"] = self._through()
        through = self.position.get("through")
        span = lost if isinstance(lost, dict) else {}
        gap = Gap(
            since=to_datetime(span["from"]) if isinstance(span.get("from"), int) else None,
            until=to_datetime(span["to"]) if isinstance(span.get("to"), int) else None,
            why="; ".join(self._why),
        )
        coverage = Coverage(
            source=self.source,
            checked_at=to_datetime(self.now),
            complete_through=to_datetime(through) if isinstance(through, int) else None,
            gap=gap if self._why else None,
            observed_at=to_datetime(self.now),
        )
        return self._page("coverage", [coverage], complete=True)


def _instant(text: str) -> int | None:
    moment = read_time(text)
    return to_instant(moment) if moment is not None else None


def _age(stored: Stored) -> int:
    """When a post of ours was written: by its key, which the list is sorted by, else by what it says."""
    at = post_place(stored.uri)
    found = tid_instant(at.key) if at is not None else None
    return found if found is not None else _instant(stored.value.created_at or "") or 0


def _root(stored: Stored) -> str:
    return stored.value.reply.root.uri if stored.value.reply is not None else stored.uri


def _following(cursor: str | None, current: str | None) -> str | None:
    """The next page's cursor, a millisecond later than it is given; where that would lead nowhere, as it is given."""
    later = bumped(cursor) if cursor is not None else None
    return cursor if later == current else later
