"""Exit codes tell what came of a call, and errors say what happened and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Cli, write
from tests.scenarios.story import Story


@pytest.fixture
def filled(cli: Cli, tmp_path: Path) -> Cli:
    """Somebody waits since long ago."""
    file = write(tmp_path / "s.jsonl", Story().message("m1", "ann", "9:00").reply("r1", "8:00").records)
    assert cli("import", str(file)).code == 0
    return cli


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["nonsense"], 64, "No such command 'nonsense'"),
        (["waiting", "--nonsense"], 64, "No such option"),
        (["waiting", "is:waitng"], 64, "Did you mean waiting?"),
        (["waiting", "frm:ann"], 64, "Did you mean from: ?"),
        (["waiting", "--now", "yesterday"], 64, "is not a time"),
        (["waiting", "--now", "2026-03-02T10:00:00"], 64, "with an offset or Z"),
        (["why", "blog"], 64, "Missing argument 'MESSAGE'"),
        (["why", "blog", "m9"], 2, "There is no message 'm9' in source 'blog'"),
        (["why", "nowhere", "m1"], 2, "There is no source 'nowhere'"),
        (["close", "blog", "r1"], 64, "Message 'r1' is our own"),
        (["snooze", "blog", "m1", "--until", "2001-01-01T00:00:00Z"], 64, "end in the past"),
        (["snooze", "blog", "m1", "--until", "soon"], 64, "no length of time"),
        (["promise", "blog", "m1", "--until", "8h"], 64, "is not ours"),
        (["reply", "blog", "m1", "--text", "  "], 64, "The reply is empty"),
        (["note", "blog", "m1", "--text", ""], 64, "The note is empty"),
        (["undo"], 2, "nothing of ann's to undo"),
        (["undo", "nope"], 2, "There is no act 'nope'"),
        (["import", "missing.jsonl"], 2, "missing.jsonl cannot be read"),
        (["import", "-", "-"], 64, "once only"),
        (["sources", "add", "geocities", "https://a.example", "--user", "x"], 64, "no connector for 'geocities'"),
        (["sources", "add"], 64, "PLATFORM is missing"),
        (["sources", "add", "wordpress", "https://a.example"], 64, "user (Login name there), password ("),
        (
            ["sources", "add", "wordpress", "https://a.example", "--user", "x"],
            64,
            "password (Application password; secret) is missing",
        ),
        (["sources", "add", "wordpress", "--set", "url"], 64, "'url' is no answer"),
        (["sources", "set", "blog"], 64, "Nothing is to be changed"),
        (["sources", "show", "nowhere"], 2, "no source 'nowhere'"),
        (["sources", "sign-in", "nowhere"], 2, "no source 'nowhere'"),
        (["sources", "identities", "remove", "blog", "nobody"], 2, "no identity"),
        (["sync", "blog"], 2, "not a source that is synced"),
        (["outbox", "retry"], 64, "needs the id"),
        (["outbox", "retry", "nope"], 2, "not in the outbox"),
        (["link", "blog", "m1", "--to", "nope"], 2, "no message or conversation 'nope'"),
        (["demo", "--keep", "/nonexistent/folder/d.db", "--no-console"], 2, "There is no folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_done_says_why(filled: Cli, words: list[str], code: int, sentence: str) -> None:
    """The sentence is on standard error, and standard output stays empty, with `--json` too."""
    for more in ([], ["--json"]):
        said = filled(*words, *more) if words != ["nonsense"] else filled(*words)
        assert said.code == code
        assert sentence in said.err
        assert said.out == ""


def test_without_a_database_one_is_told_what_to_do(cli: Cli) -> None:
    """Nothing is made where something is only asked for."""
    said = cli("waiting")
    assert said.code == 2
    assert "There is no database" in said.err
    assert "Import something first" in said.err


def test_a_file_that_is_no_database_is_named(cli: Cli, tmp_path: Path) -> None:
    """And left as it is."""
    (tmp_path / "letter.txt").write_text("Dear Ann, " * 200)
    said = cli("waiting", "--db", str(tmp_path / "letter.txt"))
    assert said.code == 2
    assert "no modconsole database" in said.err
    assert (tmp_path / "letter.txt").read_text().startswith("Dear Ann")


def test_sweep_says_that_somebody_waits_past_the_target(filled: Cli) -> None:
    """Exit code 1; within the target it is 0."""
    assert filled("sweep", "--now", "2026-03-02T12:00:00Z").code == 0
    late = filled("sweep", "--now", "2026-03-04T12:00:00Z")
    assert late.code == 1
    assert "1 waits past the target." in late.out


def test_sweep_cannot_say_where_a_source_cannot_vouch(cli: Cli, tmp_path: Path) -> None:
    """A gap wins over everything: exit code 2, and the reason."""
    told = Story().message("m1", "ann", "9:00").look("10:00", gap="the server answers 502", whole_source=True)
    cli("import", str(write(tmp_path / "s.jsonl", told.records)))
    said = cli("sweep", "--now", "2026-03-04T12:00:00Z", "--json")
    assert said.code == 2
    assert said.document["result"] == "cannot say"
    assert "the server answers 502" in said.document["cannot_say"][0]
    assert said.document["overdue"] == 1


def test_sweep_cannot_say_where_a_part_of_a_thread_is_unknown(cli: Cli, tmp_path: Path) -> None:
    """It looks answered, and is not called so."""
    told = Story().message("m1", "ann", "9:00").reply("r1", "9:30", under="m1").look("10:00", gap="truncated")
    cli("import", str(write(tmp_path / "s.jsonl", told.records)))
    said = cli("sweep", "--now", "2026-03-02T12:00:00Z")
    assert said.code == 2
    assert "1 ask is unknown" in said.out


def test_verify_finds_what_was_changed_behind_its_back(filled: Cli, home: Path) -> None:
    """Exit code 1 and the difference."""
    assert filled("verify").code == 0
    import sqlite3

    with sqlite3.connect(home / "home" / "modconsole.db") as connection:
        connection.execute("update ask set waiting_since = waiting_since - 1")
    connection.close()
    said = filled("verify", "--json")
    assert said.code == 1
    assert said.document["ok"] is False
    assert said.document["differences"][0]["what"] == "ask of ann"


def test_a_search_without_a_hit_is_a_no(filled: Cli) -> None:
    """Exit code 1; with a hit it is 0."""
    assert filled("search", "zebra").code == 1
    assert filled("search", "about").code == 0


def test_a_reply_that_somebody_else_has_given_is_refused(filled: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2 and who it was; with --insist it is queued."""
    assert filled("reply", "blog", "m1", "--text", "Hello").code == 0
    monkeypatch.setenv("MODCONSOLE_USER", "bob")
    said = filled("reply", "blog", "m1", "--text", "Hello too")
    assert said.code == 2
    assert "ann has a reply to them on its way" in said.err
    assert filled("reply", "blog", "m1", "--text", "Hello too", "--insist").code == 0


def test_a_reader_that_goes_away_is_no_traceback(filled: Cli, home: Path) -> None:
    """`modconsole export | head -1` ends quietly, with the code of a broken pipe."""
    told = Story()
    for number in range(5_000):
        told.message(f"n{number}", "ann", "9:00", "x" * 200)
    filled("import", str(write(home / "many.jsonl", told.records)))
    done = subprocess.Popen(
        [sys.executable, "-m", "modconsole", "export"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.readline()
    done.stdout.close()
    assert done.stderr.read() == b""
    done.stderr.close()
    assert done.wait(30) == 141
