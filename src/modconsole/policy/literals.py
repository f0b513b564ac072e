"""What a text must contain, folded as a look-alike, for an item to match in it.

All rules are looked for by one automaton over one folded text, whatever level a rule asks for: folding as a look-alike makes
alike all that the other levels make alike. Where it does not (a few Greek letters, and syllables that are put together) no
character is used for it; `safe` says which, and a test asks it of every character of Unicode.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, product
from typing import Final, NamedTuple

from modconsole.policy.expressions import Anchor, Anything, Branch, Chars, Node, Repeat
from modconsole.policy.fold import fold_text
from modconsole.policy.model import Fold

__all__ = ["required", "safe", "trigger"]

_MOST_EXACT: Final = 64
_MOST: Final = 512
_UNSAFE: Final = (
    (0x0345, 0x0345),  # iota subscript: a mark, and a letter in capitals
    (0x0370, 0x03FF),
    (0x1100, 0x11FF),
    (0x1F00, 0x1FFF),
    (0x3040, 0x30FF),
    (0x3131, 0x318E),
    (0xA960, 0xA97C),
    (0xAC00, 0xD7FB),
    (0xD800, 0xDFFF),
    (0xFF66, 0xFFDC),
    (0x1D6A8, 0x1D7CB),
)


def safe(char: str) -> bool:
    """Whether whatever a level makes the same as this character looks the same."""
    code = ord(char)
    return code < 0x80 or not any(first <= code <= last for first, last in _UNSAFE)


def trigger(literal: str, level: Fold) -> str:
    """The longest stretch that the folded text of every message with this literal has; empty where there is none."""
    if level == "lookalike":
        raise ValueError(level)  # those are looked for as they are
    folded = fold_text(literal, level)
    runs = ("".join(run) for good, run in groupby(folded, safe) if good)
    return max((fold_text(run, "lookalike") for run in runs), key=len, default="")


class _Known(NamedTuple):
    """What is known of a part: all texts that it can be, where these are few; and texts of which each match has one."""

    exact: frozenset[str] | None
    needed: frozenset[str] | None


_EMPTY: Final = _Known(frozenset({""}), None)


def required(tree: Node) -> frozenset[str] | None:
    """Texts of which the folded text of every match contains at least one; None where no such texts are known."""
    known = _known(tree)
    return _better(known.needed, known.exact)


def _worth(texts: frozenset[str] | None) -> tuple[int, int]:
    """How good texts are for telling messages apart: long ones, and few."""
    if not texts or "" in texts or len(texts) > _MOST:
        return 0, 0
    return min(map(len, texts)), -len(texts)


def _better(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    best = max(one, other, key=_worth)
    return best if _worth(best)[0] else None


def _known(node: Node) -> _Known:
    if isinstance(node, Chars):
        return _chars(node)
    if isinstance(node, Anchor):
        return _EMPTY
    if isinstance(node, Anything):
        return _Known(None, None)
    if isinstance(node, Repeat):
        return _repeat(node)
    if isinstance(node, Branch):
        return _branch([_known(part) for part in node.parts])
    return _sequence([_known(part) for part in node.parts])


def _chars(node: Chars) -> _Known:
    if node.others is None or len(node.ascii) + len(node.others) > 24 or not all(map(safe, node.others)):
        return _Known(None, None)
    options = frozenset(fold_text(each, "lookalike") for each in node.ascii + node.others)
    return _Known(options, None) if 0 < len(options) <= 4 else _Known(None, None)


def _repeat(node: Repeat) -> _Known:
    inner = _known(node.part)
    if node.least == 0:
        exact = inner.exact | {""} if node.most == 1 and inner.exact is not None else None
        return _Known(frozenset({""}) if node.most == 0 else exact, None)
    if node.least == node.most and node.least <= 4:
        return _sequence([inner] * node.least)
    if node.most == node.least or inner.exact is None:
        return _Known(None, _better(inner.needed, inner.exact))
    return _Known(None, _better(inner.needed, _sequence([inner] * min(node.least, 4)).exact))


def _branch(parts: Iterable[_Known]) -> _Known:
    exact: frozenset[str] | None = frozenset()
    needed: frozenset[str] | None = frozenset()
    for part in parts:
        exact = None if exact is None or part.exact is None else exact | part.exact
        best = _better(part.needed, part.exact)
        needed = None if needed is None or best is None else needed | best
    if exact is not None and len(exact) > _MOST_EXACT:
        exact = None
    return _Known(exact, needed)


def _sequence(parts: Iterable[_Known]) -> _Known:
    run: frozenset[str] = frozenset({""})
    best: frozenset[str] | None = None
    whole = True
    for part in parts:
        joined = None if part.exact is None else _joined(run, part.exact)
        if joined is not None:
            run = joined
            continue
        whole = False
        best = _better(best, run)
        best = _better(best, part.needed)
        run = frozenset({""}) if part.exact is None else part.exact
    return _Known(run, best) if whole else _Known(None, _better(best, run))


def _joined(run: frozenset[str], more: frozenset[str]) -> frozenset[str] | None:
    if len(run) * len(more) > _MOST_EXACT:
        return None
    return frozenset(one + other for one, other in product(run, more))
