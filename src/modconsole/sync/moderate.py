"""Moderation acts: carried out on the platform, written down here, taken back by the order that compensates them.

The journal has the act before the platform is asked (`doing`), so that a crash between the two is never a silence: what it left
is `unsure`, and is looked at (see `sync.acts`). What came of it, with the messages as the platform then has them, is one
transaction. Repeating is safe: an act goes out under its own key, and doing it twice does no more than doing it once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast

from msgspec.structs import replace

from modconsole.connectors import writes
from modconsole.connectors.acts import Act, ActInfo, Order, Target
from modconsole.connectors.base import Connector
from modconsole.domain.ids import new_id
from modconsole.domain.records import Message, Record
from modconsole.domain.times import to_datetime
from modconsole.errors import Conflict, Gone, ModConsoleError, NotFound, OutcomeUnknown, Refused, UsageError
from modconsole.store import acts, lists, outbox
from modconsole.store.acts import Moderated
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.sync.lease import holder_name
from modconsole.sync.reports import Clock

log = logging.getLogger("modconsole.sync")

REACHES: dict[str, tuple[str, ...]] = {
    "approve": ("live",),
    "unhide": ("live",),
    "restore": ("live", "held"),
    "hold": ("held",),
    "hide": ("hidden",),
    "spam": ("spam",),
    "remove": ("removed", "deleted"),
}
"""The acts that change what a message is, and what it is after them. Of the others nothing can be read in a message."""

PUT_AWAY = ("spam", "removed")
"""States out of which `restore` leads."""

SAME_MATTER: tuple[frozenset[str], ...] = (
    frozenset(("mute", "unmute")),
    frozenset(("block", "unblock")),
    frozenset(("ban", "unban", "kick")),
    frozenset(("lock", "unlock")),
    frozenset(("label", "unlabel")),
)
"""Acts of which a later one decides whatever an earlier one did."""

_WORDS = {
    "live": "live",
    "held": "held",
    "hidden": "hidden",
    "spam": "spam",
    "removed": "removed",
    "deleted": "gone",
}
_LOOK = "Look at it again, then act."


# -- before -------------------------------------------------------------------------------------------------------------------


def info_of(connector: Connector, act: str, on: str) -> ActInfo:
    """What the platform says of an act. Raises `Refused` where it has no such act."""
    found = next((info for info in connector.capabilities.acts if (info.act, info.on) == (act, on)), None)
    if found is None:
        raise Refused(
            f"{connector.platform} has no act {act!r} for a {on}.", hint="Do it on the platform.", code="unsupported"
        )
    return found


def checked(info: ActInfo, act: Moderated, now: int) -> Moderated:
    """An act with its label as the platform spells it. Raises `UsageError` for what it needs and lacks, or cannot take."""
    given = {"reason": bool(act.reason.strip()), "until": act.until is not None, "label": bool(act.label.strip())}
    for name in sorted(info.needs):
        if not given[name]:
            raise UsageError(f"{info.act!r} needs a {name}.", hint=_choices(info) if name == "label" else "")
    for name in ("until", "label"):  # a reason that the platform does not take is kept in the journal
        if given[name] and name not in info.takes | info.needs:
            raise UsageError(f"{info.act!r} takes no {name} here.")
    if act.until is not None and act.until <= now:
        raise UsageError("The act would end in the past.", hint="Give a time that is still to come.")
    if given["label"] and info.choices:
        label = next((each for each in info.choices if each.casefold() == act.label.strip().casefold()), None)
        if label is None:
            raise UsageError("There is no such label there.", hint=_choices(info))
        return replace(act, label=label)
    return act


def _choices(info: ActInfo) -> str:
    return f"There are: {', '.join(info.choices)}." if info.choices else ""


# -- carrying out -------------------------------------------------------------------------------------------------------------


def moderate(db: Db, connector: Connector, act: Moderated, *, clock: Clock) -> Moderated:
    """Carry out a new act now. `act.was` is the state of the message that the moderator was shown; None where nobody looked.

    Raises `Conflict` where the platform has the message in another state by now (that is stored, and nothing is done), `Refused`,
    `Gone`, `OutcomeUnknown` (it is unsure then, in the journal), other `PlatformError`s as they come.
    """
    act = checked(info_of(connector, act.act, act.on), act, clock())
    if act.on == "message":
        before = look(db, connector, act.source, act.target, clock)
        was = str(before.state or "live")
        if act.was is not None and was != act.was:
            ingest(db, [before], clock(), reread=True)
            raise Conflict(f"The message is {_WORDS[was]} now: somebody changed it on the platform.", hint=_LOOK)
        act = replace(act, was=was, conversation=before.conversation, person=before.author.id, message=act.target)
    now = clock()
    act = replace(act, at=now, state="doing", holder=holder_name(), attempted_at=now, attempts=1)
    return at_once(db, connector, acts.begin(db, act), clock)


def queue(db: Db, connector: Connector, act: Moderated, *, not_before: int, clock: Clock) -> Moderated:
    """Put an act in line that cannot be taken back: it is carried out at `not_before` at the earliest, by whoever syncs.

    Until then it can be cancelled. Raises `Refused` and `UsageError`.
    """
    act = checked(info_of(connector, act.act, act.on), act, clock())
    if act.on == "message":
        found = lists.message(db, act.source, act.target)
        if found is None:
            raise NotFound(f"There is no message {act.target!r} in source {act.source!r}.")
        said = found.message
        act = replace(act, conversation=said.conversation, person=said.author.id, message=said.id)
        act = replace(act, was=act.was or said.state or "live")
    return acts.begin(db, replace(act, at=clock(), state="queued", not_before=not_before))


def at_once(db: Db, connector: Connector, act: Moderated, clock: Clock) -> Moderated:
    """Carry out an act that stands as `doing`, for somebody who waits for it: whatever goes wrong is written down and raised."""
    try:
        return call(db, connector, act, clock)
    except OutcomeUnknown:
        raise
    except ModConsoleError as error:
        acts.move(db, act.id, "failed", trouble=error.message, hint=error.hint, expect=("doing",))
        raise


def call(db: Db, connector: Connector, act: Moderated, clock: Clock) -> Moderated:
    """Ask the platform, and write down what came of it.

    What may have been carried out is `unsure` when this raises `OutcomeUnknown`; any other error says that it was not.
    """
    order = _order(db, act)
    try:
        done = writes.act(connector, order)
    except OutcomeUnknown as error:
        doubt(db, act, clock(), error.message)
        raise
    except Gone:
        if act.on == "message":
            _store_gone(db, act.source, act.target, clock)
        raise
    except ModConsoleError:
        raise
    except Exception as error:
        log.error("%s: the connector failed in act %s: %s", act.source, act.id, type(error).__name__)
        doubt(db, act, clock(), f"The connector failed ({type(error).__name__}).")
        raise OutcomeUnknown(
            f"The connector failed ({type(error).__name__}): nobody knows whether it was carried out.",
            hint="It is in the outbox as unsure.",
        ) from error
    became: str | None = next(
        (r.state or "live" for r in done.records if isinstance(r, Message) and r.id == act.target), None
    )
    if became is None and act.act in REACHES:
        became = REACHES[act.act][0]
    undo: tuple[str, Mapping[str, Any]] | None = None
    if done.undo is not None:
        undo = (str(done.undo.act), done.undo.token)
    elif act.attempts > 1 and act.undoes is None and info_of(connector, act.act, act.on).undo:
        back = leads_back(act.act, act.was, became)  # an earlier try may have done it, whose answer was lost
        undo = (back, {}) if back is not None else None
    return settle(db, act, list(done.records), clock(), became=became, undo=undo, note=done.note)


def settle(
    db: Db,
    act: Moderated,
    records: list[Record],
    now: int,
    *,
    became: str | None,
    undo: tuple[str, Mapping[str, Any]] | None,
    note: str = "",
) -> Moderated:
    """An act was carried out: that, the messages as they stand now, and what it takes back, in one transaction."""
    if act.on != "message":
        became = None
    with db.write():
        ingest(db, records, now, reread=True)
        acts.done(db, act.id, became=became, undo=undo, note=note)
        if act.undoes is not None:
            acts.undone(db, act.undoes, act.by, now)
    return _again(db, act.id)


def doubt(db: Db, act: Moderated, now: int, why: str) -> None:
    """Nobody knows whether an act was carried out. Where it can be read in the message, it is looked at."""
    readable = act.on == "message" and act.act in REACHES
    hint = "It is looked at on the platform." if readable else "Look on the platform; doing it again does no harm."
    acts.move(db, act.id, "unsure", trouble=why, hint=hint, retry_at=now if readable else None, expect=("doing",))


def leads_back(act: str, was: str | None, became: str | None) -> str | None:
    """The act that takes another back where the platform has not said which; None where none does.

    For an act on a message that is the one that leads from the state after it to the state before.
    """
    if act not in REACHES:
        return acts.OPPOSITE.get(act)
    if was == became or became is None:
        return None
    if became in PUT_AWAY:
        return "restore"
    if became == "hidden":
        return "unhide"
    return {"live": "approve", "held": "hold", "hidden": "hide", "spam": "spam", "removed": "remove"}.get(was or "")


def _order(db: Db, act: Moderated) -> Order:
    original = acts.get(db, act.undoes) if act.undoes is not None else None
    return Order(
        key=act.id,
        act=cast("Act", act.act),
        on=cast("Target", act.on),
        target=act.target,
        conversation=act.conversation,
        reason=act.reason,
        until=act.until,
        label=act.label,
        undoing=original.undo_token if original is not None else {},
    )


def _again(db: Db, ident: str) -> Moderated:
    found = acts.get(db, ident)
    if found is None:
        raise NotFound("There is no such act.")
    return found


# -- taking back --------------------------------------------------------------------------------------------------------------


def undo(db: Db, connector: Connector, ident: str, *, by: str, clock: Clock) -> Moderated:
    """Take an act back on its platform, by the order that compensates it; gives the act as it stands then.

    Raises `NotFound`, `Refused` where nothing takes it back, and `Conflict` where it was taken back already, is not done, or
    where somebody has decided otherwise since.
    """
    act = _again(db, ident)
    _undoable(db, act)
    if act.on == "message" and act.act in REACHES:
        now = look(db, connector, act.source, act.target, clock)
        state = str(now.state or "live")
        if state == act.was:  # somebody did it already, or nothing was changed
            with db.write():
                ingest(db, [now], clock(), reread=True)
                acts.undone(db, act.id, by, clock())
            return _again(db, act.id)
        if state != act.became:
            ingest(db, [now], clock(), reread=True)
            raise Conflict(
                f"The message is {_WORDS[state]} now: somebody changed it on the platform since.", hint=_LOOK
            )
    if act.undo_act is None:
        raise Refused(
            f"What {act.act!r} did cannot be taken back.",
            hint="An earlier act is undone by its id, which `modconsole journal` shows.",
            code="no_undo",
        )
    now_ = clock()
    back = Moderated(
        id=new_id(now_),
        at=now_,
        by=by,
        source=act.source,
        conversation=act.conversation,
        on=act.on,
        target=act.target,
        message=act.message,
        person=act.person,
        act=act.undo_act,
        label=act.label,
        state="doing",
        holder=holder_name(),
        attempted_at=now_,
        attempts=1,
        was=act.became,
        undoes=act.id,
    )
    at_once(db, connector, acts.begin(db, back), clock)
    return _again(db, act.id)


def _undoable(db: Db, act: Moderated) -> None:
    """Raise `Conflict` unless an act is done, stands, and nobody has decided the same matter since."""
    if act.undone:
        raise Conflict("That has been undone already.")
    if act.state == "unsure":
        raise Conflict(
            "Nobody knows whether that was carried out.",
            hint="Try it again in the outbox first, or look on the platform.",
        )
    if act.state == "doing" or acts.undoing(db, act.id) is not None:
        raise Conflict("That is being carried out, or taken back, just now.", hint="Look again in a moment.")
    if act.state != "done":
        raise Conflict("That was not carried out: there is nothing to take back.")
    matter = next((each for each in SAME_MATTER if act.act in each), None)
    for later in acts.on(db, act.source, act.on, act.target):
        same = matter is not None and later.act in matter and later.label == act.label
        same = same and (
            later.conversation == act.conversation or later.act != act.act
        )  # some places ban in one room only
        if same and later.seq > act.seq and later.state in ("done", "unsure") and not later.undone:
            raise Conflict(
                f"{later.by} has decided otherwise since ({later.act}).", hint="Undo that first, or act anew."
            )


def cancel(db: Db, act: Moderated) -> None:
    """Call off an act that is in line. Raises `Conflict` where it is too late."""
    if not acts.move(db, act.id, "cancelled", expect=("queued",)):
        raise Conflict(
            "It is too late: that is being carried out, or it has been.", hint="The outbox says what came of it."
        )


def retract(db: Db, connector: Connector, send: str, *, clock: Clock) -> None:
    """Take back a reply that is already on the platform: it is removed there, and the person waits again.

    Raises `NotFound`, `Conflict` where the reply is not on the platform, `Refused` where the platform cannot do it.
    """
    row = outbox.get(db, send)
    if row is None:
        raise NotFound("There is no such reply in the outbox.")
    if row.state not in ("sent", "confirmed") or row.message is None:
        raise Conflict(
            "The reply is not on the platform.", hint="Before it is sent it can be taken back in the outbox."
        )
    info_of(connector, "remove", "message")
    try:
        order = Order(new_id(clock()), "remove", "message", row.message, row.conversation)
        after = list(writes.act(connector, order).records)
    except Gone:
        found = lists.message(db, row.source, row.message)
        after = [_gone(found.message, clock())] if found is not None else []
    with db.write():
        ingest(db, after, clock(), reread=True)
        outbox.move(db, send, "taken_back", clock())


# -- looking ------------------------------------------------------------------------------------------------------------------


def look(db: Db, connector: Connector, source: str, message: str, clock: Clock) -> Message:
    """A message as the platform has it; where it has none any more, that is stored and `Gone` raised."""
    record = connector.read(message)
    if record is not None:
        if not isinstance(record, Message):
            raise TypeError("the connector gave back something that is no message")
        return record
    _store_gone(db, source, message, clock)
    raise Gone("The message no longer exists on the platform.", hint="It is shown as deleted from now on.")


def _store_gone(db: Db, source: str, message: str, clock: Clock) -> None:
    found = lists.message(db, source, message)
    if found is not None:
        ingest(db, [_gone(found.message, clock())], clock(), reread=True)


def _gone(message: Message, now: int) -> Message:
    moment = to_datetime(now)
    return replace(message, state="deleted", state_at=moment, observed_at=moment)
