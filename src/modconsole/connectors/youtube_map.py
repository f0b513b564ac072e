"""What YouTube's JSON becomes: videos as conversations, comments as messages.

Shapes name only what is needed, after `youtube.v3.json`. YouTube keeps one level of replies: `parentId` is always the
top comment, and whom a reply of the second level answers stands in its text, as an @handle. So `parent` is what
YouTube says, `mentions` are the handles of people who wrote in the thread before, and where a text begins with one,
`quotes` is the last reply that this person had written until then. Without that nobody could answer a top comment's
author a second time: by its parent alone such an answer would go to the first question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from modconsole.domain.records import Attachment, Author, Conversation, Message, State
from modconsole.domain.times import to_datetime, to_instant

STATES: dict[str, State] = {
    "published": "live",
    "heldForReview": "held",
    "likelySpam": "spam",
    "rejected": "removed",
}
STATUSES: dict[State, str] = {"live": "published", "held": "heldForReview", "removed": "rejected"}
"""The moderation statuses that can be set. `likelySpam` cannot: only YouTube gives it."""

T = TypeVar("T")

_MENTION = re.compile(r"(?<![\w@./])@([\w.·-]{2,60})")


class ChannelId(Struct):
    """`CommentSnippetAuthorChannelId`."""

    value: str = ""


class Snippet(Struct, rename="camel"):
    """`CommentSnippet`."""

    published_at: datetime
    author_channel_id: ChannelId | None = None
    author_display_name: str = ""
    channel_id: str | None = None
    video_id: str | None = None
    parent_id: str | None = None
    text_display: str = ""
    text_original: str | None = None
    updated_at: datetime | None = None
    moderation_status: str | None = None
    image_url: str | None = None


class Comment(Struct):
    """`Comment`."""

    id: str
    snippet: Snippet

    @property
    def at(self) -> int:
        """When it was written, as an instant."""
        return to_instant(self.snippet.published_at)

    @property
    def author(self) -> str:
        """Who wrote it: the channel's id. Where YouTube gives none, as for channels that are gone, the name stands for it."""
        channel = self.snippet.author_channel_id
        return channel.value if channel is not None and channel.value else f"name:{self.snippet.author_display_name}"

    @property
    def handle(self) -> str:
        """The author's handle without its @; empty where the name is none."""
        name = self.snippet.author_display_name
        return name[1:] if name.startswith("@") else ""


class ThreadSnippet(Struct, rename="camel"):
    """`CommentThreadSnippet`."""

    top_level_comment: Comment
    channel_id: str | None = None
    video_id: str | None = None
    total_reply_count: int = 0


class Replies(Struct):
    """`CommentThreadReplies`: some of the replies, at most five as far as anybody has seen."""

    comments: list[Raw] = []


class ThreadItem(Struct):
    """`CommentThread`."""

    id: str
    snippet: ThreadSnippet
    replies: Replies | None = None


class VideoSnippet(Struct, rename="camel"):
    """`VideoSnippet`."""

    title: str = ""
    channel_id: str | None = None
    published_at: datetime | None = None


class Video(Struct):
    """`Video`."""

    id: str
    snippet: VideoSnippet


class ChannelSnippet(Struct, rename="camel"):
    """`ChannelSnippet`. `custom_url` is the handle, with its @."""

    title: str = ""
    custom_url: str = ""


class Statistics(Struct, rename="camel"):
    """`ChannelStatistics`; numbers come as text."""

    video_count: str = ""


class Channel(Struct):
    """`Channel`."""

    id: str
    snippet: ChannelSnippet
    statistics: Statistics | None = None


