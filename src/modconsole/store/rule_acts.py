"""What rules did about their hits, or propose.

    queued ──▶ done ──▶ undone          carried out by a rule that a person set live, and perhaps taken back
    proposed ──▶ accepted ──▶ undone     carried out on the word of a person
       └──▶ declined
    noted                                 somebody is told, and there is nothing to carry out
    superseded                            another rule's act, or the message's state, made it pointless

The acts themselves are where all acts are: on the platform in `moderation`, decisions in `decision`; `kind` says which, `ref` is
the id there. `settle` reads there what became of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from modconsole.domain.times import DAY
from modconsole.store.acts import OPPOSITE
from modconsole.store.conditions import TAGGED
from modconsole.store.db import Db
from modconsole.store.tallies import Tally, add

State = Literal["queued", "done", "proposed", "accepted", "declined", "noted", "superseded", "undone"]
WATCHED: Final = 30 * DAY
"""For so long after an act it counts when somebody takes it back."""
BACK: Final[dict[str, tuple[str, ...]]] = {
    "hold": ("approve",),
    "hide": ("unhide", "approve", "restore"),
    "remove": ("restore", "approve"),
    "spam": ("restore", "approve"),
    "approve": ("hold", "hide", "remove", "spam"),
    **{there: (back,) for there, back in OPPOSITE.items()},
}
"""The acts of a person that say that an act was wrong."""


class RuleAct(Struct, kw_only=True):
    """One action of one verdict. Times are instants, `span` is in microseconds."""

    id: str
    verdict: int
    rule: str
    version: int
    at: int
    action: str
    value: str = ""
    span: int | None = None
    state: State = "proposed"
    kind: str | None = None
    """`moderation` or `decision`; None where nothing was carried out."""
    ref: str | None = None
    trouble: str = ""
    """Why it was not carried out, in words."""
    decided_at: int | None = None
    decided_by: str | None = None
    """Who accepted, declined, or took it back; empty where that was on the platform."""


class Placed(Struct, kw_only=True):
    """An act with the message that it is about. Names and texts are raw."""

    act: RuleAct
    message: int
    mode: str
    source: str
    conversation: str
    native: str
    person: str
    name: str | None
    handle: str | None
    text: str
    title: str | None


_COLUMNS = (
    "a.id, a.verdict, a.rule, a.version, a.at, a.action, a.value, a.span, a.state, a.kind, a.ref, a.trouble, a.decided_at,"
    " a.decided_by"
)
_WIDTH = len(RuleAct.__struct_fields__)
_PLACED = (
    f"select {_COLUMNS}, v.message, v.mode, s.native, c.native, m.native, p.native, p.name, p.handle,"
    " coalesce(m.plain, m.text), c.shown_title from rule_act a join verdict v on v.id = a.verdict"
    " join message m on m.id = v.message join source s on s.id = m.source join conversation c on c.id = v.conversation"
    " join person p on p.id = v.person "
)


def store(db: Db, act: RuleAct) -> None:
    """Store an act, or what became of it."""
    names = RuleAct.__struct_fields__
    placeholders = ", ".join("?" * _WIDTH)
    later = ", ".join(
        f"{name} = excluded.{name}" for name in ("state", "kind", "ref", "trouble", "decided_at", "decided_by")
    )
    with db.write():
        db.run(
            f"insert into rule_act ({', '.join(names)}) values ({placeholders}) on conflict (id) do update set {later}",
            tuple(getattr(act, name) for name in names),
        )


def get(db: Db, ident: str) -> Placed | None:
    """An act by its id, or by its first letters where those are unique."""
    found = placed(db, "where a.id = ?", ident) or placed(db, "where a.id >= ?1 and a.id < ?1 || 'g' limit 2", ident)
    return found[0] if len(found) == 1 else None


def of_verdict(db: Db, verdict: int) -> list[Placed]:
    """The acts of a verdict, in their order."""
    return placed(db, "where a.verdict = ? order by a.rowid", verdict)


def on_message(db: Db, message: int) -> list[Placed]:
    """What rules did about a message, by its row id, in order."""
    return placed(db, "where v.message = ? order by a.at, a.rowid", message)


def on_ask(db: Db, rule: str, conversation: int, person: int) -> list[Placed]:
    """What a rule did about an author's messages in a conversation, by row ids."""
    return placed(
        db,
        "where v.conversation = ? and v.person = ? and a.rule = ? order by a.at, a.rowid",
        conversation,
        person,
        rule,
    )


