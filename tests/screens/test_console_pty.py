"""The console in a real pseudo-terminal: what a key costs, what is left behind, what the exit status says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.screens import kit
from tests.tools.ttyprobe import Session

ROOT = Path(__file__).parents[2]


def start(
    database: Path,
    home: Path,
    *,
    size: tuple[int, int] = (120, 40),
    env: dict[str, str | None] | None = None,
    **options: Any,
) -> Session:
    """The console on the screen, with its first rows."""
    session = Session(
        [sys.executable, "-m", "tests.screens.run_console", str(database), str(home)],
        size=size,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "AT": str(kit.NOW), "TZ": "UTC", **(env or {})},
        cwd=str(ROOT),
        **options,
    )
    session.wait_text("Queue")
    session.wait_text("37 of 37")
    session.settle()
    return session


@pytest.mark.pty
def test_a_cursor_key_is_one_frame_of_few_bytes_and_rest_is_silent(community: Path, tmp_path: Path) -> None:
    """With the second pane that follows the cursor; a second without a key sends nothing."""
    with start(community, tmp_path) as session:
        session.key("j", repeat=10)
        assert [result.frames for result in session.results] == [1] * 10
        assert max(result.bytes for result in session.results) < 1500
        assert sorted(result.bytes for result in session.results)[5] < 900
        before = session.bytes_out
        session.sleep(1.5)
        assert session.bytes_out == before


@pytest.mark.pty
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_clean(community: Path, tmp_path: Path, number: signal.Signals) -> None:
    """And the status is 128 + n."""
    with start(community, tmp_path) as session:
        os.kill(session.proc.pid, number)
        assert session.wait_exit() == 128 + number
        assert session.terminal.kitty_flags == 0
        assert session.terminal.modes & {1000, 1003, 1004, 1006, 1015, 1049, 2004} == set()


@pytest.mark.pty
def test_leaving_is_status_zero_and_clean(community: Path, tmp_path: Path) -> None:
    """With ctrl+q."""
    with start(community, tmp_path, size=(80, 24)) as session:
        session.send("<C-q>")
        assert session.wait_exit() == 0
        assert 1049 not in session.terminal.modes


@pytest.mark.pty
def test_an_error_of_ours_ends_with_status_one_and_no_private_words(community: Path, tmp_path: Path) -> None:
    """One sentence on the terminal, kinds and places in the log, and in neither what the error said."""
    with start(community, tmp_path, env={"CRASH": "1"}, keep_output=True) as session:
        session.send("<Tab>")
        assert session.wait_exit() == 1
        session.settle()
        shown = " ".join(session.screen_text().split())
        assert "modconsole stopped because of an error of its own (ValueError in base.py" in shown
        assert "Traceback" not in shown
        assert session.output is not None
        assert b"what a stranger wrote" not in session.output
    log = tmp_path / "logs" / "console.log"
    assert "ValueError" in log.read_text(encoding="utf-8")
    assert "what a stranger wrote" not in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.pty
def test_resizing_keeps_the_row_under_the_cursor(community: Path, tmp_path: Path) -> None:
    """From wide to small and back."""
    with start(community, tmp_path) as session:
        session.send("jjjj")
        session.settle()
        marked = [line for line in session.screen_text().splitlines() if line.startswith("▌")]
        session.resize(60, 16)
        session.resize(120, 40)
        session.settle()
        assert [line for line in session.screen_text().splitlines() if line.startswith("▌")] == marked


@pytest.mark.pty
def test_sixteen_colours_none_and_screen_show_the_same_text(community: Path, tmp_path: Path) -> None:
    """Signs and words carry the meaning, colours only help."""
    texts = []
    with start(community, tmp_path, size=(80, 24), term="xterm", colorterm=None) as session:
        assert not {"rgb", "256"} & colours(session)
        texts.append(session.screen_text())
    with start(community, tmp_path, size=(80, 24), env={"NO_COLOR": "1"}) as session:
        assert not {"rgb", "256", "16", "8"} & colours(session)
        texts.append(session.screen_text())
    with start(community, tmp_path, size=(80, 24), term="screen", env={"STY": "1.tty"}) as session:
        assert "rgb" not in colours(session)
        texts.append(session.screen_text())
    with start(community, tmp_path, size=(80, 24), term="tmux-256color", env={"TMUX": "default,1,0"}) as session:
        texts.append(session.screen_text())
    assert len(set(texts)) == 1


def colours(session: Session) -> set[str]:
    """The kinds of colour that were sent."""
    return {kind for kind, number in session.terminal.sgr_kinds.items() if number}


def test_what_is_slow_to_load_is_not_loaded_for_the_first_screen(community: Path) -> None:
    """HTTP, Markdown, sqlite-utils, the keyring, and screens that nobody has asked for yet."""
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from modconsole.app import ModConsoleApp\n"
        "from modconsole.desk.desk import Desk\n"
        "async def main():\n"
        "    app = ModConsoleApp(Desk(sys.argv[1], who='mara', create=False))\n"
        "    async with app.run_test() as pilot:\n"
        "        while app.header is None or not app.screen.list.count:\n"
        "            await pilot.pause()\n"
        "asyncio.run(main())\n"
        "slow = {'httpx', 'markdown_it', 'textual.widgets._markdown', 'sqlite_utils', 'keyring', 'selectolax', 'click',\n"
        "        'textual.widgets._text_area', 'textual.widgets._data_table', 'modconsole.screens.inbox',\n"
        "        'modconsole.screens.conversation', 'modconsole.sync', 'modconsole.connectors.wordpress'}\n"
        "print(sorted(slow & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(community)],
        env={"PYTHONPATH": str(ROOT / "src"), "TERM": "xterm", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
