"""Scenarios 1 to 21: who answered; several people, several messages."""

from __future__ import annotations

from modconsole.domain.records import Identity
from tests.scenarios.conftest import Ask
from tests.scenarios.story import story, when


def test_scenario_01_a_teammate_answered_in_the_platforms_own_app(at: Ask) -> None:
    """A reply that modconsole never sent covers the comment it stands under."""
    told = story().message("q", "ann", "10:00").reply("r", "10:20", under="q")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("answered", None, ())


def test_scenario_01_the_answer_is_credited_to_that_identity(product: Ask) -> None:
    """The ask names the author of the covering reply."""
    mates = [Identity(id="us"), Identity(id="mate")]
    told = story(us=mates).message("q", "ann", "10:00").reply("r", "10:20", under="q", by="mate")
    assert product(told, "11:00").of("ann").by == "mate"


def test_scenario_03_another_member_answers(at: Ask) -> None:
    """Another member's answer is no cover."""
    told = story().message("q", "ann", "10:00").message("h", "ben", "10:20", under="q")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("waiting", when("10:00"), ("q",))


def test_scenario_03_it_is_shown_and_closable_in_one_key(product: Ask) -> None:
    """The ask says that the community answered and suggests to close it."""
    told = story().message("q", "ann", "10:00").message("h", "ben", "10:20", under="q")
    ask = product(told, "11:00").of("ann")
    assert "answered by community" in ask.badges
    assert ask.suggestion is not None
    assert ask.suggestion.act == "close"


def test_scenario_04_a_reply_to_oneself_is_one_ask_since_the_first(at: Ask) -> None:
    """Writing twice never sends anybody to the back of the queue."""
    told = story().message("q", "ann", "10:00").message("q2", "ann", "10:20", under="q")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("waiting", when("10:00"), ("q", "q2"))


def test_scenario_05_our_bot_acknowledges(at: Ask) -> None:
    """A bot's message covers nothing."""
    told = story().message("q", "ann", "10:00").reply("ack", "10:00", under="q", by="bot")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_05_the_badge_says_bot_only(product: Ask) -> None:
    """Only where nobody but our bot replied."""
    told = story().message("q", "ann", "10:00").reply("ack", "10:01", under="q", by="bot").message("p", "ben", "10:02")
    answers = product(told, "11:00")
    assert "bot only" in answers.of("ann").badges
    assert "bot only" not in answers.of("ben").badges


def test_scenario_05_a_bot_that_counts_answers(at: Ask) -> None:
    """An identity of kind bot covers where the source says so."""
    told = story(us=[Identity(id="bot", kind="bot", counts=True)]).message("q", "ann", "10:00")
    assert at(told.reply("ack", "10:01", under="q", by="bot"), "11:00").of("ann").status == "answered"


def test_scenario_06_a_wait_that_a_person_ended_began_with_the_new_message(at: Ask) -> None:
    """Fourteen days lie between the closed first wait and the second."""
    told = (
        story()
        .message("q", "ann", "10:00")
        .reply("ack", "10:01", under="q", by="bot")
        .decide("close", "11:00", "q", person="ann", reason="bot was enough")
        .message("q2", "ann", "15 10:00", under="ack")
    )
    waiting = at(told, "15 10:30").of("ann")
    assert (waiting.status, waiting.waiting_since, waiting.messages) == ("waiting", when("15 10:00"), ("q2",))
    assert at(told.reply("r", "15 11:00", under="q2"), "15 12:00").of("ann").status == "answered"


def test_scenario_06_without_a_close_the_bots_answer_never_ended_the_first_wait(at: Ask) -> None:
    """Where the bot's reply counts, the second wait is the new one."""
    counting = [Identity(id="us"), Identity(id="bot", kind="bot", counts=True)]
    for identities, since in ((counting, "15 10:00"), (None, "10:00")):
        told = story(us=identities).message("q", "ann", "10:00").reply("ack", "10:01", under="q", by="bot")
        ask = at(told.message("q2", "ann", "15 10:00", under="ack"), "15 11:00").of("ann")
        assert (ask.status, ask.waiting_since) == ("waiting", when(since))


def test_scenario_08_a_scheduled_announcement_covers_nothing(at: Ask) -> None:
    """An automatic message is no reply, even in a direct message."""
    told = story("dm").message("q", "ann", "10:00").reply("sale", "10:30", automatic=True)
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_08_a_message_written_by_a_person_does(at: Ask) -> None:
    """In a direct message every later reply of ours covers."""
    told = story("dm").message("q", "ann", "10:00").reply("r", "10:30")
    assert at(told, "11:00").of("ann").status == "answered"


