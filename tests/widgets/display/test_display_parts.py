"""The parts of the screen writer by themselves: cells, frames, pacing, and what is prepared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from modconsole.errors import UsageError
from modconsole.widgets.display import mixin
from modconsole.widgets.display.cells import Line, Painter, harmless, width_is_certain
from modconsole.widgets.display.frame import Frame
from modconsole.widgets.display.pace import MAX_FRAMES, PATIENCE, QUESTION, Pace
from modconsole.widgets.display.terminal import prepare_environment
from tests.tools.ttyprobe import PROFILES, Terminal

WIDTH, HEIGHT = 12, 8

symbols = st.sampled_from(["a", "b", " ", " ", "\u65e5", "e\u0301", "-"])
colours = st.sampled_from(["", "31", "1;32", "7", "44", "4"])


@st.composite
def lines(draw: st.DrawFn) -> Line:
    cells: Line = []
    while len(cells) < WIDTH:
        text, sgr = draw(symbols), draw(colours)
        run = draw(st.integers(1, 6))
        for _ in range(run):
            if text == "\u65e5" and len(cells) < WIDTH - 1:
                cells += [(text, sgr), ("", sgr)]
            elif text != "\u65e5" and len(cells) < WIDTH:
                cells.append((text, sgr))
    return cells[:WIDTH]


def screen(data: list[str]) -> Terminal:
    terminal = Terminal(WIDTH, HEIGHT, PROFILES["modern"])
    terminal.feed(b"\x1b[?7l\x1b[?1049h")
    for part in data:
        terminal.feed(part.encode())
    terminal.commit()
    return terminal


def picture(terminal: Terminal) -> list[list[tuple[object, ...]]]:
    return [
        [(c.data, c.fg if c.data.strip() else "", c.bg, c.reverse, c.underscore) for c in row]
        for row in terminal.visible
    ]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.dictionaries(st.integers(0, HEIGHT - 1), lines())), min_size=1, max_size=5
    ),
    st.booleans(),
)
def test_a_terminal_shows_each_frame_however_it_was_reached(
    steps: list[tuple[int, dict[int, Line]]], erases: bool
) -> None:
    """After any changes and scrolls the terminal shows the same as one that got the last picture written plainly."""
    frame = Frame(WIDTH, HEIGHT, erases=erases)
    want: list[Line] = [[(" ", "")] * WIDTH for _ in range(HEIGHT)]
    sent = [frame.advance(dict(enumerate(want)))]
    for shift, changes in steps:
        want = [want[y + shift] if 0 <= y + shift < HEIGHT else [(" ", "")] * WIDTH for y in range(HEIGHT)]
        for y, line in changes.items():
            want[y] = line
        sent.append(frame.advance(dict(enumerate(want))))
    plain = [f"\x1b[{y + 1}H" + "".join(f"\x1b[0;{sgr}m{text}" for text, sgr in line) for y, line in enumerate(want)]
    assert picture(screen(sent)) == picture(screen(plain))
    assert frame.lines == want


def test_nothing_changed_is_nothing_sent() -> None:
    """The same rows again cost no byte."""
    frame = Frame(4, 2)
    rows: dict[int, Line] = {0: [("a", "")] * 4, 1: [("b", "31")] * 4}
    assert frame.advance(dict(rows))
    assert frame.advance(dict(rows)) == ""


def test_a_scrolled_list_is_a_scroll() -> None:
    """Twenty rows moved by one are a scroll region and one new row, not twenty rows."""
    rows: list[Line] = [[(char, "") for char in f"row {y:02d} of it"] for y in range(22)]
    frame = Frame(12, 20)
    frame.advance({y: rows[y][:12] for y in range(20)})
    data = frame.advance({y: rows[y + 1][:12] for y in range(20)})
    assert data.startswith("\x1b[1;20r\x1b[S\x1b[r")
    assert len(data) < 60


def test_the_last_door_lets_out_text_and_colours_alone() -> None:
    """Controls, direction changes and hyperlinks do not reach the terminal; colours do."""
    painter = Painter(ColorSystem.TRUECOLOR)
    strip = Strip([Segment("a\x1b]0;x\x07\u202e\u2028b\x9b", Style(link="http://evil.example/", color="red"))])
    texts = "".join(text for text, _ in painter.cells([strip]))
    assert texts.isprintable()
    assert "\ufffd" in texts
    assert {sgr for _, sgr in painter.cells([strip])} == {"31"}
    assert harmless("\u202e") == ""
    assert len(harmless("\x1b")) == 1


def test_clusters_stay_in_their_cell_and_are_not_trusted_about_width() -> None:
    """A family is one cell pair; the cursor is set anew behind what terminals count differently."""
    painter = Painter(ColorSystem.EIGHT_BIT)
    family = "\U0001f469\u200d\U0001f467"
    cells = painter.cells([Strip([Segment(family + "x")])])
    assert [text for text, _ in cells] == [family, "", "x"]
    frame = Frame(3, 1)
    assert "\x1b[3G" in frame.advance({0: cells})
    assert width_is_certain("\u65e5")
    assert not width_is_certain("\U0001fae8")


def test_no_colour_means_none() -> None:
    """Bold and reverse stay, colours go."""
    painter = Painter(ColorSystem.TRUECOLOR, no_colour=True)
    assert painter.sgr(Style(color="red", bgcolor="blue", bold=True)) == "1"


def test_pacing_holds_frames_back_until_the_terminal_has_answered() -> None:
    """A few frames or bytes may be under way; each answer makes room; without answers it gives up."""
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    for _ in range(MAX_FRAMES):
        assert pace.may_send()
        assert pace.sent(10) == QUESTION
    assert not pace.may_send()
    now[0] = 0.2
    pace.answered()
    assert pace.may_send()
    assert pace.round_trip == pytest.approx(0.2)
    assert 0.4 < pace.rest() < 0.5
    pace.sent(5000)
    assert not pace.may_send()
    now[0] += PATIENCE + 0.1
    assert pace.may_send()
    assert pace.enabled


def test_a_terminal_that_never_answered_is_not_asked_again() -> None:
    """After the patience is over without any answer, frames go out unasked."""
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    for _ in range(MAX_FRAMES):
        pace.sent(10)
    now[0] = PATIENCE + 0.1
    assert pace.may_send()
    assert pace.sent(10) == ""
    assert pace.rest() == 0.0


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, "paced"),
        ({"MODCONSOLE_DISPLAY": "stock"}, "stock"),
        ({"MODCONSOLE_DISPLAY": "diff"}, "diff"),
        ({"MODCONSOLE_DISPLAY": "?"}, "stock"),
    ],
)
def test_the_writer_can_be_chosen(environ: dict[str, str], wanted: str) -> None:
    """By default paced; an unknown word means Textual's own."""
    assert mixin.how(environ) == wanted


