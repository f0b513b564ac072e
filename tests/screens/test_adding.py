"""Adding a source in the console: page by page, errors where they belong, back, and away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from modconsole.app import ModConsoleApp
from modconsole.config.secrets import Secrets
from modconsole.connectors.base import Account
from modconsole.domain.records import Identity
from modconsole.errors import SignInError, Unreachable
from modconsole.screens import browser
from modconsole.screens.forms import FormScreen
from modconsole.store import marks
from modconsole.store.db import Db
from tests.screens import kit
from tests.screens.kit import console, lines, settled, text, until
from tests.tools import village as platform
from tests.tools.village import CODE, SECRET, Village

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


@pytest.fixture
def village(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Village:
    """A platform whose sign-in takes two steps, and secrets of a home of its own."""
    monkeypatch.setenv("MODCONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODCONSOLE_KEYRING", "off")
    return platform.register(monkeypatch.setattr)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A database without a source."""
    return kit.build(tmp_path / "m.db", [])


def place(pilot: Pilot[Any]) -> str:
    return str(getattr(pilot.app.screen, "PLACE", ""))


def form(pilot: Pilot[Any]) -> FormScreen:
    assert isinstance(pilot.app.screen, FormScreen)
    return pilot.app.screen


async def asked(pilot: Pilot[Any], what: str) -> None:
    """Wait for a page, and until nothing is waited for."""
    await until(pilot, lambda: place(pilot) == "form" and what in text(pilot) and not form(pilot).waits_for, what)
    await settled(pilot)


async def choosing(pilot: Pilot[Any], title: str = "Village") -> None:
    """From the first screen to the questions of a platform."""
    await kit.ready(pilot)
    await pilot.press("6")
    await settled(pilot)
    await pilot.press("a")
    await until(pilot, lambda: place(pilot) == "platforms", "the platforms")
    await settled(pilot)
    while kit.queue(pilot).list.row.info.title != title:
        await pilot.press("j")
    await pilot.press("enter")


async def signed_in(pilot: Pilot[Any]) -> None:
    """To the page that says what comes in."""
    await choosing(pilot)
    await asked(pilot, "Which village?")
    await pilot.press(*"village.example", "enter", "enter")
    await asked(pilot, "Let modconsole in")
    pilot.app.post_message(events.Paste(f"{CODE}\n"))
    await pilot.pause()
    await pilot.press("enter")
    await asked(pilot, "Signed in as Acme Team")


def stored(path: Path) -> list[str]:
    with Db(path) as db:
        return [each.source for each in marks.accounts(db)]


@SIZES
async def test_a_source_is_added_page_by_page(village: Village, empty: Path, size: tuple[int, int]) -> None:
    """Platform, questions, what comes in, choices; then it is in the list, and its first sync is asked for."""
    async with console(empty).run_test(size=size) as pilot:
        await signed_in(pilot)
        shown = text(pilot)
        for said in ("comments on 12 posts", "! read direct messages: they are not seen", "Acme Bot (us:2)"):
            assert said in shown
        assert stored(empty) == []
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        screen = form(pilot)
        assert screen.view.answers()["source"] == "village.example"
        await pilot.press("ctrl+u", *"v", "tab", "tab", "tab", "right")
        assert screen.view.answers()["us:us:2"] == "person"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: place(pilot) == "sources", "the list of sources")
        await settled(pilot)
        await until(
            pilot, lambda: "v: signed in as Acme Team, but 1 permission missing" in lines(pilot)[-1], "the word"
        )
        assert [row.state.source.id for row in kit.queue(pilot).list.window.rows] == ["v"]
    with Db(empty) as db:
        assert marks.asked_for(db) == {("v", False): 1}
        account = marks.account(db, "v")
        assert account is not None
        assert account.settings["identity"] == "us:1"
        record = marks.described(db, "v")
        assert record is not None
        assert [each.id for each in record.identities or []] == ["us:1", "us:2"]
    assert Secrets().get("v") == SECRET


async def test_what_is_wrong_with_an_answer_stands_at_its_field(village: Village, empty: Path) -> None:
    """Our own checks below the field, the platform's below the page; the next answer takes it away."""
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await choosing(pilot)
        await asked(pilot, "Which village?")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "! This is needed." in text(pilot), "the complaint")
        rows = lines(pilot)
        at = next(number for number, row in enumerate(rows) if "▌ Server" in row)
        assert "! This is needed." in rows[at + 1]
        await pilot.press(*"village")
        assert "This is needed" not in text(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "! 'village' is no server. Write it as village.example." in text(pilot), "the error")
        await settled(pilot)
        await pilot.press(*".example", "ctrl+s")
        await asked(pilot, "Let modconsole in")
        assert "is no server" not in text(pilot)
        await pilot.press(*"wrong", "enter")
        await until(pilot, lambda: "does not take this code" in text(pilot), "the error")
        await settled(pilot)
        assert form(pilot).view.answers() == {"code": ""}


