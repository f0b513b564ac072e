"""A run over a source: pages with their positions, what vouches, what is set aside, what ends a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from threading import Event as Flag

import pytest
from msgspec.structs import replace

from modconsole.connectors.base import Known, Page
from modconsole.domain.records import Author, Coverage, Decision, Message
from modconsole.domain.times import HOUR, to_datetime
from modconsole.errors import RateLimited, SignInError, Unreachable
from modconsole.store import marks
from modconsole.sync.reports import Event, Progress
from tests.sync.desk import Bench
from tests.sync.double import SOURCE, US, Double, Killed


def test_a_first_run_walks_everything_and_vouches(bench: Bench) -> None:
    """The first look at a source is a full walk; after it the source is covered, and the next looks are short."""
    for n in range(7):
        bench.place.write(f"Question {n}", by=f"p{n}")
    first = bench.turn()
    assert (first.outcome, first.full, first.new) == ("ok", True, 9)  # seven messages, a conversation, a look
    source = bench.source()
    assert source.walked_at is not None
    assert source.complete_through is not None
    assert len(bench.asks()) == 7
    second = bench.turn()
    assert (second.full, second.new, second.changed) == (False, 1, 0)


def test_a_full_walk_comes_when_its_time_has_come(bench: Bench) -> None:
    """Six hours after the last one, or when it is asked for."""
    bench.turn()
    assert not bench.turn().full
    assert bench.turn(full=True).full
    bench.place.tick(6 * 3600)
    assert bench.turn().full


def test_who_waits_is_read_again(bench: Bench) -> None:
    """An edit, an approval and a deletion of what is nobody's news show at the next look."""
    edited, gone = bench.place.write("Before"), bench.place.write("Doomed", by="bob")
    held = bench.place.write("Held", by="carol", state="held")
    bench.turn()
    bench.place.edit(edited, "After")
    bench.place.moderate(held, "live")
    del bench.place.messages[gone]
    bench.place.order.clear()
    result = bench.turn()
    assert result.gone == 1
    assert bench.text(edited) == "After"
    assert bench.status(held) == "waiting"
    assert bench.status(gone) == "withdrawn"


def test_a_gone_message_keeps_its_text(bench: Bench) -> None:
    """Deleted there, it stays here with its last words, and is not asked for again."""
    gone = bench.place.write("Last words")
    bench.turn()
    del bench.place.messages[gone]
    bench.place.order.clear()
    bench.turn()
    assert bench.text(gone) == "Last words"
    again = marks.known(bench.db, SOURCE, bench.place.now, full=True)
    assert gone not in (*again.waiting, *again.recent, *again.queued, *again.live)


@pytest.mark.parametrize("at", range(5))
def test_a_run_that_is_killed_goes_on_at_its_position(bench: Bench, at: int) -> None:
    """After any page: what was stored stays, nothing vouches, and the next run completes it without doubling."""
    for n in range(7):
        bench.place.write(f"Question {n}", by=f"p{n}")
    bench.place.trouble["page"] = [None] * at + [Killed()]
    with pytest.raises(Killed):
        bench.turn()
    bench.check()
    assert bench.source().checked_at is None
    assert bench.source().synced_at is None
    bench.turn()
    assert len(bench.asks()) == 7
    assert bench.source().complete_through is not None


def test_a_failed_run_vouches_for_nothing(bench: Bench) -> None:
    """What was vouched for stays what it was; the failure, with what to do, is there for everybody to see."""
    bench.turn()
    before = bench.source()
    bench.place.write("Somebody asks")
    bench.place.trouble["page"] = [None, Unreachable("Down.", hint="Wait.")]
    result = bench.turn()
    after = bench.source()
    assert (result.outcome, result.error, result.hint, result.retryable) == ("failed", "Down.", "Wait.", True)
    assert (after.complete_through, after.checked_at) == (before.complete_through, before.checked_at)
    assert (after.failure, after.hint) == ("Down.", "Wait.")
    assert after.failed_at is not None
    bench.turn()
    assert bench.source().failure is None


def test_it_is_kept_since_when_it_fails(bench: Bench) -> None:
    """The first failure's time stays until it works again."""
    bench.place.trouble["page"] = [Unreachable("Down."), SignInError("Wrong.")]
    bench.turn()
    since = bench.source().failed_at
    assert bench.turn().kind == "SignInError"
    assert (bench.source().failed_at, bench.source().failure) == (since, "Wrong.")


def test_a_rate_limit_says_when(bench: Bench) -> None:
    """The pause that the platform asks for is in the result."""
    bench.place.trouble["page"] = [RateLimited("Slow.", retry_after=120)]
    assert bench.turn().retry_after == 120


