"""What is to be known of a rule's text while it is written: signs beside its lines, and a sentence or two below it.

Pure: what was read of the text goes in, gated text comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from modconsole.domain.safetext import EMPTY, Safe, fill, join, line, literal
from modconsole.screens.rule_words import problem_words
from modconsole.screens.wording import SPACE, many

if TYPE_CHECKING:
    from modconsole.desk.rule_texts import Checked, Problem, Tried

EXAMPLES: Final = (literal("example does"), literal("examples do"))

Said = tuple[Safe, str, Safe]
"""What is said, its style, and what stands behind it where there is room."""

_OK, _NOT_OK, _WRONG, _NOTE = literal("\u2713"), literal("\u2717"), literal("!"), literal("?")


def signs(checked: Checked) -> dict[int, Safe]:
    """The signs of the lines that have one: what is wrong before what is to be known, that before examples."""
    found = {each.line: _OK if each.ok else _NOT_OK for each in checked.tried if each.line}
    found |= {each.line: _NOTE for each in checked.problems if each.warning}
    return found | {each.line: _WRONG for each in checked.problems if not each.warning}


def places(checked: Checked) -> list[tuple[int, int]]:
    """Lines and columns that somebody should look at, in order."""
    return sorted(
        {(each.line, each.column) for each in checked.problems}
        | {(each.line, 1) for each in checked.tried if not each.ok and each.line}
    )


def about(checked: Checked, at: int) -> list[Said]:
    """What is to be said of the line of the cursor; else the first thing that is wrong; else that nothing is."""
    return _about_line(checked, at) or _about_all(checked)


def _about_line(checked: Checked, at: int) -> list[Said]:
    told: list[Said] = [
        (problem_words(each, where=False), "" if each.warning else "warning", EMPTY)
        for each in sorted(checked.problems, key=lambda each: each.warning)
        if each.line == at
    ]
    for each in checked.tried:
        if each.line == at:
            sign = _OK if each.ok else _NOT_OK
            told.append((join([sign, _tried(each)], SPACE), "dim" if each.ok else "warning", EMPTY))
    return told


def _about_all(checked: Checked) -> list[Said]:
    wrong = [each for each in checked.problems if not each.warning]
    notes = [each for each in checked.problems if each.warning]
    failed = [each for each in checked.tried if not each.ok]
    if wrong:
        return [_first(wrong, len(wrong) + len(failed))]
    if failed:
        said = fill("\u2717 line {}: {}", failed[0].line, _tried(failed[0]))
        return [(said, "warning", fill("   ctrl+n \u00b7 {} of {} examples fail", len(failed), len(checked.tried)))]
    if checked.tried:
        said = fill("\u2713 it can be read \u00b7 {} as they should", many(len(checked.tried), *EXAMPLES))
    else:
        said = literal("\u2713 it can be read \u00b7 no examples yet: + and - at a hit make some")
    told: list[Said] = [(said, "dim", EMPTY)]
    return [*told, _first(notes, len(notes))] if notes else told


def _tried(each: Tried) -> Safe:
    """What came of an example."""
    wanted = literal("must hit") if each.hit else literal("must miss")
    return fill("{}: {}", wanted, line(each.why, 300))


def _first(problems: Sequence[Problem], count: int) -> Said:
    """The first of several, and how to come to it."""
    first = min(problems, key=lambda each: each.line)
    said = join([_NOTE if first.warning else _WRONG, problem_words(first)], SPACE)
    more = fill("   ctrl+n \u00b7 1 of {}", count) if count > 1 else literal("   ctrl+n")
    return said, "" if first.warning else "warning", more
