"""Checks that ask about facts: `author age (<): 7 days`, `source: [blog, forum]`, and counters under `history`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import cast

from msgspec import Struct

from modconsole.domain import hours
from modconsole.domain.facts import COUNTED, FACTS, Counted, Counter, Fact, Kind, Known, Op, Question
from modconsole.errors import InputError
from modconsole.policy.notes import Notes, near
from modconsole.policy.spans import compared, span, spell, whole
from modconsole.policy.vocabulary import HISTORY, HISTORY_OPS
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text

NO_FLAGS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


class Asked(Struct, frozen=True):
    """A key that asks about a fact: the fact's name, whether it is turned around, and what stands in the brackets, with the
    place of each within the key."""

    name: str
    negated: bool
    brackets: tuple[tuple[str, int], ...]
    key: Text


def fact(asked: Asked, value: Node, notes: Notes) -> Fact | None:
    """One question, or None with what is wrong noted."""
    name, negated, key = asked.name, asked.negated, asked.key
    known = FACTS[name]
    op: Op | None = None
    for word, at in asked.brackets:
        found, rest = compared(word)
        if found is None or rest:
            saying = "fact brackets" if found else "fact modifier"
            notes.say(saying, key, ahead=at + len(key.style), word=word, name=name, op=found, rest=rest)
            return None
        if op is not None:
            notes.say("two operators", key, name=name)
            return None
        op = found
    if op is not None and known.kind not in ("number", "span"):
        notes.say("no comparison", key, name=name, kind=KIND_WORDS[known.kind], example=known.example)
        return None
    if known.kind in ("words", "hours"):
        words = _words(name, known, value, notes)
        return Fact(name=name, words=words, negated=negated) if words else None
    if not isinstance(value, Text):
        notes.say("fact no text", value, name=name, example=known.example)
        return None
    if known.kind == "flag":
        flag = truth(value, notes)
        return None if flag is None else Fact(name=name, flag=flag, negated=negated)
    return _compared(name, known, op, negated, key, value, notes)


KIND_WORDS = {
    "flag": "true or false",
    "number": "a number",
    "span": "a length of time",
    "words": "words",
    "hours": "times of day",
}


def truth(node: Node, notes: Notes) -> bool | None:
    """True or false, or None with the reason noted."""
    text = node.text.strip() if isinstance(node, Text) else ""
    if text in ("true", "false"):
        return text == "true"
    plain = text.casefold()
    if plain in ("true", "false") or plain in NO_FLAGS:
        notes.say("yes no", node, word=text, here=NO_FLAGS.get(plain, plain))
    else:
        notes.say("no truth", node)
    return None


def number(node: Node, notes: Notes, *, least: int = 0) -> int | None:
    """A whole number of at least so much, or None with the reason noted."""
    found = whole(node.text) if isinstance(node, Text) else None
    if found is None or found < least:
        notes.say("no number", node, least=least)
        return None
    return found


def length(node: Node, notes: Notes) -> int | None:
    """A length of time, or None with the reason noted."""
    found = span(node.text) if isinstance(node, Text) else None
    if found is None:
        notes.say("no span", node)
    return found


def _compared(
    name: str, known: Known, op: Op | None, negated: bool, key: Text, value: Text, notes: Notes
) -> Fact | None:
    if value.style in ("|", ">") and not value.text.strip():
        notes.say("folded", value, said=value.style)
        return None
    inner, rest = compared(value.text)
    if op is not None and inner is not None:
        notes.say("two operators", value, name=name)
        return None
    op = op or inner
    found = whole(rest) if known.kind == "number" else span(rest)
    if found is None or found < 0:
        notes.say("fact value", value, name=name, kind=KIND_WORDS[known.kind], example=known.example)
        return None
    if op is None and known.kind == "span":
        notes.say("no operator", key, name=name, value=rest)
        return None
    always = _always(op or "=", found, 0)
    if always:
        notes.say("always so", value, words=f"{name} {op} {rest}", always=always)
    return Fact(name=name, op=op or "=", number=found, negated=negated)


def _words(name: str, known: Known, value: Node, notes: Notes) -> tuple[str, ...]:
    nodes = value.nodes if isinstance(value, Items) else [value]
    words: dict[str, None] = {}
    right = bool(nodes)
    if not nodes:
        notes.say("fact no text", value, name=name, example=known.example)
    for node in nodes:
        if not isinstance(node, Text) or not node.text.strip() or node.nothing:
            notes.say("fact no text", node, name=name, example=known.example)
            right = False
            continue
        word = node.text.strip()
        if known.words and word not in known.words:
            notes.say("fact word", node, name=name, word=word, near=near(word, known.words))
            right = False
        if known.kind == "hours":
            try:
                hours.parse(word)
            except InputError as error:
                notes.say("hours", node, why=error.message, near=error.hint)
                right = False
        words[word] = None
    return tuple(words) if right else ()


def history(asked: Asked, value: Node, notes: Notes) -> tuple[Counter, ...]:
    """The counters of one `history`: all of them must hold; with `~`, none of them may."""
    if asked.brackets:
        word, at = asked.brackets[0]
        notes.say("fact modifier", asked.key, ahead=at + len(asked.key.style), word=word, name="history")
        return ()
    nodes = value.nodes if isinstance(value, Items) else [value]
    if not nodes:
        notes.say("history shape", value)
    found = [_counter(node, asked.negated, notes) for node in nodes]
    return tuple(counter for counter in found if counter) if all(found) else ()


def _counter(node: Node, negated: bool, notes: Notes) -> Counter | None:
    if not isinstance(node, Pairs):
        notes.say("history shape", node)
        return None
    right = True
    for name, (key, _) in node.pairs.items():
        if name not in HISTORY:
            notes.say(
                "unknown history key", key, key=name, near=near(name, HISTORY, {"number": "more than", "of": "count"})
            )
            right = False
    missing = [name for name in ("count", "within") if name not in node.pairs]
    ops = [name for name in HISTORY_OPS if name in node.pairs]
    if missing:
        notes.say("history missing", node, key=missing[0])
    elif not ops:
        notes.say("history number", node)
    elif len(ops) > 1:
        notes.say("history numbers", node.pairs[ops[1]][0], one=ops[0], other=ops[1])
    if missing or len(ops) != 1:
        return None
    counted = node.pairs["count"][1]
    word = counted.text if isinstance(counted, Text) else ""
    if word not in COUNTED:
        notes.say("unknown counted", counted, word=word, near=near(word, COUNTED))
        right = False
    within = length(node.pairs["within"][1], notes)
    wanted = number(node.pairs[ops[0]][1], notes)
    here = truth(node.pairs["here"][1], notes) if "here" in node.pairs else False
    if not right or within is None or wanted is None or here is None:
        return None
    op = HISTORY_OPS[ops[0]]
    least = 0 if word in ("links", "deletions") else 1  # the message itself is one
    always = _always(op, wanted, least)
    if always:
        notes.say("always so", node.pairs[ops[0]][1], words=f"{ops[0]} {wanted}", always=always)
    return Counter(counted=cast("Counted", word), within=within, op=op, number=wanted, here=here, negated=negated)


def _always(op: Op, number: int, least: int) -> str:
    """Whether a comparison is always or never so, for a count that is never below `least`; empty where it depends."""
    if (op == ">" and number < least) or (op == ">=" and number <= least):
        return "always"
    if (op == "<" and number <= least) or (op in ("<=", "=") and number < least):
        return "never"
    return ""


def apart(questions: Iterable[Question]) -> tuple[str, str, str] | None:
    """A fact that is asked twice for what cannot be together, as `< 1 day` and `> 2 days`: its name and both; None if there is
    none. What may be several things at once, as tags, never contradicts itself."""
    asked: dict[str, list[Fact]] = {}
    for question in questions:
        if isinstance(question, Fact) and not question.negated:
            asked.setdefault(question.name, []).append(question)
    for name, facts in asked.items():
        for one, other in combinations(facts, 2):
            if not _together(FACTS[name].kind, one, other) and name != "author tags":
                return name, _spell(one), _spell(other)
    return None


def _together(kind: Kind, one: Fact, other: Fact) -> bool:
    if kind == "flag":
        return one.flag == other.flag
    if kind == "words":
        return bool(set(one.words) & set(other.words))
    if kind == "hours":
        return True
    low = max(_least(one), _least(other))
    high = min(_most(one), _most(other))
    return low <= high


def _least(fact: Fact) -> int:
    return {"=": fact.number, ">=": fact.number, ">": fact.number + 1}.get(fact.op, 0)


def _most(fact: Fact) -> int:
    return {"=": fact.number, "<=": fact.number, "<": fact.number - 1}.get(fact.op, 10**18)


def _spell(fact: Fact) -> str:
    kind = FACTS[fact.name].kind
    if kind == "flag":
        return "true" if fact.flag else "false"
    if kind == "words":
        return ", ".join(fact.words)
    return f"{fact.op} {spell(fact.number) if kind == 'span' else fact.number}"
