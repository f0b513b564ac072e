"""Strikes: a member broke a rule, and that counts for a time. With enough of them in force the house's ladder says what follows.

What follows is proposed to the moderators, with the other proposals of rules. It is carried out by itself only where a person
wrote `automatic: true` at that rung of `house.yaml`; what a platform then refuses is a proposal again, with the reason.

A strike is for a message; a message gets one. Taking it back takes back what followed from it.
"""

from __future__ import annotations

from typing import Final, cast

from msgspec import Struct

from modconsole.desk import ruling, views
from modconsole.desk.desk import Desk
from modconsole.domain.ids import new_id
from modconsole.domain.times import to_text
from modconsole.errors import Conflict, ModConsoleError, NotFound, UsageError
from modconsole.policy.model import ACTIONS, House, Rung
from modconsole.store import acts, marks, rules
from modconsole.store import strikes as kept
from modconsole.store.acts import Moderated
from modconsole.store.strikes import LADDER, Step, Strike

__all__ = [
    "LADDER",
    "Against",
    "Step",
    "Strike",
    "Struck",
    "TakenBack",
    "accept",
    "against",
    "decline",
    "get",
    "listing",
    "next_rung",
    "strike",
    "take_back",
]

BY: Final = "the ladder"
"""Who carried out what the ladder does by itself."""

DONE: Final = ("queued", "done", "accepted")
"""How a step stands that was carried out, or is in line."""

_ON: Final = {"mute": "person", "ban": "person"}


class Struck(Struct, kw_only=True):
    """What giving a strike came to."""

    strike: Strike
    in_force: int
    """How many the member has in force now, this one among them."""
    rung: Rung | None = None
    """The rung of the ladder that they have come to."""
    step: Step | None = None
    """What follows: proposed, or done where the rung is automatic."""
    act: Moderated | None = None
    """The act that was carried out by itself."""


class Against(Struct, kw_only=True):
    """A member's strikes, and what comes next."""

    source: str
    person: str
    strikes: list[Strike]
    """All of them, oldest first."""
    in_force: int
    next: Rung | None
    """The rung that one strike more leads to; None where nothing does."""


class TakenBack(Struct, kw_only=True):
    """What taking back a strike came to."""

    strike: Strike
    in_force: int
    step: Step | None = None
    act: Moderated | None = None
    """The act that was taken back on the platform."""


def strike(
    desk: Desk,
    source: str,
    message: str,
    *,
    rule: str | None = None,
    reason: str = "",
    span: int | None = None,
    insist: bool = False,
) -> Struck:
    """Give the author of a message a strike, and see to what follows from it.

    `rule` is the rule that they broke; `span` how long it counts (microseconds), else as long as the house says. Raises
    `Conflict` where the message has its strike already, unless `insist`; `NotFound`; `UsageError` for a message of ours.
    """
    shown = views.message(desk, source, message)
    if shown.ours is not None:
        raise UsageError(f"Message {message!r} is our own.", hint="Name a message of a member.")
    house = ruling.load(desk).house
    version = _version(desk, rule) if rule is not None else None
    now = desk.now()
    lasts = house.strikes_last if span is None else span
    with desk.db.write():
        standing = kept.on_message(desk.db, shown.row_id)
        if standing and not insist:
            raise Conflict(
                f"{standing[-1].by} has given a strike for this message already.",
                hint="Insist if it is to count twice.",
            )
        given = kept.add(
            desk.db,
            new_id(now),
            shown.row_id,
            at=now,
            by=desk.who,
            rule=rule,
            version=version,
            reason=reason.strip(),
            expires_at=now + lasts,
        )
        number = len(kept.against(desk.db, given.person_row, now))
        rung = rung_for(house, number)
        step = None
        if rung is not None:
            action = rung.action
            state = "noted" if action.name == "notify" else "proposed"
            why = _why(number)
            step = kept.propose(desk.db, given, action.name, action.value, action.span, now, why=why, state=state)
    struck = Struck(strike=given, in_force=number, rung=rung, step=step)
    if rung is not None and rung.automatic and ACTIONS[rung.action.name].remote:
        _by_itself(desk, struck)
    return struck


def _version(desk: Desk, rule: str) -> int:
    """The version of a rule that is in force; else the newest. Raises `NotFound`."""
    ruling.load(desk)
    row = rules.rule(desk.db, rule)
    if row is None:
        raise NotFound(f"There is no rule {rule!r}.", hint="`modconsole rules list` shows which there are.")
    return row.live_version or row.version


def rung_for(house: House, number: int) -> Rung | None:
    """What follows where somebody comes to so many strikes in force: the rung of that number, and beyond the last one that."""
    if not house.ladder:
        return None
    last = max(house.ladder, key=lambda each: each.strikes)
    return last if number > last.strikes else next((each for each in house.ladder if each.strikes == number), None)


def next_rung(house: House, number: int) -> Rung | None:
    """What one strike more leads to."""
    return rung_for(house, number + 1)


def _by_itself(desk: Desk, struck: Struck) -> None:
    """Carry out an automatic rung; what cannot be done stays proposed, with the reason."""
    machine = desk.at(desk.now())
    machine.clock, machine.who = desk.clock, BY
    try:
        struck.act = _carry_out(machine, struck.strike, cast("Step", struck.step), "done")
    except ModConsoleError as error:
        why = f"{_why(struck.in_force)}; it could not be done by itself: {error}"
        kept.settle(desk.db, struck.strike.id, "proposed", BY, desk.now(), trouble=why)
    struck.step = kept.step(desk.db, struck.strike.id)


