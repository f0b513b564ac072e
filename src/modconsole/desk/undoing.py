"""Taking back what was done: decisions, replies, acts on the platform, strikes, appeals; by one key and one command."""

from __future__ import annotations

from msgspec import Struct

from modconsole.desk.asks import status
from modconsole.desk.desk import Desk
from modconsole.domain.ask import Ask
from modconsole.domain.records import Decision, Send
from modconsole.errors import Conflict, ModConsoleError, NotFound
from modconsole.store import acts, appeals, journal, outbox, strikes


class Undone(Struct, kw_only=True):
    """What an undo took back, and the status of the ask after it."""

    id: str
    what: str
    status: str
    source: str
    message: str | None
    person: str | None = None
    cancelled: bool = False
    """Whether it had not been carried out yet."""


def undo(desk: Desk, ident: str | None = None, *, retract: bool = False) -> Undone:
    """Take back my last act, or the one with this id.

    A reply that is already on the platform is only taken off it with `retract`; an act on the platform is taken back there.
    Raises `NotFound`, `Conflict` where it is too late, and for what happens on a platform its `PlatformError`.
    """
    if ident is None:
        last = journal.mine(desk.db, desk.who)
        if last is None:
            raise NotFound(f"There is nothing of {desk.who}'s to undo.")
        ident = last.id
    found = journal.find(desk.db, ident)
    known = _of_the_house(desk, ident, found)
    if known is not None:
        return known
    if isinstance(found, Send):
        return _reply(desk, found, retract=retract)
    if isinstance(found, Decision):
        return _decision(desk, found)
    act = acts.get(desk.db, ident)
    if act is None:
        raise NotFound(f"There is no act {ident!r}.", hint="`modconsole journal` shows the latest ones.")
    from modconsole.desk import moderating  # connectors are of no use to anybody who only closes and snoozes

    undone = _undone(desk, act.id, act.act, act.source, moderating.undo(desk, act).message)
    undone.person = act.person if act.on == "person" else None
    undone.cancelled = act.state == "queued"
    return undone


def _of_the_house(desk: Desk, ident: str, found: Decision | Send | None) -> Undone | None:
    """A strike or an appeal, taken back; None where the id is none of theirs. An appeal's reopening has its id."""
    appeal = appeals.get(desk.db, ident)
    if appeal is not None and (found is None or found.id == appeal.id):
        from modconsole.desk import appeals as deciding

        what = f"appeal {appeal.state}" if appeal.state in ("upheld", "reversed") else "appeal"
        deciding.undo(desk, appeal.id)
        return _undone(desk, appeal.id, what, appeal.source, appeal.message)
    given = strikes.get(desk.db, ident)
    if given is None or found is not None or acts.get(desk.db, ident) is not None:
        return None
    from modconsole.desk import strikes as striking

    striking.take_back(desk, given.id)
    undone = _undone(desk, given.id, "strike", given.source, given.message)
    undone.person = given.person
    return undone


def _decision(desk: Desk, decision: Decision) -> Undone:
    if not journal.undo_decision(desk.db, decision.id, desk.who, desk.now()):
        raise Conflict("That was undone already.")
    return _undone(desk, decision.id, decision.act, decision.source, decision.through)


def _reply(desk: Desk, send: Send, *, retract: bool) -> Undone:
    if not outbox.take_back(desk.db, send.id, desk.now()):
        current = outbox.get(desk.db, send.id)
        state = current.state if current is not None else send.state
        if not retract or state not in ("sent", "confirmed"):
            hint = (
                "Take it off the platform with `modconsole undo --retract`." if state in ("sent", "confirmed") else ""
            )
            raise Conflict(f"The reply is {state} and cannot be taken back any more.", hint=hint)
        from modconsole.desk import moderating

        moderating.retract(desk, send.source, send.id)
    _keep_as_draft(desk, send)
    return _undone(desk, send.id, "reply", send.source, send.reply_to)


def _keep_as_draft(desk: Desk, send: Send) -> None:
    """A reply that was taken back is a draft again: its words are never lost."""
    if send.reply_to is not None:
        kept = journal.Draft(
            source=send.source,
            message=send.reply_to,
            by=send.by,
            text=send.text,
            through=send.through,
            saved_at=desk.now(),
        )
        journal.save_draft(desk.db, kept)


def _undone(desk: Desk, ident: str, what: str, source: str, message: str | None) -> Undone:
    ask = _ask(desk, source, message)
    return Undone(id=ident, what=what, status=ask.status if ask else "", source=source, message=message)


def _ask(desk: Desk, source: str, message: str | None) -> Ask | None:
    try:
        return status(desk, source, message) if message is not None else None
    except ModConsoleError:
        return None  # a decision on a message that never came
