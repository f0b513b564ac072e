"""What the YAML library says about a document that it cannot read → what a moderator can do about it."""

from __future__ import annotations

import re
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

from modconsole.policy.notes import Notes, Spot

_KNOWN: Final[tuple[tuple[str, str], ...]] = (
    (r"found character '\\t'", "tab"),
    (r"found character '(?P<what>.)' that cannot start", "needs quotes"),
    (r"expected alphabetic or numeric", "needs quotes"),
    (r"mapping (?P<what>keys) are not allowed", "needs quotes"),
    (r"found unknown escape character '?(?P<what>.)", "escape"),
    (r"expected escape sequence", "escape digits"),
    (r"mapping values are not allowed", "second colon"),
    (r"found unexpected ':'", "second colon"),
    (r"could not find expected ':'", "no colon"),
    (r"found unexpected end of stream", "open quote"),
    (r"found unexpected document separator", "open quote"),
    (r"expected ',' or ']'", "open bracket"),
    (r"expected ',' or '}", "open brace"),
    (r"expected the node content", "open bracket"),
    (r"expected chomping or indentation|expected a comment or a line break|range 1-9", "block sign"),
    (r"sequence entries are not allowed", "dash"),
    (r"expected <block end>|expected '<document start>'", "indentation"),
)
_BLOCK_NUMBER = re.compile(r":[ \t]+(?P<said>[>|]=?[ \t]*\d[^#\n\r]*)")
_REMARK_IN_KEY = re.compile(r"[ \t]+#[^\s:]*[ \t]*:")
_TAB = re.compile(r"[ ]*\t")
WIDEST: Final = 1_000
"""Columns of a line that are looked at."""
_CURLY = re.compile("[“”„‟«»‘’‚‛]")


def syntax(error: MarkedYAMLError, text: str, notes: Notes) -> None:
    """Note where and why a document is no YAML, with the likeliest reason: the line itself often tells it better."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        notes.say("no yaml", None)
        return
    at = Spot(notes.line + mark.line, mark.column + 1)
    problem = str(error.problem or "")
    saying, what = next(
        (
            (saying, match.groupdict().get("what") or "")
            for pattern, saying in _KNOWN
            if (match := re.search(pattern, problem))
        ),
        ("no yaml", ""),
    )
    if saying == "needs quotes" and len(what) != 1:
        first = error.context_mark or mark
        at = Spot(notes.line + first.line, first.column + 1)
        what = text[first.index : first.index + 1]
    if saying in ("open quote", "no colon") and error.context_mark is not None:
        at = Spot(notes.line + error.context_mark.line, error.context_mark.column + 1)
    if saying in ("open bracket", "open brace") and error.context_mark is not None:
        start = error.context_mark
        notes.say(saying, at, line=notes.line + start.line, column=start.column + 1)
        return
    lines = re.split(r"\r\n?|\n", text)
    for number in dict.fromkeys(
        (mark.line, error.context_mark.line if error.context_mark else mark.line, mark.line - 1)
    ):
        if 0 <= number < len(lines) and _by_line(lines[number][:WIDEST], notes.line + number, saying, notes):
            return
    notes.say(saying, at, what=what)


def _by_line(line: str, number: int, saying: str, notes: Notes) -> bool:
    """Whether a line shows one of the usual slips, which then has been noted."""
    sign = _BLOCK_NUMBER.search(line)
    if sign and saying in ("block sign", "no colon", "indentation"):
        notes.say("folded", Spot(number, sign.start("said") + 1), said=sign["said"].strip())
        return True
    remark = _REMARK_IN_KEY.search(line)
    if remark and saying in ("no colon", "indentation", "second colon"):
        notes.say("remark in key", Spot(number, remark.start() + 1))
        return True
    if _TAB.match(line) and saying not in ("escape", "escape digits"):
        notes.say("tab", Spot(number, line.index("\t") + 1))
        return True
    curly = _CURLY.search(line)
    if curly and saying in ("second colon", "no colon", "open bracket", "indentation"):
        notes.say("curly quotes", Spot(number, curly.start() + 1))
        return True
    return False
