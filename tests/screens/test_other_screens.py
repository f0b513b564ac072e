"""Inbox, search, sources and outbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.desk.desk import Desk
from modconsole.desk.views import coverage
from modconsole.domain.safetext import Safe, cells
from modconsole.screens.search import snippet
from modconsole.store import outbox
from modconsole.store.db import Db
from tests.screens import kit
from tests.screens.kit import console, lines, queue, ready, settled, text, until


async def test_the_inbox_lists_all_conversations_newest_first(community: Path) -> None:
    """With a mark for those in which somebody waits."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("2")
        await settled(pilot)
        assert lines(pilot)[0].startswith(" Inbox   46 conversations")
        times = [row.last_at for row in queue(pilot).list.window.rows]
        assert len(times) == 46
        assert times == sorted(times, reverse=True)
        rows = {row.conversation: row for row in queue(pilot).list.window.rows}
        open_ones = [row for row in rows.values() if row.open_asks]
        assert open_ones
        assert f"{queue(pilot).list.row.open_asks} ▸" in lines(pilot)[3]


async def test_enter_opens_the_conversation_and_back_returns(community: Path) -> None:
    """To the row that was left."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: getattr(pilot.app.screen, "PLACE", "") == "conversation", "the conversation")
        await pilot.press("q")
        await until(pilot, lambda: getattr(pilot.app.screen, "PLACE", "") == "inbox", "the inbox")
        await settled(pilot)
        assert queue(pilot).list.position == 2


async def test_a_search_lists_the_messages_that_hold_the_words(community: Path) -> None:
    """Case and accents do not matter, the last word may go on; Enter opens the conversation at the message."""
    async with console(community).run_test(size=(100, 24)) as pilot:
        await ready(pilot)
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("slash", *"SHIP", "enter")
        await until(pilot, lambda: getattr(pilot.app.screen, "PLACE", "") == "search", "the hits")
        await settled(pilot)
        found = queue(pilot).list.window.rows
        assert found
        assert all("ship" in hit.text.lower() for hit in found)
        await pilot.press("slash")
        await pilot.press("ctrl+u", *"no such words anywhere", "enter")
        await until(pilot, lambda: "No message holds no such words anywhere" in text(pilot), "the lesson")


@pytest.mark.parametrize(
    ("said", "words", "shown", "marked"),
    [
        ("Does it ship to Ålesund today", "alesund", "Does it ship to Ålesund today", ["Ålesund"]),
        ("x" * 100 + " needle and more", "needle", "…xxxxxxxxxxx needle and more", ["needle"]),
        ("Straße und Maße", "strasse", "Straße und Maße", []),
        ("ship it, ship it", "it ship", "ship it, ship it", ["ship", "it", "ship", "it"]),
    ],
)
def test_a_snippet_shows_the_words_in_what_was_said(said: str, words: str, shown: str, marked: list[str]) -> None:
    """From shortly before the first of them, with each of them marked."""
    pieces = snippet(said, words, 60)
    assert "".join(part for part, _ in pieces) == shown
    assert [part for part, style in pieces if style == "accent"] == marked
    assert all(isinstance(part, Safe) for part, _ in pieces)


@pytest.mark.parametrize("width", [0, 1, 5, 20])
def test_a_snippet_never_is_wider_than_its_room(width: int) -> None:
    """With wide characters, too."""
    pieces = snippet("日本語の文章で ship を探す", "ship", width)
    assert sum(cells(part) for part, _ in pieces) <= width


async def test_sources_say_why_they_cannot_vouch_and_what_to_do(community: Path) -> None:
    """The row says why; below the list stands all that is known of the source under the cursor."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("6")
        await settled(pilot)
        assert "4 of 5 can vouch" in lines(pilot)[0]
        await pilot.press("end")
        await settled(pilot)
        assert any("matrix" in line and "! failed" in line and "502" in line for line in lines(pilot))
        about = queue(pilot).about.text
        assert "Harbour chat" in about
        assert "looks again now" in about
        assert "Mara, Jonas, Lanternfish crew" in about


