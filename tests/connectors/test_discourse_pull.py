"""What a pull of a forum brings, lane by lane, against a double that follows Discourse's published schema."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.connectors.discourse_mirror import Mirror, connector, forum, mirror, plain
from tests.connectors.discourse_world import START
from tests.servers.discourse import Forum

from modconsole.connectors import discourse_pull, discourse_threads
from modconsole.connectors.base import Known
from modconsole.connectors.discourse import Discourse
from modconsole.connectors.discourse_api import Pace
from modconsole.domain.records import Conversation, Message
from modconsole.errors import RateLimited

__all__ = ["connector", "forum", "mirror"]


# ---------------------------------------------------------------------- discovery


def test_the_first_pull_brings_every_public_post(forum: Forum, mirror: Mirror) -> None:
    """More posts than three pages hold, and none is missing."""
    for number in range(170):
        forum.post_as_stranger(f"Words number {number}")
    mirror.pull()
    assert mirror.live() == forum.messages()


def test_a_later_pull_brings_what_is_new_and_reads_one_page_for_it(forum: Forum, mirror: Mirror) -> None:
    """The mark holds: history is not read again."""
    for number in range(170):
        forum.post_as_stranger(f"Words number {number}")
    mirror.pull()
    forum.double.requests.clear()
    new = forum.post_as_stranger("Something new")
    mirror.remembers = False
    mirror.pull()
    assert plain(mirror.messages[new].text) == "Something new"
    assert forum.double.requests.count("GET /posts.json") <= 3


def test_a_burst_longer_than_a_page_has_no_hole(forum: Forum, mirror: Mirror) -> None:
    """The mark moves only when the walk has come down to the old one."""
    mirror.pull()
    for number in range(130):
        forum.post_as_stranger(f"Words number {number}")
    mirror.remembers = False
    mirror.pull()
    assert mirror.live() == forum.messages()


@pytest.mark.parametrize("pages", [1, 2, 3, 4, 5, 8])
def test_a_pull_that_is_cut_off_loses_nothing(forum: Forum, mirror: Mirror, pages: int) -> None:
    """Whatever page was the last to be stored, the next pull goes on."""
    mirror.pull()
    for number in range(130):
        forum.post_as_stranger(f"Words number {number}")
    forum.world.message(forum.stranger, [forum.us], "A private word")
    mirror.remembers = False
    mirror.pull(stop_after=pages)
    forum.post_as_stranger("Written between the two")
    mirror.pull()
    assert mirror.live() == forum.messages()


def test_history_is_read_in_stretches_and_said_to_be_unfinished(
    forum: Forum, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large forum does not hold up what is new."""
    monkeypatch.setattr(discourse_pull, "HISTORY_PAGES", 1)
    for number in range(170):
        forum.post_as_stranger(f"Words number {number}")
    mirror.pull()
    assert mirror.coverage is not None
    assert mirror.coverage.gap is not None
    assert mirror.coverage.gap.why == "older posts are still being read"
    for _ in range(4):
        mirror.remembers = False
        mirror.pull()
    assert mirror.live() == forum.messages()
    assert mirror.coverage.gap is None


def test_a_parent_is_the_id_behind_the_post_number(forum: Forum, mirror: Mirror) -> None:
    """Discourse names the number within the topic."""
    for _ in range(45):
        forum.post_as_stranger("Some words in between")
    mirror.pull()
    answered = forum.post_as_stranger("Which of them do you mean?")
    for _ in range(45):
        forum.post_as_stranger("Some more words in between")
    late = forum.reply_natively("The one above", to=answered)
    mirror.remembers = False
    fresh = Mirror(forum, forum.connect())
    fresh.position, fresh.remembers = mirror.position, False
    fresh.pull()
    assert fresh.messages[late].parent == answered
    fresh.connector.close()


def test_a_parent_that_we_may_not_see_is_not_taken_for_none(forum: Forum) -> None:
    """A reply without a parent would cover the topic's opener."""
    hidden = forum.post_as_stranger("This will be destroyed")
    reply = forum.reply_natively("An answer to that", to=hidden)
    del forum.world.posts[int(hidden)]
    mirror = Mirror(forum, forum.connect())
    mirror.pull()
    assert mirror.messages[reply].parent == f"{forum.conversation}#2"
    mirror.connector.close()


