"""No payload of the corpus gets through a conversation, its dialogs, the proof, the diff or the composer to a real terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modconsole.desk import drafts
from modconsole.desk.desk import Desk
from modconsole.domain.records import Attachment, Author, Conversation, Decision, Identity, Message, Record, Source
from modconsole.domain.times import HOUR, MINUTE, to_datetime
from modconsole.store import acts, marks
from modconsole.store.db import Db
from tests.hostile.corpus import PAYLOADS, assert_inert
from tests.screens import kit
from tests.tools.ttyprobe import Session

ROOT = Path(__file__).parents[2]
TEXTS = [payload.encode("utf-8", "replace").decode() for payload in PAYLOADS.values()]


def hostile() -> Iterator[Record]:
    """One conversation in which each payload is a text, a name, an edit, a note, a reason, an attachment."""
    bad = "".join(TEXTS[:40])[:3000]
    yield Source(
        id="evil", platform="x", name=bad, identities=[Identity(id="us", name=bad)], observed_at=to_datetime(kit.NOW)
    )
    yield Conversation(source="evil", id="all", kind="comments", title=bad)
    for number, payload in enumerate(TEXTS):
        at = kit.NOW - 100 * HOUR + number * MINUTE
        said: dict[str, Any] = {
            "source": "evil",
            "id": f"m{number}",
            "conversation": "all",
            "author": Author(id=f"p{number}", name=payload[:3000], handle=payload[:3000]),
            "created_at": to_datetime(at),
        }
        yield Message(**said, text="It was harmless once." + payload[:50], observed_at=to_datetime(at))
        later = to_datetime(at + HOUR)
        yield Message(
            **said,
            text=payload,
            edited_at=later,
            observed_at=later,
            attachments=[Attachment(kind=payload[:100], alt=payload[:100], url=payload[:100])],
        )
        if number % 3 == 0:
            yield Decision(
                id=f"00000000-0000-7000-8000-{number:012}",
                at=later,
                by=payload[:200] or "x",
                act="note" if number % 2 else "claim",
                source="evil",
                conversation="all",
                person=f"p{number}",
                through=f"m{number}",
                reason=payload[:300],
                text=payload[:2000],
                until=to_datetime(kit.NOW + HOUR),
            )


def _moderated(db: Db, number: int, payload: str) -> None:
    """An act on each person or message, under a hostile name, with a hostile reason, label and trouble."""
    on = "person" if number % 2 else "message"
    act = acts.begin(
        db,
        acts.Moderated(
            id=f"00000000-0000-7000-9000-{number:012}",
            at=kit.NOW,
            by=payload[:200] or "x",
            source="evil",
            conversation="all",
            on=on,
            target=f"p{number}" if number % 2 else f"m{number}",
            message=f"m{number}",
            person=f"p{number}",
            act="mute" if number % 2 else "report",
            label=payload[:200],
            reason=payload[:2000],
            not_before=kit.NOW + HOUR,
        ),
    )
    if number % 4 < 2:
        acts.done(db, act.id, became=None, undo=("unmute", {}), note=payload[:300])
    else:
        acts.move(db, act.id, "unsure", trouble=payload[:300], hint=payload[:300], expect=("doing",))
    if number % 8 == 1:
        acts.undone(db, act.id, payload[:200] or "x", kit.NOW)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That conversation alone, what was done about each message, and a hostile draft for each third one."""
    path = kit.build(tmp_path_factory.mktemp("talk") / "modconsole.db", hostile())
    with Db(path) as db:
        marks.save_account(db, "evil", "demo-forum", {"place": "forum", "start": kit.NOW})
        for number, payload in enumerate(TEXTS):
            _moderated(db, number, payload)
    desk = Desk(path, who="mara", clock=kit.Clock())
    for number, payload in enumerate(TEXTS):
        if number % 3 == 1:
            drafts.save_draft(desk, "evil", f"m{number}", payload)
    desk.close()
    return path


def opened(database: Path, folder: Path, display: str, size: tuple[int, int]) -> Session:
    """The conversation in a pty."""
    session = Session(
        [sys.executable, "-m", "tests.screens.run_console", str(database), str(folder)],
        size=size,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "MODCONSOLE_DISPLAY": display, "AT": str(kit.NOW), "TZ": "UTC"},
        cwd=str(ROOT),
        timeout=60,
    )
    session.wait_text("\u258c")
    session.settle()
    session.send("<Enter>")
    session.wait_text(f"of {len(TEXTS)}")
    session.settle()
    session.send("<Home>")
    session.settle()
    return session


@pytest.mark.pty
@pytest.mark.parametrize(("display", "size"), [("stock", (80, 24)), ("diff", (120, 40))])
def test_a_hostile_conversation_is_inert_message_by_message(
    database: Path, tmp_path: Path, display: str, size: tuple[int, int]
) -> None:
    """Every message is scrolled through and shown; the terminal sees text and colours alone."""
    seen: set[str] = set()
    with opened(database, tmp_path, display, size) as session:
        for _ in range(len(TEXTS) + 20):
            session.key("j", nochange=0.1, quiet=0.02)
            seen |= set(session.screen_text().splitlines())
        assert_inert(session)
        assert sum("S<" in line for line in seen) > len(TEXTS) // 2
        session.send("<C-q>")
        assert session.wait_exit() == 0


@pytest.mark.pty
@pytest.mark.parametrize("start", [0, 1, 2])
def test_what_opens_from_a_hostile_message_is_inert(database: Path, tmp_path: Path, start: int) -> None:
    """Of each message the proof, the diff, the dialogs, and the composer with its quotation and a hostile draft."""
    with opened(database, tmp_path, "stock", (80, 24)) as session:
        session.send("j" * start)
        for at in range(start, len(TEXTS), 3):
            for key, back, said in (
                ("w", "q", "Why does"),
                ("d", "q", "Edits of"),
                ("c", "<Esc>", "no reply needed"),
                ("z", "<Esc>", "until they write"),
                ("r", "<Esc>", "Reply to"),
                ("m", "<Esc>", "[message: by") if at % 2 else ("M", "<Esc>", "[person: "),
            ):
                session.send(key)
                session.wait_text(said)
                session.settle(quiet=0.05)
                assert_inert(session)
                session.send(back)
                session.wait_text(f"of {len(TEXTS)}")
                session.settle(quiet=0.05)
            session.send("jjj")
            session.settle(quiet=0.05)
        assert_inert(session)
        session.send("<C-q>")
        assert session.wait_exit() == 0


@pytest.mark.pty
def test_forms_and_questions_about_hostile_people_are_inert(database: Path, tmp_path: Path) -> None:
    """The form of an act and the question before one that nothing takes back name whom it is about; the outbox lists them."""
    with opened(database, tmp_path, "diff", (80, 24)) as session:
        for _ in range(0, len(TEXTS), 6):
            for keys, said in (("M1", "given its voice back"), ("m5", "1 spam"), ("1<Enter>", "nothing takes it back")):
                session.send(keys)
                session.wait_text(said)
                session.settle(quiet=0.05)
                assert_inert(session)
                if keys != "m5":
                    session.send("<Esc>")
                    session.wait_text("r reply")
                    session.settle(quiet=0.05)
            session.send("j" * 6)
            session.settle(quiet=0.05)
        session.send("7")
        session.wait_text("Outbox")
        for _ in range(len(TEXTS)):
            session.key("j", nochange=0.1, quiet=0.02)
        assert_inert(session)
        session.send("<C-q>")
        assert session.wait_exit() == 0
