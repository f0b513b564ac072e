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

from collections.abc import Iterable, Iterator, Sequence

from modconsole.connectors.base import Known, Page
from modconsole.connectors.bluesky_api import PAGE, Api
from modconsole.connectors.bluesky_chat import ChatPull
from modconsole.connectors.bluesky_lists import Lists, Run, instant_of, root_of
from modconsole.connectors.bluesky_map import Post, Stored
from modconsole.connectors.bluesky_ozone import Ozone
from modconsole.connectors.bluesky_read import Thread
from modconsole.connectors.bluesky_text import post_place
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.domain.times import MINUTE, SECOND, to_datetime
from modconsole.errors import Refused

HEAD, TURN = 30, 30
"""Conversations that are read in each run: the most urgent every time, and some of the others, turning."""
SETTLING = 2 * MINUTE
"""Writes are visible after half a second; what a pull vouches for ends this long before it began."""
RECENT = 200
"""Of the recent messages, how many that no thread has shown are read again by address in one run, turning."""
LOOKUPS = 60
"""Posts looked up one by one in one run."""
BATCH = 100
"""Records of threads that are stored in one transaction."""


class Pull:
    """One pull; `pages()` is used once."""

    def __init__(
        self, api: Api, source: str, known: Known, now: int, *, full: bool, messages: bool, ozone: Ozone | None
    ) -> None:
        self.run = Run(api, source, now, dict(known.position), full=full)
        self.source = source
        self.known = known
        self._ozone = ozone
        self._lists = Lists(self.run)
        self._chat = ChatPull(self.run, known) if messages else None
        self._met: set[str] = set()
        """Posts that their thread has shown."""
        self._gaps: dict[str, str] = {}
        self._whole: set[str] = set()
        """Threads that were read."""

    def pages(self) -> Iterator[Page]:
        """All lanes, in order, and the coverage.

        Requests are made between two pages, in the background; nothing is held across one.
        """
        lanes = self._lanes()
        while True:
            with self.run.api.http.background():
                page = next(lanes, None)
            if page is None:
                return
            yield page

    def _lanes(self) -> Iterator[Page]:
        self.run.api.first_answer = None
        self.run.reader.read_gates()
        yield from self._queues()
        yield from self._lists.notifications()
        yield from self._messages()
        yield from self._lists.own()
        turn = self._turn()
        yield from self._threads(turn)
        if self._chat is not None:
            yield from self._chat.again(turn)
        yield from self._by_address()
        self.run.position.pop("walk", None)
        yield self._coverage()

    # ------------------------------------------------------------------ queues and direct messages

    def _queues(self) -> Iterator[Page]:
        """What moderators of our Ozone service have before them; the states hold for the rest of the pull."""
        if self._ozone is None:
            return
        try:
            for states in self._ozone.queue():
                self.run.reader.states.update(states)
                posts = self.run.fresh(states)
                yield self.run.page("queues", self.run.reader.records(posts))
            if self._ozone.cut:
                self.run.why.append("the moderation queue is longer than was read")
        except Refused as error:
            self.run.why.append(f"the moderation queue: {error.message}")
        yield self.run.page("queues", [], complete=True)

    def _messages(self) -> Iterator[Page]:
        if self._chat is None:
            return
        try:
            yield from self._chat.changed()
            if not self._chat.complete:
                self.run.behind("older direct messages")
        except Refused as error:
            if error.code != "not_for_messages":
                raise
            self._chat = None
            self.run.why.append(f"direct messages: {error.message}")

    # ------------------------------------------------------------------ threads

    def _turn(self) -> list[str]:
        """The conversations to read in this run: the urgent ones, those of new posts, and some of the rest, turning."""
        wanted = list(dict.fromkeys([*self.known.conversations, *self._lists.touched, *self._lists.lately]))
        if self.run.full:  # where a rate limit cut the last full walk off, this one goes on
            last = self.run.position.get("walk")
            return wanted[wanted.index(last) + 1 :] if last in wanted else wanted
        head = list(dict.fromkeys([*wanted[:HEAD], *list(self._lists.touched)[: 2 * HEAD]]))
        urgent = set(head)
        return head + self._some("threads", [one for one in wanted if one not in urgent], TURN)

    def _some(self, name: str, of: list[str], many: int) -> list[str]:
        """The next `many`, after the last of the run before; from the beginning again after the end."""
        last = self.run.position.get(name)
        start = of.index(last) + 1 if last in of else 0
        some = of[start : start + many] or of[:many]
        if some:
            self.run.position[name] = some[-1]
        else:
            self.run.position.pop(name, None)
        return some

    def _threads(self, conversations: Sequence[str]) -> Iterator[Page]:
        roots = [conversation for conversation in conversations if post_place(conversation) is not None]
        records: list[Record] = []
        gone: list[str] = []
        for done, root in enumerate(roots, 1):
            thread = self.run.reader.thread(root)
            self._whole.add(root)
            records += self._of_thread(thread)
            if root in thread.missing and self.run.reader.lookup(root) == "gone":
                gone.append(root)
            self._gaps[root] = thread.gap(asked=root)
            records.append(self._of_conversation(root))
            if len(records) >= BATCH or done == len(roots):
                if self.run.full:
                    self.run.position["walk"] = root
                yield self.run.page("threads", records, done=done, total=len(roots), gone=gone)
                records, gone = [], []

    def _of_thread(self, thread: Thread) -> list[Record]:
        fresh = [post for uri, post in thread.posts.items() if uri not in self.run.seen]
        self.run.seen.update(thread.posts)
        self._met.update(thread.posts)
        return self.run.reader.records(fresh)

    def _by_address(self) -> Iterator[Page]:
        """Known messages that no list and no thread has shown."""
        known = self.known
        recent = [i for i in known.recent if i not in self.run.seen]
        if not self.run.full:
            recent = self._some("recent", recent, RECENT)
        ids = [*known.waiting, *known.queued, *recent, *known.live]
        wanted = [i for i in dict.fromkeys(ids) if i not in self.run.seen and post_place(i) is not None]
        lookups = 0
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            posts = self.run.reader.posts(some)
            records = self._below(posts.values())
            gone = []
            for absent in (uri for uri in some if uri not in posts and uri not in self.run.seen):
                lookups += 1
                if lookups > LOOKUPS and not self.run.full:
                    break
                found = self.run.reader.lookup(absent)
                if found == "gone":
                    gone.append(absent)
                elif isinstance(found, Stored):
                    records += self._not_shown(found)
            end = min(start + PAGE, len(wanted))
            yield self.run.page("threads", records, done=end, total=len(wanted), complete=end == len(wanted), gone=gone)
        yield self.run.page("threads", self._below(self.run.listed.values()), complete=True)

    def _below(self, posts: Iterable[Post]) -> list[Record]:
        """Posts that their thread, read whole, does not show, and what was written below them: such a branch hangs on nothing."""
        records: list[Record] = []
        for post in posts:
            if post.root in self._whole and post.uri not in self._met and post.reply_count > 0:
                branch = self.run.reader.thread(post.uri)
                records += self._of_thread(branch)
                self._note(post.root, branch.gap(asked=""), records)
            if post.uri not in self.run.seen:
                self.run.seen.add(post.uri)
                records += self.run.reader.records([post])
        return records

    def _not_shown(self, stored: Stored) -> list[Record]:
        """A post that lies in its author's repository, and that Bluesky does not show us."""
        records: list[Record] = []
        taken = self._ozone.taken_down(stored, self.run.reader) if self._ozone is not None else None
        if taken is not None:
            self.run.seen.add(stored.uri)
            return [taken]
        written = instant_of(stored.value.created_at or "")
        if written is not None and written > self.run.now - SETTLING:
            return records  # it may only not be shown yet
        self._note(root_of(stored), "a message that still exists is not shown to us: a block, or moderation", records)
        return records

    def _note(self, root: str, why: str, records: list[Record]) -> None:
        """A further reason why a conversation cannot be vouched for."""
        if why and why not in self._gaps.get(root, ""):
            self._gaps[root] = "; ".join(part for part in (self._gaps.get(root, ""), why) if part)
            records.append(self._of_conversation(root))

    # ------------------------------------------------------------------ pages and coverage

    def _of_conversation(self, root: str) -> Coverage:
        why = self._gaps.get(root)
        return Coverage(
            source=self.source,
            conversation=root,
            checked_at=to_datetime(self.run.now),
            complete_through=to_datetime(self._through()),
            gap=Gap(why=why) if why else None,
            observed_at=to_datetime(self.run.now),
        )

    def _through(self) -> int:
        """The server's clock when it first answered, less what is not visible yet; ours where it has none."""
        said = self.run.api.first_answer
        return (int(said * SECOND) if said is not None else self.run.now) - SETTLING

    def _coverage(self) -> Page:
        lost = self.run.position.get("lost")
        if isinstance(lost, dict):
            self.run.why.append("Bluesky no longer lists the notifications of a stretch in which nothing was read")
        if not self.run.unfinished:
            self.run.position["through"] = self._through()
        through = self.run.position.get("through")
        span = lost if isinstance(lost, dict) else {}
        gap = Gap(
            since=to_datetime(span["from"]) if isinstance(span.get("from"), int) else None,
            until=to_datetime(span["to"]) if isinstance(span.get("to"), int) else None,
            why="; ".join(self.run.why),
        )
        coverage = Coverage(
            source=self.source,
            checked_at=to_datetime(self.run.now),
            complete_through=to_datetime(through) if isinstance(through, int) else None,
            gap=gap if self.run.why else None,
            observed_at=to_datetime(self.run.now),
        )
        return self.run.page("coverage", [coverage], complete=True)
