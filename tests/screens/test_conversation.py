"""A conversation on the screen: what is shown as what, where the cursor is, and what a key hits."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.desk import asks
from modconsole.desk.desk import Desk
from modconsole.domain.records import Identity
from modconsole.domain.safetext import Safe, cells
from modconsole.screens.composer import Composer
from modconsole.screens.dialogs import CloseDialog, ConfirmDialog, SnoozeDialog
from modconsole.screens.versions import VersionsScreen
from modconsole.screens.why import Why
from modconsole.store import journal, queue
from tests.scenarios.story import Story, story, when
from tests.screens.stage import Clock, picture, shows, stored, talking, until

US = [
    Identity(id="us", name="Acme Team", kind="page"),
    Identity(id="bot", name="acme-bot", kind="bot"),
]


def release() -> Story:
    """Two people wait, one was answered, the bot has said something."""
    return (
        story(us=US)
        .message("b", "bo", "9:12", "Congratulations!")
        .reply("t", "9:40", under="b", text="Thank you, Bo.")
        .message("a1", "ann", "10:02", 'Does this work on ARM? I get "exec format error".')
        .message("x", "bot", "10:02", "We will get back to you.", under="a1", automatic=True)
        .message("a2", "ann", "10:20", "It is a Pi 4, 64 bit.", under="a1")
        .message("c", "cleo", "11:00", "And on Windows?")
        .message("d", "dan", "11:30", "Gone.", state="deleted", state_at="12:00")
        .message("s", "shop", "11:40", "Cheap frames", state="spam")
        .message("h", "hal", "11:50", "Is this a question?", state="held")
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with that conversation in it."""
    stored(tmp_path / "m.db", release(), "13:00")
    return tmp_path / "m.db"


def status_of(path: Path, person: str, at: str = "13:00") -> str:
    """What the database says about a person's ask."""
    desk = Desk(path)
    row = queue.one(desk.db, when(at), "blog", "post", {"ann": "a1", "cleo": "c"}.get(person, ""), person)
    desk.close()
    assert row is not None
    return row.status


async def test_everything_is_shown_as_what_it_is(path: Path) -> None:
    """You should see who said what, ours and the bot's as such, what is gone or held in words, and how long somebody waits."""
    async with talking(path, Clock("13:00")) as (app, pilot, _):
        text = "\n".join(picture(app))
        assert "blog · 9 comments · 2 waiting" in text
        assert "Ann waits 2h" in picture(app)[0]
        for said in (
            "Acme Team (team)",
            "acme-bot (our bot)",
            "automatic",
            "[deleted by its author · text kept · 12:00]",
            "[marked as spam there]",
            "waits 2h",
        ):
            assert said in text, said
        await pilot.press("end")
        await until(lambda: shows(app, "held for moderation"))


async def test_the_items_that_wait_have_a_bar_and_the_others_none(path: Path) -> None:
    """All of the ask's uncovered messages, and nothing that is answered."""
    async with talking(path, Clock("13:00")) as (app, _, _screen):
        barred = [line[2:].strip() for line in picture(app) if line[1:2] == "\u2503"]
        assert any("Does this work on ARM" in line for line in barred)
        assert any("It is a Pi 4" in line for line in barred)
        assert any("And on Windows" in line for line in barred)
        assert not any("Congratulations" in line or "We will get back" in line for line in barred)


async def test_it_opens_at_the_first_who_waits_and_n_goes_to_the_next(path: Path) -> None:
    """And at the last one it says that nobody waits further down."""
    async with talking(path, Clock("13:00")) as (app, pilot, screen):
        assert screen.view.item is not None
        assert screen.view.item.entry.id == "a1"
        await pilot.press("n")
        assert screen.view.item.entry.id == "c"
        assert "Cleo waits 2h" in picture(app)[0]
        await pilot.press("n")
        assert screen.view.item.entry.id == "c"
        assert "Nobody waits further down" in picture(app)[-1]
        await pilot.press("N")
        assert screen.view.item.entry.id == "a1"


async def test_at_the_bots_answer_the_keys_act_on_whom_it_answers(path: Path) -> None:
    """The header says whose ask it is, so that nobody acts in the dark."""
    async with talking(path, Clock("13:00"), focus="x") as (app, _, screen):
        ask = screen.current_ask()
        assert ask is not None
        assert (ask.person, "Ann waits" in picture(app)[0]) == ("ann", True)


