"""Scenarios 24 to 44: closing, snoozing, reopening; edits, deletions, moderation."""

from __future__ import annotations

import pytest

from modconsole.domain.records import State
from tests.scenarios.conftest import Ask
from tests.scenarios.story import story, when

LONG = "My order 4711 has not arrived. Where is it?"
MORE = "My order 4711 has not arrived. Where is it? And can I change the address to Berlin?"


def test_scenario_24_closed_without_a_reply(at: Ask) -> None:
    """It is `closed`, never `answered`."""
    told = story().message("q", "ann", "10:00").decide("close", "10:30", "q", person="ann", reason="spam")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("closed", None, ())


def test_scenario_24_with_its_reason_and_author(product: Ask) -> None:
    """The ask says why it was closed, and by whom."""
    told = story().message("q", "ann", "10:00").decide("close", "10:30", "q", person="ann", reason="spam", by="dana")
    ask = product(told, "11:00").of("ann")
    assert (ask.reason, ask.by) == ("spam", "dana")


def test_scenario_24_a_close_that_was_undone_counts_for_nothing(at: Ask) -> None:
    """An undone decision leaves the answer as if it had never been made."""
    told = story().message("q", "ann", "10:00").decide("close", "10:30", "q", native="d1", observed_at="10:30")
    told.decide("close", "10:30", "q", native="d1", undone_at="10:31", observed_at="10:31")
    assert at(told, "11:00").of("ann").status == "waiting"


def test_scenario_24_a_close_reaches_one_person_in_one_thread(at: Ask) -> None:
    """Others in the thread, and the same person elsewhere, wait on."""
    told = (
        story()
        .message("q", "ann", "10:00")
        .message("p", "ben", "10:01", under="q")
        .message("q2", "ann", "10:02")
        .decide("close", "10:30", "q", person="ann")
    )
    answers = at(told, "11:00")
    assert answers.of("ann", thread="q").status == "closed"
    assert answers.of("ann", thread="q2").status == "waiting"
    assert answers.of("ben").status == "waiting"


def test_scenario_24_a_close_without_a_person_holds_for_everybody_in_the_thread(at: Ask) -> None:
    """Up to the message it was made through, and in no other thread; without a message, in the conversation."""
    told = (
        story()
        .message("q", "ann", "10:00")
        .message("p", "ben", "10:01", under="q")
        .message("p2", "ben", "10:05", under="p")
        .message("o", "cat", "09:00")
    )
    told.decide("close", "10:30", "p")
    answers = at(told, "11:00")
    assert [answers.of(p).status for p in ("ann", "ben", "cat")] == ["closed", "waiting", "waiting"]
    assert answers.of("ben").messages == ("p2",)
    told.decide("close", "10:31")
    assert {a.status for a in at(told, "11:00").queue} == {"closed"}


