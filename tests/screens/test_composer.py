"""Writing a reply: nothing that was written is lost, and nothing goes out without its writer knowing what has happened."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from modconsole.desk import asks, drafts, ruling
from modconsole.desk.desk import Desk
from modconsole.domain.records import Identity
from modconsole.errors import InputError
from modconsole.screens import editor
from modconsole.screens.composer import Composer
from modconsole.store import outbox, queue
from tests.desk.house import furnish
from tests.scenarios.story import story, when
from tests.screens.stage import Clock, picture, shows, stored, talking, until
from tests.tools.ttyprobe import Session

ROOT = Path(__file__).parents[2]
US = [Identity(id="us", name="Acme Team", kind="page")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database in which Ann asks."""
    told = story(us=US).message("a1", "ann", "10:00", "Does this work on ARM?", visibility="public")
    stored(tmp_path / "m.db", told, "11:00")
    return tmp_path / "m.db"


def draft_of(path: Path, message: str = "a1", who: str = "ann") -> str | None:
    """The draft that the database holds."""
    desk = Desk(path, who=who)
    found = drafts.draft(desk, "blog", message)
    desk.close()
    return found.text if found is not None else None


def sends(path: Path) -> list[outbox.OutboxRow]:
    """All replies, newest first."""
    desk = Desk(path)
    found = outbox.listing(desk.db, 20)
    desk.close()
    return found


def status_of(path: Path, at: str = "11:00") -> str:
    """How it is with Ann."""
    desk = Desk(path)
    row = queue.one(desk.db, when(at), "blog", "post", "a1", "ann")
    desk.close()
    assert row is not None
    return row.status


def again(path: Path, text: str = "It is a Pi 4.", at: str = "10:59") -> None:
    """Ann writes again."""
    stored(path, story(us=US).message("a2", "ann", at, text, under="a1"), "11:00")


async def test_the_head_says_whom_as_whom_for_whom_and_where(path: Path) -> None:
    """And above the reply stands what is answered."""
    async with talking(path, Clock("11:00")) as (app, pilot, _):
        await pilot.press("r")
        await until(lambda: "on blog" in picture(app)[0])
        assert picture(app)[0].startswith(" Reply to Ann · as “Acme Team” · public · on blog")
        assert shows(app, "Does this work on ARM?")


async def test_what_is_written_is_in_the_database_half_a_second_later(path: Path) -> None:
    """Without any further key."""
    async with talking(path, Clock("11:00")) as (_, pilot, _screen):
        await pilot.press("r")
        await pilot.press(*"Hi")
        await until(lambda: draft_of(path) == "Hi", seconds=2)


async def test_escape_keeps_the_draft_and_reply_goes_on_with_it(path: Path) -> None:
    """The very words, at the end of which the cursor is."""
    async with talking(path, Clock("11:00")) as (app, pilot, screen):
        await pilot.press("r")
        await until(lambda: "on blog" in picture(app)[0])
        await pilot.press(*"Hi", "escape")
        await until(lambda: app.screen is screen)
        assert draft_of(path) == "Hi"
        await pilot.press("r")
        await until(lambda: shows(app, "Your draft of"))
        await pilot.press(*"Ann")
        assert isinstance(app.screen, Composer)
        assert app.screen.area.text == "HiAnn"


async def test_an_emptied_draft_is_gone(path: Path) -> None:
    """Nobody wants to be reminded of nothing."""
    async with talking(path, Clock("11:00")) as (app, pilot, screen):
        await pilot.press("r")
        await pilot.press(*"Hi")
        await until(lambda: draft_of(path) == "Hi")
        await pilot.press("backspace", "backspace", "escape")
        await until(lambda: app.screen is screen)
        assert draft_of(path) is None


