"""Topics and posts, read and made into records: with their parents, in whole topics, and what they were before approval.

One `Reader` serves one connector. What it learns of names and numbers it keeps; topics it keeps for one pull (`fresh`), since
titles and states change.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from modconsole.connectors.discourse_api import CHUNK, Api, Unreadable
from modconsole.connectors.discourse_map import (
    Refs,
    conversation,
    message,
    moment,
    numbers_of,
    our_groups,
    queued,
)
from modconsole.connectors.discourse_shapes import SMALL_ACTION, Post, Reviewable, ReviewMeta, Topic, User
from modconsole.domain.records import Conversation, Message, Record
from modconsole.errors import Gone, Refused

HEADS = 2000
"""Topics remembered between pulls, for titles and openers only."""
NUMBERS = 200_000
"""Post numbers remembered, at most, from one pull to the next."""
BORN = 1000
"""Posts remembered that came out of the approval queue, or did not."""


@dataclass
class Batch:
    """Posts made into records, and those that could not be."""

    records: list[Message] = field(default_factory=list)
    ids: set[int] = field(default_factory=set)
    poison: list[tuple[str, bytes]] = field(default_factory=list)


class Reader:
    """Reads for one connector; not for several threads at once."""

    def __init__(self, api: Api, source: str) -> None:
        self.api = api
        self.source = source
        self.refs = Refs()
        self._heads: OrderedDict[int, Topic] = OrderedDict()
        self._fresh: dict[int, Topic | None] = {}
        self.born: OrderedDict[int, str] = OrderedDict()
        """Of a post: when it was written, where it waited for approval; empty where it is known that it did not."""

    def fresh(self) -> None:
        """A new pull begins: topics are read again."""
        self._fresh.clear()
        if len(self.refs.numbers) > NUMBERS:
            self.refs.numbers.clear()
        self.know_us()

    def know_us(self) -> None:
        """Who we are, for mentions of us and of our groups."""
        me = self.api.me()
        self.refs.me = me
        self.refs.groups = our_groups(me.groups)
        self.refs.learn([User(me.id, me.username, me.name)])

    # ------------------------------------------------------------------ topics

    def topic(self, number: int) -> Topic | None:
        """A topic, read once a pull; None where it is gone or not for us."""
        if number not in self._fresh:
            try:
                self.topic_now(number)
            except (Gone, Refused, Unreadable):
                self._fresh[number] = None
        return self._fresh[number]

    def topic_now(self, number: int) -> Topic:
        """A topic as it is now. Raises `Gone`, `Refused`."""
        found = self.api.topic(number)
        self._fresh[number] = found
        self._learn(found)
        return found

    def head(self, number: int) -> Topic | None:
        """A topic as it was when last read, in this pull or an earlier one."""
        return self._heads.get(number) or self.topic(number)

    def _learn(self, topic: Topic) -> None:
        details = topic.details
        self.refs.learn([*details.participants, *details.allowed_users])
        if details.created_by is not None:
            self.refs.learn([details.created_by])
        for raw in topic.post_stream.posts:
            post = _decoded(raw)
            if isinstance(post, Post):
                self.refs.meet(post)
        short = msgspec.structs.replace(topic, post_stream=type(topic.post_stream)())
        self._heads[topic.id] = short
        self._heads.move_to_end(topic.id)
        while len(self._heads) > HEADS:
            self._heads.popitem(last=False)

    def told(self, topic: Topic, now: int) -> Conversation:
        """The record of a topic."""
        return conversation(topic, self.source, self.api.http.base, now)

    # ------------------------------------------------------------------ posts

    def records(self, raw: Sequence[Any], now: int, *, skip: Iterable[int] = ()) -> Batch:
        """Posts as records: parents and quotes resolved, those in `skip` and small actions left out, what makes no sense set
        aside."""
        batch = Batch()
        posts: list[Post] = []
        unwanted = set(skip)
        for item in raw:
            post = _decoded(item)
            if not isinstance(post, Post):
                batch.poison.append((post, msgspec.json.encode(item)))
                continue
            self.refs.meet(post)
            self._renamed(post)
            if post.post_type != SMALL_ACTION and post.id not in unwanted and post.id not in batch.ids:
                batch.ids.add(post.id)
                posts.append(post)
        self.resolve(posts)
        for post in posts:
            try:
                batch.records.append(self.message(post, now))
            except ValueError:  # a time that is none
                batch.poison.append((f"post {post.id} has no readable time", msgspec.json.encode(post)))
        return batch

    def message(self, post: Post, now: int) -> Message:
        """The record of a post; of one that came out of the approval queue with the time at which it was written."""
        found = message(post, self.head(post.topic_id), self.source, self.api.http.base, self.refs, now)
        written = self._written(post)
        return msgspec.structs.replace(found, created_at=moment(written)) if written else found

    def _renamed(self, post: Post) -> None:
        """The feed names the topic of each post: what is remembered of it must not be older."""
        head = self._heads.get(post.topic_id)
        if head is not None and post.topic_title and head.title != post.topic_title:
            self._heads[head.id] = msgspec.structs.replace(head, title=post.topic_title)

    def known(self, post: Post, now: int) -> Message:
        """The record of a post with what is known already: without a request."""
        self.refs.meet(post)
        return message(post, self._heads.get(post.topic_id), self.source, self.api.http.base, self.refs, now)

    def one(self, post: Post, now: int) -> Message:
        """The record of a single post, its topic read for it."""
        self.refs.meet(post)
        self._fresh.pop(post.topic_id, None)
        self.topic(post.topic_id)
        self.resolve([post])
        return self.message(post, now)

    def _written(self, post: Post) -> str:
        """When a post was written that waited for approval; empty for others.

        Discourse gives an approved post the time of its approval. Only the thing that was reviewed tells when it was written, and
        a topic read whole does not name that where the category demanded the approval (`TopicView#reviewable_counts`): so what
        the feed or the queue has told is remembered.
        """
        if post.id not in self.born and post.reviewable_id and self.api.me().staff:
            try:
                item = self.review(post.reviewable_id)
            except (Gone, Refused, Unreadable):
                return ""
            self.remember(item)
            self._keep(post.id, self.born.get(post.id, ""))
        return self.born.get(post.id, "")

    def remember(self, item: Reviewable) -> None:
        """Keep when the post was written that came out of the queue."""
        if item.type == "ReviewableQueuedPost" and item.post_id is not None:
            self._keep(item.post_id, item.created_at)

    def _keep(self, post: int, written: str) -> None:
        self.born[post] = written
        self.born.move_to_end(post)
        while len(self.born) > BORN:
            self.born.popitem(last=False)

    def resolve(self, posts: Sequence[Post]) -> None:
        """Find the ids behind the numbers that posts name, a window of a topic at a time; what is not there is remembered as
        that."""
        wanted = sorted({place for post in posts for place in numbers_of(post)} - self.refs.numbers.keys())
        for topic, number in wanted:
            if (topic, number) in self.refs.numbers:
                continue
            if self.topic(topic) is not None and (topic, number) not in self.refs.numbers:
                with contextlib.suppress(Gone, Refused):
                    self._around(topic, number)
            self.refs.numbers.setdefault((topic, number), None)

    def _around(self, topic: int, number: int) -> None:
        """Learn the ids of a post and of those after it; a deleted post is only found by asking for it alone."""
        for raw in self.api.after(topic, number - 1) if number > 1 else []:
            found = _decoded(raw)
            if isinstance(found, Post):
                self.refs.meet(found)
        if (topic, number) not in self.refs.numbers:
            self.refs.meet(self.api.by_number(topic, number))

    # ------------------------------------------------------------------ whole topics

    def chunks(self, topic: Topic, ids: Sequence[int]) -> Iterator[tuple[list[int], list[Any]]]:
        """Posts of a topic by their ids, undecoded, a chunk at a time with the ids that it should hold; those that came with the
        topic are not asked for again."""
        here = {raw.get("id"): raw for raw in topic.post_stream.posts if isinstance(raw, dict)}
        for start in range(0, len(ids), CHUNK):
            wanted = list(ids[start : start + CHUNK])
            came = [here[each] for each in wanted if each in here]
            rest = [each for each in wanted if each not in here]
            yield wanted, came + (self.api.posts(topic.id, rest) if rest else [])

    # ------------------------------------------------------------------ the queue

    def reviews(self, offset: int) -> tuple[list[Reviewable], ReviewMeta]:
        """One page of what waits for review, newest first.

        `priority=low` asks for all: without it a site may leave out what few have flagged.
        """
        query = {"status": "pending", "sort_order": "created_at", "priority": "low", "offset": str(offset)}
        found = self.api.get("review.json", query)
        body = found if isinstance(found, dict) else {}
        self._people(body)
        items = self.api.some(body.get("reviewables"), Reviewable)
        return items, self.api.shape(body.get("meta") or {}, ReviewMeta)

    def review(self, number: int) -> Reviewable:
        """One thing to review, with what can be done about it. Raises `Gone`, `Refused`."""
        return self.review_with(number)[0]

    def review_with(self, number: int) -> tuple[Reviewable, dict[str, Any]]:
        """The same, with the whole answer: its actions stand beside it."""
        body = self.api.get(f"review/{number}.json")
        found = body if isinstance(body, dict) else {}
        self._people(found)
        return self.api.shape(found.get("reviewable"), Reviewable), found

    def _people(self, body: dict[str, Any]) -> None:
        self.refs.learn(self.api.some(body.get("users"), User))

    def waiting(self, item: Reviewable, now: int) -> list[Record]:
        """The records of something that waits for approval and is no post yet."""
        place = item.topic_id
        topic = self.head(place) if place is not None else None
        if place is not None and item.reply_to_post_number:
            number = (place, item.reply_to_post_number)
            if number not in self.refs.numbers:
                self.resolve([Post(0, place, 0, "", reply_to_post_number=item.reply_to_post_number)])
        records: list[Record] = [self.told(topic, now)] if topic is not None else []
        return records + list(queued(item, topic, self.source, self.api.http.base, self.refs, now))


def _decoded(raw: Any) -> Post | str:
    """A post, or why it is none."""
    try:
        return msgspec.convert(raw, Post)
    except msgspec.ValidationError as error:
        return f"a post makes no sense ({error})"
