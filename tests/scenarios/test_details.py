"""Details of waiting and of the exchange format that no scenario names: most were found by comparing made-up worlds."""

from __future__ import annotations

from modconsole.domain.records import SendState, Source
from modconsole.domain.world import explain
from tests.scenarios.conftest import Ask
from tests.scenarios.story import moment, story, when

LONG = "My order 4711 has not arrived. Where is it?"
MORE = "My order 4711 has not arrived. Where is it? And can I change the address to Berlin?"


# Versions, kinds and first messages


def test_the_version_seen_last_is_the_current_one(at: Ask) -> None:
    """By `observed_at`; without it, by the latest time that the version carries."""
    told = story().message("q", "ann", "10:00", state="held", observed_at="12:00")
    assert at(told.message("q", "ann", "10:00", observed_at="11:00"), "13:00").of("ann").status == "held"
    assert at(told.message("q", "ann", "10:00", state_at="12:30"), "13:00").of("ann").status == "waiting"


def test_of_two_versions_seen_at_once_the_later_state_counts(at: Ask) -> None:
    """Live, held, hidden, spam, removed, deleted."""
    told = story().message("q", "ann", "10:00", state="hidden").message("q", "ann", "10:00", "Zebra!")
    assert at(told, "11:00").of("ann").status == "held"
    assert at(told.message("q", "ann", "10:00", state="deleted"), "11:00").of("ann").status == "withdrawn"


def test_a_source_that_nobody_described_has_no_identities(at: Ask) -> None:
    """Everybody there asks."""
    told = story().message("q", "ann", "10:00").message("r", "us", "10:10", under="q")
    told.records = [r for r in told.records if not isinstance(r, Source)]
    assert {a.person for a in at(told, "11:00").queue} == {"ann", "us"}


def test_of_two_descriptions_of_a_source_without_a_time_the_last_line_counts(at: Ask) -> None:
    """The one place where order counts; one that carries `observed_at` goes before both."""
    told = story(us=[]).message("q", "ann", "10:00")
    told.records = [r for r in told.records if not isinstance(r, Source)]
    everyone, addressed = (Source(id="blog", platform="t", answer=a) for a in ("everyone", "addressed"))
    told.records = [everyone, *told.records, addressed]
    assert at(told, "11:00").queue == []
    told.records.append(Source(id="blog", platform="t", answer="everyone", observed_at=moment("01:00")))
    told.records.append(addressed)
    assert len(at(told, "11:00").queue) == 1


def test_a_comment_whose_parent_is_not_known_starts_a_thread(at: Ask) -> None:
    """And one in another conversation is not known either."""
    told = story().message("q", "ann", "10:00", under="gone").message("q2", "ann", "10:01", under="far")
    told.message("far", "ben", "09:00", conversation="elsewhere")
    assert {a.thread for a in at(told, "11:00").queue} == {"q", "q2", "far"}


def test_a_conversation_that_nobody_described_has_the_kind_of_its_first_message(at: Ask) -> None:
    """Where that names none, it is `comments`, whatever later messages say."""
    told = (
        story(described=False).message("q", "ann", "10:00", kind="dm").message("q2", "ann", "10:05").reply("r", "11:00")
    )
    assert [(a.thread, a.status) for a in at(told, "12:00").queue] == [("post", "answered")]
    none = story(described=False).message("q", "ann", "10:00").message("q2", "ann", "10:05", kind="dm")
    assert [a.thread for a in at(none, "12:00").queue] == ["q", "q2"]


def test_the_first_message_is_the_first_in_the_conversations_order(at: Ask) -> None:
    """A reply is never the first message, even where its clock says that it is older than its parent."""
    told = story(described=False).message("top", "ann", "10:00", kind="forum")
    told.message("child", "ben", "09:00", under="top", kind="dm", mentions=["us"])
    assert [(a.thread, a.person) for a in at(told, "12:00").queue] == [("post", "ben"), ("post", "ann")]
    told.reply("r", "11:00")
    assert [(a.person, a.status) for a in at(told, "12:00").queue] == [("ben", "waiting"), ("ann", "answered")]


