"""Changes to a rule document's text that leave every other byte as it is: remarks, order, styles, line ends.

The place of a change is found by reading the document; then a few characters are put in or replaced. So a person's file stays
a person's file, and a change in git is one line. Raises `InputError` for a document that is no YAML, and for a change that
would not read back as it was meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from modconsole.errors import InputError
from modconsole.policy.model import FIELDS, STATUSES, Field, Status
from modconsole.policy.notes import Notes
from modconsole.policy.rule_doc import slug
from modconsole.policy.yaml_nodes import Items, Node, Pairs, Text, documents, read

Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"] | None
"""What `dump` writes. A key whose value is None is left out."""

_PLAIN = re.compile(r"[^\W\d_](?:[\w .()/+<=…'-]*[\w)+…])?|\d(?:[\w .-]*\w)?")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "~", "y", "n"))
_DOUBLE = re.compile(
    r"""["\\\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]"""
)
_SPECIAL: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WIDEST: Final = 100
"""Columns that a list in brackets may fill."""
_ORDER: Final = ("name", "id")


def with_example(source: str, text: str, hit: bool, field: Field = "body", given: Sequence[str] = ()) -> str:
    """The document with one more test, at the end of its `tests`."""
    root = _root(source)
    wanted: dict[str, Value] = {"hit" if hit else "miss": text}
    if field != "body":
        if field not in FIELDS:
            raise InputError(f"{field!r} is no field.", hint=f"Known: {', '.join(FIELDS)}.")
        wanted["in"] = field
    if given:
        wanted["given"] = list(given)
    if "tests" in root.pairs:
        key, node = root.pairs["tests"]
        if isinstance(node, Items):
            return _checked(_added(source, root, node, wanted))
        if not isinstance(node, Text) or not node.nothing:
            raise InputError("`tests` is no list.", hint="Correct the document first.")
        if root.flow:
            return _checked(_put(source, node.start, node.end, f"[{flow(wanted)}]", key))
        ends = _line_end(source)
        at = _after_line(source, key.end)
        return _checked(_lines_in(source, at, f"  - {flow_or_block(wanted)}".replace("\n", ends)))
    return _checked(_appended(source, root, "tests", [wanted]))


def with_status(source: str, status: Status) -> str:
    """The document with another status."""
    if status not in STATUSES:
        raise InputError(f"{status!r} is no status.", hint=f"Known: {', '.join(STATUSES)}.")
    return with_value(source, "status", status)


def with_value(source: str, key: str, value: str | int | bool) -> str:
    """The document with another value for a key that holds one text, number or truth; a key that is not there is put in."""
    root = _root(source)
    if key not in root.pairs:
        for before in _ORDER:
            if before in root.pairs and not root.flow:
                node = root.pairs[before][1]
                at = _after_line(source, _end(source, node))
                return _checked(_lines_in(source, at, f"{' ' * (root.column - 1)}{key}: {scalar(value)}"))
        return _checked(_appended(source, root, key, value))
    key_node, node = root.pairs[key]
    if not isinstance(node, Text) or node.style in ("|", ">"):
        raise InputError(f"`{key}` is no text on one line.", hint="Change it in the file.")
    return _checked(_put(source, node.start, node.end, scalar(value, inside=root.flow), key_node))


def replaced(file: str, line: int, source: str, text: str) -> str:
    """The text of a whole file with another document in the place of the one that begins in a line and reads `source`.
    Raises `InputError` where it no longer stands there."""
    for document in documents(file):
        if document.line == line and document.text == source:
            end = document.start + len(document.text)
            last = file[end : end + 3] in ("---", "...")
            gap = _line_end(file) if last and text and not text.endswith(("\n", "\r")) else ""
            return f"{file[: document.start]}{text}{gap}{file[end:]}"
    raise InputError("The document no longer stands where it was.", hint="Read the file again.")


def new_rule(
    rule_id: str,
    name: str = "",
    *,
    words: Sequence[str] = (),
    action: str = "flag",
    owner: str = "",
    why: str = "",
    line_end: str = "\n",
) -> str:
    """A draft to begin with. Without words, it looks for one that has to be replaced: its own id."""
    found: dict[str, Value] = {
        "id": rule_id,
        "name": name or None,
        "status": "draft",
        "owner": owner or None,
        "why": why or None,
        "select": {"words": {"body (word)": list(words) or [slug(rule_id) or "word"]}},
        "do": [action],
    }
    return dump(found).replace("\n", line_end)


def dump(rule: Mapping[str, Value], *, remarks: Sequence[str] = ()) -> str:
    """The text of a document: `remarks` as lines with # on top, then the keys in their order. Reads back as what was given."""
    lines = [f"# {line}".rstrip() for remark in remarks for line in remark.splitlines() or [""]]
    lines += _block(rule, 0)
    return "\n".join(lines) + "\n"


def scalar(value: str | int | float | bool, *, inside: bool = False) -> str:
    """One text as YAML: plain where that is surely read as the same, in single quotes where it is on one line, else in double
    quotes. `inside` brackets or braces more has to be quoted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS and not (inside and "," in value):
        return value
    if not _DOUBLE.search(value.replace('"', "").replace("\\", "")):
        return "'" + value.replace("'", "''") + "'"
    return '"' + _DOUBLE.sub(_escaped, value) + '"'


def _escaped(match: re.Match[str]) -> str:
    letter = match.group()
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    return f"\\x{ord(letter):02x}" if ord(letter) < 256 else f"\\u{ord(letter):04x}"


def flow(value: Value) -> str:
    """A value on one line, with brackets and braces."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key, inside=True)}: {flow(part)}" for key, part in _kept(value)) + "}"
    if isinstance(value, str | int | float):
        return scalar(value, inside=True)
    return "[" + ", ".join(flow(part) for part in value or ()) + "]"


