"""`do`: a list of actions, each a word, or a word with what it takes."""

from __future__ import annotations

from typing import Final

from modconsole.policy.check_facts import length
from modconsole.policy.model import ACTIONS, Action
from modconsole.policy.notes import Notes, near
from modconsole.policy.vocabulary import OTHER_ACTIONS
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text

PRIORITIES: Final = ("urgent", "high", "low")
_TAKING_AWAY: Final = frozenset(("hold", "hide", "remove", "spam"))
LONGEST: Final = 10_000


def read(node: Node, notes: Notes) -> tuple[Action, ...]:
    """The actions of a rule in their order. What is wrong is noted."""
    found: list[Action] = []
    places: list[Node] = []
    for part in node.nodes if isinstance(node, Items) else [node]:
        if isinstance(part, Text) and not part.nothing:
            taken = _action(part, None, notes)
            found.extend(taken)
            places.extend([part] * len(taken))
        elif isinstance(part, Pairs) and part.pairs:
            for key, value in part.pairs.values():
                taken = _action(key, value, notes)
                found.extend(taken)
                places.extend([key] * len(taken))
        else:
            notes.say("action shape", part)
    if isinstance(node, Items) and not node.nodes:
        notes.say("no action", node)
    _together(found, places, notes)
    return tuple(found)


def _together(found: list[Action], places: list[Node], notes: Notes) -> None:
    seen: dict[tuple[str, str], None] = {}
    removal = ""
    for action, place in zip(found, places, strict=True):
        if (action.name, action.value) in seen:
            notes.say("action twice", place, name=action.name)
        seen[action.name, action.value] = None
        if action.name in _TAKING_AWAY:
            if removal and removal != action.name:
                notes.say("two removals", place, one=removal, other=action.name)
            removal = removal or action.name
    names = {action.name for action in found}
    if "approve" in names and names & _TAKING_AWAY:
        place = next(place for action, place in zip(found, places, strict=True) if action.name == "approve")
        notes.say("approve and remove", place, other=removal)


def _action(key: Text, value: Node | None, notes: Notes) -> list[Action]:
    if key.text not in ACTIONS:
        notes.say("unknown action", key, name=key.text, near=near(key.text, ACTIONS, OTHER_ACTIONS))
        return []
    name = key.text
    info = ACTIONS[name]
    if value is None or (isinstance(value, Text) and value.nothing):
        if info.required:
            notes.say("action value", key, name=name, takes=info.value)
            return []
        return [Action(name=name)]
    if info.span:
        found, span = _span(name, value, notes)
        return [Action(name=name, span=span)] if found else []
    if not info.value:
        notes.say("action takes nothing", value, name=name)
        return []
    if name == "tag":
        return _tags(value, notes)
    if not isinstance(value, Text) or not value.text.strip() or len(value.text) > LONGEST:
        notes.say("action text", value, name=name, takes=info.value)
        return []
    text = value.text.strip()
    if name == "priority" and text not in PRIORITIES:
        notes.say("priority word", value, word=text, near=near(text, PRIORITIES))
        return []
    return [Action(name=name, value=text)]


def _span(name: str, value: Node, notes: Notes) -> tuple[bool, int | None]:
    if not isinstance(value, Pairs):
        notes.say("action span", value, name=name)
        return False, None
    wrong = [key for key, _ in value.pairs.values() if key.text != "for"]
    if wrong or not value.pairs:
        notes.say("action span", wrong[0] if wrong else value, name=name)
        return False, None
    span = length(value.pairs["for"][1], notes)
    return span is not None, span


def _tags(value: Node, notes: Notes) -> list[Action]:
    """One action for each tag; a tag is one word of a query, so it has no spaces or commas."""
    nodes = value.nodes if isinstance(value, Items) else [value]
    found = []
    for node in nodes:
        text = node.text.strip() if isinstance(node, Text) else ""
        if not text or any(letter.isspace() or letter in ',"' for letter in text) or len(text) > 64:
            notes.say("tag", node)
            continue
        found.append(Action(name="tag", value=text))
    if not nodes:
        notes.say("tag", value)
    return found
