"""Reading of YouTube's comments, shared by the lanes of a pull and by what looks at one comment.

A trap decides its shape: asked for a comment by its id, YouTube does not say its moderation status (`youtube.v3.json`,
`CommentSnippet.moderationStatus`), and rejected comments are listed nowhere. So what state a comment has is known
from the list it stands in: the published ones, those held for review, those that are likely spam; and what exists and
stands in none is rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from modconsole.connectors.youtube_api import BY_ID, Api
from modconsole.connectors.youtube_map import (
    STATES,
    Comment,
    Thread,
    Video,
    conversation,
    conversation_id,
    filter_of,
    message,
    read,
    thread_of,
)
from modconsole.domain.records import Conversation, Message, State
from modconsole.domain.times import DAY, HOUR, MINUTE
from modconsole.errors import Gone, Refused

QUEUES: tuple[tuple[str, State], ...] = (("heldForReview", "held"), ("likelySpam", "spam"))
LOOK_PAGES = 5
"""Pages of a video's threads that are read to find one of them."""
LAGGING = 10 * MINUTE
"""How young a comment may be and stand in no list yet without being taken for rejected."""
SLACK = 1 * HOUR
"""How far out of its place in a list a thread may be."""
TITLES_FOR = 1 * DAY
"""How long a video's title is believed."""

Poison = list[tuple[str, bytes]]


@dataclass
class ThreadPage:
    """One page of threads."""

    threads: list[Thread] = field(default_factory=list)
    following: str | None = None
    poison: Poison = field(default_factory=list)


