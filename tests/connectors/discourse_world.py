"""A forum in memory: people, topics, posts, flags and the review queue, with Discourse's rules as far as the connector meets
them. What people do in a test they do here, never through the connector. `discourse_double` serves it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
FLAGS = {
    3: ("off_topic", False),
    4: ("inappropriate", False),
    6: ("notify_user", True),
    7: ("notify_moderators", True),
    8: ("spam", False),
    10: ("illegal", True),
}
"""Flags by number (`PostActionType.types`), and whether they take a message."""
REVIEWED = {"pending": 0, "approved": 1, "rejected": 2, "ignored": 3, "deleted": 4}


@dataclass
class Member:
    """An account."""

    id: int
    name: str
    admin: bool = False
    moderator: bool = False
    needs_approval: bool = False
    """Whether its posts go to the queue."""
    groups: list[str] = field(default_factory=list)
    silenced_till: str | None = None
    suspended_till: str | None = None
    reason: str | None = None

    @property
    def staff(self) -> bool:
        return self.admin or self.moderator


@dataclass
class Thread:
    """A topic; a personal message where somebody is `allowed`."""

    id: int
    title: str
    author: Member
    at: datetime
    allowed: list[Member] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    private: bool = False
    visible: bool = True
    closed: bool = False
    deleted: datetime | None = None
    bumped: datetime = START
    secret: bool = False
    """In a category that only administrators see."""


@dataclass
class Item:
    """A post."""

    id: int
    thread: Thread
    number: int
    author: Member
    raw: str
    at: datetime
    reply_to: int | None = None
    kind: int = 1
    action_code: str | None = None
    updated: datetime = START
    version: int = 1
    hidden: bool = False
    deleted: datetime | None = None
    deleted_by: Member | None = None
    user_deleted: bool = False
    flags: list[tuple[int, Member]] = field(default_factory=list)
    unannounced: bool = False
    """Left out of every list: the kind of post that only a look at its topic finds."""


@dataclass
class Review:
    """Something to review."""

    id: int
    type: str
    at: datetime
    author: Member
    by: Member
    thread: Thread | None = None
    post: Item | None = None
    raw: str = ""
    title: str | None = None
    reply_to: int | None = None
    status: str = "pending"
    version: int = 0


class World:
    """The forum. Its clock stands still but for `tick`; a `live` one has the real time."""

    def __init__(self, *, live: bool = False) -> None:
        self.live = live
        self._now = START
        self.members: dict[str, Member] = {}
        self.threads: dict[int, Thread] = {}
        self.posts: dict[int, Item] = {}
        self.reviews: dict[int, Review] = {}
        self.notes: list[dict[str, Any]] = []
        self.system = self._member("system", -1, admin=True)
        self.us = self.member("moderator", moderator=True)
        self._next = {"topic": 10, "post": 100, "review": 0}

    # ------------------------------------------------------------------ people

    def _member(self, name: str, number: int, **more: Any) -> Member:
        made = self.members[name] = Member(number, name, **more)
        return made

    def member(self, name: str, **more: Any) -> Member:
        """An account; the one that exists already where the name is taken."""
        return self.members.get(name) or self._member(name, len(self.members) + 1, **more)

    @property
    def now(self) -> datetime:
        """What the forum's clock says."""
        return datetime.now(UTC) if self.live else self._now

    def tick(self, seconds: float = 1) -> datetime:
        """Let time pass; in a live forum it does so by itself."""
        self._now += timedelta(seconds=seconds)
        return self.now

    def number(self, kind: str) -> int:
        """The next number of a kind."""
        self._next[kind] += 1
        return self._next[kind]

    # ------------------------------------------------------------------ what people do

    def topic(self, author: Member, title: str, raw: str, **more: Any) -> Item:
        """A new topic with its first post."""
        thread = Thread(self.number("topic"), title, author, self.tick(), **more)
        self.threads[thread.id] = thread
        return self.post(author, thread, raw)

    def message(self, author: Member, to: list[Member], raw: str, *, groups: tuple[str, ...] = ()) -> Item:
        """A new personal message."""
        return self.topic(author, "A message", raw, private=True, allowed=[author, *to], groups=list(groups))

    def post(self, author: Member, thread: Thread, raw: str, *, to: Item | None = None, **more: Any) -> Item:
        """A post, at once visible."""
        at = self.tick()
        number = max((p.number for p in self.posts.values() if p.thread is thread), default=0) + 1
        made = Item(self.number("post"), thread, number, author, raw, at, to.number if to else None, updated=at, **more)
        self.posts[made.id] = made
        thread.bumped = max(thread.bumped, at)
        if to is not None and to.author is not author:
            self.notes.append(
                {"id": len(self.notes) + 1, "user": to.author, "topic_id": thread.id, "number": number, "at": at}
            )
        return made

    def queue(
        self, author: Member, thread: Thread | None, raw: str, *, title: str | None = None, to: Item | None = None
    ) -> Review:
        """A post that waits for approval."""
        made = Review(
            self.number("review"),
            "ReviewableQueuedPost",
            self.tick(),
            author,
            self.system,
            thread,
            raw=raw,
            title=title,
        )
        made.reply_to = to.number if to else None
        self.reviews[made.id] = made
        return made

    def asks_to_join(self, name: str) -> Review:
        """A new account that waits for approval."""
        member = self.member(name)
        made = Review(self.number("review"), "ReviewableUser", self.tick(), member, self.system)
        self.reviews[made.id] = made
        return made

    def edit(self, post: Item, raw: str) -> None:
        """The author changes the text."""
        post.raw, post.version, post.updated = raw, post.version + 1, self.tick()

    def delete(self, post: Item, by: Member) -> None:
        """Somebody deletes a post: staff for all to see, its author as a stub; with the first post its topic goes."""
        at = self.tick()
        if by.staff:
            post.deleted, post.deleted_by = at, by
            if post.number == 1:
                post.thread.deleted = at
        else:
            post.user_deleted, post.raw, post.updated, post.version = (
                True,
                "(post deleted by author)",
                at,
                post.version + 1,
            )
        for review in self.reviews.values():
            if review.post is post and review.status == "pending":
                self.settle(review, "approved")

    def recover(self, post: Item) -> None:
        """Undo a deletion."""
        post.deleted = post.deleted_by = None
        post.user_deleted = False
        if post.number == 1:
            post.thread.deleted = None

    def flag(self, post: Item, by: Member, kind: int, *, take_action: bool = False, review: bool = False) -> str:
        """Flag a post. Empty where it was taken, else the reason why not."""
        if (kind, by) in post.flags:
            return "already"
        post.flags.append((kind, by))
        made = next((r for r in self.reviews.values() if r.post is post), None)
        if made is None:
            number = self.number("review")
            made = Review(number, "ReviewableFlaggedPost", self.tick(), post.author, by, post.thread, post)
            self.reviews[number] = made
        made.status, made.version = "pending", made.version + 1
        if review:
            post.hidden, post.updated = True, self.tick()
        if take_action:
            post.hidden, post.updated = True, self.tick()
            self.settle(made, "approved")
        return ""

    def settle(self, review: Review, status: str) -> None:
        """A decision on something to review."""
        review.status, review.version = status, review.version + 1

    def approve(self, review: Review) -> Item | None:
        """Let something through: a queued post becomes one, with the time of now."""
        self.settle(review, "approved")
        if review.type != "ReviewableQueuedPost":
            return None
        if review.thread is None:
            made = self.topic(review.author, review.title or "", review.raw)
        else:
            to = next(
                (p for p in self.posts.values() if p.thread is review.thread and p.number == review.reply_to), None
            )
            made = self.post(review.author, review.thread, review.raw, to=to)
        review.post, review.thread = made, made.thread
        return made

    # ------------------------------------------------------------------ who sees what

    def sees(self, who: Member, thread: Thread) -> bool:
        """Whether somebody may read a topic."""
        if thread.deleted and not who.staff:
            return False
        if thread.secret and not who.admin:
            return False
        if not thread.private:
            return True
        return who.admin or who in thread.allowed or any(g in who.groups for g in thread.groups)

    def stream(self, thread: Thread, who: Member, *, deleted: bool) -> list[Item]:
        """The posts of a topic, in their order."""
        found = (p for p in self.posts.values() if p.thread is thread)
        return sorted(
            (p for p in found if (not p.deleted or (deleted and who.staff)) and (p.kind != 4 or who.staff)),
            key=lambda p: p.number,
        )

    def cooked(self, post: Item) -> str:
        """A post's HTML: paragraphs, mentions, quotations."""
        text = html.escape(post.raw, quote=False)
        text = re.sub(
            r"\[quote=\"?(\w+), post:(\d+), topic:(\d+)\"?\](.*?)\[/quote\]",
            r'<aside class="quote" data-username="\1" data-post="\2" data-topic="\3"><blockquote><p>\4</p></blockquote></aside>',
            text,
            flags=re.DOTALL,
        )
        groups = {group for member in self.members.values() for group in member.groups}

        def mention(found: re.Match[str]) -> str:
            kind, place = ("mention-group", "groups") if found[1] in groups else ("mention", "u")
            return f'<a class="{kind}" href="/{place}/{found[1]}">@{found[1]}</a>'

        text = re.sub(r"@(\w+)", mention, text)
        return f"<p>{text}</p>"
