"""`tests` and `expect` of a rule document."""

from __future__ import annotations

import re
from typing import Final, cast

from modconsole.policy.model import FIELDS, Example, Expect, Field, Selection, TextCheck
from modconsole.policy.notes import Notes, near
from modconsole.policy.spans import number
from modconsole.policy.vocabulary import EXPECT, OTHER_FIELDS, TESTS
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text

LONGEST: Final = 20_000
_HITS = re.compile(r"(?P<least>\d{1,9})?\s*(?:\.\.|…)\s*(?P<most>\d{1,9})?", re.ASCII)


def examples(root: Pairs, selections: tuple[Selection, ...], notes: Notes) -> tuple[Example, ...]:
    """The texts that a rule must hit or miss."""
    if "tests" not in root.pairs:
        return ()
    node = root.pairs["tests"][1]
    if not isinstance(node, Items):
        if not (isinstance(node, Text) and node.nothing):
            notes.say("tests shape", node)
        return ()
    select = root.pairs.get("select")
    written = [*select[1].pairs] if select and isinstance(select[1], Pairs) else []
    found = [_example(part, written, selections, notes) for part in node.nodes]
    return tuple(example for example in found if example is not None)


def _example(node: Node, written: list[str], selections: tuple[Selection, ...], notes: Notes) -> Example | None:
    if not isinstance(node, Pairs):
        notes.say("tests shape", node)
        return None
    for name, (key, _) in node.pairs.items():
        if name not in TESTS:
            notes.say(
                "unknown test key",
                key,
                key=name,
                near=near(name, TESTS, {"field": "in", "match": "hit", "facts": "given"}),
            )
    kinds = [name for name in ("hit", "miss") if name in node.pairs]
    if len(kinds) != 1:
        notes.say("test both" if kinds else "test neither", node)
        return None
    value = node.pairs[kinds[0]][1]
    if not isinstance(value, Text) or value.nothing or len(value.text) > LONGEST:
        notes.say("test text", value, key=kinds[0], most=LONGEST)
        return None
    field = "body"
    if "in" in node.pairs:
        where = node.pairs["in"][1]
        field = where.text if isinstance(where, Text) else ""
        if field not in FIELDS:
            notes.say("test field", where, word=field, near=near(field, FIELDS, {**OTHER_FIELDS, "text": "body"}))
    return Example(
        text=value.text,
        hit=kinds[0] == "hit",
        line=node.line,
        field=cast("Field", field),
        selections=_taken(node, written, selections, notes),
    )


def _taken(node: Pairs, written: list[str], selections: tuple[Selection, ...], notes: Notes) -> tuple[str, ...]:
    if "given" not in node.pairs:
        return ()
    value = node.pairs["given"][1]
    found = []
    for part in value.nodes if isinstance(value, Items) else [value]:
        name = part.text if isinstance(part, Text) else ""
        if name not in written:
            notes.say("test given", part, name=name, near=near(name, written))
            continue
        selection = next((selection for selection in selections if selection.name == name), None)
        if selection is not None and all(
            isinstance(check, TextCheck) for every in selection.alternatives for check in every
        ):
            notes.say("test words given", part, name=name)
        found.append(name)
    return tuple(found)


def bounds(root: Pairs, notes: Notes) -> Expect | None:
    """What a backtest must show."""
    if "expect" not in root.pairs:
        return None
    node = root.pairs["expect"][1]
    if not isinstance(node, Pairs) or not node.pairs:
        notes.say("expect shape", node)
        return None
    for name, (key, _) in node.pairs.items():
        if name not in EXPECT:
            notes.say("unknown expect key", key, key=name, near=near(name, EXPECT, {"per day": "hits per day"}))
    least, most = _hits(node.pairs["hits"][1], notes) if "hits" in node.pairs else (None, None)
    return Expect(
        least_hits=least,
        most_hits=most,
        most_per_day=_per_day(node.pairs["hits per day"][1], notes) if "hits per day" in node.pairs else None,
        precision=_share("precision", node, notes),
        most_reversals=_share("reversals", node, notes),
    )


def _hits(node: Node, notes: Notes) -> tuple[int | None, int | None]:
    match = _HITS.fullmatch(node.text.strip()) if isinstance(node, Text) else None
    if match is None or (match["least"] is None and match["most"] is None):
        notes.say("expect hits", node)
        return None, None
    least = int(match["least"]) if match["least"] else None
    most = int(match["most"]) if match["most"] else None
    if least is not None and most is not None and least > most:
        notes.say("expect turned", node, least=least, most=most)
    return least, most


def _per_day(node: Node, notes: Notes) -> float | None:
    found = number(node.text) if isinstance(node, Text) else None
    if found is None:
        notes.say("expect per day", node)
    return found


def _share(key: str, node: Pairs, notes: Notes) -> float | None:
    if key not in node.pairs:
        return None
    value = node.pairs[key][1]
    text = value.text.strip() if isinstance(value, Text) else ""
    found = number(text)
    if found is None or found > 1:
        percent = number(text.removesuffix("%").strip())
        meant = f"{percent / 100:g}" if percent is not None and percent <= 100 else "0.9"
        notes.say("expect share", value, key=key, near=f"Write `{key}: {meant}`.")
        return None
    return found