async def test_close_takes_one_key_for_a_usual_reason_and_goes_on_to_the_next(path: Path) -> None:
    """The decision is stored with its reason, and the cursor is on the next who waits."""
    async with talking(path, Clock("13:00")) as (app, pilot, screen):
        await pilot.press("c")
        assert isinstance(app.screen, CloseDialog)
        await pilot.press("4")
        await until(lambda: status_of(path, "ann") == "closed")
        await until(lambda: screen.view.item is not None and screen.view.item.entry.id == "c")
        assert "Closed Ann: duplicate" in picture(app)[-1]
        assert status_of(path, "cleo") == "waiting"
        await until(lambda: shows(app, "closed by ann: duplicate"))


async def test_a_reason_in_ones_own_words_is_stored_as_it_was_typed(path: Path) -> None:
    """The last answer of the menu asks for them."""
    async with talking(path, Clock("13:00")) as (_app, pilot, _):
        await pilot.press("c")
        await pilot.press("7", *"moved", "space", *"to", "space", *"forum", "enter")
        await until(lambda: status_of(path, "ann") == "closed")
        decisions = journal.journal(Desk(path).db, 1)
        assert decisions[0].text == "moved to forum"


async def test_the_suggested_reason_is_chosen_already(tmp_path: Path) -> None:
    """A thank-you after our answer: c and Enter, and it is closed as what it is."""
    told = (
        release().reply("r", "12:00", under="a2", text="It does.").message("a3", "ann", "12:30", "Thanks!", under="r")
    )
    stored(tmp_path / "m.db", told, "13:00")
    async with talking(tmp_path / "m.db", Clock("13:00"), focus="a3") as (app, pilot, _):
        await pilot.press("c")
        chosen = next(line for line in picture(app) if line.startswith(" \u258c"))
        assert "suggested" in chosen
        await pilot.press("enter")
        await until(lambda: status_of(tmp_path / "m.db", "ann") == "closed")
        assert journal.journal(Desk(tmp_path / "m.db").db, 1)[0].text == "no reply needed"


async def test_escape_leaves_it_as_it_is(path: Path) -> None:
    """No decision is made."""
    async with talking(path, Clock("13:00")) as (app, pilot, screen):
        for key in ("c", "z", "i", "t"):
            await pilot.press(key)
            assert app.screen is not screen
            await pilot.press("escape")
            assert app.screen is screen
        assert journal.journal(Desk(path).db, 5) == []


async def test_snooze_until_they_write_lasts_until_they_write(path: Path) -> None:
    """Key 4 of the menu."""
    async with talking(path, Clock("13:00")) as (app, pilot, _):
        await pilot.press("z")
        assert isinstance(app.screen, SnoozeDialog)
        await pilot.press("4")
        await until(lambda: status_of(path, "ann") == "snoozed")
        assert status_of(path, "ann", "9 13:00") == "snoozed"
        stored(path, story(us=US).message("a9", "ann", "14:00", "Hello?", under="a1"), "14:00")
        assert status_of(path, "ann", "14:00") == "waiting"


async def test_a_time_that_is_none_is_refused_in_the_dialog(path: Path) -> None:
    """What was typed stays, and nothing is done."""
    async with talking(path, Clock("13:00")) as (app, pilot, _):
        await pilot.press("z")
        await pilot.press("5", *"soonish", "enter")
        assert isinstance(app.screen, SnoozeDialog)
        assert "is not a time" in picture(app)[-1]
        await pilot.press("ctrl+u", *"2h", "enter")
        await until(lambda: status_of(path, "ann") == "snoozed")
        assert status_of(path, "ann", "15:01") == "snoozed"  # the cache is renewed by whoever looks
        Desk(path, clock=Clock("15:01")).catch_up()
        assert status_of(path, "ann", "15:01") == "waiting"


