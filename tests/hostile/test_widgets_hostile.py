"""No payload of the corpus gets through our widgets to a real terminal, with or without the screen writer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modconsole.domain.safetext import block, cells, for_terminal, line
from tests.hostile.corpus import PAYLOADS, assert_inert, assert_inert_output
from tests.tools.ttyprobe import Session

ROOT = Path(__file__).parents[2]


@pytest.mark.pty
@pytest.mark.parametrize("display", ["stock", "diff"])
def test_what_is_shown_is_inert(display: str) -> None:
    """Every payload in every widget: nothing asked, nothing set, no key pressed, no act run, and still alive."""
    env: dict[str, str | None] = {"MODCONSOLE_DISPLAY": display, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    with Session(
        [sys.executable, "-m", "tests.hostile.hostile_app"], size=(100, 20), env=env, cwd=str(ROOT)
    ) as session:
        session.wait_text("shown 0 keys 0 acts 0")
        for number, name in enumerate(PAYLOADS):
            session.wait_text(f"shown {number} keys 0 acts 0")
            session.settle(quiet=0.03)
            lines = session.screen_text().splitlines()
            assert_inert(session)
            assert any("S<" in text for text in lines), name
            _click_all(session, lines)
            assert "keys 0 acts 0" in session.screen_text(), name
            session.send("n")
        session.wait_text(f"shown {len(PAYLOADS)} keys 0 acts 0")
        assert_inert(session)
        session.send("q")
        assert session.wait_exit() == 0


def _click_all(session: Session, lines: list[str]) -> None:
    """Click where a payload says so: an action in markup would run."""
    for y, text in enumerate(lines):
        at = text.find("CLICKME")
        if at >= 0:
            session.mouse("click", at + 2, y, nochange=0.05, quiet=0.03)


@pytest.mark.pty
def test_the_check_finds_what_is_not_gated() -> None:
    """A program that writes the corpus raw fails the check for most payloads: it can fail."""
    caught = 0
    for payload in PAYLOADS.values():
        if len(payload) > 1000:
            continue
        code = "import sys,time; sys.stdout.buffer.write(b'\\x1b[?1049h' + %r); sys.stdout.flush(); time.sleep(20)"
        raw = payload.encode("utf-8", "surrogatepass")
        with Session([sys.executable, "-S", "-c", code % raw], size=(100, 20)) as session:
            session.settle(quiet=0.05)
            try:
                assert_inert(session)
            except AssertionError:
                caught += 1
        if caught >= 10:
            return
    raise AssertionError(f"only {caught} payloads were noticed")


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_payload_passes_the_gate_harmlessly(name: str) -> None:
    """Lines, blocks and printed text of each payload are inert, and lines are as wide as they claim."""
    payload = PAYLOADS[name]
    for shown in (line(payload), block(payload), for_terminal(payload)):
        assert_inert_output(shown)
    assert cells(line(payload)) <= 800


@pytest.mark.parametrize("bad", ["\x1b[31mred", "a\x07", "a\u202eb", "a\rb", "\x9b6n", "a\u200bb"])
def test_raw_output_is_noticed(bad: str) -> None:
    """The check of a command's output can fail."""
    with pytest.raises(AssertionError):
        assert_inert_output(bad)
