"""Rules, strikes, appeals: nothing that a stranger wrote, and nothing in a rule file, acts on a terminal; through a real pty."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from modconsole.desk import appeals, strikes
from modconsole.desk.desk import Desk
from modconsole.desk.files import import_files
from modconsole.domain.exchange import encode
from modconsole.policy import write
from tests.hostile.corpus import assert_inert_output
from tests.hostile.test_command_line_hostile import HARMLESS, assert_nothing_happened, called, records

pytestmark = pytest.mark.pty

LADDER = "ladder:\n  - {strikes: 1, do: mute}\n"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every payload in a message that a rule hits, in a rule's own words, in a strike and in an appeal."""
    folder = tmp_path_factory.mktemp("hostile")
    path = folder / "all.db"
    (folder / "all.jsonl").write_bytes(b"".join(encode(record) + b"\n" for record in records()))
    desk = Desk(path, who="ann")
    desk.rules.mkdir()
    (desk.rules / "house.yaml").write_text(LADDER)
    for number, text in enumerate(HARMLESS.values()):
        short = text[:200]
        said = "".join(char for char in short if char.isprintable())[:90] or "x"
        rule: dict[str, write.Value] = {
            "id": f"r{number:03}",
            "name": said,
            "status": "shadow",
            "owner": said,
            "why": said,
            "select": {"words": {"body (substring)": ["S<", said]}},
            "do": ["flag"],
            "public": said,
            "section": said,
            "tests": [{"miss": text}],
        }
        raw: dict[str, write.Value] = {
            **rule,
            "id": f"b{number:03}",
            "why": short,
            "public": short,
            "do": [{"tag": short}],
        }
        (desk.rules / f"r{number:03}.yaml").write_text(f"{write.dump(rule)}---\n{write.dump(raw)}", "utf-8")
    (desk.rules / "wrong.yaml").write_text(
        "".join(f"---\n{write.scalar(text[:99])}: x\n" for text in HARMLESS.values())
    )
    import_files(desk, [folder / "all.jsonl"])
    for number, text in enumerate(HARMLESS.values()):
        source, message = f"{number} {text[:300]}", f"m{text[:300]}"
        strikes.strike(desk, source, message, rule=f"r{number:03}" if number % 2 else None, reason=text)
        appeals.open_appeal(desk, source, message, text=text)
    desk.close()
    return path


COMMANDS = [
    ["rules", "list", "--all"],
    ["rules", "show", "r000"],
    ["rules", "show", "r004"],
    ["rules", "check"],
    ["rules", "test"],
    ["rules", "backtest", "r001", "--limit", "500"],
    ["rules", "hits", "r001", "--limit", "500"],
    ["rules", "digest"],
    ["rules", "proposals"],
    ["rules", "versions", "r002"],
    ["rules", "blame", "r003"],
    ["rules", "guidelines", "--with-drafts"],
    ["rules", "guidelines", "--with-drafts", "--html"],
    ["strikes", "--limit", "500"],
    ["appeals", "--limit", "500"],
    ["journal", "--limit", "500"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_is_printed_for_people_is_inert(database: Path, words: list[str]) -> None:
    """Whoever wrote it: a member, a colleague, a rule file that was found on the net."""
    session, written = called(database, *words)
    assert_nothing_happened(session)
    assert_inert_output(re.sub(r"\r?\x1b\[K|\r", "", written))
    assert "Traceback" not in written
    assert len(written) > 20


@pytest.mark.parametrize("words", COMMANDS[::3], ids=" ".join)
def test_json_is_inert_too(database: Path, words: list[str]) -> None:
    """One document in ASCII."""
    session, written = called(database, *words, "--json")
    assert_nothing_happened(session)
    assert written.isascii()
    json.loads(written)


@pytest.mark.parametrize("number", range(2, len(HARMLESS), 33))
def test_what_is_told_about_one_message_is_inert(database: Path, number: int) -> None:
    """Explanations, notices, a member's strikes, an appeal; and errors that repeat the words of the call."""
    short = list(HARMLESS.values())[number][:300]
    if "\0" in short:
        pytest.skip("no call can hold a NUL")
    source, message = f"{number} {short}", f"m{short}"
    desk = Desk(database, who="ann")
    appeal = next(each.id for each in appeals.listing(desk, 500) if each.source == source)
    desk.close()
    for words in (
        ["rules", "explain", source, message, "--rule", "r001"],
        ["rules", "notice", f"r{number:03}", source, message],
        ["strikes", "show", source, f"a{short}"],
        ["appeals", "show", appeal],
        ["rules", "show", short or "x"],
    ):
        session, written = called(database, *words)
        assert_nothing_happened(session)
        assert_inert_output(re.sub(r"\r?\x1b\[K|\r", "", written))
        assert "Traceback" not in written
