"""Files come in whole or not at all, as often as one likes, in any order, and whatever happens meanwhile."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from modconsole.connectors import chitchat
from modconsole.desk import files
from modconsole.domain.records import Conversation, Identity, Record, Source
from modconsole.errors import NotFound
from modconsole.store.ingest import Counts, Ingest
from tests.cli.conftest import ROOT, SHARED, Cli, write
from tests.scenarios.story import Story, moment

GOOD = (
    b'{"type":"message","source":"blog","id":"%d","conversation":"c","author":{"id":"ann"},'
    b'"created_at":"2026-03-02T10:00:00Z","text":"Hello?"}\n'
)
BAD = [
    (b'{"type":"message","source":"blog"}', "id: is required and missing"),
    (b"[1]", "expected a JSON object, got a list"),
    (b'{"type":"mess"}', "type: expected one of source, conversation, message"),
    (GOOD[:-2] % 1 + b"x", "not valid JSON"),
    (GOOD.replace(b'{"id":"ann"}', b'{"id":3}') % 1, "author.id: expected text; got a number"),
    (
        GOOD.replace(b"00Z", b"00") % 1,
        'created_at: expected a time with an offset, as 2026-11-21T22:10:00Z; got "2026-03-02',
    ),
    (GOOD.replace(b'"Hello?"', b"null") % 1, "text: expected text; got null"),
    (
        GOOD.replace(b'"Hello?"', b'"x","state":"gone"') % 1,
        "state: expected one of live, held, hidden, spam, removed, deleted",
    ),
    (GOOD.replace(b'"blog"', b'""') % 1, "source: expected text that is not empty"),
    (GOOD.replace(b"Hello?", b"\xff") % 1, "not UTF-8"),
    (
        GOOD.replace(b"2026-03-02T10:00:00Z", b"0001-01-01T00:00:00+05:00") % 1,
        "created_at: expected a time within the years",
    ),
    (
        GOOD.replace(b'"Hello?"', b'"x","deep":' + b"[" * 200_000 + b"]" * 200_000) % 1,
        "expected a record, got lists or objects nested too deeply",
    ),
    (b'{"type":"source","id":"blog","platform":"x","target_hours":-1}', "target_hours: expected a number > 0"),
    (b'{"type":"source","id":"blog","platform":"x","hours":"always"}', "hours: expected business hours"),
    (
        b'{"type":"decision","id":"1","at":"2026-03-02T10:00:00Z","by":"a","act":"close","source":"s","conversation":"c"}',
        'id: expected a UUID; got "1"',
    ),
    (
        b'{"type":"decision","id":"00000000-0000-7000-8000-000000000001","at":"2026-03-02T10:00:00Z","by":"a","act":"promise",'
        b'"source":"s","conversation":"c"}',
        "until: is required for a promise and missing",
    ),
]


@pytest.mark.parametrize(("line", "sentence"), BAD, ids=[sentence[:40] for _, sentence in BAD])
def test_a_wrong_line_is_named_with_file_line_key_and_what_was_expected(
    cli: Cli, tmp_path: Path, line: bytes, sentence: str
) -> None:
    """And nothing of the file is imported: exit code 2."""
    file = tmp_path / "talk.jsonl"
    file.write_bytes(GOOD % 1 + b"\n" + line + b"\n" + GOOD % 2)
    said = cli("import", str(file))
    assert said.code == 2
    assert f"{file}, line 3: {sentence}" in said.err
    assert "nothing of it was imported" in said.err
    assert json.loads(cli("inbox", "--json").out)["total"] == 0


def test_the_first_twenty_errors_are_told_and_the_others_counted(cli: Cli, tmp_path: Path) -> None:
    """With `--json` they are in the document as well."""
    (tmp_path / "bad.jsonl").write_bytes(b"{}\n" * 50)
    said = cli("import", str(tmp_path / "bad.jsonl"), "--json")
    assert said.err.count(", line ") == 20
    assert "30 more lines are wrong" in said.err
    assert said.document["bad"] == 50
    assert said.document["files"][0]["errors"][0] == {
        "line": 1,
        "key": "type",
        "problem": said.document["files"][0]["errors"][0]["problem"],
    }


def test_skip_bad_imports_the_rest_and_keeps_the_bad_lines(cli: Cli, tmp_path: Path) -> None:
    """Beside the file, and never over a file that somebody may have mended."""
    file = tmp_path / "talk.jsonl"
    file.write_bytes(GOOD % 1 + b"{bad\n" + GOOD % 2 + b"[]")
    said = cli("import", "--skip-bad", str(file), "--json")
    beside = tmp_path / "talk.jsonl.bad.jsonl"
    assert said.code == 0
    assert (said.document["records"], said.document["bad"]) == (2, 2)
    assert said.document["files"][0]["bad_lines"] == str(beside)
    assert beside.read_bytes() == b"{bad\n[]\n"
    assert cli("import", "--skip-bad", str(file), "--json").document["files"][0]["bad_lines"] == str(beside)
    beside.write_bytes(b"mended\n")
    assert cli("import", "--skip-bad", str(file), "--json").document["files"][0]["bad_lines"].endswith(".bad-2.jsonl")
    assert beside.read_bytes() == b"mended\n"
    assert sorted(path.name for path in tmp_path.glob("*talk*")) == [
        "talk.jsonl",
        "talk.jsonl.bad-2.jsonl",
        "talk.jsonl.bad.jsonl",
    ]


def test_a_file_with_errors_keeps_no_other_file_out(cli: Cli, tmp_path: Path) -> None:
    """What is refused is that file, and the exit code says so."""
    (tmp_path / "bad.jsonl").write_bytes(b"{}\n")
    (tmp_path / "good.jsonl").write_bytes(GOOD % 1)
    said = cli("import", str(tmp_path / "bad.jsonl"), str(tmp_path / "good.jsonl"), "--json")
    assert said.code == 2
    assert [part["new"] for part in said.document["files"]] == [0, 1]


def test_standard_input_and_gzip_are_read_whatever_they_are_called(cli: Cli, tmp_path: Path) -> None:
    """Compression is known by its first bytes; blank lines and a byte order mark are nothing."""
    plain = b"\xef\xbb\xbf" + GOOD % 1 + b"\n  \n" + GOOD % 2
    assert cli("import", "-", "--json", stdin=plain).document["new"] == 2
    assert cli("import", "-", "--json", stdin=gzip.compress(plain)).document["unchanged"] == 2
    (tmp_path / "packed.jsonl").write_bytes(gzip.compress(plain))
    assert cli("import", str(tmp_path / "packed.jsonl"), "--json").document["unchanged"] == 2


def test_a_file_that_was_cut_off_is_refused(cli: Cli, tmp_path: Path) -> None:
    """Half of a compressed file is no file."""
    packed = gzip.compress(b"".join(GOOD % n for n in range(2_000)))
    (tmp_path / "half.gz").write_bytes(packed[: len(packed) // 2])
    said = cli("import", str(tmp_path / "half.gz"))
    assert said.code == 2
    assert "damaged or cut off" in said.err


def test_a_change_of_identities_says_how_many_asks_it_changed(cli: Cli, tmp_path: Path) -> None:
    """A helper becomes one of us: whom they answered waits no longer."""
    told = Story(us=[]).message("m1", "ann", "9:00").message("m2", "helper", "9:30", under="m1")
    assert cli("import", str(write(tmp_path / "a.jsonl", told.records))).code == 0
    later = Story(us=[]).identities("10:00", Identity(id="helper"))
    said = cli("import", str(write(tmp_path / "b.jsonl", later.records[2:])))
    assert "blog: other people are us than before; 2 asks changed." in said.out
    assert cli("waiting", "--json").document["asks"] == []


# -- order, repetition, crashes --------------------------------------------------------------------------------------------


def answers(cli: Cli, database: Path) -> object:
    """Everything that `waiting --all` says, but for the time."""
    return cli("waiting", "--all", "--json", "--now", "2026-11-21T00:00:00Z", "--db", str(database)).document


def test_the_sample_files_give_the_same_answers_in_any_order_and_twice(cli: Cli, tmp_path: Path) -> None:
    """And `verify` finds nothing."""
    found = sorted(SHARED.glob("*.jsonl.gz"))
    if not found:
        pytest.skip("../shared/data is not there")
    several = []
    for number, order in enumerate(itertools.permutations(found)):
        database = tmp_path / f"{number}.db"
        names = [str(file) for file in order]
        assert cli("import", *names, *(names[:1] if number else []), "--db", str(database)).code == 0
        assert cli("verify", "--db", str(database)).code == 0
        several.append(answers(cli, database))
    assert all(each == several[0] for each in several)


def test_the_large_set_and_the_samples_give_the_same_answers_in_either_order_and_twice(
    cli: Cli, tmp_path: Path
) -> None:
    """258,145 messages more, and `verify` finds nothing."""
    try:
        chitchat.write_jsonl(tmp_path / "chitchat.jsonl")
    except NotFound as error:
        pytest.skip(str(error))
    names = [str(tmp_path / "chitchat.jsonl"), *map(str, sorted(SHARED.glob("*.jsonl.gz")))]
    one, other = tmp_path / "one.db", tmp_path / "other.db"
    assert cli("import", *names, "--db", str(one)).code == 0
    assert cli("import", *reversed(names), *names, "--db", str(other)).code == 0
    assert [cli("verify", "--db", str(each)).code for each in (one, other)] == [0, 0]
    assert answers(cli, one) == answers(cli, other)


def many(count: int) -> Iterable[Record]:
    """Conversations of three with replies of ours here and there."""
    dice = random.Random(7)
    yield Source(id="blog", platform="test", identities=[Identity(id="us")], observed_at=moment("1:00"))
    for number in range(count // 20):
        yield Conversation(source="blog", id=f"post{number}", kind="comments", title=f"Post {number}")
        told = Story(conversation=f"post{number}")
        for at in range(20):
            who = dice.choice(["us", "ann", "bob", "carol"])
            under = f"{number}-{dice.randrange(at)}" if at and dice.random() < 0.6 else None
            told.message(f"{number}-{at}", who, f"{1 + at}:00" if at < 22 else "23:00", under=under)
        yield from told.records[2:]


SLOWLY = "import sys, modconsole.desk.files as f; f.BATCH = 100; from modconsole.cli import main; main(sys.argv[1:])"


def child(*words: str) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, with small batches."""
    return subprocess.Popen(
        [sys.executable, "-c", SLOWLY, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )


def stored(database: Path) -> int:
    """How many messages are there so far; 0 while there is no database."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as connection:
            found: int = connection.execute("select count(*) from message").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        if "connection" in locals():
            connection.close()
    return found


def exported(cli: Cli, database: Path) -> list[str]:
    """All records of a database, in one order."""
    return sorted(cli("export", "--db", str(database)).out.splitlines())


@pytest.mark.parametrize("seed", range(4))
def test_an_import_that_is_killed_is_completed_by_importing_again(cli: Cli, tmp_path: Path, seed: int) -> None:
    """Killed at a random moment, several times over: then all is there once, as if nothing had happened."""
    file = write(tmp_path / "many.jsonl", many(6_000))
    whole, killed = tmp_path / "whole.db", tmp_path / "killed.db"
    assert cli("import", str(file), "--db", str(whole)).code == 0
    dice = random.Random(seed)
    kills = 0
    for _ in range(3):
        goal = stored(killed) + dice.randrange(0, 2_500)
        running = child("import", str(file), "--db", str(killed))
        until = time.monotonic() + 60
        while running.poll() is None and stored(killed) <= goal and time.monotonic() < until:
            time.sleep(dice.random() * 0.01)
        if running.poll() is None:
            running.kill()
            kills += 1
        running.communicate()
    assert kills > 0
    assert cli("import", str(file), "--db", str(killed)).code == 0
    assert cli("verify", "--db", str(killed)).code == 0
    assert exported(cli, killed) == exported(cli, whole)
    assert answers(cli, killed) == answers(cli, whole)


def test_two_processes_import_into_one_new_database_at_once(cli: Cli, tmp_path: Path) -> None:
    """They take turns; nothing is lost and nothing is doubled."""
    records = list(many(3_000))
    one, other = write(tmp_path / "a.jsonl", records[:2_000]), write(tmp_path / "b.jsonl", records[1_000:])
    database = tmp_path / "both.db"
    running = [child("import", str(file), "--db", str(database)) for file in (one, other)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert cli("verify", "--db", str(database)).code == 0
    alone = tmp_path / "alone.db"
    assert cli("import", str(one), str(other), "--db", str(alone)).code == 0
    assert exported(cli, database) == exported(cli, alone)


def test_an_export_imported_into_an_empty_database_gives_the_same_answers(cli: Cli, tmp_path: Path) -> None:
    """Messages, versions, decisions, sends, gaps and identities, all of it."""
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    assert cli("demo", "--keep", str(first), "--no-console").code == 0
    for words in (
        ["close", "blog", "c211"],
        ["snooze", "blog", "c205", "--until", "3d"],
        ["tag", "blog", "c205", "arm"],
    ):
        assert cli(*words, "--db", str(first)).code == 0
    assert cli("export", "-o", str(tmp_path / "out.jsonl"), "--db", str(first)).code == 0
    assert cli("import", str(tmp_path / "out.jsonl"), "--db", str(second)).code == 0
    now = "2027-01-01T00:00:00Z"
    for words in (["waiting", "--all"], ["inbox", "--limit", "500"], ["search", "lantern", "--limit", "500"]):
        more = ["--now", now] if words[0] == "waiting" else []
        one, two = (cli(*words, *more, "--json", "--db", str(each)).document for each in (first, second))
        for document in (one, two):
            document.pop("coverage", None)  # an imported source has no sync that could fail
            for hit in document.get("hits", ()):
                assert hit.pop("text")
        assert (
            two == one
            if words[0] != "search"
            else {json.dumps(h) for h in one["hits"]} == {json.dumps(h) for h in two["hits"]}
        )
    assert exported(cli, second) == exported(cli, first)


def test_an_export_of_a_query_holds_the_whole_conversations(cli: Cli, tmp_path: Path) -> None:
    """And no other."""
    told = Story().message("m1", "ann", "9:00").reply("r1", "9:10", under="m1").message("m2", "bob", "9:20")
    told.then(Story(source="forum", conversation="topic").message("f1", "ann", "9:00"))
    cli("import", str(write(tmp_path / "s.jsonl", told.records)))
    lines = [json.loads(line) for line in cli("export", "from:bob", "is:waiting").out.splitlines()]
    assert sorted(line["id"] for line in lines if line["type"] == "message") == ["m1", "m2", "r1"]
    assert {line["id"] for line in lines if line["type"] == "source"} == {"blog"}


def test_an_interrupted_import_says_that_importing_again_completes_it(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C: exit code 130, and whole batches are there."""
    monkeypatch.setattr(files, "BATCH", 100)
    file = write(tmp_path / "many.jsonl", many(1_000))
    ingest, calls = Ingest.batch, 0

    def interrupted(self: Ingest, records: list[Record], now: int) -> Counts:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return ingest(self, records, now)

    with monkeypatch.context() as patch:
        patch.setattr(Ingest, "batch", interrupted)
        assert cli("import", str(file)).code == 130
    assert cli("verify").code == 0
    again = cli("import", str(file), "--json").document
    assert again["unchanged"] >= 300
    assert again["new"] > 0
