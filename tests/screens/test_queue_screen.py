"""The queue: what it lists, what it keeps apart, and that nothing moves under the cursor."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.desk import asks, outgoing
from modconsole.desk.desk import Desk
from modconsole.domain.records import Author, Coverage, Gap, Identity, Message, Record, Source
from modconsole.domain.times import HOUR, MINUTE, to_datetime
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from tests.screens import kit
from tests.screens.kit import console, lines, queue, ready, settled, text, until


def arrive(path: Path, ident: str, minutes: int, *, words: str = "I have just come in") -> None:
    """Somebody writes below the demo's first forum topic; another process stores it."""
    at = to_datetime(kit.NOW - minutes * MINUTE)
    said = Message(
        source="insta",
        id=ident,
        conversation=f"talk-{ident}",
        author=Author(id=f"person-{ident}", name=f"Newcomer {ident}"),
        created_at=at,
        text=words,
        kind="dm",
    )
    with Db(path) as db:
        ingest(db, [said], kit.NOW)


async def test_the_first_screen_says_who_waits_and_who_cannot_be_trusted(community: Path) -> None:
    """Counts of fresh asks, the backlog apart, sources with their ages, and a sign where one cannot vouch."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        head = lines(pilot)[0]
        assert head.startswith(" Queue   34 waiting · 11 overdue · 6 backlog")
        assert head.endswith("4 ok 4m  matrix !3h")
        assert "wait   due      who" in text(pilot)
        assert "37 of 37" in text(pilot)


async def test_on_a_wide_screen_each_source_has_its_age_and_the_ask_its_text(community: Path) -> None:
    """From 120 columns on there is a second pane, which follows the cursor in the same handler."""
    async with console(community).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        assert lines(pilot)[0].endswith("blog 2m  forum 4m  insta 3m  masto 1m  matrix !3h")
        assert "weather club at our library" in queue(pilot).detail.text
        await pilot.press("j")
        assert "is there a dark theme" in queue(pilot).detail.text


async def test_troubled_sends_stand_first_and_quiet_ones_at_the_foot(community: Path) -> None:
    """A failed and two unseen replies are the first rows; one that is on its way is no row of the list."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        shown = lines(pilot)
        assert ["? unseen" in shown[3], "✗ failed" in shown[4], "? unseen" in shown[5], "ends 55m" in shown[6]] == [
            True
        ] * 4
        foot = next(at for at, line in enumerate(shown) if line.startswith("── sending"))
        assert "Wanjirũ" in shown[foot + 1]
        assert not any("Wanjirũ" in line for line in shown[:foot])


async def test_the_backlog_is_a_part_of_its_own(community: Path) -> None:
    """`tab` shows what is from before the sources were connected, then everything, then tonight again."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert not any("Hank" in line for line in lines(pilot))
        await pilot.press("tab")
        await settled(pilot)
        assert "6 of 6" in text(pilot)
        assert any("Hank" in line for line in lines(pilot))
        await pilot.press("tab")
        await settled(pilot)
        assert "43 of 43" in text(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert "37 of 37" in text(pilot)


async def test_rows_that_arrive_do_not_move_the_cursor_and_are_told(community: Path) -> None:
    """The row under the cursor stays on its line; the ribbon counts what came in above, and `home` shows it."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for _ in range(30):
            await pilot.press("j")
        await settled(pilot)
        before, line_before = queue(pilot).list.row, queue(pilot).list.window.line
        arrive(community, "1", 60 * 60)  # overdue, so above
        arrive(community, "2", 61 * 60)
        await until(pilot, lambda: "↑ 2 new" in text(pilot), "the ribbon")
        after = queue(pilot).list.row
        assert (after.source, after.conversation, after.person) == (before.source, before.conversation, before.person)
        assert queue(pilot).list.window.line == line_before
        await pilot.press("home")
        await settled(pilot)
        assert "new  " not in text(pilot).splitlines()[-2]


async def test_an_act_reaches_the_ask_that_was_seen(community: Path) -> None:
    """Closing the third row closes that ask, whatever came in between, and the cursor stands on the one after it."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for _ in range(8):
            await pilot.press("j")
        seen, following = queue(pilot).list.row, queue(pilot).list.window.row_at(queue(pilot).list.window.line + 1)
        await pilot.press("c")
        arrive(community, "9", 62 * 60)
        await pilot.press("enter")
        await until(pilot, lambda: "Closed" in text(pilot), "the footer's word")
        await settled(pilot)
        desk = Desk(community, who="mara", clock=kit.Clock())
        ask = asks.status(desk, seen.source, seen.latest)
        desk.close()
        assert ask is not None
        assert ask.status == "closed"
        now = queue(pilot).list.row
        assert (now.source, now.conversation, now.person) == (
            following.source,
            following.conversation,
            following.person,
        )
        assert lines(pilot)[-1].startswith(" Closed")


async def test_the_cursor_goes_to_the_next_ask_when_a_reply_is_on_its_way(community: Path) -> None:
    """A failed one is tried again by somebody else: the ask goes to the foot, and nothing after it is skipped."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("j")
        seen, following = queue(pilot).list.row, queue(pilot).list.window.row_at(queue(pilot).list.window.line + 1)
        other = Desk(community, who="jonas", clock=kit.Clock())
        sends = [each.send for each in outgoing.OutboxPager(other).first(9) if isinstance(each, outgoing.Outgoing)]
        failed = next(send.id for send in sends if send.state == "failed")
        outgoing.retry(other, failed)
        other.close()
        await until(pilot, lambda: queue(pilot).list.row != seen and "36 of 36" in text(pilot), "the next ask")
        now = queue(pilot).list.row
        assert (now.source, now.conversation, now.person) == (
            following.source,
            following.conversation,
            following.person,
        )
        assert "is not in this list any more" in lines(pilot)[-1]
        assert any("→ queued" in line and seen.name in line for line in lines(pilot))


