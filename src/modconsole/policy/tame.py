"""Which expressions cannot take long on a short text, whatever it says, so that no clock is needed: setting one costs more than
such a search."""

from __future__ import annotations

import re
from typing import Final

from modconsole.policy.expressions import Anything, Branch, Node, Repeat, Sequence, Unclear, parse

__all__ = ["SHORT", "tame"]

SHORT: Final = 400
"""Characters of a text that is short."""
_STEPS: Final = 1_000_000
"""Steps of a search that take some milliseconds at most."""
_AROUND: Final = ("(?=", "(?!", "(?<=", "(?<!")
_SIMPLE: Final = re.compile(r"\(\?<?[=!][\w ',-]*\)")
"""Look-around for a literal, which takes no longer than that."""
_ENDLESS: Final = (9, 1)


def tame(expression: str, *, more: bool = False) -> bool:
    """Whether searching a short text takes few steps at worst. False also where that is not known. `more`: something of any
    length stands before it."""
    expression = _SIMPLE.sub("", expression)
    if any(sign in expression for sign in _AROUND):
        return False
    try:
        degree, ways = _cost(parse(expression))
    except Unclear:
        return False
    steps: int = SHORT ** (degree + more + 1) * ways
    return steps <= _STEPS


def _cost(node: Node) -> tuple[int, int]:
    """How many parts of it may have any length, and in how many ways the others match the same."""
    if isinstance(node, Anything):
        return _ENDLESS
    if isinstance(node, Branch):
        costs = [_cost(part) for part in node.parts]
        return max(degree for degree, _ in costs), sum(ways for _, ways in costs)
    if isinstance(node, Sequence):
        degree, ways = 0, 1
        for part in node.parts:
            more, other = _cost(part)
            degree, ways = min(degree + more, 9), min(ways * other, _STEPS)
        return degree, ways
    if isinstance(node, Repeat):
        return _repeated(node)
    return 0, 1


def _repeated(node: Repeat) -> tuple[int, int]:
    degree, ways = _cost(node.part)
    if node.most is None or node.most > 8:
        return (1, 1) if (degree, ways) == (0, 1) else _ENDLESS
    return min(degree * node.most, 9), min(ways**node.most * (node.most - node.least + 1), _STEPS)
