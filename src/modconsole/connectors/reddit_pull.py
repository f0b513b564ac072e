"""One pull of the subreddits that we look after, lane by lane.

- `queues`     the moderation queue first, whole: it alone tells what is held from what is gone for good. Then spam, and what was
               edited. `reports` is a part of the queue, and `unmoderated` of the new posts.
- `discovery`  comments and posts of each subreddit, newest first; modmail of every folder; and where that is wanted, what the
               inbox brings from elsewhere: replies, mentions, private messages.
- `own`        our own comments and sent messages, so that a reply from Reddit's own app counts.
- `threads`    conversations read whole (`reddit_thread`): the most urgent every time, of the others some more each time, turning.
- `again`      messages that somebody waits in, recent ones and those last seen in a queue, by their names.

Lists go back some 1,000 items and no further; a mark that lies beyond that is a gap, and it is said until a full walk has
read every thread. `before` is never used: where its anchor has vanished, Reddit answers with an empty list, as if there were
nothing new. `after` has the same trap, so a cursor holds several anchors; an empty answer to all of them moves no mark.
Absence is no deletion: what an author has deleted comes as `[deleted]` when it is asked for by its name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from msgspec import Raw

from modconsole.connectors import reddit_map as map_
from modconsole.connectors import reddit_modmail as modmail
from modconsole.connectors.base import Known, Page
from modconsole.connectors.reddit_api import PER_INFO, PER_PAGE, WINDOW, Api
from modconsole.connectors.reddit_batch import Batch, keys_of
from modconsole.connectors.reddit_lists import Listed, Place, State, next_page, stepped, with_mark
from modconsole.connectors.reddit_map import Eyes, Listing, number
from modconsole.connectors.reddit_thread import Reader
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.domain.times import SECOND, to_datetime
from modconsole.domain.walk import Walk, restart
from modconsole.errors import Gone, Refused

LATELY = 60
"""Seconds before a mark from which on conversations are read whole again: each costs a request."""
SETTLING = 120 * SECOND
"""How far behind Reddit's clock a pull vouches: lists lag behind."""
QUEUE_PAGES = 10
SPAM_PAGES = 2
"""Pages of spam in an ordinary pull: it is a store-room, and what lies there and is known is asked for by name."""
MAY_BE_MISSING = ("modmail:filtered",)
"""A list that no documentation names: where Reddit does not know it, nothing is hidden in it."""
FIRST, TURNING = 10, 10
"""Conversations read whole in an ordinary pull: the most urgent, and of the others some each time."""

T = TypeVar("T")
Tell = Callable[[str, Listed, int | None], Iterator[Page]]
"""How a page of a list is told of: in which lane, what is on it, and where the mark was."""


