"""What one pull has been given, made into records: each thing once, each comment with the post that it is on.

A comment in the inbox lacks most of what a comment has, so it is read again by its name. Things that cannot be understood
are poison, one by one. What its author deleted becomes `gone`: the store keeps the last words that it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw, Struct

from modconsole.connectors.reddit_api import PER_INFO
from modconsole.connectors.reddit_map import (
    Comment,
    Eyes,
    Post,
    Private,
    Thing,
    comment,
    conversation,
    is_gone,
    post,
    private,
    private_conversation,
    unseen_post,
)
from modconsole.connectors.reddit_thread import Tree, below
from modconsole.domain.records import Record

Info = Callable[[Sequence[str]], list[Raw]]
"""How things are asked for by their names, `PER_INFO` at most."""


class Glance(Struct):
    """What is looked at first: which thing it is, when it came, and whether it is the inbox that shows it."""

    name: str
    created_utc: float = 0.0
    was_comment: bool = False
    subreddit: str | None = None


@dataclass
class Made:
    """What came of some things."""

    records: list[Record] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    poison: list[tuple[str, bytes]] = field(default_factory=list)


def keys_of(children: Iterable[Raw]) -> tuple[list[int], list[str]]:
    """The times (in seconds) and the fullnames of the items of a list; what cannot be understood has neither."""
    keys, names = [], []
    for raw in children:
        try:
            glance = msgspec.json.decode(msgspec.json.decode(raw, type=Thing).data, type=Glance)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        names.append(glance.name)
        if glance.created_utc > 0:
            keys.append(int(glance.created_utc))
    return keys, names


class Batch:
    """The things of one pull. `covers` says whether a subreddit is looked after; with `elsewhere`, others count too."""

    def __init__(self, eyes: Eyes, covers: Callable[[str], bool], *, elsewhere: bool) -> None:
        self.eyes = eyes
        self.seen: set[str] = set()
        self.posts: dict[str, None] = {}
        self._covers = covers
        self._elsewhere = elsewhere
        self._talks: dict[str, None] = {}
        self._read: set[str] = set()

    def talks(self) -> list[str]:
        """Private conversations that something new has come in, to be read whole; each is given out once."""
        found = [native for native in self._talks if native not in self._read]
        self._read.update(found)
        return found

    def things(self, raws: Iterable[Raw], info: Info) -> Made:
        """Items of a list. `info` is asked for posts that were not told of yet, and for comments that came by the inbox."""
        made = Made()
        posts: list[Post] = []
        comments: list[Comment] = []
        noticed: list[str] = []
        for raw in raws:
            self._sort(raw, made, posts, comments, noticed)
        for start in range(0, len(noticed), PER_INFO):
            for raw in info(noticed[start : start + PER_INFO]):
                self._sort(raw, made, posts, comments, [])
        known = self.posts.keys() | {each.name for each in posts}
        links = list(dict.fromkeys(each.link_id for each in comments if each.link_id not in known))
        for start in range(0, len(links), PER_INFO):
            for raw in info(links[start : start + PER_INFO]):
                self._sort(raw, made, posts, [], [])
        self._tell(made, posts, comments)
        return made

    def _sort(self, raw: Raw, made: Made, posts: list[Post], comments: list[Comment], noticed: list[str]) -> None:
        """Put one item where it belongs, unless it was met already or is none of ours."""
        try:
            thing = msgspec.json.decode(raw, type=Thing)
            glance = msgspec.json.decode(thing.data, type=Glance)
            if glance.name in self.seen or not (self._elsewhere or self._covers(glance.subreddit or "")):
                return
            if glance.was_comment:
                noticed.append(glance.name)
            elif thing.kind == "t1":
                comments.append(msgspec.json.decode(thing.data, type=Comment))
            elif thing.kind == "t3":
                posts.append(msgspec.json.decode(thing.data, type=Post))
            elif thing.kind == "t4":
                self._mail(msgspec.json.decode(thing.data, type=Private), made)
        except (msgspec.DecodeError, UnicodeDecodeError):
            made.poison.append(("it is nothing that Reddit's lists hold", bytes(raw)))
            return
        if not glance.was_comment:
            self.seen.add(glance.name)

    def _mail(self, thing: Private, made: Made) -> None:
        """A private message; copies of a subreddit's modmail are left to modmail."""
        if thing.subreddit and self._covers(thing.subreddit):
            return
        made.records.append(private(thing, self.eyes))
        self._talks.setdefault(thing.first_message_name or thing.name)

    def _tell(self, made: Made, posts: Iterable[Post], comments: Iterable[Comment]) -> None:
        """Conversations before what is in them."""
        for each in posts:
            if each.name not in self.posts:
                self.posts[each.name] = None
                made.records.append(conversation(each, self.eyes))
            if is_gone(each):
                made.gone.append(each.name)
            else:
                made.records.append(post(each, self.eyes))
        for one in comments:
            if one.link_id not in self.posts:
                self.posts[one.link_id] = None
                made.records.append(unseen_post(one, self.eyes))
            if is_gone(one):
                made.gone.append(one.name)
            else:
                made.records.append(comment(one, self.eyes))

    def thread(self, tree: Tree) -> Made:
        """A post with everything below it."""
        made = Made()
        posts = [tree.post] if tree.post is not None else []
        self._tell(made, [each for each in posts if each.name not in self.seen], [])
        self._tell(made, [], [each for each in tree.comments.values() if each.name not in self.seen])
        self.seen.update(tree.comments)
        self.seen.update(each.name for each in posts)
        return made

    def talk(self, children: Iterable[Raw]) -> Made:
        """A private conversation: its first message with the others below it."""
        made = Made()
        messages: list[Private] = []
        waiting = list(children)
        while waiting:
            raw = waiting.pop(0)
            try:
                thing = msgspec.json.decode(msgspec.json.decode(raw, type=Thing).data, type=Private)
                waiting += below(thing.replies)
            except (msgspec.DecodeError, UnicodeDecodeError):
                made.poison.append(("it is no private message as Reddit writes them", bytes(raw)))
                continue
            messages.append(thing)
        first = next((each for each in messages if each.first_message_name in (None, each.name)), None)
        if messages:
            made.records.append(private_conversation(first or messages[0], self.eyes))
            self._read.add((first or messages[0]).first_message_name or (first or messages[0]).name)
        made.records += [private(each, self.eyes) for each in messages]
        self.seen.update(each.name for each in messages)
        return made
