"""What Reddit's things mean as records, thing by thing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from modconsole.connectors.http import Answer
from modconsole.connectors.reddit_api import pause, rate_window
from modconsole.connectors.reddit_map import (
    Comment,
    Eyes,
    Post,
    Private,
    comment,
    conversation,
    is_gone,
    post,
    private,
    private_conversation,
    state_of,
    tidy,
)
from modconsole.connectors.reddit_modmail import PREFIX, Whole, account_id, changes, ids, records
from modconsole.connectors.reddit_rights import names
from modconsole.domain.records import Coverage, Message
from modconsole.errors import InputError

EYES = Eyes("r", 1_700_000_000_000_000, queue=frozenset(("t1_q",)), people={"us": "t2_1"}, bots=frozenset(("teabot",)))


def a_comment(**given: Any) -> Comment:
    """A comment as anybody sees it."""
    usual = {
        "name": "t1_a",
        "author": "ann",
        "author_fullname": "t2_9",
        "body": "hi",
        "link_id": "t3_p",
        "parent_id": "t3_p",
    }
    return Comment(**{**usual, "created_utc": 1_600_000_000.0, **given})


def a_post(**given: Any) -> Post:
    """A post as anybody sees it."""
    usual = {"name": "t3_p", "author": "ann", "author_fullname": "t2_9", "title": "Which tea?", "selftext": "Green?"}
    return Post(**{**usual, "created_utc": 1_600_000_000.0, **given})


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({}, "live"),
        ({"num_reports": 3}, "live"),
        ({"banned_by": "mod", "removed": True, "ban_note": "remove not spam"}, "removed"),
        ({"banned_by": "mod", "spam": True, "ban_note": "spam"}, "spam"),
        ({"banned_by": "mod"}, "removed"),
        ({"banned_by": "AutoModerator", "removed": False, "spam": False, "ban_note": "remove not spam"}, "removed"),
        ({"name": "t1_q", "banned_by": "AutoModerator", "removed": False, "spam": False}, "held"),
        ({"name": "t1_q", "banned_by": True, "ban_note": "reinforce spam"}, "held"),
        ({"banned_by": True, "ban_note": "reinforce spam"}, "spam"),
        ({"name": "t1_q", "banned_by": "mod", "removed": True}, "removed"),
        ({"author": "[deleted]", "author_fullname": None, "body": "[removed]"}, "removed"),
    ],
)
def test_who_took_a_comment_away_and_where_it_waits_decide_its_state(given: dict[str, Any], state: str) -> None:
    """The combinations are those that were recorded from moderation queues, spam and threads."""
    assert state_of(a_comment(**given), EYES.queue) == state


@pytest.mark.parametrize(
    ("category", "banned_by", "state"),
    [
        ("automod_filtered", "AutoModerator", "held"),
        ("automod_filtered", None, "held"),
        ("reddit", True, "spam"),
        ("moderator", "mod", "removed"),
        ("moderator", None, "removed"),
        ("copyright_takedown", None, "removed"),
        (None, None, "live"),
    ],
)
def test_a_post_says_in_which_way_it_was_removed(category: str | None, banned_by: Any, state: str) -> None:
    """Moderators and others see it."""
    assert state_of(a_post(removed_by_category=category, banned_by=banned_by), ()) == state


@pytest.mark.parametrize(
    ("thing", "gone"),
    [
        (a_comment(author="[deleted]", body="[deleted]"), True),
        (a_comment(author="[deleted]", body="what I said before I left"), True),
        (a_comment(author="[deleted]", body="[removed]"), False),
        (a_comment(body="[deleted]"), False),
        (a_post(removed_by_category="deleted"), True),
        (a_post(author="[deleted]", selftext="[deleted]"), True),
        (a_post(author="[deleted]", selftext="[removed]", removed_by_category="moderator"), False),
    ],
)
def test_only_an_author_who_is_gone_makes_a_thing_gone(thing: Comment | Post, gone: bool) -> None:
    """A removal hides the author from outsiders, and a text can be anything."""
    assert is_gone(thing) is gone


def test_a_comment_carries_author_place_times_and_what_it_names() -> None:
    """All that the store needs, in its words."""
    made = comment(
        a_comment(
            body="ask u/US, not /u/nobody or you/us",
            edited=1_600_000_060.0,
            permalink="/r/t/comments/p/_/a/",
            num_reports=2,
        ),
        EYES,
    )
    assert (made.id, made.conversation, made.parent, made.kind) == ("t1_a", "t3_p", "t3_p", "comments")
    assert (made.author.id, made.author.handle, made.author.kind) == ("t2_9", "ann", None)
    assert made.created_at == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert made.edited_at == datetime(2020, 9, 13, 12, 27, 40, tzinfo=UTC)
    assert made.url == "https://www.reddit.com/r/t/comments/p/_/a/"
    assert (made.format, made.mentions, made.extra) == ("markdown", ["t2_1"], {"reports": 2})


@pytest.mark.parametrize(("name", "kind"), [("AutoModerator", "bot"), ("TeaBot", "bot"), ("Talbot", None)])
def test_only_known_bots_are_bots(name: str, kind: str | None) -> None:
    """A name proves nothing; AutoModerator is known everywhere."""
    assert comment(a_comment(author=name), EYES).author.kind == kind


def test_a_post_is_a_conversation_and_its_first_message() -> None:
    """It is the post that asks."""
    one = a_post(permalink="/r/t/comments/p/_/")
    talk, first = conversation(one, EYES), post(one, EYES)
    assert (talk.id, talk.kind, talk.title, talk.opened_by) == ("t3_p", "comments", "Which tea?", "t2_9")
    assert (first.id, first.conversation, first.text, first.title, first.parent) == (
        "t3_p",
        "t3_p",
        "Green?",
        "Which tea?",
        None,
    )
    assert talk.reply_until is None


def test_a_post_without_words_is_its_title_and_its_link() -> None:
    """Nothing in a queue is blank."""
    made = post(a_post(selftext="", is_self=False, url="https://tea.example/"), EYES)
    assert made.text == "Which tea?"
    assert made.format is None
    assert made.attachments is not None
    assert made.attachments[0].url == "https://tea.example/"


def test_an_archived_post_can_be_answered_no_more() -> None:
    """Six months after it was written."""
    assert conversation(a_post(archived=True), EYES).reply_until == datetime(2021, 3, 12, 12, 26, 40, tzinfo=UTC)


def test_a_private_message_belongs_to_the_first_of_its_conversation() -> None:
    """And answers it where it does not say what it answers."""
    one = Private(
        name="t4_b",
        body="re",
        created_utc=1.0,
        author="ann",
        author_fullname="t2_9",
        subject="re: re: tea",
        first_message_name="t4_a",
    )
    made = private(one, EYES)
    assert (made.conversation, made.parent, made.kind, made.visibility) == ("t4_a", "t4_a", "dm", "private")
    assert private_conversation(one, EYES).title == "tea"
    assert private_conversation(one, EYES).opened_by is None


def test_notices_of_reddit_itself_wait_for_nobody() -> None:
    """And what a subreddit sends has the subreddit as its author."""
    notice = Private(name="t4_c", body="awards!", created_utc=1.0, author="reddit", distinguished="admin")
    assert private(notice, EYES).automatic is True
    news = Private(name="t4_d", body="welcome", created_utc=1.0, subreddit="Coffee", distinguished="moderator")
    assert private(news, EYES).author.id == "r/coffee"
    assert private(news, EYES).automatic is None


def test_modmail_numbers_its_authors_as_everybody_else_does() -> None:
    """A recorded pair: 40646879 there is t2_o77bz elsewhere."""
    assert account_id(40_646_879) == "t2_o77bz"
    assert account_id(0) is None


def talk(**given: Any) -> Whole:
    """A modmail conversation of a person, a moderator's note and an answer."""
    who = {"id": 10, "name": "ann", "isMod": False}
    mod = {"id": 11, "name": "mod", "isMod": True}
    messages = {
        "m1": {
            "id": "m1",
            "date": "2023-07-11T20:32:11.586000+0000",
            "author": who,
            "bodyMarkdown": "help",
            "isInternal": False,
        },
        "m2": {
            "id": "m2",
            "date": "2023-07-11T20:33:11+00:00",
            "author": mod,
            "bodyMarkdown": "who takes it?",
            "isInternal": True,
        },
        "m3": {
            "id": "m3",
            "date": "2023-07-11T20:34:11+00:00",
            "author": mod,
            "bodyMarkdown": "here",
            "isInternal": False,
        },
        "m4": {
            "id": "m4",
            "date": "2023-07-11T20:35:11+00:00",
            "author": who,
            "bodyMarkdown": "thanks",
            "isInternal": False,
        },
    }
    about = {"id": "c1", "subject": "tea", "numMessages": 4, "owner": {"displayName": "tea"}}
    about["objIds"] = [{"id": key, "key": "messages"} for key in messages] + [{"id": "x", "key": "modActions"}]
    return msgspec.json.decode(
        msgspec.json.encode({"conversation": {**about, **given}, "messages": messages}), type=Whole
    )