async def test_letters_typed_before_the_draft_is_there_are_not_lost(path: Path) -> None:
    """The draft is put before them."""
    drafts.save_draft(Desk(path, who="ann", clock=Clock("10:30")), "blog", "a1", "Dear Ann, ")
    async with talking(path, Clock("11:00")) as (app, pilot, _):
        await pilot.press("r")
        screen = app.screen
        assert isinstance(screen, Composer)
        screen.area.insert("yes")
        await until(lambda: "yes" in screen.area.text and "Dear" in screen.area.text)
        assert screen.area.text == "Dear Ann, yes"


async def test_a_draft_follows_the_ask_when_they_write_again(path: Path) -> None:
    """It is found again, and kept for the newer message from then on."""
    drafts.save_draft(Desk(path, who="ann", clock=Clock("10:30")), "blog", "a1", "It does")
    again(path)
    async with talking(path, Clock("11:00")) as (app, pilot, _):
        await pilot.press("r")
        await until(lambda: shows(app, "It does"))
        await pilot.press("!", "escape")
        await until(lambda: draft_of(path, "a2") == "It does!")
        assert draft_of(path, "a1") is None


async def test_a_sent_reply_is_queued_and_can_be_undone_for_ten_seconds(path: Path) -> None:
    """The footer counts; u brings the words back as a draft."""
    clock = Clock("11:00")
    async with talking(path, clock) as (app, pilot, screen):
        await pilot.press("r")
        await pilot.press(*"Yes")
        await until(lambda: draft_of(path) == "Yes")
        await pilot.press("ctrl+s")
        await until(lambda: app.screen is screen)
        await until(lambda: "sent in 10 s · u undo" in picture(app)[-1])
        assert [(send.text, send.state, send.through) for send in sends(path)] == [("Yes", "queued", "a1")]
        assert sends(path)[0].not_before == clock.now + 10_000_000
        assert status_of(path) == "sending"
        assert draft_of(path) is None
        clock.wait(3)
        await until(lambda: "sent in 7 s" in picture(app)[-1])
        await pilot.press("u")
        await until(lambda: "it is a draft again" in picture(app)[-1])
        assert (sends(path)[0].state, draft_of(path), status_of(path)) == ("taken_back", "Yes", "waiting")
        await pilot.press("r")
        await until(lambda: shows(app, "Yes"))


async def test_the_count_ends_by_itself(path: Path) -> None:
    """Nothing ticks once the reply is on its way."""
    clock = Clock("11:00")
    async with talking(path, clock) as (app, pilot, screen):
        await pilot.press("r")
        await pilot.press(*"Yes")
        await until(lambda: draft_of(path) == "Yes")
        await pilot.press("ctrl+s")
        await until(lambda: "sent in" in picture(app)[-1])
        clock.wait(11)
        await until(lambda: "sent in" not in picture(app)[-1])
        assert screen._counting is None


async def test_one_is_warned_when_they_write_again(path: Path) -> None:
    """21: told while one writes; sent anyway, the newer message stays open."""
    async with talking(path, Clock("11:00")) as (app, pilot, screen):
        await pilot.press("r")
        await pilot.press(*"Yes")
        again(path)
        await until(lambda: shows(app, "Ann wrote again 1m ago: “It is a Pi 4.”"))
        await pilot.press("ctrl+s")
        await until(lambda: app.screen is screen)
        assert sends(path)[0].through == "a1"
        await until(lambda: status_of(path) == "waiting")


