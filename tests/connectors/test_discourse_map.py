"""Discourse's posts and topics as records: who is named, what is answered, what state it is in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modconsole.connectors.discourse_map import (
    Refs,
    conversation,
    kind_of,
    markup,
    message,
    same_text,
    state_of,
)
from modconsole.connectors.discourse_shapes import Details, Group, Me, Post, Reviewable, Summary, Topic, User
from modconsole.domain.records import Message, State

US = Me(7, "Moderator", groups=[Group(41, "Helpers")])


def post(**more: Any) -> Post:
    """A post of a stranger."""
    made = {
        "id": 12,
        "topic_id": 3,
        "post_number": 4,
        "created_at": "2026-03-01T10:00:00.000Z",
        "user_id": 9,
        "username": "alice",
    }
    return msgspec.convert({**made, **more}, Post)


def refs(**numbers: int) -> Refs:
    """What is known: us, alice, and posts of topic 3 by their numbers (`n2=11`)."""
    made = Refs(me=US, groups=frozenset(("helpers",)))
    made.learn([User(7, "Moderator"), User(9, "alice")])
    made.numbers.update({(3, int(key[1:])): value for key, value in numbers.items()})
    return made


def record(found: Post, known: Refs | None = None, topic: Topic | None = None) -> Message:
    """Its record."""
    return message(found, topic, "forum", "https://forum.example/", known or refs(), 0)


def test_mentions_are_ids_and_a_stranger_stays_a_name() -> None:
    """A mention that is dropped would make a reply look as if it spoke to nobody."""
    cooked = '<p><a class="mention" href="/u/moderator">@MODERATOR</a> <span class="mention">@nobody</span></p>'
    assert record(post(cooked=cooked)).mentions == ["7", "@nobody"]


def test_a_mention_of_our_group_is_one_of_us() -> None:
    """Another group stays a name that is nobody's."""
    cooked = '<a class="mention-group" href="/groups/helpers">@helpers</a> <a class="mention-group" href="#">@cooks</a>'
    assert record(post(cooked=cooked)).mentions == ["7", "@@cooks"]


def test_a_mention_within_a_quotation_is_not_the_authors() -> None:
    """Somebody else was spoken to."""
    quoted = '<aside class="quote" data-username="bob" data-post="2" data-topic="3"><a class="mention">@moderator</a></aside>'
    cooked = f"{quoted}<p>So?</p>"
    found = record(post(cooked=cooked), refs(n2=11))
    assert (found.mentions, found.quotes) == (None, "11")


def test_a_quotation_of_us_counts_before_others() -> None:
    """It is what addresses us; a record has room for one."""
    quotes = "".join(
        f'<aside class="quote" data-username="{who}" data-post="{number}" data-topic="3"></aside>'
        for who, number in (("bob", 1), ("moderator", 2))
    )
    assert record(post(cooked=quotes), refs(n1=10, n2=11)).quotes == "11"


def test_a_quotation_from_another_topic_is_named_by_its_place() -> None:
    """Not asked for: that topic may be nobody's business."""
    cooked = '<aside class="quote" data-username="bob" data-post="2" data-topic="99"></aside>'
    assert record(post(cooked=cooked)).quotes == "topic:99#2"
    assert markup(cooked, 3).quotes[0].topic == 99