def test_with_another_textual_its_own_writer_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The private method is only replaced in releases that were tested."""
    assert mixin.SUPPORTED
    monkeypatch.setattr(mixin, "SUPPORTED", False)
    assert mixin.how({}) == "stock"


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_no_screen_is_shown_where_none_can_be(term: str) -> None:
    """The error says what to do."""
    with pytest.raises(UsageError, match="TERM=xterm-256color"):
        prepare_environment({"TERM": term})


def test_the_environment_is_prepared_without_overruling_anybody() -> None:
    """GNU screen gets 256 colours, animations are off, and what is set stays."""
    environ = {"TERM": "screen", "STY": "1", "COLORTERM": "truecolor"}
    prepare_environment(environ)
    assert (environ["TEXTUAL_COLOR_SYSTEM"], environ["TEXTUAL_ANIMATIONS"]) == ("256", "none")
    environ = {"TERM": "xterm-kitty", "TEXTUAL_ANIMATIONS": "full"}
    prepare_environment(environ)
    assert environ == {"TERM": "xterm-kitty", "TEXTUAL_ANIMATIONS": "full"}
    assert not mixin.erases_in_colour({"TERM": "screen", "STY": "1"})
    assert mixin.erases_in_colour({"TERM": "screen-256color", "TMUX": "x"})
