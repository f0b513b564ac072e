"""Rule files from other hands, and hits on strangers' texts, cannot act on the terminal: list, lab, hits, versions, proposals.

A rule file may come by git from somebody else, so its words are strangers' words; what it hits are strangers' texts. The rule lab
shows both side by side, in a text area, which gates nothing by itself.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modconsole.desk import rule_texts, ruling
from modconsole.desk.desk import Desk
from modconsole.domain.records import Author, Conversation, Identity, Message, Record, Source
from modconsole.domain.times import HOUR, MINUTE, to_datetime
from modconsole.store.ingest import ingest
from modconsole.sync.judging import Judging
from tests.hostile.corpus import PAYLOADS, assert_inert
from tests.screens import kit
from tests.tools.ttyprobe import Session

ROOT = Path(__file__).parents[2]
TEXTS = [payload.encode("utf-8", "replace").decode() for payload in PAYLOADS.values()]


def quoted(text: str) -> str:
    """A text as YAML reads it back whole."""
    return json.dumps(text)


def rule(number: int, payload: str) -> str:
    """A rule made of a payload, which hits every payload; of those with control characters the reader makes none."""
    return (
        f"id: evil-{number}\nname: {quoted(payload[:200])}\nstatus: shadow\n"
        f"why: {quoted(payload[:300])}\n"
        f"select:\n  {'bad' if number % 2 else quoted('x' + str(number))}:\n"
        f"    body+author name (substring): ['S<', {quoted(payload[:80])}]\n"
        f"do:\n  - suggest close: {quoted(payload[:80])}\n  - tag: bad\n"
        f"tests:\n  - hit: {quoted(payload[:200])}\n  - miss: {quoted('S<' + payload[:200])}\n"
    )


def records(first: int) -> Iterator[Record]:
    """A conversation in which each payload is a text and a name."""
    bad = "".join(TEXTS[:30])[:2000]
    yield Source(
        id="evil", platform="x", name=bad, identities=[Identity(id="us", name="us")], observed_at=to_datetime(kit.NOW)
    )
    yield Conversation(source="evil", id="all", kind="comments", title=bad)
    for number, payload in enumerate(TEXTS, first):
        yield Message(
            source="evil",
            id=f"m{number}",
            conversation="all",
            author=Author(id=f"p{number}", name=payload[:300], handle=payload[:300]),
            created_at=to_datetime(kit.NOW - HOUR + number * MINUTE // 100),
            text=payload[:2_000],
            observed_at=to_datetime(kit.NOW),
        )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules of each fourth payload, one of them live, with hits and proposals; files that are hostile as they stand."""
    folder = tmp_path_factory.mktemp("rules")
    desk = Desk(folder / "modconsole.db", who="mara", clock=kit.Clock(), rules=folder / "modconsole.rules")
    rules = folder / "modconsole.rules"
    rules.mkdir()
    for number in range(0, len(TEXTS), 4):
        (rules / f"evil-{number:03}.yaml").write_text(rule(number, TEXTS[number]), encoding="utf-8")
    for number in range(1, len(TEXTS), 8):
        (rules / f"raw-{number:03}.yaml").write_bytes(f"id: raw-{number}\nname: {TEXTS[number]}\n".encode())
    (rules / "house.yaml").write_text(f"titel: {quoted(TEXTS[0])}\n", encoding="utf-8")
    live = rule(900, PAYLOADS["closing tag without an opening"]).split("tests:")[0]
    (rules / "evil-900.yaml").write_text(live, encoding="utf-8")
    judging = Judging(rules, undo_delay=0)
    judging.attach(desk.db, kit.NOW)
    ingest(desk.db, list(records(0)), kit.NOW)
    ruling.go_live(desk, "evil-900", 1, {"hits": 1})
    judging.attach(desk.db, kit.NOW + MINUTE)
    ingest(desk.db, list(records(1_000)), kit.NOW + MINUTE)
    judging.leave(desk.db, kit.NOW + MINUTE)
    file = rule_texts.read_file(desk, "evil-900.yaml")
    rule_texts.save(desk, file, file.text + "owner: " + quoted(PAYLOADS["emoji names"]) + "\n")
    rule_texts.keep_draft(desk, "evil-004.yaml", "".join(TEXTS)[:4_000], seen="old")
    rule_texts.keep_draft(desk, "new\x1b]0;PWNED\x07.yaml", TEXTS[0])
    assert len(ruling.hits(desk, "evil-900", 200)) > 2 * len(TEXTS) // 3
    assert len(ruling.proposals(desk)) > len(TEXTS) // 3
    assert {state.effective for state in ruling.listing(desk)} >= {"live", "shadow"}
    desk.close()
    return desk.path


