"""The gate for strangers' text holds, whatever comes."""

from __future__ import annotations

import copy
import pickle
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from modconsole.domain import _codepoints as codepoints
from modconsole.domain import safetext
from modconsole.domain.safetext import (
    Safe,
    block,
    cells,
    cut,
    fill,
    fit,
    for_file,
    for_terminal,
    hidden,
    join,
    line,
    literal,
    wrap,
)

NASTY = "\x00\x07\x08\t\n\x0b\x0c\r\x1b\x7f\x85\x9b\x9c\x9d\xa0\xad\u0301\u0308\u034f\u093e\u1100\u1161\u11a8"
NASTY += "\u200b\u200d\u202e\u2028\u2066"
NASTY += "\u3000\ud800\ufe0f\ufeff\U0001f1e9\U0001f3fd\U0001f469\U0001faf8\U0001f600\u65e5\u2630\U000e0041 ab[]"
texts = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.text(st.sampled_from(NASTY), max_size=60),
    st.text(
        st.one_of(st.characters(categories=("Mn", "Mc", "Me")), st.sampled_from("e\u0915\u65e5 \n\u200d")), max_size=30
    ),
)
FORBIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def offences(text: str, *, newline: bool) -> list[str]:
    """The characters of `text` that must never leave the gate."""
    bad = []
    for char in text:
        if newline and char == "\n":
            continue
        if (
            unicodedata.category(char) in FORBIDDEN_CATEGORIES
            or ord(char) in codepoints._UNSEEN
            or (char.isspace() and char != " ")
        ):
            bad.append(char)
    return bad


def longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if codepoints.is_mark(char) else 0
        longest = max(longest, run)
    return longest


@given(texts)
@example("e\u200d\u0301")
@example("\n\u0301")
@example("\u0915" + "\u093e" * 9)
def test_a_line_is_inert_and_going_through_twice_changes_nothing(text: str) -> None:
    """Nothing forbidden leaves `line`, and its result is a fixed point."""
    once = line(text)
    assert offences(once, newline=False) == []
    assert longest_run_of_marks(once) <= codepoints.MARKS
    assert not once or not codepoints.is_mark(once[0])
    assert line(str(once)) == once == line(once)
    assert len(once) <= 400


@given(texts)
@example("a\u200d\u0301")
@example("\u1100\u200d\u1161")
def test_a_block_is_inert_and_going_through_twice_changes_nothing(text: str) -> None:
    """Nothing forbidden leaves `block`, marks sit on a base in every line, and its result is a fixed point."""
    once = block(text)
    assert offences(once, newline=True) == []
    assert longest_run_of_marks(once) <= codepoints.MARKS
    assert not any(part and codepoints.is_mark(part[0]) for part in once.split("\n"))
    assert block(str(once)) == once


@given(texts, st.integers(0, 30), st.integers(1, 5))
def test_size_is_capped_and_the_cut_is_said(text: str, chars: int, lines: int) -> None:
    """No more characters or lines come out than were asked for, and capping is idempotent."""
    once = block(text * 5, chars, lines)
    assert type(once) is Safe
    assert len(once) <= chars
    assert once.count("\n") < lines
    assert block(str(once), chars, lines) == once
    assert len(line(text, chars)) <= chars


def test_a_cut_block_says_so() -> None:
    """A text of which not everything is shown ends in the mark."""
    assert block("x" * 100, 20) == "x" * 15 + "[cut]"
    assert block("a\nb\nc\nd", max_lines=3) == "a\nb\n[cut]"
    assert block("a\nb\nc", max_lines=3) == "a\nb\nc"


@given(texts, st.integers(-2, 40), st.sampled_from(["left", "right"]))
def test_fit_always_gives_exactly_the_width(text: str, width: int, align: str) -> None:
    """`fit` fills or cuts to the cell, as Textual counts cells too."""
    fitted = fit(line(text), width, "left" if align == "left" else "right")
    assert cells(fitted) == cell_len(fitted) == max(0, width)


@given(texts)
def test_widths_agree_with_textuals(text: str) -> None:
    """What the gate lets through is as wide for us as for Rich, by which Textual lays out."""
    safe = line(text)
    assert cells(safe) == cell_len(safe)


def test_every_code_point_that_passes_has_the_width_that_rich_gives_it() -> None:
    """No code point leaves the gate whose width we and Rich see differently."""
    wrong = []
    for code in range(sys.maxunicode + 1):
        safe = block(chr(code))
        if safe and safe not in ("\ufffd", "\n") and cells(safe) != cell_len(safe):
            wrong.append(hex(code))
    assert wrong == []


def test_the_coarse_net_for_marks_misses_none() -> None:
    """Every mark of the Unicode database is in the net that decides whether marks are looked at."""
    missed = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if codepoints.is_mark(chr(code)) and not codepoints.MAY_HAVE_MARKS.match(chr(code))
    ]
    assert missed == []


