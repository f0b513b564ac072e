"""Appeals: a member says that we were wrong, and the case is looked at again.

An appeal is about a message, and about what was done because of it: all of it, one act, or one strike. Opening it reopens the ask
of that message: answers and closings from before no longer count, and where the message is removed that shows as soon as it is
back. A moderator upholds what was done, or reverses it: then the acts are undone on the platform, the strikes no longer count,
and the rule that hit the message was wrong this time.

Everything can be undone: an opening withdraws, a decision makes the appeal open again.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from modconsole.desk import drafts, strikes, views
from modconsole.desk.asks import status
from modconsole.desk.desk import Desk
from modconsole.domain.ids import new_id
from modconsole.domain.records import Decision
from modconsole.domain.times import to_datetime
from modconsole.errors import Conflict, Gone, ModConsoleError, NotFound, Refused, UsageError
from modconsole.store import acts, journal, rule_acts
from modconsole.store import appeals as kept
from modconsole.store import strikes as struck
from modconsole.store.acts import Moderated
from modconsole.store.appeals import Appeal
from modconsole.store.strikes import Strike

__all__ = [
    "Appeal",
    "Case",
    "Decided",
    "Opened",
    "case",
    "decide",
    "get",
    "listing",
    "open_appeal",
    "open_count",
    "undo",
]


class Opened(Struct, kw_only=True):
    """An appeal that was opened."""

    appeal: Appeal
    status: str
    """The status of the ask of the message now; empty where it is nothing that asks."""


class Case(Struct, kw_only=True):
    """What an appeal is about, as it stands now."""

    appeal: Appeal
    acts: list[Moderated]
    """What was done and stands, oldest first: what a reversal takes back."""
    strikes: list[Strike]


class Decided(Struct, kw_only=True):
    """What a decision came to."""

    appeal: Appeal
    acts: list[Moderated]
    """The acts that were taken back on the platform."""
    strikes: list[Strike]
    """The strikes that no longer count."""
    trouble: list[str]
    """What could not be taken back, and why."""
    status: str


def open_appeal(
    desk: Desk,
    source: str,
    message: str,
    *,
    text: str = "",
    act: str | None = None,
    strike: str | None = None,
    written: tuple[str, str] | None = None,
) -> Opened:
    """Open an appeal for the author of a message that something was done about, and reopen their ask.

    `act` or `strike` limit it to one of them. `written` is the message (source, id) in which they appeal: its words are the
    appeal's, unless `text` says something else. Raises `Conflict` where one is open already, `NotFound`, `UsageError`.
    """
    shown = views.message(desk, source, message)
    if shown.ours is not None:
        raise UsageError(f"Message {message!r} is our own.", hint="Name the message that something was done about.")
    if act is not None and strike is not None:
        raise UsageError("An appeal is about one act or one strike, or about all that was done.")
    if written is not None and not text.strip():
        text = views.message(desk, *written).plain
    about, ref = _about(desk, source, message, act, strike)
    now = desk.now()
    with desk.db.write():
        already = kept.open_on(desk.db, shown.row_id)
        if already is not None:
            raise Conflict(f"{already.by} has opened an appeal about this message.", hint=f"It is {already.id}.")
        made = kept.add(
            desk.db, new_id(now), shown.row_id, at=now, by=desk.who, about=about, ref=ref, text=text.strip()
        )
        # the decision has the appeal's id: what undoes the one finds the other
        reopening = Decision(
            id=made.id,
            at=to_datetime(now),
            by=desk.who,
            act="reopen",
            source=source,
            conversation=made.conversation,
            person=made.person,
            through=message,
            reason="appeal",
        )
        journal.decide(desk.db, reopening, now)
    return Opened(appeal=made, status=_status(desk, made))


def _about(
    desk: Desk, source: str, message: str, act: str | None, strike: str | None
) -> tuple[Literal["message", "act", "strike"], str]:
    if act is not None:
        done = acts.get(desk.db, act)
        if done is None or (done.source, done.message) != (source, message):
            raise NotFound(
                f"There is no act {act!r} about this message.", hint="`modconsole acts` shows what was done."
            )
        return "act", done.id
    if strike is not None:
        given = strikes.get(desk, strike)
        if (given.source, given.message) != (source, message):
            raise NotFound(
                f"The strike {strike!r} is for another message.", hint="`modconsole strikes list` shows them."
            )
        return "strike", given.id
    return "message", message


def case(desk: Desk, ident: str) -> Case:
    """An appeal with what it is about. Raises `NotFound`."""
    found = get(desk, ident)
    done = acts.on(desk.db, found.source, "message", found.message)
    done += [each for each in acts.on_person(desk.db, found.source, found.person) if each.message == found.message]
    unique = {each.id: each for each in done if not each.undone and each.state in ("queued", "doing", "done", "unsure")}
    standing = struck.on_message(desk.db, found.message_row)
    if found.about == "act":
        unique = {key: each for key, each in unique.items() if key == found.ref}
        standing = []
    elif found.about == "strike":
        standing = [each for each in standing if each.id == found.ref]
        steps = [struck.step(desk.db, each.id) for each in standing]
        refs = {step.ref for step in steps if step is not None}
        unique = {key: each for key, each in unique.items() if key in refs}
    return Case(appeal=found, acts=sorted(unique.values(), key=lambda each: each.seq), strikes=standing)


def decide(desk: Desk, ident: str, decision: Literal["upheld", "reversed"], *, answer: str = "") -> Decided:
    """Decide an open appeal. `answer` is what the member is told, or why.

    A reversal asks the platform first. What it can never take back is told in `trouble`; where it cannot be asked now the error
    is raised and the appeal stays open: deciding again goes on where it stopped.
    """
    found = case(desk, ident)
    if found.appeal.state != "open":
        raise Conflict(f"This appeal is {found.appeal.state} already.", hint="Undo that first.")
    undone: list[Moderated] = []
    trouble: list[str] = []
    if decision == "reversed":
        undone, trouble = _undo_acts(desk, found)
        rule_acts.settle(desk.db, desk.now())
    now = desk.now()
    returned: list[Strike] = []
    with desk.db.write():
        if not kept.decide(desk.db, found.appeal.id, decision, answer.strip(), desk.who, now):
            raise Conflict("Somebody else has decided this appeal.")
        if decision == "reversed":
            for each in found.strikes:
                step = struck.step(desk.db, each.id)
                struck.take_back(desk.db, each.id, desk.who, now)
                if step is not None:
                    strikes.drop_step(desk, each.id, step)
                if each.rule is not None:
                    kept.rule_was_wrong(desk.db, found.appeal.message_row, each.rule, each.version or 0, desk.who, now)
                returned.append(each)
    appeal = get(desk, found.appeal.id)
    return Decided(appeal=appeal, acts=undone, strikes=returned, trouble=trouble, status=_status(desk, appeal))


def _undo_acts(desk: Desk, found: Case) -> tuple[list[Moderated], list[str]]:
    """Take back what was done on the platform, latest first."""
    if not found.acts:
        return [], []
    from modconsole.desk import moderating  # connectors are of no use to anybody who only reads

    undone: list[Moderated] = []
    trouble: list[str] = []
    for act in reversed(found.acts):
        try:
            moderating.undo(desk, act)
        except (Conflict, Refused, Gone) as error:
            trouble.append(f"{act.act}: {error}")
            continue
        undone.append(acts.get(desk.db, act.id) or act)
    return undone, trouble


def draft_answer(desk: Desk, appeal: Appeal) -> bool:
    """Put the answer to an appeal into my draft of a reply to the message; False where there is none, or another draft."""
    kept_draft = drafts.draft(desk, appeal.source, appeal.message)
    if not appeal.answer or (kept_draft is not None and kept_draft.text.strip()):
        return False
    drafts.save_draft(desk, appeal.source, appeal.message, appeal.answer, through=appeal.message)
    return True


def undo(desk: Desk, ident: str) -> Appeal:
    """Take back the last step of an appeal: a decision makes it open again, an opening withdraws it.

    The strikes that a reversal took back count again; acts on the platform are not done a second time. Raises `NotFound`,
    `Conflict` where it was withdrawn.
    """
    found = get(desk, ident)
    with desk.db.write():
        if found.state == "open":
            kept.decide(desk.db, found.id, "withdrawn", found.answer, desk.who, desk.now())
            journal.undo_decision(desk.db, found.id, desk.who, desk.now())
        elif found.state == "withdrawn" or not kept.undecide(desk.db, found.id, found.state):
            raise Conflict("That was undone already.")
        elif found.state == "reversed" and found.decided_at is not None and found.decided_by is not None:
            for each in struck.put_back(desk.db, found.message_row, found.decided_at, found.decided_by):
                if each.rule is not None:
                    of = (each.rule, each.version or 0, found.decided_by, found.decided_at)
                    kept.rule_was_right(desk.db, found.message_row, *of)
    return get(desk, found.id)


def get(desk: Desk, ident: str) -> Appeal:
    """An appeal by its id or its first letters. Raises `NotFound`."""
    found = kept.get(desk.db, ident)
    if found is None:
        raise NotFound(f"There is no appeal {ident!r}.", hint="`modconsole appeals list` shows which there are.")
    return found


def listing(desk: Desk, limit: int, *, every: bool = False) -> list[Appeal]:
    """Open appeals, oldest first; with `every` all, newest first."""
    return kept.listing(desk.db, limit, every=every)


def open_count(desk: Desk) -> int:
    """How many appeals wait for a decision."""
    return kept.open_count(desk.db)


def _status(desk: Desk, appeal: Appeal) -> str:
    try:
        ask = status(desk, appeal.source, appeal.message)
    except ModConsoleError:
        return ""
    return ask.status if ask is not None else ""
