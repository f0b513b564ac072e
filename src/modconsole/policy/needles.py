"""What to look for in the copy of the texts to find all messages in which a check can match.

A literal is looked for in the folded stream: whole where its level is the stream's, else what of it looks the same at both
(`literals.trigger`); at the level `exact` in the original. An expression is looked for in the stream that it is searched in, as
RE2 can be asked for it (`superset.translated`); where a text of it must be there (`literals.required`), that first.
What was read out of an expression is tried on texts made after it (`samples`): if one of them is let slip, every message is
judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import regex
from msgspec import Struct, field

from modconsole.policy.confirm import Item
from modconsole.policy.expressions import Node, Unclear, read
from modconsole.policy.fold import fold_text, is_word, leet, squeeze
from modconsole.policy.literals import required, safe, trigger
from modconsole.policy.model import TextCheck
from modconsole.policy.samples import samples
from modconsole.policy.scans import FEW, Literal, Stream, compiled
from modconsole.policy.superset import translated

LONG: Final = 3
"""Characters that a text must have which is looked for in an expression's place."""
_SPECIAL: Final = frozenset("\\.+*?()|[]{}^$-")


class Needles(Struct):
    """Any of these is in every message in which the check matches."""

    original: list[Literal] = field(default_factory=list)
    """Literals of the original stream."""
    folded: list[Literal] = field(default_factory=list)
    """Literals of the folded stream."""
    expressions: list[tuple[Stream, str, bool]] = field(default_factory=list)
    """Expressions for RE2, and whether the check finds something wherever they do."""
    within: list[tuple[tuple[str, ...], Stream, str, bool]] = field(default_factory=list)
    """Expressions that need only be looked for where one of some literals of the folded stream is; the rest as above."""


def needles(check: TextCheck, *, anchored: bool) -> Needles | None:
    """What to look for; None where nothing in particular has to be there. `anchored`: whether the fields of the check begin and
    end where texts of the copy do, as addresses do not."""
    found = Needles()
    for text in check.items:
        item = Item(text, check)
        if not (_expression(item, check, anchored, found) if check.regex else _literal(item, check, anchored, found)):
            return None
    return found


def _literal(item: Item, check: TextCheck, anchored: bool, found: Needles) -> bool:
    """Put down what a literal needs; False where that is nothing in particular."""
    before = "\n" if anchored and check.method in ("starts", "full-exact") else ""
    after = "\n" if anchored and check.method in ("ends", "full-exact") else ""
    for needle in item.needles:
        look = fold_text(needle, "lookalike")
        if check.channels and check.method in ("word", "substring"):
            if check.fold != "lookalike" and not (all(map(safe, needle)) and len(look) == len(needle)):
                return False
            found.expressions += [("folded", _by_channel(look, channel), False) for channel in check.channels]
        elif check.fold == "exact":
            found.original.append(_bounded(needle, before, after, check, anchored))
        elif check.fold == "lookalike":
            found.folded.append(_bounded(needle, before, after, check, anchored))
        else:
            shown = trigger(item.item, check.fold)
            if not shown:
                return False
            found.folded.append(Literal(before + shown + after if shown == look else shown))
    return True


def _bounded(needle: str, before: str, after: str, check: TextCheck, anchored: bool) -> Literal:
    """A literal of a stream that is folded as it is; a word begins and ends where the literal has a character of words. Addresses
    end where a sentence goes on, so beside them nothing is said."""
    word = anchored and check.method == "word"
    certain = "body" in check.fields and check.method != "full" and "\n" not in needle
    return Literal(
        before + needle + after, word and is_word(needle[0]), word and is_word(needle[-1]), certain=anchored and certain
    )


def _expression(item: Item, check: TextCheck, anchored: bool, found: Needles) -> bool:
    """Put down what an expression needs; False where that is nothing in particular."""
    try:
        tree, beside, exact = read(item.item, ignore_case=check.fold != "exact")
    except Unclear:
        return False
    texts = max((_texts(each) for each in (tree, *beside)), key=_worth)
    wider = "" if item.level == "marks" else translated(tree, anchored=anchored)
    if wider and not texts and _bland(wider):
        wider = next((each for each in (translated(one, anchored=False) for one in beside) if not _bland(each)), wider)
    if not (texts or wider) or not _proven(item, tree, texts, wider):
        return False
    if not wider:
        found.folded += map(Literal, texts)
        return True
    stream: Stream = "folded" if item.level == "lookalike" else "original"
    certain = exact and anchored and check.method == "substring" and "body" in check.fields
    certain = (
        certain and compiled(wider).search(b"") is None
    )  # "nothing" is everywhere, and no match where there are no words
    if texts and len(texts) <= FEW:
        found.within.append((texts, stream, wider, certain))
    else:
        found.expressions.append((stream, wider, certain))
    return True


def _texts(tree: Node) -> tuple[str, ...]:
    """Texts of which one must be there, if they are long enough to be looked for."""
    texts = tuple(sorted(required(tree) or ()))
    return texts if min(map(len, texts), default=0) >= LONG else ()


def _worth(texts: tuple[str, ...]) -> tuple[bool, int]:
    """Few texts tell more than many; none tell nothing."""
    return bool(texts), -len(texts)


def _bland(wider: str) -> bool:
    """Whether an expression finds something in nearly every text."""
    try:
        return compiled(wider).search(b"\na word\n") is not None
    except ValueError:
        return True


def _proven(item: Item, tree: Node, texts: Iterable[str], wider: str) -> bool:
    """Whether texts made after the expression are all let through."""
    try:
        search = compiled(wider).search if wider else None
    except ValueError:
        return False
    for made in samples(tree):
        text = fold_text(made, item.level)
        if item.pattern is None or not _matches(item.pattern, text):
            continue
        look = fold_text(made, "lookalike")
        if search is not None and search(f"\n{text}\n".encode()) is None:
            return False
        if texts and not any(each in look for each in texts):
            return False
    return True


def _matches(pattern: regex.Pattern[str], text: str) -> bool:
    try:
        return pattern.search(text, timeout=0.01) is not None
    except TimeoutError:
        return False


def escaped(text: str) -> str:
    """A text as an expression of RE2."""
    return "".join("\\" + char if char in _SPECIAL else char for char in text)


# -- channels -----------------------------------------------------------------------------------------------------------------


@lru_cache(1)
def _signs() -> dict[str, str]:
    """Letter → it and all that stands for it in `leet`."""
    found: dict[str, str] = {}
    for char in map(chr, range(32, 0x3000)):  # ASCII and the signs of currencies
        if leet(char) != char:
            found[leet(char)] = found.get(leet(char), "") + char
    return {letter: letter + signs for letter, signs in found.items()}


def _by_channel(look: str, channel: str) -> str:
    """What a literal can be written as in a channel, in the folded stream; itself among it. Whatever is repeated may be: letters
    that look like digits are letters at the other levels."""
    if channel == "leet":
        return "".join(f"[{escaped(_signs()[char])}]" if char in _signs() else escaped(char) for char in leet(look))
    return "".join(escaped(char) + "+" for char in _runs(look))


def _runs(look: str) -> str:
    squeezed = squeeze(look).text
    return "".join(char for at, char in enumerate(squeezed) if not at or char != squeezed[at - 1])