def test_modmail_is_a_conversation_in_which_each_side_answers_the_other() -> None:
    """Notes among moderators are internal, and answer nobody."""
    found = records(talk(), EYES)
    messages = found.messages()
    assert [m.id for m in messages] == [f"{PREFIX}c1:m{n}" for n in (1, 2, 3, 4)]
    assert [m.visibility for m in messages] == ["private", "internal", "private", "private"]
    assert [m.parent and m.parent[-2:] for m in messages] == [None, "m1", "m1", "m3"]
    assert messages[0].created_at == datetime(2023, 7, 11, 20, 32, 11, 586000, tzinfo=UTC)
    assert not found.poison


def test_a_modmail_message_that_is_counted_and_not_given_is_a_gap() -> None:
    """What nobody sees may be the answer."""
    look = records(talk(numMessages=6), EYES).records[-1]
    assert isinstance(look, Coverage)
    assert look.gap is not None
    assert look.gap.why == "2 messages of this modmail conversation were not given"


def test_a_modmail_message_without_a_time_is_poison_and_spoils_nothing() -> None:
    """The others of its conversation are kept."""
    whole = talk()
    whole.messages["m3"] = msgspec.Raw(b'{"id": "m3", "date": "yesterday"}')
    found = records(whole, EYES)
    assert [why for why, _ in found.poison] == ["it is no modmail message as Reddit writes them"]
    assert len(found.messages()) == 3
    assert all(isinstance(m, Message) for m in found.messages())