async def test_a_secret_is_never_on_the_screen(village: Village, empty: Path) -> None:
    """Neither as it is typed, nor as it is pasted, nor after a look back."""
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await choosing(pilot)
        await asked(pilot, "Which village?")
        await pilot.press(*"village.example", "ctrl+s")
        await asked(pilot, "Let modconsole in")
        await pilot.press(*"xyzzy")
        pilot.app.post_message(events.Paste("plugh" * 400))
        await pilot.pause()
        assert form(pilot).view.answers()["code"] == "xyzzy" + "plugh" * 400
        assert "xyzzy" not in text(pilot)
        assert "plugh" not in text(pilot)
        await pilot.press("escape")
        await asked(pilot, "Which village?")
        await pilot.press("ctrl+s")
        await asked(pilot, "Let modconsole in")
        assert form(pilot).view.answers() == {"code": ""}


async def test_one_can_go_back_from_every_page_and_what_was_typed_is_there(village: Village, empty: Path) -> None:
    """From the choices to the platforms, a page at a time."""
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await signed_in(pilot)
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        await pilot.press("ctrl+u", *"mine", "escape")
        await asked(pilot, "Signed in as")
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        assert form(pilot).view.answers()["source"] == "mine"
        await pilot.press("escape")
        await asked(pilot, "Signed in as")
        await pilot.press("escape")
        await asked(pilot, "Let modconsole in")
        await pilot.press("escape")
        await asked(pilot, "Which village?")
        assert form(pilot).view.answers() == {"server": "village.example", "scope": "read and write"}
        await pilot.press("escape")
        await until(pilot, lambda: place(pilot) == "platforms", "the platforms")
        await pilot.press("q")
        await until(pilot, lambda: place(pilot) == "sources", "the sources")
    assert stored(empty) == []


async def test_leaving_stores_nothing(village: Village, empty: Path, tmp_path: Path) -> None:
    """From any page, with one key."""
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await signed_in(pilot)
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: place(pilot) == "platforms", "the platforms")
    assert stored(empty) == []
    assert not list(tmp_path.rglob("*.secret"))