def test_of_two_looks_at_the_same_time_the_one_with_a_gap_counts(at: Ask) -> None:
    """In whichever order they come: what may be incomplete is never shown as answered."""
    for gaps in ((None, "truncated"), ("truncated", None)):
        told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q")
        for gap in gaps:
            told.look("11:00", gap=gap)
        assert at(told, "12:00").of("ann").status == "unknown"


# Edits


def test_a_text_holds_since_the_earliest_time_that_any_of_its_versions_names(at: Ask) -> None:
    """The time of an edit that a platform tells only on a later look counts: the answer was to the edited text."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01")
    told.message("q", "ann", "10:00", MORE, observed_at="10:30").reply("r", "10:20", under="q")
    assert at(told, "12:00").of("ann").waiting_since == when("10:30")
    told.message("q", "ann", "10:00", MORE, edited_at="10:05", observed_at="11:00")
    assert at(told, "12:00").of("ann").status == "answered"


def test_a_message_first_seen_after_its_edit_was_never_another_text(at: Ask) -> None:
    """What nobody saw cannot have been answered differently."""
    told = story().message("q", "ann", "10:00", MORE, edited_at="11:00", observed_at="12:00")
    assert at(told.reply("r", "10:10", under="q"), "13:00").of("ann").status == "answered"


def test_a_text_changed_and_changed_back_is_answered_by_the_answer_it_had(at: Ask) -> None:
    """Each cover holds for the text that it covered; so deleting the other answer cannot shorten a wait (law 4)."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", MORE, edited_at="10:20", observed_at="10:21").reply("r2", "10:30", under="q")
    told.message("q", "ann", "10:00", LONG, edited_at="10:40", observed_at="10:41")
    assert at(told, "11:00").of("ann").status == "answered"
    told.reply("r2", "10:30", under="q", state="deleted", observed_at="10:50")
    assert at(told, "11:00").of("ann").status == "answered"


def test_a_close_after_an_edit_after_an_answer_is_a_close(at: Ask) -> None:
    """The answer was to another text; what ended the wait for this one is the close."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", MORE, edited_at="10:20", observed_at="10:21").decide("close", "10:30", "q")
    assert at(told, "11:00").of("ann").status == "closed"


# Sends


def test_a_send_to_what_is_no_item_concerns_nobody(at: Ask) -> None:
    """An automatic message of the person is no item of theirs."""
    told = story("forum").message("q", "ann", "10:00").message("away", "ann", "10:05", automatic=True)
    ask = at(told.send("10:10", "away", "unsure"), "11:00").of("ann")
    assert (ask.status, ask.trouble) == ("waiting", "")


def test_a_message_that_a_send_names_ends_it_wherever_it_was_seen(at: Ask) -> None:
    """A private reply to a comment arrives in another conversation."""
    told = story().message("q", "ann", "10:00").send("10:10", "q", "sent", message="d")
    assert at(told, "11:00").of("ann").status == "sending"
    told.then(story("dm", conversation="private").reply("d", "10:11"))
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.trouble) == ("waiting", "")


def test_a_reply_of_ours_covers_only_what_was_shown_wherever_its_send_was_made(at: Ask) -> None:
    """And in whatever state the send's record was left."""
    ways: list[tuple[SendState, str]] = [("confirmed", "elsewhere"), ("taken_back", "post"), ("failed", "post")]
    for state, conversation in ways:
        told = story("dm").message("q", "ann", "10:00").message("q2", "ann", "10:10").reply("r", "10:11")
        told.send("10:05", "gone", state, message="r", conversation=conversation)
        assert at(told, "11:00").of("ann").messages == ("q2",)


def test_an_unconfirmed_send_stays_in_sight_when_its_reader_writes_again(at: Ask) -> None:
    """The ask waits, and stands at the top: what became of the reply is still to be found out."""
    told = story().message("o", "old", "01:00").message("q", "ann", "10:00").send("10:10", "q", "unsure")
    queue = at(told.message("q2", "ann", "10:20", under="q"), "11:00").queue
    assert [(a.person, a.status, a.trouble) for a in queue] == [
        ("ann", "waiting", "unconfirmed"),
        ("old", "waiting", ""),
    ]


