"""Letting a rule judge, act, and stop.

A version acts only when a person with the right has set that very version live, having seen what it would have done; what they
saw is kept with the version. To let a rule do less takes no right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from modconsole.desk.desk import Desk
from modconsole.desk.rule_states import RuleState, digest_of, load, rule_state, save
from modconsole.errors import Conflict, InputError, UsageError
from modconsole.store import rules


def may_set_live(desk: Desk) -> bool:
    """Whether this person may set rules live."""
    allowed = load(desk).house.may_set_live
    return not allowed or desk.who in allowed


def set_status(desk: Desk, ident: str, status: str) -> RuleState:
    """Let a rule be a draft, judge in the shadow, or pause, in its file too. Raises `UsageError` for `live` and for no status,
    `NotFound`, `InputError` where the file cannot be changed."""
    from modconsole.policy.model import STATUSES

    if status not in STATUSES:
        raise UsageError(f"{status!r} is no status.", hint=f"Known: {', '.join(STATUSES)}.")
    if status == "live":
        raise UsageError(
            "A rule goes live with the evidence of what it would have done.",
            hint=f"`modconsole rules live {ident}` shows it, and asks.",
        )
    if status == "paused":
        return pause(desk, ident, "")
    rule_state(desk, ident)
    rules.retire(desk.db, ident)
    return _write_status(desk, ident, status)


def pause(desk: Desk, ident: str, why: str) -> RuleState:
    """Let a rule do nothing until somebody sets it live again. Raises `NotFound`."""
    rule_state(desk, ident)
    rules.pause(desk.db, ident, why.strip() or f"{desk.who} has paused it.", desk.now())
    try:
        return _write_status(desk, ident, "paused")
    except InputError:  # a folder that cannot be written stops nobody from stopping a rule
        return rule_state(desk, ident)


def go_live(desk: Desk, ident: str, version: int, evidence: Mapping[str, Any]) -> RuleState:
    """Let a version act from now on. `evidence` is what was on the screen: plain values of JSON.

    Raises `UsageError` for somebody without the right, `Conflict` where the rule has another text by now, `InputError` where it
    is broken, where one of its tests fails, or where its time is over; `NotFound`.
    """
    from modconsole.policy.examples import run

    if not may_set_live(desk):
        allowed = ", ".join(load(desk).house.may_set_live)
        raise UsageError(f"{desk.who} may not set rules live.", hint=f"Ask {allowed} (`may_set_live` in house.yaml).")
    state = rule_state(desk, ident)
    if state.rule is None:
        raise InputError(f"Rule {ident!r} is broken.", hint=state.problems[0].words if state.problems else "")
    if state.effective == "expired":
        raise InputError(f"The time of rule {ident!r} is over.", hint="Give it another `expires` first.")
    if state.version != version:
        raise Conflict(
            f"Rule {ident!r} is at version {state.version} by now, not {version}.",
            hint="Look at what it does, then decide.",
        )
    wrong = sum(not result.ok for result in run(state.rule))
    if wrong:
        raise InputError(
            f"{wrong} of the tests of rule {ident!r} {'fail' if wrong > 1 else 'fails'}.",
            hint=f"`modconsole rules test {ident}` shows why.",
        )
    if state.status != "live":
        state = _write_status(desk, ident, "live")
        if state.version != version:
            raise Conflict(f"Rule {ident!r} was changed just now.", hint="Look at what it does, then decide.")
    rules.set_live(desk.db, ident, version, desk.who, desk.now(), evidence)
    return rule_state(desk, ident)


def _write_status(desk: Desk, ident: str, status: str) -> RuleState:
    from modconsole.policy.model import Status
    from modconsole.policy.write import with_status

    state = rule_state(desk, ident)
    if state.status == status or state.rule is None:
        return state
    text = with_status(state.source, cast("Status", status))
    return save(desk, state.path, text, seen=digest_of(desk.rules / state.path), rule=ident)
