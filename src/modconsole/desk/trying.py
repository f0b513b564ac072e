"""Trying a rule by its name: which version it is compared with, which rules it may overlap, and whether it keeps its bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from modconsole.desk import backtesting, ruling
from modconsole.desk.bench import Bench
from modconsole.desk.desk import Desk
from modconsole.desk.rule_trials import bound_words
from modconsole.desk.trial import per_day
from modconsole.errors import InputError, NotFound
from modconsole.store import rules
from modconsole.sync import rulebook

if TYPE_CHECKING:
    from modconsole.desk.ruling import RuleState
    from modconsole.desk.trial import Report
    from modconsole.policy.model import Rule

LAST: Final = 0
"""Instead of a version's number: the version that acts, else the one before."""


def rule_named(desk: Desk, name: str) -> Rule:
    """The rule of an id, as the folder has it; or the one rule of a file, which need not be in the folder.

    Raises `NotFound`, `InputError` for one that is broken.
    """
    found = ruling.load(desk)
    rule = next((each for each in found.rules if each.id == name), None)
    if rule is not None:
        return rule
    path = Path(name).expanduser()
    if path.is_file():
        from modconsole.policy.load import read_documents, read_text

        read, problems = read_documents(read_text(path), name, found.lists, house=found.house)
        wrong = next((each for each in problems if not each.warning), None)
        if wrong is not None:
            raise InputError(f"{wrong.path}:{wrong.line}:{wrong.column}: {wrong.words}", hint=wrong.hint)
        if len(read) != 1:
            raise InputError(f"{name} holds {len(read)} rules.", hint="Name one of them by its id.")
        return read[0]
    wrong = next((each for each in found.problems if each.rule == name and not each.warning), None)
    if wrong is not None:
        raise InputError(f"{wrong.path}:{wrong.line}:{wrong.column}: {wrong.words}", hint=wrong.hint)
    raise NotFound(f"There is no rule {name!r}.", hint="`modconsole rules list` shows which there are.")


def against_of(desk: Desk, rule: Rule, number: int | None) -> Rule | None:
    """The version of a rule that it is compared with: the one of that number; for `LAST` the one that acts if it is another one,
    else the one before; none for None, and where there is none. Raises `NotFound` for a number that was never."""
    if number is None:
        return None
    row = rules.rule(desk.db, rule.id)
    if number == LAST:
        if row is None:
            return None
        here = rules.version(desk.db, rule.id, row.version)
        is_newest = here is not None and here.source.strip() == rule.source.strip()
        other = row.live_version if row.live_version not in (None, row.version) else None
        number = other or (row.version - 1 if is_newest else row.version)
        if number < 1:
            return None
    found = rules.version(desk.db, rule.id, number)
    if found is None:
        raise NotFound(f"Rule {rule.id!r} has no version {number}.", hint=f"`modconsole rules versions {rule.id}`.")
    return rulebook.rule_of(found)


def backtest(
    desk: Desk,
    name: str,
    *,
    against: int | None = LAST,
    limit: int = backtesting.SHOWN,
    told: Callable[[int, int, int], None] | None = None,
) -> Report:
    """Try a rule on all stored messages. `told` is called with messages done, of how many, and hits."""
    rule = rule_named(desk, name)
    others = [each for each in ruling.load(desk).rules if each.id != rule.id]
    return backtesting.backtest(
        desk, rule, against=against_of(desk, rule, against), others=others, limit=limit, told=told
    )


def hits_of(desk: Desk, name: str, told: Callable[[int, int, int], None] | None = None) -> list[int]:
    """Row ids of all stored messages that a rule hits, the latest stored first."""
    bench = Bench(desk)
    try:
        view = bench.view()
        tally = backtesting.Tally()
        if view is not None:
            for _ in backtesting.Trying(bench, rule_named(desk, name), told=told).hits(
                view, tally, time.perf_counter()
            ):
                pass
        return list(tally.idents)
    finally:
        bench.close()


def evidence_of(state: RuleState, report: Report) -> dict[str, Any]:
    """What somebody who sets a rule live has seen, as plain values, which are kept with the version; as the rule lab has it."""
    return {
        "scanned": report.scanned,
        "hits": report.hits,
        "per day": round(per_day(report.per_day), 2),
        "decided": {"removed": report.removed, "kept": report.kept, "open": report.open},
        "precision": report.precision,
        "waiting": report.left_waiting,
        "shadow hits": state.hits_30d,
        "added": report.added,
        "lost": report.lost,
        "against": [*(bound_words(each) for each in report.bounds if not each.kept), *_given_up(report)],
    }


def _given_up(report: Report) -> list[str]:
    return [f"given up on {report.skips} messages: an expression takes too long"] if report.skips else []