def _why(number: int) -> str:
    """Why something follows."""
    return f"{number} strike{'' if number == 1 else 's'} in force"


def _carry_out(desk: Desk, given: Strike, step: Step, state: str) -> Moderated | None:
    """Do what follows from a strike on the platform. What only asks somebody to look is done when somebody has."""
    assert given.message is not None
    now = desk.now()
    if step.action not in ACTIONS or not ACTIONS[step.action].remote:
        kept.settle(desk.db, given.id, state, desk.who, now)
        return None
    from modconsole.desk import moderating  # connectors are of no use to anybody who only reads

    on = cast("moderating.On", _ON.get(step.action, "message"))
    target = {"person": given.person, "conversation": given.conversation or "", "message": given.message}[on]
    act = moderating.moderate(
        desk,
        given.source,
        target,
        step.action,
        on=on,
        message=given.message,
        conversation=given.conversation,
        reason=step.value or _why(len(kept.against(desk.db, given.person_row, now))),
        until=now + step.span if step.span is not None else None,
        confirmed=True,
    )
    kept.settle(
        desk.db, given.id, "queued" if act.state == "queued" else state, desk.who, now, ref=act.id, kind="moderation"
    )
    return act


# -- the moderators' part -----------------------------------------------------------------------------------------------------


def accept(desk: Desk, ident: str) -> Moderated | None:
    """Carry out what is proposed on a strike. Raises `NotFound`, `Conflict` where that was decided, `PlatformError`s."""
    given, step = _proposed(desk, ident)
    return _carry_out(desk, given, step, "accepted")


def decline(desk: Desk, ident: str) -> Step:
    """Do not do what is proposed on a strike; the strike stays. Raises `NotFound`, `Conflict`."""
    given, _ = _proposed(desk, ident)
    kept.settle(desk.db, given.id, "declined", desk.who, desk.now())
    return cast("Step", kept.step(desk.db, given.id))


def _proposed(desk: Desk, ident: str) -> tuple[Strike, Step]:
    given = get(desk, ident)
    step = kept.step(desk.db, given.id)
    if step is None:
        raise NotFound("Nothing is proposed on this strike.")
    if step.state != "proposed":
        raise Conflict(f"That was decided already: {step.state}.")
    return given, step


def take_back(desk: Desk, ident: str) -> TakenBack:
    """Take back a strike and what followed from it: what is only proposed is dropped, what was done is undone on the platform.

    The platform is asked first: where it cannot undo the act, the strike stays, and the error says why.
    """
    given = get(desk, ident)
    if given.undone_at is not None:
        raise Conflict(f"{given.undone_by} took that back already.")
    step = kept.step(desk.db, given.id)
    undone = take_back_step(desk, step) if step is not None else None
    now = desk.now()
    with desk.db.write():
        if not kept.take_back(desk.db, given.id, desk.who, now):
            raise Conflict("That was taken back already.")
        if step is not None:
            drop_step(desk, given.id, step)
    return TakenBack(
        strike=get(desk, given.id),
        in_force=len(kept.against(desk.db, given.person_row, now)),
        step=kept.step(desk.db, given.id),
        act=undone,
    )


def take_back_step(desk: Desk, step: Step) -> Moderated | None:
    """Undo on the platform what followed from a strike, where it was done and stands."""
    act = acts.get(desk.db, step.ref) if step.ref is not None and step.state in DONE else None
    if act is None or act.undone or act.state in ("cancelled", "failed"):
        return None
    from modconsole.desk import moderating

    return moderating.undo(desk, act)


def drop_step(desk: Desk, strike_id: str, step: Step) -> None:
    """Write down that what followed from a strike no longer does."""
    if step.state in DONE or step.state in ("proposed", "noted"):
        kept.settle(desk.db, strike_id, "undone" if step.state in DONE else "superseded", desk.who, desk.now())


# -- reading ------------------------------------------------------------------------------------------------------------------


def get(desk: Desk, ident: str) -> Strike:
    """A strike by its id or its first letters. Raises `NotFound`."""
    found = kept.get(desk.db, ident)
    if found is None:
        raise NotFound(f"There is no strike {ident!r}.", hint="`modconsole strikes list` shows which there are.")
    return found


def listing(desk: Desk, limit: int, *, every: bool = False, source: str = "") -> list[Strike]:
    """Strikes in force, newest first; with `every` those that have ended or were taken back too."""
    if source:
        marks.source_id(desk.db, source)
    return kept.listing(desk.db, limit, now=None if every else desk.now(), source=source)


def against(desk: Desk, source: str, person: str) -> Against:
    """Somebody's strikes, and what one more would lead to. Raises `NotFound`."""
    row = kept.person_row(desk.db, source, person)
    number = len(kept.against(desk.db, row, desk.now()))
    house = ruling.load(desk).house
    return Against(
        source=source,
        person=person,
        strikes=kept.against(desk.db, row),
        in_force=number,
        next=next_rung(house, number),
    )


def ends_words(given: Strike, now: int) -> str:
    """How a strike stands, in words."""
    if given.undone_at is not None:
        return f"taken back by {given.undone_by}"
    if given.expires_at is None:
        return "in force for good"
    return f"{'in force until' if given.in_force(now) else 'ended'} {to_text(given.expires_at)[:10]}"