def test_scenario_25_closed_and_written_again_days_later(at: Ask) -> None:
    """A new wait, since the new message."""
    told = story().message("q", "ann", "10:00").decide("close", "10:30", "q", person="ann")
    ask = at(told.message("q2", "ann", "4 09:00", under="q"), "4 10:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("waiting", when("4 09:00"), ("q2",))


def test_scenario_25_reopened(at: Ask) -> None:
    """The newest of close and reopen counts, and after a reopen earlier replies no longer cover."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q").decide("reopen", "10:30", "q")
    assert at(told, "11:00").of("ann").waiting_since == when("10:00")
    assert at(told.reply("r2", "11:10", under="q"), "12:00").of("ann").status == "answered"
    closed = story().message("q", "ann", "10:00").decide("reopen", "10:40", "q").decide("close", "10:30", "q")
    assert at(closed, "11:00").of("ann").status == "waiting"


def test_scenario_26_thanks_after_our_answer_waits(at: Ask) -> None:
    """Never closed silently."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q")
    ask = at(told.message("t", "ann", "10:20", "Thanks!", under="r"), "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("waiting", when("10:20"), ("t",))


def test_scenario_26_no_reply_needed_is_suggested(product: Ask) -> None:
    """One key closes it; a question beside the thanks is no thanks, and nor is thanks before any answer."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q")
    ask = product(told.message("t", "ann", "10:20", "Thanks!", under="r"), "11:00").of("ann")
    assert ask.suggestion is not None
    assert (ask.suggestion.act, ask.suggestion.reason) == ("close", "no reply needed")
    told.message("t", "ann", "10:20", "Thanks! But where is the invoice?", under="r", observed_at="10:30")
    assert product(told, "11:00").of("ann").suggestion is None


def test_scenario_28_snoozed_until_tomorrow_and_written_today(at: Ask) -> None:
    """The snooze ends at once."""
    told = story().message("q", "ann", "10:00").decide("snooze", "10:10", "q", until="2 10:00")
    snoozed = at(told, "11:00").of("ann")
    assert (snoozed.status, snoozed.waiting_since, snoozed.messages) == ("snoozed", when("10:00"), ("q",))
    assert at(told, "2 10:00").of("ann").status == "waiting"
    ask = at(told.message("q2", "ann", "11:30", under="q"), "12:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_28_a_snooze_without_a_message_ends_with_any_item_created_after_it(at: Ask) -> None:
    """What was there when it was made is snoozed until its person writes."""
    told = story().message("q", "ann", "10:00").decide("snooze", "10:10", person="ann")
    assert at(told, "90 11:00").of("ann").status == "snoozed"
    assert at(told.message("q2", "ann", "11:30", under="q"), "90 11:00").of("ann").status == "waiting"


def test_scenario_28_the_newest_of_snooze_and_unsnooze_counts(at: Ask) -> None:
    """Whatever came before it."""
    told = story().message("q", "ann", "10:00").decide("snooze", "10:10", "q").decide("unsnooze", "10:20", "q")
    assert at(told, "11:00").of("ann").status == "waiting"
    assert at(told.decide("snooze", "10:30", "q"), "11:00").of("ann").status == "snoozed"


def test_scenario_28_an_item_that_does_not_ask_ends_a_snooze_as_well(at: Ask) -> None:
    """An item of the person is an item of the person, whether the source answers it or not."""
    told = story("forum", opened_by="zoe").message("q", "ann", "10:00", mentions=["us"]).decide("snooze", "10:10", "q")
    assert at(told, "11:00").of("ann").status == "snoozed"
    ask = at(told.message("x", "ann", "10:30"), "11:00").of("ann")
    assert (ask.status, ask.messages) == ("waiting", ("q",))


@pytest.mark.parametrize("days", [8, 31, 366])
def test_scenario_30_no_timer_ever_closes_a_waiting_ask(at: Ask, days: int) -> None:
    """However long ago it was snoozed, it waits since it was written."""
    told = story().message("q", "ann", "10:00").decide("snooze", "10:10", "q", until="7 10:00")
    ask = at(told, f"{days} 10:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_31_waiting_for_a_customer_who_had_already_replied(at: Ask) -> None:
    """The snooze was made through an older message than the customer's last: it never stood."""
    told = (
        story()
        .message("q", "ann", "10:00")
        .message("q2", "ann", "10:05", under="q")
        .decide("snooze", "10:10", "q", person="ann")
    )
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_32_a_holding_reply_with_a_date(at: Ask) -> None:
    """`promised` until that date; from it on, waiting since the original time."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q")
    told.decide("promise", "10:11", "r", person="ann", until="3 10:00")
    promised = at(told, "2 10:00").of("ann")
    assert (promised.status, promised.waiting_since, promised.messages) == ("promised", None, ())
    due = at(told, "3 10:00").of("ann")
    assert (due.status, due.waiting_since, due.messages) == ("waiting", when("10:00"), ("q",))
    assert at(told.reply("r2", "3 11:00", under="q"), "3 12:00").of("ann").status == "answered"


def test_scenario_32_of_several_promises_the_newest_counts(at: Ask) -> None:
    """Also where it is the shorter one; and a promise to one person leaves the others answered."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q").reply("r2", "10:20", under="q")
    told.decide("promise", "10:11", "r", until="9 10:00").decide("promise", "10:21", "r2", until="3 10:00")
    assert at(told, "2 10:00").of("ann").status == "promised"
    assert at(told, "4 10:00").of("ann").status == "waiting"
    other = story("dm").message("q", "ann", "10:00").message("p", "ben", "10:01").reply("r", "10:10")
    answers = at(other.decide("promise", "10:11", "r", person="ben", until="3 10:00"), "11:00")
    assert (answers.of("ann").status, answers.of("ben").status) == ("answered", "promised")


