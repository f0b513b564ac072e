"""What Discourse sends, as far as we use it: only the fields that are read, so that new ones never break a sync.

Sources: the published schema (`discourse_api_docs/openapi.json`) for posts, topics, lists and notifications; the serializers
in Discourse's own source for the review queue (`ReviewableSerializer` and its kin), the current user and pending posts, which
the schema leaves out. The schema was made from samples: a field that was empty in the sample has the type "string or null"
there, `reply_to_post_number` among them, which is a number.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

REGULAR, MODERATOR, SMALL_ACTION, WHISPER = 1, 2, 3, 4
"""`post_type`: what people write; the same in staff colours; "closed this topic"; what only staff can read."""


class User(Struct):
    """Somebody, as lists and details name them."""

    id: int
    username: str = ""
    name: str | None = None


class Group(Struct):
    """A group of people; its inbox is shared."""

    id: int = 0
    name: str = ""
    has_messages: bool = False


class Me(Struct):
    """The account behind the key (`CurrentUserSerializer`)."""

    id: int
    username: str
    name: str | None = None
    admin: bool = False
    moderator: bool = False
    groups: list[Group] = field(default_factory=list)

    @property
    def staff(self) -> bool:
        """Sees the review queue, hidden and deleted posts, and may moderate."""
        return self.admin or self.moderator


class Summary(Struct):
    """How often a post was flagged or liked in one way, and what we may do about it."""

    id: int
    count: int = 0
    can_act: bool = False
    acted: bool = False


class Post(Struct):
    """A post (`PostSerializer`)."""

    id: int
    topic_id: int
    post_number: int
    created_at: str
    post_type: int = REGULAR
    user_id: int | None = None
    username: str | None = None
    name: str | None = None
    cooked: str = ""
    raw: str | None = None
    updated_at: str | None = None
    version: int = 1
    reply_to_post_number: int | str | None = None
    topic_slug: str | None = None
    topic_title: str | None = None
    post_url: str | None = None
    hidden: bool = False
    cooked_hidden: bool = False
    deleted_at: str | None = None
    deleted_by: User | None = None
    user_deleted: bool = False
    action_code: str | None = None
    is_auto_generated: bool | None = None
    mentioned_users: list[User] = field(default_factory=list)
    actions_summary: list[Summary] = field(default_factory=list)
    reviewable_id: int | None = None
    reviewable_score_pending_count: int | None = None

    @property
    def answers(self) -> int | None:
        """The number, within the topic, of the post that this one replies to."""
        try:
            return int(self.reply_to_post_number or 0) or None
        except ValueError:
            return None


class Details(Struct):
    """Who takes part in a topic; `allowed_*` only in personal messages."""

    created_by: User | None = None
    participants: list[User] = field(default_factory=list)
    allowed_users: list[User] = field(default_factory=list)
    allowed_groups: list[Group] = field(default_factory=list)


class Stream(Struct, rename={"mega": "isMegaTopic"}):
    """The posts of a topic: a chunk of them, undecoded, and the ids of all. A topic of 10,000 posts and more has no list of
    ids."""

    posts: list[Any] = field(default_factory=list)
    stream: list[int] | None = None
    mega: bool = False


class Topic(Struct):
    """A topic read by itself (`TopicViewSerializer`)."""

    id: int
    title: str = ""
    slug: str = ""
    archetype: str = "regular"
    created_at: str | None = None
    user_id: int | None = None
    posts_count: int = 0
    highest_post_number: int | None = None
    visible: bool = True
    closed: bool = False
    deleted_at: str | None = None
    post_stream: Stream = field(default_factory=Stream)
    details: Details = field(default_factory=Details)

    @property
    def private(self) -> bool:
        """A personal message."""
        return self.archetype == "private_message"


class Listed(Struct):
    """A topic in a list."""

    id: int
    bumped_at: str | None = None
    visible: bool = True
    pinned: bool = False


class Action(Struct):
    """Something that can be done about a thing to review. `server_action` is the word to send; older sites have only `id`."""

    id: str
    server_action: str | None = None

    @property
    def word(self) -> str:
        """What goes into the address of the call."""
        return self.server_action or self.id


class Bundle(Struct):
    """Actions that the site shows under one button."""

    id: str
    action_ids: list[str] = field(default_factory=list)


class Payload(Struct):
    """What waits in a queue and is no post yet, or an account that asks to join."""

    raw: str | None = None
    title: str | None = None
    username: str | None = None
    name: str | None = None
    bio: str | None = None


class Reviewable(Struct):
    """A thing to review (`ReviewableSerializer`)."""

    id: int
    type: str = ""
    status: int | str = 0
    version: int = 0
    created_at: str = ""
    topic_id: int | None = None
    removed_topic_id: int | None = None
    post_id: int | None = None
    user_id: int | None = None
    target_created_by_id: int | None = None
    reply_to_post_number: int | None = None
    payload: Payload | None = None
    bundled_action_ids: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The status as a word: the interface gives its number (`Reviewable.statuses`)."""
        words = ("pending", "approved", "rejected", "ignored", "deleted")
        if isinstance(self.status, int):
            return words[self.status] if 0 <= self.status < len(words) else "pending"
        return self.status


class ReviewMeta(Struct):
    """How long the queue is, and whether more follows."""

    total_rows_reviewables: int = 0
    load_more_reviewables: str | None = None


class Pending(Struct):
    """A post of ours that waits in the queue (`PendingPostSerializer`)."""

    id: int
    created_at: str = ""
    raw_text: str | None = None
    topic_id: int | None = None


class PendingPost(Struct):
    """What an answer to a post says when it was put into the queue instead."""

    id: int | None = None
    created_at: str | None = None


class Posted(Struct):
    """An answer to a post that is no post: `action` is then `enqueued`."""

    action: str = ""
    pending_post: PendingPost | None = None


class Note(Struct):
    """A notification."""

    id: int
    topic_id: int | None = None


class Own(Struct):
    """One of our own doings, as the activity stream lists it."""

    topic_id: int
    post_id: int | None = None
    created_at: str = ""


class Flag(Struct):
    """One way to flag a post on this site."""

    id: int | None = None
    name_key: str | None = None
    is_flag: bool = False
    require_message: bool = False
    enabled: bool = True


class Person(Struct):
    """An account as the administration shows it."""

    id: int
    username: str = ""
    suspended_till: str | None = None
    silenced_till: str | None = None
    suspend_reason: str | None = None
    silence_reason: str | None = None
