"""Moderation on a forum: what each act does there, how it is taken back, and that a second time does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.connectors.discourse_mirror import Mirror, connector, forum, mirror
from tests.connectors.discourse_world import Item
from tests.servers.discourse import Forum
from tests.servers.faultproxy import Fault, FaultProxy

from modconsole.connectors.acts import Act, Done, Order, Target
from modconsole.connectors.discourse import CAPABILITIES, Discourse
from modconsole.domain.records import Message
from modconsole.domain.times import DAY, to_text
from modconsole.errors import Gone, InputError, Refused, Unreachable

__all__ = ["connector", "forum", "mirror"]


@pytest.fixture
def post(forum: Forum) -> Item:
    """A post by a stranger."""
    return forum.world.posts[int(forum.post_as_stranger("Words to judge"))]


@pytest.fixture
def proxied(forum: Forum) -> Iterator[tuple[Discourse, FaultProxy]]:
    """A connector behind a line that breaks on demand."""
    with FaultProxy(forum.double.port) as proxy:
        made = forum.connect(url=proxy.url)
        yield made, proxy
        made.close()


def order(act: Act, target: str | int, on: Target = "message", **more: object) -> Order:
    """An order."""
    return Order("key", act, on, str(target), **more)  # type: ignore[arg-type]


def state(done: Done) -> str | None:
    """The state of the last message that an act touched."""
    found = [record for record in done.records if isinstance(record, Message)]
    return found[-1].state


def undone(connector: Discourse, done: Done, act: Order) -> Done:
    """Carry out the compensating order of an act."""
    assert done.undo is not None
    return connector.act(Order("undo", done.undo.act, act.on, act.target, undoing=done.undo.token))


def test_everything_that_is_offered_says_what_it_does() -> None:
    """One sentence each, and every act can be carried out."""
    for info in CAPABILITIES.acts:
        assert info.does.endswith(".")
        assert info.does[0].isupper()


def test_an_account_without_rights_may_only_report(forum: Forum, connector: Discourse) -> None:
    """Everything else takes a moderator."""
    forum.us.moderator = False
    assert [info.act for info in connector.acts()] == ["report"]


def test_a_moderator_is_offered_the_flags_of_the_site(connector: Discourse) -> None:
    """`report` takes each of them."""
    report = next(info for info in connector.acts() if info.act == "report")
    assert set(report.choices) == {"off_topic", "inappropriate", "spam", "illegal", "notify_moderators"}


@pytest.mark.parametrize(
    ("act", "becomes", "afterwards"),
    [
        ("hold", "held", "live"),
        ("hide", "hidden", "live"),
        ("spam", "spam", "live"),
        ("remove", "removed", "live"),
    ],
)
def test_an_act_on_a_post_and_its_undo(
    connector: Discourse, post: Item, act: Act, becomes: str, afterwards: str
) -> None:
    """The post as it stands now comes back both times."""
    first = order(act, post.id, reason="House rules")
    done = connector.act(first)
    assert state(done) == becomes
    assert state(undone(connector, done, first)) == afterwards


@pytest.mark.parametrize("act", ["hold", "hide", "spam", "remove"])
def test_a_second_time_does_nothing_and_says_so(forum: Forum, connector: Discourse, post: Item, act: Act) -> None:
    """No second flag, no second deletion."""
    connector.act(order(act, post.id))
    forum.double.requests.clear()
    again = connector.act(order(act, post.id))
    assert again.note
    assert all(request.startswith("GET ") for request in forum.double.requests)


def test_restore_is_undone_by_deleting_again(connector: Discourse, forum: Forum, post: Item) -> None:
    """Recovered, and gone again."""
    forum.world.delete(post, forum.us)
    first = order("restore", post.id)
    done = connector.act(first)
    assert state(done) == "live"
    assert state(undone(connector, done, first)) == "removed"


def test_removing_the_first_post_says_that_the_topic_goes_with_it(connector: Discourse, forum: Forum) -> None:
    """More is gone than was named."""
    done = connector.act(order("remove", forum.opening.id))
    assert done.note == "It was the first post: its topic is deleted with it."
    assert forum.opening.thread.deleted


def test_approving_a_flagged_post_disagrees_with_its_flags(connector: Discourse, forum: Forum, post: Item) -> None:
    """A hidden one is shown again."""
    forum.world.flag(post, forum.stranger, 4, review=True)
    assert state(connector.act(order("approve", post.id))) == "live"
    assert [review.status for review in forum.world.reviews.values()] == ["rejected"]


def test_acknowledging_ignores_the_flags(connector: Discourse, forum: Forum, post: Item) -> None:
    """The post stays as it is."""
    forum.world.flag(post, forum.stranger, 4)
    assert state(connector.act(order("acknowledge", post.id))) == "live"
    assert [review.status for review in forum.world.reviews.values()] == ["ignored"]
    assert connector.act(order("acknowledge", post.id)).note == "Nothing waited for a decision."


def test_hiding_a_flagged_post_agrees_with_the_flag_that_waits(connector: Discourse, forum: Forum, post: Item) -> None:
    """No flag of ours is needed."""
    forum.world.flag(post, forum.stranger, 4)
    assert state(connector.act(order("hide", post.id))) == "hidden"
    assert all(by is forum.stranger for _, by in post.flags)


def test_hiding_goes_on_with_another_flag_where_one_is_used_up(connector: Discourse, forum: Forum, post: Item) -> None:
    """Discourse takes each kind of flag once from each account."""
    first = order("hide", post.id)
    undone(connector, connector.act(first), first)
    assert state(connector.act(first)) == "hidden"
    assert [kind for kind, _ in post.flags] == [4, 3]


def test_spam_that_is_used_up_is_refused_with_what_to_do(connector: Discourse, post: Item) -> None:
    """There is one spam flag for each account."""
    first = order("spam", post.id)
    undone(connector, connector.act(first), first)
    with pytest.raises(Refused, match="Delete it instead"):
        connector.act(first)


def test_a_report_can_be_withdrawn(connector: Discourse, forum: Forum, post: Item) -> None:
    """As long as Discourse lets us."""
    first = order("report", post.id, label="off_topic")
    done = connector.act(first)
    assert post.flags == [(3, forum.us)]
    assert connector.act(first).note == "You had flagged it so already."
    undone(connector, done, first)
    assert post.flags == []


def test_a_flag_that_takes_a_message_wants_a_reason_and_cannot_be_withdrawn(connector: Discourse, post: Item) -> None:
    """It is a message to the moderators."""
    with pytest.raises(Refused, match="Give a reason"):
        connector.act(order("report", post.id, label="notify_moderators"))
    assert connector.act(order("report", post.id, label="notify_moderators", reason="Look at this")).undo is None


def test_a_flag_that_the_site_does_not_have_is_refused(connector: Discourse, post: Item) -> None:
    """By its name."""
    with pytest.raises(Refused, match="no flag 'rude'"):
        connector.act(order("report", post.id, label="rude"))


def test_a_queued_post_is_approved_and_comes_back_as_a_post(connector: Discourse, forum: Forum) -> None:
    """With the time at which it was written."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?", to=forum.opening)
    forum.world.tick(3600)
    done = connector.act(order("approve", f"review:{queued.id}"))
    held, post = (record for record in done.records if isinstance(record, Message))
    assert (held.id, held.automatic) == (f"review:{queued.id}", True)
    assert (post.state, post.created_at, post.parent) == ("live", queued.at, str(forum.opening.id))
    assert connector.act(order("approve", f"review:{queued.id}")).note == "It was approved already."


