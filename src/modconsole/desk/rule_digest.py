"""What rules did lately: for the morning's look, and for whoever asked to be told."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from modconsole.desk.desk import Desk
from modconsole.desk.rule_states import RuleState, listing, load, settle
from modconsole.store import judged, rule_acts, tallies
from modconsole.store.judged import Judged
from modconsole.store.rule_acts import Placed
from modconsole.store.tallies import Tally

MOST: Final = 1_000
"""Acts and notes that are told one by one."""


class RuleDay(Struct, frozen=True, kw_only=True):
    """One rule since an instant, by whole days (UTC)."""

    state: RuleState
    tally: Tally


class Digest(Struct, frozen=True, kw_only=True):
    """What rules did since an instant. All text of strangers is raw."""

    since: int
    until: int
    rules: tuple[RuleDay, ...]
    """Those that hit something, were given up on something, or stand in a way that somebody should know of."""
    acts: tuple[Placed, ...]
    """What was done and stands, or was taken back since; the latest `MOST`."""
    notes: tuple[Placed, ...]
    """What this person was to be told (`notify`)."""
    proposals: int
    """How many wait for a word."""
    judging: Judged | None
    """How far judging has come, and why it fails where it does; None where nothing was ever judged."""
    left: int
    """How many messages are to be judged yet."""


def digest(desk: Desk, since: int) -> Digest:
    """What rules did since an instant."""
    load(desk)
    settle(desk)
    db = desk.db
    found = tallies.since(db, since)
    notes = [
        each
        for each in rule_acts.since(db, since, ["noted"], MOST)
        if each.act.action == "notify" and each.act.value in ("", desk.who)
    ]
    days = [RuleDay(state=state, tally=found.get(state.id, Tally())) for state in listing(desk)]
    return Digest(
        since=since,
        until=desk.now(),
        rules=tuple(day for day in days if _worth_telling(day)),
        acts=tuple(rule_acts.since(db, since, ["queued", "done", "accepted", "undone"], MOST)),
        notes=tuple(notes),
        proposals=len(rule_acts.proposals(db, leave=("suggest snippet",))),
        judging=judged.judged(db),
        left=judged.backlog(db),
    )


def judging(desk: Desk) -> Judged | None:
    """How far judging has come, and what is wrong with it; None where nothing was ever judged."""
    return judged.judged(desk.db)


def _worth_telling(day: RuleDay) -> bool:
    tally, state = day.tally, day.state
    return bool(tally.hits or tally.skipped or tally.reversed) or state.effective in ("broken", "paused", "unapproved")
