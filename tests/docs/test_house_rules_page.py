"""docs/house-rules.md takes somebody from nothing to a live rule: its files are written and its commands run, one by one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from modconsole.cli.root import run
from modconsole.cli.rules import COMMANDS
from modconsole.desk import moderating
from modconsole.sync import registry

PAGE = (Path(__file__).parents[2] / "docs" / "house-rules.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(console|yaml (\S+))\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
IDENT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def calls(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what the page says that it prints."""
    return [(words, rest) for words, rest in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)]


def as_shown(said: str) -> re.Pattern[str]:
    """What the page shows, in which `…` stands for anything; on a line of its own, for any lines."""
    parts = []
    for line in said.splitlines():
        if line == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            cells = (re.sub(r"(?:\\ )+", r"\\s+", re.escape(piece)) for piece in line.split("…"))
            parts.append(".*".join(cells) + r"[ ]*\n")
    return re.compile("".join(parts))


def test_the_pages_commands_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a draft to a reversed appeal, with every output and every exit code."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})
    monkeypatch.setenv("MODCONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODCONSOLE_KEYRING", "off")
    monkeypatch.chdir(tmp_path)
    latest = ""
    ran = 0
    for kind, path, text in BLOCKS:
        if kind != "console":
            (tmp_path / path).write_text(text, "utf-8")
            continue
        for words, said in calls(text):
            name, *rest = shlex.split(words)
            if name == "export":
                for each in rest:
                    monkeypatch.setenv(*each.split("=", 1))
                continue
            wanted = re.search(r"^\[exit code (\d+)\]\n\Z", said, re.MULTILINE)
            capsys.readouterr()
            code = run([latest if each == "ID" else each for each in rest])
            printed = capsys.readouterr()
            assert code == (int(wanted[1]) if wanted else 0), (words, printed.out, printed.err)
            shown = as_shown(said[: wanted.start()] if wanted else said)
            assert shown.fullmatch(printed.out), f"$ {words}\n{printed.out}\n--- the page says\n{said}"
            latest = (IDENT.findall(printed.out) or [latest])[-1]
            ran += 1
    assert ran > 30


def test_the_page_names_every_command_of_rules_or_another_page_does() -> None:
    """Whoever reads it learns what there is."""
    elsewhere = {"list", "show", "shadow", "conflicts", "schema", "decline"}
    assert [name for name in COMMANDS if f"rules {name}" not in PAGE and name not in elsewhere] == []