def test_a_queued_post_is_rejected_and_can_be_approved_after_all(connector: Discourse, forum: Forum) -> None:
    """That is the undo."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    first = order("remove", f"review:{queued.id}")
    done = connector.act(first)
    assert state(done) == "removed"
    assert state(undone(connector, done, first)) == "live"


def test_an_account_is_approved_and_never_deleted(connector: Discourse, forum: Forum) -> None:
    """To reject an account is to delete it: not from here."""
    asks = forum.world.asks_to_join("carl")
    with pytest.raises(Refused, match="an account that asks to join"):
        connector.act(order("remove", f"review:{asks.id}"))
    connector.act(order("approve", f"review:{asks.id}"))
    assert asks.status == "approved"


def test_a_queued_post_cannot_be_locked_or_hidden(connector: Discourse, forum: Forum) -> None:
    """There is nothing yet to hide."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    with pytest.raises(Refused, match="a queued post"):
        connector.act(order("hide", f"review:{queued.id}"))


def test_somebody_elses_change_in_between_is_looked_at_again(connector: Discourse, forum: Forum, post: Item) -> None:
    """A version that has moved on is answered 409."""
    forum.world.flag(post, forum.stranger, 4)
    review = next(iter(forum.world.reviews.values()))
    moved: list[str] = []

    def meddle(request: str) -> None:
        if request.startswith("PUT /review") and not moved:
            moved.append(request)
            review.version += 1

    forum.double.on = meddle
    connector.act(order("approve", post.id))
    assert (len(moved), review.status) == (1, "rejected")


def test_others_who_keep_changing_it_win(connector: Discourse, forum: Forum, post: Item) -> None:
    """After three tries a person should look."""
    forum.world.flag(post, forum.stranger, 4)
    review = next(iter(forum.world.reviews.values()))

    def meddle(request: str) -> None:
        review.version += request.startswith("PUT /review")

    forum.double.on = meddle
    with pytest.raises(Refused, match="keep changing"):
        connector.act(order("approve", post.id))


