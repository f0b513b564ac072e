"""Acts on the platform: approve, hold, spam, trash, restore; and each one's undo by the act that compensates it.

An act is carried out first and written down after, with the message as the platform then has it, in one transaction. If the
program dies in between, the next look at the source shows the message as it is; only the journal lacks the line.
"""

from __future__ import annotations

from msgspec.structs import replace

from modconsole.connectors.base import Connector, Moderation
from modconsole.domain.records import Message, Record
from modconsole.domain.times import to_datetime
from modconsole.errors import Conflict, Gone, NotFound, Refused
from modconsole.store import journal, lists, outbox
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.journal import Moderated
from modconsole.sync.reports import Clock

REACHES: dict[str, Moderation] = {"live": "approve", "held": "hold", "spam": "spam", "removed": "trash"}
"""The act that brings a message into a state."""
PUT_AWAY = ("spam", "removed")
"""States out of which `restore` leads."""

_WORDS = {
    "live": "live",
    "held": "held",
    "hidden": "hidden",
    "spam": "spam",
    "removed": "in the trash",
    "deleted": "gone",
}


def moderate(
    db: Db,
    connector: Connector,
    source: str,
    message: str,
    act: Moderation,
    *,
    by: str,
    ident: str,
    clock: Clock,
    reason: str = "",
    seen: str | None = None,
) -> Moderated:
    """Carry out an act on a message and write it down in the journal under `ident`, a new UUID.

    `seen` is the state that the moderator was shown: where the platform has another one by now, that is stored and `Conflict`
    raised, and nothing is done. Raises `Refused` where the platform has no such act, `Gone`, other `PlatformError`s as they come.
    """
    _able(connector, act)
    before = _read(db, connector, source, message, clock)
    was = before.state or "live"
    if seen is not None and was != seen:
        ingest(db, [before], clock(), reread=True)
        raise Conflict(
            f"The message is {_WORDS[was]} now: somebody changed it on the platform.",
            hint="Look at it again, then act.",
        )
    after = _message(connector.moderate(message, act))
    done = Moderated(
        id=ident,
        at=clock(),
        by=by,
        source=source,
        conversation=after.conversation,
        message=message,
        act=act,
        was=was,
        became=after.state or "live",
        reason=reason,
    )
    with db.write():
        ingest(db, [after], clock(), reread=True)
        journal.record_moderation(db, done)
    return done


def undo_moderation(db: Db, connector: Connector, ident: str, *, by: str, clock: Clock) -> Moderated:
    """Bring a message back to the state that it had before an act.

    Raises `NotFound`, and `Conflict` where it was undone already, where somebody has changed the message since, or where no act
    leads back.
    """
    done = journal.moderation(db, ident)
    if done is None:
        raise NotFound("There is no such act.")
    if done.undone:
        raise Conflict("That has been undone already.")
    now = _read(db, connector, done.source, done.message, clock)
    state = now.state or "live"
    if state not in (done.became, done.was):
        ingest(db, [now], clock(), reread=True)
        raise Conflict(
            f"The message is {_WORDS[state]} now: somebody changed it on the platform since.",
            hint="Look at it again, then act.",
        )
    after = _bring(connector, now, done.was)
    with db.write():
        ingest(db, [after], clock(), reread=True)
        journal.undo_moderation(db, ident, by, clock())
    return replace(done, undone=True)


def can_undo(connector: Connector, was: str, act: Moderation) -> bool:
    """Whether the platform has an act that leads back to a state; to be said beforehand where it has not."""
    became = {"approve": "live", "hold": "held", "spam": "spam", "trash": "removed"}.get(act, was)
    if became == was:
        return True
    acts = connector.capabilities.moderation
    return REACHES.get(was) in acts and (became not in PUT_AWAY or "restore" in acts)


def retract(db: Db, connector: Connector, send: str, *, clock: Clock) -> None:
    """Take back a reply that is already on the platform: it is put into the trash there, and the person waits again.

    Raises `NotFound`, `Conflict` where the reply is not on the platform, `Refused` where the platform cannot do it.
    """
    row = outbox.get(db, send)
    if row is None:
        raise NotFound("There is no such reply in the outbox.")
    if row.state not in ("sent", "confirmed") or row.message is None:
        raise Conflict(
            "The reply is not on the platform.", hint="Before it is sent it can be taken back in the outbox."
        )
    _able(connector, "trash")
    try:
        after = [_message(connector.moderate(row.message, "trash"))]
    except Gone:
        found = lists.message(db, row.source, row.message)
        after = [_gone(found.message, clock())] if found is not None else []
    with db.write():
        ingest(db, after, clock(), reread=True)
        outbox.move(db, send, "taken_back", clock())


def _able(connector: Connector, act: Moderation) -> None:
    if act not in connector.capabilities.moderation:
        raise Refused(f"{connector.platform} has no {act!r} for us.", hint="Do it on the platform.", code="unsupported")


def _read(db: Db, connector: Connector, source: str, message: str, clock: Clock) -> Message:
    """The message as the platform has it; where it has none any more, that is stored and `Gone` raised."""
    record = connector.read(message)
    if record is not None:
        return _message(record)
    found = lists.message(db, source, message)
    if found is not None:
        ingest(db, [_gone(found.message, clock())], clock(), reread=True)
    raise Gone("The message no longer exists on the platform.", hint="It is shown as deleted from now on.")


def _gone(message: Message, now: int) -> Message:
    moment = to_datetime(now)
    return replace(message, state="deleted", state_at=moment, observed_at=moment)


def _bring(connector: Connector, message: Message, goal: str) -> Message:
    """Lead a message to a state: out of spam or trash first, and from where that leads on to the goal."""
    state = message.state or "live"
    if state != goal and state in PUT_AWAY:
        _able(connector, "restore")
        message = _message(connector.moderate(message.id, "restore"))
        state = message.state or "live"
    if state == goal:
        return message
    act = REACHES.get(goal)
    if act is None:
        raise Conflict(f"Nothing leads back to {_WORDS.get(goal, goal)}.", hint="Do it on the platform.")
    _able(connector, act)
    return _message(connector.moderate(message.id, act))


def _message(record: Record) -> Message:
    if not isinstance(record, Message):
        raise TypeError("the connector gave back something that is no message")
    return record