def console(database: Path, folder: Path, display: str, size: tuple[int, int]) -> Session:
    """The list of rules in a pty."""
    session = Session(
        [sys.executable, "-m", "tests.screens.run_console", str(database), str(folder)],
        size=size,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "MODCONSOLE_DISPLAY": display, "AT": str(kit.NOW), "TZ": "UTC"},
        cwd=str(ROOT),
        timeout=60,
    )
    session.wait_text("▌")
    session.send("3")
    session.wait_text("taken back")
    session.wait_text("evil")
    session.settle()
    return session


@pytest.mark.pty
@pytest.mark.parametrize(("display", "size"), [("stock", (80, 24)), ("diff", (120, 40))])
def test_hostile_rules_are_listed_and_opened_and_nothing_happens_but_text(
    database: Path, tmp_path: Path, display: str, size: tuple[int, int]
) -> None:
    """Every row, and of every sixth one the lab with its text, its problems and its hits."""
    with console(database, tmp_path, display, size) as session:
        rows = len(TEXTS) // 4 + len(TEXTS) // 8 + 4
        for at in range(rows):
            if at % 6 == 0:
                session.send("<Enter>")
                session.wait_text("Rules ·")
                session.settle(quiet=0.4)
                session.send("<C-n>")
                session.settle(quiet=0.05)
                session.send("<Tab><PgDn><Tab>")
                session.settle(quiet=0.1)
                assert_inert(session)
                session.send("<Esc>")
                session.wait_text("taken back   cost")
            session.send("j")
            session.settle(quiet=0.05)
            assert_inert(session)
        session.send("<C-q>")
        assert session.wait_exit() == 0


@pytest.mark.pty
def test_hits_versions_explanations_and_proposals_of_hostile_rules_are_inert(database: Path, tmp_path: Path) -> None:
    """Each of the screens that a rule leads to, gone through from the first line to the last."""
    with console(database, tmp_path, "stock", (80, 24)) as session:
        for _ in range(60):
            if "evil-900 v2" in session.screen_text():
                break
            session.key("j", nochange=0.1, quiet=0.02)
        for key, said in (("h", "Hits of"), ("v", "Versions of"), ("d", "Digest"), ("P", "Proposals")):
            session.send(key)
            session.wait_text(said)
            session.settle(quiet=0.3)
            for _ in range(4):
                session.key("<PgDn>", nochange=0.1, quiet=0.02)
                assert_inert(session)
            session.send("<Esc>")
            session.wait_text("taken back   cost")
        session.send("h")
        session.wait_text("Hits of")
        session.settle(quiet=0.3)
        for _ in range(3):
            session.send("W")
            session.wait_text("Which rules?")
            session.settle(quiet=0.3)
            for _ in range(3):
                session.key("<PgDn>", nochange=0.1, quiet=0.02)
            assert_inert(session)
            session.send("<Esc>")
            session.wait_text("Hits of")
            session.send("jjjjjjj")
            session.settle(quiet=0.1)
        session.send("<Enter>")
        session.wait_text("W why")
        assert_inert(session)
        session.send("<C-q>")
        assert session.wait_exit() == 0


@pytest.mark.pty
def test_a_hostile_rule_that_is_pasted_is_inert(database: Path, tmp_path: Path) -> None:
    """All payloads at once, into the text of a rule."""
    with console(database, tmp_path, "diff", (80, 24)) as session:
        session.send("N")
        session.wait_text("name of the new rule")
        session.paste("x\x9d0;PWNED\x07\u202ey")
        session.send("<Enter>")
        session.wait_text("select:")
        session.settle(quiet=0.3)
        for text in TEXTS[::7]:
            session.paste(text[:500])
            session.settle(quiet=0.05)
            assert_inert(session)
        session.send("<Esc>")
        session.wait_text("kept as a draft")
        assert_inert(session)
        session.send("<C-q>")
        assert session.wait_exit() == 0
