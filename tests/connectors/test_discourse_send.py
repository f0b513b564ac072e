"""Replies to a forum: sent once, found again, refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.connectors.discourse_mirror import Mirror, connector, forum, mirror, plain
from tests.servers.discourse import Forum
from tests.servers.faultproxy import Fault, FaultProxy

from modconsole.connectors.base import Outgoing
from modconsole.connectors.discourse import Discourse
from modconsole.errors import Duplicate, Gone, OutcomeUnknown, RateLimited, Refused, SignInError, Unreachable

__all__ = ["connector", "forum", "mirror"]


def reply(forum: Forum, text: str = "An answer to you", to: str | None = None, at: int | None = None) -> Outgoing:
    """A reply in the forum's one topic."""
    return Outgoing("key", forum.conversation, to, text, at)


@pytest.fixture
def asked(forum: Forum) -> str:
    """A question by a stranger."""
    return forum.post_as_stranger("May I ask?")


@pytest.fixture
def proxied(forum: Forum) -> Iterator[tuple[Discourse, FaultProxy]]:
    """A connector behind a line that breaks on demand."""
    with FaultProxy(forum.double.port) as proxy:
        made = forum.connect(url=proxy.url)
        yield made, proxy
        made.close()


def test_a_reply_stands_below_its_question_as_ours(forum: Forum, connector: Discourse, asked: str) -> None:
    """The record is the post as the site stored it."""
    sent = connector.send(reply(forum, to=asked))
    assert (sent.parent, sent.author.id, sent.state, plain(sent.text)) == (
        asked,
        str(forum.us.id),
        "live",
        "An answer to you",
    )
    assert forum.world.posts[int(sent.id)].reply_to == forum.world.posts[int(asked)].number


def test_a_reply_to_a_personal_message_goes_into_it(forum: Forum, connector: Discourse) -> None:
    """The same call as in a topic."""
    asked = forum.world.message(forum.stranger, [forum.us], "Between us")
    sent = connector.send(Outgoing("key", f"topic:{asked.thread.id}", str(asked.id), "A private answer"))
    assert forum.world.posts[int(sent.id)].thread is asked.thread


def test_nothing_is_asked_after_a_reply_has_arrived(forum: Forum, connector: Discourse, asked: str) -> None:
    """A failure there would look as if it had not."""
    connector.send(reply(forum, to=asked))
    assert forum.double.requests[-1] == "POST /posts.json"


def test_what_is_sent_agrees_with_what_is_pulled(forum: Forum, mirror: Mirror, asked: str) -> None:
    """No difference that would look like an edit."""
    mirror.pull()
    sent = mirror.connector.send(reply(forum, to=asked))
    mirror.pull()
    pulled = mirror.messages[sent.id]
    assert (pulled.text, pulled.parent, pulled.created_at) == (sent.text, sent.parent, sent.created_at)


def test_a_reply_that_needs_approval_is_held(forum: Forum, connector: Discourse, asked: str) -> None:
    """It answers nobody yet, and is found in the queue."""
    forum.us.moderator, forum.us.needs_approval = False, True
    sent = connector.send(reply(forum, to=asked))
    assert (sent.id.startswith("review:"), sent.state, sent.conversation) == (True, "held", forum.conversation)
    found = connector.find(reply(forum, to=asked), frozenset())
    assert found is not None
    assert found.id == sent.id
    assert connector.find(reply(forum, to=asked), frozenset({sent.id})) is None


def test_the_same_reply_again_within_two_minutes_is_one(forum: Forum, connector: Discourse, asked: str) -> None:
    """The site remembers its answer: a second try is safe for that long."""
    first = connector.send(reply(forum, to=asked))
    forum.world.tick(60)
    assert connector.send(reply(forum, to=asked)).id == first.id
    forum.world.tick(120)
    assert connector.send(reply(forum, to=asked)).id != first.id


def test_a_reply_whose_answer_was_lost_is_unknown_and_found(
    forum: Forum, proxied: tuple[Discourse, FaultProxy], asked: str
) -> None:
    """Ours, at its place, with its words."""
    connector, proxy = proxied
    began = forum.clock()
    proxy.fail(Fault("drop_after", "POST"))
    with pytest.raises(OutcomeUnknown):
        connector.send(reply(forum, to=asked))
    found = connector.find(reply(forum, to=asked, at=began), frozenset())
    assert found is not None
    assert (found.parent, plain(found.text)) == (asked, "An answer to you")


