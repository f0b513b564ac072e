"""How rules are told: what state one is in, what it does, what is wrong with it, where its words are in a text.

Pure: raw values in, gated text out; the time is an argument. Rule files may come from somebody else's hands, by git for example:
their words are strangers' words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from modconsole.domain.safetext import EMPTY, Safe, cells, cut, fill, join, line, literal
from modconsole.screens.wording import SPACE
from modconsole.widgets.plain import Piece

if TYPE_CHECKING:
    from modconsole.desk.rule_texts import Problem
    from modconsole.desk.ruling import RuleAct

STATES: Final[dict[str, tuple[Safe, str]]] = {
    "live": (literal("\u25cf live"), "accent"),
    "shadow": (literal("\u25d0 shadow"), ""),
    "draft": (literal("\u25cb draft"), "dim"),
    "paused": (literal("! paused"), "warning"),
    "unapproved": (literal("? unapproved"), "warning"),
    "expired": (literal("\u00d7 expired"), "dim"),
    "broken": (literal("! broken"), "warning"),
    "unsaved": (literal("\u270e not saved"), "accent"),
}
"""What a rule does now, in a sign and a word, and the style of that."""

ORDER: Final = {
    each: at
    for at, each in enumerate(("broken", "paused", "unapproved", "unsaved", "live", "shadow", "draft", "expired"))
}
"""The order of a list of rules: what somebody has to look at first."""

MEANS: Final[dict[str, Safe]] = {
    "live": literal("It judges every new message, and acts."),
    "shadow": literal("It judges and counts, and does nothing."),
    "draft": literal("It is written, and judges nothing. s lets it judge in the shadow."),
    "paused": literal("It was live, and does nothing until somebody sets it live again."),
    "unapproved": literal(
        "The file says live, but nobody with the right has set this version live: it runs as shadow."
    ),
    "expired": literal("Its time is over: it judges no more."),
    "broken": literal("Its file cannot be read as it stands."),
    "unsaved": literal("You began to write it, and have not saved it: it is kept as your draft."),
}

OPEN_MARK, CLOSE_MARK = literal("["), literal("]")
_CUT: Final = literal("\u2026")
_WIDE_GAP: Final = literal("  ")


def state_of(name: str) -> tuple[Safe, str]:
    """A state in a sign and a word, and its style."""
    return STATES.get(name) or (line(name, 20), "")


def problem_words(problem: Problem, *, where: bool = True) -> Safe:
    """`line 12: there is no key bdoy. Did you mean body?`"""
    parts = [line(problem.words, 300)]
    if problem.hint:
        parts.append(line(problem.hint, 200))
    said = join(parts, SPACE)
    return fill("line {}: {}", problem.line, said) if where else said


def share(part: int, whole: int) -> Safe:
    """`5/212 2 %`; a dash where there was nothing."""
    if not whole:
        return literal("\u2014")
    return fill("{:,}/{:,} {:.0f} %", part, whole, 100 * part / whole)


def cost(micros: float | None) -> Safe:
    """What judging one message costs: `8 µs`; empty where it is not known."""
    if not micros:
        return EMPTY
    return fill("{:.0f} \u00b5s", micros) if micros >= 1 else literal("<1 \u00b5s")


def seconds(span: float) -> Safe:
    """`0.19 s`, `12 s`."""
    return fill("{:.2f} s", span) if span < 10 else fill("{:.0f} s", span)


def snippet(text: str, spans: Sequence[tuple[int, int]], width: int, style: str = "") -> list[Piece]:
    """One line of a text around the first place that was found, in at most `width` cells; each place stands in brackets.

    `spans` are positions in the raw text. Without any, the text's beginning.
    """
    spans = _merged([(start, end) for start, end in spans if 0 <= start < end <= len(text)])
    if not spans:
        return [(cut(line(text, 2 * width + 20), width), style)]
    pieces: list[Piece] = []
    at = begin = max(0, spans[0][0] - _before(text, spans[0], width))
    for start, end in spans:
        pieces += _between(text[at:start], first=at == begin, style=style)
        words = line(text[start:end], 200) or literal("\ufffd")
        pieces += [(OPEN_MARK, "strong"), (words, "strong"), (CLOSE_MARK, "strong")]
        at = end
        if sum(cells(each) for each, _ in pieces) > width:
            break
    else:
        pieces += _between(text[at : at + 2 * width], first=False, style=style)
    if begin:
        pieces.insert(0, (_CUT, style))
    return pieces


def _before(text: str, span: tuple[int, int], width: int) -> int:
    """How many characters before the first place are shown, so that it is seen with some of what follows."""
    room = width - (span[1] - span[0]) - 2
    return max(0, min(room // 2, room - 10, 60))


def _between(text: str, *, first: bool, style: str) -> list[Piece]:
    """Text between two places, on one line; a space at an end stays one space."""
    said = line(text, 1_000)
    if not said:
        return [(SPACE, style)] if text and not first else []
    head = SPACE if text[:1].isspace() and not first else EMPTY
    tail = SPACE if text[-1:].isspace() else EMPTY
    return [(join([head, said, tail]), style)]


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def spoken(parts: Sequence[Safe]) -> Safe:
    """The parts that say something, with gaps between them."""
    return join([each for each in parts if each], _WIDE_GAP)


def by_whom(by: str) -> Safe:
    """Who did something: a person, or `rule no-ads v3` for what the journal spells `rule:no-ads@3`."""
    if not by.startswith("rule:"):
        return line(by, 60)
    ident, _, version = by[5:].rpartition("@")
    return fill("rule {} v{}", line(ident, 64), line(version, 12)) if ident else fill("rule {}", line(version, 64))


def spans_of(matches: Sequence[Mapping[str, Any]], field: str = "body") -> list[tuple[int, int]]:
    """Where matches are in one field of a message."""
    return [(each["start"], each["end"]) for each in matches if each.get("field", "body") == field]


def match_words(match: Mapping[str, Any]) -> Safe:
    """`words: [airdrop] in the body, written AIRDR0P (lookalike)`."""
    said = fill("{}: [{}]", line(str(match.get("selection", "")), 40), line(str(match.get("item", "")), 80))
    field = str(match.get("field", "body"))
    if field != "body":
        said = fill("{} in the {}", said, line(field, 20))
    written = line(str(match.get("words", "")), 80)
    if written and written != line(str(match.get("item", "")), 80):
        said = fill("{} stands there as \u201c{}\u201d", said, written)
    channel = line(str(match.get("channel", "")), 20)
    return fill("{} ({})", said, channel) if channel else said


def act_words(act: RuleAct) -> Safe:
    """What a rule did about a hit, and what became of that: `✓ hold`, `× hold taken back by bob`."""
    what = line(f"{act.action} {act.value}".strip(), 80)
    said = {
        "queued": fill("\u2192 {}", what),
        "done": fill("\u2713 {}", what),
        "accepted": fill("\u2713 {}", what),
        "noted": fill("\u2713 {}", what),
        "proposed": fill("? {} proposed", what),
        "declined": fill("\u00d7 {} declined", what),
        "superseded": fill("\u00b7 {} not needed", what),
        "undone": fill("\u00d7 {} taken back", what),
    }.get(act.state, what)
    return fill("{} by {}", said, line(act.decided_by, 40)) if act.decided_by else said


def done_words(acts: Sequence[RuleAct]) -> Safe:
    """All that was done about a hit."""
    return join([act_words(act) for act in acts], literal(", "))
