"""Nothing that a stranger wrote can act on the terminal of somebody who calls a command: the whole corpus, through a real pty.

Every field of a record that a stranger can fill holds a payload: ids, names, handles, titles, texts, reasons.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from pathlib import Path

import pytest

from modconsole.domain.exchange import decode, encode
from modconsole.domain.records import (
    Author,
    Conversation,
    Coverage,
    Decision,
    Gap,
    Identity,
    Message,
    Record,
    Send,
    Source,
)
from modconsole.domain.times import to_datetime
from modconsole.store import acts
from modconsole.store.db import Db
from tests.cli.conftest import ROOT
from tests.hostile.corpus import LEFT_OUT, PAYLOADS, assert_inert_output
from tests.tools.ttyprobe import Session

pytestmark = pytest.mark.pty

NOON = 1_772_452_800_000_000  # 2026-03-02T12:00:00Z
LONGEST = 3_000
"""The long ones are cut to a few screens: what they are there for is seen in the first, and a pty takes its time."""
HARMLESS = {name: text[:LONGEST] for name, text in PAYLOADS.items() if name != "surrogate"}
"""No JSON can carry a lone surrogate."""


def records() -> list[Record]:
    """A source for each payload, with the payload wherever a stranger, a platform or a colleague can put it."""
    found: list[Record] = []
    for number, text in enumerate(HARMLESS.values()):
        at, short = to_datetime(NOON + number * 1_000_000), text[:300]
        source, conversation = f"{number} {short}", f"c{short}"
        found += [
            Source(
                id=source, platform=short, name=short, url=short, identities=[Identity(id=f"us{short}", name=short)]
            ),
            Conversation(source=source, id=conversation, kind="comments", title=text, url=short),
            Message(
                source=source,
                id=f"m{short}",
                conversation=conversation,
                author=Author(id=f"a{short}", handle=short, name=text),
                created_at=at,
                text=text,
                extra={short: text},
            ),
            Message(
                source=source,
                id=f"r{short}",
                conversation=conversation,
                author=Author(id=f"us{short}", name=short),
                created_at=at,
                text=text,
            ),
            Decision(
                id=f"00000000-0000-7000-8000-{number:012d}",
                at=at,
                by=short,
                act="claim",
                source=source,
                conversation=conversation,
                through=f"m{short}",
                reason=text,
                text=text,
                tags=[short],
            ),
            Send(
                id=f"00000000-0000-7000-9000-{number:012d}",
                at=at,
                by=short,
                source=source,
                conversation=conversation,
                through=f"m{short}",
                reply_to=f"m{short}",
                text=text,
                state="failed",
            ),
            Coverage(source=source, checked_at=at, gap=Gap(why=text)),
        ]
    return found


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything imported, through the command line in a pty."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "all.jsonl").write_bytes(b"".join(encode(record) + b"\n" for record in records()))
    session, _ = called(folder / "all.db", "import", str(folder / "all.jsonl"))
    assert session.exit_code == 0
    with Db(folder / "all.db") as db:
        for number, text in enumerate(HARMLESS.values()):
            short = text[:300]
            act = acts.Moderated(
                id=f"00000000-0000-7000-a000-{number:012d}",
                at=NOON,
                by=short,
                source=f"{number} {short}",
                conversation=f"c{short}",
                on="person",
                target=f"a{short}",
                message=f"m{short}",
                person=f"a{short}",
                act="mute",
                label=short,
                reason=text,
                not_before=NOON,
            )
            acts.begin(db, act)
            acts.move(db, act.id, "unsure", trouble=text, hint=text, expect=("doing",))
    return folder / "all.db"


def called(database: Path, *words: str) -> tuple[Session, str]:
    """A call in a pty, when it has ended: the session, and what it wrote."""
    session = Session(
        [sys.executable, "-m", "modconsole", *words],
        size=(100, 30),
        env={
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "MODCONSOLE_DB": str(database),
            "MODCONSOLE_HOME": str(database.parent / "home"),
            "MODCONSOLE_KEYRING": "off",
        },
        timeout=60,
        keep_output=True,
    )
    with session:
        session.wait_exit()
    assert session.output is not None
    return session, session.output.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def assert_nothing_happened(session: Session) -> None:
    """The terminal was asked nothing, told nothing, and is as it was."""
    terminal = session.terminal
    assert terminal.queries == []
    assert terminal.osc == []
    assert terminal.strings == []
    assert not terminal.controls, terminal.controls
    assert not terminal.unknown, terminal.unknown
    assert terminal.title == ""
    assert terminal.bells == 0
    assert terminal.modes <= {7, 25}


COMMANDS = [
    ["waiting"],
    ["waiting", "--all"],
    ["inbox", "--limit", "500"],
    ["search", "s", "--limit", "500"],
    ["journal", "--limit", "500"],
    ["outbox", "--limit", "500"],
    ["sources"],
    ["sweep"],
    ["verify"],
    ["export"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_commands_print_for_people_is_inert(database: Path, words: list[str]) -> None:
    """Tables, lists, receipts and exported records alike, on a terminal."""
    session, written = called(database, *words)
    assert_nothing_happened(session)
    assert_inert_output(re.sub(r"\r?\x1b\[K|\r", "", written))
    if words[0] not in ("verify",):
        assert ("PWNED" in written) or ("S<" in written)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_json_is_inert_on_a_terminal_and_loses_nothing(database: Path, words: list[str]) -> None:
    """It is ASCII, and says every text as it was written."""
    session, written = called(database, *words, "--json")
    assert_nothing_happened(session)
    assert written.isascii()
    assert_inert_output(written)
    document = json.loads(written)
    if words[0] == "waiting":
        assert {ask["person"]["name"] for ask in document["asks"]} >= set(HARMLESS.values())


@pytest.mark.parametrize("name", [name for name, text in HARMLESS.items() if "\0" not in text[:300]])
def test_words_of_a_call_come_back_inert(database: Path, name: str) -> None:
    """Ids that hold a payload can be named, and errors that repeat one are inert."""
    short = HARMLESS[name][:300]
    number = list(HARMLESS).index(name)
    named = (f"{number} {short}", f"m{short}")
    calls = (
        ["why", *named],
        ["why", short, "nothing"],
        ["waiting", f"is:{short}"],
        ["acts", *named],
        ["acts", named[0], "--person", f"a{short}"],
        ["moderate", short or "x", *named],
    )
    for words in calls:
        session, written = called(database, *words)
        assert_nothing_happened(session)
        assert_inert_output(re.sub(r"\r?\x1b\[K|\r", "", written))
        assert "Traceback" not in written


def test_bad_lines_are_told_inertly(tmp_path: Path) -> None:
    """Errors show what was wrong, and nothing of it acts."""
    lines = [json.dumps({"type": text[:300]}, ensure_ascii=False).encode() for text in HARMLESS.values()]
    (tmp_path / "bad.jsonl").write_bytes(b"\n".join(lines))
    session, written = called(tmp_path / "a.db", "import", str(tmp_path / "bad.jsonl"))
    assert session.exit_code == 2
    assert_nothing_happened(session)
    assert_inert_output(re.sub(r"\r?\x1b\[K|\r", "", written))


def test_an_exported_file_holds_no_control_and_reads_back_the_same(database: Path, tmp_path: Path) -> None:
    """Letters stay letters; what a terminal would obey is escaped as JSON has it."""
    session, _ = called(database, "export", "-o", str(tmp_path / "out.jsonl"))
    assert session.exit_code == 0
    text = (tmp_path / "out.jsonl").read_text("utf-8")
    assert {char for char in text if unicodedata.category(char) in LEFT_OUT} == {"\n"}
    assert "日本語" in text
    back = [decode(line) for line in text.encode().splitlines()]
    assert {r.text for r in back if isinstance(r, Message)} == set(HARMLESS.values())
