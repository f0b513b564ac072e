"""One source in the console: all that is known of it, its settings, and what can be done with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from modconsole.app import ModConsoleApp
from modconsole.connectors.base import Account
from modconsole.domain.records import Coverage, Gap, Identity, Record, Source
from modconsole.domain.times import HOUR, MINUTE, to_datetime
from modconsole.errors import SignInError
from modconsole.screens.conversation import ConversationScreen
from modconsole.screens.forms import FormScreen
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from tests.scenarios.story import Story
from tests.screens import kit
from tests.screens.kit import console, lines, settled, text, until
from tests.tools import village as platform
from tests.tools.village import Village

NOW = kit.NOW


def gap(minutes: float, why: str, conversation: str | None = None) -> Coverage:
    """A look so many minutes ago that could not see something."""
    at = to_datetime(NOW - int(minutes * MINUTE))
    return Coverage(source="v", checked_at=at, complete_through=at, conversation=conversation, gap=Gap(why=why))


def records() -> list[Record]:
    """Two posts on a village, somebody who waits, and what could not be seen."""
    told = Story(source="v", conversation="well").message("m1", "ann", "9:00")
    told.then(Story(source="v", conversation="mill").message("m2", "bob", "9:00"))
    return [
        *told.records,
        Source(
            id="v",
            platform="village",
            name="The Village",
            url="https://village.example",
            target_hours=8.0,
            identities=[Identity(id="us:1", name="Acme Team"), Identity(id="us:2", name="Acme Bot", kind="bot")],
            observed_at=to_datetime(NOW),
        ),
        gap(3, "no right to see held comments"),
        gap(2, "the server shows 40 of 90 replies", "well"),
    ]


@pytest.fixture
def village(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Village:
    """The platform, with nothing of the machine's own secrets."""
    monkeypatch.setenv("MODCONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODCONSOLE_KEYRING", "off")
    monkeypatch.setenv("MODCONSOLE_SECRET_V", "token")
    return platform.register(monkeypatch.setattr)


@pytest.fixture
def path(tmp_path: Path, village: Village) -> Path:
    """Signed in, failing, limited, with two items set aside."""
    made = kit.build(tmp_path / "m.db", records())
    with Db(made) as db:
        settings = {"server": "village.example", "identity": "us:1", "missing": ["read direct messages: not seen"]}
        marks.save_account(db, "v", "village", settings)
        marks.synced(db, "v", NOW - HOUR, NOW - HOUR, walked=True)
        marks.failed(db, "v", NOW - 5 * MINUTE, "Too many requests.", "It is tried again by itself.", NOW + 9 * MINUTE)
        marks.poison(db, "v", NOW - 4 * MINUTE, "it has no author", b'{"id": 7}')
        marks.poison(db, "v", NOW - 3 * MINUTE, "it has no text", b'{"id": 8,\n "text": null}')
    return made


async def opened(pilot: Pilot[Any]) -> None:
    """The screen of the source."""
    await kit.ready(pilot)
    await pilot.press("6")
    await settled(pilot)
    await pilot.press("enter")
    await until(pilot, lambda: getattr(pilot.app.screen, "PLACE", "") == "source" and "holds" in text(pilot), "it")
    await settled(pilot)


async def at(pilot: Pilot[Any], what: str) -> None:
    """The cursor to the line that says something."""
    await pilot.press("home")
    for _ in range(60):
        if any("▌" in line and what in line for line in lines(pilot)):
            return
        await pilot.press("j")
    raise AssertionError(f"no line says {what!r}:\n{text(pilot)}")


