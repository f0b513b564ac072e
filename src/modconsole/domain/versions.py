"""Which of several records of one thing counts, so that the order of arrival never matters.

Several lines for one message are versions of it: the latest observed is the current one, ties go to the later state, then to
the greater text, then to the greater canonical JSON. Every earlier text is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from modconsole.domain.case import STATE_RANK, Text
from modconsole.domain.records import SEND_STATES, Coverage, Decision, Message, Reaction, Send
from modconsole.domain.times import to_instant

Kept = TypeVar("Kept", Decision, Send, Reaction, Coverage)
VersionKey = tuple[int, int, str, bytes]

_SEND_RANK = {state: rank for rank, state in enumerate(SEND_STATES)}


def tidy(message: Message) -> Message:
    """The same message, spelled the one way: times in UTC, and nothing that only says a default. In place."""
    if message.format == "text":
        message.format = None
    if message.visibility == "public":
        message.visibility = None
    if message.state == "live":
        message.state = None
    message.automatic = message.automatic or None
    message.mentions = message.mentions or None
    message.attachments = message.attachments or None
    message.extra = message.extra or None
    if message.author.kind == "person":
        message.author.kind = None
    if message.created_at.tzinfo is not UTC:
        message.created_at = message.created_at.astimezone(UTC)
    if message.observed_at is not None or message.edited_at is not None or message.state_at is not None:
        for name in ("state_at", "edited_at", "observed_at"):
            moment = getattr(message, name)
            if moment is not None and moment.tzinfo is not UTC:
                setattr(message, name, moment.astimezone(UTC))
    return message


def tidied(record: Kept) -> Kept:
    """Like `tidy`, for a decision, send, reaction or look. In place."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, datetime) and value.tzinfo is not UTC:
            setattr(record, name, value.astimezone(UTC))
        elif value == [] or value is False:
            setattr(record, name, None)
    if isinstance(record, Coverage) and record.gap is not None:
        for name in ("since", "until"):
            moment = getattr(record.gap, name)
            if moment is not None and moment.tzinfo is not UTC:
                setattr(record.gap, name, moment.astimezone(UTC))
    return record


def canonical(record: msgspec.Struct) -> bytes:
    """The canonical JSON of a record: keys sorted, defaults left away, no white space."""
    return msgspec.json.encode(record, order="sorted")


def observed(message: Message) -> int:
    """When a version was seen: `observed_at`, or the latest time that it carries (instant)."""
    if message.observed_at is not None:
        return to_instant(message.observed_at)
    if message.edited_at is None and message.state_at is None:
        return to_instant(message.created_at)
    times = (message.created_at, message.edited_at, message.state_at)
    return max(to_instant(time) for time in times if time is not None)


def version_key(message: Message) -> VersionKey:
    """Sort key of the versions of one message; the greatest is the current one. Expects a tidy message."""
    return (observed(message), STATE_RANK[message.state or "live"], message.text, canonical(message))


def text_since(message: Message, *, first: bool) -> int:
    """Since when a version's text holds: the platform's time of the edit, or else when the text was first seen (instant)."""
    if message.edited_at is not None:
        return to_instant(message.edited_at)
    if not first and message.observed_at is not None:
        return to_instant(message.observed_at)
    return to_instant(message.created_at)


def texts_of(versions: Iterable[Message]) -> tuple[Text, ...]:
    """The texts that a message had, in version order; empty where it never changed. Expects versions in their order."""
    texts: list[Text] = []
    for version in versions:
        form = version.format or "text"
        since = text_since(version, first=not texts)
        if not texts or (texts[-1].text, texts[-1].format) != (version.text, form):
            texts.append(Text(since, version.text, form))
        elif since < texts[-1].since:  # a later look has told when the edit was made
            texts[-1] = Text(since, version.text, form)
    return tuple(texts) if len(texts) > 1 else ()


def first_observed(versions: Iterable[Message]) -> int | None:
    """When a message was first seen by anybody who says so (instant)."""
    return min((to_instant(v.observed_at) for v in versions if v.observed_at is not None), default=None)


def reaction_key(reaction: Reaction) -> tuple[int, bool, bytes]:
    """The greatest counts, of reactions of one name by one person on one message: the latest, ties to the removal."""
    return (to_instant(reaction.at), bool(reaction.removed), canonical(reaction))


def send_key(send: Send) -> tuple[int, bytes]:
    """The greatest counts, of records of one send: the one furthest on its way."""
    return (_SEND_RANK[send.state], canonical(send))


def coverage_key(coverage: Coverage) -> tuple[int, int, bool, bytes]:
    """The greatest counts, of looks at one source or conversation: the latest, ties to the one with a gap."""
    seen = to_instant(coverage.observed_at) if coverage.observed_at is not None else to_instant(coverage.checked_at)
    return (to_instant(coverage.checked_at), seen, coverage.gap is not None, canonical(coverage))


def decision_key(decision: Decision) -> tuple[int, int, bytes]:
    """The greatest counts, of records of one decision: the latest observed, ties to one that was taken back."""
    seen = to_instant(decision.observed_at) if decision.observed_at is not None else -(1 << 62)
    return (seen, int(decision.undone_at is not None), canonical(decision))