async def test_what_arrives_at_the_last_moment_stops_the_key_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent over words that were not shown, even where no look has found them yet."""
    async with talking(path, Clock("11:00")) as (app, pilot, screen):
        await pilot.press("r")
        await until(lambda: "on blog" in picture(app)[0])
        await pilot.press(*"Yes")
        monkeypatch.setattr(Composer, "changed", lambda self: None)
        again(path)
        await pilot.press("ctrl+s")
        await until(lambda: "Not sent: look at this first" in picture(app)[-1])
        assert shows(app, "It is a Pi 4.")
        assert sends(path) == []
        await pilot.press("ctrl+s")
        await until(lambda: app.screen is screen)
        assert len(sends(path)) == 1


async def test_view_shows_what_they_wrote_and_answers_that_too(path: Path) -> None:
    """The reply is then through the newer message, and nothing stays open."""
    async with talking(path, Clock("11:00")) as (app, pilot, screen):
        await pilot.press("r")
        await pilot.press(*"Yes")
        again(path)
        await until(lambda: shows(app, "wrote again"))
        await pilot.press("ctrl+o")
        await until(lambda: not shows(app, "wrote again"))
        assert shows(app, "   It is a Pi 4.")
        await pilot.press("ctrl+s")
        await until(lambda: app.screen is screen)
        assert (sends(path)[0].through, sends(path)[0].reply_to) == ("a2", "a2")
        assert status_of(path) == "sending"
        assert (draft_of(path, "a1"), draft_of(path, "a2")) == (None, None)


async def test_the_answer_of_a_colleague_stops_the_send(path: Path) -> None:
    """50: who, and that a second key is needed; without it nothing goes out."""
    clock = Clock("11:00")
    async with talking(path, clock) as (app, pilot, screen):
        await pilot.press("r")
        await pilot.press(*"Yes")
        asks.reply(Desk(path, who="bob", clock=clock), "blog", "a1", "It does.")
        await until(lambda: shows(app, "bob has a reply to them on its way"))
        await pilot.press("ctrl+s")
        await until(lambda: "ctrl+s once more" in picture(app)[-1])
        assert [send.by for send in sends(path)] == ["bob"]
        await pilot.press("ctrl+s")
        await until(lambda: app.screen is screen)
        assert [send.by for send in sends(path)] == ["ann", "bob"]


async def test_an_answer_made_elsewhere_names_who_and_when(path: Path) -> None:
    """50: written in the platform's own app."""
    async with talking(path, Clock("11:00")) as (app, pilot, _):
        await pilot.press("r")
        await pilot.press(*"Yes")
        stored(path, story(us=US).reply("r1", "10:58", under="a1", text="It does, see the manual."), "11:00")
        await until(lambda: shows(app, "has answered, 2m ago: “It does, see the manual.”"))


async def test_typing_on_takes_the_second_key_back(path: Path) -> None:
    """Insisting holds for what stands there, not for what is written afterwards."""
    clock = Clock("11:00")
    async with talking(path, clock) as (app, pilot, _):
        await pilot.press("r")
        await pilot.press(*"Yes")
        asks.reply(Desk(path, who="bob", clock=clock), "blog", "a1", "It does.")
        await until(lambda: shows(app, "bob has"))
        await pilot.press("ctrl+s")
        await until(lambda: "ctrl+s once more" in picture(app)[-1])
        await pilot.press("!")
        await pilot.press("ctrl+s")
        await until(lambda: "ctrl+s once more" in picture(app)[-1])
        assert [send.by for send in sends(path)] == ["bob"]


async def test_a_text_that_a_rule_suggests_is_put_in_and_offered_no_more_once_it_went_out(path: Path) -> None:
    """It stands below the reply until then, and leaves no draft behind."""
    desk = Desk(path, who="ann", clock=Clock("11:00"), create=False)
    snippet = "suggest snippet: The ARM build is out today."
    furnish(desk, arm=f"id: arm\nselect: {{words: {{body: ARM}}}}\nstatus: shadow\ndo: [{{{snippet}}}]\n")
    ids = [row[0] for row in desk.db.rows("select id from message where native = 'a1'")]
    assert ruling.apply(desk, "arm", ids).hits == 1
    assert [each.value for each in ruling.offered(desk, "blog", "a1")] == ["The ARM build is out today."]
    async with talking(path, Clock("11:00")) as (app, pilot, _):
        await pilot.press("r")
        await until(lambda: shows(app, "rule arm suggests “The ARM build is out today.”"))
        await pilot.press("H", "i", "ctrl+t")
        assert shows(app, "The ARM build is out today.")
        assert not shows(app, "suggests")
        await pilot.press("ctrl+s")
        await until(lambda: bool(sends(path)))
    assert [row.text for row in sends(path)] == ["Hi\n\nThe ARM build is out today."]
    assert ruling.offered(desk, "blog", "a1") == []
    assert draft_of(path) is None
    desk.close()