def test_a_reply_that_never_arrived_is_not_found(
    forum: Forum, proxied: tuple[Discourse, FaultProxy], asked: str
) -> None:
    """So it may be sent again."""
    connector, proxy = proxied
    proxy.fail(Fault("drop_before", "POST"))
    with pytest.raises(OutcomeUnknown):
        connector.send(reply(forum, to=asked))
    assert connector.find(reply(forum, to=asked, at=forum.clock()), frozenset()) is None


@pytest.mark.parametrize("kind", ["malformed", "truncated"])
def test_a_yes_that_cannot_be_read_is_unknown(
    forum: Forum, proxied: tuple[Discourse, FaultProxy], asked: str, kind: str
) -> None:
    """It arrived, in all likelihood."""
    connector, proxy = proxied
    proxy.fail(Fault(kind, "POST"))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        connector.send(reply(forum, to=asked))


@pytest.mark.parametrize("code", [500, 502, 503])
def test_a_failure_of_the_server_is_unknown(
    forum: Forum, proxied: tuple[Discourse, FaultProxy], asked: str, code: int
) -> None:
    """It may have come after the post."""
    connector, proxy = proxied
    proxy.fail(Fault("status_after", "POST", code=code))
    with pytest.raises(OutcomeUnknown):
        connector.send(reply(forum, to=asked))


def test_a_read_only_site_has_surely_done_nothing(
    forum: Forum, proxied: tuple[Discourse, FaultProxy], asked: str
) -> None:
    """503 with its own word."""
    connector, proxy = proxied
    proxy.fail(Fault("status", "POST", code=503, body=b'{"errors":["..."],"error_type":"read_only"}'))
    with pytest.raises(Unreachable, match="read-only"):
        connector.send(reply(forum, to=asked))


def test_a_limit_on_posts_says_when_to_go_on(forum: Forum, proxied: tuple[Discourse, FaultProxy], asked: str) -> None:
    """Nothing was sent."""
    connector, proxy = proxied
    proxy.fail(Fault("status", "POST", code=429, headers={"Retry-After": "12"}))
    with pytest.raises(RateLimited) as told:
        connector.send(reply(forum, to=asked))
    assert told.value.retry_after == 12


def test_find_looks_at_place_words_time_and_author(forum: Forum, connector: Discourse, asked: str) -> None:
    """Only a reply that is all of these is the one."""
    other = forum.post_as_stranger("And may I?")
    began = forum.clock()
    elsewhere = forum.reply_natively("An answer to you", to=other)
    forum.post_as_stranger("An answer to you", to=asked)
    forum.reply_natively("Something else altogether", to=asked)
    assert connector.find(reply(forum, to=asked, at=began), frozenset()) is None
    assert connector.find(reply(forum, to=asked), frozenset({elsewhere})) is None
    mine = forum.reply_natively("An answer to you", to=asked)
    found = connector.find(reply(forum, to=asked, at=began), frozenset())
    assert found is not None
    assert found.id == mine
    assert connector.find(reply(forum, to=asked, at=began), frozenset({mine})) is None


def test_an_older_reply_with_the_same_words_is_not_the_one(forum: Forum, connector: Discourse, asked: str) -> None:
    """It was there before the first try."""
    forum.reply_natively("An answer to you", to=asked)
    forum.world.tick(7200)
    assert connector.find(reply(forum, to=asked, at=forum.clock()), frozenset()) is None


def test_find_goes_back_through_a_long_topic(forum: Forum, connector: Discourse, asked: str) -> None:
    """Beyond the first posts and the last chunk."""
    began = forum.clock()
    mine = forum.reply_natively("An answer to you", to=asked)
    for number in range(60):
        forum.post_as_stranger(f"Words number {number}")
    found = connector.find(reply(forum, to=asked, at=began), frozenset())
    assert found is not None
    assert found.id == mine