async def test_all_that_is_known_of_a_source_is_on_its_screen(path: Path) -> None:
    """How far it was seen, every gap with why and since when, until when it is limited, what is missing, who is us."""
    async with console(path).run_test(size=(100, 40)) as pilot:
        await opened(pilot)
        shown = " ".join(" ".join(line.split()) for line in lines(pilot))
        for said in (
            "! it cannot vouch: Too many requests.",
            "fails since 19:55: Too many requests.",
            "to do It is tried again by itself.",
            "rate limit the platform wants to be left alone until 20:09",
            "missing read direct messages: not seen",
            "complete to 19:57 (3m ago)",
            "full walk 19:00 (1h ago)",
            "gap no right to see held comments (since 19:57)",
            "threads 1 conversation could not be seen to the end",
            "well: the server shows 40 of 90 replies (since 19:58)",
            "set aside 2 items could not be read",
            "it has no author (9 bytes)",
            "Acme Team (us:1) · person · we reply as this one",
            "Acme Bot (us:2) · bot",
            "2 messages, 2 conversations, 2 people, 2 open asks",
            "answer in 8h",
            "MODCONSOLE_SECRET_V",
        ):
            assert said in shown, said
        assert "v !" in lines(pilot)[0]


async def test_enter_opens_the_conversation_of_a_gap_and_its_header_says_so(path: Path) -> None:
    """Who reads it knows that an answer, or a question, may be missing; `w` says why."""
    async with console(path).run_test(size=(100, 40)) as pilot:
        await opened(pilot)
        await at(pilot, "40 of 90")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConversationScreen), "the conversation")
        await until(pilot, lambda: "! not seen to the end" in lines(pilot)[0], "the header's word")
        await until(pilot, lambda: "What about m1, please?" in text(pilot), "the message")
        await pilot.press("w")
        said = "! Not all of this conversation can be seen, since 19:58: the server shows 40 of 90 replies."
        await until(pilot, lambda: said in text(pilot), "the proof")


async def test_a_conversation_that_was_seen_to_its_end_says_nothing(path: Path) -> None:
    """The other post has no gap."""
    async with console(path).run_test(size=(100, 40)) as pilot:
        await kit.ready(pilot)
        app = pilot.app
        assert isinstance(app, ModConsoleApp)
        app.open_conversation("v", "mill")
        await until(pilot, lambda: "What about m2, please?" in text(pilot), "the message")
        assert "not seen to the end" not in text(pilot)


async def test_what_was_set_aside_can_be_read_as_it_came(path: Path) -> None:
    """Enter on it; on a line with nothing behind it, Enter says so."""
    async with console(path).run_test(size=(100, 40)) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        assert "nothing behind this line" in lines(pilot)[-1]
        await at(pilot, "it has no text")
        await pilot.press("enter")
        await until(pilot, lambda: '{"id": 8,' in text(pilot) and '"text": null}' in text(pilot), "the item")
        assert "Set aside" in lines(pilot)[0]
        await pilot.press("q")
        await until(pilot, lambda: getattr(pilot.app.screen, "PLACE", "") == "source", "the source")


async def test_a_full_walk_is_asked_for(path: Path) -> None:
    """Of whoever syncs, now or later."""
    async with console(path).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "whoever syncs next reads everything on v again" in text(pilot), "the word")
    with Db(path) as db:
        assert marks.asked_for(db) == {("v", True): 1}


async def test_the_sign_in_can_be_checked(path: Path, village: Village) -> None:
    """What is missing now is said and kept; a sign-in that has expired says what to do."""
    async with console(path).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        village.account = Account(id="us:1", name="Acme", missing=("moderate: nothing can be hidden",))
        await pilot.press("c")
        await until(pilot, lambda: "is good, but: moderate: nothing can be hidden" in text(pilot), "the word")
        await until(pilot, lambda: "read direct messages" not in text(pilot), "what is missing now")
        village.trouble = [SignInError("The token has expired.", hint="Sign in again with l.")]
        await pilot.press("c")
        await until(pilot, lambda: "! The token has expired. Sign in again with l." in text(pilot), "the error")


