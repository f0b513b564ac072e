"""One rule document → a `Rule`, and what is wrong with it. Pure: the same text gives the same answer, so it can be cached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from modconsole.domain.facts import FACTS
from modconsole.policy import actions, check_facts, checks, whens
from modconsole.policy.check_facts import truth
from modconsole.policy.model import (
    STATUSES,
    Action,
    Check,
    House,
    Problem,
    Rule,
    Selection,
    Status,
    TextCheck,
    When,
)
from modconsole.policy.notes import Notes, Spot, near
from modconsole.policy.spans import instant, whole
from modconsole.policy.trials import bounds, examples
from modconsole.policy.vocabulary import AUTOMOD, KEYS, OTHER_KEYS, REQUIRED
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text, read

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LIMITS: Final = {"name": 200, "owner": 100, "section": 200, "why": 10_000, "public": 20_000}
_ONE_LINE = ("name", "owner", "section")
MOST_PRIORITY: Final = 1_000_000
MOST_SELECTIONS: Final = 200
LONGEST_NAME: Final = 100
"""Characters of the name of a selection."""
_REMARK = re.compile(r"[ \t]+(#[^\s:]*[ \t]*:)")
"""After a key: what was to be its suffix, and is a remark to YAML."""


def read_rule(
    text: str,
    *,
    path: str = "",
    line: int = 1,
    lists: Mapping[str, tuple[str, ...]] | None = None,
    house: House | None = None,
) -> tuple[Rule | None, list[Problem]]:
    """The rule of one document, and its problems in the order of their places.

    `path` and `line` say where the document stands; `lists` are those of the folder. With `house`, an action that this house
    has no use for is noted. The rule is None where a problem is more than a warning.
    """
    notes = Notes(path, line)
    root = read(text, notes)
    if root is None:
        return None, notes.problems()
    if not isinstance(root, Pairs):
        notes.say("no mapping", root)
        return None, notes.problems()
    values = _values(root, checks.Given(notes, lists or {}, text))
    if house is not None and not house.ladder:
        _strikes(root, values["actions"], notes)
    if notes.wrong:
        return None, notes.problems()
    return Rule(**values, path=path, line=line, source=text), notes.problems()


def _values(root: Pairs, given: checks.Given) -> dict[str, Any]:
    """What `Rule` is made of; worth something only where nothing was wrong."""
    notes = given.notes
    at = next(iter(root.pairs.values()))[0] if root.pairs else root
    identity = _identity(root, notes)
    for name, (key, node) in root.pairs.items():
        if name not in KEYS:
            _unknown(name, key, node, given)
    for name in REQUIRED:
        if name not in root.pairs:
            notes.say(f"no {name}", at, near=_slug(root) if name == "id" else "")
    selections = _selections(root, given)
    exceptions = _exceptions(root, given, selections)
    texts = {name: _text(name, root, notes) for name in ("owner", "why", "public", "section")}
    if "section" in root.pairs and "public" not in root.pairs:
        notes.say("section alone", root.pairs["section"][0])
    done: tuple[Action, ...] = ()
    if "do" in root.pairs:
        key, node = root.pairs["do"]
        if isinstance(node, Text) and node.nothing:
            notes.say("no action", key)
        else:
            done = actions.read(node, notes)
    return {
        "id": identity,
        "name": _text("name", root, notes) or identity,
        "status": _status(root, notes),
        "expires": _expires(root, notes),
        "priority": _priority(root, notes),
        "selections": selections,
        "when": _when(root, selections, notes),
        "exceptions": exceptions,
        "actions": done,
        "examples": examples(root, selections, notes),
        "expect": bounds(root, notes),
        "exempt_us": truth(root.pairs["exempt us"][1], notes) if "exempt us" in root.pairs else True,
        **texts,
    }


def _identity(root: Pairs, notes: Notes) -> str:
    if "id" not in root.pairs:
        return ""
    node = root.pairs["id"][1]
    text = node.text.strip() if isinstance(node, Text) else ""
    if not ID.fullmatch(text):
        notes.say("bad id", node, near=_slug(root, text))
        return ""
    notes.rule = text
    return text


def slug(text: str) -> str:
    """An id made of some words: as `spam-links` of "Spam & links"; empty where nothing can be made of them."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", text.casefold()).strip("-._")
    return plain[:64].rstrip("-._")


