"""Short words for tests of the engine."""

from __future__ import annotations

from typing import Any

from modconsole.policy.engine import Engine, Scanned
from modconsole.policy.model import Match, Ref, Rule, Selection, TextCheck, Texts


def check(*items: str, **more: Any) -> TextCheck:
    """A check of the body, unless it says otherwise."""
    more.setdefault("fields", ("body",))
    if more.get("regex"):
        more.setdefault("method", "substring")
        more.setdefault("fold", "case")
    return TextCheck(items=items, **more)


def rule(*checks: TextCheck, name: str = "r", exceptions: tuple[TextCheck, ...] = (), **more: Any) -> Rule:
    """A rule whose selection `words` has all of these checks."""
    more.setdefault("selections", (Selection(name="words", alternatives=(checks,)),))
    more.setdefault("when", Ref("words"))
    return Rule(id=name, name=name, exceptions=exceptions, actions=(), **more)


def scan(rules: Rule | list[Rule], *texts: str | Texts) -> Scanned:
    """What an engine finds in bodies."""
    made = [text if isinstance(text, Texts) else Texts(ident=n, body=text) for n, text in enumerate(texts)]
    return Engine([rules] if isinstance(rules, Rule) else rules).scan(made)


def matches(made: TextCheck, text: str | Texts, exceptions: tuple[TextCheck, ...] = ()) -> list[Match]:
    """Where a check matches in one text."""
    found = scan(rule(made, exceptions=exceptions), text).found
    return [match for checks in found.values() for each in checks.values() for match in each]


def words(made: TextCheck, text: str | Texts, exceptions: tuple[TextCheck, ...] = ()) -> list[str]:
    """What stands where a check matches."""
    return [match.words for match in matches(made, text, exceptions)]