def test_a_topic_is_a_forum_with_title_and_opener(forum: Forum, mirror: Mirror) -> None:
    """Who opened it decides whom we owe an answer."""
    mirror.pull()
    found = mirror.conversations[forum.conversation]
    assert (found.kind, found.title, found.opened_by) == ("forum", "Where to begin", str(forum.stranger.id))


def test_an_unlisted_topic_is_found_though_no_feed_has_it(forum: Forum, mirror: Mirror) -> None:
    """Staff see unlisted topics in the list of all topics."""
    opening = forum.world.topic(forum.stranger, "Not listed", "Who reads this?", visible=False)
    mirror.pull()
    assert mirror.messages[str(opening.id)].visibility == "unlisted"


def test_a_reply_in_a_topic_that_no_list_shows_is_found_through_its_notification(forum: Forum) -> None:
    """An account without rights sees no unlisted topics, and is told of replies there."""
    forum.us.moderator = False
    opening = forum.world.topic(forum.us, "Not listed", "Our own words", visible=False)
    reply = forum.world.post(forum.stranger, opening.thread, "A question about it", to=opening)
    with_notes = Mirror(forum, forum.connect())
    with_notes.pull()
    assert plain(with_notes.messages[str(reply.id)].text) == "A question about it"
    with_notes.connector.close()


# ---------------------------------------------------------------------- personal messages


def test_personal_messages_are_dm_and_group_dm(forum: Forum, mirror: Mirror) -> None:
    """Two people, several people, and a group's inbox."""
    bob = forum.world.member("bob")
    two = forum.world.message(forum.stranger, [forum.us], "Between us")
    three = forum.world.message(forum.stranger, [forum.us, bob], "Among us")
    forum.us.groups.append("helpers")
    inbox = forum.world.message(bob, [], "To all helpers", groups=("helpers",))
    mirror.pull()
    kinds = {each: mirror.messages[str(post.id)].kind for each, post in (("2", two), ("3", three), ("g", inbox))}
    assert kinds == {"2": "dm", "3": "group_dm", "g": "group_dm"}
    assert {mirror.messages[str(post.id)].visibility for post in (two, three, inbox)} == {"private"}


def test_messages_that_others_write_to_each_other_are_never_read(forum: Forum) -> None:
    """An administrator's key could: they are none of ours."""
    forum.us.admin = True
    private = forum.world.message(forum.stranger, [forum.world.member("bob")], "Not for the moderators")
    mirror = Mirror(forum, forum.connect())
    mirror.pull()
    mirror.pull(full=True)
    assert str(private.id) not in mirror.messages
    assert not any("private-posts" in request for request in forum.double.requests)
    mirror.connector.close()


def test_new_words_in_an_old_personal_message_are_found(forum: Forum, mirror: Mirror) -> None:
    """The inbox is walked by last activity."""
    first = forum.world.message(forum.stranger, [forum.us], "Long ago")
    for _ in range(40):
        forum.world.message(forum.world.member("bob"), [forum.us], "Another matter")
    mirror.pull()
    mirror.pull()
    late = forum.world.post(forum.stranger, first.thread, "Are you still there?")
    mirror.remembers = False
    mirror.pull()
    assert plain(mirror.messages[str(late.id)].text) == "Are you still there?"
    assert mirror.live() == forum.messages()


# ---------------------------------------------------------------------- ours, edits, deletions


def test_a_reply_written_in_the_forum_itself_is_ours(forum: Forum, mirror: Mirror) -> None:
    """Native replies count."""
    asked = forum.post_as_stranger("May I ask?")
    answer = forum.reply_natively("You may.", to=asked)
    mirror.pull()
    assert (mirror.messages[answer].author.id, mirror.messages[answer].parent) == (str(forum.us.id), asked)


def test_our_own_words_are_found_where_the_feed_has_none(forum: Forum, mirror: Mirror) -> None:
    """The activity list knows what we wrote in unlisted topics."""
    mirror.pull()
    opening = forum.world.topic(forum.stranger, "Not listed", "Anybody?", visible=False)
    opening.thread.bumped = START - timedelta(days=3)  # nothing lifts it in a list
    ours = forum.world.post(forum.us, opening.thread, "Here we are")
    opening.thread.bumped = START - timedelta(days=3)
    mirror.remembers = False
    mirror.pull()
    assert str(ours.id) in {message.id for message in mirror.lane("own")}


