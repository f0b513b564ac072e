"""YAML text → plain values, everything that is neither list nor mapping as text: what a document says, without what it means."""

from __future__ import annotations

from typing import Any

from modconsole.policy.notes import Notes
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text, read


def plain(text: str) -> Any:
    """The values of a document that is right."""
    notes = Notes("")
    root = read(text, notes)
    assert notes.problems() == []
    assert root is not None
    return _plain(root)


def _plain(node: Node) -> Any:
    if isinstance(node, Pairs):
        return {key: _plain(value) for key, (_, value) in node.pairs.items()}
    if isinstance(node, Items):
        return [_plain(child) for child in node.nodes]
    assert isinstance(node, Text)
    return node.text