async def test_undo_takes_the_last_act_back(path: Path) -> None:
    """And says what it was."""
    async with talking(path, Clock("13:00")) as (app, pilot, _):
        await pilot.press("c")
        await pilot.press("1")
        await until(lambda: status_of(path, "ann") == "closed")
        await pilot.pause()
        await pilot.press("u")
        await until(lambda: status_of(path, "ann") == "waiting")
        await until(lambda: "Undone: close" in picture(app)[-1])


async def test_a_claim_is_shown_and_the_same_key_lets_go(path: Path) -> None:
    """`a` twice; in the header stands who has it."""
    clock = Clock("13:00")
    async with talking(path, clock) as (app, pilot, _):
        await pilot.press("a")
        await until(lambda: "\u25cf you" in picture(app)[0])
        clock.wait(1)
        await pilot.press("a")
        await until(lambda: "\u25cf you" not in picture(app)[0])


async def test_a_claim_of_somebody_else_is_taken_over_only_after_a_yes(path: Path) -> None:
    """Enter is no yes."""
    clock = Clock("13:00")
    asks.claim(Desk(path, who="bob", clock=clock), "blog", "a2")
    clock.wait(1)
    async with talking(path, clock) as (app, pilot, screen):
        assert "\u25cf bob" in picture(app)[0]
        await pilot.press("a")
        await pilot.press("enter")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("y")
        await until(lambda: app.screen is screen and "\u25cf you" in picture(app)[0])


async def test_the_act_hits_what_was_seen_when_they_write_again(path: Path) -> None:
    """58: a newer message arrives under the dialog: it is told, and the newer message is not closed with the others."""
    async with talking(path, Clock("13:00")) as (app, pilot, _screen):
        await pilot.press("c")
        stored(path, story(us=US).message("a3", "ann", "12:59", "And on macOS?", under="a2"), "13:00")
        await pilot.press("1")
        await until(lambda: isinstance(app.screen, ConfirmDialog))
        assert shows(app, "wrote again")
        assert shows(app, "And on macOS?")
        assert status_of(path, "ann") == "waiting"
        await pilot.press("y")
        await until(lambda: journal.journal(Desk(path).db, 1))
        assert journal.journal(Desk(path).db, 1)[0].through == "a2"
        assert status_of(path, "ann") == "waiting", "what nobody had seen is still open"


async def test_what_a_colleague_has_settled_is_told_before_anything_is_done(path: Path) -> None:
    """Closed by bob under our dialog: nothing is done without a yes."""
    clock = Clock("13:00")
    async with talking(path, clock) as (app, pilot, screen):
        await pilot.press("c")
        asks.close(Desk(path, who="bob", clock=clock), "blog", "a2", reason="spam")
        await pilot.press("1")
        await until(lambda: isinstance(app.screen, ConfirmDialog))
        assert shows(app, "it is closed (bob)")
        await pilot.press("n")
        await until(lambda: app.screen is screen)
        assert [done.by for done in journal.journal(Desk(path).db, 5)] == ["bob"]


async def test_what_arrives_is_announced_and_does_not_move_the_cursors_message(path: Path) -> None:
    """58: new messages above and below; the message under the cursor stays on its line."""
    async with talking(path, Clock("13:00"), focus="c") as (app, _pilot, screen):
        was = next(y for y, line in enumerate(picture(app)) if "And on Windows" in line)
        told = (
            story(us=US)
            .message("n1", "bo", "9:13", "And well done!", under="b")
            .message("n2", "eve", "12:58", "Me too.")
        )
        stored(path, told, "13:00")
        await until(lambda: shows(app, "1 new below"))
        assert shows(app, "1 new above")
        assert screen.view.item is not None
        assert screen.view.item.entry.id == "c"
        assert next(y for y, line in enumerate(picture(app)) if "And on Windows" in line) == was
        assert "12 of" not in picture(app)[-2]


async def test_what_one_has_seen_is_no_news_any_more(path: Path) -> None:
    """The ribbon counts down as the cursor gets there."""
    async with talking(path, Clock("13:00"), focus="h") as (app, pilot, _):
        stored(path, story(us=US).message("n2", "eve", "12:58", "Me too."), "13:00")
        await until(lambda: shows(app, "1 new below"))
        await pilot.press("end")
        await until(lambda: not shows(app, "new below"))


