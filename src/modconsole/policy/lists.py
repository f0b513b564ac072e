"""Lists of words that rules share: `lists.yaml`, and one file for each list under `lists/`."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from modconsole.policy.model import Problem
from modconsole.policy.notes import Notes, Spot, near
from modconsole.policy.whens import NAME
from modconsole.policy.yaml_nodes import Items, Pairs, Text, documents, read

LONGEST: Final = 4_000
"""Characters of one item."""
MOST: Final = 200_000
"""Items of one list, with those of the lists that it takes in."""
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME = re.compile(rf"{NAME.pattern}|\d[\w-]*")


class Written(Struct):
    """A list as it stands in its file: items and names of other lists, each with its place."""

    name: str
    items: list[tuple[str, Spot]]
    notes: Notes
    at: Spot


def from_yaml(text: str, path: str) -> tuple[list[Written], list[Notes]]:
    """The lists of a `lists.yaml`: a mapping of names to lists of text."""
    found: list[Written] = []
    notes: list[Notes] = []
    for document in documents(text):
        note = Notes(path, document.line)
        notes.append(note)
        root = read(document.text, note)
        if root is None:
            continue
        if not isinstance(root, Pairs):
            note.say("lists shape", root)
            continue
        for name, (key, value) in root.pairs.items():
            at = Spot(key.line, key.column)
            if not _NAME.fullmatch(name):
                note.say("list name", key, name=name)
            elif not isinstance(value, Items):
                note.say("list shape", value, name=name)
            else:
                items = []
                for node in value.nodes:
                    if not isinstance(node, Text) or node.nothing or not node.text.strip():
                        note.say("list item", node, name=name)
                    else:
                        items.append((node.text, Spot(node.line, node.column)))
                found.append(Written(name, items, note, at))
    return found, notes


def from_lines(text: str, path: str, name: str) -> Written:
    """The list of a text file: an item on each line; lines that are blank or begin with `# ` are remarks."""
    notes = Notes(path)
    items: list[tuple[str, Spot]] = []
    if not _NAME.fullmatch(name):
        notes.say("list name", None, name=name)
    for number, line in enumerate(re.split(r"\r\n?|\n", text.removeprefix("\ufeff")), 1):
        item = line.strip()
        if not item or item == "#" or item.startswith("# "):
            continue
        bad = _BAD.search(item)
        if bad:
            notes.say("bad character", Spot(number, 1 + line.index(bad.group())), code=f"U+{ord(bad.group()):04X}")
            continue
        items.append((item, Spot(number, 1)))
    return Written(name, items, notes, Spot(1, 1))


def together(written: list[Written]) -> dict[str, tuple[str, ...]]:
    """All lists with those that they take in, none of an item's repetitions. A list that is wrong is left out, and noted."""
    by_name: dict[str, Written] = {}
    for one in written:
        if one.name in by_name:
            first = by_name[one.name]
            where = f"{first.notes.path}:{first.at.line}" if first.notes.path else f"line {first.at.line}"
            one.notes.say("list twice", one.at, name=one.name, where=where)
        elif _NAME.fullmatch(one.name):
            by_name[one.name] = one
    whole: dict[str, tuple[str, ...] | None] = {}
    for name in by_name:
        _whole(name, by_name, whole)
    return {name: items for name, items in whole.items() if items is not None}


def _whole(start: str, by_name: dict[str, Written], whole: dict[str, tuple[str, ...] | None]) -> None:
    """Put a list together after those that it takes in: with a stack, since a chain of lists may be long."""
    stack = [start]
    open_: dict[str, None] = {}
    while stack:
        name = stack[-1]
        if name in whole:
            stack.pop()
            continue
        one = by_name[name]
        if name in open_:
            stack.pop()
            del open_[name]
            whole[name] = _items(one, by_name, whole)
            continue
        open_[name] = None
        for item, at in one.items:
            other = item.removeprefix("list:").strip() if item.startswith("list:") else None
            if other is None or other in whole or other not in by_name:
                continue
            if other in open_:
                way = list(open_)
                one.notes.say("list cycle", at, name=other, way=" → ".join([*way[way.index(other) :], other]))
                whole[name] = None
                break
            stack.append(other)
        if name in whole:  # it goes in a circle
            del open_[name]


def _items(
    one: Written, by_name: dict[str, Written], whole: dict[str, tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    found: dict[str, None] = {}
    right = True
    for item, at in one.items:
        if item.startswith("list:"):
            other = item.removeprefix("list:").strip()
            if other not in by_name:
                hint = (
                    near(other, by_name)
                    or "Write it into `lists.yaml`, or into `lists/NAME.txt` with one item on a line."
                )
                one.notes.say("unknown list", at, name=other, near=hint)
            items = whole.get(other)
            if items is None:
                if other in by_name:
                    one.notes.say("list broken", at, name=one.name, other=other)
                right = False
                continue
            found.update(dict.fromkeys(items))
        elif len(item) > LONGEST:
            one.notes.say("item long", at, most=LONGEST)
            right = False
        else:
            found[item] = None
    if right and not found:
        one.notes.say("list empty", one.at, name=one.name)
        return None
    if len(found) > MOST:
        one.notes.say("list long", one.at, name=one.name, most=MOST)
        return None
    return tuple(found) if right else None


def problems(notes: list[Notes]) -> list[Problem]:
    """Those of several documents."""
    return [problem for note in notes for problem in note.problems()]


__all__ = ["Written", "from_lines", "from_yaml", "problems", "together"]