def test_what_the_feed_has_shown_is_not_asked_for_again(forum: Forum, mirror: Mirror) -> None:
    """Our own posts stand in both lists."""
    forum.reply_natively("Words of ours")
    mirror.pull()
    assert f"GET /t/{forum.opening.thread.id}/posts.json" not in forum.double.requests


def test_an_edit_is_seen_with_its_time(forum: Forum, mirror: Mirror) -> None:
    """Reading the topic again shows it."""
    asked = forum.post_as_stranger("May I ask?")
    mirror.pull()
    forum.edit(asked, "May I ask something else entirely?")
    edited = forum.world.now
    mirror.pull()
    assert plain(mirror.messages[asked].text) == "May I ask something else entirely?"
    assert mirror.messages[asked].edited_at == edited


def test_deletions_are_told_apart_by_who_did_them(forum: Forum, mirror: Mirror) -> None:
    """By the author, by staff, and for good."""
    own, removed, destroyed = (forum.post_as_stranger(f"Words to be deleted {n}") for n in range(3))
    mirror.pull()
    forum.delete(own)
    forum.world.delete(forum.world.posts[int(removed)], forum.us)
    del forum.world.posts[int(destroyed)]
    mirror.pull(waiting=(destroyed,))
    states = [mirror.messages[each].state for each in (own, removed, destroyed)]
    assert states == ["deleted", "removed", "deleted"]
    assert mirror.messages[removed].state_at is not None


def test_a_deleted_topic_removes_what_stands_in_it(forum: Forum, mirror: Mirror) -> None:
    """Its other posts carry no mark of their own."""
    reply = forum.post_as_stranger("Below it", to=str(forum.opening.id))
    mirror.pull()
    forum.world.delete(forum.opening, forum.us)
    mirror.pull()
    assert mirror.messages[reply].state == "removed"


def test_absence_from_a_list_is_not_deletion(forum: Forum, mirror: Mirror) -> None:
    """A topic that we may not read any more says nothing about its posts."""
    asked = forum.post_as_stranger("May I ask?")
    mirror.pull()
    forum.opening.thread.secret = True
    mirror.pull(waiting=(asked,))
    mirror.pull(full=True)
    assert mirror.messages[asked].state == "live"
    gap = mirror.looks[forum.conversation].gap
    assert gap is not None
    assert gap.why == "the site does not show this topic to this account"


def test_a_later_look_without_a_gap_heals_a_conversation(forum: Forum, mirror: Mirror) -> None:
    """Rights that come back are noticed."""
    mirror.pull()
    forum.opening.thread.secret = True
    mirror.pull()
    forum.opening.thread.secret = False
    mirror.pull()
    assert mirror.looks[forum.conversation].gap is None


def test_a_post_moved_to_another_topic_is_found_there(forum: Forum, mirror: Mirror) -> None:
    """Its id stays, its number and topic change."""
    moved = forum.post_as_stranger("This belongs elsewhere")
    mirror.pull()
    other = forum.world.topic(forum.stranger, "Elsewhere", "The right place")
    post = forum.world.posts[int(moved)]
    post.thread, post.number = other.thread, 2
    mirror.pull(waiting=(moved,))
    assert mirror.messages[moved].conversation == f"topic:{other.thread.id}"


def test_what_was_never_announced_is_found_in_its_topic_with_its_own_time(forum: Forum, mirror: Mirror) -> None:
    """Found late: no feed, no list and no notification had it."""
    mirror.pull()
    written = forum.world.now
    late = forum.world.post(forum.stranger, forum.opening.thread, "Nobody told you", unannounced=True)
    forum.world.notes.clear()
    forum.world.tick(86_400)
    mirror.pull()
    found = next(message for message in mirror.lane("threads") if message.id == str(late.id))
    assert found.created_at == written + timedelta(seconds=1)