def _slug(root: Pairs, text: str = "") -> str:
    if not text and "name" in root.pairs:
        node = root.pairs["name"][1]
        text = node.text if isinstance(node, Text) else ""
    return f"Write `id: {slug(text) or 'name-of-the-rule'}`."


def _unknown(name: str, key: Text, node: Node, given: checks.Given) -> None:
    notes = given.notes
    if notes.full:  # a hint costs more than reading
        notes.say("unknown key", key, key=name, near="")
    elif name in AUTOMOD:
        notes.say("automod key", key, key=name, near=AUTOMOD[name])
    elif name.casefold() not in OTHER_KEYS and checks.looks_like_check(name):
        notes.say("check outside", key, key=name)
        checks.read(key, node, given)  # what else is wrong with it, so that moving it is enough
    else:
        notes.say("unknown key", key, key=name, near=near(name, KEYS, OTHER_KEYS))


def _text(name: str, root: Pairs, notes: Notes) -> str:
    if name not in root.pairs:
        return ""
    node = root.pairs[name][1]
    if not isinstance(node, Text):
        notes.say("no text", node, key=name)
        return ""
    if node.nothing:
        return ""
    text = node.text.strip()
    if len(text) > LIMITS[name]:
        notes.say("long text", node, key=name, most=LIMITS[name])
    elif (name in _ONE_LINE and not text.isprintable()) or any(
        ord(letter) < 32 and letter not in "\t\n" for letter in text
    ):
        notes.say("odd text", node, key=name)
    return text


def _status(root: Pairs, notes: Notes) -> Status:
    if "status" not in root.pairs:
        return "draft"
    node = root.pairs["status"][1]
    text = node.text if isinstance(node, Text) else ""
    if text not in STATUSES:
        others = {"on": "live", "active": "live", "enabled": "live", "true": "live", "off": "paused", "false": "paused"}
        notes.say(
            "bad status", node, word=text, near=near(text, STATUSES, {**others, "disabled": "paused", "test": "shadow"})
        )
        return "draft"
    return text


def _expires(root: Pairs, notes: Notes) -> int | None:
    if "expires" not in root.pairs:
        return None
    node = root.pairs["expires"][1]
    if isinstance(node, Text) and node.nothing:
        return None
    found = instant(node.text) if isinstance(node, Text) else None
    if found is None:
        notes.say("bad date", node)
    return found


def _priority(root: Pairs, notes: Notes) -> int:
    if "priority" not in root.pairs:
        return 0
    node = root.pairs["priority"][1]
    found = whole(node.text) if isinstance(node, Text) else None
    if found is None or abs(found) > MOST_PRIORITY:
        notes.say("no priority", node, most=MOST_PRIORITY)
    return found or 0


def _selections(root: Pairs, given: checks.Given) -> tuple[Selection, ...]:
    if "select" not in root.pairs:
        return ()
    notes = given.notes
    key, node = root.pairs["select"]
    if not isinstance(node, Pairs) or not node.pairs:
        notes.say("select shape", node if not isinstance(node, Text) else key)
        return ()
    if len(node.pairs) > MOST_SELECTIONS:
        notes.say("many selections", key, most=MOST_SELECTIONS)
        return ()
    found = []
    for name, (name_node, value) in node.pairs.items():
        if checks.looks_like_check(name) and not isinstance(value, Pairs) and not _of_pairs(value):
            notes.say("check unnamed", name_node, key=name)
            continue
        if (
            not name.strip()
            or len(name) > LONGEST_NAME
            or name.casefold() in whens.RESERVED
            or any(letter in "()\"'," for letter in name)
        ):
            notes.say("selection name", name_node, name=name)
            continue
        alternatives = _alternatives(name, value, given)
        if alternatives:
            found.append(Selection(name=name, alternatives=alternatives))
    return tuple(found)


