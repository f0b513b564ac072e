"""The records of the exchange format, version 1.

One class for each `type`. An absent key and `null` are the same: `None` here, and the default of the format is applied
by the property of the same name with a trailing word (`state_name`, `format_name`, …) or by the reader of the record.
Times are aware `datetime`s at this border and instants (see `times`) everywhere behind it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(min_length=1)]
Uuid = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")]
Time = Annotated[datetime, Meta(tz=True)]

ConversationKind = Literal["comments", "forum", "dm", "group_dm"]
State = Literal["live", "held", "hidden", "spam", "removed", "deleted"]
Visibility = Literal["public", "unlisted", "followers", "private", "internal"]
Format = Literal["text", "html", "markdown"]
Answer = Literal["everyone", "opener", "addressed"]
IdentityKind = Literal["person", "page", "bot"]
Act = Literal[
    "close", "reopen", "snooze", "unsnooze", "promise", "claim", "release", "assign", "tag", "untag", "note", "link"
]
SendState = Literal["queued", "sending", "sent", "confirmed", "failed", "unsure", "taken_back"]

STATES: tuple[State, ...] = ("live", "held", "hidden", "spam", "removed", "deleted")
"""Message states, in the order in which a tie between two versions is decided: the later one wins."""

SEND_STATES: tuple[SendState, ...] = ("queued", "sending", "unsure", "failed", "sent", "taken_back", "confirmed")
"""Send states from the first to the last step: of two records of one send, the one further on counts."""


class Identity(Struct, omit_defaults=True, kw_only=True):
    """An author id that is *us* on a source. `counts` lets a bot's reply cover."""

    id: Id
    name: str | None = None
    handle: str | None = None
    kind: IdentityKind | None = None
    counts: bool | None = None


class Source(Struct, tag="source", tag_field="type", omit_defaults=True, kw_only=True):
    """One account or site on one platform that we look after."""

    id: Id
    platform: str
    name: str | None = None
    url: str | None = None
    connected_at: Time | None = None
    target_hours: Annotated[float, Meta(gt=0)] | None = None
    hours: str | None = None
    fresh_within: Annotated[float, Meta(gt=0)] | None = None
    answer: Answer | None = None
    identities: list[Identity] | None = None
    observed_at: Time | None = None


class Conversation(Struct, tag="conversation", tag_field="type", omit_defaults=True, kw_only=True):
    """A post with its comments, a forum topic, or a direct message of two or of several people."""

    source: Id
    id: Id
    kind: ConversationKind
    title: str | None = None
    url: str | None = None
    opened_by: str | None = None
    opened_at: Time | None = None
    reply_until: Time | None = None
    observed_at: Time | None = None


class Author(Struct, omit_defaults=True, kw_only=True):
    """Who wrote a message. Only `id` identifies; handles and names change."""

    id: Id
    handle: str | None = None
    name: str | None = None
    kind: Literal["person", "bot"] | None = None


class Attachment(Struct, omit_defaults=True, kw_only=True):
    """A picture, a file or a link that came with a message; never fetched by us."""

    kind: str | None = None
    url: str | None = None
    alt: str | None = None


class Message(
    Struct, tag="message", tag_field="type", omit_defaults=True, kw_only=True, rename={"extra": "(unknown keys)"}
):
    """One version of one message. Keys that a version does not give have their defaults."""

    source: Id
    id: Id
    conversation: Id
    author: Author
    created_at: Time
    text: str
    format: Format | None = None
    parent: str | None = None
    mentions: list[str] | None = None
    quotes: str | None = None
    kind: ConversationKind | None = None
    title: str | None = None
    url: str | None = None
    visibility: Visibility | None = None
    state: State | None = None
    state_at: Time | None = None
    edited_at: Time | None = None
    automatic: bool | None = None
    attachments: list[Attachment] | None = None
    observed_at: Time | None = None
    extra: dict[str, Any] | None = None
    """Keys that the format does not know, `extra` itself among them: hence the spelling that no file has."""


class Reaction(Struct, tag="reaction", tag_field="type", omit_defaults=True, kw_only=True):
    """A like, a favourite, an emoji. Never a cover."""

    source: Id
    message: Id
    author: Author
    name: str
    at: Time
    removed: bool | None = None


class Decision(Struct, tag="decision", tag_field="type", omit_defaults=True, kw_only=True):
    """What a moderator did. Append-only; `undone_at` and `undone_by` mark one that was taken back."""

    id: Uuid
    at: Time
    by: str
    act: Act
    source: Id
    conversation: Id
    person: str | None = None
    through: str | None = None
    reason: str | None = None
    until: Time | None = None
    text: str | None = None
    tags: list[str] | None = None
    to: str | None = None
    observed_at: Time | None = None
    undone_at: Time | None = None
    undone_by: str | None = None


class Send(Struct, tag="send", tag_field="type", omit_defaults=True, kw_only=True):
    """A reply on its way to a platform."""

    id: Uuid
    at: Time
    by: str
    source: Id
    conversation: Id
    through: Id
    text: str
    state: SendState
    reply_to: str | None = None
    message: str | None = None


class Gap(Struct, omit_defaults=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """A stretch that we could not see, and why."""

    since: Time | None = None
    until: Time | None = None
    why: str | None = None


class Coverage(Struct, tag="coverage", tag_field="type", omit_defaults=True, kw_only=True):
    """What a look at a source, or at one conversation, can vouch for."""

    source: Id
    checked_at: Time
    complete_through: Time | None = None
    conversation: str | None = None
    gap: Gap | None = None
    observed_at: Time | None = None


Record = Source | Conversation | Message | Reaction | Decision | Send | Coverage
