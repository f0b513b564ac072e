"""One pull of a channel's comments, lane by lane, within the units that the day's quota leaves.

YouTube announces nothing: there are only lists, newest first by top comment. A new reply does not bring its thread
back to the top, so:

- `queues`     those held for review and those likely spam, whole; what has left them since the last run is looked up.
- `discovery`  the threads of all videos and of the channel itself, down to the mark.
- `threads`    the conversations that the store asks for, every thread of them: first the most urgent one, then those
               that were not read for longest. Our own replies are met here and in `discovery`; there is no list of
               them.
- `again`      what stood in no list, by its id: for edits and deletions.
- `full`       the walk through everything, where that is asked for; `threads` and `again` then have no bounds.

`threads` and `again` spend what `Quota.allowance` gives one run; how old the oldest of these readings is, the
coverage says. What is in no list though it exists was rejected; a list can miss an item while it is being read, so
that counts only the second time.
"""

from __future__ import annotations

from collections.abc import Iterator

from modconsole.connectors.base import Known, Page
from modconsole.connectors.youtube_api import BY_ID
from modconsole.connectors.youtube_map import Comment, Thread, conversation_id, filter_of, message
from modconsole.connectors.youtube_pages import HELD, KEPT, Pages
from modconsole.connectors.youtube_quota import Quota
from modconsole.connectors.youtube_reader import QUEUES, Reader, ThreadPage
from modconsole.domain.records import Message, Record, State
from modconsole.domain.times import HOUR, MINUTE, to_datetime
from modconsole.domain.walk import Walk, restart, step
from modconsole.errors import Gone, RateLimited, Refused

OVERLAP = 1 * HOUR
"""How far beyond the mark discovery goes on: comments become visible after they are dated."""
QUEUE_PAGES = 10
"""Pages of each queue in one run: a thousand threads."""
AGAIN_UNITS = 4
"""Units of an ordinary run for looking up what was met in no list, and as many for those who wait."""
TWICE = 4 * MINUTE
"""How long after the first time something must still be in no list until it counts as rejected."""


