"""Silencing and suspending accounts on Discourse."""

from __future__ import annotations

from typing import Any

from modconsole.connectors.acts import ActInfo, Done, Order, Takes, Undo
from modconsole.connectors.discourse_api import Api
from modconsole.connectors.discourse_map import moment
from modconsole.connectors.discourse_shapes import Person
from modconsole.domain.times import DAY, parse, to_instant, to_text
from modconsole.errors import InputError, NotDone, OutcomeUnknown, Refused

STAFF = "moderator or administrator of the site"
FOR_GOOD = 365_000 * DAY
"""A thousand years, which is what Discourse's own pages send for "forever"."""
MAX_REASON = 300
"""Characters of a reason, as Discourse takes them."""

_both: frozenset[Takes] = frozenset(("reason", "until"))
_reason: frozenset[Takes] = frozenset(("reason",))

PENALTIES: tuple[ActInfo, ...] = (
    ActInfo(
        "mute",
        "person",
        "Silences the account: it can read and sign in, but not write, until the given time or for good.",
        undo="lifting it",
        takes=_both,
        needs=_reason,
        right=STAFF,
    ),
    ActInfo("unmute", "person", "Lifts the silence of an account.", undo="silencing it again until then", right=STAFF),
    ActInfo(
        "ban",
        "person",
        "Suspends the account: it is signed out and cannot sign in, until the given time or for good.",
        undo="lifting it",
        takes=_both,
        needs=_reason,
        right=STAFF,
    ),
    ActInfo(
        "unban", "person", "Lifts the suspension of an account.", undo="suspending it again until then", right=STAFF
    ),
)


def penalty(api: Api, order: Order, now: int) -> Done:
    """Silence or suspend an account, or lift that. The account is looked at before: a second time does nothing."""
    if order.act not in ("mute", "unmute", "ban", "unban"):
        raise Refused("Discourse has no such act.", code="no_such_act")
    silence, imposing = order.act in ("mute", "unmute"), order.act in ("mute", "ban")
    before = api.person(order.target)
    stands = _until(before, silence, now)
    if imposing == (stands is not None):
        return Done(note=f"It was {'silenced' if silence else 'suspended'} already." if imposing else "There was none.")
    word = ("" if imposing else "un") + ("silence" if silence else "suspend")
    body = _body(order, silence, now) if imposing else {}
    try:
        api.write("PUT", f"admin/users/{before.id}/{word}.json", body)
    except OutcomeUnknown:
        if (_until(api.person(order.target), silence, now) is not None) != imposing:
            raise NotDone("The site did not say whether it did that, and it is not done.", hint="Try again.") from None
    if imposing:
        return Done(undo=Undo("unmute" if silence else "unban"))
    reason = (before.silence_reason if silence else before.suspend_reason) or ""
    token: dict[str, Any] = {"until": to_text(stands) if stands is not None else None, "reason": reason}
    return Done(undo=Undo("mute" if silence else "ban", token))


def _body(order: Order, silence: bool, now: int) -> dict[str, str]:
    former, why = order.undoing.get("until"), order.undoing.get("reason")
    reason = (order.reason or (why if isinstance(why, str) else "")).strip() or (
        "Imposed again" if order.undoing else ""
    )
    if not reason:
        raise InputError("Discourse wants a reason.", hint="Give one: the account's owner may read it.")
    if len(reason) > MAX_REASON:
        raise InputError(f"The reason is too long: Discourse takes {MAX_REASON} characters.")
    until = order.until
    if until is None and isinstance(former, str):
        until = parse(former)
    if until is not None and until <= now:
        raise InputError("The time until which it shall last is over already.")
    return {"silenced_till" if silence else "suspend_until": to_text(until or now + FOR_GOOD), "reason": reason}


def _until(person: Person, silence: bool, now: int) -> int | None:
    """When a penalty that stands now ends; None where there is none."""
    text = person.silenced_till if silence else person.suspended_till
    if not text:
        return None
    until = to_instant(moment(text))
    return until if until > now else None
