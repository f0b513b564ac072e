"""Commands: bound as the table says, refused with a reason, changed by a keymap, found in help and palette."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.binding import Binding

from modconsole import keys
from modconsole.errors import StoreError
from modconsole.screens.base import Base
from modconsole.screens.palette import PaletteScreen, matches
from modconsole.widgets.rowlist import RowList
from tests.screens import kit
from tests.screens.kit import console, lines, queue, ready, settled, text, until

SCREENS = {"1": "queue", "2": "inbox", "6": "sources", "7": "outbox"}


def test_lists_have_the_keys_that_the_table_says() -> None:
    """The list widget cannot import the table's places, so its bindings are compared here."""
    bound = {each.id: each.key for each in RowList.BINDINGS if isinstance(each, Binding)}
    table = {each.id: ",".join(each.keys) for each in keys.COMMANDS if not each.action and each.where == ("list",)}
    assert {ident: set(key.split(",")) for ident, key in bound.items() if ident in table} == {
        ident: set(key.split(",")) for ident, key in table.items()
    }


@pytest.mark.parametrize(("key", "screen"), SCREENS.items())
async def test_every_command_of_a_screen_has_its_method(community: Path, key: str, screen: str) -> None:
    """A row of the table that no screen and no app can run would be a key that does nothing."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press(key)
        await settled(pilot)
        shown = pilot.app.screen
        assert isinstance(shown, Base)
        assert screen == shown.PLACE
        for each in keys.of_screen(screen):
            if each.action:
                name = f"action_{each.action.partition(':')[0]}"
                assert hasattr(shown, name) or hasattr(pilot.app, name), each.id


async def test_a_refused_key_says_why_in_the_footer(tmp_path: Path) -> None:
    """In an empty queue there is nothing to reply to; the next key takes the sentence away."""
    async with console(kit.build(tmp_path / "m.db", [])).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("r")
        assert lines(pilot)[-1] == " There is no ask under the cursor."
        await pilot.press("x")
        await pilot.pause()
        assert "r reply" in lines(pilot)[-1]


async def test_back_on_the_first_screen_says_how_to_leave(community: Path) -> None:
    """It does not leave by itself."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("q")
        assert "ctrl+q leaves modconsole" in lines(pilot)[-1]


async def test_a_keymap_changes_keys_footer_and_help(community: Path) -> None:
    """The new key works, the old one does not, and both footer and help name the new one."""
    app = console(community, keymap={"go.inbox": ("I",), "ask.reply": ("ctrl+y",)})
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "ctrl+y reply" in lines(pilot)[-1]
        await pilot.press("2")
        await pilot.pause()
        assert pilot.app.screen.PLACE == "queue"  # type: ignore[attr-defined]
        await pilot.press("I")
        await settled(pilot)
        assert pilot.app.screen.PLACE == "inbox"  # type: ignore[attr-defined]


async def test_ctrl_q_leaves_even_while_text_is_written(community: Path) -> None:
    """With status 0."""
    app = console(community)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"in:b")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app._exit, "the end")
    assert app.return_code == 0


async def test_help_lists_the_keys_of_where_one_came_from(community: Path) -> None:
    """What is special there, then what works everywhere, with a line for each command."""
    async with console(community).run_test(size=(100, 70)) as pilot:
        await ready(pilot)
        await pilot.press("question_mark")
        await settled(pilot)
        shown = text(pilot)
        assert "Help   keys of the queue" in shown
        for each in keys.of_screen("queue"):
            assert each.help in shown, each.id
        await pilot.press("q")
        await settled(pilot)
        assert lines(pilot)[0].startswith(" Queue")


