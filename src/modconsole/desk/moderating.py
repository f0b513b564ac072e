"""Moderation acts on messages, persons and conversations: what can be done where, doing it, and what was done.

Acts need the platform's answer, so they take as long as it takes: call them from a thread. One that cannot be taken back
is said to be such beforehand, and is then queued for as long as a reply is (`Desk.undo_delay`), in which it can still be
cancelled. What was done is in the journal.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from msgspec import Struct

from modconsole.connectors.acts import Act, ActInfo
from modconsole.connectors.base import Connector
from modconsole.connectors.signing import Credentials
from modconsole.desk import views
from modconsole.desk.desk import Desk
from modconsole.desk.sweep import credentials_of
from modconsole.domain.ids import new_id
from modconsole.domain.times import MINUTE
from modconsole.errors import NotFound, UsageError
from modconsole.store import acts, lists, marks
from modconsole.store.acts import Moderated
from modconsole.store.marks import AccountRow
from modconsole.sync import acts as under_way
from modconsole.sync import moderate as carrying
from modconsole.sync import registry

__all__ = [
    "Act",
    "ActInfo",
    "Moderated",
    "Offer",
    "On",
    "Possible",
    "able",
    "acts_on",
    "acts_on_person",
    "again",
    "info",
    "moderate",
    "possible",
    "retract",
    "undo",
]

On = Literal["message", "person", "conversation"]

RIGHTS_LAST = 10 * MINUTE
"""How long it is remembered what an account may do: rights change seldom, and a menu should not wait for the platform."""

OLD_WORDS = {"trash": "remove"}
"""Words of the first release for acts."""

_rights: dict[tuple[str, str], tuple[int, AccountRow, frozenset[tuple[str, str]]]] = {}
_rights_lock = threading.Lock()


class Possible(Struct, kw_only=True):
    """What can be done about a message: to itself, to who wrote it, to the place it is in. Names are raw.

    `acts` holds a list for each kind of target; of our own accounts there is none for the person. `done` is what was done to the
    message, the person and the conversation, oldest first.
    """

    source: str
    message: str
    state: str
    person: str
    conversation: str
    name: str | None
    handle: str | None
    title: str | None
    ours: bool
    acts: dict[On, list[Offer]]
    done: dict[On, list[Moderated]]


class Offer(Struct, frozen=True, kw_only=True):
    """One act that a platform has for something, and whether it can be done now."""

    info: ActInfo
    why_not: str = ""
    """Why it cannot be done; empty where it can."""
    stands: Moderated | None = None
    """The act of ours that this one would repeat, or would end."""


def able(
    desk: Desk, source: str, on: On, target: str | None = None, *, state: str | None = None, ours: bool | None = None
) -> list[Offer]:
    """What can be done to something on its platform, what this account has no right to among it.

    `state` is that of a message, `ours` whether we wrote it: acts that make no sense for it are left out. `target` is a person
    or a conversation: what was done to it and still stands is said with the act that ends it. Empty where nobody is signed in.
    Raises `PlatformError`s.
    """
    account = _account(desk, source)
    if account is None:
        return []
    with connected(desk, source) as connector:
        infos = [each for each in connector.capabilities.acts if each.on == on]
        if on == "message":
            infos = [each for each in infos if _fits(each, state, ours)]
        may = _may(desk, account, connector) if infos else frozenset()
    done = acts.standing(acts.on(desk.db, source, on, target), desk.now()) if target is not None else []
    offers = []
    for each in infos:
        missing = each.right or "to do this"
        why_not = "" if (each.act, each.on) in may else f"This account lacks the right {missing}."
        stands = next((a for a in done if a.act == each.act or acts.OPPOSITE.get(a.act) == each.act), None)
        offers.append(Offer(info=each, why_not=why_not, stands=stands))
    return offers


def possible(desk: Desk, source: str, message: str) -> Possible:
    """All that can be done about a message as it stands in the store. Raises `NotFound`, `PlatformError`s."""
    shown = views.message(desk, source, message)
    said = shown.message
    state = said.state or "live"
    conversation = lists.conversation_row_id(desk.db, source, said.conversation)
    targets: dict[On, str] = {"message": said.id, "person": said.author.id, "conversation": said.conversation}
    if shown.ours is not None:
        del targets["person"]
    done = {on: acts.on(desk.db, source, on, target) for on, target in targets.items()}
    if "person" in targets:
        done["person"] = acts.on_person(desk.db, source, said.author.id)
    return Possible(
        source=source,
        message=said.id,
        state=state,
        person=said.author.id,
        conversation=said.conversation,
        name=shown.name,
        handle=shown.handle,
        title=lists.inbox_row(desk.db, conversation).title if conversation is not None else None,
        ours=shown.ours is not None,
        acts={
            on: able(desk, source, on, target, state=state, ours=shown.ours is not None)
            for on, target in targets.items()
        },
        done=done,
    )


def _fits(info: ActInfo, state: str | None, ours: bool | None) -> bool:
    """Whether an act makes sense for a message of which that much is known."""
    whose = info.whose == "anybody" or ours is None or (info.whose == "ours") == ours
    return whose and (state is None or state in info.fits)


def _may(desk: Desk, account: AccountRow, connector: Connector) -> frozenset[tuple[str, str]]:
    """What the account may do, as the platform said a short while ago, or says now."""
    key, now = (str(desk.path), account.source), desk.now()
    with _rights_lock:
        known = _rights.get(key)
    if known is not None and known[1] == account and 0 <= now - known[0] < RIGHTS_LAST:
        return known[2]
    may = frozenset((each.act, each.on) for each in connector.acts())
    with _rights_lock:
        _rights[key] = (now, account, may)
    return may


def info(desk: Desk, source: str, act: str, on: On) -> ActInfo:
    """What a source's platform says of an act. Raises `NotFound` where nobody is signed in, `Refused` where it has no such."""
    with connected(desk, source) as connector:
        return carrying.info_of(connector, act, on)