class Reader:
    """Reads for one channel. Remembers the titles of videos; belongs to its connector."""

    def __init__(self, api: Api, source: str, channel: str) -> None:
        self.api = api
        self.source = source
        self.channel = channel
        self._videos: dict[str, tuple[int, Video | None]] = {}

    # ------------------------------------------------------------------ threads

    def threads(self, query: Mapping[str, str], cursor: str | None = None) -> ThreadPage:
        """One page of threads, in the list's order."""
        listing = self.api.threads(query, cursor)
        page = ThreadPage(following=listing.following)
        for item in listing.items:
            thread, why = thread_of(item)
            if thread is None:
                page.poison.append((why, bytes(item)))
            else:
                page.threads.append(thread)
        return page

    def fill(self, thread: Thread) -> None:
        """Read all replies of a thread: those that come with it are only some. One that has gone meanwhile is left as it came."""
        cursor: str | None = None
        while True:
            try:
                listing = self.api.replies(thread.id, cursor)
            except Gone:
                return
            thread.add(listing.items)
            cursor = listing.following
            if cursor is None:
                return

    def records(self, thread: Thread, now: int, listed: State) -> tuple[list[Message], Poison]:
        """The messages of a thread from a list of one state. A comment of a queue's thread that does not say its own
        state is left out, unless it is the only one: which of them is meant is not known.
        """
        found: list[Message] = []
        poison = thread.poison[:]
        above = thread.top.snippet.moderation_status or "published"
        unsaid = listed if listed == "live" or not (thread.total or thread.replies) else None
        for comment in (thread.top, *thread.replies):
            said = comment.snippet.moderation_status
            if said is None and comment is thread.top and not thread.listed:
                continue
            state = STATES.get(said) if said is not None else unsaid
            if state == "live" and comment is not thread.top and STATES.get(above, "live") != "live":
                state = "hidden"
            if state is not None:
                earlier = thread.before(comment)
                found.append(message(comment, thread.conversation, earlier, state, self.source, now))
            elif said is not None:
                poison.append(("a moderation status that YouTube has not documented", msgspec.json.encode(comment)))
        return found, poison

    def conversations(self, places: Sequence[str], now: int) -> Iterator[Conversation]:
        """The descriptions of conversations; titles are asked for once a day."""
        videos = [place.removeprefix("video:") for place in places if place.startswith("video:")]
        unknown = [v for v in videos if v not in self._videos or now - self._videos[v][0] > TITLES_FOR]
        for start in range(0, len(unknown), BY_ID):
            batch = unknown[start : start + BY_ID]
            self._videos.update(dict.fromkeys(batch, (now, None)))  # private and deleted ones are not given
            for item in self.api.videos(batch).items:
                video, _ = read(item, Video)
                if video is not None:
                    self._videos[video.id] = (now, video)
        for place in places:
            video = self._videos.get(place.removeprefix("video:"), (now, None))[1]
            yield conversation(place, video, self.channel, self.source, now)

    # ------------------------------------------------------------------ one comment

    def by_id(self, ids: Sequence[str]) -> tuple[dict[str, Comment], Poison]:
        """At most `BY_ID` comments that exist, without their states."""
        found: dict[str, Comment] = {}
        poison: Poison = []
        for item in self.api.comments(ids).items:
            comment, why = read(item, Comment)
            if comment is None:
                poison.append((why, bytes(item)))
            else:
                found[comment.id] = comment
        return found, poison

    def one(self, ident: str) -> Comment:
        """A comment. Raises `Gone` where there is none of this id."""
        found, poison = self.by_id([ident])
        if poison:
            raise Refused("YouTube describes this comment in a way that is not documented.", code="unreadable")
        if ident not in found:
            raise Gone("The comment no longer exists on YouTube.")
        return found[ident]

    def top_of(self, comment: Comment) -> Comment:
        """The top comment of a comment's thread."""
        parent = comment.snippet.parent_id
        return comment if parent is None else self.one(parent)

    def listed(self, comment: Comment) -> tuple[Thread, bool]:
        """The thread of a comment with all published replies, and whether the comment stands in it as published."""
        if comment.snippet.parent_id is not None:
            thread = self._around(self.top_of(comment))
            self.fill(thread)
            return thread, any(reply.id == comment.id for reply in thread.replies)
        for thread in self._below(comment, "published"):
            if thread.id == comment.id:
                if thread.total > len(thread.replies):
                    self.fill(thread)
                return thread, True
        return self._around(comment), False

    def standing(self, comment: Comment, now: int) -> tuple[Thread, State]:
        """In which thread and state a comment stands, by the lists. Where there is no list any more, since its video or its top
        comment is gone or comments are switched off, it is hidden."""
        try:
            thread, published = self.listed(comment)
            if published:
                said = next(c for c in (thread.top, *thread.replies) if c.id == comment.id).snippet.moderation_status
                return thread, STATES.get(said or "published", "live")
            for status, state in QUEUES:
                if self._in_queue(comment, status):
                    return thread, state
        except (Gone, Refused) as error:
            if isinstance(error, Refused) and error.code != "commentsDisabled":
                raise
            return self._around(comment), "hidden"
        return thread, "live" if self.fresh(comment, now) else "removed"

    def _in_queue(self, comment: Comment, status: str) -> bool:
        return any(
            each.id == comment.id and (each.snippet.moderation_status or status) == status
            for held in self._below(comment, status)
            for each in (held.top, *held.replies)
        )

    def fresh(self, comment: Comment, now: int) -> bool:
        """Whether a comment is so new that the lists may not have it yet."""
        return now - self.api.http.lag - comment.at < LAGGING

    def _around(self, top: Comment) -> Thread:
        """A thread of which the top comment was read by its id: its own state is not known."""
        place = conversation_id(top.snippet.video_id, top.snippet.channel_id or self.channel)
        return Thread(top, place, 0, listed=False)

    def _below(self, comment: Comment, status: str) -> Iterator[Thread]:
        """The threads of a comment's conversation with a status, as far down as the comment can stand."""
        top = self.top_of(comment)
        query = filter_of(self._around(top).conversation)
        cursor: str | None = None
        for _ in range(LOOK_PAGES):
            page = self.threads({**(query or {}), "moderationStatus": status}, cursor)
            yield from page.threads
            cursor = page.following
            if cursor is None or (page.threads and max(each.top.at for each in page.threads) < top.at - SLACK):
                return
