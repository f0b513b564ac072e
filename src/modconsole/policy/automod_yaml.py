"""AutoModerator's configuration as Reddit's parser reads it: sections, and in each the values of YAML 1.1.

A configuration is one text, in which lines that begin with `---` separate the rules; each section is parsed by itself. Reddit
reads YAML 1.1, in which an unquoted `yes` is true, `010` is eight, `12:30` is 750 and `1e3` is a text; and of a key that stands
twice the last one counts. Both are kept here, because that is what the rule did, and both are told of, because it is seldom
what was meant.

A section that is no YAML is told of with its place, and the others are read. (Reddit refuses the whole configuration.)
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_CUT = re.compile(r"^---", re.MULTILINE)
_COMMENT = re.compile(r"[ \t]*#")
_BARE_COMPARISON = re.compile(r":\s*>=?\s*-?\d")
_MERGE = "<<"
_DEPTH = 40
"""How deep a section may be nested; what is deeper is no rule, and would end in Python's own limit."""
_MOST = 100_000
"""Values of one section, aliases put in: a few lines of them can stand for millions."""


class Value(Struct, frozen=True):
    """A value with its place: None, True or False, a number, a text, a list of values, or a mapping. `line` counts from 1 in the
    whole configuration."""

    data: bool | int | float | str | tuple[Value, ...] | Mapped | None
    line: int
    plain: str = ""
    """Of a value without quotes: as it is written."""

    def text(self) -> str:
        """The value as a text, as a search looks for it: AutoModerator makes texts of all of them."""
        if isinstance(self.data, str):
            return self.data
        if isinstance(self.data, float):
            # Python 2 wrote twelve digits of a float
            short = f"{self.data:.12g}"
            return short if re.search(r"[.en]", short) else f"{short}.0"
        return str(self.data) if isinstance(self.data, bool | int | None) else ""

    def items(self) -> tuple[Value, ...]:
        """The values of a list; of anything else, that alone."""
        return self.data if isinstance(self.data, tuple) else (self,)


class Key(Struct, frozen=True):
    """A key with its place, and its value."""

    name: str
    line: int
    value: Value


class Mapped(Struct, frozen=True):
    """A mapping in the order of the file. Of keys that stand twice only the last is in `keys`."""

    keys: tuple[Key, ...]
    twice: tuple[tuple[str, int], ...] = ()
    """Keys that stand more than once, with the line of an occurrence that does not count."""

    def get(self, name: str) -> Value | None:
        """The value of a key; None where it is not there."""
        return next((key.value for key in self.keys if key.name == name), None)


class Section(Struct, frozen=True, kw_only=True):
    """One section of a configuration."""

    position: int
    """Counts from 1, those without a rule included."""
    line: int
    """Where it begins."""
    text: str
    comments: tuple[str, ...] = ()
    """The comment lines above its first key, without their signs."""
    mapping: Mapped | None = None
    """None where it holds no mapping: Reddit passes over those."""
    empty: bool = False
    """Whether it holds nothing but white space and comments."""
    fault: str = ""
    """Why it could not be parsed, in one sentence."""
    fault_line: int = 0
    fault_column: int = 0
    fault_hint: str = ""