@pytest.mark.parametrize(
    ("given", "parent"), [(2, "11"), ("2", "11"), (5, "topic:3#5"), (None, None), ("", None), ("x", None)]
)
def test_the_parent_is_resolved_from_the_number(given: Any, parent: str | None) -> None:
    """The published schema calls the number a text."""
    assert record(post(reply_to_post_number=given), refs(n2=11)).parent == parent


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "live"),
        ({"user_deleted": True}, "deleted"),
        ({"user_deleted": True, "deleted_at": "2026-03-02T10:00:00.000Z", "deleted_by": {"id": -1}}, "deleted"),
        ({"deleted_at": "2026-03-02T10:00:00.000Z", "deleted_by": {"id": 9}}, "deleted"),
        ({"deleted_at": "2026-03-02T10:00:00.000Z", "deleted_by": {"id": 7}}, "removed"),
        ({"deleted_at": "2026-03-02T10:00:00.000Z"}, "removed"),
        ({"hidden": True}, "hidden"),
        ({"hidden": True, "reviewable_score_pending_count": 2}, "held"),
        ({"hidden": True, "reviewable_score_pending_count": 0}, "hidden"),
        ({"hidden": True, "reviewable_score_pending_count": 0, "actions_summary": [{"id": 8, "count": 1}]}, "spam"),
        ({"hidden": True, "reviewable_score_pending_count": 1, "actions_summary": [{"id": 8, "count": 1}]}, "held"),
        ({"reviewable_score_pending_count": 3}, "live"),
    ],
)
def test_the_state_of_a_post(fields: dict[str, Any], state: State) -> None:
    """By who deleted it, whether it is hidden, and what was decided."""
    assert state_of(post(**fields)) == state


def test_the_summary_of_a_flag_is_understood_without_its_count() -> None:
    """Members are not told how often something was flagged."""
    assert msgspec.convert({"id": 8, "can_act": True}, Summary).count == 0


@pytest.mark.parametrize(
    ("fields", "automatic"),
    [
        ({}, None),
        ({"user_id": -1}, True),
        ({"is_auto_generated": True}, True),
        ({"post_type": 2}, None),
        ({"post_type": 2, "action_code": "closed.enabled"}, True),
    ],
)
def test_what_counts_as_automatic(fields: dict[str, Any], automatic: bool | None) -> None:
    """A moderator's post in staff colours is a person's."""
    assert record(post(**fields)).automatic == automatic


def test_the_sites_own_accounts_are_bots() -> None:
    """Their numbers are below zero."""
    assert record(post(user_id=-2)).author.kind == "bot"


def test_two_authors_whose_accounts_are_gone_are_not_one() -> None:
    """They have no number any more."""
    one, other = (record(post(id=n, user_id=None, username=None)).author.id for n in (1, 2))
    assert one != other


def test_an_edit_has_a_time_from_the_second_version_on() -> None:
    """Before that, `updated_at` is not about the text."""
    changed = {"updated_at": "2026-03-01T11:00:00.000Z"}
    assert record(post(**changed)).edited_at is None
    edited = record(post(version=2, **changed)).edited_at
    assert edited is not None
    assert edited.hour == 11


def test_the_kind_of_a_conversation() -> None:
    """Topics, two people, several, and a group's inbox."""
    two = [User(7, "moderator"), User(9, "alice")]

    def private(details: Details) -> Topic:
        return Topic(3, archetype="private_message", details=details)

    assert kind_of(Topic(3)) == "forum"
    assert kind_of(private(Details(allowed_users=two))) == "dm"
    assert kind_of(private(Details(allowed_users=[*two, User(10, "bob")]))) == "group_dm"
    assert kind_of(private(Details(allowed_users=two[1:], allowed_groups=[Group(41, "helpers")]))) == "group_dm"


def test_who_opened_a_topic_is_known_without_its_owner_field() -> None:
    """`details.created_by` says it too."""
    topic = Topic(3, details=Details(created_by=User(9, "alice")))
    assert conversation(topic, "forum", "https://forum.example/", 0).opened_by == "9"


@pytest.mark.parametrize(
    ("status", "word"), [(0, "pending"), (1, "approved"), (2, "rejected"), ("ignored", "ignored"), (17, "pending")]
)
def test_the_status_of_a_review_is_a_word(status: int | str, word: str) -> None:
    """The interface gives its number."""
    assert Reviewable(1, status=status).state == word


@pytest.mark.parametrize(
    ("stored", "sent", "same"),
    [
        ("An answer to you", "An  answer to you\n", True),
        ("“An answer” – to you…", '"An answer" to you', True),
        ("An answer to you", "An answer to me", False),
    ],
)
def test_texts_are_compared_without_white_space_and_punctuation(stored: str, sent: str, same: bool) -> None:
    """The site tidies both."""
    assert same_text(post(raw=stored), sent) is same
    assert same_text(post(cooked=f"<p>{stored}</p>"), sent) is same