async def test_removing_asks_and_says_what_stays(path: Path) -> None:
    """No is no; yes forgets the sign-in and keeps everything that it brought."""
    async with console(path).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("D")
        await until(pilot, lambda: "Stop syncing v?" in text(pilot), "the question")
        assert "Everything that it brought stays" in " ".join(text(pilot).split())
        await pilot.press("n")
        await settled(pilot)
        with Db(path) as db:
            assert marks.has_account(db, "v")
        await pilot.press("D")
        await until(pilot, lambda: "Stop syncing v?" in text(pilot), "the question")
        await pilot.press("y")
        await until(pilot, lambda: "v is no longer synced; what it brought stays." in text(pilot), "the word")
        await until(pilot, lambda: "it was imported, and is not synced: l signs in" in text(pilot), "how it stands")
        await pilot.press("s")
        assert "nobody is signed in" in lines(pilot)[-1]
    with Db(path) as db:
        assert not marks.has_account(db, "v")
        assert db.value("select count(*) from message") == 2


async def form(pilot: Pilot[Any], what: str) -> FormScreen:
    """A page of questions that is ready."""

    def there() -> bool:
        screen = pilot.app.screen
        return isinstance(screen, FormScreen) and not screen.waits_for and what in text(pilot)

    await until(pilot, there, what)
    assert isinstance(pilot.app.screen, FormScreen)
    return pilot.app.screen


async def test_settings_show_what_they_would_change_before_they_are_saved(path: Path) -> None:
    """Who would no longer wait is named; going back changes nothing, saving does what was shown."""
    async with console(path).run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await pilot.press("e")
        screen = await form(pilot, "Business hours")
        assert "what it would change" in lines(pilot)[-1]
        answers = screen.view.answers()
        assert (answers["us:us:1"], answers["target-hours"], answers["backlog"]) == ("person", "8", "none")
        while "Other ids" not in next(line for line in lines(pilot) if "▌" in line):
            await pilot.press("tab")
        await pilot.press(*"bob", "ctrl+s")
        await form(pilot, "1 ask would stand differently.")
        assert any("bob in mill: " in line and "no ask" in line for line in lines(pilot))
        await pilot.press("escape")
        screen = await form(pilot, "Business hours")
        assert screen.view.answers()["others"] == "bob"
        with Db(path) as db:
            assert [each.id for each in (marks.described(db, "v") or Source(id="x", platform="")).identities or []] == [
                "us:1",
                "us:2",
            ]
        await pilot.press("ctrl+s")
        await form(pilot, "1 ask would stand differently.")
        await pilot.press("enter")
        await until(pilot, lambda: "v: saved." in text(pilot), "the word")
        await until(pilot, lambda: "bob (bob) · person" in text(pilot), "who is us now")


async def test_settings_that_cannot_be_are_said_at_their_field(path: Path) -> None:
    """And a change of none is told as that."""
    async with console(path).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("e")
        await form(pilot, "Business hours")
        while "Business hours" not in next(line for line in lines(pilot) if "▌" in line):
            await pilot.press("down")
        await pilot.press("ctrl+u", *"nine to five", "ctrl+s")
        await until(pilot, lambda: "! 'nine to five' is no stretch of business hours." in text(pilot), "the complaint")
        await settled(pilot)
        await pilot.press("ctrl+u", *"always", "ctrl+s")
        await form(pilot, "No ask would stand differently.")


async def test_a_source_that_vouches_says_so_plainly(tmp_path: Path, village: Village) -> None:
    """No warning where there is nothing to warn of but that nobody syncs."""
    made = kit.build(tmp_path / "m.db", Story(source="v").message("m1", "ann", "9:00").records)
    now = to_datetime(NOW)
    with Db(made) as db:
        marks.save_account(db, "v", "village", {"identity": "us"})
        ingest(db, [Coverage(source="v", checked_at=now, complete_through=now)], NOW)
    async with console(made).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "it can vouch for what it shows" in text(pilot)
        assert [line for line in lines(pilot) if "! " in line] == [
            next(line for line in lines(pilot) if "! nobody syncs this database now" in line)
        ]
        assert "! not seen to the end" not in text(pilot)