async def test_undo_takes_the_last_act_back_and_says_what_it_was(community: Path) -> None:
    """After `u` the ask waits again."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press(*"jjjjjjjj", "c", "enter")
        await until(pilot, lambda: "36 of 36" in text(pilot), "the closed ask's leaving")
        await pilot.press("u")
        await until(pilot, lambda: "37 of 37" in text(pilot), "the ask's return")
        assert "Undone: close" in lines(pilot)[-1]


async def test_undo_with_nothing_to_undo_says_so(tmp_path: Path) -> None:
    """And nothing happens."""
    path = kit.build(tmp_path / "m.db", [])
    async with console(path, who="nobody").run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("u")
        await until(pilot, lambda: "nothing of nobody's to undo" in text(pilot), "the refusal")


async def test_a_limit_shows_a_part_and_esc_takes_it_away(community: Path) -> None:
    """`/` takes the query language; the ribbon says what limits the list, and of how many it shows a part."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"in:masto", "enter")
        await until(pilot, lambda: "limited to in:masto" in text(pilot), "the limit")
        await settled(pilot)
        assert "8 of 37" in text(pilot)
        assert all(row.source == "masto" for row in queue(pilot).list.window.rows)
        await pilot.press("escape")
        await settled(pilot)
        assert "37 of 37" in text(pilot)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("is:overdo", "Did you mean overdue?"), ("older:soon", "is no length of time"), ('"open', "never closed")],
)
async def test_a_limit_that_cannot_be_read_is_refused_in_words(community: Path, typed: str, said: str) -> None:
    """The list stays as it was."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await pilot.press(*typed, "enter")
        await until(pilot, lambda: said in lines(pilot)[-1], "the refusal")
        await settled(pilot)
        assert "37 of 37" in text(pilot)


async def test_an_interrupted_limit_changes_nothing(community: Path) -> None:
    """Esc while typing leaves everything as it was, and the keys are the list's again."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"in:blog", "escape")
        await pilot.press("j")
        await settled(pilot)
        assert "37 of 37" in text(pilot)
        assert queue(pilot).list.position == 1


async def test_a_limit_that_fits_nothing_is_not_called_nobody(community: Path) -> None:
    """It says that others may be waiting."""
    async with console(community).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"from:nobody-at-all", "enter")
        await until(pilot, lambda: "Nothing fits from:nobody-at-all" in text(pilot), "the lesson")
        assert "Others may be waiting" in text(pilot)


async def test_ages_are_those_of_the_clock_and_change_with_the_minute(community: Path, clock: kit.Clock) -> None:
    """When the app looks again an hour later, everything is an hour older."""
    app = console(community, clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "ends 55m" in text(pilot)
        clock.now += HOUR
        app.read_again()
        await settled(pilot)
        assert "ends 55m" not in text(pilot)
        assert "matrix !4h" in text(pilot) or "!5 of 5" in text(pilot)


async def test_nothing_is_repainted_while_nothing_changes(community: Path) -> None:
    """Looking again without any change gives the same picture, strip for strip."""
    app = console(community)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        before = lines(pilot)
        app.read_again()
        await settled(pilot)
        assert lines(pilot) == before


async def test_nobody_waits_is_said_only_where_every_source_can_vouch(tmp_path: Path) -> None:
    """The same empty list is good news from a source that was seen completely, and none from one that was not."""
    for failing in (False, True):
        path = tmp_path / f"{failing}.db"
        kit.build(path, _answered(failing=failing), accounts=["blog"])
        async with console(path).run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            shown = text(pilot)
            assert ("Nobody waits" in shown) is not failing
            assert ("nobody waits" in shown) is not failing
            assert ("Nobody is known to wait" in shown) is failing
            assert ("cannot say" in shown) is failing


def _answered(*, failing: bool) -> list[Record]:
    now = to_datetime(kit.NOW)
    source = Source(id="blog", platform="demo-blog", name="Blog", identities=[Identity(id="us")], observed_at=now)
    theirs = Message(
        source="blog",
        id="1",
        conversation="c",
        author=Author(id="ann"),
        created_at=to_datetime(kit.NOW - HOUR),
        text="Hm?",
    )
    ours = Message(
        source="blog",
        id="2",
        conversation="c",
        author=Author(id="us"),
        parent="1",
        created_at=to_datetime(kit.NOW - 10 * MINUTE),
        text="So it is.",
    )
    gap = Gap(why="the server answers 502") if failing else None
    look = Coverage(source="blog", checked_at=now, complete_through=None if failing else now, gap=gap)
    return [source, theirs, ours, look]


async def test_a_database_that_does_not_exist_is_taught_not_crashed(tmp_path: Path) -> None:
    """It says how to begin, and fills by itself when somebody imports."""
    path = tmp_path / "m.db"
    async with console(path).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "There is nothing here yet" in text(pilot), "the lesson")
        assert "modconsole demo" in text(pilot)
        assert "nobody waits" not in text(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "There is nothing here yet" in text(pilot), "the inbox's lesson")
        await pilot.press("1")
        kit.community(path)
        await until(pilot, lambda: "37 of 37" in text(pilot), "the queue")


async def test_an_empty_database_says_how_to_connect_a_source(tmp_path: Path) -> None:
    """No source is no good news either."""
    async with console(kit.build(tmp_path / "m.db", [])).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "No source is connected yet" in text(pilot)
        assert "modconsole sources add" in text(pilot)
        assert "obody waits" not in text(pilot)
