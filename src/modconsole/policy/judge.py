"""Words and facts together: which rules hit which messages.

The words are looked for first, in all messages at once. Where they leave a rule open on a message, the facts that could decide it
are asked, in rounds: one question at a time for all messages that need it, whichever rule asks, and none that cannot change the
outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from modconsole.domain.facts import Fact, Question
from modconsole.policy.engine import LIMIT, Engine, Scanned, Spot
from modconsole.policy.model import Check, Match, Not, Ref, Rule, Skipped, TextCheck, Texts, Verdict, When

__all__ = ["OURS", "Ask", "Judge", "Judged"]

Ask = Callable[[Question, Sequence[int]], set[int]]
"""Gives, of the messages (`Texts.ident`), those for which the question holds. The question is never negated."""

OURS: Final = Fact(name="author is", words=("us",))
"""What is asked of a message that a rule hits, where the rule leaves our own alone (`exempt_us`)."""


class Judged(Struct, kw_only=True):
    """What came of it: verdicts in the order of messages, then of rules."""

    verdicts: list[Verdict]
    skipped: list[Skipped]
    micros: dict[str, float]
    """Rule → microseconds that its words took for themselves, over all messages; rules that nothing led to are not in it."""
    shared: float = 0.0
    """Microseconds of looking for the words of all rules at once."""


class Judge:
    """Rules made ready. Which rules are given is the caller's: status, expiry and rights are not looked at here."""

    def __init__(self, rules: Sequence[Rule], limit: float = LIMIT) -> None:
        self.rules = tuple(rules)
        self._engine = Engine(self.rules, limit=limit)
        self._cases = [_Case(rule, number) for number, rule in enumerate(self.rules)]
        unasked = _Answers(lambda question, idents: set())
        self._wordless = [case.number for case in self._cases if _Open(case, 0, 0, {}).outcome(unasked) is not False]
        """Rules that can hit a message in which none of their words are."""

    def judge(self, texts: Sequence[Texts], ask: Ask) -> Judged:
        """Judge all messages by all rules."""
        scanned = self._engine.scan(texts)
        answers = _Answers(ask)
        open_cases = list(self._opened(texts, scanned))
        hits: list[_Open] = []
        while open_cases:
            still: list[_Open] = []
            for one in open_cases:
                outcome = one.outcome(answers)
                if outcome is None:
                    answers.want(one.question, one.ident)
                    still.append(one)
                elif outcome:
                    hits.append(one)
            answers.fetch()
            open_cases = still
        hits.sort(key=lambda one: (one.at, one.case.number))
        return Judged(
            verdicts=[one.verdict(answers) for one in hits],
            skipped=scanned.skipped,
            micros={self.rules[number].id: spent for number, spent in scanned.micros.items()},
            shared=scanned.shared,
        )

    def _opened(self, texts: Sequence[Texts], scanned: Scanned) -> Iterator[_Open]:
        """What is to be decided: rules whose words were found in a message, and those that can hit without."""
        for at in range(len(texts)) if self._wordless else sorted(scanned.found):
            found = scanned.found.get(at, {})
            for number in sorted({spot.rule for spot in found}.union(self._wordless)):
                if (at, number) not in scanned.late:
                    yield _Open(self._cases[number], at, texts[at].ident, found)


class _Answers:
    """What was asked, and what is to be asked."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[Question, dict[int, bool]] = {}
        self._wanted: dict[Question, dict[int, None]] = {}

    def get(self, question: Question, ident: int) -> bool | None:
        """Whether a question holds, its negation applied; None where it was not asked."""
        plain = replace(question, negated=False) if question.negated else question
        known = self._known.get(plain, {}).get(ident)
        return known if known is None else known is not question.negated

    def want(self, question: Question, ident: int) -> None:
        """Have it asked in the next round."""
        plain = replace(question, negated=False) if question.negated else question
        self._wanted.setdefault(plain, {})[ident] = None

    def fetch(self) -> None:
        """Ask."""
        for question, idents in self._wanted.items():
            holds = self._ask(question, list(idents))
            self._known.setdefault(question, {}).update({ident: ident in holds for ident in idents})
        self._wanted = {}


class _Case:
    """A rule, with its selections by name."""

    def __init__(self, rule: Rule, number: int) -> None:
        self.rule = rule
        self.number = number
        self.places = {selection.name: at for at, selection in enumerate(rule.selections)}


class _Open:
    """A rule on a message."""

    __slots__ = ("_found", "at", "case", "ident", "question")

    def __init__(self, case: _Case, at: int, ident: int, found: dict[Spot, tuple[Match, ...]]) -> None:
        self.case = case
        self.at = at
        self.ident = ident
        self._found = found
        self.question: Question = OURS

    def outcome(self, answers: _Answers) -> bool | None:
        """Whether the rule hits; None where `question` must be asked first."""
        rule = self.case.rule
        holds = self._when(rule.when, answers)
        if holds and rule.exempt_us:
            ours = answers.get(OURS, self.ident)
            if ours is None:
                self.question = OURS
                return None
            return not ours
        return holds

    def verdict(self, answers: _Answers) -> Verdict:
        """The hit, with what is known to hold: facts that were not needed were not asked."""
        matches: list[Match] = []
        held: list[str] = []
        for at, selection in enumerate(self.case.rule.selections):
            states = [self._all(at, n, each, answers) for n, each in enumerate(selection.alternatives)]
            if True not in states:
                continue
            held.append(selection.name)
            for n, alternative in enumerate(selection.alternatives):
                if states[n]:
                    for c, check in enumerate(alternative):
                        if isinstance(check, TextCheck) and not check.negated:
                            matches += self._found.get(Spot(self.case.number, at, n, c), ())
        matches.sort(key=lambda each: (each.field, each.start, each.end))
        return Verdict(rule=self.case.rule.id, ident=self.ident, matches=tuple(matches), held=tuple(held))

    def _when(self, when: When, answers: _Answers) -> bool | None:
        if isinstance(when, Ref):
            return self._selection(self.case.places[when.name], answers)
        if isinstance(when, Not):
            holds = self._when(when.of, answers)
            return None if holds is None else not holds
        yes = no = 0
        question: Question | None = None
        for each in when.of:
            state = self._when(each, answers)
            if state is None and question is None:
                question = self.question
            yes += state is True
            no += state is False
        if yes >= when.least:
            return True
        if len(when.of) - no < when.least or question is None:
            return False
        self.question = question
        return None

    def _selection(self, at: int, answers: _Answers) -> bool | None:
        alternatives = self.case.rule.selections[at].alternatives
        question: Question | None = None
        for n, each in enumerate(alternatives):
            state = self._all(at, n, each, answers)
            if state:
                return True
            if state is None and question is None:
                question = self.question
        if question is None:
            return False
        self.question = question
        return None

    def _all(self, at: int, n: int, checks: tuple[Check, ...], answers: _Answers) -> bool | None:
        question: Question | None = None
        for c, check in enumerate(checks):
            if isinstance(check, TextCheck):
                if (Spot(self.case.number, at, n, c) in self._found) is check.negated:
                    return False
                continue
            state = answers.get(check, self.ident)
            if state is False:
                return False
            if state is None and question is None:
                question = check
        if question is None:
            return True
        self.question = question
        return None