def _of_pairs(node: Node) -> bool:
    return isinstance(node, Items) and bool(node.nodes) and all(isinstance(part, Pairs) for part in node.nodes)


def _alternatives(name: str, value: Node, given: checks.Given) -> tuple[tuple[Check, ...], ...]:
    found = []
    nodes = value.nodes if isinstance(value, Items) else [value]
    if not nodes:
        given.notes.say("selection empty", value, name=name)
    for node in nodes:
        if not isinstance(node, Pairs) or not node.pairs:
            remark = _REMARK.match(given.source, node.end) if isinstance(node, Text) and not node.style else None
            if remark:
                given.notes.say("remark in key", node, ahead=remark.start(1) - node.start)
            else:
                given.notes.say("selection empty", node, name=name)
            continue
        every = tuple(check for key, part in node.pairs.values() for check in checks.read(key, part, given))
        if every:
            found.append(every)
        never = check_facts.apart(check for check in every if not isinstance(check, TextCheck))
        if never is not None:
            given.notes.say("facts apart", node, name=never[0], one=never[1], other=never[2])
    return tuple(found)


def _exceptions(root: Pairs, given: checks.Given, selections: tuple[Selection, ...]) -> tuple[TextCheck, ...]:
    if "except" not in root.pairs:
        return ()
    notes = given.notes
    key, value = root.pairs["except"]
    found: list[TextCheck] = []
    for node in value.nodes if isinstance(value, Items) else [value]:
        if not isinstance(node, Pairs) or not node.pairs:
            notes.say("except shape", node)
            continue
        for key_node, part in node.pairs.values():
            found.extend(_exception(key_node, part, given))
    if selections and not any(
        isinstance(check, TextCheck) and not check.negated
        for selection in selections
        for every in selection.alternatives
        for check in every
    ):
        notes.say("except idle", key)
    return tuple(found)


def _exception(key_node: Text, part: Node, given: checks.Given) -> list[TextCheck]:
    key = checks.take_apart(key_node)
    if key is not None and len(key.names) == 1 and (key.names[0] in FACTS or key.names[0] == "history"):
        given.notes.say("except fact", key_node, name=key.names[0])
        return []
    found = [check for check in checks.read(key_node, part, given) if isinstance(check, TextCheck)]
    if any(check.negated or check.every for check in found):
        given.notes.say("except turned", key_node)
        return []
    return found


def _when(root: Pairs, selections: tuple[Selection, ...], notes: Notes) -> When | None:
    names = [selection.name for selection in selections]
    if "when" not in root.pairs:
        return whens.everything(names) if names else None
    _, node = root.pairs["when"]
    select = root.pairs.get("select")
    written = [*select[1].pairs] if select and isinstance(select[1], Pairs) else names
    if not isinstance(node, Text):
        notes.say("when shape", node)
        return None
    if not written:
        return None
    inline = node.style in ("", '"', "'") and node.end - node.start == len(node.text) + 2 * len(node.style)
    found = whens.read(
        node.text, written, notes, Spot(node.line, node.column + (len(node.style) if inline else 0)), inline=inline
    )
    if found is None or notes.wrong:
        return found
    used = set(whens.used(found))
    for name in names:
        if name not in used:
            assert select is not None
            assert isinstance(select[1], Pairs)
            notes.say("unused", select[1].pairs[name][0], name=name)
    possible = whens.verdicts(found)
    if len(possible) == 1:
        notes.say("always" if possible == {True} else "never", node)
    return found


def _strikes(root: Pairs, done: tuple[Action, ...], notes: Notes) -> None:
    if any(action.name == "strike" for action in done):
        notes.say("no ladder", root.pairs["do"][0])