async def test_a_paused_source_cannot_vouch(community: Path) -> None:
    """`p` leaves it out of syncs, which the header says; `p` again takes it in."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("6")
        await settled(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "blog is left out of syncs" in text(pilot), "the footer's word")
        await until(pilot, lambda: "3 of 5 can vouch" in text(pilot), "the header")
        desk = Desk(community, clock=kit.Clock())
        assert [each.source.paused for each in coverage(desk)] == [True, False, False, False, False]
        desk.close()
        await until(pilot, lambda: "! paused" in text(pilot), "the row")
        await pilot.press("p")
        await until(pilot, lambda: "4 of 5 can vouch" in text(pilot), "the header")


async def test_an_imported_source_is_neither_synced_nor_paused(tmp_path: Path) -> None:
    """The keys say why."""
    from modconsole.connectors import demo

    path = kit.build(tmp_path / "m.db", demo.records(kit.NOW))
    async with console(path, sync_now=lambda _: False).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("6")
        await settled(pilot)
        for key in ("p", "s"):
            await pilot.press(key)
            assert "This source was imported" in lines(pilot)[-1]


async def test_the_outbox_says_what_became_of_each_reply(community: Path) -> None:
    """Newest first, with a sign and a word for each state, and below the list why it failed and what to do."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("7")
        await settled(pilot)
        shown = text(pilot)
        assert all(word in shown for word in ("? unsure", "→ queued", "? unseen", "✗ failed"))
        while queue(pilot).list.row.send.state != "failed":
            await pilot.press("j")
        assert "It did not go out." in queue(pilot).about.text
        assert "There is: the deep-sea theme" in queue(pilot).about.text or queue(pilot).list.row.send.text[
            :20
        ] in text(pilot)


async def test_only_a_failed_reply_can_be_tried_again(community: Path) -> None:
    """`r` on another says so; on the failed one it is queued again."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("7")
        await settled(pilot)
        assert queue(pilot).list.row.send.state != "failed"
        await pilot.press("r")
        assert lines(pilot)[-1] == " Only a reply that has failed can be tried again."
        while queue(pilot).list.row.send.state != "failed":
            await pilot.press("j")
        ident = queue(pilot).list.row.send.id
        await pilot.press("r")
        await until(pilot, lambda: "It is tried again." in text(pilot), "the footer's word")
    with Db(community) as db:
        found = outbox.get(db, ident)
        assert found is not None
        assert found.state == "queued"


async def test_a_queued_reply_can_be_taken_back_and_is_a_draft_again(community: Path) -> None:
    """And one that has gone out cannot."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("7")
        await settled(pilot)
        assert queue(pilot).list.row.send.state == "unsure"
        await pilot.press("t")
        assert "It has gone out" in lines(pilot)[-1]
        while queue(pilot).list.row.send.state != "queued":
            await pilot.press("j")
        await pilot.press("t")
        await until(pilot, lambda: "its words are a draft" in text(pilot), "the footer's word")


async def test_empty_lists_teach(tmp_path: Path) -> None:
    """Each says what would be there."""
    async with console(kit.build(tmp_path / "m.db", [])).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "No source is connected yet" in text(pilot), "the inbox's lesson")
        await pilot.press("6")
        await until(pilot, lambda: "modconsole sources add" in text(pilot), "the sources' lesson")
        await pilot.press("7")
        await until(pilot, lambda: "Nothing has been sent" in text(pilot), "the outbox's lesson")


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60), (20, 6)])
async def test_every_screen_fits_every_size(community: Path, size: tuple[int, int]) -> None:
    """No line is wider than the screen, and nothing breaks on the way from one size to another."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for key in ("1", "2", "6", "7", "question_mark"):
            await pilot.press(key)
            await settled(pilot)
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert len(lines(pilot)) == size[1]
            assert all(strip.cell_length <= size[0] for strip in pilot.app.screen._compositor.render_strips())
            await pilot.resize_terminal(80, 24)
            await settled(pilot)