@pytest.mark.parametrize(("text", "code"), [("   ", "empty"), ("x" * 1001, "too_long")])
def test_a_reply_that_the_site_would_not_take_is_not_sent(
    forum: Forum, connector: Discourse, text: str, code: str
) -> None:
    """The limit is the site's own."""
    with pytest.raises(Refused) as told:
        connector.send(reply(forum, text))
    assert told.value.code == code
    assert "POST /posts.json" not in forum.double.requests


def test_a_reply_at_the_limit_is_sent_whatever_its_bytes(forum: Forum, connector: Discourse) -> None:
    """Discourse counts characters."""
    sent = connector.send(reply(forum, "ü" * 1000))
    assert sent.state == "live"


def test_a_refused_reply_says_what_it_may_be(forum: Forum, connector: Discourse) -> None:
    """The site's reason is prose in its own language: ours names what there is."""
    with pytest.raises(Refused, match="5 characters at least") as told:
        connector.send(reply(forum, "Hi"))
    assert not isinstance(told.value, Duplicate)
    assert "Prose" not in str(told.value)


def test_the_same_words_again_are_a_duplicate_where_the_site_refuses_them(
    forum: Forum, connector: Discourse, asked: str
) -> None:
    """Members may not repeat themselves; what is there is looked at, for the refusal has no word for it."""
    forum.us.moderator = False
    connector.send(reply(forum, to=asked))
    forum.world.tick(130)
    with pytest.raises(Duplicate):
        connector.send(reply(forum, to=asked))


@pytest.mark.parametrize("act", ["hidden", "removed", "deleted"])
def test_nothing_is_sent_below_what_nobody_sees(forum: Forum, connector: Discourse, asked: str, act: str) -> None:
    """Discourse would take it."""
    post = forum.world.posts[int(asked)]
    if act == "hidden":
        forum.world.flag(post, forum.us, 4, take_action=True)
    else:
        forum.world.delete(post, forum.us if act == "removed" else forum.stranger)
    with pytest.raises(Refused) as told:
        connector.send(reply(forum, to=asked))
    assert told.value.code == act


def test_nothing_is_sent_below_what_waits_for_approval(forum: Forum, connector: Discourse) -> None:
    """It has no place in the topic yet; nor has a topic that waits itself."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    with pytest.raises(Refused, match="waits for approval"):
        connector.send(reply(forum, to=f"review:{queued.id}"))
    with pytest.raises(Refused, match="waits for approval"):
        connector.send(Outgoing("key", f"review:{queued.id}", None, "An answer to you"))


def test_nothing_is_sent_below_a_post_that_has_moved(forum: Forum, connector: Discourse, asked: str) -> None:
    """Its number means another post there."""
    other = forum.world.topic(forum.stranger, "Elsewhere", "The right place")
    forum.world.posts[int(asked)].thread = other.thread
    with pytest.raises(Refused, match="moved"):
        connector.send(reply(forum, to=asked))


def test_a_question_that_is_gone_is_said_to_be_gone(forum: Forum, connector: Discourse) -> None:
    """No post of that number."""
    with pytest.raises(Gone):
        connector.send(reply(forum, to="99999"))


def test_a_key_that_was_revoked_is_told_from_a_missing_right(forum: Forum, connector: Discourse, asked: str) -> None:
    """Discourse answers both with the same words."""
    connector.check()
    forum.double.keys.clear()
    with pytest.raises(SignInError):
        connector.send(reply(forum, to=asked))


def test_read_gives_a_message_as_it_stands_or_none(forum: Forum, connector: Discourse, asked: str) -> None:
    """Posts and what waits in the queue."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    found, waits = connector.read(asked), connector.read(f"review:{queued.id}")
    assert found is not None
    assert waits is not None
    assert (found.state, waits.state) == ("live", "held")
    assert connector.read("99999") is None
    assert connector.read("review:99999") is None
    assert connector.read("no number") is None


def test_a_reply_is_found_however_far_ahead_our_clock_is(forum: Forum, asked: str) -> None:
    """The site's own clock, which comes with each answer, tells how far."""
    ahead = 3 * 3600 * 1_000_000
    made = forum.connect(clock=lambda: forum.clock() + ahead)
    began = forum.clock() + ahead
    mine = forum.reply_natively("An answer to you", to=asked)
    found = made.find(reply(forum, to=asked, at=began), frozenset())
    assert found is not None
    assert found.id == mine
    made.close()
