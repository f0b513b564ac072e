"""No payload of the corpus gets through the screens to a real terminal, wherever a stranger's text is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modconsole.connectors import demo
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
from modconsole.domain.times import HOUR, MINUTE, to_datetime
from tests.hostile.corpus import PAYLOADS, assert_inert
from tests.screens import kit
from tests.tools.ttyprobe import Session

ROOT = Path(__file__).parents[2]


def storable(payload: str) -> str:
    """A payload as it can come out of JSON and go into SQLite: without lone surrogates."""
    return payload.encode("utf-8", "replace").decode()


def hostile() -> Iterator[Record]:
    """Each payload as text, name, handle, title, link, reason and failure."""
    now = to_datetime(kit.NOW)
    bad = storable(PAYLOADS["query: background"] + PAYLOADS["closing tag without an opening"])
    yield Source(
        id="evil",
        platform="demo-evil",
        name=bad,
        url=f"https://evil.example/{bad}",
        identities=[Identity(id="us", name=bad)],
        observed_at=now,
    )
    yield Coverage(source="evil", checked_at=now, gap=Gap(why=bad))
    for number, payload in enumerate(map(storable, PAYLOADS.values())):
        place = f"c{number}"
        at = to_datetime(kit.NOW - (number + 1) * HOUR)
        yield Conversation(
            source="evil", id=place, kind="forum", title=payload[:5000], url=payload[:500], opened_by=f"p{number}"
        )
        yield Message(
            source="evil",
            id=f"m{number}",
            conversation=place,
            author=Author(id=f"p{number}", name=payload[:5000], handle=payload[:5000]),
            created_at=at,
            text=payload,
            kind="forum",
            title=payload[:5000],
        )
        if number % 10 == 0:
            yield Send(
                id=f"send{number}",
                at=at,
                by=payload[:200] or "x",
                source="evil",
                conversation=place,
                through=f"m{number}",
                reply_to=f"m{number}",
                text=payload[:2000] or "x",
                state="failed",
            )
        if number % 10 == 5:
            yield Decision(
                id=f"00000000-0000-7000-8000-{number:012}",
                at=now,
                by=payload[:200],
                act="note",
                source="evil",
                conversation=place,
                person=f"p{number}",
                through=f"m{number}",
                text=payload[:2000],
            )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's community with the whole corpus among it."""
    path = tmp_path_factory.mktemp("hostile") / "modconsole.db"
    return kit.build(path, [*demo.records(kit.NOW - 10 * MINUTE), *hostile()], accounts=["blog"])


def console(database: Path, folder: Path, display: str, size: tuple[int, int]) -> Session:
    """The console in a pty, at its first screen."""
    session = Session(
        [sys.executable, "-m", "tests.screens.run_console", str(database), str(folder)],
        size=size,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "MODCONSOLE_DISPLAY": display, "AT": str(kit.NOW), "TZ": "UTC"},
        cwd=str(ROOT),
        timeout=60,
    )
    session.wait_text("▌")
    session.settle()
    return session


def walk(session: Session, pages: int) -> set[str]:
    """Page down through a list, and give every line that was shown. Nothing may happen but text."""
    seen: set[str] = set()
    for _ in range(pages):
        assert_inert(session)
        seen |= set(session.screen_text().splitlines())
        session.key("<PgDn>", nochange=0.15, quiet=0.05)
    return seen


@pytest.mark.pty
@pytest.mark.parametrize("display", ["stock", "diff"])
def test_lists_of_hostile_asks_are_inert(database: Path, tmp_path: Path, display: str) -> None:
    """Queue with its second pane row by row, inbox, outbox, sources and a search: text and colours alone."""
    with console(database, tmp_path, display, (130, 40)) as session:
        seen = walk(session, 4)
        assert sum("S<" in line for line in seen) > 50
        session.send("<Home>")
        for _ in range(len(PAYLOADS) + 40):
            session.key("j", nochange=0.1, quiet=0.02)
        assert_inert(session)
        for screen, said in (("2", "Inbox"), ("7", "Outbox"), ("6", "Sources"), ("?", "Help")):
            session.send(screen)
            session.wait_text(said)
            walk(session, 4)
        session.send("2")
        session.wait_text("Inbox")
        session.send("/")
        session.send("PWNED<Enter>")
        session.wait_text("hits")
        assert any("PWNED" in line for line in walk(session, 2))
        session.send("<C-q>")
        assert session.wait_exit() == 0


@pytest.mark.pty
def test_hostile_conversations_and_limits_are_inert(database: Path, tmp_path: Path) -> None:
    """Each hostile conversation is opened from the queue, and limits are echoed as they were typed or pasted."""
    with console(database, tmp_path, "diff", (80, 24)) as session:
        session.send("/")
        session.paste("in:evil \x1b]0;PWNED\x07[/x][@click=app.quit]\x9b6n\u202e")
        session.settle()
        assert_inert(session)
        session.send("<Esc>")
        session.send("/in:evil<Enter>")
        session.wait_text("limited to in:evil")
        session.settle()
        for _ in range(len(PAYLOADS)):
            session.send("<Enter>")
            session.settle(quiet=0.08)
            assert_inert(session)
            session.send("q")
            session.wait_text("Queue", timeout=20)
            session.send("j")
        assert_inert(session)
        session.send("<C-q>")
        assert session.wait_exit() == 0
