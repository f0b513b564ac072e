"""References of expressions to groups of one character: `(\\w)\\1{5,}` is a{6,}, or b{6,}, or …

RE2 has no references, and "any character again" is in nearly every text. So the tree is written out, once for each ASCII
character that the group can be, and once for all others. Only where the group is matched once: within a repeat it could be
another character each time.
"""

from __future__ import annotations

from collections.abc import Iterator

from modconsole.policy.expressions import Anything, Branch, Chars, Group, Node, Repeat, Same, Sequence, single

__all__ = ["settled"]


def settled(tree: Node, ignore_case: bool, *, numbered: bool) -> Node:
    """The tree without `Group` and `Same`. `numbered`: it is known which group each number means."""
    wanted = _first(tree, set(_references(tree))) if numbered else None
    if wanted is None:
        return _with(tree, None, None)
    group = wanted.part
    options = [single(char, ignore_case) for char in sorted(set(group.ascii.lower() if ignore_case else group.ascii))]
    if group.others is None or group.others:
        options.append(Chars("", group.others))
    return Branch(tuple(_with(tree, wanted.number, each) for each in options))


def _references(tree: Node) -> Iterator[int]:
    if isinstance(tree, Same):
        yield tree.number
    for part in _parts(tree):
        yield from _references(part)


def _first(tree: Node, numbers: set[int]) -> Group | None:
    """The first group that is referred to and matched only once."""
    if isinstance(tree, Group):
        return tree if tree.number in numbers else None
    if isinstance(tree, Repeat) and tree.most != 1:
        return None
    return next((found for part in _parts(tree) if (found := _first(part, numbers)) is not None), None)


def _parts(tree: Node) -> tuple[Node, ...]:
    if isinstance(tree, Sequence | Branch):
        return tree.parts
    return (tree.part,) if isinstance(tree, Repeat) else ()


def _with(tree: Node, number: int | None, chars: Chars | None) -> Node:
    """The tree with a character for one group and what refers to it, and `Anything` for all other references."""
    if isinstance(tree, Group):
        return chars if chars is not None and tree.number == number else tree.part
    if isinstance(tree, Same):
        return chars if chars is not None and tree.number == number else Anything()
    if isinstance(tree, Repeat):
        return Repeat(_with(tree.part, number, chars), tree.least, tree.most)
    if isinstance(tree, Sequence | Branch):
        return type(tree)(tuple(_with(part, number, chars) for part in tree.parts))
    return tree
