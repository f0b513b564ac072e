"""YAML text → plain values, without what they mean to a rule."""

from __future__ import annotations

import re
from typing import Any

from modconsole.policy.notes import Notes
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text, read


def plain(text: str) -> Any:
    """The values of a document that is right, everything that is neither list nor mapping as text."""
    return _values(_root(text), typed=False)


def typed(text: str) -> Any:
    """The same as an editor sees them: plain scalars by the core schema of YAML 1.2."""
    return _values(_root(text), typed=True)


def _root(text: str) -> Node:
    notes = Notes("")
    root = read(text, notes)
    assert [problem for problem in notes.problems() if not problem.warning] == []
    assert root is not None
    return root


def _values(node: Node, *, typed: bool) -> Any:
    if isinstance(node, Pairs):
        return {key: _values(value, typed=typed) for key, (_, value) in node.pairs.items()}
    if isinstance(node, Items):
        return [_values(child, typed=typed) for child in node.nodes]
    assert isinstance(node, Text)
    if not typed or node.style:
        return node.text
    if node.nothing:
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    if re.fullmatch(r"[-+]?\d+", node.text, re.ASCII):
        return int(node.text)
    if re.fullmatch(r"[-+]?(\.\d+|\d+\.\d*)([eE][-+]?\d+)?", node.text, re.ASCII):
        return float(node.text)
    return node.text
