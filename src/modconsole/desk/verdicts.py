"""What rules hit, what they did about it, what they propose, and a person's word on that."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from modconsole.desk import rule_history
from modconsole.desk.desk import Desk
from modconsole.desk.rule_states import load, settle
from modconsole.domain.times import DAY, HOUR
from modconsole.errors import Conflict, NotFound
from modconsole.store import rule_acts
from modconsole.store import verdicts as kept
from modconsole.store.rule_acts import Placed, RuleAct
from modconsole.store.verdicts import Hit as Stored

MONTH = 30 * DAY
TAKEABLE = ("queued", "done", "accepted")


class Hit(Stored, kw_only=True):
    """A message that a rule hit, with what was done about it. All text of strangers is raw; times are instants."""

    acts: tuple[RuleAct, ...] = ()


class Proposal(Struct, frozen=True, kw_only=True):
    """Something that waits for a person's word. All text of strangers is raw."""

    id: str
    at: int
    rule: str
    version: int
    action: str
    value: str
    words: str
    """What would be done, as `hide` or `mute for 7 days`."""
    why: str
    """Why the rule did not do it; empty where it never does."""
    source: str
    conversation: str
    message: str
    person: str
    name: str | None
    handle: str | None
    title: str | None
    text: str


class Conflicting(Struct, frozen=True, kw_only=True):
    """Two rules that hit the same messages and want what does not go together, or the same twice."""

    rules: tuple[str, str]
    messages: int
    """How many they both hit within 30 days."""
    words: str


def hits(desk: Desk, ident: str, limit: int = 100, before: int | None = None) -> list[Hit]:
    """The messages that a rule hit, newest first; before a hit's `ident`."""
    load(desk)
    settle(desk)
    return [_with_acts(desk, each) for each in kept.hits(desk.db, ident, limit, before)]


def on_message(desk: Desk, source: str, message: str) -> list[Hit]:
    """What rules said of a message, oldest first. Raises `NotFound`."""
    row_id = kept.row_id(desk.db, source, message)
    if row_id is None:
        raise NotFound(f"There is no message {message!r} in source {source!r}.")
    settle(desk)
    return [_with_acts(desk, each) for each in kept.on_message(desk.db, row_id)]


def _with_acts(desk: Desk, hit: Stored) -> Hit:
    acts = tuple(each.act for each in rule_acts.of_verdict(desk.db, hit.ident))
    return Hit(**{name: getattr(hit, name) for name in Stored.__struct_fields__}, acts=acts)


def can_take_back(hit: Hit) -> bool:
    """Whether something was done about a hit that can be taken back, or is proposed."""
    return any(act.state in (*TAKEABLE, "proposed") for act in hit.acts)


def take_back(desk: Desk, hit: Hit | int) -> str:
    """Take back all that was done about a hit, and decline what is proposed; says in words what came of it.

    Raises `Conflict` where nothing could be taken back.
    """
    ident = hit.ident if isinstance(hit, Stored) else hit
    acts = [each for each in rule_acts.of_verdict(desk.db, ident) if each.act.state in (*TAKEABLE, "proposed")]
    if not acts:
        raise Conflict("Nothing of this can be taken back.", hint="It was taken back already, or never done.")
    undone, failed = rule_history.take_back(desk, acts[::-1])
    if not undone:
        raise Conflict(f"It could not be taken back: {failed[0]}")
    words = f"{undone} {'act' if undone == 1 else 'acts'} taken back."
    return f"{words} Not all: {failed[0]}" if failed else words


# -- proposals ------------------------------------------------------------------------------------------------------------------


def proposals(desk: Desk, *, rule: str | None = None) -> list[Proposal]:
    """What rules propose and a person decides, oldest first. Texts that are offered in the composer are in `offered`."""
    settle(desk)
    return [_proposal(each) for each in rule_acts.proposals(desk.db, rule=rule, leave=("suggest snippet",))]


