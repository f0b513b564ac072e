"""One post with everything below it, however Reddit cuts it up.

A tree comes with up to 500 comments, ten levels deep, and stubs for the rest. A stub with ids is asked for, a hundred at a
time; one without means that the thread goes on below a comment, which is then read as a tree of its own. What was asked for
and did not come is looked up by its name. What is still missing after that is said: an answer may hide there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from msgspec import Raw, Struct

from modconsole.connectors.reddit_api import PER_INFO, Api
from modconsole.connectors.reddit_map import Comment, Listed, More, Post, Thing, number

LIMIT = 500
"""The most comments that a tree comes with."""
REQUESTS = 40
"""Requests for one post in an ordinary pull: 4,000 comments. A full walk reads on."""
DRIFT = 50
"""Reddit's own count of comments drifts: it counts what nobody is shown (shadow-banned authors), and takes back deletions
late. So many comments may be missing without a word as one in `DRIFT` of them, or one."""


class Below(Struct):
    """Of a comment that cannot be understood, at least what is below it."""

    replies: Raw = Raw(b'""')


@dataclass
class Tree:
    """What was read of a post."""

    post: Post | None = None
    comments: dict[str, Comment] = field(default_factory=dict)
    poison: list[tuple[str, bytes]] = field(default_factory=list)
    left: int = 0
    """Comments that stubs stand for and that could not be read."""

    def gap(self) -> str:
        """Why this is not everything, in words; empty where it is."""
        if self.left:
            return f"Reddit left out {self.left} comments of this thread and did not give them when asked"
        counted = self.post.num_comments if self.post is not None else 0
        short = counted - len(self.comments) - len(self.poison)
        if short > max(1, counted // DRIFT):
            return f"Reddit counts {counted} comments here and shows {len(self.comments)}"
        return ""


class Reader:
    """Reads one post; `read()` once."""

    def __init__(self, api: Api, link: str, *, bounded: bool) -> None:
        self.api = api
        self.link = link
        self.tree = Tree()
        self._requests = REQUESTS if bounded else 1_000_000
        self._stubs: list[More] = []
        self._followed: set[str] = set()
        self._asked: set[str] = set()

    def read(self) -> Tree:
        """The whole tree. Raises `PlatformError`; `Gone` and `Refused` where the post is not shown."""
        self._branch(f"/comments/{number(self.link)}")
        while self._stubs and self._requests > 0:
            children = self._next()
            if children:
                self._expand(children)
        self.tree.left += sum(max(stub.count, len(stub.children), 1) for stub in self._stubs)
        return self.tree

    def _next(self) -> list[str]:
        """Ids to ask for next, from as many stubs as fit. A thread that goes on elsewhere is read at once."""
        batch: list[str] = []
        while self._stubs and len(batch) < PER_INFO:
            stub = self._stubs.pop()
            if not stub.children:
                self._follow(stub)
                continue
            fresh = [child for child in stub.children if child not in self._asked]
            room = PER_INFO - len(batch)
            batch += fresh[:room]
            if fresh[room:]:
                self._stubs.append(More(stub.parent_id, fresh[room:], len(fresh) - room))
        self._asked.update(batch)
        return batch

    def _follow(self, stub: More) -> None:
        if stub.parent_id in self._followed or not stub.parent_id.startswith("t1_") or self._requests <= 0:
            self.tree.left += 1
            return
        self._followed.add(stub.parent_id)
        self._branch(f"/comments/{number(self.link)}/_/{number(stub.parent_id)}")

    def _branch(self, path: str) -> None:
        self._requests -= 1
        above, below = self.api.get(path, tuple[Listed, Listed], {"limit": str(LIMIT), "sort": "new"})
        for raw in above.data.children:
            self._take(raw)
        for raw in below.data.children:
            self._take(raw)

    def _expand(self, children: list[str]) -> None:
        self._requests -= 1
        for raw in self.api.more(self.link, children):
            self._take(raw)
        missing = [f"t1_{child}" for child in children if f"t1_{child}" not in self.tree.comments]
        if not missing:
            return
        self._requests -= 1
        for raw in self.api.info(missing):
            self._take(raw)
        self.tree.left += sum(name not in self.tree.comments for name in missing)

    def _take(self, raw: Raw) -> None:
        """One item of a tree and, below a comment, its replies; with a list of our own instead of recursion, for trees are
        deep."""
        waiting = [raw]
        while waiting:
            each = waiting.pop()
            try:
                waiting += self._one(each)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.tree.poison.append(("it is no item of a Reddit thread", bytes(each)))

    def _one(self, raw: Raw) -> list[Raw]:
        thing = msgspec.json.decode(raw, type=Thing)
        if thing.kind == "more":
            self._stubs.append(msgspec.json.decode(thing.data, type=More))
        elif thing.kind == "t3":
            self.tree.post = self.tree.post or msgspec.json.decode(thing.data, type=Post)
        elif thing.kind == "t1":
            try:
                comment = msgspec.json.decode(thing.data, type=Comment)
            except msgspec.ValidationError:
                self.tree.poison.append(("it is no comment as Reddit writes them", bytes(thing.data)))
                return below(msgspec.json.decode(thing.data, type=Below).replies)
            self.tree.comments[comment.name] = comment
            return below(comment.replies)
        return []


def below(replies: Raw) -> list[Raw]:
    """The items of a comment's or message's replies: a listing, or nothing."""
    if bytes(memoryview(replies)[:1]) != b"{":
        return []
    return msgspec.json.decode(replies, type=Listed).data.children
