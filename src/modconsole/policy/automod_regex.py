"""AutoModerator's expressions, one by one, so that each means alone what it meant within the whole.

AutoModerator joins the items of a check to one expression, `(a|b|c)`, and wraps the method of the check around it. Here each
item is an expression of its own, so that a hit can say which one it was. Three things of an item depend on where it stood:

- numbers of groups: `\\2` is the first group of the first item, because `\\1` is the one that joins them;
- flags such as `(?i)`: they hold for the whole check, wherever they stand;
- brackets that are closed in another item: then the items are one expression, and stay it.

And what the module `regex` reads in another way than Python's own `re` is written so that both read the same: `{e}` is no
tolerance for errors, and `[[:alpha:]]` no class of POSIX.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Final

import regex
from msgspec import Struct

_FLAGS = re.compile(r"\(\?([aiLmsux]+)\)")
_BACK = re.compile(r"\\([1-9][0-9]?)")
_OCTAL = re.compile(r"\\[0-3][0-7][0-7]")
_REPEAT = re.compile(r"\{(?:\d+(?:,\d*)?|,\d*)\}")
_NAMED = re.compile(r"\(\?P?<\w+>")
_IF = re.compile(r"\(\?\((\d+)\)")
_SPECIAL = frozenset("hHKGLRXmMpPN")
"""Letters that mean something after a backslash in `regex` and nothing in `re`."""
_NEVER = "(?!)"
_COMPILED = regex.V0 | regex.UNICODE | regex.DOTALL


class Expressions(Struct, frozen=True, kw_only=True):
    """The items of one check, ready to stand alone."""

    items: tuple[str, ...]
    ignore_case: bool = False
    """Whether a flag within them asks for it."""
    multiline: bool = False
    """Whether `^` and `$` are those of lines, also those of the check's method."""
    bad: tuple[tuple[str, str], ...] = ()
    """Items that no engine takes, with why."""
    notes: tuple[str, ...] = ()


class _Item(Struct):
    """One item while it is looked at."""

    text: str
    groups: int = 0
    flags: str = ""
    special: str = ""
    doubtful: bool = False


def expressions(items: Sequence[str]) -> Expressions:
    """Expressions that match alone what these matched together."""
    seen: list[_Item] = []
    notes: list[str] = []
    before = 1
    for item in items:
        each = _walked(item, before, _groups(item))
        before += each.groups
        seen.append(each)
    flags = "".join(each.flags for each in seen)
    if any(each.doubtful for each in seen):
        notes.append(
            "Its `\\1` is taken for the first group of its own expression; to AutoModerator that would be `\\2`, because `\\1`"
            " is the group that joins the items."
        )
    for letter in sorted({letter for each in seen for letter in each.special}):
        notes.append(
            f"`\\{letter}` is nothing that Python's own expressions know; it is kept, and means here what `regex` means."
        )
    found, bad = _usable(items, [_verbose(each.text) if "x" in flags else each.text for each in seen])
    return Expressions(
        items=tuple(found), ignore_case="i" in flags, multiline="m" in flags, bad=tuple(bad), notes=tuple(notes)
    )


_AROUND: Final = {
    "full-exact": ("^(?:", ")$"),
    "full": (r"^\W*(?:", r")\W*$"),
    "word": (r"(?:^|\W|\b)(?:", r")(?:$|\W|\b)"),
    "starts": ("^(?:", ")"),
    "ends": ("(?:", ")$"),
    "domain": (r"^(?:.*?\.)?(?:", ")$"),
}


def wrapped(item: str, method: str, *, lines: bool = False) -> str:
    """An expression with AutoModerator's method written out: then nothing but `substring` is left for the method. With `lines`,
    `^` and `$` are the ends of lines."""
    before, after = _AROUND.get(method, ("(?:", ")"))
    return f"{'(?m)' if lines else ''}{before}{item}{after}"


def found_in_nothing(item: str) -> bool:
    """Whether an expression matches an empty text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return regex.compile(item, _COMPILED).search("", timeout=1) is not None
    except (regex.error, ValueError, OverflowError, RecursionError, KeyError, IndexError, TimeoutError):
        return False


def why_not(item: str) -> str:
    """Why an expression is none; empty where it is one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            regex.compile(item, _COMPILED)
    except (regex.error, ValueError, OverflowError, RecursionError, KeyError, IndexError) as error:
        return str(getattr(error, "msg", "") or error) or "it is too deep"
    return ""


