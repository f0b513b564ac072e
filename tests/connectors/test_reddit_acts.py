"""Moderation on Reddit: each act, what it did, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.connectors.reddit_server import Stand, standing

from modconsole.connectors.acts import Act, Done, Order, Target
from modconsole.connectors.reddit import CAPABILITIES, Reddit
from modconsole.domain.records import Message
from modconsole.domain.times import DAY
from modconsole.errors import Gone, Refused, Unreachable


@pytest.fixture
def stand() -> Iterator[Stand]:
    """A Reddit that runs."""
    with standing() as made:
        yield made


def order(act: Act, target: str, on: Target = "message", **given: Any) -> Order:
    """One act to be carried out."""
    return Order("key", act, on, target, **given)


def back(connector: Reddit, done: Done, target: str, on: Target = "message", **given: Any) -> Done:
    """Take an act back."""
    assert done.undo is not None
    return connector.act(order(done.undo.act, target, on, undoing=done.undo.token, **given))


def state(done: Done) -> str:
    """The state of the one message that an act gave back."""
    (record,) = done.records
    assert isinstance(record, Message)
    return record.state or "live"


@pytest.mark.parametrize("act", ["remove", "spam"])
def test_what_was_removed_is_approved_again(stand: Stand, act: Act) -> None:
    """Removal and spam are taken back by approval."""
    asked = stand.post_as_stranger("rude")
    connector = stand.connector()
    done = connector.act(order(act, asked))
    assert state(done) == {"remove": "removed", "spam": "spam"}[act]
    assert stand.place.items[asked].taken == "us"
    assert state(back(connector, done, asked)) == "live"
    assert stand.place.items[asked].taken is None


def test_what_was_held_is_approved_and_cannot_be_held_again(stand: Stand) -> None:
    """Reddit has no way back into the queue, and that is said."""
    asked = stand.post_as_stranger("held")
    stand.place.remove(stand.place.items[asked], "AutoModerator", "filter")
    done = stand.connector().act(order("approve", asked))
    assert state(done) == "live"
    assert done.undo is None
    assert done.note


def test_what_was_removed_and_then_approved_is_removed_again(stand: Stand) -> None:
    """Approval of a removed comment can be taken back."""
    asked = stand.post_as_stranger("rude")
    stand.place.remove(stand.place.items[asked], "mate")
    connector = stand.connector()
    done = connector.act(order("approve", asked))
    assert state(back(connector, done, asked)) == "removed"


def test_a_removal_reason_is_kept_and_sent_and_the_words_stay_with_the_moderators(stand: Stand) -> None:
    """By modmail, privately, once."""
    stand.place.subreddits["tea"].reasons = {"r1": {"id": "r1", "title": "Rude", "message": "Be kind."}}
    asked = stand.post_as_stranger("rude")
    connector = stand.connector()
    (remove,) = (info for info in connector.acts() if info.act == "remove")
    assert remove.choices == ("Rude",)
    for _ in range(2):
        connector.act(order("remove", asked, label="Rude", reason="third time"))
    assert stand.place.sent == [("note", asked, "", "third time"), ("private", asked, "Rude", "Be kind.")]
    assert stand.place.items[asked].reason == "Rude"
    with pytest.raises(Refused):
        connector.act(order("remove", stand.post_as_stranger("x"), label="No such reason"))


def test_a_removal_stands_where_its_message_failed(stand: Stand) -> None:
    """What is not sure is said."""
    stand.place.subreddits["tea"].reasons = {"r1": {"id": "r1", "title": "Rude", "message": "Be kind."}}
    asked = stand.post_as_stranger("rude")
    stand.place.trouble["POST /api/v1/modactions/removal_comment_message"] = ["drop"]
    done = stand.connector().act(order("remove", asked, label="Rude"))
    assert state(done) == "removed"
    assert "not sure" in done.note


@pytest.mark.parametrize("on", ["message", "conversation"])
def test_posts_are_locked_and_unlocked(stand: Stand, on: Target) -> None:
    """As a conversation, and as the message that it is too."""
    connector = stand.connector()
    done = connector.act(order("lock", stand.question.name, on))
    assert stand.question.locked
    back(connector, done, stand.question.name, on)
    assert not stand.question.locked


def test_reports_are_ignored_and_count_again(stand: Stand) -> None:
    """That is what acknowledging is on Reddit."""
    asked = stand.post_as_stranger("reported")
    item = stand.place.items[asked]
    item.reports = 2
    connector = stand.connector()
    done = connector.act(order("acknowledge", asked))
    assert item.ignored
    back(connector, done, asked)
    assert not item.ignored


def test_modmail_is_archived_and_comes_back(stand: Stand) -> None:
    """As a conversation; nothing else can be archived."""
    mail = stand.place.modmail("cat", "tea", "help")
    connector = stand.connector()
    native = f"modmail:{mail.ident}"
    done = connector.act(order("acknowledge", native, "conversation"))
    assert mail.folder == "archived"
    assert connector.act(order("acknowledge", native, "conversation")).note
    back(connector, done, native, "conversation")
    assert mail.folder == "all"
    with pytest.raises(Refused):
        connector.act(order("acknowledge", stand.question.name, "conversation"))


def test_a_report_needs_its_words(stand: Stand) -> None:
    """A hundred characters of them at most."""
    asked = stand.post_as_stranger("bad")
    connector = stand.connector()
    done = connector.act(order("report", asked, reason="it is rude"))
    assert (stand.place.items[asked].reports, done.undo) == (1, None)
    for reason in ("", "x" * 101):
        with pytest.raises(Refused):
            connector.act(order("report", asked, reason=reason))


def test_a_flair_is_given_and_the_one_before_comes_back(stand: Stand) -> None:
    """And a post that had none has none again."""
    stand.place.subreddits["tea"].flairs = {"f1": "Solved", "f2": "Green"}
    connector = stand.connector()
    native = stand.question.name
    (label,) = (info for info in connector.acts() if info.act == "label" and info.on == "conversation")
    assert label.choices == ("Solved", "Green")
    first = connector.act(order("label", native, "conversation", label="Green"))
    second = connector.act(order("label", native, "conversation", label="Solved"))
    assert stand.question.flair == "Solved"
    back(connector, second, native, "conversation")
    assert (stand.question.flair, stand.question.flair_id) == ("Green", "f2")
    back(connector, first, native, "conversation")
    assert stand.question.flair == ""
    with pytest.raises(Refused):
        connector.act(order("label", native, "conversation", label="Blue"))


def test_a_ban_holds_in_the_subreddit_where_the_person_was_met(stand: Stand) -> None:
    """For days or for good; it is lifted again, or goes back to what it was."""
    stand.post_as_stranger("rude")
    tea, bob = stand.place.subreddits["tea"], stand.place.person("bob")
    connector = stand.connector()
    here = {"conversation": stand.question.name}
    done = connector.act(order("ban", bob.native, "person", until=stand.clock() + 6 * DAY + 1, reason="again", **here))
    assert tea.banned == {"bob": 7}
    longer = connector.act(order("ban", bob.native, "person", **here))
    assert tea.banned == {"bob": None}
    assert connector.act(order("ban", bob.native, "person", **here)).undo is None
    back(connector, longer, bob.native, "person", **here)
    assert tea.banned == {"bob": 7}
    lifted = back(connector, done, bob.native, "person", **here)
    assert tea.banned == {}
    back(connector, lifted, bob.native, "person", **here)
    assert tea.banned == {"bob": 7}
    with pytest.raises(Refused):
        connector.act(order("ban", bob.native, "person", until=stand.clock() + 1_000 * DAY, **here))


def test_a_mute_lasts_three_days_or_longer_from_modmail(stand: Stand) -> None:
    """7 and 28 days only from a conversation of the person's."""
    stand.post_as_stranger("rude")
    mail = stand.place.modmail("bob", "tea", "you are all …")
    tea, bob = stand.place.subreddits["tea"], stand.place.person("bob")
    connector = stand.connector()
    here: dict[str, Any] = {"conversation": f"modmail:{mail.ident}"}
    done = connector.act(order("mute", bob.native, "person", until=stand.clock() + 5 * DAY, **here))
    assert tea.muted == {"bob": 168}
    assert connector.act(order("mute", bob.native, "person", **here)).note
    back(connector, done, bob.native, "person", **here)
    assert tea.muted == {}
    connector.act(order("mute", bob.native, "person", conversation=stand.question.name))
    assert tea.muted == {"bob": 72}
    connector.act(order("unmute", bob.native, "person", **here))
    for where, days in ((stand.question.name, 5), (here["conversation"], 29)):
        with pytest.raises(Refused):
            connector.act(order("mute", bob.native, "person", until=stand.clock() + days * DAY, conversation=where))


