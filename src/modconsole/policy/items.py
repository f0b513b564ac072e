"""The words and expressions of a check: what can be wrong with one of them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import regex
from msgspec import Struct

from modconsole.policy.fold import fold_text, forms
from modconsole.policy.model import Fold, Method
from modconsole.policy.notes import Notes, near
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text

LONGEST: Final = 4_000
"""Characters of one word or expression. The longest expression in 609 real AutoModerator rules has 1,059."""
TRY_FOR: Final = 0.05
"""Seconds that an expression may take on one of the probes."""
_PROBES: Final = ("", "x", "7", "Hello, it is 5 o'clock.", "日本")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CURLY = re.compile("[“”„‟«‘‚].*[“”‟»’‛]", re.DOTALL)
_GLUED = re.compile(r"[ \t]+(#[^\s#]\S*)")


class Wanted(Struct, frozen=True):
    """How the items of a check are meant."""

    regex: bool
    method: Method
    fold: Fold


class Flaw(Struct, frozen=True):
    """Why an expression cannot be used: words, and the position in it, where that is known."""

    words: str
    at: int | None


def read(
    node: Node, wanted: Wanted, lists: Mapping[str, tuple[str, ...]], notes: Notes, source: str
) -> tuple[str, ...]:
    """The items of a check in their order, lists put in, none twice."""
    if isinstance(node, Pairs):
        notes.say("items mapping", node)
        return ()
    parts = node.nodes if isinstance(node, Items) else [node]
    if not parts:
        notes.say("no items", node)
    found: dict[str, None] = {}
    for part in parts:
        if not isinstance(part, Text):
            notes.say("item no text", part)
            continue
        text = part.text
        if text.startswith("list:"):
            for item in _listed(text.removeprefix("list:").strip(), part, wanted, lists, notes):
                found[item] = None
        elif _checked(part, wanted, notes, source):
            if text in found:
                notes.say("item twice", part, item=text)
            found[text] = None
    return tuple(found)


def _listed(
    name: str, part: Text, wanted: Wanted, lists: Mapping[str, tuple[str, ...]], notes: Notes
) -> tuple[str, ...]:
    if name not in lists:
        hint = near(name, lists) or "Write it into `lists.yaml`, or into `lists/NAME.txt` with one item on a line."
        notes.say("unknown list", part, name=name, near=hint)
        return ()
    if wanted.regex:
        for item in lists[name]:
            flaw = expression(item, wanted.fold == "exact")
            if flaw is not None:
                notes.say("list expression", part, name=name, item=item, why=flaw.words)
                return ()
    return lists[name]


def _checked(part: Text, wanted: Wanted, notes: Notes, source: str) -> bool:
    """Whether an item can be used. What is odd about it is noted as well."""
    text = part.text
    if not text.strip() or part.nothing:
        sign = re.match(r"[>|]", source[part.start : part.start + 1])
        notes.say("item folded" if sign else "item empty", part)
        return False
    if len(text) > LONGEST:
        notes.say("item long", part, most=LONGEST)
        return False
    control = _CONTROL.search(text)
    if control:
        saying = "item backspace" if control.group() == "\b" else "item control"
        notes.say(saying, part, code=f"U+{ord(control.group()):04X}")
        return False
    if text.endswith("\n"):
        notes.say("item line break", part)
    if not part.style and _CURLY.fullmatch(text):
        notes.say("item curly", part)
    if not part.style:
        glued = _GLUED.match(source, part.end)
        if glued:
            notes.say("item remark", part, ahead=glued.start(1) - part.start, remark=glued[1])
    return _expression(part, wanted, notes) if wanted.regex else _literal(part, wanted, notes)


def _literal(part: Text, wanted: Wanted, notes: Notes) -> bool:
    text = part.text
    if not text.isascii() and not forms(text, wanted.fold):
        notes.say("item blank", part)
        return False
    if wanted.method == "substring" and len(text) <= 2 and text.isalnum() and text.isascii():
        notes.say("item short", part, item=text)
    return True


def _expression(part: Text, wanted: Wanted, notes: Notes) -> bool:
    flaw = expression(part.text, wanted.fold == "exact")
    if flaw is not None:
        at = flaw.at or 0
        notes.say(
            "odd expression" if flaw.at is None else "bad expression",
            part,
            ahead=at + len(part.style) if as_written(part) else 0,
            why=flaw.words,
            at=at + 1,
        )
        return False
    if everywhere(part.text):
        notes.say("hits everything", part, item=part.text)
    if wanted.fold in ("marks", "lookalike") and not part.text.isascii():
        lost = {letter for letter in part.text if letter.isalpha() and fold_text(letter, wanted.fold) != letter.lower()}
        if lost:
            notes.say("folded expression", part, letters="".join(sorted(lost)), fold=wanted.fold)
    return True


def as_written(part: Text) -> bool:
    """Whether what was read is what stands in the file between the quotes, so that positions in it are columns."""
    return part.end - part.start == len(part.text) + 2 * len(part.style)


@lru_cache(maxsize=8192)
def expression(text: str, exact: bool) -> Flaw | None:
    """What is wrong with an expression, in the dialect of the `regex` module, version 0, as it will be run."""
    flags = regex.V0 | regex.UNICODE | regex.DOTALL | (0 if exact else regex.IGNORECASE)
    try:
        _compiled(text, flags)
    except regex.error as error:
        return Flaw(str(getattr(error, "msg", error)), getattr(error, "pos", None))
    except (RecursionError, ValueError, OverflowError, MemoryError) as error:
        return Flaw("it is nested too deep" if isinstance(error, RecursionError) else str(error), None)
    try:  # beside others, as it will stand: a remark at its end would swallow what comes after it
        _compiled(f"(?:{text})", flags)
    except (regex.error, RecursionError, ValueError):
        return Flaw("a remark in it has no end", None)
    return None


@lru_cache(maxsize=8192)
def everywhere(text: str) -> bool:
    """Whether an expression is found in everything that is written."""
    pattern = _compiled(text, regex.V0 | regex.UNICODE | regex.DOTALL | regex.IGNORECASE)
    try:
        return all(pattern.search(probe, timeout=TRY_FOR) for probe in _PROBES)
    except TimeoutError:
        return False


def _compiled(text: str, flags: int) -> regex.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return regex.compile(text, flags)