@given(texts, st.integers(1, 20))
def test_wrapping_loses_nothing_but_spaces_and_keeps_the_width(text: str, width: int) -> None:
    """All characters but spaces come out in order, no line is too wide, no line begins with a mark."""
    safe = block(text)
    lines = wrap(safe, width)
    assert "".join(lines).replace(" ", "") == safe.replace(" ", "").replace("\n", "")
    assert all(cells(part) <= max(2, width) for part in lines)
    assert not any(part and codepoints.is_mark(part[0]) for part in lines)


def test_wrapping_breaks_at_spaces() -> None:
    """Words stay whole where they fit, long words are broken, paragraphs stay apart."""
    assert wrap(block("the quick brown fox\n\nabcdefghijkl"), 10) == ["the quick", "brown fox", "", "abcdefghij", "kl"]
    assert wrap(block("\u65e5\u672c\u8a9e"), 4) == ["\u65e5\u672c", "\u8a9e"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]11;?\x1b\\", "\ufffd]11;?\ufffd\\"),
        ("a\x9b6nb", "a\ufffd6nb"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("a\u200bb\u2060c\ufeffd", "abcd"),
        ("\U0001f469\u200d\U0001f467", "\U0001f469\U0001f467"),
        ("\u2764\ufe0f", "\u2764"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d"),
        ("\U0001f1e9\U0001f1ea", "DE"),
        ("a" + "\u0301" * 50, "\u00e1\u0301\u0301\u0301"),
        ("\u0301x", "\u25cc\u0301x"),
        ("\ud800", "\ufffd"),
        ("a\r\nb\u2028c\x85d\te", "a b c d e"),
        (
            "\u65e5\u672c caf\u00e9 \u0928\u092e\u0938\u094d\u0924\u0947",
            "\u65e5\u672c caf\u00e9 \u0928\u092e\u0938\u094d\u0924\u0947",
        ),
        ("\U0001faf8", "\U0001faf8"),
        ("[@click=app.quit]x[/nope]", "[@click=app.quit]x[/nope]"),
    ],
)
def test_what_a_stranger_wrote_is_shown_so(raw: str, shown: str) -> None:
    """Each trick comes out as something that can only be read."""
    assert line(raw) == shown


def test_hidden_counts_what_a_moderator_should_hear_of() -> None:
    """Invisible and direction-changing characters and controls count; spelling, emoji and white space do not."""
    assert hidden("plain\ttext\r\n") == 0
    assert hidden("pay\u202elap\u202c vi\u200bagra vi\u200dagra \x1b[31m") == 5
    assert hidden("\U0001f469\u200d\U0001f467 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u2764\ufe0f") == 0


@given(texts)
def test_files_get_no_control_and_no_direction_change(text: str) -> None:
    """What goes to the editor or the clipboard cannot drive a terminal, and can be encoded."""
    out = for_file(text)
    out.encode("utf-8")
    left = {char for char in out if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") and char != "\n"}
    assert left == set()
    assert not {"\u202e", "\u2066", "\u200b", "\ufeff"} & set(out)
    assert for_file(out) == out


def test_files_keep_emoji_whole() -> None:
    """A reply with emoji comes back from the editor as it was written; tabs become spaces."""
    family = "\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea"
    assert for_file("a\t" + family + "\n") == "a    " + family + "\n"


def test_the_command_line_prints_long_reports_whole() -> None:
    """`for_terminal` keeps lines and has room for a report."""
    assert for_terminal("a\x1b[2J\n" * 5000) == "a\ufffd[2J\n" * 5000


def test_safe_cannot_be_made_outside_the_gate() -> None:
    """Neither the class, nor the helpers, nor a pickle turn a raw string into gated text."""
    with pytest.raises(TypeError, match=r"safetext\.line"):
        Safe("\x1b[31m")  # type: ignore[arg-type]
    raw: Safe = "\x1b[31m"  # type: ignore[assignment]
    with pytest.raises(TypeError, match="gated"):
        join([literal("a"), raw])
    with pytest.raises(TypeError, match="gated"):
        fill("{}", raw)
    with pytest.raises(ValueError, match="not inert"):
        literal("\x1b[31m")
    safe = line("hello")
    assert copy.deepcopy(safe) is copy.copy(safe) is safe
    assert type(pickle.loads(pickle.dumps(safe))) is str


def test_pieces_stay_gated() -> None:
    """Joining, filling, cutting and padding gated text gives gated text."""
    pieces = [
        join([line("a"), line("b")], literal(" \u00b7 ")),
        fill("{} of {:,}", line("x"), 1204),
        cut(line("abcdef"), 4),
        fit(line("a"), 3),
    ]
    assert pieces == ["a \u00b7 b", "x of 1,204", "abc\u2026", "a  "]
    assert all(type(piece) is Safe for piece in pieces)
    assert fit(line("7"), 3, "right") == "  7"
    assert cut(line("\u65e5\u672c\u8a9e"), 4) == "\u65e5\u2026"
    assert safetext.EMPTY == ""