def test_scenario_32_a_close_goes_before_a_promise(at: Ask) -> None:
    """Answered, then closed, then promised."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q")
    told.decide("promise", "10:11", "r", until="3 10:00").decide("close", "10:20", "q")
    assert at(told, "11:00").of("ann").status == "closed"
    assert at(told.reply("r2", "10:30", under="q"), "11:00").of("ann").status == "answered"


def test_scenario_33_assigned_to_somebody_who_is_away(at: Ask) -> None:
    """Neither an assignment nor a claim takes it out of the team's queue."""
    told = story().message("q", "ann", "10:00").decide("assign", "10:10", "q", to="dana").decide("claim", "10:11", "q")
    ask = at(told, "2 11:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_33_the_ask_says_who_has_it(product: Ask) -> None:
    """A claim shows until it is released."""
    told = story().message("q", "ann", "10:00").decide("claim", "10:11", "q", by="dana", until="5 10:00")
    assert product(told, "10:20").of("ann").claimed_by == "dana"
    assert product(told.decide("release", "10:12", "q", by="dana"), "10:20").of("ann").claimed_by is None


def test_scenario_36_edited_after_our_answer_with_a_new_question(at: Ask) -> None:
    """It asks again since the edit."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", MORE, edited_at="11:00", observed_at="11:05")
    ask = at(told, "12:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("waiting", when("11:00"), ("q",))
    assert at(told.reply("r2", "11:30", under="q"), "12:00").of("ann").status == "answered"


def test_scenario_36_the_ask_says_that_it_was_edited(product: Ask) -> None:
    """By a badge; the diff is the screen's."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", MORE, edited_at="11:00", observed_at="11:05")
    assert "edited" in product(told, "12:00").of("ann").badges


def test_scenario_36_a_small_edit_does_not_reopen(at: Ask) -> None:
    """Punctuation, case and a letter here and there are no new question."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", LONG.upper() + "!!", edited_at="11:00", observed_at="11:05")
    assert at(told, "12:00").of("ann").status == "answered"


@pytest.mark.parametrize(("added", "status"), [(2, "answered"), (3, "waiting")])
def test_scenario_36_nine_tenths_are_the_border(at: Ask, added: int, status: str) -> None:
    """A similarity of exactly 0.9 is no substantive difference: 9 letters, 9 and 2 more."""
    told = story().message("q", "ann", "10:00", "abcdefghi", observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", "abcdefghi" + "x" * added, edited_at="11:00", observed_at="11:05")
    assert at(told, "12:00").of("ann").status == status


def test_scenario_36_since_the_earliest_later_version_that_differs(at: Ask) -> None:
    """A small edit before it and another after it do not move the time."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", LONG + "!", edited_at="10:30", observed_at="10:31")
    told.message("q", "ann", "10:00", MORE, edited_at="11:00", observed_at="11:05")
    told.message("q", "ann", "10:00", MORE + "!", edited_at="11:30", observed_at="11:35")
    assert at(told, "12:00").of("ann").waiting_since == when("11:00")
    told.message("q", "ann", "10:00", LONG, edited_at="11:40", observed_at="11:45")
    assert at(told, "12:00").of("ann").status == "answered"


def test_scenario_36_a_close_lapses_in_the_same_way(at: Ask) -> None:
    """A substantive edit after a close asks again since the edit."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").decide("close", "10:10", "q")
    told.message("q", "ann", "10:00", MORE, edited_at="11:00", observed_at="11:05")
    ask = at(told, "12:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("11:00"))


def test_scenario_36_a_deletion_that_empties_the_text_leaves_it_answered(at: Ask) -> None:
    """A live reply keeps an item answered, whatever later becomes of the item."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", "[deleted]", state="deleted", state_at="11:00", observed_at="11:05")
    assert at(told, "12:00").of("ann").status == "answered"