def test_a_person_gets_a_note_once_and_it_can_be_deleted(stand: Stand) -> None:
    """With one of Reddit's labels."""
    stand.post_as_stranger("rude")
    tea, bob = stand.place.subreddits["tea"], stand.place.person("bob")
    connector = stand.connector()
    wanted = order(
        "label", bob.native, "person", label="SPAM_WARNING", reason="two links", conversation=stand.question.name
    )
    done = connector.act(wanted)
    connector.act(wanted)
    assert [note["user_note_data"] for note in tea.notes] == [
        {"note": "two links", "label": "SPAM_WARNING", "reddit_id": None}
    ]
    back(connector, done, bob.native, "person", conversation=stand.question.name)
    assert tea.notes == []
    with pytest.raises(Refused):
        connector.act(order("label", bob.native, "person", label="NICE", conversation=stand.question.name))


@pytest.mark.parametrize("fault", ["drop", "cut"])
@pytest.mark.parametrize(
    ("act", "on", "path"),
    [
        ("remove", "message", "POST /api/remove"),
        ("lock", "conversation", "POST /api/lock"),
        ("ban", "person", "POST /r/tea/api/friend"),
        ("label", "person", "POST /api/mod/notes"),
    ],
)
def test_a_lost_answer_is_settled_by_what_became_of_it(
    stand: Stand, act: Act, on: Target, path: str, fault: str
) -> None:
    """Done where it was done; else it can be tried again, and then is done once."""
    asked = stand.post_as_stranger("rude")
    tea = stand.place.subreddits["tea"]
    target = {"message": asked, "conversation": stand.question.name, "person": stand.place.person("bob").native}[on]
    connector = stand.connector()
    wanted = order(act, target, on, conversation=stand.question.name, label="BAN" if act == "label" else "")
    stand.place.trouble[path] = [fault]
    if fault == "cut":
        with pytest.raises(Unreachable):
            connector.act(wanted)
    assert connector.act(wanted).undo is not None
    done = {
        "remove": stand.place.items[asked].taken,
        "lock": stand.question.locked,
        "ban": tea.banned,
        "label": tea.notes,
    }
    assert done[act]
    assert len(tea.notes) <= 1


