"""`house.yaml` → the folder's own settings. A setting that is wrong is noted, and stays as it is without it."""

from __future__ import annotations

from typing import Any

from modconsole.policy import actions
from modconsole.policy.check_facts import length, number, truth
from modconsole.policy.model import Action, House, Problem, Rung
from modconsole.policy.notes import Notes, Spot, near
from modconsole.policy.vocabulary import HOUSE, RUNG, RUNG_ACTIONS
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text, documents, read

ORDERS = ("all", "automoderator")


def read_house(text: str, path: str = "house.yaml") -> tuple[House, list[Problem]]:
    """The settings, and what is wrong with them."""
    found = [*documents(text)]
    if not found:
        return House(), []
    notes = Notes(path, found[0].line)
    root = read(found[0].text, notes)
    if len(found) > 1:
        notes.say("house twice", Spot(found[1].line, 1))
    if root is not None and not isinstance(root, Pairs):
        notes.say("no mapping", root)
    values = _values(root, notes) if isinstance(root, Pairs) else {}
    return House(**values), notes.problems()


def _values(root: Pairs, notes: Notes) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, (key, node) in root.pairs.items():
        if name not in HOUSE:
            notes.say("unknown house key", key, key=name, near=near(name, HOUSE))
            continue
        found = _value(name, node, notes)
        if found is not None:
            values[name.replace(" ", "_")] = found
    return values


def _value(name: str, node: Node, notes: Notes) -> object:
    """What a setting says; None where it is wrong."""
    if name == "ladder":
        return _ladder(node, notes)
    if name == "strikes last":
        return length(node, notes)
    if name == "may set live":
        nodes = node.nodes if isinstance(node, Items) else [node]
        names = [
            part.text.strip() for part in nodes if isinstance(part, Text) and part.text.strip() and not part.nothing
        ]
        if len(names) != len(nodes):
            notes.say("house people", node)
            return None
        return tuple(names)
    if not isinstance(node, Text) or len(node.text) > 20_000:
        notes.say("no text", node, key=name)
        return None
    text = node.text.strip()
    if name == "order" and text not in ORDERS:
        notes.say("house order", node, word=text, near=near(text, ORDERS))
        return None
    return text


def _ladder(node: Node, notes: Notes) -> tuple[Rung, ...] | None:
    if not isinstance(node, Items):
        notes.say("ladder shape", node)
        return None
    rungs = [_rung(part, notes) for part in node.nodes]
    found = [rung for rung in rungs if rung is not None]
    for before, after, place in zip(found, found[1:], node.nodes[1:], strict=False):
        if after.strikes <= before.strikes:
            notes.say("ladder order", place, strikes=after.strikes, before=before.strikes)
            return None
    return tuple(found) if len(found) == len(rungs) else None


def _rung(node: Node, notes: Notes) -> Rung | None:
    if not isinstance(node, Pairs) or not {"strikes", "do"} <= node.pairs.keys():
        notes.say("ladder shape", node)
        return None
    for name, (key, _) in node.pairs.items():
        if name not in RUNG:
            notes.say("unknown ladder key", key, key=name, near=near(name, RUNG))
    strikes = number(node.pairs["strikes"][1], notes, least=1)
    automatic = truth(node.pairs["automatic"][1], notes) if "automatic" in node.pairs else False
    key, value = node.pairs["do"]
    done = actions.read(value, notes) if not (isinstance(value, Text) and value.nothing) else ()
    wanted: Action | None = done[0] if len(done) == 1 else None
    if wanted is None or wanted.name not in RUNG_ACTIONS:
        notes.say("ladder action", key, known=", ".join(RUNG_ACTIONS))
        return None
    if strikes is None or automatic is None:
        return None
    return Rung(strikes=strikes, action=wanted, automatic=automatic)