async def test_while_the_platform_is_asked_nothing_else_happens_but_leaving(
    village: Village, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says what is waited for, and keys are refused with the reason."""
    import threading

    go, asked_it = threading.Event(), threading.Event()
    real = platform.Gate.check

    def slow(gate: Any) -> Any:
        asked_it.set()
        assert go.wait(kit.PATIENCE)
        return real(gate)

    monkeypatch.setattr(platform.Gate, "check", slow)
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await choosing(pilot)
        await asked(pilot, "Which village?")
        await pilot.press(*"village.example", "ctrl+s")
        await asked(pilot, "Let modconsole in")
        await pilot.press(*CODE, "enter")
        await until(pilot, asked_it.is_set, "the question")
        assert "asking Village who we are" in text(pilot)
        await pilot.press("ctrl+s")
        assert "Still asking Village who we are. ctrl+g leaves it; nothing was stored." in lines(pilot)[-1]
        await pilot.press("escape")
        assert "Still asking" in lines(pilot)[-1]
        await pilot.press("ctrl+g")
        await until(pilot, lambda: place(pilot) == "platforms", "the platforms")
        go.set()
        await settled(pilot)
    assert stored(empty) == []


async def test_a_platform_that_cannot_be_reached_is_asked_again_without_typing_again(
    village: Village, empty: Path
) -> None:
    """What was answered is still there; a sign-in that is wrong goes back to its question."""
    village.trouble = [Unreachable("village.example does not answer.", hint="Is the network there?")]
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await choosing(pilot)
        await asked(pilot, "Which village?")
        await pilot.press(*"village.example", "ctrl+s")
        await asked(pilot, "Let modconsole in")
        await pilot.press(*CODE, "enter")
        await asked(pilot, "does not answer. Is the network there?")
        assert "try again" in lines(pilot)[-1]
        village.trouble = [SignInError("This account was closed.", hint="Take another one.")]
        await pilot.press("enter")
        await asked(pilot, "This account was closed. Take another one.")
        assert "Let modconsole in" in text(pilot)
        await pilot.press(*CODE, "enter")
        await asked(pilot, "Signed in as Acme Team")


async def test_the_address_to_open_is_whole_on_the_screen_and_can_be_copied(
    village: Village, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By way of the terminal; on another page there is none to copy."""
    copied: list[str] = []
    monkeypatch.setattr(ModConsoleApp, "copy_to_clipboard", lambda _app, what: copied.append(what))
    monkeypatch.setattr(browser, "opener", lambda: None)
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await choosing(pilot)
        await asked(pilot, "Which village?")
        await pilot.press("ctrl+y")
        assert "no address" in lines(pilot)[-1]
        await pilot.press(*"village.example", "ctrl+s")
        await asked(pilot, "Let modconsole in")
        page = form(pilot).page
        assert page is not None
        assert page.url in "".join(line.strip() for line in lines(pilot))
        await pilot.press("ctrl+y")
        await pilot.press("ctrl+o")
        assert copied == [page.url, page.url]
        assert "The address is copied" in lines(pilot)[-1]


async def test_an_address_with_odd_signs_is_neither_opened_nor_copied(
    village: Village, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes from the platform."""
    copied: list[str] = []
    monkeypatch.setattr(ModConsoleApp, "copy_to_clipboard", lambda _app, what: copied.append(what))
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await choosing(pilot)
        await asked(pilot, "Which village?")
        await pilot.press(*"village.example", "quotation_mark", "ctrl+s")
        await asked(pilot, "Let modconsole in")
        for key in ("ctrl+y", "ctrl+o"):
            await pilot.press(key)
            assert "odd signs" in lines(pilot)[-1]
    assert copied == []


async def test_what_is_typed_ahead_goes_into_the_next_field(village: Village, empty: Path) -> None:
    """Enter moves on before the next key is given out."""
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await choosing(pilot)
        await asked(pilot, "Which village?")
        await pilot.press(*"village.example", "ctrl+s")
        await asked(pilot, "Let modconsole in")
        pilot.app.post_message(events.Paste(CODE))
        await pilot.pause()
        await pilot.press("enter")
        await asked(pilot, "Signed in as")
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        for key in ("ctrl+u", *"ab", "enter", "ctrl+u", *"cd"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: form(pilot).view.answers()["name"] == "cd", "the second field")
        assert form(pilot).view.answers()["source"] == "ab"


async def test_a_name_that_is_taken_is_said_at_its_field(village: Village, empty: Path) -> None:
    """And nothing is stored; another one does."""
    with Db(empty) as db:
        marks_source(db, "v")
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await signed_in(pilot)
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        await pilot.press("ctrl+u", *"v", "ctrl+s")
        await until(pilot, lambda: "! There is a source of this name already." in text(pilot), "the complaint")
        await settled(pilot)
        assert stored(empty) == []
        await pilot.press(*"2", "ctrl+s")
        await until(pilot, lambda: place(pilot) == "sources", "the sources")
    assert stored(empty) == ["v2"]


def marks_source(db: Db, name: str) -> None:
    """A source of another platform."""
    from modconsole.domain.records import Source
    from modconsole.store.ingest import ingest

    ingest(db, [Source(id=name, platform="forum")], kit.NOW)


async def test_signing_in_again_asks_for_the_secret_and_keeps_the_rest(village: Village, empty: Path) -> None:
    """`l` on a source: the questions stand answered but for the code, and what comes after is one Enter."""
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await signed_in(pilot)
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        await pilot.press("ctrl+u", *"v", "ctrl+s")
        await until(pilot, lambda: place(pilot) == "sources", "the sources")
        await settled(pilot)
        await pilot.press("l")
        await asked(pilot, "Which village?")
        assert "Sign in to v again" in lines(pilot)[0]
        assert form(pilot).view.answers()["server"] == "village.example"
        await pilot.press("ctrl+s")
        await asked(pilot, "Let modconsole in")
        village.renews = "a-newer-token"
        await pilot.press(*CODE, "enter")
        await asked(pilot, "v is here already. Its sign-in is renewed")
        assert "renew it" in lines(pilot)[-1]
        await pilot.press("enter")
        await until(pilot, lambda: place(pilot) == "sources", "the sources")
    assert stored(empty) == ["v"]
    assert Secrets().get("v") == "a-newer-token"


async def test_many_identities_scroll_and_the_field_at_which_one_is_stays_in_view(
    village: Village, empty: Path
) -> None:
    """Twenty accounts that may be us, on a small screen."""
    village.account = Account(
        id="us:1", name="Acme", others=tuple(Identity(id=f"x{n}", name=f"Helper {n}") for n in range(20))
    )
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await choosing(pilot)
        await asked(pilot, "Which village?")
        await pilot.press(*"village.example", "ctrl+s")
        await asked(pilot, "Let modconsole in")
        await pilot.press(*CODE, "enter")
        await asked(pilot, "Signed in as Acme")
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        assert not any("Helper 19" in line for line in lines(pilot))
        await pilot.press(*["tab"] * 22)
        assert any("▌ Helper 19 " in line for line in lines(pilot))
        await pilot.press("p", "p")
        assert form(pilot).view.answers()["us:x19"] == "page"
        await pilot.press(*["shift+tab"] * 22)
        assert any("▌ What to call it" in line for line in lines(pilot))


async def test_the_first_lesson_says_how_to_add_a_source(empty: Path) -> None:
    """In the queue and in the list of sources, until there is one."""
    async with console(empty).run_test(size=(80, 24)) as pilot:
        await kit.ready(pilot)
        assert "6, then a" in text(pilot)
        await pilot.press("6")
        await settled(pilot)
        assert "add one, step by step" in text(pilot)
        assert " a add" in lines(pilot)[-1]


async def test_sync_now_without_a_source_says_how_to_add_one(empty: Path) -> None:
    """Nothing would be looked at."""
    async with console(empty, sync_now=lambda _: False).run_test(size=(80, 24)) as pilot:
        await kit.ready(pilot)
        await pilot.press("R")
        assert "6, then a, adds a source." in lines(pilot)[-1]