def test_doing_it_twice_does_no_more_than_once(stand: Stand) -> None:
    """The second time nothing is sent."""
    asked = stand.post_as_stranger("rude")
    connector = stand.connector()
    for wanted in (
        order("remove", asked),
        order("lock", stand.question.name, "conversation"),
        order("approve", stand.question.name),
    ):
        connector.act(wanted)
        stand.place.requests.clear()
        again = connector.act(wanted)
        assert again.note
        assert not [each for each in stand.place.requests if each.startswith("POST")]


def test_what_cannot_be_done_is_refused_before_anything_is_sent(stand: Stand) -> None:
    """Acts that Reddit lacks, things that are gone, people met nowhere of ours."""
    asked = stand.post_as_stranger("x")
    letter = stand.place.letter("dan", "us", "psst")
    bob = stand.place.person("bob").native
    stand.place.subreddit("coffee")
    elsewhere = stand.place.post("eve", "coffee", "Tea?").name
    connector = stand.connector()
    refused = [
        order("hold", asked),
        order("kick", bob, "person"),
        order("remove", letter.name),
        order("lock", "modmail:1", "conversation"),
        order("ban", bob, "person", conversation=elsewhere),
    ]
    for wanted in refused:
        with pytest.raises(Refused):
            connector.act(wanted)
    stand.delete(asked)
    for gone in (order("remove", asked), order("ban", "[deleted]", "person")):
        with pytest.raises(Gone):
            connector.act(gone)
    assert not [each for each in stand.place.requests if each.startswith("POST") and "token" not in each]


def test_a_moderator_cannot_be_banned(stand: Stand) -> None:
    """Reddit's refusal is said in our words."""
    with pytest.raises(Refused) as caught:
        stand.connector().act(
            order("ban", stand.place.person("mate").native, "person", conversation=stand.question.name)
        )
    assert caught.value.code == "CANT_RESTRICT_MODERATOR"


def test_every_act_says_what_it_does_in_one_sentence() -> None:
    """In the present tense, with a full stop; and what the account may do are some of them."""
    for info in CAPABILITIES.acts:
        assert info.does[0].isupper()
        assert info.does.endswith(".")
        assert info.needs <= info.takes