def test_a_decision_of_somebody_else_is_told(connector: Discourse, forum: Forum) -> None:
    """Rejected in the meantime: nothing is left to reject."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    forum.world.settle(queued, "rejected")
    assert connector.act(order("remove", f"review:{queued.id}")).note == "It was rejected already."


def test_locking_a_topic_and_its_undo(connector: Discourse, forum: Forum) -> None:
    """Closed once, however often it is asked for."""
    first = order("lock", forum.conversation, "conversation", until=forum.clock() + DAY)
    done = connector.act(first)
    assert forum.opening.thread.closed
    assert connector.act(first).note == "It was closed already."
    undone(connector, done, first)
    assert not forum.opening.thread.closed
    assert connector.act(order("unlock", forum.conversation, "conversation")).note == "It was not closed."


@pytest.mark.parametrize(
    ("act", "lift", "field"), [("mute", "unmute", "silenced_till"), ("ban", "unban", "suspended_till")]
)
def test_a_penalty_with_its_end_and_its_undo(
    connector: Discourse, forum: Forum, act: Act, lift: Act, field: str
) -> None:
    """Silence and suspension; lifting one is undone with the end that it had."""
    until = forum.clock() + DAY
    first = order(act, forum.stranger.id, "person", reason="House rules", until=until)
    done = connector.act(first)
    assert getattr(forum.stranger, field) == to_text(until)
    assert connector.act(first).note.endswith("already.")
    lifted = undone(connector, done, first)
    assert getattr(forum.stranger, field) is None
    assert connector.act(order(lift, forum.stranger.id, "person")).note == "There was none."
    undone(connector, lifted, first)
    assert (getattr(forum.stranger, field), forum.stranger.reason) == (to_text(until), "House rules")


def test_a_penalty_for_good_lasts_a_thousand_years(connector: Discourse, forum: Forum) -> None:
    """That is what Discourse's own pages send."""
    connector.act(order("ban", forum.stranger.id, "person", reason="House rules"))
    assert (forum.stranger.suspended_till or "")[:4] == "3025"


@pytest.mark.parametrize(("reason", "what"), [("", "wants a reason"), ("x" * 301, "too long")])
def test_a_penalty_takes_a_reason_that_discourse_takes(
    connector: Discourse, forum: Forum, reason: str, what: str
) -> None:
    """Some 300 characters."""
    with pytest.raises(InputError, match=what):
        connector.act(order("mute", forum.stranger.id, "person", reason=reason))


def test_staff_cannot_be_silenced(connector: Discourse, forum: Forum) -> None:
    """The site refuses; the sign-in is not blamed."""
    other = forum.world.member("bob", moderator=True)
    with pytest.raises(Refused, match="does not allow"):
        connector.act(order("mute", other.id, "person", reason="House rules"))


def test_what_is_gone_is_said_to_be_gone(connector: Discourse) -> None:
    """A post that does not exist."""
    with pytest.raises(Gone):
        connector.act(order("remove", 99_999))


CHANGES: dict[str, tuple[Callable[[Forum, Item], Order], str]] = {
    "remove": (lambda forum, post: order("remove", post.id), "DELETE"),
    "hide": (lambda forum, post: order("hide", post.id), "POST"),
    "report": (lambda forum, post: order("report", post.id), "POST"),
    "lock": (lambda forum, post: order("lock", forum.conversation, "conversation"), "PUT"),
    "ban": (lambda forum, post: order("ban", forum.stranger.id, "person", reason="House rules"), "PUT"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_act_whose_answer_was_lost_is_looked_for(
    forum: Forum, proxied: tuple[Discourse, FaultProxy], post: Item, name: str
) -> None:
    """Done: it is as if the answer had come."""
    connector, proxy = proxied
    make, method = CHANGES[name]
    proxy.fail(Fault("drop_after", method))
    done = connector.act(make(forum, post))
    assert done.undo is not None


@pytest.mark.parametrize("name", CHANGES)
def test_an_act_that_never_arrived_may_be_tried_again(
    forum: Forum, proxied: tuple[Discourse, FaultProxy], post: Item, name: str
) -> None:
    """Looked at, and not done."""
    connector, proxy = proxied
    make, method = CHANGES[name]
    proxy.fail(Fault("drop_before", method))
    with pytest.raises(Unreachable, match="not done"):
        connector.act(make(forum, post))
    assert connector.act(make(forum, post)).undo is not None


def test_a_decision_whose_answer_was_lost_is_made_once(forum: Forum, proxied: tuple[Discourse, FaultProxy]) -> None:
    """The queue is read again: approved once, one post."""
    connector, proxy = proxied
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    proxy.fail(Fault("drop_after", "PUT"))
    connector.act(order("approve", f"review:{queued.id}"))
    assert sum(post.raw == "May this appear?" for post in forum.world.posts.values()) == 1


def test_an_undo_keeps_the_store_right(forum: Forum, mirror: Mirror, post: Item) -> None:
    """What a pull brings agrees with what the act gave back."""
    mirror.pull()
    first = order("remove", post.id)
    done = mirror.connector.act(first)
    mirror.pull()
    assert mirror.messages[str(post.id)].state == state(done) == "removed"
    undone(mirror.connector, done, first)
    mirror.pull()
    assert mirror.messages[str(post.id)].state == "live"
