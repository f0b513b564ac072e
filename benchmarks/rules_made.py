"""Rules and messages for the benchmark of the rule engine: made of the words of the data, the same ones on every run.

The mix is that of real rule sets: 60 % lists of words and phrases (their lengths lognormal, median 8, at most 200), 25 %
expressions of twelve shapes, 10 % anchored, 5 % heavy in Unicode.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from modconsole.policy.model import Ref, Rule, Selection, TextCheck

UNICODE: Final = (
    "казино", "бесплатно", "выиграл", "подарок", "δωρεάν", "καζίνο", "θέλεις", "größe", "straße", "naïve",
    "crème brûlée", "señor", "façade", "jalapeño", "ｆｒｅｅ", "𝓯𝓻𝓮𝓮 𝓶𝓸𝓷𝓮𝔂", "𝔤𝔦𝔳𝔢𝔞𝔴𝔞𝔶", "無料", "お金",
    "賭博", "도박", "무료", "مجاني", "חינם", "💰💰", "🔞", "🚀 to the moon", "€ 500", "½ price", "№ 1",
)  # fmt: skip
SHAPES: Final[tuple[Callable[[Callable[[], str]], str], ...]] = (
    lambda w: rf"\b(?:{w()}|{w()}|{w()})\s+(?:now|today|here)\b",
    lambda w: rf"\b{w()}.{{0,20}}{w()}\b",
    lambda w: rf"(?:buy|sell|get)\s+{w()}",
    lambda w: "+".join(w()[:6]) + "+",
    lambda w: "".join({"o": "[o0]", "e": "[e3]", "i": "[i1!]", "a": "[a4@]"}.get(c, c) for c in w()),
    lambda w: rf"\b{w()}\d{{2,}}\b",
    lambda w: rf"(?:https?://)?(?:www\.)?{w()}\.(?:com|net|org)",
    lambda w: r"\b\d{3}[-. ]\d{4}\b" if len(w()) % 2 else r"\+\d{1,3}[ -]?\(?\d{2,4}\)?",
    lambda w: rf"(?<!not ){w()}(?! it)",
    lambda w: rf"\b{w()}(?:ing|ed|s)?\b",
    lambda w: rf"^\W*{w()}\b.*\?$",
    lambda w: rf"\$\d+(?:\.\d\d)?\s*(?:per|an|a)\s+{w()}",
)


def vocabulary(texts: Sequence[str], least: int = 4) -> list[str]:
    """The words of the data that are not in everybody's mouth, the frequent ones first."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(re.findall(rf"[a-z]{{{least},}}", text.lower())))
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [word for word, count in ranked if count < len(texts) / 5_000]


def check(items: Sequence[str], **more: Any) -> TextCheck:
    """A check of the body."""
    return TextCheck(fields=("body",), items=tuple(dict.fromkeys(items)), **more)


def rule(number: int, made: TextCheck) -> Rule:
    """A rule of one check."""
    selection = Selection(name="words", alternatives=((made,),))
    return Rule(id=f"made-{number}", name=f"Made {number}", selections=(selection,), when=Ref("words"), actions=())


def rules(texts: Sequence[str], count: int = 1_000, seed: int = 4) -> list[Rule]:
    """So many rules."""
    chance = random.Random(seed)
    words = vocabulary(texts)

    def word() -> str:
        return chance.choice(words)

    def phrase() -> str:
        return " ".join(word() for _ in range(chance.choice((1, 1, 1, 1, 2, 3))))

    made = []
    for number in range(count):
        kind = number % 20
        if kind < 12:
            one = check([phrase() for _ in range(min(200, max(1, round(chance.lognormvariate(2.08, 1.0)))))])
        elif kind < 17:
            one = check([chance.choice(SHAPES)(word)], regex=True, method="substring", fold="case")
        elif kind < 19:
            one = check([word() for _ in range(chance.randint(1, 4))], method=chance.choice(("starts", "ends", "full")))
        else:
            one = check(
                [chance.choice(UNICODE), f"{word()} {chance.choice(UNICODE)}"],
                fold=chance.choice(("marks", "lookalike")),
            )
        made.append(rule(number, one))
    return made


def literals(made: Sequence[Rule]) -> list[str]:
    """Every literal of the rules, as it is written."""
    checks = [
        each
        for rule in made
        for selection in rule.selections
        for alternative in selection.alternatives
        for each in alternative
    ]
    return [item for each in checks if isinstance(each, TextCheck) and not each.regex for item in each.items]
