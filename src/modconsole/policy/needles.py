"""What to look for in the copy of the texts to find all messages in which a check can match.

A literal is looked for in the stream that its level of folding goes with, an expression in the one that it is searched in. The
copy is folded as `lookalike` only. At that level the engine looks for `forms` of a literal in the very same text; at the others:

    exact   the literal stands in the original as it is
    case    ASCII: what is alike but for its case also looks alike, so the folded literal is in the folded text. Others: an
            expression over the original with all characters that fold to the literal's, and a message that has a character which
            folds to several of them, as ß, is looked at in any case
    marks   ASCII without parentheses: as above (⒜ is (a) at this level, and looks like a). Others: every message

`tests/policy/test_needles.py` asks all of Unicode whether this is so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import Struct, field

from modconsole.policy.fold import fold_text, forms, leet, squeeze
from modconsole.policy.model import TextCheck
from modconsole.policy.scans import Stream

Expressions = tuple[Stream, list[str], bool]
"""The stream, alternatives for RE2, and whether case is disregarded."""
_MANY: Final = 0x110000
_SPECIAL: Final = frozenset("\\.+*?()|[]{}^$-")


class Needles(Struct):
    """Any of these is in every message in which the check matches."""

    original: list[str] = field(default_factory=list)
    """Literals of the original stream."""
    folded: list[str] = field(default_factory=list)
    """Literals of the folded stream."""
    expressions: list[Expressions] = field(default_factory=list)


def needles(check: TextCheck, *, anchored: bool) -> Needles | None:
    """What to look for; None where nothing in particular has to be there. `anchored`: whether the fields of the check begin and
    end where texts of the copy do, as addresses do not."""
    found = Needles()
    into: dict[tuple[Stream, bool], list[str]] = {}
    for item in check.items:
        if not (
            _expression(check, item, anchored, into) if check.regex else _literal(check, item, anchored, found, into)
        ):
            return None
    found.expressions = [(stream, each, ignore_case) for (stream, ignore_case), each in into.items()]
    return found


def _literal(
    check: TextCheck, item: str, anchored: bool, found: Needles, into: dict[tuple[Stream, bool], list[str]]
) -> bool:
    """Put down what a literal needs; False where that is nothing in particular."""
    before = "\n" if anchored and check.method in ("starts", "full-exact") else ""
    after = "\n" if anchored and check.method in ("ends", "full-exact") else ""
    for each in forms(item, check.fold):
        if check.channels and check.method in ("word", "substring"):
            if check.fold not in ("exact", "lookalike"):
                return False
            stream: Stream = "original" if check.fold == "exact" else "folded"
            into.setdefault((stream, False), []).extend(_by_channel(each, channel) for channel in check.channels)
            continue  # each of these expressions finds the literal itself too
        if check.fold == "exact":
            found.original.append(before + each + after)
        elif check.fold == "lookalike":
            found.folded.append(before + each + after)
        elif each.isascii() and fold_text(each, "lookalike") and (check.fold == "case" or not set("()") & set(each)):
            found.folded.append(before + fold_text(each, "lookalike") + after)
        elif check.fold == "case":
            into.setdefault(("original", False), []).extend(_by_case(each, before, after))
        else:
            return False
    return True


def _expression(check: TextCheck, item: str, anchored: bool, into: dict[tuple[Stream, bool], list[str]]) -> bool:
    """Put down what an expression needs; False where that is nothing in particular."""
    from modconsole.policy.superset import superset

    if check.fold == "marks":
        return False
    stream: Stream = "folded" if check.fold == "lookalike" else "original"
    wider = superset(item, anchored=anchored, ignore_case=check.fold != "exact")
    if wider is None:
        return False
    into.setdefault((stream, check.fold != "exact"), []).append(wider)
    return True


def escaped(text: str) -> str:
    """A text as an expression of RE2."""
    return "".join("\\" + char if char in _SPECIAL else char for char in text)


def _class(chars: str) -> str:
    return escaped(chars) if len(chars) == 1 else "[" + "".join(map(escaped, chars)) + "]"


# -- channels -----------------------------------------------------------------------------------------------------------------


@lru_cache(1)
def _signs() -> dict[str, str]:
    """Letter → it and all that stands for it in `leet`."""
    found: dict[str, str] = {}
    for code in range(32, 0x3000):  # ASCII and currency signs
        char = chr(code)
        if leet(char) != char:
            found[leet(char)] = found.get(leet(char), "") + char
    return {letter: letter + signs for letter, signs in found.items()}


def _by_channel(needle: str, channel: str) -> str:
    """What a literal can be written as, in a channel."""
    if channel == "leet":
        return "".join(_class(_signs().get(char, char)) for char in leet(needle))
    return "".join(escaped(char) + "+" if char.isalpha() else escaped(char) for char in squeeze(needle).text)


# -- case ---------------------------------------------------------------------------------------------------------------------


@lru_cache(1)
def _cases() -> tuple[dict[str, str], dict[str, str]]:
    """Character → it and all that fold to it; character → the several that it folds to."""
    one: dict[str, str] = {}
    several: dict[str, str] = {}
    for code in range(128, _MANY):
        char = chr(code)
        folded = char.casefold()
        if len(folded) > 1:
            several[char] = folded
        elif folded != char:
            one[folded] = one.get(folded, "") + char
    return one, several


def _by_case(folded: str, before: str, after: str) -> list[str]:
    """Expressions for a literal, which is folded, in a text that is not."""
    one, several = _cases()
    whole = "".join(
        _class("".join(dict.fromkeys(char + char.upper() * (len(char.upper()) == 1) + one.get(char, ""))))
        for char in folded
    )
    touching = [char for char, parts in several.items() if _overlap(folded, parts)]
    return [escaped(before) + whole + escaped(after), *([_class("".join(touching))] if touching else [])]


def _overlap(one: str, other: str) -> bool:
    """Whether two strings can lie over each other, even if only by an end."""
    if one in other or other in one:
        return True
    return any(one.endswith(other[:n]) or other.endswith(one[:n]) for n in range(1, min(len(one), len(other))))
