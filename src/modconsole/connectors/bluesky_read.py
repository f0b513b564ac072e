"""Reading posts and threads, so that everybody who reads gets the same records of them.

A post is always read as it is shown (`getPosts`, `getPostThread`), whichever list it was found in: two forms of one
post would look like changes. Its state comes from its thread's gate (hidden by the thread's author) and, for operators
of Ozone, from the queue there. Of our own threads the gate is read from our own repository, which knows it at once; the
AppView takes up to a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from modconsole.connectors.bluesky_api import PAGE, POSTS_AT_ONCE, Api, each
from modconsole.connectors.bluesky_map import (
    GateRecord,
    Post,
    Profile,
    Stored,
    conversation,
    hidden_by,
    message,
)
from modconsole.connectors.bluesky_text import POST, post_place
from modconsole.domain.records import Message, Record, State
from modconsole.errors import Gone, Refused

T = TypeVar("T")

THREADGATE = "app.bsky.feed.threadgate"
DEPTH = 100
"""Levels asked for at once. A server may give fewer (`maxThreadDepth`): what is deeper is read from there on."""
BRANCHES = 40
"""How many deeper branches of one thread are read in one run."""


class Listed(msgspec.Struct):
    """A page of posts."""

    posts: list[Any] = msgspec.field(default_factory=list)


class Records(msgspec.Struct):
    """A page of a repository's records."""

    records: list[Any] = msgspec.field(default_factory=list)
    cursor: str | None = None


class StoredGate(msgspec.Struct):
    """A thread's gate as it lies in its author's repository."""

    uri: str
    cid: str
    value: GateRecord


class Answered(msgspec.Struct):
    """A thread as it is shown."""

    thread: Any = None


@dataclass
class Thread:
    """What a look at a thread has shown. `first` is None where its first post is not there (any more)."""

    first: Post | None = None
    posts: dict[str, Post] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unread: int = 0
    """Branches that are deeper than was read."""

    def gap(self, *, asked: str) -> str:
        """Why this look cannot vouch for the whole thread; empty where it can."""
        why = []
        if asked in self.missing:
            why.append("its first post is gone, and replies below it are found only where they are known")
        if self.blocked:
            why.append(f"{len(self.blocked)} of its posts are hidden from us by a block, with all replies to them")
        if self.unread:
            why.append(f"{self.unread} branches are too deep to be read in one go")
        return "; ".join(why)


