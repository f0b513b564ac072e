"""YAML text → nodes that know where they stand: the only place that touches the YAML library.

Only what a rule file needs is taken: mappings with text as keys, lists, and text. Aliases, anchors and tags are refused, so
that a small file cannot become a large one; so is what is nested deeper than any rule. Plain text stays as it is written:
`no`, `1.0` and `2027-01-01` are words here, and whoever expects a number reads one. That is why no YAML 1.1 surprise is left.

ruamel.yaml's parser gives events with their places; building nodes from them here costs half of its composer and lets the
reader refuse before it has built anything. Its scanner knows line breaks that YAML 1.2 has no more (U+0085, U+2028, U+2029)
and can lose its way at them: they are refused before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from modconsole.policy.notes import Notes, Spot
from modconsole.policy.yaml_errors import syntax

DEEPEST: Final = 20
"""Levels of nesting. A rule needs six."""
LONGEST: Final = 131_072
"""Characters of one document."""
_BAD = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile(r"\r\n?|\n")
_EDGE = re.compile(r"(?:(?<=[\n\r])|\A)(?P<edge>---|\.\.\.)(?=[ \t\n\r]|\Z)")
_DIRECTIVE = re.compile(r"(?:(?<=[\n\r])|\A)%[^\n\r]*")
_NOTHING = frozenset(("", "~", "null", "Null", "NULL"))


class Node(Struct):
    """Something in a document. `start` and `end` are its first character and the one after its last within the document; of a
    list or mapping in block style the end is that of its last part."""

    line: int
    column: int
    start: int
    end: int


class Text(Node):
    """Text, as everything is that is neither list nor mapping. `style` is its quotes, `|` or `>`, or empty where it is plain."""

    text: str
    style: str

    @property
    def nothing(self) -> bool:
        """Whether nothing was written there, or that it is nothing."""
        return not self.style and self.text in _NOTHING


class Items(Node):
    """A list; `flow` where it is written in brackets."""

    nodes: list[Node]
    flow: bool


class Pairs(Node):
    """A mapping; `flow` where it is written in braces."""

    pairs: dict[str, tuple[Text, Node]]
    """By the text of the key: key and value, in the order of the file."""
    flow: bool


class Document(Struct, frozen=True):
    """One document of a file: its text as it stands there, and where it begins."""

    text: str
    start: int
    line: int


def documents(text: str) -> Iterator[Document]:
    """The documents of a file, divided at `---` and `...` before anything is parsed: so an error in one cannot reach another.
    Those that hold nothing but remarks are left out. What stands behind `---` on its line belongs to the document."""
    edges = [*_EDGE.finditer(text)]
    starts = [0, *(match.end() if _rest(text, match.end()) else _next_line(text, match.end()) for match in edges)]
    ends = [*(match.start() for match in edges), len(text)]
    line, counted = 1, 0
    for start, end in zip(starts, ends, strict=True):
        line += lines(text, counted, start)
        counted = max(start, counted)
        part = text[start:end]
        if not _remarks(part) or _DIRECTIVE.search(part):
            yield Document(part, start, line)


def lines(text: str, start: int, end: int) -> int:
    """How many line breaks there are between two positions; CRLF is one."""
    return sum(1 for _ in _BREAK.finditer(text, start, end)) if end > start else 0


def spot(text: str, at: int, first: int = 1) -> Spot:
    """Line and column of a position in a text whose first line has the given number."""
    breaks = [*_BREAK.finditer(text, 0, at)]
    return Spot(first + len(breaks), at - (breaks[-1].end() if breaks else 0) + 1)


def read(text: str, notes: Notes) -> Node | None:
    """The node of one document. None where it cannot be read; why has been noted."""
    if len(text) > LONGEST:
        notes.say("long document", None, most=LONGEST // 1024)
        return None
    bad = _BAD.search(text)
    if bad:
        notes.say("bad character", spot(text, bad.start(), notes.line), code=f"U+{ord(bad.group()):04X}")
        return None
    directive = _DIRECTIVE.search(text)
    if directive and _remarks(text[: directive.start()]):
        notes.say("directive", spot(text, directive.start(), notes.line))
        text = text[: directive.start()] + " " * len(directive.group()) + text[directive.end() :]
        if _remarks(text):
            return None
    try:
        return _Builder(text, notes).build()
    except _Refused:
        return None
    except MarkedYAMLError as error:
        syntax(error, text, notes)
    except (YAMLError, ValueError, IndexError, OverflowError, AttributeError, TypeError, AssertionError):
        # what its scanner raises on nonsense besides errors of its own, as chr() of an escape beyond Unicode
        notes.say("no yaml", None)
    return None


class _Refused(Exception):
    """The document is given up; why has been noted."""


class _Builder:
    """Nodes from the parser's events, with a stack of its own, so that no depth of nesting can overflow anything."""

    def __init__(self, text: str, notes: Notes) -> None:
        self._text = text
        self._notes = notes
        self._stack: list[Items | Pairs] = []
        self._keys: list[Node | None] = []
        """For each mapping that is open: the key that waits for its value."""
        self._root: Node | None = None

    def build(self) -> Node | None:
        for event in YAML(typ="safe", pure=True).parse(self._text):
            if isinstance(event, ScalarEvent):
                self._check(event)
                self._add(self._scalar(event))
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                self._check(event)
                self._open(event)
            elif isinstance(event, CollectionEndEvent):
                self._close(event)
            elif isinstance(event, AliasEvent):
                self._refuse("alias", event)
        if self._root is None:
            self._notes.say("no mapping", None)
        return self._root

    def _place(self, event: Any) -> tuple[int, int, int, int]:
        mark = event.start_mark
        return self._notes.line + mark.line, mark.column + 1, mark.index, event.end_mark.index

    def _refuse(self, saying: str, event: Any, **values: Any) -> None:
        line, column, _, _ = self._place(event)
        self._notes.say(saying, Spot(line, column), **values)
        raise _Refused

    def _check(self, event: NodeEvent) -> None:
        if event.anchor is not None:
            self._refuse("anchor", event)
        if getattr(event, "tag", None) is not None:
            self._refuse("yaml tag", event)

    def _scalar(self, event: ScalarEvent) -> Text:
        style = event.style or ""
        text = event.value
        if not text.isascii():
            text = self._paired(event, text)
        line, column, start, end = self._place(event)
        return Text(line, column, start, end, text, style)

    def _paired(self, event: ScalarEvent, text: str) -> str:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
        try:  # as JSON writes what is beyond U+FFFF: "\ud83d\ude00"
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._refuse("surrogate", event)
        raise _Refused

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        if len(self._stack) >= DEEPEST:
            self._refuse("deep", event, most=DEEPEST)
        line, column, start, end = self._place(event)
        node: Items | Pairs
        if isinstance(event, MappingStartEvent):
            node = Pairs(line, column, start, end, {}, bool(event.flow_style))
        else:
            node = Items(line, column, start, end, [], bool(event.flow_style))
        self._stack.append(node)
        self._keys.append(None)

    def _close(self, event: Any) -> None:
        node = self._stack.pop()
        self._keys.pop()
        if node.flow:
            node.end = event.end_mark.index
        elif isinstance(node, Pairs):
            node.end = max([node.end, *(value.end for _, value in node.pairs.values())])
        else:
            node.end = max([node.end, *(child.end for child in node.nodes)])
        self._add(node)

    def _add(self, node: Node) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        if isinstance(parent, Items):
            parent.nodes.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = node
            return
        self._keys[-1] = None
        if not isinstance(key, Text):
            self._notes.say("key no text", key)
            return
        before = parent.pairs.get(key.text)
        if before is not None:
            self._notes.say("key twice", key, key=key.text, before=before[0].line)
            return
        parent.pairs[key.text] = (key, node)


def _remarks(text: str) -> bool:
    """Whether there is nothing but blank lines, remarks and directives."""
    return all(line.strip("\ufeff \t")[:1] in ("", "#", "%") for line in _BREAK.split(text))


def _rest(text: str, at: int) -> bool:
    """Whether something stands between here and the end of the line."""
    match = re.compile(r"[ \t]*([^ \t\n\r]?)").match(text, at)
    return bool(match and match[1])


def _next_line(text: str, at: int) -> int:
    match = _BREAK.search(text, at)
    return match.end() if match else len(text)
