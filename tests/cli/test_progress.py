"""Narration and progress go to a terminal on standard error, and nowhere else; long ones end when they are told to."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modconsole.cli.call import bar
from tests.cli.conftest import ROOT, Cli, write
from tests.cli.test_import import SLOWLY, many
from tests.tools.ttyprobe import Session

AT_ONCE = "import modconsole.cli.call as c; c.PROGRESS_AFTER = -1.0; c.PROGRESS_EVERY = 0.0; " + SLOWLY


@pytest.mark.parametrize(
    ("done", "total", "words"), [(0, 4, "░" * 24 + "   0% "), (1, 2, "█" * 12), (9, 4, "100%"), (3, 0, "")]
)
def test_a_bar_says_how_much_is_done(done: int, total: int, words: str) -> None:
    """From nothing to all of it, and nothing where nobody knows."""
    assert words in bar(done, total)
    assert len(bar(done, total)) == (30 if total else 0)


@pytest.mark.pty
def test_an_import_shows_its_progress_on_a_terminal_and_wipes_it_at_the_end(tmp_path: Path) -> None:
    """Checking, then importing; what stays is the result."""
    file = write(tmp_path / "many.jsonl", many(2_000))
    session = Session(
        [sys.executable, "-c", AT_ONCE, "import", str(file), "--db", str(tmp_path / "a.db")],
        env={"PYTHONPATH": str(ROOT / "src")},
        size=(200, 24),
        keep_output=True,
    )
    with session:
        assert session.wait_exit() == 0
    assert session.output is not None
    written = session.output.decode()
    assert "█" in written
    assert "importing" in written
    assert [row.strip() for row in session.screen_text().splitlines() if row.strip()] == [
        f"{2_101:,} records, {2_101:,} new, 0 changed, 0 unchanged, 0 bad"
    ]


def test_without_a_terminal_there_is_no_narration(tmp_path: Path) -> None:
    """Standard error is empty, and standard output holds the result alone."""
    file = write(tmp_path / "many.jsonl", many(2_000))
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, "import", str(file), "--db", str(tmp_path / "a.db")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_sync_that_watches_ends_well_when_it_is_told_to(cli: Cli, tmp_path: Path, number: int) -> None:
    """It holds the lease while it runs, and lets it go: another sync need not wait."""
    database = tmp_path / "demo.db"
    assert cli("demo", "--keep", str(database), "--no-console").code == 0
    running = subprocess.Popen(
        [sys.executable, "-m", "modconsole", "sync", "--watch", "--db", str(database)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert running.stderr is not None
    until = time.monotonic() + 30
    said = b""
    while b"502" not in said and time.monotonic() < until:  # the chat is down: the first turn of each source is over
        if select.select([running.stderr], [], [], 0.5)[0]:
            said += os.read(running.stderr.fileno(), 4096)
    assert b"502" in said
    running.send_signal(number)
    out, _ = running.communicate(timeout=20)
    assert (running.returncode, out) == (0, b"")
    assert cli("sync", "blog", "--db", str(database)).code == 0
