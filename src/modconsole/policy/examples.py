"""The tests of a rule, run: does it hit what it must hit, and miss what it must miss?

A test is a text and no message: facts are not asked of anything. Those of the selections that it names as `given` hold, all
others do not; its author is a member.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from modconsole.domain.facts import Fact, Question
from modconsole.policy.judge import Judge, Judged
from modconsole.policy.model import Example, Match, Not, Ref, Rule, Selection, TextCheck, Texts, Verdict, When
from modconsole.policy.places import addresses

_NO_EXCEPT = "no except"
_ALONE = "alone "


class Result(Struct, frozen=True, kw_only=True):
    """What came of one test: as it should or not, and why, in words. `matches` are what was found in it."""

    example: Example
    ok: bool
    why: str
    matches: tuple[Match, ...] = ()


def run(rule: Rule) -> tuple[Result, ...]:
    """Every test of a rule, in their order. Status and expiry of the rule are not looked at."""
    if not rule.examples:
        return ()
    texts = [_texts(number, example) for number, example in enumerate(rule.examples)]
    ask = _Given(rule)
    found = Judge([rule]).judge(texts, ask)
    hits = {verdict.ident: verdict for verdict in found.verdicts}
    late = {skipped.ident: skipped.item for skipped in found.skipped}
    right = all((number in hits) is example.hit for number, example in enumerate(rule.examples))
    apart = None if right else _Apart(rule, texts, ask)
    return tuple(_result(rule, number, hits.get(number), late.get(number), apart) for number in range(len(texts)))


class _Given:
    """Answers the judge's questions from what the tests name as given."""

    def __init__(self, rule: Rule) -> None:
        self._held = [set(_facts(rule, example)) for example in rule.examples]

    def __call__(self, question: Question, idents: Sequence[int]) -> set[int]:
        if isinstance(question, Fact) and question.name == "author is":
            return set(idents) if "member" in question.words else set()
        return {ident for ident in idents if question in self._held[ident]}


def _facts(rule: Rule, example: Example) -> list[Question]:
    """The questions that a test takes to hold: those of the selections that it names which are not negated. One that is
    negated holds because nothing else does."""
    return [
        check
        for selection in rule.selections
        if selection.name in example.selections
        for every in selection.alternatives
        for check in every
        if not isinstance(check, TextCheck) and not check.negated
    ]


def _texts(number: int, example: Example) -> Texts:
    text = example.text
    if example.field == "title":
        return Texts(ident=number, body="", title=text)
    if example.field == "author name":
        return Texts(ident=number, body="", name=text)
    if example.field == "author handle":
        return Texts(ident=number, body="", handle=text)
    if example.field in ("link", "domain") and not addresses(text):
        text = f"https://{text.strip()}"
    return Texts(ident=number, body=text)


class _Apart:
    """A rule's parts judged alone, to say which of them it was."""

    def __init__(self, rule: Rule, texts: Sequence[Texts], ask: _Given) -> None:
        alone = [
            replace(rule, id=_ALONE + each.name, when=Ref(each.name), exceptions=(), exempt_us=False)
            for each in rule.selections
        ]
        whole = replace(rule, id=_NO_EXCEPT, exceptions=(), exempt_us=False)
        judged: Judged = Judge([whole, *alone]).judge(texts, ask)
        self._held = {(verdict.rule, verdict.ident) for verdict in judged.verdicts}

    def excepted(self, number: int) -> bool:
        """Whether it would have been a hit without `except`."""
        return (_NO_EXCEPT, number) in self._held

    def held(self, name: str, number: int) -> bool:
        """Whether a selection holds."""
        return (_ALONE + name, number) in self._held


def _result(rule: Rule, number: int, hit: Verdict | None, late: str | None, apart: _Apart | None) -> Result:
    example = rule.examples[number]
    matches = hit.matches if hit is not None else ()
    ok = (hit is not None) is example.hit
    if hit is not None:
        return Result(example=example, ok=ok, why=_found(hit), matches=matches)
    if late is not None:
        return Result(example=example, ok=ok, why=f"`{late}` took too long, so the rule was skipped.")
    if ok or apart is None:
        return Result(example=example, ok=ok, why="No hit.")
    if rule.exceptions and apart.excepted(number):
        return Result(example=example, ok=ok, why="What was found lies within a match of `except`.")
    return Result(example=example, ok=ok, why=_missed(rule, number, apart))


def _found(hit: Verdict) -> str:
    if hit.matches:
        words = dict.fromkeys(
            f"`{match.words}` by {match.selection}{f' ({match.channel})' if match.channel else ''}"
            for match in hit.matches
        )
        return f"Found {', '.join(words)}."
    return f"Holds: {', '.join(hit.held)}." if hit.held else "Holds without any selection."


def _missed(rule: Rule, number: int, apart: _Apart) -> str:
    """Which selections kept `when` from holding: those that it asks for and that do not hold, and those that it rules out."""
    told = []
    for each in rule.selections:
        wanted = _wanted(rule.when, each.name)
        held = apart.held(each.name, number)
        if True in wanted and not held:
            told.append(_open(each, rule.examples[number]))
        elif False in wanted and held:
            told.append(f"{each.name} holds, which `when` rules out")
    return f"{'; '.join(told)}." if told else "`when` does not hold."


def _wanted(when: When, name: str, plain: bool = True) -> set[bool]:
    """Whether `when` asks for a selection (True), rules it out (False), both, or neither."""
    if isinstance(when, Ref):
        return {plain} if when.name == name else set()
    if isinstance(when, Not):
        return _wanted(when.of, name, not plain)
    return {each for part in when.of for each in _wanted(part, name, plain)}


def _open(selection: Selection, example: Example) -> str:
    facts = any(not isinstance(check, TextCheck) for every in selection.alternatives for check in every)
    if not facts:
        return f"{selection.name} found nothing in {example.field}"
    if selection.name in example.selections:
        return f"{selection.name} does not hold with what is `given`"
    return f"{selection.name} asks for facts that are not `given`"