def moderate(
    desk: Desk,
    source: str,
    target: str,
    act: str,
    *,
    on: On = "message",
    message: str | None = None,
    conversation: str | None = None,
    reason: str = "",
    until: int | None = None,
    label: str = "",
    seen: str | None = None,
    confirmed: bool = False,
) -> Moderated:
    """Carry out an act on a message, a person or a conversation, on its platform.

    `seen` is the state of a message that the moderator was shown: where it is another one by now, `Conflict` is raised and
    nothing done. `message` and `conversation` say where a person was seen. An act that cannot be taken back must be `confirmed`,
    and comes back `queued`: it is carried out by whoever syncs, once the time to cancel it is over.

    Raises `NotFound` for a source that nobody is signed in to, `Refused` where there is no such act, `UsageError` for what it
    needs and lacks or where it was not confirmed, and `PlatformError`s.
    """
    act = OLD_WORDS.get(act, act)
    now = desk.now()
    if on != "message" and message is not None:
        conversation = conversation or lists.where_is(desk.db, source, message)
    order = Moderated(
        id=new_id(now),
        at=now,
        by=desk.who,
        source=source,
        conversation=target if on == "conversation" else conversation,
        on=on,
        target=target,
        message=target if on == "message" else message,
        person=target if on == "person" else None,
        act=act,
        label=label.strip(),
        reason=reason.strip(),
        until=until,
        was=seen,
    )
    with connected(desk, source) as connector:
        if carrying.info_of(connector, act, on).undo:
            return carrying.moderate(desk.db, connector, order, clock=desk.clock)
        if not confirmed:
            raise UsageError(f"{act!r} cannot be taken back there.", hint="It has to be confirmed (--yes).")
        return carrying.queue(desk.db, connector, order, not_before=now + desk.undo_delay, clock=desk.clock)


def undo(desk: Desk, act: Moderated) -> Moderated:
    """Take an act back on its platform; one that is still in line is called off, without asking anybody.

    Raises `Conflict` where it is too late or somebody has decided otherwise since, `Refused` where nothing takes it back.
    """
    if act.state == "queued":
        carrying.cancel(desk.db, act)
        return acts.get(desk.db, act.id) or act
    with connected(desk, act.source) as connector:
        return carrying.undo(desk.db, connector, act.id, by=desk.who, clock=desk.clock)


def again(desk: Desk, act: Moderated) -> Moderated:
    """Do an act again that is unsure or has failed; it is done no more than once."""
    with connected(desk, act.source) as connector:
        return under_way.again(desk.db, connector, act, clock=desk.clock)


def retract(desk: Desk, source: str, send: str) -> None:
    """Take a reply of ours that is on the platform off it; the person waits again."""
    with connected(desk, source) as connector:
        carrying.retract(desk.db, connector, send, clock=desk.clock)


# -- what was done ------------------------------------------------------------------------------------------------------------


def acts_on(desk: Desk, source: str, on: On, target: str) -> list[Moderated]:
    """What was done to a message, a person or a conversation, oldest first."""
    return acts.on(desk.db, source, on, target)


def acts_on_person(desk: Desk, source: str, person: str) -> list[Moderated]:
    """What was done to a person and to what they wrote, oldest first."""
    return acts.on_person(desk.db, source, person)


def _account(desk: Desk, source: str) -> AccountRow | None:
    return next((account for account in marks.accounts(desk.db) if account.source == source), None)


@contextmanager
def connected(desk: Desk, source: str) -> Iterator[Connector]:
    """A connector of a source, signed in. Raises `NotFound` where nobody is, `SignInError` where the secret cannot be had."""
    account = _account(desk, source)
    if account is None:
        raise NotFound(
            f"Nobody is signed in to {source!r}.", hint="`modconsole sources add` signs in; do it there meanwhile."
        )
    credentials = credentials_of(account) if registry.info(account.platform).secret else Credentials("")
    connector = registry.open_connector(account, credentials, desk.clock)
    try:
        yield connector
    finally:
        connector.close()