def test_whispers_are_internal_and_small_actions_are_no_messages(forum: Forum, mirror: Mirror) -> None:
    """Neither answers anybody."""
    whisper = forum.world.post(forum.us, forum.opening.thread, "Between moderators", kind=4)
    action = forum.world.post(forum.us, forum.opening.thread, "", kind=3, action_code="closed.enabled")
    mirror.pull()
    assert mirror.messages[str(whisper.id)].visibility == "internal"
    assert str(action.id) not in mirror.messages


# ---------------------------------------------------------------------- the queue


def test_what_waits_for_approval_is_held(forum: Forum, mirror: Mirror) -> None:
    """A reply, a whole topic, and an account."""
    reply = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?", to=forum.opening)
    topic = forum.world.queue(forum.stranger, None, "A new matter", title="New")
    account = forum.world.asks_to_join("carl")
    mirror.pull()
    held = {i: (m.state, m.conversation, m.parent) for i, m in mirror.messages.items() if i.startswith("review:")}
    assert held == {
        f"review:{reply.id}": ("held", forum.conversation, str(forum.opening.id)),
        f"review:{topic.id}": ("held", f"review:{topic.id}", None),
        f"review:{account.id}": ("held", f"review:{account.id}", None),
    }
    assert mirror.conversations[f"review:{topic.id}"].title == "New"


def test_an_approved_post_keeps_the_time_at_which_it_was_written(forum: Forum, mirror: Mirror) -> None:
    """Discourse gives it a new number and the time of its approval; who wrote it waits since before."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    written = queued.at
    mirror.pull()
    forum.world.tick(7200)
    post = forum.world.approve(queued)
    assert post is not None
    for _ in range(2):
        mirror.pull()
        assert mirror.messages[str(post.id)].created_at == written
    copy = mirror.messages[f"review:{queued.id}"]
    assert (copy.state, copy.automatic) == ("deleted", True)


def test_the_time_of_an_approved_post_is_known_to_a_new_process_too(forum: Forum, mirror: Mirror) -> None:
    """A version with another time would move the wait."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    post = forum.world.approve(queued)
    assert post is not None
    fresh = forum.connect()
    found = fresh.read(str(post.id))
    fresh.close()
    assert found is not None
    assert found.created_at == queued.at


def test_the_time_of_an_approved_post_survives_a_change_of_process(forum: Forum, mirror: Mirror) -> None:
    """The topic read whole does not tell it: the position does."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    mirror.pull()
    forum.world.tick(7200)
    post = forum.world.approve(queued)
    assert post is not None
    mirror.pull()
    fresh = Mirror(forum, forum.connect())
    fresh.position, fresh.conversations = mirror.position, mirror.conversations
    forum.double.spoil = lambda name, body: {"latest_posts": []} if name == "GET /posts.json" else body
    fresh.pull()
    assert fresh.messages[str(post.id)].created_at == queued.at
    fresh.connector.close()


def test_a_rejected_post_is_one_that_was_removed(forum: Forum, mirror: Mirror) -> None:
    """Its author waits no more."""
    queued = forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    mirror.pull()
    forum.world.settle(queued, "rejected")
    mirror.pull()
    assert mirror.messages[f"review:{queued.id}"].state == "removed"


def test_hidden_posts_are_held_spam_or_hidden_by_what_was_decided(forum: Forum, mirror: Mirror) -> None:
    """The flags and the queue together tell."""
    open_, spam, hidden, flagged = (
        forum.world.posts[int(forum.post_as_stranger(f"Words to flag {n}"))] for n in range(4)
    )
    forum.world.flag(open_, forum.us, 4, review=True)
    forum.world.flag(spam, forum.us, 8, take_action=True)
    forum.world.flag(hidden, forum.us, 4, take_action=True)
    forum.world.flag(flagged, forum.us, 4)
    mirror.pull()
    states = [mirror.messages[str(post.id)].state for post in (open_, spam, hidden, flagged)]
    assert states == ["held", "spam", "hidden", "live"]


def test_a_queue_longer_than_its_pages_is_read_whole(forum: Forum, mirror: Mirror) -> None:
    """Ten at a time."""
    for number in range(34):
        forum.world.queue(forum.stranger, forum.opening.thread, f"May this appear? {number}")
    mirror.pull()
    assert sum(each.startswith("review:") for each in mirror.messages) == 34


def test_what_has_left_the_queue_is_looked_up_even_after_a_crash(forum: Forum, mirror: Mirror) -> None:
    """The queue was read, and the process ended before the rest."""
    queued = [forum.world.queue(forum.stranger, forum.opening.thread, f"May this appear? {n}") for n in range(3)]
    mirror.pull()
    for each in queued:
        forum.world.settle(each, "rejected")
    mirror.pull(stop_at=lambda page: any(isinstance(r, Message) and r.state == "removed" for r in page.records))
    mirror.remembers = False
    position = mirror.position
    assert len(position["queue"]) == 2
    mirror.pull()
    assert {mirror.messages[f"review:{each.id}"].state for each in queued} == {"removed"}


def test_what_the_queue_has_shown_is_not_asked_for_again(forum: Forum, mirror: Mirror) -> None:
    """Neither as a conversation of its own nor as a message that somebody waits in."""
    queued = forum.world.queue(forum.stranger, None, "A new matter", title="New")
    mirror.pull()
    forum.double.requests.clear()
    mirror.pull(waiting=(f"review:{queued.id}",))
    assert f"GET /review/{queued.id}.json" not in forum.double.requests


# ---------------------------------------------------------------------- what is bounded, and what goes wrong


def test_a_large_topic_is_read_in_stretches_and_whole_all_the_same(
    forum: Forum, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New posts at once, older ones turning, none left out."""
    monkeypatch.setattr(discourse_threads, "LARGE", 40)
    monkeypatch.setattr(discourse_threads, "STRETCH", 20)
    numbers = [forum.post_as_stranger(f"Words number {n}") for n in range(90)]
    mirror.pull()
    forum.edit(numbers[10], "Something else altogether")
    forum.world.delete(forum.world.posts[int(numbers[70])], forum.us)
    for _ in range(6):
        mirror.pull()
    assert plain(mirror.messages[numbers[10]].text) == "Something else altogether"
    assert mirror.messages[numbers[70]].state == "removed"
    late = forum.world.post(forum.stranger, forum.opening.thread, "Nobody told you", unannounced=True)
    mirror.pull()
    assert str(late.id) in mirror.messages


