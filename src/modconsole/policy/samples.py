"""Texts made after an expression, for trying whether what was concluded from its tree is so."""

from __future__ import annotations

import random
from typing import Final

from modconsole.policy.expressions import Anchor, Anything, Branch, Chars, Node, Repeat

__all__ = ["samples"]

_OTHERS: Final = "éßжΣτ中१\u00a0\u2003\u0130"
_LONGEST: Final = 400


def samples(tree: Node, count: int = 6) -> list[str]:
    """Texts that the tree allows, the same ones on every call. Not each of them matches: the tree allows more than it should."""
    return [_made(tree, random.Random(n))[:_LONGEST] for n in range(count)]  # noqa: S311 - nothing secret


def _made(node: Node, chance: random.Random) -> str:
    if isinstance(node, Chars):
        others = _OTHERS if node.others is None else node.others
        return chance.choice((node.ascii if chance.random() < 0.7 or not others else others) or " ")
    if isinstance(node, Anchor):
        return ""
    if isinstance(node, Anything):
        return chance.choice(("", "a", "1"))
    if isinstance(node, Branch):
        return _made(chance.choice(node.parts), chance)
    if isinstance(node, Repeat):
        most = node.least + 2 if node.most is None else min(node.most, node.least + 2)
        return "".join(_made(node.part, chance) for _ in range(min(chance.randint(node.least, most), 30)))
    return "".join(_made(part, chance) for part in node.parts)