class Reader:
    """Posts and threads as records, as they were seen at `now`. Remembers first posts and gates for one pull or one act."""

    def __init__(self, api: Api, source: str, now: int) -> None:
        self.api = api
        self.source = source
        self.now = now
        self.states: dict[str, State] = {}
        """States that are known from elsewhere, by the post's address: a moderation queue."""
        self.poison: list[tuple[str, bytes]] = []
        self._first: dict[str, Post | None] = {}
        self._gates: dict[str, frozenset[str]] = {}
        self._told: set[str] = set()

    # ------------------------------------------------------------------ posts

    def posts(self, uris: Iterable[str]) -> dict[str, Post]:
        """Those of the posts that are shown to us. Absence proves nothing."""
        found: dict[str, Post] = {}
        wanted = [uri for uri in dict.fromkeys(uris) if post_place(uri) is not None]
        for some in each(wanted, POSTS_AT_ONCE):
            page = self.api.get("app.bsky.feed.getPosts", Listed, several={"uris": some})
            for raw in page.posts:
                post = self.post(raw)
                if post is not None:
                    found[post.uri] = post
        return found

    def post(self, raw: object) -> Post | None:
        """One post of an answer; None, and set aside, where it cannot be understood."""
        post = self.understood(raw, Post, "a post")
        if post is None or post_place(post.uri) is None or post_place(post.root) is None:
            if post is not None:
                self.set_aside(raw, "a post without a usable address")
            return None
        return post

    def understood(self, raw: object, kind: type[T], what: str) -> T | None:
        """One item of an answer as what it should be; None, and set aside, where it is not."""
        try:
            return msgspec.convert(raw, kind)
        except (msgspec.ValidationError, ValueError, OverflowError) as error:
            self.set_aside(raw, f"{what} has another shape than published ({_where(error)})")
            return None

    def set_aside(self, raw: object, why: str) -> None:
        """Keep an item that cannot be used for the report."""
        self.poison.append((why, msgspec.json.encode(raw)))

    # ------------------------------------------------------------------ records

    def records(self, posts: Iterable[Post]) -> list[Record]:
        """The records of posts, each with its thread where that was not told yet."""
        posts = list(posts)
        for post in posts:
            if post.uri == post.root:
                self._first[post.uri] = post
        unknown = [post.root for post in posts if post.root not in self._first]
        if unknown:
            found = self.posts(unknown)
            self._first.update({uri: found.get(uri) for uri in unknown})
        out: list[Record] = []
        for post in posts:
            first = self._first.get(post.root)
            if first is not None and first.uri not in self._told:
                self._told.add(first.uri)
                out.append(conversation(first, self.source, self.now))
            out.append(self.record(post))
        return out

    def record(self, post: Post) -> Message:
        """The record of one post whose thread is known."""
        state: State = "hidden" if post.uri in self._hidden(post.root) else "live"
        return message(post, self.source, self.now, state=self.states.get(post.uri, state))

    def _hidden(self, root: str) -> frozenset[str]:
        return self._gates[root] if root in self._gates else hidden_by(self._first.get(root))

    def read_gate(self, root: str) -> StoredGate | None:
        """The gate of a thread of ours, from our repository; None where there is none."""
        at = post_place(root)
        found = self.api.record(self.api.did, THREADGATE, at.key, StoredGate) if at is not None else None
        self._gates[root] = frozenset(found.value.hidden_replies) if found is not None else frozenset()
        return found

    def read_gates(self) -> None:
        """The newest gates of our own threads, one page of them."""
        query = {"repo": self.api.did, "collection": THREADGATE, "limit": str(PAGE)}
        for raw in self.api.get("com.atproto.repo.listRecords", Records, query).records:
            gate = self.understood(raw, StoredGate, "a thread gate")
            if gate is not None and post_place(gate.value.post) is not None:
                self._gates[gate.value.post] = frozenset(gate.value.hidden_replies)

    def one(self, uri: str) -> Message | None:
        """One post as it stands now; None where it does not exist. Raises `Refused` where it exists and is not shown to us.

        Of ours what lies in our own repository is enough: Bluesky shows it up to a second later.
        """
        post = self.posts([uri]).get(uri)
        if post is None:
            found_there = self.lookup(uri)
            if found_there == "gone":
                return None
            if isinstance(found_there, Stored) and uri.startswith(f"at://{self.api.did}/"):
                return self.own(found_there)
            raise Refused("Bluesky does not show this post to us: a block, or its own moderation.", code="not_shown")
        at = post_place(post.root)
        if at is not None and at.did == self.api.did and post.root != post.uri:
            self.read_gate(post.root)
        found = [record for record in self.records([post]) if isinstance(record, Message)]
        return found[-1]

    def own(self, stored: Stored) -> Message:
        """The record of a post of ours as it lies in our repository."""
        return self.by(self.me(), stored)

    def me(self) -> Profile:
        """Our own account."""
        return self.profile(self.api.did) or Profile(did=self.api.did)

    def by(self, me: Profile, stored: Stored) -> Message:
        """The same, with our account read before: nothing is asked."""
        post = Post(uri=stored.uri, cid=stored.cid, author=me, record=stored.value)
        return message(post, self.source, self.now, state=self.states.get(stored.uri, "live"))

    def lookup(self, uri: str) -> Stored | str:
        """A post that is not shown, by its address: as it lies in its author's repository, `gone`, or `unknown`."""
        at = post_place(uri)
        if at is None:
            return "unknown"
        try:
            found = self.api.record(at.did, POST, at.key, Stored)
            return found if found is not None else "gone"
        except Refused:  # no such account on the server that was asked: deleted, deactivated, suspended, or just moving
            return "gone" if self.profile(at.did) is None else "unknown"

    def profile(self, did: str) -> Profile | None:
        """An account; None where Bluesky says that it is not there."""
        try:
            return self.api.get("app.bsky.actor.getProfile", Profile, {"actor": did})
        except Gone:
            return None
        except Refused as error:
            if error.code == "InvalidRequest":
                return None
            raise

    # ------------------------------------------------------------------ threads

    def thread(self, root: str) -> Thread:
        """A thread, or a branch of one, from `root` down. What lies deeper than the server gives is read from there on."""
        thread = Thread()
        ahead, asked = [root], {root}
        while ahead:
            if len(asked) > BRANCHES:
                thread.unread += len(ahead)
                break
            anchor = ahead.pop(0)
            for post, cut in self._branch(anchor, thread):
                if cut and post.uri not in asked:
                    asked.add(post.uri)
                    ahead.append(post.uri)
        thread.first = thread.posts.get(root)
        return thread

    def _branch(self, anchor: str, thread: Thread) -> Iterator[tuple[Post, bool]]:
        """The posts from one anchor down, each with whether its replies were cut off."""
        query = {"uri": anchor, "depth": str(DEPTH), "parentHeight": "0"}
        try:
            answered = self.api.get("app.bsky.feed.getPostThread", Answered, query)
        except Gone:
            thread.missing.append(anchor)
            return
        nodes = [answered.thread]
        while nodes:
            node = nodes.pop()
            if not isinstance(node, dict):
                self.set_aside(node, "a place in a thread has another shape than published")
                continue
            if "post" not in node:
                self._not_shown(node, thread)
                continue
            post = self.post(node["post"])
            replies = node.get("replies")
            if post is not None:
                thread.posts[post.uri] = post
                if post.uri == post.root:
                    self._first[post.uri] = post
                yield post, replies is None and post.reply_count > 0
            if isinstance(replies, list):
                nodes.extend(reversed(replies))

    def _not_shown(self, node: Mapping[str, Any], thread: Thread) -> None:
        uri = node.get("uri")
        if isinstance(uri, str) and node.get("blocked") is True:
            thread.blocked.append(uri)
        elif isinstance(uri, str) and node.get("notFound") is True:
            thread.missing.append(uri)
        else:
            self.set_aside(node, "a place in a thread has another shape than published")


def _where(error: Exception) -> str:
    """The field that has the wrong shape, from msgspec's words; never its content."""
    path = str(error).rpartition(" - at `")[2]
    return path.rstrip("`") if path.startswith("$") else type(error).__name__