async def test_an_edit_is_told(path: Path) -> None:
    """38: the text changed while one wrote."""
    clock = Clock("11:00")
    async with talking(path, clock) as (app, pilot, _):
        await pilot.press("r")
        await until(lambda: "on blog" in picture(app)[0])
        told = story(us=US).message("a1", "ann", "10:00", "And on MIPS?", edited_at="11:01", observed_at="11:01")
        clock.set("11:02")
        stored(path, told, "11:02")
        await until(lambda: shows(app, "Ann changed this message 1m ago: “And on MIPS?”"))


async def test_an_empty_reply_is_not_sent(path: Path) -> None:
    """It says what to do instead."""
    async with talking(path, Clock("11:00")) as (app, pilot, _):
        await pilot.press("r")
        await until(lambda: "on blog" in picture(app)[0])
        await pilot.press("space", "ctrl+s")
        await until(lambda: "The reply is empty" in picture(app)[-1])
        assert sends(path) == []


async def test_the_length_is_counted_as_the_platform_counts(tmp_path: Path) -> None:
    """WordPress counts bytes of what is sent, and what is too long is not sent."""
    told = story(us=US).message("a1", "ann", "10:00", "Why?")
    told.records[0].platform = "wordpress"  # type: ignore[union-attr]
    stored(tmp_path / "m.db", told, "11:00")
    async with talking(tmp_path / "m.db", Clock("11:00")) as (app, pilot, _):
        await pilot.press("r")
        await until(lambda: "0 / 65,525 bytes" in picture(app)[0])
        screen = app.screen
        assert isinstance(screen, Composer)
        screen.area.put("日本 <b>")
        # 6 bytes, a space, and < and > as they are sent: &lt; and &gt;
        assert "16 / 65,525 bytes" in picture(app)[0]
        screen.area.put("日" * 30_000)
        await pilot.pause()
        assert "! too long: 90,000 / 65,525 bytes" in picture(app)[0]
        await pilot.press("ctrl+s")
        await until(lambda: "Too long by 24,475 bytes" in picture(app)[-1])
        assert sends(tmp_path / "m.db") == []


async def test_what_is_pasted_loses_its_controls_and_keeps_its_emoji(path: Path) -> None:
    """A paste can hold what a terminal obeys; a family emoji is a way of writing."""
    from textual.events import Paste

    async with talking(path, Clock("11:00")) as (app, pilot, _):
        await pilot.press("r")
        await until(lambda: "on blog" in picture(app)[0])
        screen = app.screen
        assert isinstance(screen, Composer)
        screen.area.post_message(Paste("a\x1b]11;?\x1b\\b\u202ec\r\n\U0001f468\u200d\U0001f469\u200d\U0001f467 漢字"))
        await until(lambda: "漢字" in screen.area.text)
        assert "\x1b" not in screen.area.text
        assert "\u202e" not in screen.area.text
        assert "\U0001f468\u200d\U0001f469\u200d\U0001f467 漢字" in screen.area.text


def test_a_crash_loses_at_most_the_last_half_second(path: Path) -> None:
    """kill -9 in the middle of typing: what was written before is there."""
    command = [sys.executable, "-m", "tests.screens.console", str(path), "ann", "blog", "post"]
    env: dict[str, str | None] = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "TZ": "UTC"}
    with Session(command, env=env, cwd=str(ROOT)) as session:
        session.wait_text("Does this work on ARM?")
        session.settle()
        session.send("r")
        session.wait_text("Reply to Ann")
        session.settle()
        for letter in "Hello Ann":
            session.send(letter)
            session.sleep(0.02)
        session.wait_text("Hello Ann")
        session.sleep(0.6)
        session.send("xyz")
        os.kill(session.proc.pid, signal.SIGKILL)
    kept = draft_of(path)
    assert kept is not None
    assert kept.startswith("Hello Ann")