@dataclass
class Thread:
    """One top comment and the replies that we have got of it."""

    top: Comment
    conversation: str
    total: int
    """Replies that YouTube counts."""
    listed: bool = True
    """Whether the top comment is from a list, and not from a look at its id."""
    replies: list[Comment] = field(default_factory=list)
    poison: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The thread's id, which is its top comment's."""
        return self.top.id

    def add(self, items: Iterable[Raw]) -> None:
        """Take in more replies; one that cannot be understood is set aside."""
        known = {reply.id for reply in self.replies}
        for item in items:
            reply, why = read(item, Comment)
            if reply is None:
                self.poison.append((why, bytes(item)))
            elif reply.id not in known:
                self.replies.append(reply)

    def before(self, comment: Comment) -> list[Comment]:
        """What stood in the thread before one of its comments, oldest first."""
        if comment.id == self.top.id:
            return []
        earlier = [reply for reply in self.replies if (reply.at, reply.id) < (comment.at, comment.id)]
        return [self.top, *sorted(earlier, key=lambda reply: (reply.at, reply.id))]


def read(item: Raw | bytes, kind: type[T]) -> tuple[T | None, str]:
    """An item, or why it cannot be understood."""
    try:
        return msgspec.json.decode(item, type=kind), ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else "its JSON"
        return None, f"a {kind.__name__.removesuffix('Item').lower()} of YouTube that is not as documented ({where})"


def thread_of(item: Raw) -> tuple[Thread | None, str]:
    """A thread with the replies that came with it, or why it cannot be understood."""
    found, why = read(item, ThreadItem)
    if found is None:
        return None, why
    about, top = found.snippet, found.snippet.top_level_comment
    place = conversation_id(about.video_id or top.snippet.video_id, about.channel_id or top.snippet.channel_id)
    if not place:
        return None, "a thread that belongs neither to a video nor to a channel"
    thread = Thread(top, place, about.total_reply_count)
    thread.add(found.replies.comments if found.replies is not None else ())
    return thread, ""


def conversation_id(video: str | None, channel: str | None) -> str:
    """`video:ID`, or `channel:ID` for what was written on a channel itself; empty where neither is known."""
    if video:
        return f"video:{video}"
    return f"channel:{channel}" if channel else ""


def filter_of(conversation: str) -> dict[str, str] | None:
    """What lists the threads of a conversation; None for an id that is none of ours."""
    kind, _, ident = conversation.partition(":")
    name = {"video": "videoId", "channel": "channelId"}.get(kind)
    return {name: ident} if name and ident else None


def conversation(place: str, video: Video | None, channel: str, source: str, now: int) -> Conversation:
    """The conversation of a video, or of the channel itself."""
    about = video.snippet if video is not None else None
    ident = place.partition(":")[2]
    on_video = place.startswith("video:")
    return Conversation(
        source=source,
        id=place,
        kind="comments",
        title=about.title if about is not None else None,
        url=f"https://www.youtube.com/watch?v={ident}" if on_video else f"https://www.youtube.com/channel/{ident}",
        opened_by=(about.channel_id if about is not None else None) or channel,
        opened_at=about.published_at if about is not None else None,
        observed_at=to_datetime(now),
    )


def message(comment: Comment, place: str, earlier: Sequence[Comment], state: State, source: str, now: int) -> Message:
    """A comment. `earlier` is what stood in its thread before it, oldest first."""
    about = comment.snippet
    edited = about.updated_at if about.updated_at is not None and about.updated_at > about.published_at else None
    mentions, quotes = addressed(about.text_display, earlier)
    video = place.removeprefix("video:") if place.startswith("video:") else ""
    return Message(
        source=source,
        id=comment.id,
        conversation=place,
        author=Author(id=comment.author, handle=comment.handle or None, name=about.author_display_name or None),
        created_at=about.published_at,
        text=about.text_display,
        parent=about.parent_id,
        mentions=mentions or None,
        quotes=quotes,
        url=f"https://www.youtube.com/watch?v={video}&lc={comment.id}" if video else None,
        state=None if state == "live" else state,
        edited_at=edited,
        # the address of a picture is signed and ends after six hours
        attachments=[Attachment(kind="image")] if about.image_url else None,
        observed_at=to_datetime(now),
    )


def addressed(text: str, earlier: Sequence[Comment]) -> tuple[list[str], str | None]:
    """Whom a text mentions of those who wrote before, and the reply that it answers where it begins with a mention."""
    people = {comment.handle.casefold(): comment.author for comment in earlier if comment.handle}
    mentions: list[str] = []
    quotes: str | None = None
    begins = len(text) - len(text.lstrip("\u200b\ufeff \n\t"))
    for found in _MENTION.finditer(text):
        person = people.get(found[1].casefold()) or people.get(found[1].rstrip(".-·").casefold())
        if person is None:
            continue
        if person not in mentions:
            mentions.append(person)
        if found.start() == begins:
            theirs = [comment.id for comment in earlier[1:] if comment.author == person]
            quotes = theirs[-1] if theirs else None
    return mentions, quotes


def same_text(one: str, other: str) -> bool:
    """Whether two texts say the same: YouTube trims, and may join white space and compose letters."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) != "Cf")
