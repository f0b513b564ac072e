"""docs/connectors.md takes somebody from nothing to a connector: its package is installed and used, command by command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.contract import guestbook

from modconsole.sync import registry


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The page's package in a folder of its own, as `pip install .` would leave it: the module, and its entry points."""
    project = tomllib.loads(guestbook.blocks("toml")[0])["project"]
    folder = tmp_path / "site"
    about = folder / f"modconsole_guestbook-{project['version']}.dist-info"
    about.mkdir(parents=True)
    (folder / "modconsole_guestbook.py").write_text(guestbook.source())
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (about / "entry_points.txt").write_text(points)
    return folder


def test_the_pages_package_is_found_and_its_commands_do_what_they_say(installed: Path, tmp_path: Path) -> None:
    """Listed, added, synced, answered; and the reply is in the guestbook, once."""
    server = guestbook.Guestbook()
    asked = server.write("p1", "What a lovely place. Are you open on Sundays?", "ann", number=1)
    source = Path(registry.__file__).parents[2]
    env = {
        **os.environ,
        "PYTHONPATH": f"{source}{os.pathsep}{installed}",
        "MODCONSOLE_HOME": str(tmp_path / "home"),
        "MODCONSOLE_KEYRING": "off",
    }

    def call(words: str, given: str = "") -> str:
        words = words.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{server.port}")
        done = subprocess.run(
            [sys.executable, "-m", *_split(words)], input=given, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    commands = [line[2:] for line in guestbook.blocks("console")[0].splitlines()]
    assert commands.pop(0) == "pip install ."
    for words in commands:
        call(words, guestbook.TOKEN)
        if words.startswith("modconsole waiting"):
            (ask,) = json.loads(call(f"{words} --json"))["asks"]
            assert (ask["messages"], ask["status"]) == ([str(asked["id"])], "waiting")
    assert _status(call) == "sending"
    server.entries[1]["text"] += " And on Mondays?"  # an edit, seen when it is read again
    _wait_for_the_reply(call, server)
    replies = [entry for entry in server.entries.values() if entry["author"]["id"] == "us"]
    assert [(entry["text"], entry["reply_to"]) for entry in replies] == [("Thank you!", 1)]
    assert "Mondays" in call("modconsole export")
    server.shutdown()
    server.server_close()


def _split(words: str) -> list[str]:
    import shlex

    return shlex.split(words)


def _status(call: Any) -> str:
    (ask,) = json.loads(call("modconsole waiting --all --json"))["asks"]
    return str(ask["status"])


def _wait_for_the_reply(call: Any, server: guestbook.Guestbook) -> None:
    """The reply goes out with the first sync after the time to undo it."""
    for _ in range(60):
        call("modconsole sync")
        if any(entry["author"]["id"] == "us" for entry in server.entries.values()):
            return
    raise AssertionError("the reply did not go out")