def sections(text: str) -> Iterator[Section]:
    """The sections of a configuration, one after the other."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    start = line = 0
    position = 0
    for end in [*(cut.start() for cut in _CUT.finditer(text)), len(text)]:
        part = text[start:end]
        if start or part.strip():
            position += 1
            # a fence of more than three hyphens is a fence; Reddit takes the rest of it for a part of the rule
            yield _section(part.lstrip("-") if start else part, position, line)
        line += part.count("\n")
        start = min(end + 3, len(text)) if end < len(text) else end


def _section(part: str, position: int, line: int) -> Section:
    lead = len(part) - len(part.lstrip("\n"))
    found = Section(
        position=position,
        line=line + lead + 1,
        text=part.strip("\n"),
        comments=tuple(_comments(part)),
    )
    try:
        node = _composed(part)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at, column = (mark.line, mark.column + 1) if mark is not None else (lead, 1)
        lines = part.splitlines()
        words, hint = _explained(
            error.problem or error.context or "it is no YAML", lines[at] if at < len(lines) else ""
        )
        return replace(found, fault=words, fault_line=line + at + 1, fault_column=column, fault_hint=hint)
    except (YAMLError, ValueError) as error:
        return replace(found, fault=_sentence(str(error).splitlines()[0]), fault_line=found.line, fault_column=1)
    except (RecursionError, IndexError, OverflowError, AttributeError, TypeError, AssertionError):
        # what ruamel's scanner raises on nonsense besides its own errors, as chr() of an escape beyond Unicode
        return replace(found, fault="This is no YAML.", fault_line=found.line, fault_column=1)
    if isinstance(node, MappingNode):
        return replace(found, mapping=_mapped(node, line))
    return replace(found, empty=node is None)


def _composed(part: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    yaml.allow_duplicate_keys = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        node: Node | None = yaml.compose(part)
    if node is not None:
        _measure(node)
    return node


def _measure(root: Node) -> None:
    """Refuse what is nested too deep, and what becomes too large when its aliases are put in. Raises `ValueError`."""
    count = 0
    left = [(root, 0)]
    while left:
        node, depth = left.pop()
        count += 1
        if depth > _DEPTH:
            raise ValueError(f"it is nested more than {_DEPTH} levels deep")
        if count > _MOST:
            raise ValueError(f"it has more than {_MOST:,} values")
        if isinstance(node, SequenceNode):
            left += [(each, depth + 1) for each in node.value]
        elif isinstance(node, MappingNode):
            left += [(each, depth + 1) for pair in node.value for each in pair]


def _comments(part: str) -> Iterator[str]:
    for line in part.splitlines():
        if _COMMENT.match(line):
            words = line.strip().strip("#").strip(" \t#-=*_~+|<>")
            if words:
                yield words
        elif line.strip():
            return


def _explained(problem: str, line: str) -> tuple[str, str]:
    """What the parser says, as a sentence, and what to do about it where the usual slips of the hand are seen."""
    hint = ""
    if _BARE_COMPARISON.search(line):
        hint = "Put quotes around it: `'> 5'`. Without them `>` begins a text of several lines."
    elif "“" in line or "”" in line or "‘" in line or "’" in line:
        hint = "There are curly quotes on the line: only straight ones, ' and \", are quotes."
    elif "escape character" in problem:
        hint = "Use single quotes around expressions: within double quotes each backslash has to be doubled."
    elif "\t" in line:
        hint = "There is a tab on the line: indent with spaces."
    elif line.count("'") % 2:
        hint = "A single quote within single quotes is written twice."
    elif "cannot start any token" in problem:
        hint = "Put quotes around the text."
    return _sentence(problem), hint


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


# -- values ----------------------------------------------------------------------------------------------------------------


def _mapped(node: MappingNode, line: int) -> Mapped:
    found: dict[str, Key] = {}
    merged: dict[str, Key] = {}
    twice: list[tuple[str, int]] = []
    for key_node, value_node in node.value:
        name = _value(key_node, line).text() or str(key_node.value)
        at = line + key_node.start_mark.line + 1
        value = _value(value_node, line)
        if name == _MERGE and isinstance(key_node, ScalarNode) and key_node.style is None:
            for each in value.items():
                if isinstance(each.data, Mapped):
                    merged = {key.name: key for key in each.data.keys} | merged
            continue
        if name in found:
            # the last one counts, at the place of the first: so a dictionary of Python has it
            twice.append((name, found[name].line))
        found[name] = Key(name, at, value)
    return Mapped(tuple((merged | found).values()), tuple(twice))


def _value(node: Node, line: int) -> Value:
    at = line + node.start_mark.line + 1
    if isinstance(node, MappingNode):
        return Value(_mapped(node, line), at)
    if isinstance(node, SequenceNode):
        return Value(tuple(_value(each, line) for each in node.value), at)
    written: str = node.value
    if not isinstance(node, ScalarNode) or node.style is not None:
        return Value(written, at)
    return Value(scalar(written), at, written)


_BOOLS = {
    word: value
    for words, value in ((("yes", "true", "on"), True), (("no", "false", "off"), False))
    for plain in words
    for word in (plain, plain.capitalize(), plain.upper())
}
_NULLS = ("", "~", "null", "Null", "NULL")
_BINARY = re.compile(r"[-+]?0b[0-1_]+")
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_HEX = re.compile(r"[-+]?0x[0-9a-fA-F_]+")
_SIXTY = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+")
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9_]+(?:[eE][-+][0-9]+)?")
_LONGEST = 1_000
"""Characters of a number; Python itself refuses to spell out one of more than 4,300 digits."""


def scalar(written: str) -> bool | int | float | str | None:
    """What YAML 1.1 takes an unquoted word for (yaml.org/type, as Python's parsers of it have it; an exponent needs its sign).

    Days are texts here: AutoModerator looks for the text of a day, which is the same. So are infinity and what is no number.
    """
    if written in _NULLS:
        return None
    if written in _BOOLS:
        return _BOOLS[written]
    digits = written.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    bare = digits.lstrip("+-")
    if not bare or len(bare) > _LONGEST:
        return written
    for form, base, skipped in ((_BINARY, 2, 2), (_HEX, 16, 2), (_OCTAL, 8, 0), (_DECIMAL, 10, 0)):
        if form.fullmatch(written) and len(bare) > skipped:
            return sign * int(bare[skipped:], base)
    if _SIXTY.fullmatch(written):
        return sign * _sixty([int(part) for part in bare.split(":")])
    if _FLOAT.fullmatch(written) and bare != ".":
        return float(digits)
    return written


def _sixty(parts: list[int]) -> int:
    total = 0
    for part in parts:
        total = total * 60 + part
    return total


__all__ = ["Key", "Mapped", "Section", "Value", "scalar", "sections"]
