"""The screen writer against Textual's own, and what is left of the terminal afterwards, through real ptys."""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tools.ttyprobe import Session

pytestmark = pytest.mark.pty

ROOT = Path(__file__).parents[3]
KEYS = ["j", "k", "j", "k", "<PgDn>", "<PgUp>", "<End>", "<Home>", "n", "d", "x", "a"]


def demo(
    display: str,
    *,
    size: tuple[int, int] = (100, 30),
    rows: int = 2000,
    env: dict[str, str | None] | None = None,
    **options: Any,
) -> Session:
    """The demo app in a pty, on the screen."""
    session = Session(
        [sys.executable, "-m", "tests.widgets.display.demo_app"],
        size=size,
        env={"MODCONSOLE_DISPLAY": display, "ROWS": str(rows), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", **(env or {})},
        cwd=str(ROOT),
        **options,
    )
    session.wait_text(f"1 of {rows}")
    session.settle()
    return session


def picture(session: Session) -> list[list[tuple[Any, ...]]]:
    """The cells as a person sees them: a blank has no foreground."""
    return [
        [
            (c.data, None, c.bg, None, c.reverse)
            if c.data == " " and not c.reverse
            else (c.data, c.fg, c.bg, c.bold, c.reverse)
            for c in row
        ]
        for row in session.terminal.visible
    ]


@pytest.mark.parametrize(("seed", "display"), [(1, "diff"), (2, "paced")])
def test_the_picture_is_textuals_own_after_any_keys(seed: int, display: str) -> None:
    """After every key the screen is, cell for cell, what Textual's own writer shows."""
    rng = random.Random(seed)
    with demo("stock") as stock, demo(display) as ours:
        for step in range(27):
            if step % 13 == 12:
                size = rng.randint(40, 120), rng.randint(8, 35)
                for session in (stock, ours):
                    session.resize(*size)
            else:
                key = rng.choice(KEYS)
                for session in (stock, ours):
                    session.key(key, nochange=0.25, quiet=0.08)
            assert picture(ours) == picture(stock), f"after step {step}"


def test_a_key_costs_few_bytes_and_one_frame() -> None:
    """A cursor key is a few hundred bytes in one visible change; a scroll and a page cost what they must."""
    with demo("paced", size=(120, 40)) as session:
        down = session.key("j", repeat=5)
        assert down.bytes < 750
        assert session.results[-1].frames == 1
        session.key("<PgDn>")
        edge = session.key("j")
        assert edge.bytes < 900
        assert session.key("<PgDn>").bytes < 6000


def test_nothing_is_sent_while_nothing_happens() -> None:
    """An idle second is zero bytes, with or without the screen writer."""
    with demo("paced") as session:
        before = session.bytes_out
        session.sleep(1.0)
        assert session.bytes_out == before


def test_a_held_key_does_not_lag_on_a_slow_line() -> None:
    """200 ms and 64 kbit/s: after two seconds of a held key the screen is up to date within a second and a half."""
    with demo("paced", size=(100, 30), link="slow", timeout=30) as session:
        held = session.hold("j", 60, 30)
        assert held.settled_ms is not None
        assert held.settled_ms < 1500
        assert "61 of 2000" in session.screen_text()


def test_a_terminal_that_never_answers_still_gets_every_frame() -> None:
    """Pacing gives up on a terminal that does not answer its questions."""
    with demo("paced", profile="mute") as session:
        for _ in range(8):
            session.send("j")
        session.wait_text("9 of 2000", timeout=10)


@pytest.mark.parametrize("display", ["stock", "diff"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_clean_and_tells_the_truth(display: str, number: signal.Signals) -> None:
    """Alternate screen, mouse, paste and kitty modes are off, the cursor is shown, and the status is 128 + n."""
    with demo(display) as session:
        os.kill(session.proc.pid, number)
        assert session.wait_exit() == 128 + number
        assert session.terminal.kitty_flags == 0
        assert session.terminal.modes & {1000, 1003, 1004, 1006, 1015, 1049, 2004} == set()
        assert {7, 25} <= session.terminal.modes


def test_a_signal_ends_an_app_that_hangs() -> None:
    """After the grace the process is ended by force, and the terminal is clean all the same."""
    with demo("diff") as session:
        session.send("h")
        session.sleep(0.2)
        os.kill(session.proc.pid, signal.SIGTERM)
        assert session.wait_exit(timeout=10) == 128 + signal.SIGTERM
        assert session.terminal.kitty_flags == 0
        assert session.terminal.modes & {1000, 1003, 1004, 1006, 1015, 1049, 2004} == set()
        assert {7, 25} <= session.terminal.modes


def test_an_ordinary_end_is_status_zero_and_clean() -> None:
    """Quitting leaves the shell as it was, and no answer of the terminal is typed into it."""
    with demo("paced", link="slow") as session:
        session.send("jjj")
        session.send("q")
        assert session.wait_exit() == 0
        assert session.terminal.kitty_flags == 0
        assert 1049 not in session.terminal.modes
        session.sleep(0.5)
        assert "R" not in session.screen_text()


def test_a_crash_is_not_status_zero_and_shows_no_values() -> None:
    """An error of ours ends with status 1 and a traceback without the values of variables."""
    with demo("diff") as session:
        session.send("c")
        assert session.wait_exit() == 1
        assert "RuntimeError" in session.screen_text()
        assert "a private message" not in session.screen_text().replace('secret = "a private message"', "")
        assert 1049 not in session.terminal.modes


def test_after_another_program_the_whole_picture_is_back() -> None:
    """Coming back from the editor everything is sent anew, and what was there before is on the screen."""
    with demo("paced") as session:
        before = picture(session)
        session.send("s")
        session.wait_text("in the shell")
        session.send("<Enter>")
        session.wait_text("1 of 2000")
        session.settle()
        assert picture(session) == before


def test_sixteen_and_no_colours() -> None:
    """TERM=xterm gets sixteen colours, NO_COLOR none at all, GNU screen 256; the text is the same."""
    with demo("diff", term="xterm", colorterm=None) as session:
        assert not session.terminal.sgr_kinds["rgb"]
        assert not session.terminal.sgr_kinds["256"]
        text = session.screen_text()
    with demo("diff", env={"NO_COLOR": "1"}) as session:
        assert not {"rgb", "256", "16", "8"} & {kind for kind, n in session.terminal.sgr_kinds.items() if n}
        assert session.screen_text() == text
    with demo("diff", env={"STY": "1.tty"}, term="screen") as session:
        assert not session.terminal.sgr_kinds["rgb"]
        assert session.terminal.sgr_kinds["256"]


def test_a_dumb_terminal_is_refused_in_words() -> None:
    """TERM=dumb gets an error that says what to do, and no escape sequence."""
    with Session(
        [sys.executable, "-m", "tests.widgets.display.demo_app"],
        term="dumb",
        cwd=str(ROOT),
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        keep_output=True,
    ) as session:
        assert session.wait_exit() == 1
        assert "TERM=dumb" in session.screen_text()
        assert session.output is not None
        assert b"\x1b" not in session.output
