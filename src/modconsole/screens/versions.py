"""What the edits of a message changed: its versions, newest first, each with the words that went and came.

Colour alone says nothing: what went stands between `[-` and `-]`, what came between `{+` and `+}`, as wdiff writes it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult

from modconsole.desk.edits import Versions, versions
from modconsole.domain.difference import changes
from modconsole.domain.likeness import differ
from modconsole.domain.safetext import EMPTY, Safe, block, cut, fill, join, line, literal, wrap
from modconsole.screens.base import Base, bindings
from modconsole.screens.wording import clock
from modconsole.widgets.plain import Piece
from modconsole.widgets.thread import Drawn, ThreadView

_MARKS = {
    "same": (EMPTY, EMPTY, ""),
    "gone": (literal("[-"), literal("-]"), "struck"),
    "new": (literal("{+"), literal("+}"), "under"),
}
MOST = 20_000
"""Characters of a version that are compared and shown."""


@dataclass(frozen=True)
class Version:
    """One version: since when, and the pieces between it and the one before; the first has its text alone."""

    number: int
    since: int
    substantive: bool
    pieces: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class History:
    """The versions newest first, for `ThreadView`; compared when they come onto the screen."""

    held: Versions

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.held.texts)

    def key(self, index: int) -> Hashable:
        """Counted from the oldest one, so that a new edit renames none."""
        return self.count - index

    def find(self, key: Hashable, near: int) -> int | None:
        """Where that version is now."""
        index = self.count - key if isinstance(key, int) else -1
        return index if 0 <= index < self.count else None

    def read(self, start: int, stop: int) -> Sequence[Version]:
        """Some versions, each compared with the one before it."""
        return [self._version(self.count - 1 - index) for index in range(start, min(stop, self.count))]

    def _version(self, at: int) -> Version:
        since, text = self.held.texts[at]
        text = text[:MOST]
        if not at:
            return Version(1, since, False, (("same", text),))
        before = self.held.texts[at - 1][1][:MOST]
        return Version(at + 1, since, differ(before, text), tuple(changes(before, text)))


class VersionsScreen(Base):
    """The versions of one message."""

    PLACE = "versions"
    BINDINGS = bindings("versions")

    def __init__(self, source: str, message: str, author: Safe) -> None:
        super().__init__()
        self._source_id, self._message, self._author = source, message, author
        self.view: ThreadView[Version] = ThreadView(self._draw, id="versions", empty=literal("It has not been edited."))

    def body(self) -> ComposeResult:
        """The versions."""
        yield self.view

    def heading(self) -> Sequence[Piece]:
        """Whose message."""
        return [(literal("Edits of a message by "), ""), (cut(self._author, 40), "strong")]

    def on_mount(self) -> None:
        """Read them."""
        self.view.focus()
        self.changed()

    def changed(self) -> None:
        """There may be another edit."""
        self.work(
            lambda: versions(self.desk, self._source_id, self._message), lambda held: self.view.use(History(held))
        )

    def _draw(self, version: Version, width: int) -> Drawn:
        return draw(version, width, self.desk.now())


def draw(version: Version, width: int, now: int) -> Drawn:
    """A version: a head, then its text with what went and came."""
    if version.number == 1:
        said = literal("as it was first")
    elif version.substantive:
        said = literal("it says something else than before")
    else:
        said = literal("a small change: it says the same as before")
    head: list[Piece] = [
        (fill("{}  ", clock(version.since, now)), "strong"),
        (fill("version {} \u00b7 {}", line(str(version.number)), said), "dim"),
    ]
    return Drawn([head, *_flow(version.pieces, width - 2), []])


def _flow(pieces: Sequence[tuple[str, str]], width: int) -> list[list[Piece]]:
    """Pieces with styles as lines: wrapped as one text, so that words break where they would in the text itself."""
    marked: list[tuple[Safe, str]] = []
    for kind, text in pieces:
        before, after, style = _MARKS[kind]
        marked.append((fill("{}{}{}", before, block(text, MOST), after), style))
    whole = join([text for text, _ in marked])
    lines: list[list[Piece]] = []
    at = piece = begin = 0
    for each in wrap(whole, max(10, width)):
        at = whole.index(each, at)  # between two lines nothing was dropped but white space
        end = at + len(each)
        out: list[Piece] = [(literal("  "), "")]
        while piece < len(marked) and begin < end:
            text, style = marked[piece]
            inside = text[max(0, at - begin) : end - begin]
            if inside:
                out.append((block(inside), style))
            if begin + len(text) > end:
                break
            begin += len(text)
            piece += 1
        lines.append(out)
        at = end
    return lines