def flow_or_block(value: Mapping[str, Value]) -> str:
    """A mapping as an item of a list in block style: one key stands without braces."""
    if len(value) == 1:
        ((key, part),) = value.items()
        if isinstance(part, str | int | float):
            return f"{scalar(key)}: {scalar(part)}"
    return flow(value)


def _kept(value: Mapping[str, Value]) -> list[tuple[str, Value]]:
    return [(key, part) for key, part in value.items() if part is not None]


def _block(value: Mapping[str, Value], indent: int, *, item: bool = False) -> list[str]:
    """The lines of a mapping. In an `item` of a list a short mapping stands in braces."""
    lines = []
    space = " " * indent
    for key, part in _kept(value):
        start = f"{space}{scalar(key)}:"
        if isinstance(part, str) and _literal(part):
            sign = "|" if part.endswith("\n") else "|-"
            lines.append(f"{start} {sign}")
            lines += [f"{space}  {line}" if line else "" for line in part.removesuffix("\n").split("\n")]
        elif isinstance(part, str | int | float):
            lines.append(f"{start} {scalar(part)}")
        elif isinstance(part, Mapping) and (not _kept(part) or (item and _short(part))):
            lines.append(f"{start} {flow(part)}")
        elif isinstance(part, Mapping):
            lines.append(start)
            lines += _block(part, indent + 2)
        else:
            lines += _list(start, list(part or ()), indent)
    return lines


def _list(start: str, parts: list[Value], indent: int) -> list[str]:
    short = f"{start} {flow(parts)}"
    if len(short) <= _WIDEST and not any(isinstance(part, Mapping) for part in parts):
        return [short]
    lines = [start]
    space = " " * (indent + 2)
    for part in parts:
        if isinstance(part, Mapping):
            inner = _block(part, indent + 4, item=True)
            lines.append(f"{space}- {inner[0].lstrip(' ')}" if inner else f"{space}- {{}}")
            lines += inner[1:]
        else:
            lines.append(f"{space}- {flow(part) if not isinstance(part, str | int | float) else scalar(part)}")
    return lines


def _short(value: Mapping[str, Value]) -> bool:
    return len(flow(value)) <= _WIDEST // 2 and all(isinstance(part, str | int | float) for part in value.values())


def _literal(text: str) -> bool:
    """Whether a text of several lines can stand as it is in a literal block."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and not text.endswith("\n\n")
        and not lines[0].startswith((" ", "\t"))
        and bool(lines[0])
        and all(line == line.rstrip() for line in lines)
        and not _DOUBLE.search(text.replace("\n", "").replace('"', "").replace("\\", ""))
    )


def _root(source: str) -> Pairs:
    notes = Notes("")
    root = read(source, notes)
    if isinstance(root, Pairs) and not notes.wrong:
        return root
    problems = notes.problems()
    words = f"Line {problems[0].line}: {problems[0].words}" if problems else "It is no mapping of keys to values."
    raise InputError(f"The document cannot be changed. {words}", hint=problems[0].hint if problems else "")


def _checked(text: str) -> str:
    _root(text)
    return text


def _line_end(source: str) -> str:
    match = re.search(r"\r\n?|\n", source)
    return match.group() if match else "\n"


def _end(source: str, node: Node) -> int:
    """The position after the last character of a node that is neither space nor line break: a text in a block ends before the
    blank lines that follow it."""
    return len(source[: node.end].rstrip(" \t\r\n")) if node.end > node.start else node.end


def _after_line(source: str, at: int) -> int:
    """The position after the end of the line that a position is in."""
    match = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)").match(source, at)
    return match.end() if match else len(source)


def _lines_in(source: str, at: int, text: str) -> str:
    """Lines put in at the beginning of a line, or at the end of a text that may have no line end."""
    ends = _line_end(source)
    before, after = source[:at], source[at:]
    if before and not before.endswith(("\n", "\r")):
        return f"{before}{ends}{text}{after}"
    return f"{before}{text}{ends}{after}"


def _put(source: str, start: int, end: int, text: str, key: Text) -> str:
    """A value replaced; one that was not there comes after the colon of its key."""
    if start == end:
        colon = source.index(":", key.end) + 1
        return f"{source[:colon]} {text}{source[colon:]}"
    return f"{source[:start]}{text}{source[end:]}"


def _added(source: str, root: Pairs, node: Items, wanted: Mapping[str, Value]) -> str:
    if node.flow:
        last = node.nodes[-1] if node.nodes else None
        if last is None:
            return f"{source[: node.start + 1]}{flow(wanted)}{source[node.start + 1 :]}"
        at = _end(source, last)
        return f"{source[:at]}, {flow(wanted)}{source[at:]}"
    at = _after_line(source, _end(source, node.nodes[-1]))
    start = node.nodes[-1].start
    line = max(source.rfind("\n", 0, start), source.rfind("\r", 0, start)) + 1
    dash = source.find("-", line)
    space = source[line:dash] if dash >= 0 and not source[line:dash].strip() else " " * (node.column - 1)
    return _lines_in(source, at, f"{space}- {flow_or_block(wanted)}")


def _appended(source: str, root: Pairs, key: str, value: Value) -> str:
    if root.flow:
        at = _end(source, list(root.pairs.values())[-1][1]) if root.pairs else root.start + 1
        comma = ", " if root.pairs else ""
        return f"{source[:at]}{comma}{key}: {flow(value)}{source[at:]}"
    last = max(_end(source, node) for pair in root.pairs.values() for node in pair)
    at = _after_line(source, last)
    space = " " * (root.column - 1)
    lines = [f"{space}{line}" for line in _block({key: value}, 0)]
    return _lines_in(source, at, _line_end(source).join(lines))
