"""Questions about rules: going live with the evidence in sight, a file that changed meanwhile, what going back takes with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult

from modconsole.domain.safetext import Safe, cut, fill, fit, line, literal
from modconsole.screens.dialogs import Answer, Dialog, Menu
from modconsole.widgets.lines import Lines
from modconsole.widgets.plain import Piece, PlainLine

MOST: Final = 8
"""Lines of a difference that a dialog shows."""


class EvidenceDialog(Dialog[bool]):
    """Shall it act? Above the keys stands what it would have done. Filled when that is known; until then no key agrees."""

    def __init__(self, title: Safe, act: Safe) -> None:
        super().__init__(title)
        self._act = act
        self._lines = Lines()
        self.ready = False

    def question(self) -> ComposeResult:
        """The evidence."""
        yield self._lines

    def on_mount(self) -> None:
        """It is being gathered, unless that was quicker than the screen."""
        if self.ready:
            return
        self._lines.show([[(literal(" Trying it over all messages \u2026"), "accent")]])
        self.foot.show([(literal("esc leaves it as it is"), "dim")])

    def tell(self, lines: Sequence[Sequence[Piece]]) -> None:
        """Show the evidence; from now on `y` agrees."""
        self._lines.show(lines)
        self.ready = True
        self.foot.show(
            [
                (literal("y"), "accent"),
                (fill(" {}   ", self._act), "dim"),
                (literal("n"), "accent"),
                (literal(" leave it as it is"), "dim"),
            ]
        )

    def on_key(self, event: events.Key) -> None:
        """Yes or no; Enter is no answer, so that a key held too long agrees to nothing."""
        if event.character in ("y", "n") and self.ready:
            event.stop()
            self.dismiss(event.character == "y")


class ConflictDialog(Menu[str]):
    """The file was changed by somebody else while this text was written."""

    def __init__(self, path: str, mine: str, theirs: str) -> None:
        super().__init__(
            fill("{} has changed since you began", cut(line(path, 100), 50)),
            [
                Answer("1", literal("save mine over it"), "mine", literal("theirs stays in the versions")),
                Answer("2", literal("take the file as it is now"), "theirs", literal("ctrl+z brings mine back")),
            ],
            chosen=1,
        )
        self._difference = Lines()
        self._texts = mine, theirs

    def question(self) -> ComposeResult:
        """What differs, then the answers."""
        yield self._difference
        yield from super().question()

    def on_mount(self) -> None:
        """The lines that differ."""
        self._difference.show(difference(self._texts[1], self._texts[0])[:MOST])


def difference(old: str, new: str) -> list[list[Piece]]:
    """The lines that differ between two texts, with `-` and `+` before them."""
    from difflib import unified_diff

    told: list[list[Piece]] = []
    for each in list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0))[2:]:
        told.append(diff_line(each))
    return told


def diff_line(text: str) -> list[Piece]:
    """A line of a difference, whose first sign says what it is."""
    style = {"-": "struck", "+": "under", "@": "dim"}.get(text[:1], "")
    sign = {"-": literal(" - "), "+": literal(" + "), "@": literal(" @ ")}.get(text[:1], literal("   "))
    body = text.strip("@ ") if text.startswith("@") else text[1:]
    indent = len(body) - len(body.lstrip(" "))
    return [
        (sign, "strong" if style != "dim" else "dim"),
        (fit(literal(""), min(indent, 40)), ""),
        (line(body, 400), style),
    ]


class RollBackDialog(Menu[bool]):
    """An older text becomes the newest version: shall what was done since be taken back as well?"""

    def __init__(self, version: int, done: int, *, acts: bool) -> None:
        """`done` is how many acts stand that later versions did; `acts` whether the older version will act again."""
        answers = [Answer("1", literal("only the text"), False, literal("what was done stays as it is"))]
        if done:
            said = fill("the text, and take back {:,} acts done since", done)
            answers.append(Answer("2", said, True, literal("one by one; what cannot be taken back is told")))
        super().__init__(fill("Make version {} the newest one", version), answers)
        self._then = (
            literal("It acts again: it had been set live, and you may set rules live.")
            if acts
            else literal("It judges in the shadow then; l sets it live.")
        )

    def question(self) -> ComposeResult:
        """What the rule will do then, and the answers."""
        yield PlainLine([(self._then, "strong")])
        yield from super().question()