class Pull(Pages):
    """One pull; `pages()` runs it. `interval` is how often one begins, in seconds."""

    def __init__(self, reader: Reader, quota: Quota, known: Known, now: int, *, full: bool, interval: float) -> None:
        super().__init__(reader, quota, known, now, full=full)
        self.interval = interval
        self.walked = False
        """Whether this run has walked through the whole channel, from beginning to end."""
        self.spendable = 0
        self.spent_before = 0

    def pages(self) -> Iterator[Page]:
        """All lanes in order, and at the end the coverage."""
        before = {ident for ident in self.position.get("queues", ()) if isinstance(ident, str)}
        yield from self._queues()
        if not self.full or "full" in self.position:
            yield from self._walk("discovery", "walk")
        if self.full:
            self.walked = "full" not in self.position
            began = self.position.setdefault("walking", self.there)
            yield from self._walk("full", "full")
            self.position["walked"] = self.position.pop("walking", began)
            if self.walked:
                self.forget_gaps(self.seen)
            marks = [Walk.from_json(self.position.get(key)).mark for key in ("walk", "full")]
            self.position["walk"] = Walk(mark=max((m for m in marks if m is not None), default=None)).to_json()
            del self.position["full"]
        self.spendable, self.spent_before = self.quota.allowance(self.interval), self.quota.used
        for lane in (self._left(before), self._threads(), self._again()):
            try:
                yield from lane
            except RateLimited:
                if self.full or self.quota.left_for_reading() > 0:
                    raise
        yield self.coverage()

    def _may(self) -> bool:
        """Whether this run may go on re-reading."""
        if self.full:
            return True
        return self.quota.left_for_reading() > 0 and self.quota.used - self.spent_before < self.spendable

    # ------------------------------------------------------------------ discovery

    def _walk(self, lane: str, key: str) -> Iterator[Page]:
        walk = Walk.from_json(self.position.get(key))
        query = {"allThreadsRelatedToChannelId": self.reader.channel}
        done = restarted = False
        while not done:
            try:
                page = self._page(query, walk.cursor)
            except Refused as error:
                if error.code != "invalidPageToken" or walk.cursor is None or restarted:
                    raise
                walk, restarted = restart(walk), True
                continue
            walk, done = step(walk, [thread.top.at for thread in page.threads], page.following, overlap=OVERLAP)
            self.position[key] = walk.to_json()
            yield self.tell(lane, page, complete=done)

    def _page(self, query: dict[str, str], cursor: str | None) -> ThreadPage:
        """A page of published threads with all their replies.

        Where a thread has as many as at the last look, they are not read again; then the few that came along are
        passed over too, for whom they mention is known from all of them.
        """
        with self.reader.api.http.background():
            page = self.reader.threads(query, cursor)
            for thread in page.threads:
                if thread.total <= len(thread.replies):
                    self.count(thread)
                elif self.full or thread.id in self.gaps or self.counts.get(thread.id) != thread.total:
                    self.reader.fill(thread)
                    self.counts.pop(thread.id, None)
                    self.counts[thread.id] = thread.total
                    self.count(thread)
                else:
                    thread.replies.clear()
                    self.partial.add(thread.id)
        return page

    # ------------------------------------------------------------------ the queues

    def _queues(self) -> Iterator[Page]:
        """What is held and what is likely spam. A thread stands there for its top comment or for any reply."""
        found: set[str] = set()
        complete = True
        for ident in [ident for ident in self.gaps if ident.startswith(HELD)]:
            del self.gaps[ident]
        for status, state in QUEUES:
            cursor: str | None = None
            for turn in range(1, QUEUE_PAGES + 1):
                try:
                    page = self._queue_page(status, cursor)
                except Refused:
                    self.why.append("no permission to see comments that are held for review or likely spam")
                    return
                cursor = page.following
                for thread in page.threads:
                    self._note_queued(thread, status)
                told = self.tell(f"queue {state}", page, listed=state, complete=cursor is None)
                found.update(each.id for each in told.records if isinstance(each, Message) and each.state == state)
                yield told
                if cursor is None:
                    break
                complete = complete and turn < QUEUE_PAGES
        if complete:
            self.queued = found
            self.position["queues"] = sorted(found)[: 2 * KEPT]

    def _note_queued(self, thread: Thread, status: str) -> None:
        """Note which replies of a thread stand in a queue; where nothing in it does that we were given, that is a gap."""
        here = {each.id for each in (thread.top, *thread.replies) if each.snippet.moderation_status == status}
        self.queued_in.setdefault(thread.id, set()).update(here - {thread.id})
        if not here and thread.total and not thread.poison:
            self.gaps[f"{HELD}{thread.id}"] = thread.conversation

    def _queue_page(self, status: str, cursor: str | None) -> ThreadPage:
        query = {"allThreadsRelatedToChannelId": self.reader.channel, "moderationStatus": status}
        with self.reader.api.http.background():
            page = self.reader.threads(query, cursor)
            for thread in page.threads:
                said = [comment.snippet.moderation_status for comment in (thread.top, *thread.replies)]
                elsewhere = said[0] == "published" and status in said  # then its replies are read with the others
                if thread.total > len(thread.replies) and not elsewhere:
                    self.reader.fill(thread)
        return page

    def _left(self, before: set[str]) -> Iterator[Page]:
        """What stood in a queue at the last run and does no longer: approved, rejected, or gone."""
        if self.queued is None:
            return
        left = sorted(before - self.queued - self.live)
        for at, ident in enumerate(left):
            if not self._may():
                self.position["queues"] = sorted({*self.position["queues"], *left[at:]})[: 2 * KEPT]
                return
            with self.reader.api.http.background():
                found, _ = self.reader.by_id([ident])
                if ident not in found:
                    yield self.tell("queue left", ThreadPage(), gone=[] if self._exists(ident) else [ident])
                    continue
                comment = found[ident]
                thread, published = self._listed(comment)
            if thread is None:
                continue
            if published:
                yield self.tell("queue left", ThreadPage([thread]))
                continue
            records = self._rejected(comment, thread)
            if not records:
                self.position["queues"] = sorted({*self.position["queues"], ident})[: 2 * KEPT]
            yield self.tell("queue left", ThreadPage(), records=records)

    # ------------------------------------------------------------------ whole conversations

    def _threads(self) -> Iterator[Page]:
        places = list(dict.fromkeys(self.known.conversations))
        walked = self.position.get("walked", 0)
        if self.full:
            self.read.clear()
        else:
            self.read = {place: self.read.get(place, walked) for place in places}
            places = [*places[:1], *sorted(places[1:], key=self.read.__getitem__)]
        unfinished = self.kept("reading").get("conversation")
        if unfinished in places:
            places.insert(0, places.pop(places.index(unfinished)))
        for place in places:
            if not self._may():
                return
            if not self.full or (self.walked and place not in self.told):
                yield from self._conversation(place)

    def _conversation(self, place: str) -> Iterator[Page]:
        """All threads of one conversation; a long one goes on in the next run where this one had to stop."""
        query = filter_of(place)
        reading = self.kept("reading")
        resumed = reading.get("conversation") == place
        cursor: str | None = reading.get("cursor") if resumed else None
        began: int = reading.get("began", self.there) if resumed else self.there
        restarted = False
        while query is not None:
            try:
                page = self._page(query, cursor)
            except (Refused, Gone) as error:
                stale = isinstance(error, Refused) and error.code == "invalidPageToken"
                if stale and cursor is not None and not restarted:
                    cursor, began, resumed, restarted = None, self.there, False, True
                    continue
                yield self._unreadable(place, error.message)
                return
            cursor = page.following
            if cursor is None:
                self.position.pop("reading", None)
                self.read[place] = began
                self.gaps.pop(place, None)
                if not resumed:
                    self.whole.add(place)
                    self.forget_gaps(self.seen.union(thread.id for thread in page.threads), place)
                yield self.tell("threads", page, complete=True)
                return
            self.position["reading"] = {"conversation": place, "cursor": cursor, "began": began}
            yield self.tell("threads", page)
            if not self._may():
                return

    def _unreadable(self, place: str, why: str) -> Page:
        """Comments switched off, a private video: what was there cannot be vouched for."""
        self.position.pop("reading", None)
        self.read[place] = self.there
        self.gaps[place] = place
        return self.tell("threads", ThreadPage(), records=[self.gap(place, why)])

    # ------------------------------------------------------------------ by their ids

    def _again(self) -> Iterator[Page]:
        waiting = [ident for ident in dict.fromkeys(self.known.waiting) if ident not in self.seen]
        waiting, more = waiting[: AGAIN_UNITS * BY_ID], waiting[AGAIN_UNITS * BY_ID :]
        queued = self.known.queued if self.queued is not None else ()
        unsure, first = set(self.known.queued) - set(queued), set(waiting)
        others = [
            ident
            for ident in dict.fromkeys((*more, *queued, *self.known.recent, *self.known.live))
            if ident not in self.seen and ident not in unsure and ident not in first
        ]
        if not self.full and len(others) > AGAIN_UNITS * BY_ID:
            stored = self.position.get("again")
            start = stored % len(others) if isinstance(stored, int) else 0
            self.position["again"] = start + AGAIN_UNITS * BY_ID
            others = (others[start:] + others[:start])[: AGAIN_UNITS * BY_ID]
        ids = [*waiting, *others]
        since = self.position.get("looked", 0)
        for start in range(0, len(ids), BY_ID):
            if not self._may():
                return
            yield self._looked_up(ids[start : start + BY_ID], since, done=start, total=len(ids))
        self.position["looked"] = self.there

    def _looked_up(self, ids: list[str], since: int, *, done: int, total: int) -> Page:
        """What became of some comments that stood in no list. One that was not edited is as it was: no record."""
        gone: list[str] = []
        records: list[Record] = []
        page = ThreadPage()
        with self.reader.api.http.background():
            found, page.poison = self.reader.by_id(ids)
            for ident in ids:
                comment = found.get(ident)
                if comment is None:
                    gone += [] if page.poison or self._exists(ident) else [ident]
                elif self._in_no_list(comment) or (self._edited(comment, since) and ident not in self.known.queued):
                    thread, published = self._listed(comment)
                    if thread is None:
                        continue
                    if published and not self._orphaned(comment):
                        page.threads.append(thread)
                    else:
                        records += self._rejected(comment, thread)
        return self.tell("again", page, records=records, gone=gone, done=done + len(ids), total=total)

    def _exists(self, ident: str) -> bool:
        """A second look: one answer without it could be a slip."""
        found, poison = self.reader.by_id([ident])
        return bool(found or poison)

    def _listed(self, comment: Comment) -> tuple[Thread | None, bool]:
        """A comment's thread and whether it stands in it; None where its video shows no comments now: that says nothing of it."""
        try:
            return self.reader.listed(comment)
        except (Refused, Gone):
            return None, False

    def _in_no_list(self, comment: Comment) -> bool:
        """Whether all lists in which a comment could stand were read in this run, and it stood in none; or it was so in an
        earlier run, and is to be looked at again."""
        about = comment.snippet
        if self.queued is None:
            return False
        if comment.id in self.absent:
            return True
        if (about.parent_id or comment.id) in self.partial:
            return False
        return self.walked or conversation_id(about.video_id, about.channel_id) in self.whole

    def _orphaned(self, comment: Comment) -> bool:
        """Whether a reply is out of sight because its top comment is, whatever its own status."""
        parent = comment.snippet.parent_id
        return parent is not None and parent not in self.seen and self._in_no_list(comment)

    @staticmethod
    def _edited(comment: Comment, since: int) -> bool:
        updated, written = comment.snippet.updated_at, comment.snippet.published_at
        return updated is not None and updated > written and updated >= to_datetime(max(since - OVERLAP, 0))

    def _rejected(self, comment: Comment, thread: Thread) -> list[Record]:
        """A comment that exists and stands in no list: nothing the first time, rejected the second; below a rejected
        one, hidden.
        """
        if self.reader.fresh(comment, self.now) or self.now - self.absent.setdefault(comment.id, self.now) < TWICE:
            return []
        del self.absent[comment.id]
        state: State = "hidden" if self._orphaned(comment) else "removed"
        return [message(comment, thread.conversation, thread.before(comment), state, self.reader.source, self.now)]
