"""Rules made ready to judge, and one pass over some messages: from their texts to verdicts in the store."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from modconsole.domain.facts import Fact
from modconsole.store import facts, tallies, texts, verdicts
from modconsole.store.db import Db
from modconsole.store.tallies import Tally
from modconsole.store.verdicts import Found, Given
from modconsole.sync.rulebook import Enforced

if TYPE_CHECKING:
    from modconsole.policy.judge import Judge
    from modconsole.policy.model import House, Rule

log = logging.getLogger("modconsole.sync")


class Bench:
    """Versions of rules that judge. Of one rule there can be two: the approved one, and a newer one in the shadow."""

    def __init__(self, enforced: Sequence[Enforced], house: House) -> None:
        self.enforced = {key(each.rule.id, each.version): each for each in enforced}
        self.house = house
        self.unfit: list[str] = []
        """Rules that nothing can be judged by, though they could be read."""
        named = [replace(each.rule, id=name) for name, each in self.enforced.items()]
        self._judge = self._made(named)
        waiting = [rule for rule in named if waits(rule)]
        self.waiting = tuple(sorted({span for rule in waiting for span in waits(rule)}))
        """After how long a wait, in microseconds, a rule may say something else than before."""
        self._waiting = self._made(waiting)
        self.acts = any(each.mode == "live" for each in enforced)
        self._messages, self._shared = 0, 0.0
        self._micros: dict[str, float] = {}

    def _made(self, rules: list[Rule]) -> Judge | None:
        if not rules:
            return None
        from modconsole.policy.judge import Judge  # who has no rules needs no engine

        try:
            return Judge(rules)
        except Exception as error:
            log.error("the rules cannot be made ready together: %s", type(error).__name__)
        fit = []
        for rule in rules:
            try:
                Judge([rule])
            except Exception as error:
                log.error("rule %s cannot be made ready: %s", rule.id, type(error).__name__)
                self.unfit.append(rule.id.rpartition("@")[0])
            else:
                fit.append(rule)
        return Judge(fit) if fit else None

    def judge(self, db: Db, ids: Sequence[int], now: int, *, waiting: bool = False) -> list[tuple[Enforced, Given]]:
        """Judge messages by row id, and store what is found, within the caller's transaction; gives all verdicts, those that were
        here among them. With `waiting` only by the rules that ask how long somebody has waited."""
        judge = self._waiting if waiting else self._judge
        if judge is None:
            return []
        read = texts.texts_of(db, ids)
        result = judge.judge(read, lambda question, idents: facts.ask(db, question, idents, now))
        found = [
            Found(
                rule=self.enforced[each.rule].rule.id,
                version=self.enforced[each.rule].version,
                mode=self.enforced[each.rule].mode,
                message=each.ident,
                matches=msgspec.to_builtins(each.matches),
                held=list(each.held),
            )
            for each in result.verdicts
        ]
        counts: dict[str, Tally] = {}
        stored: list[tuple[Enforced, Given]] = []
        for given in verdicts.store(db, found, now):
            name = key(given.found.rule, given.found.version)
            stored.append((self.enforced[name], given))
            counts.setdefault(name, Tally()).hits += int(given.new)
        skipped = [
            (self.enforced[each.rule].rule.id, self.enforced[each.rule].version, each.ident, each.item, each.seconds)
            for each in result.skipped
        ]
        verdicts.skipped(db, skipped, now)
        for rule, version, *_ in skipped:
            counts.setdefault(key(rule, version), Tally()).skipped += 1
        if not waiting:
            standing = {(each.message, each.rule, each.version) for each in found}
            versions = {(each.rule.id, each.version) for each in self.enforced.values()}
            verdicts.over(db, ids, versions, standing | {(each[2], each[0], each[1]) for each in skipped})
        tallies.add(db, now, self._named(counts.items()))
        if not waiting:
            self._spend(result.micros, result.shared, len(read))
        return stored

    def _spend(self, micros: dict[str, float], shared: float, messages: int) -> None:
        """Kept here for a while: it is a row for each rule, and of no use in a hurry."""
        self._messages += messages
        self._shared += shared
        for name, spent in micros.items():
            self._micros[name] = self._micros.get(name, 0.0) + spent

    def write_down(self, db: Db, now: int) -> None:
        """What judging took since the last time; what was done for all rules at once is split among them."""
        messages, each, micros = self._messages, self._shared / max(len(self.enforced), 1), self._micros
        self._messages, self._shared, self._micros = 0, 0.0, {}
        if messages:
            counts = {
                name: Tally(judged=messages, micros=round(micros.get(name, 0.0) + each)) for name in self.enforced
            }
            with db.write():
                tallies.add(db, now, self._named(counts.items()))

    def _named(self, counts: Iterable[tuple[str, Tally]]) -> list[tuple[str, int, Tally]]:
        return [(self.enforced[name].rule.id, self.enforced[name].version, tally) for name, tally in counts]


def key(rule: str, version: int) -> str:
    """How a version is called where it acts: after `rule:`, as who made a decision. An id has no `@`."""
    return f"{rule}@{version}"


def waits(rule: Rule) -> set[int]:
    """The lengths of waiting that a rule asks about."""
    return {
        check.number
        for selection in rule.selections
        for alternative in selection.alternatives
        for check in alternative
        if isinstance(check, Fact) and check.name == "waiting"
    }


__all__: list[Any] = ["Bench", "key", "waits"]