async def test_why_tells_the_proof_in_words_and_enter_goes_to_the_message(path: Path) -> None:
    """You should see since when, what covers it not and why, and the target."""
    async with talking(path, Clock("13:00"), focus="a1") as (app, pilot, screen):
        await pilot.press("w")
        await until(lambda: isinstance(app.screen, Why) and shows(app, "target"))
        text = " ".join(" ".join(line.strip("\u258c ") for line in picture(app)).split())
        assert "Why does Ann wait?" in text
        assert "Ann waits 2h, since 10:02." in text
        assert "is not covered" in text
        assert "acme-bot (our bot) 10:02 does not cover: it is automatic or internal" in text
        assert "target 24 h" in text
        await pilot.press("down", "down", "enter")
        await until(lambda: app.screen is screen)
        assert screen.view.item is not None
        assert screen.view.item.entry.id == "x"


async def test_why_works_in_reverse_for_who_does_not_wait(path: Path) -> None:
    """Bo was answered, and the covering reply is named."""
    async with talking(path, Clock("13:00"), focus="b") as (app, pilot, _):
        await pilot.press("w")
        await until(lambda: isinstance(app.screen, Why) and shows(app, "target"))
        assert shows(app, "Why does Bo not wait?")
        assert shows(app, "covers: our reply to this person")


async def test_the_diff_says_what_went_and_what_came(tmp_path: Path) -> None:
    """36: an edit after our answer, with the words that came between signs, not in colour alone."""
    told = release().message("c", "cleo", "11:00", "And on macOS? Please!", edited_at="12:30", observed_at="12:30")
    stored(tmp_path / "m.db", told, "13:00")
    async with talking(tmp_path / "m.db", Clock("13:00"), focus="c") as (app, pilot, _):
        assert shows(app, "edited 12:30 · d diff")
        await pilot.press("d")
        await until(lambda: isinstance(app.screen, VersionsScreen) and shows(app, "version 1"))
        assert shows(app, "And on [-Windows-]{+macOS+}?{+ Please!+}")


async def test_diff_of_what_was_never_edited_is_refused_with_the_reason(path: Path) -> None:
    """The footer says why."""
    async with talking(path, Clock("13:00"), focus="b") as (app, pilot, screen):
        await pilot.press("d")
        assert app.screen is screen
        assert "This message has not been edited" in picture(app)[-1]


async def test_a_long_message_is_folded_and_enter_unfolds_it(tmp_path: Path) -> None:
    """Ten lines and a note; Enter shows all, Enter again folds."""
    long = "\n".join(f"line {number}" for number in range(40))
    stored(tmp_path / "m.db", story(us=US).message("l", "lea", "10:00", long), "13:00")
    async with talking(tmp_path / "m.db", Clock("13:00"), size=(80, 60)) as (app, pilot, _):
        assert shows(app, "line 9")
        assert not shows(app, "line 10")
        assert shows(app, "30 more lines · enter shows them")
        await pilot.press("enter")
        assert shows(app, "line 39")
        await pilot.press("enter")
        assert not shows(app, "line 39")


async def test_of_a_huge_message_enter_shows_twenty_thousand_characters_at_a_time(tmp_path: Path) -> None:
    """And it says how long the whole is."""
    huge = " ".join(f"word{number}" for number in range(6_000))  # 50,000 characters
    stored(tmp_path / "m.db", story(us=US).message("l", "lea", "10:00", huge), "13:00")
    async with talking(tmp_path / "m.db", Clock("13:00")) as (_app, pilot, screen):

        def shown() -> str:
            return "\n".join("".join(text for text, _ in line) for line in screen.view._lines(0).lines)

        assert "52,889 characters in all · enter shows more" in shown()
        await pilot.press("enter")
        assert "word2200" in shown()
        assert "word2400 " not in shown()
        assert "[cut]" in shown()
        await pilot.press("enter", "enter")
        assert "word5999" in shown()
        await pilot.press("enter")
        assert "word2200" not in shown()