def test_a_list_of_modmail_keeps_its_order_where_one_does_not_say_when() -> None:
    """It takes the time of its neighbour; where none says, there is none."""
    told = msgspec.Raw(b'{"id": "a", "lastUpdated": "2023-07-11T20:32:11+00:00"}')
    silent = msgspec.Raw(b'{"id": "b"}')
    assert changes([silent, told, silent]) == [1_689_107_531] * 3
    assert changes([silent]) == []


@pytest.mark.parametrize(("native", "found"), [("modmail:c1", ("c1", "")), ("modmail:c1:m2", ("c1", "m2"))])
def test_ids_of_modmail_say_where_they_are(native: str, found: tuple[str, str]) -> None:
    """The store's ids alone must do."""
    assert ids(native) == found


@pytest.mark.parametrize("native", ["t3_a", "modmail:", "modmail:../x"])
def test_nothing_else_is_taken_for_modmail(native: str) -> None:
    """An id goes into an address."""
    with pytest.raises(InputError):
        ids(native)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Looks like you've been doing that a lot. Take a break for 2 minutes before trying again.", 121.0),
        ("You are doing that too much. Try again in 6 seconds.", 7.0),
        ("Take a break for 900 milliseconds", 1.9),
        ("something new", 60.0),
    ],
)
def test_a_break_is_as_long_as_reddit_says(words: str, seconds: float) -> None:
    """In all the wordings that are known, and a minute where it is put in another way."""
    assert pause(words) == pytest.approx(seconds)


def test_the_rate_limit_counts_what_is_left_and_the_seconds_to_its_end() -> None:
    """`Reset` is seconds from now, no time of day; `Remaining` has a decimal point."""
    window = rate_window(
        Answer(200, {"x-ratelimit-remaining": "599.0", "x-ratelimit-used": "1", "x-ratelimit-reset": "293"}, b"")
    )
    assert window is not None
    assert (window.left, window.seconds, window.limit) == (599, 293.0, 600)
    assert rate_window(Answer(200, {"x-ratelimit-remaining": "soon"}, b"")) is None


def test_subreddits_are_understood_as_people_write_them() -> None:
    """With and without r/, each once."""
    assert names("r/tea, /r/Coffee/ tea") == ("tea", "Coffee")
    for bad in ("", "r/", "tea/../x", "a b!"):
        with pytest.raises(InputError):
            names(bad)


def test_texts_are_compared_without_the_white_space_that_reddit_drops() -> None:
    """At the ends of the text and of its lines."""
    assert tidy(" a  \r\nb \n\n") == tidy("a\nb")