def test_a_cancelled_run_stops_between_pages(bench: Bench) -> None:
    """It is no failure, it vouches for nothing, and the next run goes on."""
    for n in range(7):
        bench.place.write(f"Question {n}", by=f"p{n}")
    stop = Flag()

    def listener(event: Event) -> None:
        if isinstance(event, Progress):
            stop.set()

    result = bench.turn(stop=stop, listener=listener)
    assert (result.outcome, len(bench.asks())) == ("cancelled", 3)
    source = bench.source()
    assert (source.failure, source.synced_at, source.checked_at) == (None, None, None)
    assert bench.turn().outcome == "ok"
    assert len(bench.asks()) == 7


def test_progress_is_told_page_by_page(bench: Bench) -> None:
    """Lane, how much of how many, and what was new."""
    for n in range(7):
        bench.place.write(f"Question {n}", by=f"p{n}")
    told: list[Event] = []
    bench.turn(listener=told.append)
    steps = [event for event in told if isinstance(event, Progress)]
    assert [(step.lane, step.done, step.total) for step in steps[:3]] == [("new", 0, 7), ("new", 3, 7), ("new", 6, 7)]
    assert steps[-1].new == 8


class Poisoned(Double):
    """A platform that sends what cannot be stored, in the middle of a page."""

    def __init__(self, bench: Bench, bad: Message | Decision) -> None:
        super().__init__(bench.place)
        self.bad = bad

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        pages = super().pull(known, now, full=full)
        page = next(pages)
        records = (*page.records[:2], self.bad, *page.records[2:])
        yield Page(records, page.position, page.lane, done=page.done, total=page.total)
        yield from pages


def bad_message(**changes: object) -> Message:
    """A message that is well formed but for some changes."""
    good = Message(
        source=SOURCE,
        id="bad",
        conversation="talk",
        author=Author(id="eve"),
        created_at=to_datetime(1_700_000_000_000_000),
        text="x",
    )
    return replace(good, **changes)


@pytest.mark.parametrize(
    "bad",
    [
        bad_message(text="half a pair \ud800 of surrogates"),
        bad_message(author=Author(id=None)),  # type: ignore[arg-type]
        bad_message(source="elsewhere"),
        Decision(
            id="00000000-0000-7000-8000-000000000000",
            at=to_datetime(1),
            by="eve",
            act="close",
            source=SOURCE,
            conversation="talk",
        ),
    ],
    ids=["surrogate", "no author", "another source", "a decision"],
)
def test_poison_is_set_aside_and_stops_nothing(bench: Bench, bad: Message | Decision) -> None:
    """The rest of its page is stored, the run comes to its end, and the look says that something is missing."""
    for n in range(7):
        bench.place.write(f"Question {n}", by=f"p{n}")
    sound, bench.connector = bench.connector, Poisoned(bench, bad)
    result = bench.turn()
    assert (result.outcome, result.set_aside, len(bench.asks())) == ("ok", 1, 7)
    source = bench.source()
    assert source.poisoned == 1
    assert source.gap == "1 item from the platform could not be read"
    bench.turn(full=True)
    assert bench.source().poisoned == 1, "the same thing is set aside once"
    bench.connector = sound
    bench.turn()
    assert bench.source().gap is not None, "a short look does not meet it again, and cannot vouch for it"
    bench.turn(full=True)
    assert bench.source().gap is None


class Garbled(Double):
    """A connector that meets an item it cannot understand, on a page with others."""

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        for number, page in enumerate(super().pull(known, now, full=full)):
            yield page if number else dataclasses.replace(page, poison=(("a comment has no author", b'{"id": 7}'),))


def test_what_a_connector_cannot_understand_is_set_aside_as_it_came(bench: Bench) -> None:
    """The raw payload is kept, once, beside the reason; the rest of the page is stored, and the look says what it lacks."""
    for n in range(7):
        bench.place.write(f"Question {n}", by=f"p{n}")
    bench.connector = Garbled(bench.place)
    for _ in range(2):
        result = bench.turn(full=True)
        assert (result.outcome, result.set_aside, len(bench.asks())) == ("ok", 1, 7)
    assert [tuple(row) for row in bench.db.rows("select why, payload from poison")] == [
        ("a comment has no author", b'{"id": 7}')
    ]
    assert bench.source().gap == "1 item from the platform could not be read"
    bench.connector = Double(bench.place)
    bench.turn(full=True)
    assert bench.source().gap is None