class Pull:
    """One pull; `pages()` runs it. Nothing is kept for the next one but what the pages' positions say."""

    def __init__(
        self, api: Api, eyes: Eyes, place: Place, known: Known, me: str, gaps: Iterable[str] = (), *, full: bool
    ) -> None:
        self.api = api
        self.eyes = eyes
        self.place = place
        self.known = known
        self.me = me
        self.full = full
        self.position: dict[str, Any] = {k: v for k, v in known.position.items() if isinstance(v, dict | str)}
        self.batch = Batch(eyes, place.covers, elsewhere=place.elsewhere)
        self.gaps = list(gaps)
        self.read_whole: set[str] = set()
        self.began: float | None = None

    def pages(self) -> Iterator[Page]:
        """All lanes in order, and at the end the coverage."""
        yield from self._queues()
        for subreddit in self.place.subreddits:
            yield from self._list("discovery", f"comments:{subreddit}", f"/r/{subreddit}/comments", subreddit)
            yield from self._list("discovery", f"posts:{subreddit}", f"/r/{subreddit}/new", subreddit)
        if self.place.elsewhere:
            yield from self._list("discovery", "inbox", "/message/inbox", tell=self._fresh)
        yield from self._list("own", "own", f"/user/{self.me}/comments", query={"sort": "new"})
        if self.place.elsewhere:
            yield from self._list("own", "sent", "/message/sent", tell=self._fresh)
        yield from self._modmail()
        yield from self._threads()
        yield from self._again()
        yield self._coverage()

    # ------------------------------------------------------------------ lists

    def _list(
        self,
        lane: str,
        key: str,
        path: str,
        subreddit: str = "",
        query: Mapping[str, str] | None = None,
        tell: Tell | None = None,
    ) -> Iterator[Page]:
        """A list of comments, posts or private messages from its mark on."""

        def page(after: str | None) -> Listed:
            given = {**(query or {}), **({"after": after} if after else {})}
            listing = self._asked(lambda: self._timed(path, given))
            keys, names = keys_of(listing.children)
            return Listed(listing.children, keys, listing.after, names)

        yield from self._walk(lane, key, f"r/{subreddit}" if subreddit else "this account", page, tell or self._told)

    def _walk(
        self,
        lane: str,
        key: str,
        where: str,
        page: Callable[[str | None], Listed],
        tell: Tell,
    ) -> Iterator[Page]:
        """Read a list down to its mark; on a full walk to its end. What cannot be seen is a gap, and stops nothing else.

        The position moves with the last page that came of a page of the list, so that a crash before it reads the list's
        page again.
        """
        slot = f"full:{key}" if self.full else key
        what = f"{key.partition(':')[0]} of {where}"
        state, ended = State.of(self.position.get(slot)), False
        while not ended:
            try:
                got = next_page(page, state.walk.cursor)
            except (Refused, Gone) as error:
                if key not in MAY_BE_MISSING:
                    self.gaps.append(f"{what} cannot be read: {error.message}")
                return
            if got.broken and state.walk.mark is not None:
                self.gaps.append(f"Reddit's list of {what} broke off; it will be read again")
                self.position[slot] = State(restart(state.walk)).json()
                return
            last: Page | None = None
            for made in tell(lane, got, state.walk.mark):
                if last is not None:
                    yield last
                last = made
            mark = state.walk.mark
            state, ended, reached = stepped(state, got)
            if ended and mark is not None and not reached and not self.full and state.count >= WINDOW - PER_PAGE:
                self._lost(key, mark, state.oldest or mark)
            if ended and self.full:
                self._ended(key, slot, state.walk)
            else:
                self.position[slot] = state.json()
            page_of_list = last or self._made(lane, ())
            yield replace(page_of_list, position=dict(self.position), done=state.count, complete=ended)

    def _lost(self, key: str, since: int, until: int) -> None:
        """More came since the last look than the list holds: kept in the position until a full walk has read everything."""
        since = min(since, *(_stretch(self.position.get(f"lost:{key}")) or (since,)))
        if since < until:
            self.position[f"lost:{key}"] = {"since": since, "until": until}

    def _ended(self, key: str, slot: str, walk: Walk) -> None:
        """A full walk of a list has come to its end: its mark is that of the list, where it is later."""
        self.position.pop(slot, None)
        before = State.of(self.position.get(key)).walk
        marks = [mark for mark in (before.mark, walk.mark) if mark is not None]
        self.position[key] = State(with_mark(before, max(marks, default=None))).json()

    def _told(self, lane: str, got: Listed, mark: int | None) -> Iterator[Page]:
        """A page of a list as records: comments with the posts that they are on, private messages with how they began."""
        yield self._page(lane, got.items)
        for native in self.batch.talks():
            with contextlib.suppress(Refused, Gone):
                yield self._talk(native, lane)

    def _fresh(self, lane: str, got: Listed, mark: int | None) -> Iterator[Page]:
        """Of the inbox and of what was sent only what is new: each conversation in it is then read whole, each comment by
        its name."""
        yield from self._told(lane, got if mark is None or self.full else got.since(mark - LATELY), mark)

    # ------------------------------------------------------------------ the queues

    def _queues(self) -> Iterator[Page]:
        held: list[Raw] = []
        for name in self.place.queues:
            held += self._pile(f"/r/{name}/about/modqueue", QUEUE_PAGES)
        self.eyes = replace(self.eyes, queue=frozenset(keys_of(held)[1]))
        self.batch.eyes = self.eyes
        for start in range(0, len(held), PER_PAGE):
            yield self._page("queues", held[start : start + PER_PAGE], done=start + PER_PAGE, total=len(held))
        for name in self.place.queues:
            others = self._pile(f"/r/{name}/about/spam", QUEUE_PAGES if self.full else SPAM_PAGES)
            others += self._pile(f"/r/{name}/about/edited", 1)
            yield self._page("queues", others, done=len(others), complete=True)

    def _pile(self, path: str, pages: int) -> list[Raw]:
        """The first pages of a list that has no mark. Where we may not see it, the rights say so already."""
        pile: list[Raw] = []
        cursor: str | None = None
        for _ in range(pages):
            try:
                got = self._asked(partial(self._timed, path, {"after": cursor} if cursor else {}))
            except (Refused, Gone):
                return pile
            pile += got.children
            cursor = got.after
            if cursor is None:
                break
        return pile

    # ------------------------------------------------------------------ modmail

    def _modmail(self) -> Iterator[Page]:
        for state in modmail.FOLDERS if self.place.mail else ():

            def page(after: str | None, state: str = state) -> Listed:
                got = self._asked(lambda: modmail.folder(self.api, self.place.mail, state, after))
                ids = [each for each in got.conversation_ids if each in got.conversations]
                items = [got.conversations[each] for each in ids]
                more = len(got.conversation_ids) == modmail.PER_PAGE
                return Listed(items, modmail.changes(items), ids[-1] if ids and more else None, ids)

            yield from self._walk("discovery", f"modmail:{state}", "the subreddits", page, self._mail)

    def _mail(self, lane: str, got: Listed, mark: int | None) -> Iterator[Page]:
        """The conversations on a page that have changed since the mark, each read whole."""
        fresh = got if mark is None or self.full else got.since(mark - LATELY)
        for name in fresh.names:
            if modmail.PREFIX + name not in self.read_whole:
                yield self._whole(modmail.PREFIX + name, lane)

    # ------------------------------------------------------------------ threads

    def _threads(self) -> Iterator[Page]:
        """Conversations read whole. A full walk takes them by their age, so that it can go on where it was cut off."""
        if self.full:
            everything = dict.fromkeys((*self.known.conversations, *self.batch.posts))
            order = sorted(everything, key=lambda name: (len(name), name), reverse=True)
            stopped = self.position.get("full:threads")
            if isinstance(stopped, str):
                order = [name for name in order if (len(name), name) < (len(stopped), stopped)]
        else:
            order = self._turn()
        for done, native in enumerate(order, 1):
            if self.full:
                self.position["full:threads"] = native
            if native not in self.read_whole:
                yield replace(self._whole(native, "threads"), done=done, total=len(order), complete=done == len(order))
        if self.full:
            self.position.pop("full:threads", None)
            for key in [key for key in self.position if key.startswith("lost:")]:
                del self.position[key]

    def _turn(self) -> list[str]:
        """The most urgent, and those after where the last turn ended."""
        first, others = list(self.known.conversations[:FIRST]), list(self.known.conversations[FIRST:])
        stopped = self.position.get("threads")
        begin = others.index(stopped) + 1 if stopped in others else 0
        turn = (others[begin:] or others)[:TURNING]
        if turn:
            self.position["threads"] = turn[-1]
        return first + turn

    def _whole(self, native: str, lane: str) -> Page:
        """One conversation with everything in it. One that is not shown to us is a gap of its own."""
        self.read_whole.add(native)
        try:
            if native.startswith(modmail.PREFIX):
                read = self._asked(lambda: modmail.whole(self.api, native, self.eyes))
                return self._made(lane, read.records, read.poison)
            if native.startswith("t4_"):
                return self._talk(native, lane)
            return self._thread(native, lane)
        except (Refused, Gone) as error:
            return self._made(lane, [self._look(native, f"Reddit does not show it: {error.message}")])

    def _thread(self, native: str, lane: str) -> Page:
        tree = self._asked(lambda: Reader(self.api, native, bounded=not self.full).read())
        made = self.batch.thread(tree)
        return self._made(lane, [*made.records, self._look(native, tree.gap())], tree.poison, made.gone)

    def _talk(self, native: str, lane: str) -> Page:
        self.read_whole.add(native)
        listing = self._asked(lambda: self.api.listing(f"/message/messages/{number(native)}"))
        made = self.batch.talk(listing.children)
        return self._made(lane, [*made.records, self._look(native, "")], made.poison)

    def _look(self, native: str, why: str) -> Coverage:
        seen = to_datetime(self.eyes.now)
        gap = Gap(why=why) if why else None
        return Coverage(source=self.eyes.source, conversation=native, checked_at=seen, gap=gap, observed_at=seen)

    # ------------------------------------------------------------------ by their names

    def _again(self) -> Iterator[Page]:
        known = (*self.known.waiting, *self.known.queued, *self.known.recent, *self.known.live)
        wanted = [
            name for name in dict.fromkeys(known) if name.startswith(("t1_", "t3_")) and name not in self.batch.seen
        ]
        for start in range(0, len(wanted), PER_INFO):
            part = wanted[start : start + PER_INFO]
            things = self._asked(partial(self.api.info, part))
            done = start + len(part)
            yield self._page("again", things, done=done, total=len(wanted), complete=done == len(wanted))

    # ------------------------------------------------------------------ pages

    def _asked(self, ask: Callable[[], T]) -> T:
        """A read that leaves the replies' share of the rate limit alone."""
        with self.api.http.background():
            return ask()

    def _timed(self, path: str, query: Mapping[str, str]) -> Listing:
        got, answer = self.api.read(path, map_.Listed, {"limit": str(PER_PAGE), **query})
        if self.began is None:
            self.began = answer.time()
        return got.data

    def _page(
        self, lane: str, things: Iterable[Raw], *, done: int = 0, total: int | None = None, complete: bool = False
    ) -> Page:
        """A page of what this pull has not met yet, with the posts that it has not told of yet."""
        made = self.batch.things(things, lambda names: self._asked(lambda: self.api.info(names)))
        page = self._made(lane, made.records, made.poison, made.gone)
        return replace(page, done=done, total=total, complete=complete)

    def _made(
        self,
        lane: str,
        records: Iterable[Record],
        poison: Iterable[tuple[str, bytes]] = (),
        gone: Iterable[str] = (),
    ) -> Page:
        return Page(tuple(records), dict(self.position), lane, gone=tuple(gone), poison=tuple(poison))

    def _coverage(self) -> Page:
        """What this pull vouches for, and what it could not see."""
        through = int(self.began * SECOND) if self.began is not None else self.eyes.now
        seen = to_datetime(self.eyes.now)
        lost = [
            stretch for key, value in self.position.items() if key.startswith("lost:") and (stretch := _stretch(value))
        ]
        gap = None
        if lost:
            since, until = to_datetime(min(lost)[0] * SECOND), to_datetime(max(end for _, end in lost) * SECOND)
            more = f"more came since the last look than the {WINDOW:,} items that Reddit lists; a full walk reads every thread"
            gap = Gap(since=since, until=until, why="; ".join((more, *self.gaps)))
        elif self.gaps:
            gap = Gap(why="; ".join(dict.fromkeys(self.gaps)))
        coverage = Coverage(
            source=self.eyes.source,
            checked_at=seen,
            complete_through=to_datetime(through - SETTLING),
            gap=gap,
            observed_at=seen,
        )
        return Page((coverage,), dict(self.position), "coverage", complete=True)


def _stretch(stored: object) -> tuple[int, int] | None:
    """A stretch that was lost, from a position; None where it makes no sense."""
    since, until = (stored.get(name) for name in ("since", "until")) if isinstance(stored, dict) else (None, None)
    return (since, until) if isinstance(since, int) and isinstance(until, int) else None