def has_tag(db: Db, conversation: int, tag: str) -> bool:
    """Whether something in a conversation, by its row id, has a tag."""
    return bool(db.value(f"select {TAGGED} from (select ? conversation) k", (tag, conversation)))


def proposals(db: Db, *, rule: str | None = None, leave: Sequence[str] = ()) -> list[Placed]:
    """What waits for a person's word, oldest first; actions of `leave` are left out."""
    where = "where a.state = 'proposed' and a.action not in (select value from json_each(?))"
    more = (rule,) if rule is not None else ()
    order = f"{' and a.rule = ?' if rule is not None else ''} order by a.at, a.rowid"
    return placed(db, where + order, _json(list(leave)), *more)


def since_version(db: Db, rule: str, version: int) -> list[Placed]:
    """What versions after one did or have in line, newest first."""
    return placed(
        db,
        "where a.rule = ? and a.version > ? and a.state in ('queued', 'done', 'accepted') order by a.at desc, a.rowid desc",
        rule,
        version,
    )


def since(db: Db, at: int, states: Sequence[State], limit: int = 1_000_000) -> list[Placed]:
    """What was done since an instant, oldest first; the latest, where there is more than `limit`."""
    found = placed(
        db,
        "where a.at >= ? and a.state in (select value from json_each(?)) order by a.at desc, a.rowid desc limit ?",
        at,
        _json(list(states)),
        limit,
    )
    return found[::-1]


def placed(db: Db, rest: str, *args: Any) -> list[Placed]:
    return [
        Placed(
            act=RuleAct(**dict(zip(RuleAct.__struct_fields__, row[:_WIDTH], strict=True))),
            **dict(zip(Placed.__struct_fields__[1:], row[_WIDTH:], strict=True)),
        )
        for row in db.rows(_PLACED + rest, args)
    ]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


# -- what became of them --------------------------------------------------------------------------------------------------------


def settle(db: Db, now: int, *, watch: bool = True) -> int:
    """Write down what became of acts: carried out, failed, taken back. Gives how many changed; reads only, where none did.

    `watch` also looks at what was carried out in the last weeks: whether a person, or the platform's own moderators, have taken
    it back since.
    """
    changes = [*_carried_out(db, now), *_moot(db), *(_taken_back(db, now) if watch else ())]
    if not changes:
        return 0
    with db.write():
        for act in changes:
            before = db.value("select state from rule_act where id = ?", (act.id,))
            if before not in ("queued", "done", "accepted", "proposed"):
                continue  # somebody else has written it down since
            store(db, act)
            counted = Tally(acted=int(act.state == "done"))
            if act.state == "undone" and before == "accepted":
                act.state = "declined"  # a person's own word, taken back: the rule had only proposed it
                store(db, act)
            elif act.state == "undone":
                counted = Tally(reversed=1, acted=int(before == "queued"))
                db.run(
                    "update verdict set undone_at = ?, undone_by = ? where id = ? and undone_at is null",
                    (act.decided_at, act.decided_by, act.verdict),
                )
            add(db, act.at, [(act.rule, act.version, counted)])
    return len(changes)


def _carried_out(db: Db, now: int) -> list[RuleAct]:
    """Of acts in line those that came to something."""
    found = db.rows(
        f"select {_COLUMNS}, d.state, d.trouble, d.undone_at, d.undone_by from rule_act a join moderation d on d.id = a.ref"
        " where a.state = 'queued' and a.kind = 'moderation' and d.state in ('done', 'failed', 'cancelled')"
    )
    changed = []
    for row in found:
        act = RuleAct(**dict(zip(RuleAct.__struct_fields__, row[:_WIDTH], strict=True)))
        state, trouble, undone_at, undone_by = row[_WIDTH:]
        if undone_at is not None:
            act.state, act.decided_at, act.decided_by = "undone", undone_at, undone_by
        elif state == "done":
            act.state = "done"
        elif state == "cancelled":
            act.state, act.decided_at, act.decided_by, act.trouble = "undone", now, "", "It was called off."
        else:
            act.state, act.trouble = "proposed", trouble or "The platform did not do it."
        changed.append(act)
    return changed


