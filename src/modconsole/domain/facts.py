"""What a rule may ask about a message beyond its words: who wrote it, where, when, and what they did before.

The words of the rule language for it are `FACTS`; a `Fact` is one question in them. Policy reads them out of rule files, the
store turns them into SQL; so neither needs to know the other.

Everything that counts or measures time is asked *as of the message*: what its author had done before it was written. So the
answer is the same when it comes in and when a rule is tried on it a year later. The exceptions say so (`as_of_now`).
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Op = Literal["<", "<=", ">", ">=", "="]
OPS: Final[tuple[Op, ...]] = ("<", "<=", ">", ">=", "=")
Kind = Literal["flag", "number", "span", "words", "hours"]
"""flag: true or false; number: compared; span: a length of time in microseconds, compared; words: one of several; hours: times
of day and days of the week, in the spelling of `domain.hours`."""
Counted = Literal["messages", "duplicates", "links", "deletions", "conversations"]
COUNTED: Final[dict[Counted, str]] = {
    "messages": "messages that they wrote",
    "duplicates": "messages of theirs with the same words",
    "links": "messages of theirs with a link",
    "deletions": "messages of theirs that were removed, marked as spam, hidden or deleted",
    "conversations": "different conversations that they wrote in",
}
"""What `history` can count, with what it means."""


class Known(Struct, frozen=True, kw_only=True):
    """What one fact is."""

    kind: Kind
    about: str
    """What it says, in a few words that go on from "the message …" or "its author …"."""
    example: str
    """A value as it stands in a rule file."""
    words: tuple[str, ...] = ()
    """The words that are allowed, where only these are."""
    as_of_now: bool = False
    """Whether the answer is that of today also for an old message."""


FACTS: Final[dict[str, Known]] = {
    "author is": Known(
        kind="words", about="what its author is", example="member", words=("us", "bot", "member"), as_of_now=True
    ),
    "author first": Known(
        kind="flag", about="whether it is the first that its author wrote on this source", example="true"
    ),
    "author age": Known(kind="span", about="how long its author has been writing on this source", example="7 days"),
    "account age": Known(
        kind="span", about="how old its author's account is, where the platform says so", example="30 days"
    ),
    "author messages": Known(kind="number", about="how many its author had written on this source before", example="5"),
    "author strikes": Known(
        kind="number", about="how many strikes its author has that are in force", example="2", as_of_now=True
    ),
    "author opened": Known(
        kind="flag",
        about="whether its author opened the conversation, or wrote what it is about, where that is known",
        example="true",
    ),
    "author tags": Known(
        kind="words", about="tags that moderators gave to its author's asks", example="vip", as_of_now=True
    ),
    "source": Known(kind="words", about="the source that it was written on, by id or name", example="blog"),
    "platform": Known(kind="words", about="the platform that it was written on", example="mastodon"),
    "thread kind": Known(
        kind="words",
        about="what kind of conversation it is in",
        example="comments",
        words=("comments", "forum", "dm", "group_dm"),
    ),
    "thread age": Known(kind="span", about="how old the conversation was", example="365 days"),
    "thread messages": Known(kind="number", about="how many messages the conversation had before", example="100"),
    "top level": Known(kind="flag", about="whether it answers no other message", example="true"),
    "answers the opening": Known(
        kind="flag",
        about="whether it answers no other message than the one that opened the conversation",
        example="true",
    ),
    "answers us": Known(kind="flag", about="whether it answers a message of ours", example="true"),
    "state": Known(
        kind="words",
        about="the state that it has on the platform",
        example="held",
        words=("live", "held", "hidden", "spam", "removed", "deleted"),
        as_of_now=True,
    ),
    "private": Known(kind="flag", about="whether it is a direct message, or for followers only", example="true"),
    "edited": Known(kind="flag", about="whether it was edited", example="true", as_of_now=True),
    "language": Known(kind="words", about="the language that the platform says it is in", example="de"),
    "length": Known(kind="number", about="how many characters it has", example="2000"),
    "links": Known(kind="number", about="how many links it has", example="2"),
    "mentions": Known(kind="number", about="how many people it mentions", example="5"),
    "attachments": Known(kind="number", about="how many pictures and files came with it", example="1"),
    "written at": Known(
        kind="hours", about="the time of day and the day at which it was written", example="Sat,Sun 00:00-24:00 UTC"
    ),
    "waiting": Known(
        kind="span", about="how long its author has been waiting for an answer", example="24 hours", as_of_now=True
    ),
}
"""The words for it in a rule file."""


class Fact(Struct, frozen=True, kw_only=True, tag=True):
    """One question about a message. `number` is what it is compared with (of a span: microseconds), `words` are alternatives,
    `flag` what is asked for."""

    name: str
    """One of `FACTS`."""
    op: Op = "="
    number: int = 0
    words: tuple[str, ...] = ()
    flag: bool = True
    negated: bool = False


class Counter(Struct, frozen=True, kw_only=True, tag=True):
    """How often an author did something within a time before the message, the message itself included, compared with a
    number."""

    counted: Counted
    within: int
    """Microseconds before the message was written."""
    op: Op
    number: int
    here: bool = False
    """Only in the same conversation."""
    negated: bool = False


Question = Fact | Counter

__all__ = ["COUNTED", "FACTS", "OPS", "Counted", "Counter", "Fact", "Kind", "Known", "Op", "Question"]
