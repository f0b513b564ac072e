"""Acting on an ask: what a key does and what a command does, by the same functions.

An act names a source and a message; it is an act on the ask of that message's author in its thread, *through* that message:
what came after it stays open. Every act is durable when its function returns, and can be undone.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from modconsole.desk.desk import CLAIM_SECONDS, Desk
from modconsole.domain.ask import Ask
from modconsole.domain.board import Board
from modconsole.domain.case import Case
from modconsole.domain.ids import new_id
from modconsole.domain.proof import Proof, prove
from modconsole.domain.records import Act, Decision, Send
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import Conflict, NotFound, UsageError
from modconsole.store import journal, lists, marks, outbox
from modconsole.store.cases import Loaded, Loader

CLOSE_REASONS = (
    "no reply needed",
    "thanks",
    "answered by community",
    "duplicate",
    "spam",
    "answered elsewhere",
    "other",
)
"""What the screens offer; any other text is a reason too."""


class Acted(Struct, kw_only=True):
    """What an act did: its id, and the status of the ask after it."""

    id: str
    status: str
    waiting_since: int | None = None
    goes_out_at: int | None = None
    """Of a reply the instant until which it can be taken back."""


class Caution(Struct, kw_only=True):
    """Something that happened since the author looked. `stops` ones are refused unless the author insists."""

    kind: Literal["newer", "edited", "answered", "sending", "claimed", "gone", "no sign-in"]
    text: str
    message: str | None = None
    at: int = 0
    by: str = ""
    stops: bool = False


def locate(desk: Desk, source: str, message: str) -> Loaded:
    """The conversation of a message, ready to be judged. Raises `NotFound`."""
    db = desk.db
    conversation = lists.where_is(db, source, message)
    row_id = lists.conversation_row_id(db, source, conversation) if conversation is not None else None
    if row_id is None:
        if not marks.exists(db, source):
            raise NotFound(f"There is no source {source!r}.", hint="`modconsole sources list` shows which there are.")
        raise NotFound(f"There is no message {message!r} in source {source!r}.")
    return Loader(db).case(row_id)


def why(desk: Desk, source: str, message: str, *, now: int | None = None) -> Proof:
    """The proof for one message: why its author waits, or does not."""
    return prove(locate(desk, source, message).case, message, desk.now() if now is None else now)


def status(desk: Desk, source: str, message: str) -> Ask | None:
    """The ask of a message's author in its thread; None where the message is nothing that asks."""
    return why(desk, source, message).ask


def _person(case: Case, message: str) -> str:
    """The author of a message that can be acted on. Raises `UsageError` for one of ours."""
    item = next(item for item in case.items if item.id == message)
    if item.author in case.members:
        raise UsageError(f"Message {message!r} is our own.", hint="Name a message of the person you want to act on.")
    return item.author


def decide(
    desk: Desk,
    act: Act,
    source: str,
    message: str,
    *,
    reason: str | None = None,
    until: int | None = None,
    text: str | None = None,
    tags: list[str] | None = None,
    to: str | None = None,
    everybody: bool = False,
) -> Acted:
    """Make a decision on the ask of a message's author, through that message. `until` is an instant."""
    loaded = locate(desk, source, message)
    person = None if everybody else _person(loaded.case, message)
    return _decide(desk, loaded, act, message, person, reason, until, text, tags, to)


def _decide(
    desk: Desk,
    loaded: Loaded,
    act: Act,
    through: str,
    person: str | None,
    reason: str | None,
    until: int | None,
    text: str | None,
    tags: list[str] | None,
    to: str | None,
) -> Acted:
    now = desk.now()
    decision = Decision(
        id=new_id(now),
        at=to_datetime(now),
        by=desk.who,
        act=act,
        source=loaded.case.source,
        conversation=loaded.case.id,
        person=person,
        through=through,
        reason=reason,
        until=to_datetime(until) if until is not None else None,
        text=text,
        tags=tags,
        to=to,
    )
    journal.decide(desk.db, decision, now)
    return _acted(desk, decision.id, loaded.case.source, through)