async def test_wide_characters_are_wrapped_by_cells(tmp_path: Path) -> None:
    """Chinese text at 80 columns: no line is wider than the screen, and no character is lost."""
    text = "這是一個很長的問題" * 30
    stored(tmp_path / "m.db", story(us=US).message("l", "lea", "10:00", text), "13:00")
    async with talking(tmp_path / "m.db", Clock("13:00")) as (_app, _pilot, screen):
        lines = screen.view._lines(0).lines[1:]
        joined = "".join(text for line in lines for text, _ in line)
        assert joined.replace(" ", "") == text
        assert len(lines) > 6
        for line in lines:
            assert sum(cells(piece) for piece, _ in line) <= 77
            assert all(isinstance(piece, Safe) for piece, _ in line)


async def test_onward_goes_to_the_next_ask_in_another_conversation(path: Path) -> None:
    """And from there to the first again."""
    stored(path, story(us=US, conversation="other").message("o", "olga", "9:00", "Elsewhere?"), "13:00")
    async with talking(path, Clock("13:00")) as (app, pilot, screen):
        await pilot.press("]")
        await until(lambda: shows(app, "Elsewhere?") and "Olga waits 4h" in picture(app)[0])
        await pilot.press("]")
        await until(lambda: shows(app, "Does this work on ARM"))
        assert screen is app.screen


async def test_a_note_is_shown_inline_and_answers_nothing(path: Path) -> None:
    """i, the words, Enter."""
    async with talking(path, Clock("13:00")) as (app, pilot, _):
        await pilot.press("i")
        await pilot.press(*"ask", "space", *"jo", "enter")
        await until(lambda: shows(app, "note by ann: ask jo"))
        assert status_of(path, "ann") == "waiting"


async def test_tags_go_on_and_off(path: Path) -> None:
    """Words, and with a minus they come off."""
    async with talking(path, Clock("13:00")) as (app, pilot, _):
        await pilot.press("t")
        await pilot.press(*"arm", "space", *"bug", "enter")
        await until(lambda: shows(app, "tagged arm, bug by ann"))
        await pilot.press("t")
        await pilot.press("minus", *"bug", "enter")
        await until(lambda: shows(app, "tag bug taken off by ann"))


async def test_repeat_does_the_last_act_on_another_ask(path: Path) -> None:
    """Close Ann, then `.` on Cleo."""
    async with talking(path, Clock("13:00")) as (_app, pilot, screen):
        await pilot.press("c")
        await pilot.press("4")
        await until(lambda: screen.view.item is not None and screen.view.item.entry.id == "c")
        await pilot.press(".")
        await until(lambda: status_of(path, "cleo") == "closed")
        assert journal.journal(Desk(path).db, 1)[0].text == "duplicate"


async def test_a_reply_on_its_way_is_shown_where_it_will_be(path: Path) -> None:
    """With what it says, and that nobody has seen it there yet."""
    clock = Clock("13:00")
    asks.reply(Desk(path, who="bob", clock=clock), "blog", "a2", "The ARM build is out today.")
    async with talking(path, clock) as (app, _, _screen):
        assert shows(app, "\u2192 queued, not yet sent (bob)")
        assert shows(app, "The ARM build is out today.")


async def test_the_link_is_copied_only_if_it_is_one(tmp_path: Path) -> None:
    """http and https with a host; nothing that a terminal or a browser would obey."""
    told = (
        story(us=US)
        .message("good", "ann", "10:00", url="https://blog.example/c/1")
        .message("evil", "bob", "10:01", url="javascript:alert(1)")
        .message("worse", "cid", "10:02", url="https://x.example/\x1b]52;c;aGk=\x07")
    )
    stored(tmp_path / "m.db", told, "13:00")
    for focus, said in (
        ("good", "Copied: https://blog.example/c/1"),
        ("evil", "There is no link"),
        ("worse", "There is no link"),
    ):
        async with talking(tmp_path / "m.db", Clock("13:00"), focus=focus) as (app, pilot, _):
            await pilot.press("y")
            await until(lambda: said in picture(app)[-1])  # noqa: B023
            assert app.clipboard == ("https://blog.example/c/1" if focus == "good" else "")


async def test_reply_opens_the_composer_for_the_ask_under_the_cursor(path: Path) -> None:
    """r on Cleo replies to Cleo."""
    async with talking(path, Clock("13:00"), focus="c") as (app, pilot, _):
        await pilot.press("r")
        assert isinstance(app.screen, Composer)
        await until(lambda: "Reply to Cleo" in picture(app)[0])
