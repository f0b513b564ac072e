"""The command line starts in a blink: what is not needed is not imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Cli, write
from tests.scenarios.story import Story

HEAVY = ("httpx", "textual", "sqlite_utils", "keyring", "rich", "selectolax", "rapidfuzz", "platformdirs.unix")
PROBE = f"""
import sys
from modconsole.cli.root import run
code = run(sys.argv[1:])
print(",".join(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
raise SystemExit(code)
"""


def imported(words: list[str], **env: str) -> set[str]:
    """Which of the heavy modules a call has imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **env},
        check=True,
    )
    return set(done.stderr.strip().splitlines()[-1].split(",")) - {""} if done.stderr.strip() else set()


def test_help_imports_nothing_heavy() -> None:
    """Not even what the commands need."""
    assert imported(["--help"]) == set()


@pytest.mark.parametrize("words", [["waiting", "--json"], ["why", "blog", "m1"], ["export"], ["close", "blog", "m1"]])
def test_commands_on_a_database_need_neither_http_nor_a_screen(cli: Cli, tmp_path: Path, words: list[str]) -> None:
    """The store alone is needed."""
    database = tmp_path / "a.db"
    cli("import", str(write(tmp_path / "s.jsonl", Story().message("m1", "ann", "9:00").records)), "--db", str(database))
    assert imported(words, MODCONSOLE_DB=str(database)) == set()