def close(desk: Desk, source: str, message: str, *, reason: str = "") -> Acted:
    """Close an ask without a reply, with a reason."""
    return decide(desk, "close", source, message, reason=reason or None)


def reopen(desk: Desk, source: str, message: str, *, reason: str = "") -> Acted:
    """Say that an answer or a closing was not enough: the ask waits again, since its original time."""
    return decide(desk, "reopen", source, message, reason=reason or None)


def snooze(desk: Desk, source: str, message: str, *, until: int | None = None, reason: str = "") -> Acted:
    """Put an ask out of sight until an instant, or until the person writes."""
    if until is not None and until <= desk.now():
        raise UsageError("The snooze would end in the past.", hint="Give a time that is still to come.")
    return decide(desk, "snooze", source, message, until=until, reason=reason or None)


def unsnooze(desk: Desk, source: str, message: str) -> Acted:
    """Bring a snoozed ask back."""
    return decide(desk, "unsnooze", source, message)


def claim(desk: Desk, source: str, message: str, *, until: int | None = None, take_over: bool = False) -> Acted:
    """Say that I take this ask on. Raises `Conflict` where somebody else has, unless `take_over`."""
    ask = status(desk, source, message)
    now = desk.now()
    other = claimed_by_other(ask, desk.who, now)
    if other and not take_over:
        raise Conflict(f"{other} has claimed this ask.", hint="Take it over if you are sure.")
    return decide(desk, "claim", source, message, until=until if until is not None else now + CLAIM_SECONDS * SECOND)


def claimed_by_other(ask: Ask | None, who: str, now: int) -> str:
    """Who else holds a claim on an ask at an instant; empty where nobody does."""
    if ask is None or ask.claimed_by in (None, who) or (ask.claimed_until is not None and ask.claimed_until <= now):
        return ""
    return ask.claimed_by or ""


def release(desk: Desk, source: str, message: str) -> Acted:
    """Let go of a claim."""
    return decide(desk, "release", source, message)


def assign(desk: Desk, source: str, message: str, to: str) -> Acted:
    """Give an ask to somebody; it stays in the team's queue."""
    return decide(desk, "assign", source, message, to=to)


def note(desk: Desk, source: str, message: str, text: str) -> Acted:
    """Write an internal note. Nobody outside sees it, and it answers nothing."""
    if not text.strip():
        raise UsageError("The note is empty.")
    return decide(desk, "note", source, message, text=text)


def tag(desk: Desk, source: str, message: str, tags: list[str], *, remove: bool = False) -> Acted:
    """Put tags on an ask, or take them off."""
    return decide(desk, "untag" if remove else "tag", source, message, tags=tags)


def link(desk: Desk, source: str, message: str, to: str) -> Acted:
    """Link a direct message of ours, or its conversation, that answers this ask."""
    found = lists.where_is(desk.db, source, to) or lists.conversation_row_id(desk.db, source, to)
    if found is None:
        raise NotFound(f"There is no message or conversation {to!r} in source {source!r}.")
    return decide(desk, "link", source, message, to=to)


def promise(desk: Desk, source: str, reply: str, *, until: int) -> Acted:
    """Make a reply of ours a holding reply: from `until` on the ask waits again, since its original time."""
    loaded = locate(desk, source, reply)
    item = next(item for item in loaded.case.items if item.id == reply)
    if item.author not in loaded.case.members:
        raise UsageError(f"Message {reply!r} is not ours.", hint="Name the reply that promises an answer.")
    return _decide(desk, loaded, "promise", reply, None, None, until, None, None, None)


# -- replying --------------------------------------------------------------------------------------------------------------