def test_scenario_38_edited_before_our_answer(at: Ask) -> None:
    """Since the original post."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01")
    told.message("q", "ann", "10:00", MORE, edited_at="10:20", observed_at="10:21")
    ask = at(told, "12:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))
    assert at(told.reply("r", "10:30", under="q"), "12:00").of("ann").status == "answered"


def test_scenario_38_the_ask_says_so(product: Ask) -> None:
    """By the badge that the composer reads."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01")
    told.message("q", "ann", "10:00", MORE, edited_at="10:20", observed_at="10:21")
    assert "edited" in product(told, "12:00").of("ann").badges


def test_scenario_39_an_unanswered_comment_is_deleted(at: Ask) -> None:
    """`withdrawn`, and kept."""
    told = story().message("q", "ann", "10:00", observed_at="10:01")
    ask = at(told.message("q", "ann", "10:00", state="deleted", state_at="10:30"), "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("withdrawn", None, ())


def test_scenario_39_an_answered_one_stays_answered(at: Ask) -> None:
    """Whatever later becomes of the item."""
    states: list[State] = ["deleted", "removed", "spam", "held", "hidden"]
    for state in states:
        told = story().message("q", "ann", "10:00", observed_at="10:01").reply("r", "10:10", under="q")
        told.message("q", "ann", "10:00", state=state, state_at="10:30", observed_at="10:31")
        assert at(told, "11:00").of("ann").status == "answered"


@pytest.mark.parametrize("state", ["deleted", "hidden", "removed", "spam", "held"])
def test_scenario_40_our_answer_is_gone(at: Ask, state: State) -> None:
    """Waiting since the original time."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q", observed_at="10:10")
    ask = at(told.reply("r", "10:10", under="q", state=state, observed_at="10:40"), "11:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_41_held_and_then_approved(at: Ask) -> None:
    """`held`, then waiting since its original time."""
    told = story().message("q", "ann", "10:00", state="held", observed_at="10:01")
    held = at(told, "11:00").of("ann")
    assert (held.status, held.waiting_since, held.messages) == ("held", None, ())
    ask = at(told.message("q", "ann", "10:00", state_at="11:30", observed_at="11:31"), "12:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_41_of_asks_without_an_uncovered_item_held_goes_first(at: Ask) -> None:
    """Then promised, then the status of the latest item."""
    told = (
        story().message("q", "ann", "10:00", state="held").message("q2", "ann", "10:10").decide("close", "10:20", "q2")
    )
    assert at(told, "11:00").of("ann", thread="q").status == "held"
    dm = story("dm").message("q", "ann", "10:00").decide("close", "10:05", "q").message("q2", "ann", "10:10")
    dm.message("q2", "ann", "10:10", state="deleted", observed_at="10:30")
    assert at(dm, "11:00").of("ann").status == "withdrawn"
    dm.message("q3", "ann", "10:20", state="hidden")
    assert at(dm, "11:00").of("ann").status == "held"
    assert at(dm.message("q4", "ann", "10:40"), "11:00").of("ann").messages == ("q4",)


@pytest.mark.parametrize("state", ["hidden", "spam", "removed"])
def test_scenario_44_what_a_rule_hid_wrongly_is_back_with_its_original_time(at: Ask, state: State) -> None:
    """Every ask that the rule took away waits again since it was written."""
    told = story().message("q", "ann", "10:00").message("p", "ben", "10:05")
    gone = {"hidden": "held"}.get(state, "closed")
    for person, native, clock in (("ann", "q", "10:00"), ("ben", "p", "10:05")):
        told.message(native, person, clock, state=state, state_at="10:30")
    assert [at(told, "11:00").of(p).status for p in ("ann", "ben")] == [gone, gone]
    for person, native, clock in (("ann", "q", "10:00"), ("ben", "p", "10:05")):
        told.message(native, person, clock, state_at="11:30")
    answers = at(told, "12:00")
    assert [(answers.of(p).status, answers.of(p).waiting_since) for p in ("ann", "ben")] == [
        ("waiting", when("10:00")),
        ("waiting", when("10:05")),
    ]
