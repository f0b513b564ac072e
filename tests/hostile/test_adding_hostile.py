"""What a platform says of itself while somebody signs in to it cannot act on the terminal: names, errors, permissions, ids."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modconsole.domain.records import Coverage, Gap
from modconsole.domain.times import to_datetime
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from tests.hostile.adding_app import TEXTS
from tests.hostile.corpus import assert_inert
from tests.screens import kit
from tests.tools.ttyprobe import Session
from tests.tools.village import CODE

ROOT = Path(__file__).parents[2]


def page_through(session: Session, pages: int) -> str:
    """Page down, and give everything that was shown; nothing may happen but text."""
    seen = ""
    for _ in range(pages):
        assert_inert(session)
        seen += session.screen_text()
        session.key("<PgDn>", nochange=0.15, quiet=0.05)
    return seen


@pytest.mark.pty
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_hostile_platform_is_added_and_nothing_happens_but_text(tmp_path: Path, size: tuple[int, int]) -> None:
    """Through every page, by way of an error, to its own screen with hostile gaps and items that were set aside."""
    path = kit.build(tmp_path / "m.db", [])
    session = Session(
        [sys.executable, "-m", "tests.hostile.adding_app", str(path), str(tmp_path)],
        size=size,
        env={
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "MODCONSOLE_DISPLAY": "diff",
            "AT": str(kit.NOW),
            "TZ": "UTC",
            "MODCONSOLE_HOME": str(tmp_path / "home"),
            "MODCONSOLE_KEYRING": "off",
        },
        cwd=str(ROOT),
        timeout=60,
    )
    with session:
        session.wait_text("No source is connected yet")
        session.send("6")
        session.wait_text("add one, step by step")
        session.send("a")
        session.wait_text("Village")
        session.send("G")
        session.settle()
        assert_inert(session)
        session.send("<CR>")
        session.wait_text("Which village?")
        session.wait_text("▌ Server")
        session.paste("\x9d0;PWNED\x07\u202evillage.example")
        session.settle()
        assert_inert(session)
        session.send("<C-u>village.example<CR><CR>")
        session.wait_text("▌ Code")
        session.paste(CODE)
        session.send("<CR>")
        session.wait_text("The village says")
        session.wait_text("▌ Code")
        assert_inert(session)
        session.paste(CODE)
        session.send("<CR>")
        session.wait_text("Signed in as")
        assert "PWNED" in page_through(session, 12)
        session.send("<CR>")
        session.wait_text("What to call it")
        session.send("<C-u>v")
        for _ in range(30):
            session.key("<Tab>", nochange=0.1, quiet=0.02)
        session.key("<Right>")
        assert_inert(session)
        session.send("<C-s>")
        session.wait_text("permissions missing", timeout=30)
        worsen(path)
        session.send("<CR>")
        session.wait_text("it cannot vouch")
        seen = page_through(session, 14)
        assert "could not be read" in seen
        assert "could not be seen to the end" in seen
        session.send("G")
        session.send("e")
        session.wait_text("Business hours")
        assert_inert(session)
        session.send("<C-g>")
        session.settle()
        session.send("<C-q>")
        assert session.wait_exit() == 0


def worsen(path: Path) -> None:
    """Hostile reasons and payloads, as a sync could bring them."""
    with Db(path) as db:
        at = to_datetime(kit.NOW)
        looks = [
            Coverage(source="v", checked_at=at, conversation=text[:300] or "c", gap=Gap(why=text)) for text in TEXTS
        ]
        ingest(db, [*looks, Coverage(source="v", checked_at=at, gap=Gap(why=TEXTS[0]))], kit.NOW)
        for text in TEXTS:
            marks.poison(db, "v", kit.NOW, text, text.encode())
        marks.failed(db, "v", kit.NOW, TEXTS[0], TEXTS[1], kit.NOW + 10**9)