def offered(desk: Desk, source: str, message: str) -> list[Proposal]:
    """What rules offer for a message: texts for the composer, and reasons to close."""
    row_id = kept.row_id(desk.db, source, message)
    found = rule_acts.on_message(desk.db, row_id) if row_id is not None else []
    return [_proposal(each) for each in found if each.act.state == "proposed" and each.act.action.startswith("suggest")]


def _proposal(each: Placed) -> Proposal:
    act = each.act
    return Proposal(
        id=act.id,
        at=act.at,
        rule=act.rule,
        version=act.version,
        action=act.action,
        value=act.value,
        words=_words(act),
        why=act.trouble,
        source=each.source,
        conversation=each.conversation,
        message=each.native,
        person=each.person,
        name=each.name,
        handle=each.handle,
        title=each.title,
        text=each.text,
    )


def _words(act: RuleAct) -> str:
    words = f"{act.action} {act.value}".strip()
    if act.span is None:
        return words
    hours = act.span / HOUR
    return f"{words} for {hours / 24:g} days" if hours >= 48 else f"{words} for {hours:g} hours"


def decline(desk: Desk, ident: str) -> RuleAct:
    """Do not do what is proposed. Raises `NotFound`, `Conflict` where that was decided."""
    act = _proposed(desk, ident).act
    act.state, act.decided_at, act.decided_by = "declined", desk.now(), desk.who
    rule_acts.store(desk.db, act)
    return act


def accept(desk: Desk, ident: str) -> RuleAct:
    """Do what is proposed, as an act of this person. What cannot be taken back is confirmed by that.

    Raises `NotFound`, `Conflict` where it was decided already, and whatever the act itself does, as `PlatformError`s; it stays
    proposed then.
    """
    from modconsole.desk.accepting import carry_out

    placed = _proposed(desk, ident)
    act = placed.act
    act.kind, act.ref = carry_out(desk, placed)
    act.state, act.decided_at, act.decided_by = "accepted", desk.now(), desk.who
    rule_acts.store(desk.db, act)
    return act


def used(desk: Desk, ident: str) -> None:
    """What is proposed was done by this person in another way: a suggested text that went out in a reply. Raises `NotFound`,
    `Conflict` where it was decided already."""
    act = _proposed(desk, ident).act
    act.state, act.decided_at, act.decided_by = "accepted", desk.now(), desk.who
    rule_acts.store(desk.db, act)


def _proposed(desk: Desk, ident: str) -> Placed:
    found = rule_acts.get(desk.db, ident)
    if found is None:
        raise NotFound(f"There is no proposal {ident!r}.", hint="`modconsole rules proposals` lists them.")
    if found.act.state != "proposed":
        by = f" by {found.act.decided_by}" if found.act.decided_by else ""
        raise Conflict(f"That was decided already: {found.act.state}{by}.")
    return found


# -- several rules --------------------------------------------------------------------------------------------------------------


def conflicts(desk: Desk) -> list[Conflicting]:
    """Rules that hit the same messages and undo each other's work, or do the same; those that met most often first."""
    now = {rule.id: rule for rule in load(desk).rules}
    found = []
    for one, other, count in kept.together(desk.db, desk.now() - MONTH):
        if one in now and other in now:
            words = _quarrel([each.name for each in now[one].actions], [each.name for each in now[other].actions])
            if words:
                found.append(Conflicting(rules=(one, other), messages=count, words=f"{one} and {other} {words}"))
    return found


def _quarrel(one: Iterable[str], other: Iterable[str]) -> str:
    """What does not go together in what two rules do; empty where everything does."""
    down = ("hold", "hide", "remove", "spam")
    first, second = set(one), set(other)
    for a, b in ((first, second), (second, first)):
        if "approve" in a and b & set(down):
            return "want the opposite: one approves, the other takes down"
    if (takes := first & set(down)) and (takes_too := second & set(down)):
        return f"both take down ({', '.join(sorted(takes | takes_too))}): only the first of them does"
    if (quiet := first & {"mute", "ban"}) and (quiet_too := second & {"mute", "ban"}):
        return f"both silence the author ({', '.join(sorted(quiet | quiet_too))}): only the first of them does"
    return ""