def test_a_send_is_on_its_way_only_to_those_who_asked_nothing_that_was_not_shown(at: Ask) -> None:
    """A send through an unknown message covers what was created before it: here not the second of three."""
    told = (
        story("dm")
        .message("q", "ann", "10:00")
        .message("late", "ann", "10:30")
        .message("q3", "ann", "10:10", under="late")
    )
    ask = at(told.send("10:20", "gone", "queued", reply_to="q"), "11:00").of("ann")
    assert (ask.messages, ask.status) == (("q", "late", "q3"), "waiting")


def test_a_newer_send_takes_the_place_of_one_that_failed(at: Ask) -> None:
    """Sent anew, and on its way."""
    told = story().message("q", "ann", "10:00").send("10:10", "q", "failed", native="s1")
    ask = at(told.send("10:20", "q", "queued", native="s2"), "11:00").of("ann")
    assert (ask.status, ask.trouble) == ("sending", "")


# Linked direct messages


def test_a_linked_holding_reply_is_a_promise(at: Ask) -> None:
    """A direct message that only promises does not answer in private."""
    private = story("dm", conversation="private").reply("d", "10:30")
    private.decide("promise", "10:31", "d", until="3 10:00", native="00000000-0000-7000-8000-0000000000aa")
    told = story().message("q", "ann", "10:00").then(private).decide("link", "10:40", "q", person="ann", to="d")
    assert at(told, "11:00").of("ann").status == "promised"
    assert at(told, "3 10:00").of("ann").waiting_since == when("10:00")


def test_a_linked_message_must_be_later_than_the_item(at: Ask) -> None:
    """By its effective time, as everywhere."""
    for clock, under, status in (("10:00", None, "waiting"), ("09:00", "top", "answered_privately")):
        private = story("dm", conversation="private").message("top", "us", "10:30", automatic=True)
        private.reply("d", clock, under=under)
        told = story().message("q", "ann", "10:00").then(private).decide("link", "10:40", "q", to="d")
        assert at(told, "11:00").of("ann").status == status


def test_a_link_leads_to_a_direct_message_by_the_kind_of_its_conversation(at: Ask) -> None:
    """Its kind is that of its first message, not that of the linked one."""
    for first, linked, status in (("dm", None, "answered_privately"), (None, "dm", "waiting")):
        private = story(conversation="private", described=False).message("p", "ann", "09:00", kind=first)
        private.reply("d", "10:30", kind=linked)
        told = story().message("q", "ann", "10:00").then(private).decide("link", "10:40", "q", to="d")
        assert at(told, "11:00").of("ann", thread="q").status == status


# The order of the queue


def test_windows_that_end_together_go_by_waiting_time(at: Ask) -> None:
    """Soonest first, then oldest first, and only then by name."""
    told = story(reply_until="13:00").message("a", "ann", "10:30").message("b", "ben", "10:00")
    assert [a.person for a in at(told, "11:00").queue] == ["ben", "ann"]


# The proof


def test_the_proof_of_an_edited_item_that_is_held_or_gone_says_that_it_was_edited() -> None:
    """Otherwise it would show a cover that did not end the wait, and not why."""
    told = story().message("q", "ann", "10:00", LONG, observed_at="10:01").reply("r", "10:10", under="q")
    told.message("q", "ann", "10:00", MORE, state="held", edited_at="11:00", observed_at="11:05")
    proof = explain(told.records, "blog", "q", when("12:00"))
    assert proof.status == "held"
    assert any("asks again" in b.reason for b in proof.because)


def test_the_proof_of_a_reply_with_two_ways_to_reach_an_item_names_the_one_that_covers() -> None:
    """Its parent is a later item than the one that it quotes: it covers both."""
    told = story("forum").message("q", "ann", "10:00").message("q2", "ann", "10:05")
    told.reply("r", "10:10", under="q2", quotes="q")
    for native in ("q", "q2"):
        proof = explain(told.records, "blog", native, when("11:00"))
        assert proof.status == "answered"
        assert [b.effect for b in proof.because if b.message == "r"] == ["covers"]
