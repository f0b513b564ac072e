"""Carrying out what a rule proposed, on the word of a person; and a rule applied to what was here before it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from modconsole.desk import asks, moderating
from modconsole.desk.desk import Desk
from modconsole.desk.rule_states import load, rule_state
from modconsole.errors import InputError, ModConsoleError
from modconsole.store import verdicts
from modconsole.store.journal import Draft, draft, save_draft
from modconsole.store.rule_acts import Placed, RuleAct
from modconsole.store.strikes import LADDER
from modconsole.sync.bench import Bench
from modconsole.sync.consequences import Consequences
from modconsole.sync.rule_orders import ON, Powers, label_of, reason_of
from modconsole.sync.rulebook import Enforced

AT_ONCE = 500


class Applied(Struct, kw_only=True):
    """What came of applying a rule to messages that were here before it."""

    asked: int
    hits: int = 0
    done: int = 0
    """Acts in line, and decisions made."""
    left: int = 0
    """Acts that are proposed: each has its reason."""


def carry_out(desk: Desk, placed: Placed) -> tuple[str | None, str | None]:
    """Do it; gives where that stands (`kind` and `ref` of `store.rule_acts`). Raises whatever the act does."""
    act, source, message = placed.act, placed.source, placed.native
    if act.rule == LADDER:
        from modconsole.desk import strikes

        done = strikes.accept(desk, act.id)
        return ("moderation", done.id) if done is not None else (None, None)
    if act.action in ON:
        return "moderation", _on_platform(desk, placed)
    if act.action == "strike":
        from modconsole.desk import strikes

        return "strike", strikes.strike(desk, source, message, rule=act.rule, reason=act.value, span=act.span).strike.id
    if act.action == "suggest snippet":
        if draft(desk.db, source, message, desk.who) is None:
            text = Draft(source=source, message=message, by=desk.who, text=act.value, through=None, saved_at=desk.now())
            save_draft(desk.db, text)
        return None, None
    if act.action == "suggest close":
        return "decision", asks.close(desk, source, message, reason=act.value).id
    if act.action in ("escalate", "assign"):
        return "decision", asks.assign(desk, source, message, act.value).id
    if act.action in ("tag", "priority"):
        tag = act.value if act.action == "tag" else f"priority:{act.value}"
        return "decision", asks.tag(desk, source, message, [tag]).id
    return None, None


def _on_platform(desk: Desk, placed: Placed) -> str:
    act, on = placed.act, ON[placed.act.action]
    info = moderating.info(desk, placed.source, act.action, on)
    label = label_of(info, act.value)
    target = {"message": placed.native, "person": placed.person, "conversation": placed.conversation}[on]
    done = moderating.moderate(
        desk,
        placed.source,
        target,
        act.action,
        on=on,
        message=placed.native,
        conversation=placed.conversation,
        reason=_reason(desk, act, "" if label else act.value),
        until=desk.now() + act.span if act.span is not None else None,
        label=label,
        confirmed=True,
    )
    return done.id


def _reason(desk: Desk, act: RuleAct, said: str) -> str:
    rule = next((rule for rule in load(desk).rules if rule.id == act.rule), None)
    return reason_of(rule, act.action, said) if rule is not None else said


def apply(desk: Desk, ident: str, ids: Sequence[int]) -> Applied:
    """Let a rule act on messages that were here before it, by their row ids, as this person's acts: proposals accepted in bulk.

    Acts on a platform are put in line, and go out with the next sync after the undo delay; what cannot be done, or not taken
    back, stays proposed. Raises `NotFound`, `InputError` for a rule that is broken.
    """
    state = rule_state(desk, ident)
    if state.rule is None:
        raise InputError(f"Rule {ident!r} is broken.", hint=state.problems[0].words if state.problems else "")
    enforced = Enforced(rule=state.rule, version=state.version, mode="live", live_at=desk.now())
    bench = Bench([enforced], load(desk).house)
    powers: dict[str, Powers | None] = {}
    result = Applied(asked=len(ids))
    for each in verdicts.judgeable(desk.db, ids).values():
        if each.source not in powers:
            powers[each.source] = _powers(desk, each.source)
    for at in range(0, len(ids), AT_ONCE):
        with desk.db.write():
            found = bench.judge(desk.db, ids[at : at + AT_ONCE], desk.now())
            follow = Consequences(desk.db, desk.now(), desk.undo_delay, bench.house.order, powers.get, who=desk.who)
            acts = follow.act(found, ())
        result.hits += len(found)
        result.done += sum(act.state == "accepted" for act in acts)
        result.left += sum(act.state == "proposed" for act in acts)
    return result


def _powers(desk: Desk, source: str) -> Powers | None:
    """What can be done on a source; None where nobody is signed in, or it cannot be asked."""
    try:
        with moderating.connected(desk, source) as connector:
            return Powers.of(connector)
    except ModConsoleError:
        return None