def _moot(db: Db) -> list[RuleAct]:
    """Proposals to take a message down that somebody else has taken down meanwhile."""
    found = db.rows(
        f"select {_COLUMNS}, m.state from rule_act a join verdict v on v.id = a.verdict join message m on m.id = v.message"
        " where a.state = 'proposed' and a.action in ('hold', 'hide', 'remove', 'spam') and (m.state in ('removed', 'spam',"
        " 'deleted') or (a.action in ('hold', 'hide') and m.state in ('held', 'hidden')))"
    )
    changed = []
    for row in found:
        act = RuleAct(**dict(zip(RuleAct.__struct_fields__, row[:_WIDTH], strict=True)))
        act.state, act.trouble = "superseded", f"The message is {row[_WIDTH]} now."
        changed.append(act)
    return changed


def _taken_back(db: Db, now: int) -> list[RuleAct]:
    """Of acts that were done those that somebody took back: by undoing, by doing the opposite, here or on the platform."""
    changed = []
    acts = db.rows(
        f"select {_COLUMNS}, d.undone_at, d.undone_by, d.source, d.kind, d.target, d.seq, d.became, ifnull(m.state, 'live'),"
        " m.state_at from rule_act a join moderation d on d.id = a.ref join verdict v on v.id = a.verdict"
        " join message m on m.id = v.message where a.state in ('done', 'accepted') and a.kind = 'moderation' and a.at >= ?",
        (now - WATCHED,),
    )
    for row in acts:
        act = RuleAct(**dict(zip(RuleAct.__struct_fields__, row[:_WIDTH], strict=True)))
        undone_at, undone_by, source, kind, target, seq, became, stands, state_at = row[_WIDTH:]
        if undone_at is not None:
            act.decided_at, act.decided_by = undone_at, undone_by
        elif (other := _opposite(db, act.action, source, kind, target, seq)) is not None:
            act.decided_at, act.decided_by = other
        elif kind == "message" and became in ("held", "hidden", "spam", "removed") and stands == "live":
            act.decided_at, act.decided_by, act.trouble = state_at or now, "", "It was put back on the platform."
        else:
            continue
        act.state = "undone"
        changed.append(act)
    decisions = db.rows(
        f"select {_COLUMNS}, d.undone_at, d.undone_by from rule_act a join decision d on d.id = a.ref"
        " where a.state in ('done', 'accepted') and a.kind = 'decision' and a.at >= ? and (d.undone_at is not null or ("
        "d.act = 'tag' and exists (select 1 from decision u, json_each(u.tags) x, json_each(d.tags) t where u.act = 'untag'"
        " and u.conversation = d.conversation and u.undone_at is null and x.value = t.value and u.seq > d.seq)))",
        (now - WATCHED,),
    )
    for row in decisions:
        act = RuleAct(**dict(zip(RuleAct.__struct_fields__, row[:_WIDTH], strict=True)))
        act.state, act.decided_at, act.decided_by = "undone", row[_WIDTH] or now, row[_WIDTH + 1] or ""
        changed.append(act)
    return changed


def _opposite(db: Db, action: str, source: int, kind: str, target: str, seq: int) -> tuple[int, str] | None:
    """When and by whom the opposite of an act was done since, by a person."""
    row = db.row(
        "select at, by from moderation where source = ? and kind = ? and target = ? and seq > ? and state = 'done'"
        " and undoes is null and undone_at is null and by not like 'rule:%' and act in (select value from json_each(?))"
        " order by seq limit 1",
        (source, kind, target, seq, _json(list(BACK.get(action, ())))),
    )
    return (row[0], row[1]) if row is not None else None


def reversals(db: Db, rule: str, since: int) -> tuple[int, int]:
    """Of what a rule did since an instant: how many acts, and how many of them were taken back."""
    row = db.row(
        "select count(*), ifnull(sum(state = 'undone'), 0) from rule_act where rule = ? and at >= ?"
        " and state in ('done', 'undone')",
        (rule, since),
    )
    return row[0], row[1]