async def test_the_palette_finds_a_command_by_its_name_and_runs_it(community: Path) -> None:
    """`:`, a part of the name, Enter."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(pilot.app.screen, PaletteScreen), "the palette")
        await pilot.press(*"inbox")
        await pilot.press("enter")
        await until(pilot, lambda: getattr(pilot.app.screen, "PLACE", "") == "inbox", "the inbox")


async def test_the_palette_says_why_a_command_is_refused(tmp_path: Path) -> None:
    """And Esc leaves everything as it was."""
    async with console(kit.build(tmp_path / "m.db", [])).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("colon", *"snooze")
        await until(pilot, lambda: "There is no ask under the cursor." in text(pilot), "the reason")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, PaletteScreen), "the queue")


def test_the_palette_ranks_names_before_descriptions() -> None:
    """What begins with the words comes first; all words must occur."""
    reply, close = keys.command("ask.reply"), keys.command("ask.close")
    assert matches("reply", reply) == 0
    assert matches("reply", close) == 2
    assert matches("reply inbox", reply) is None


async def test_sync_without_anything_to_sync_says_so(community: Path) -> None:
    """A console that only shows what was imported cannot look again."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("R")
        assert "Nothing is synced here" in lines(pilot)[-1]


async def test_sync_asks_for_all_sources_or_for_one(community: Path) -> None:
    """`R` everywhere, `s` on a source."""
    asked: list[str | None] = []

    def ask(source: str | None) -> bool:
        asked.append(source)
        return True

    async with console(community, sync_now=ask).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("R")
        assert lines(pilot)[-1] == " Looking at all sources now."
        await pilot.press("6")
        await settled(pilot)
        await pilot.press("j", "s")
        assert lines(pilot)[-1] == " Looking at forum now."
    assert asked == [None, "forum"]


async def test_repeat_without_an_act_says_so(community: Path) -> None:
    """`.` does again what was done; nothing was."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("full_stop")
        assert "Nothing has been done yet" in lines(pilot)[-1]


async def test_the_screens_keep_their_place(community: Path) -> None:
    """Going to another screen and back finds the cursor where it was."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("j", "j", "j", "1")
        await settled(pilot)
        await pilot.press("2")
        await settled(pilot)
        assert queue(pilot).list.position == 3


async def test_work_beside_the_screen_is_told_to_end(community: Path) -> None:
    """Its event is set when the console ends."""
    import threading

    began, ended = threading.Event(), threading.Event()

    def beside(stop: threading.Event) -> None:
        began.set()
        if stop.wait(kit.PATIENCE):
            ended.set()

    async with console(community, background=beside).run_test(size=(80, 24)) as pilot:
        await until(pilot, began.is_set, "the work")
    assert ended.wait(kit.PATIENCE)


async def test_what_is_typed_ahead_goes_where_it_belongs(community: Path) -> None:
    """Keys that arrive together: the words after `/` are the limit, and run no commands."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for key in ("slash", *"in:masto", "enter"):
            character = ":" if key == ":" else key if len(key) == 1 else None
            pilot.app.post_message(events.Key("colon" if key == ":" else key, character))
        await until(pilot, lambda: "limited to in:masto" in text(pilot), "the limit")
        await settled(pilot)
        assert "8 of 37" in text(pilot)


async def test_what_is_typed_ahead_of_a_screen_waits_for_it(community: Path) -> None:
    """The first letters of a reply are in the reply."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("j", "j", "j")
        for key in ("r", *"Hello", "space", *"auc"):
            pilot.app.post_message(events.Key(key, " " if key == "space" else key))
        await until(pilot, lambda: "Hello auc" in text(pilot), "the reply")


async def test_an_error_while_the_header_is_read_is_not_swallowed(
    community: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of ours is said, with the list still there; any other ends the console with status 1."""

    def locked(_desk: object) -> None:
        raise StoreError("The database is locked.")

    def broken(_desk: object) -> None:
        raise TypeError("a mistake")

    app = console(community)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        monkeypatch.setattr("modconsole.app.header", locked)
        app.read_again()
        await until(pilot, lambda: "! The database is locked." in text(pilot), "the footer's word")
    monkeypatch.setattr("modconsole.app.header", broken)
    app = console(community)
    with pytest.raises(TypeError, match="a mistake"):
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app._exception is not None, "the end")
    assert app.return_code == 1
