"""Why each rule hits a message, or does not: selection by selection, check by check, with the words; and what was done about it.

Each check is asked by itself, by the same judge that decides, so that an explanation cannot say anything else than the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from modconsole.desk import verdicts
from modconsole.desk.desk import Desk
from modconsole.desk.rule_states import load
from modconsole.desk.verdicts import Hit
from modconsole.domain.facts import Counter, Fact
from modconsole.errors import NotFound
from modconsole.store import facts, rules, texts
from modconsole.store import verdicts as kept
from modconsole.sync import rulebook

if TYPE_CHECKING:
    from modconsole.domain.texts import Texts
    from modconsole.policy.model import Check, Match, Rule

_SHOWN_ITEMS: Final = 3


class ExplainedCheck(Struct, frozen=True, kw_only=True):
    """One check of a selection."""

    words: str
    """What it asks, as `body+title (word): giveaway, airdrop, 12 more` or `author age < 7 days`."""
    holds: bool
    matches: tuple[Match, ...] = ()


class ExplainedSelection(Struct, frozen=True, kw_only=True):
    """One selection: it holds where all checks of one of its alternatives do."""

    name: str
    holds: bool
    alternatives: tuple[tuple[ExplainedCheck, ...], ...]


class ExplainedRule(Struct, frozen=True, kw_only=True):
    """One version of a rule, asked now."""

    id: str
    name: str
    version: int
    effective: str
    """How the rule stands: a draft is explained too, and judges nothing."""
    hits: bool
    why_not: str
    """Where it does not hit although its selections would: the message is ours, or the rule is given up on it."""
    matches: tuple[Match, ...]
    selections: tuple[ExplainedSelection, ...]
    excepted: tuple[Match, ...]
    """What would match if the rule had no exceptions."""


class Explained(Struct, frozen=True, kw_only=True):
    """All rules on one message. All text of strangers is raw."""

    source: str
    message: str
    body: str
    title: str
    rules: tuple[ExplainedRule, ...]
    """Those that hit first, then by id."""
    verdicts: tuple[Hit, ...]
    """What was said when it came in, what was done then, and by whom that was taken back."""


def explain(desk: Desk, source: str, message: str) -> Explained:
    """Ask all rules about a message, as they are now. Raises `NotFound`."""
    row_id = kept.row_id(desk.db, source, message)
    if row_id is None:
        raise NotFound(f"There is no message {message!r} in source {source!r}.")
    said = texts.texts_of(desk.db, [row_id])[0]
    asked = list(_versions(desk))
    hit, late = _judged(desk, said, [rule for rule, _, _ in asked])
    found = [_explained(f"{n}", *each, hit, late) for n, each in enumerate(asked)]
    return Explained(
        source=source,
        message=message,
        body=said.body,
        title=said.title,
        rules=tuple(sorted(found, key=lambda each: (not each.hits, each.id, each.version))),
        verdicts=tuple(verdicts.on_message(desk, source, message)),
    )


def _versions(desk: Desk) -> Iterator[tuple[Rule, int, str]]:
    """The rules as the folder has them, and approved versions that act in their place."""
    found = load(desk)
    here = {rule.id: rule for rule in found.rules}
    latest = {ident: row.version for ident, row in rules.rules(desk.db).items()}
    for ident, standing in rulebook.standings(desk.db, found, desk.now()).items():
        shown = {each.version for each in standing.enforced}
        for each in standing.enforced:
            yield each.rule, each.version, standing.effective if len(standing.enforced) == 1 else each.mode
        if ident in here and latest[ident] not in shown:
            yield here[ident], latest[ident], "draft" if shown else standing.effective


def _judged(desk: Desk, said: Texts, asked: Sequence[Rule]) -> tuple[dict[str, tuple[Match, ...]], set[str]]:
    """What each rule says as a whole, and each of its checks alone: names of what holds, with matches; and what was given up."""
    from modconsole.policy.judge import Judge
    from modconsole.policy.model import Ref, Selection

    parts: list[Rule] = []
    for n, rule in enumerate(asked):
        parts += [
            replace(rule, id=f"{n}"),
            replace(rule, id=f"{n} all", exempt_us=False),
            replace(rule, id=f"{n} bare", exceptions=()),
        ]
        for s, selection in enumerate(rule.selections):
            for a, alternative in enumerate(selection.alternatives):
                for c, check in enumerate(alternative):
                    alone = Selection(name=selection.name, alternatives=((check,),))
                    when = Ref(name=selection.name)
                    name = f"{n} {s}.{a}.{c}"
                    parts.append(replace(rule, id=name, selections=(alone,), when=when, exempt_us=False))
    now = desk.now()
    judged = Judge(parts).judge([said], lambda question, ids: facts.ask(desk.db, question, ids, now))
    return {each.rule: each.matches for each in judged.verdicts}, {each.rule for each in judged.skipped}


def _explained(
    name: str, rule: Rule, version: int, effective: str, hit: dict[str, tuple[Match, ...]], late: set[str]
) -> ExplainedRule:
    selections = []
    for s, selection in enumerate(rule.selections):
        alternatives = tuple(
            tuple(
                ExplainedCheck(
                    words=check_words(check),
                    holds=f"{name} {s}.{a}.{c}" in hit,
                    matches=hit.get(f"{name} {s}.{a}.{c}", ()),
                )
                for c, check in enumerate(alternative)
            )
            for a, alternative in enumerate(selection.alternatives)
        )
        holds = any(all(check.holds for check in alternative) for alternative in alternatives)
        selections.append(ExplainedSelection(name=selection.name, holds=holds, alternatives=alternatives))
    why_not = ""
    if name not in hit and f"{name} all" in hit:
        why_not = "The message is ours."
    elif name in late:
        why_not = "It takes too long on this message, and is given up."
    matches = hit.get(name, ())
    return ExplainedRule(
        id=rule.id,
        name=rule.name,
        version=version,
        effective=effective,
        hits=name in hit,
        why_not=why_not,
        matches=matches,
        selections=tuple(selections),
        excepted=tuple(each for each in hit.get(f"{name} bare", ()) if each not in matches),
    )


def check_words(check: Check) -> str:
    """What a check asks, as it stands in a rule file, more or less."""
    no = "~" if check.negated else ""
    if isinstance(check, Fact):
        return no + _fact_words(check)
    if isinstance(check, Counter):
        from modconsole.policy.spans import spell

        here = " here" if check.here else ""
        return f"{no}history: {check.counted}{here} within {spell(check.within)} {check.op} {check.number}"
    marks = [check.method, *(["regex"] if check.regex else []), *(["every"] if check.every else []), *check.channels]
    more = len(check.items) - _SHOWN_ITEMS
    items = ", ".join(check.items[:_SHOWN_ITEMS]) + (f", {more} more" if more > 0 else "")
    return f"{no}{'+'.join(check.fields)} ({', '.join(marks)}): {items}"


def _fact_words(fact: Fact) -> str:
    from modconsole.domain.facts import FACTS
    from modconsole.policy.spans import spell

    kind = FACTS[fact.name].kind
    if kind == "flag":
        return f"{fact.name}: {'true' if fact.flag else 'false'}"
    if kind in ("words", "hours"):
        return f"{fact.name}: {', '.join(fact.words)}"
    return f"{fact.name} {fact.op} {spell(fact.number) if kind == 'span' else fact.number}"