def _verbose(item: str) -> str:
    """An expression in which white space and comments are nothing; the end of the line ends a comment."""
    return f"(?x:{item}\n)"


def _usable(items: Sequence[str], ready: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The items that compile; all as one where they do so only joined, with brackets that are closed in another."""
    faults = [(item, why_not(each)) for item, each in zip(items, ready, strict=True)]
    bad = [(item, why) for item, why in faults if why]
    if not bad:
        return ready, []
    joined = f"({'|'.join(items)})"
    if not why_not(joined):
        return [joined], []
    return [each for each, (_, why) in zip(ready, faults, strict=True) if not why], bad


def _groups(item: str) -> int:
    """How many groups an item has that are counted."""
    count = at = 0
    inside = False
    while at < len(item):
        sign = item[at]
        if sign == "\\":
            at += 1
        elif inside:
            inside = sign != "]"
        elif sign == "[":
            inside = True
            at += _opening(item, at)
        elif item.startswith("(?#", at):
            at = item.find(")", at) if ")" in item[at:] else len(item)
        elif sign == "(" and (not item.startswith("(?", at) or _NAMED.match(item, at)):
            count += 1
        at += 1
    return count


def _opening(item: str, at: int) -> int:
    """How many characters after `[` are still no end of the class: `]` at its beginning is one of its characters."""
    return 2 if item.startswith("^]", at + 1) else 1 if item.startswith("]", at + 1) else 0


def _walked(item: str, before: int, groups: int) -> _Item:
    """An item with its groups numbered from 1, its flags taken out, and what two engines read differently made plain. `before`
    is how many groups came before, the one that joins them included."""
    found = _Item("", groups)
    out: list[str] = []
    at = 0
    while at < len(item):
        sign = item[at]
        if sign == "\\":
            piece, at = _escape(item, at, before, found)
        elif sign == "[":
            piece, at = _class(item, at)
        elif match := _FLAGS.match(item, at):
            found.flags += match[1]
            piece, at = "", match.end()
        elif item.startswith("(?#", at):
            end = item.find(")", at)
            piece, at = item[at : end + 1 if end >= 0 else len(item)], end + 1 if end >= 0 else len(item)
        elif match := _IF.match(item, at):
            own = int(match[1]) - before
            piece, at = f"(?({own})" if 1 <= own <= groups else match[0], match.end()
        elif sign == "{" and not _REPEAT.match(item, at):
            piece, at = r"\{", at + 1
        else:
            piece, at = sign, at + 1
        out.append(piece)
    found.text = "".join(out)
    return found


def _escape(item: str, at: int, before: int, found: _Item) -> tuple[str, int]:
    """A backslash and what belongs to it."""
    match = _BACK.match(item, at)
    if match is None or _OCTAL.match(item, at):
        letter = item[at + 1 : at + 2]
        if letter in _SPECIAL:
            found.special += letter
        return item[at : at + 2], at + 2
    number = int(match[1])
    own = number - before
    if not 1 <= own <= found.groups:
        if number > before:
            return match[0], match.end()  # there is no such group: it does not compile, and that is told
        if number > 1 or not found.groups:
            return _NEVER, match.end()  # a group of another item, which has not matched when this one is tried
        found.doubtful = True
        own = 1
    digit = item[match.end() : match.end() + 1].isdigit()
    return (f"(?:\\{own})" if digit else f"\\{own}"), match.end()


def _class(item: str, at: int) -> tuple[str, int]:
    """A class of characters. An opening bracket within it is a character."""
    out = ["["]
    at += 1
    for lead in ("^", "]"):
        if item.startswith(lead, at):
            out.append(lead if lead == "^" else r"\]")
            at += 1
    while at < len(item) and item[at] != "]":
        if item[at] == "\\":
            out.append(item[at : at + 2])
            at += 2
            continue
        out.append(r"\[" if item[at] == "[" else item[at])
        at += 1
    return "".join(out) + item[at : at + 1], at + 1