def test_scenario_09_only_an_internal_note_is_written(at: Ask) -> None:
    """Neither a note of ours nor an internal message of the platform covers."""
    told = (
        story()
        .message("q", "ann", "10:00")
        .decide("note", "10:10", "q", text="Ask Dana.")
        .reply("n", "10:20", under="q", visibility="internal")
    )
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_10_we_like_the_comment(at: Ask) -> None:
    """A reaction is no reply."""
    ask = at(story().message("q", "ann", "10:00").like("q", "10:05"), "11:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_12_a_second_team_account_answers(at: Ask) -> None:
    """It answers once the account is an identity; until then its owner is a member like any other."""
    told = story().message("q", "ann", "10:00").message("r", "desk", "10:20", under="q")
    assert at(told, "11:00").of("ann").status == "waiting"
    assert at(told, "11:00").of("desk").status == "waiting"
    told.identities("12:00", Identity(id="us"), Identity(id="desk", kind="page"))
    answers = at(told, "13:00")
    assert answers.of("ann").status == "answered"
    assert [a.person for a in answers.queue] == ["ann"]


def test_scenario_13_an_identity_is_added_then_removed(at: Ask) -> None:
    """History is recomputed both ways."""
    told = story().message("q", "ann", "10:00").message("r", "desk", "10:20", under="q")
    before = at(told, "13:00").queue
    added = at(told.identities("12:00", Identity(id="us"), Identity(id="desk")), "13:00").queue
    removed = at(told.identities("12:30", Identity(id="us")), "13:00").queue
    assert added != before
    assert removed == before


def test_scenario_14_two_messages_wait_since_the_first(at: Ask) -> None:
    """10:00 and 10:30: since 10:00."""
    told = story().message("q", "ann", "10:00").message("q2", "ann", "10:30", under="q")
    ask = at(told, "11:00").of("ann")
    assert (ask.waiting_since, ask.messages) == (when("10:00"), ("q", "q2"))


def test_scenario_15_two_people_in_one_thread(at: Ask) -> None:
    """A reply to one covers nothing of the other."""
    told = story().message("q", "ann", "10:00").message("p", "ben", "10:10", under="q").reply("r", "10:20", under="q")
    answers = at(told, "11:00")
    assert answers.of("ann").status == "answered"
    assert (answers.of("ben").status, answers.of("ben").waiting_since) == ("waiting", when("10:10"))


def test_scenario_17_asked_again_below_our_answer(at: Ask) -> None:
    """At any depth: the second question waits since it was asked."""
    told = story().message("q", "ann", "10:00").reply("r", "10:20", under="q").message("q2", "ann", "10:40", under="r")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("waiting", when("10:40"), ("q2",))
    told.reply("r2", "11:00", under="q2").message("b", "ben", "11:10", under="r2").message(
        "q3", "ann", "11:20", under="b"
    )
    deep = at(told, "12:00").of("ann")
    assert (deep.status, deep.waiting_since, deep.messages) == ("waiting", when("11:20"), ("q3",))


def test_scenario_17_a_late_reply_to_the_first_question_leaves_the_second_open(at: Ask) -> None:
    """A reply to an earlier item never covers a later one, even when it was sent after it."""
    told = story().message("q", "ann", "10:00").message("q2", "ann", "10:10", under="q").reply("r", "10:20", under="q")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("waiting", when("10:10"), ("q2",))


def test_scenario_17_a_reply_to_the_second_question_covers_the_first(at: Ask) -> None:
    """A reply to a later item of the person covers the earlier ones in the thread."""
    told = story().message("q", "ann", "10:00").message("q2", "ann", "10:10", under="q").reply("r", "10:20", under="q2")
    assert at(told, "11:00").of("ann").status == "answered"


def test_scenario_19_asked_in_public_and_answered_by_a_linked_direct_message(at: Ask) -> None:
    """The link alone makes it `answered_privately`; without it, or with the message deleted, the ask waits."""
    private = story("dm", conversation="private").reply("d", "10:30")
    told = story().message("q", "ann", "10:00").then(private)
    assert at(told, "11:00").of("ann").status == "waiting"
    told.decide("link", "10:40", "q", person="ann", to="d")
    assert at(told, "11:00").of("ann").status == "answered_privately"
    told.reply("d", "10:30", conversation="private", state="deleted", observed_at="10:50")
    assert at(told, "11:00").of("ann").status == "waiting"


def test_scenario_19_a_link_may_name_the_conversation(at: Ask) -> None:
    """Then a reply of ours there that is later than the question counts, and an earlier one does not."""
    for clock, status in (("09:30", "waiting"), ("10:30", "answered_privately")):
        private = story("dm", conversation="private").reply("d", clock)
        told = story().message("q", "ann", "10:00").then(private)
        assert at(told.decide("link", "10:40", "q", to="private"), "11:00").of("ann").status == status


def test_scenario_20_the_same_question_on_two_platforms(at: Ask) -> None:
    """We answer one; the other waits."""
    there = story("dm", source="chat", conversation="c").message("q", "ann", "10:05", "Where is my parcel 4711?")
    told = story().message("q", "ann", "10:00", "Where is my parcel 4711?").reply("r", "10:20", under="q").then(there)
    answers = at(told, "11:00")
    assert answers.of("ann", source="blog").status == "answered"
    assert answers.of("ann", source="chat").waiting_since == when("10:05")


def test_scenario_21_a_newer_message_that_was_not_shown_stays_open(at: Ask) -> None:
    """A reply that we sent covers only what its author had been shown."""
    told = story("dm").message("q", "ann", "10:00").message("q2", "ann", "10:10")
    told.send("10:09", "q", "confirmed", message="r").reply("r", "10:11")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("waiting", when("10:10"), ("q2",))


def test_scenario_21_a_reply_through_the_newer_message_covers_it(at: Ask) -> None:
    """Shown and answered."""
    told = story("dm").message("q", "ann", "10:00").message("q2", "ann", "10:10")
    told.send("10:11", "q2", "confirmed", message="r").reply("r", "10:12")
    assert at(told, "11:00").of("ann").status == "answered"


def test_scenario_21_a_reply_through_an_unknown_message_covers_what_was_there_when_it_was_written(at: Ask) -> None:
    """Items created up to the send's time, and no later one."""
    told = story("dm").message("q", "ann", "10:00").message("q2", "ann", "10:10")
    told.send("10:05", "gone", "confirmed", message="r", reply_to="q").reply("r", "10:12")
    assert at(told, "11:00").of("ann").messages == ("q2",)