def reply(
    desk: Desk, source: str, message: str, text: str, *, through: str | None = None, insist: bool = False
) -> Acted:
    """Queue a reply to a message. It goes out after the undo delay, with the next sync.

    `through` is the newest message its author has been shown; newer ones stay open. Raises `Conflict` when somebody else has
    answered or is answering, unless `insist`.
    """
    if not text.strip():
        raise UsageError("The reply is empty.", hint="Write something, or close the ask with a reason.")
    loaded = locate(desk, source, message)
    _person(loaded.case, message)
    now = desk.now()
    if not insist:
        for warning in check_reply(desk, source, message, through=through):
            if warning.stops:
                raise Conflict(warning.text, hint="Look at the conversation; insist if you still want to send.")
    send = Send(
        id=new_id(now),
        at=to_datetime(now),
        by=desk.who,
        source=source,
        conversation=loaded.case.id,
        reply_to=message,
        through=through or message,
        text=text,
        state="queued",
    )
    with desk.db.write():
        outbox.queue(desk.db, send, now + desk.undo_delay, now)
        journal.drop_draft(desk.db, source, message, desk.who)
    acted = _acted(desk, send.id, source, message)
    acted.goes_out_at = now + desk.undo_delay
    return acted


def check_reply(
    desk: Desk, source: str, message: str, *, through: str | None = None, since: int | None = None
) -> list[Caution]:
    """What the author of a reply should know before sending: newer words, edits, answers of others since they looked.

    `through` is the newest message they were shown, `since` the instant at which they began to write.
    """
    loaded = locate(desk, source, message)
    case = loaded.case
    board = Board(case)
    item = board.by_id[message]
    shown = board.by_id.get(through or message, item)
    found: list[Caution] = []
    for other in board.items:
        if other.position <= shown.position or other.thread != item.thread or other.state == "deleted":
            continue
        if other.author == item.author and board.inbound(other):
            found.append(Caution(kind="newer", text="They wrote again.", message=other.id, at=other.created))
    for reach in board.reaches.get((item.thread, item.author), ()):
        if reach.covers(item) and reach.reply.position > shown.position:
            by = next((d.by for d in board.sent_through.get(reach.reply.id, ())), reach.reply.author)
            found.append(
                Caution(
                    kind="answered",
                    text=f"{by} has answered.",
                    message=reach.reply.id,
                    at=reach.reply.created,
                    by=by,
                    stops=True,
                )
            )
    if item.state == "deleted":
        found.append(Caution(kind="gone", text="They have deleted this message.", message=item.id, stops=True))
    if since is not None and item.texts and item.texts[-1].since > since:
        found.append(
            Caution(kind="edited", text="They have edited this message.", message=item.id, at=item.texts[-1].since)
        )
    found += _others(desk, board, item.thread, item.author)
    return found


def _others(desk: Desk, board: Board, thread: str, person: str) -> list[Caution]:
    """Replies of others on their way, claims of others, and whether anything can be sent at all."""
    found = []
    key = (thread, person)
    for dispatch in board.case.dispatches:
        if (
            dispatch.state in ("queued", "sending", "sent", "unsure")
            and not dispatch.landed
            and board.concerns(dispatch, key)
        ):
            whose = "You have" if dispatch.by == desk.who else f"{dispatch.by} has"
            found.append(
                Caution(
                    kind="sending",
                    text=f"{whose} a reply to them on its way.",
                    at=dispatch.at,
                    by=dispatch.by,
                    stops=True,
                )
            )
    ask = status(desk, board.case.source, board.groups[key][-1].id) if key in board.groups else None
    other = claimed_by_other(ask, desk.who, desk.now())
    if other:
        found.append(Caution(kind="claimed", text=f"{other} has claimed this ask.", by=other))
    if not marks.has_account(desk.db, board.case.source):
        found.append(
            Caution(
                kind="no sign-in",
                text="Nobody is signed in to this source: the reply will wait in the outbox.",
            )
        )
    return found


def _acted(desk: Desk, ident: str, source: str, message: str) -> Acted:
    ask = status(desk, source, message)
    return Acted(
        id=ident,
        status=ask.status if ask is not None else "",
        waiting_since=ask.waiting_since if ask is not None else None,
    )