def test_leaving_the_console_in_the_middle_of_a_word_keeps_it(path: Path) -> None:
    """ctrl+q right behind the last letter."""
    command = [sys.executable, "-m", "tests.screens.console", str(path), "ann", "blog", "post"]
    env: dict[str, str | None] = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "TZ": "UTC"}
    with Session(command, env=env, cwd=str(ROOT)) as session:
        session.wait_text("Does this work on ARM?")
        session.settle()
        session.send("r")
        session.wait_text("on blog")
        session.settle()
        session.send("Bye")
        session.send("<C-q>")
        assert session.wait_exit() == 0
    assert draft_of(path) == "Bye"


EDITOR = """#!{python}
import os, stat, sys
path = sys.argv[1]
mode = lambda of: oct(stat.S_IMODE(os.stat(of).st_mode))
open({seen!r}, "w").write(mode(path) + " " + mode(os.path.dirname(path)) + "\\n" + path + "\\n" + open(path).read())
open(path, "w").write({text!r})
sys.exit({status})
"""


def fake_editor(folder: Path, text: str, status: int = 0) -> Path:
    """A program that writes down what it was given, and leaves a text."""
    program = folder / "ed"
    program.write_text(EDITOR.format(python=sys.executable, seen=str(folder / "seen"), text=text, status=status))
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("text", "status", "kept", "said"),
    [
        ("From the editor: 漢字\n", 0, "From the editor: 漢字", "Back from the editor"),
        ("", 0, "Old", "Nothing was written"),
        ("half", 1, "Old", "ended with an error"),
    ],
)
def test_ones_own_editor_gets_a_private_file_and_gives_the_reply_back(
    path: Path, tmp_path: Path, text: str, status: int, kept: str, said: str
) -> None:
    """Mode 0600 in a folder of 0700 that goes away; an empty file or an error keeps the draft; hostile text is inert in it."""
    stored(path, story(us=US).message("a2", "ann", "10:30", "x\x1b]0;owned\x07y\u202ez", under="a1"), "11:00")
    drafts.save_draft(Desk(path, who="ann"), "blog", "a2", "Old")
    program = fake_editor(tmp_path, text, status)
    command = [sys.executable, "-m", "tests.screens.console", str(path), "ann", "blog", "post"]
    env: dict[str, str | None] = {
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "TZ": "UTC", "VISUAL": str(program), "EDITOR": None
    }  # fmt: skip
    with Session(command, env=env, cwd=str(ROOT)) as session:
        session.wait_text("Does this work on ARM?")
        session.settle()
        session.send("e")
        session.wait_text(said)
        session.settle()
        assert kept in session.screen_text()
        assert session.terminal.text()[0].strip().startswith("Reply to Ann")
    modes, where, *given = (tmp_path / "seen").read_text(encoding="utf-8").split("\n")
    assert modes == "0o600 0o700"
    assert not Path(where).parent.exists()
    assert "Old" in given[0]
    assert "# Ann wrote:" in given
    assert "\x1b" not in "".join(given)
    assert "\u202e" not in "".join(given)
    assert stat.S_ISREG(program.stat().st_mode)


def test_headings_of_a_reply_are_no_comments() -> None:
    """Only what stands below the line, and our own comment lines, are taken out."""
    given = editor.for_editor("Hi", [("Ann", "One\nTwo")])
    assert editor.from_editor(given, given) == "Hi"
    assert editor.from_editor("# Heading\n\n#tag\n" + given, given) == "# Heading\n\n#tag\nHi"
    without_line = given.replace(editor.SCISSORS + "\n", "").replace("Hi", "# Heading")
    assert editor.from_editor(without_line, given) == "# Heading"


def test_an_editor_that_is_not_there_is_named() -> None:
    """And what to set."""
    with pytest.raises(InputError, match=r"\$VISUAL cannot be found"):
        editor.command({"VISUAL": "no-such-editor-anywhere"})
    assert editor.command({"EDITOR": f"{sys.executable} -u"}) == [sys.executable, "-u"]