class Eager(Double):
    """A connector that vouches for the source before it has seen it."""

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        moment = to_datetime(now)
        yield Page((Coverage(source=SOURCE, checked_at=moment, complete_through=moment),), {}, "eager")
        yield from super().pull(known, now, full=full)


def test_a_look_counts_only_at_the_end(bench: Bench) -> None:
    """A connector that vouches too early is not believed until its run has come to its end."""
    bench.connector = Eager(bench.place)
    bench.place.trouble["page"] = [Unreachable("Down.")]
    bench.turn()
    assert bench.source().checked_at is None
    bench.turn()
    assert bench.source().checked_at is not None


def test_a_bug_in_a_connector_stops_this_source_and_tells_no_text(bench: Bench) -> None:
    """An unforeseen exception is a failure like others; what was in it is told to nobody."""
    bench.place.trouble["page"] = [KeyError("a stranger's text")]
    result = bench.turn()
    assert result.outcome == "failed"
    assert "KeyError" in result.error
    assert "stranger" not in result.error + result.hint + str(bench.source().failure)


def test_a_reply_that_comes_due_does_not_wait_for_the_walk(bench: Bench) -> None:
    """Between two pages of a long walk the outbox is looked at."""
    asked = bench.place.write("Quick question")
    bench.turn()
    for n in range(9):
        bench.place.write(f"Question {n}", by=f"p{n}")
    sent_after: list[int] = []

    def listener(event: Event) -> None:
        if isinstance(event, Progress) and not sent_after:
            bench.reply(asked, "Quick answer")
            sent_after.append(len(bench.place.asked))

    result = bench.turn(listener=listener)
    calls = bench.place.asked[sent_after[0] :]
    assert calls.index("send") < calls.index("page")
    assert result.sent() == 1
    assert bench.status(asked) == "answered"


def test_replies_go_out_before_anything_is_read(bench: Bench) -> None:
    """A person's reply first."""
    asked = bench.place.write("Anybody?")
    bench.turn()
    bench.reply(asked, "Yes.")
    bench.place.asked.clear()
    bench.turn()
    assert bench.place.asked.index("send") < bench.place.asked.index("page")


def test_a_native_reply_of_ours_answers(bench: Bench) -> None:
    """A teammate answers in the platform's own app, and later takes the answer back."""
    asked = bench.place.write("Hello?")
    bench.turn()
    reply = bench.place.write("Hello!", by=US, parent=asked)
    bench.turn()
    assert bench.status() == "answered"
    bench.place.moderate(reply, "removed")
    bench.turn()
    assert bench.status() == "waiting"


def test_an_edit_after_the_answer_asks_again(bench: Bench) -> None:
    """Since the edit was seen, for the platform does not say when it was made."""
    asked = bench.place.write("How much is it?")
    bench.turn()
    bench.reply(asked, "Ten.")
    bench.turn()
    assert bench.status() == "answered"
    bench.place.edit(asked, "How much is it? And do you ship to Iceland in winter?")
    bench.place.tick(100)
    bench.turn()
    (ask,) = bench.asks()
    assert ask.status == "waiting"
    assert ask.waiting_since is not None
    assert ask.waiting_since > bench.place.now - HOUR


def test_old_messages_found_late_are_marked(bench: Bench) -> None:
    """A message below the mark, which a full walk finds, waits since its own time."""
    bench.turn()
    bench.place.tick(3600)
    bench.turn()
    late = bench.place.write("I was here all along")
    bench.place.messages[late] = replace(
        bench.place.messages[late], created_at=to_datetime(bench.place.now - 1800 * 1_000_000)
    )
    bench.place.tick(60)
    bench.turn()
    (ask,) = bench.asks()
    assert "found late" in ask.badges


def test_what_was_found_late_stays_so_when_old_looks_are_thinned(bench: Bench) -> None:
    """Of the looks of an hour only one is kept after two days; the answers that rest on the others must not change."""
    bench.place.now -= bench.place.now % HOUR
    for _ in range(10):
        bench.place.tick(120)
        bench.turn()
    late = bench.place.write("I was here all along")
    bench.place.messages[late] = replace(
        bench.place.messages[late], created_at=to_datetime(bench.place.now - 300 * 1_000_000)
    )
    for _ in range(10):
        bench.place.tick(120)
        bench.turn()
    (ask,) = bench.asks()
    assert "found late" in ask.badges
    bench.place.tick(3 * 24 * 3600)
    bench.turn()
    (ask,) = bench.asks()
    assert "found late" in ask.badges
    looks = bench.db.value("select count(*) from coverage")
    assert looks < 10, "the others are gone"