def test_a_topic_without_a_list_of_ids_is_walked_by_numbers(forum: Forum, mirror: Mirror) -> None:
    """Discourse gives none from 10,000 posts on."""

    def mega(name: str, body: Any) -> Any:
        if name == "GET /t/{id}.json" and "post_stream" in body:
            body["post_stream"] = {
                "posts": body["post_stream"]["posts"],
                "isMegaTopic": True,
                "firstId": 1,
                "lastId": 2,
            }
        return body

    forum.double.spoil = mega
    for number in range(70):
        forum.post_as_stranger(f"Words number {number}")
    late = forum.world.post(forum.stranger, forum.opening.thread, "Nobody told you", unannounced=True)
    mirror.pull()
    mirror.pull()
    assert str(late.id) in mirror.messages


def test_known_conversations_take_turns_behind_the_urgent_ones(
    forum: Forum, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is read again after some pulls, the first ones each time."""
    monkeypatch.setattr(discourse_threads, "URGENT", 1)
    monkeypatch.setattr(discourse_threads, "TURN", 2)
    openings = [forum.world.topic(forum.stranger, f"Topic {n}", "Words in it") for n in range(6)]
    mirror.pull()
    late = [forum.world.post(forum.stranger, each.thread, "Nobody told you", unannounced=True) for each in openings]
    forum.world.notes.clear()
    mirror.pull()
    first = sum(str(each.id) in mirror.messages for each in late)
    for _ in range(3):
        mirror.pull()
    assert first < 6
    assert all(str(each.id) in mirror.messages for each in late)


def test_a_post_that_makes_no_sense_is_set_aside_and_stops_nothing(forum: Forum, mirror: Mirror) -> None:
    """In the feed, and in its topic."""
    odd = forum.post_as_stranger("Something odd")
    fine = forum.post_as_stranger("Something fine")

    def spoil(name: str, body: Any) -> Any:
        for post in _posts_in(body):
            if post.get("id") == int(odd):
                post["created_at"] = 17
        return body

    forum.double.spoil = spoil
    mirror.pull()
    assert fine in mirror.messages
    assert odd not in mirror.messages
    assert mirror.poison
    assert all("makes no sense" in why for why in mirror.poison)


def test_a_time_that_is_none_is_set_aside(forum: Forum, mirror: Mirror) -> None:
    """The other posts of its page are kept."""
    odd = forum.post_as_stranger("Something odd")

    def spoil(name: str, body: Any) -> Any:
        for post in _posts_in(body):
            if post.get("id") == int(odd):
                post["created_at"] = "yesterday"
        return body

    forum.double.spoil = spoil
    mirror.pull()
    assert str(forum.opening.id) in mirror.messages
    assert f"post {odd} has no readable time" in mirror.poison


def test_a_page_of_posts_without_ids_is_not_the_end_of_the_list(forum: Forum, mirror: Mirror) -> None:
    """To take it for that would lose what is below."""
    forum.double.spoil = lambda name, body: {"latest_posts": [{}]} if name == "GET /posts.json" else body
    with pytest.raises(Exception, match="without their ids"):
        mirror.pull()
    assert "feed" not in mirror.position


def test_a_topic_that_makes_no_sense_is_a_gap_of_that_topic_alone(forum: Forum, mirror: Mirror) -> None:
    """A plugin may change what a topic looks like."""
    mirror.pull()
    other = forum.world.topic(forum.stranger, "Another", "Words in it")
    number = forum.opening.thread.id

    def spoil(name: str, body: Any) -> Any:
        return {"id": "no number"} if name == "GET /t/{id}.json" and body.get("id") == number else body

    forum.double.spoil = spoil
    mirror.pull()
    gap = mirror.looks[forum.conversation].gap
    assert gap is not None
    assert gap.why == "the site sent this topic in a form that makes no sense"
    assert str(other.id) in mirror.messages


@pytest.mark.parametrize(
    "name", ["GET /review.json", "GET /notifications.json", "GET /user_actions.json", "GET /latest.json"]
)
def test_odd_items_of_a_list_are_set_aside(forum: Forum, mirror: Mirror, name: str) -> None:
    """Each list goes on without them."""

    def spoil(asked: str, body: Any) -> Any:
        if asked == name:
            holder = body["topic_list"] if name == "GET /latest.json" else body
            key = {"latest": "topics", "review": "reviewables", "notifications": "notifications"}.get(
                name[5:].removesuffix(".json"), "user_actions"
            )
            holder[key] = [{"odd": True}, *holder[key]] if body.get("user_actions") != [] else []
        return body

    forum.double.spoil = spoil
    forum.reply_natively("Words of ours")
    mirror.pull()
    assert mirror.poison
    assert mirror.live() == forum.messages()


def _posts_in(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict):
        return []
    stream = body.get("post_stream")
    if isinstance(stream, dict):
        return list(stream["posts"])
    return list(body.get("latest_posts") or ([body] if "post_number" in body else []))


# ---------------------------------------------------------------------- full walks and rights


def test_a_full_walk_reads_everything_and_notices_what_is_gone(forum: Forum, mirror: Mirror) -> None:
    """Posts, messages, unlisted topics; and a post that was destroyed."""
    destroyed = forum.post_as_stranger("This will be destroyed")
    forum.world.message(forum.stranger, [forum.us], "A private word")
    mirror.pull()
    del forum.world.posts[int(destroyed)]
    mirror.remembers = False
    mirror.pull(full=True)
    assert mirror.messages[destroyed].state == "deleted"
    assert mirror.live() == forum.messages()
    assert "full" not in mirror.position


def test_a_full_walk_that_was_cut_off_goes_on(forum: Forum, mirror: Mirror) -> None:
    """It does not begin again at the top."""
    for number in range(170):
        forum.post_as_stranger(f"Words number {number}")
    mirror.pull()
    mirror.remembers = False
    mirror.pull(full=True, stop_after=len(mirror.pull(full=True).pages) - 4)
    assert mirror.position["full"]["before"]
    forum.double.requests.clear()
    mirror.pull(full=True)
    assert forum.double.requests.count("GET /posts.json") < 6
    assert "full" not in mirror.position


def test_a_full_walk_that_was_cut_off_among_its_conversations_goes_on_there(forum: Forum, mirror: Mirror) -> None:
    """Those that were read whole are not read again."""
    for number in range(8):
        forum.world.topic(forum.stranger, f"Topic {number}", "Words in it")
    mirror.pull()
    mirror.pull(full=True, stop_at=lambda page: page.position.get("full", {}).get("turn") == f"topic:{15}")
    forum.double.requests.clear()
    mirror.pull(full=True)
    read = {request for request in forum.double.requests if request.startswith("GET /t/")}
    assert read == {f"GET /t/{number}.json" for number in range(16, 20)}


def test_a_position_does_not_grow_with_what_was_read(forum: Forum, mirror: Mirror) -> None:
    """Only what is under way is kept."""
    for _ in range(35):
        forum.world.message(forum.stranger, [forum.us], "A private word")
    mirror.pull()
    mirror.pull()
    assert mirror.position["did"] == {}
    assert len(str(mirror.position)) < 1000


def test_an_account_without_rights_says_what_stays_unseen(forum: Forum) -> None:
    """The gap stands on the whole source."""
    forum.us.moderator = False
    mirror = Mirror(forum, forum.connect())
    mirror.pull()
    assert mirror.coverage is not None
    assert mirror.coverage.gap is not None
    assert "not a moderator" in (mirror.coverage.gap.why or "")
    mirror.connector.close()


def test_a_moderators_pull_vouches_up_to_the_sites_clock_less_a_settling_time(forum: Forum, mirror: Mirror) -> None:
    """No gap, and a watermark that leaves room for what is being written just now."""
    mirror.pull()
    assert mirror.coverage is not None
    assert mirror.coverage.gap is None
    assert mirror.coverage.complete_through == forum.world.now - timedelta(seconds=30)


# ---------------------------------------------------------------------- the rate


def test_a_refused_request_ends_the_pull_with_the_time_to_wait(forum: Forum, mirror: Mirror) -> None:
    """`Retry-After`, and where it is absent the number in the body."""
    from tests.connectors.discourse_double import Refusal

    forum.double.limits = [Refusal(429, "rate_limit", {"Retry-After": "17"})]
    with pytest.raises(RateLimited) as told:
        mirror.pull()
    assert told.value.retry_after == 17
    forum.double.limits = [Refusal(429, "rate_limit", extras={"wait_seconds": 23})]
    with pytest.raises(RateLimited) as told:
        mirror.pull()
    assert told.value.retry_after == 23


def test_the_last_requests_of_a_minute_are_kept_for_replies(forum: Forum) -> None:
    """Reading stops; a reply still goes out."""
    from modconsole.connectors.base import Outgoing

    for number in range(40):
        forum.world.topic(forum.stranger, f"Topic {number}", "Words in it")
    limited = forum.connect(requests_per_minute=20)
    with pytest.raises(RateLimited, match="kept for replies"):
        list(limited.pull(Known(), forum.clock()))
    sent = limited.send(Outgoing("k", forum.conversation, None, "An answer all the same"))
    assert sent.state == "live"
    limited.close()


def test_a_minutes_requests_are_counted_as_they_are_made() -> None:
    """Discourse tells no remaining number."""
    now = 100.0
    pace = Pace(60, lambda: now)
    answer: Any = None
    assert pace.window(answer).left == 59
    now = 130.0
    second = pace.window(answer)
    assert (second.left, second.seconds) == (58, 30)
    now = 161.0
    assert pace.window(answer).left == 58


def test_lanes_that_can_wait_leave_half_a_minutes_requests(forum: Forum) -> None:
    """A pull under a limit comes to its end, and history goes on next time."""
    for number in range(300):
        forum.post_as_stranger(f"Words number {number}")
    limited = Mirror(forum, forum.connect(requests_per_minute=24))
    limited.pull()
    assert limited.coverage is not None
    assert limited.coverage.gap is not None
    limited.connector.close()


def test_every_message_of_a_pull_was_observed_at_its_beginning(forum: Forum, connector: Discourse) -> None:
    """Whatever is read by itself in the meantime is the later version."""
    now = forum.clock()
    pages = list(connector.pull(Known(), now))
    found = [r for page in pages for r in page.records if isinstance(r, Message | Conversation)]
    assert found
    assert {record.observed_at for record in found} == {forum.world.now}
