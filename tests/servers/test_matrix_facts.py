"""What Synapse does, call by call: the facts on which the connector is built. One of these failing says what has changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.servers.matrix import US, Synapse, event_of

pytestmark = pytest.mark.server

LAZY: dict[str, Any] = {
    "room": {"timeline": {"limit": 10, "lazy_load_members": True}, "state": {"lazy_load_members": True}}
}


def sync(server: Synapse, filter_: Any, since: str = "", *, by: str = US) -> Any:
    """An answer of `/sync`, at once."""
    query = {"filter": json.dumps(filter_), "timeout": "0", **({"since": since} if since else {})}
    return server.api("GET", "/v3/sync", by=by, params=query)


def test_the_same_question_gets_the_same_answer_for_two_minutes(matrix: Synapse) -> None:
    """A first sync repeated gives the older token, and that token the older answer; another filter asks anew."""
    who = matrix.new_person().login
    room = matrix.room(members=(who,))
    first = sync(matrix, LAZY, by=who)
    asked = matrix.say(room, "After the first sync", by=who)
    again = sync(matrix, LAZY, by=who)
    assert again["next_batch"] == first["next_batch"]
    news = sync(matrix, LAZY, again["next_batch"], by=who)
    later = matrix.say(room, "After the second", by=who)
    stale = sync(matrix, LAZY, again["next_batch"], by=who)
    assert stale["next_batch"] == news["next_batch"]
    assert event_of(later) not in json.dumps(stale)
    fresh = sync(matrix, {**LAZY, "account_data": {"types": ["modconsole.1"]}}, again["next_batch"], by=who)
    events = [e["event_id"] for e in fresh["rooms"]["join"][room]["timeline"]["events"]]
    assert {event_of(asked), event_of(later)} <= set(events)


def test_members_that_were_told_once_are_left_out_unless_asked_for(matrix: Synapse) -> None:
    """Per session, however little of it we still know."""
    who = matrix.new_person().login
    room = matrix.room(members=(who, "alice"))
    for n in range(12):
        matrix.say(room, f"Number {n}", by="alice")
    token = sync(matrix, LAZY, by=who)["next_batch"]
    matrix.say(room, "One more", by="alice")
    redundant: Any = {"room": {"timeline": LAZY["room"]["timeline"], "state": {**LAZY["room"]["state"]}}}
    redundant["room"]["state"]["include_redundant_members"] = True
    told = []
    for filter_ in (LAZY, redundant):
        part = sync(matrix, filter_, token, by=who)["rooms"]["join"][room]
        told.append([e["state_key"] for e in part["state"]["events"] if e["type"] == "m.room.member"])
    assert told == [[], ["@alice:localhost"]]


def test_an_edit_is_bundled_with_its_message_but_not_in_a_sync_that_has_both(matrix: Synapse) -> None:
    """So edits must be put together with their messages by whoever reads."""
    who = matrix.new_person().login
    room = matrix.room(members=(who,))
    token = sync(matrix, LAZY, by=who)["next_batch"]
    asked = matrix.say(room, "Frist", by=who)
    matrix.edit(asked, "First", by=who)
    timeline = sync(matrix, LAZY, token, by=who)["rooms"]["join"][room]["timeline"]["events"]
    (there,) = [e for e in timeline if e["event_id"] == event_of(asked)]
    assert "m.relations" not in there["unsigned"]
    assert there["content"]["body"] == "Frist"
    bundle = matrix.look(asked)["unsigned"]["m.relations"]["m.replace"]
    assert bundle["content"]["m.new_content"]["body"] == "First"


def test_what_is_redacted_no_longer_says_what_it_was_about(matrix: Synapse) -> None:
    """A reaction and an edit look like any other stub."""
    room = matrix.room()
    asked = matrix.say(room, "Good?")
    for event in (matrix.react(asked), matrix.edit(asked, "Good!")):
        matrix.redact(event)
        assert matrix.look(event)["content"] == {}


def test_the_history_between_two_tokens_is_what_a_sync_left_out(matrix: Synapse) -> None:
    """From `prev_batch` back to the token before; the end is where no `end` is given."""
    who = matrix.new_person().login
    room = matrix.room(members=(who,))
    token = sync(matrix, LAZY, by=who)["next_batch"]
    said = [event_of(matrix.say(room, f"Number {n}", by=who)) for n in range(16)]
    timeline = sync(matrix, LAZY, token, by=who)["rooms"]["join"][room]["timeline"]
    assert timeline["limited"] is True
    found = [e["event_id"] for e in timeline["events"]][::-1]
    query = {"dir": "b", "from": timeline["prev_batch"], "to": token, "limit": "4"}
    while "from" in query:
        page = matrix.api("GET", f"/v3/rooms/{room}/messages", by=who, params=query)
        found += [e["event_id"] for e in page["chunk"]]
        query = {**query, "from": page["end"]} if "end" in page else {}
    assert found == said[::-1]


def test_somebody_ignored_seems_not_to_exist(matrix: Synapse) -> None:
    """Their events are answered like those that there are not."""
    who = matrix.new_person()
    room = matrix.room(members=(who.login, "alice"))
    asked = matrix.say(room, "Hello?")
    path = f"/v3/user/{who.id}/account_data/m.ignored_user_list"
    matrix.api("PUT", path, {"ignored_users": {"@alice:localhost": {}}}, by=who.login)
    answers = [
        matrix.request("GET", f"/v3/rooms/{room}/event/{event}", by=who.login)
        for event in (event_of(asked), "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["errcode"] == answers[1].json()["errcode"] == "M_NOT_FOUND"


def test_the_making_of_a_room_is_visible_also_where_its_history_is_not(matrix: Synapse) -> None:
    """So having seen it proves nothing there."""
    hides = {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}}
    room = matrix.room(members=("alice",), initial_state=[hides])
    hidden = matrix.say(room, "Before you came")
    matrix.join(room, US)
    seen = {event["event_id"]: event["type"] for event in matrix.timeline(room, by=US)}
    assert "m.room.create" in seen.values()
    assert event_of(hidden) not in seen


def test_a_token_from_the_future_is_taken_without_a_word(matrix: Synapse) -> None:
    """After a homeserver was set back to a backup a sync is quiet until it has caught up: only a full walk sees more."""
    answer = sync(matrix, LAZY, "s99999999_1_1_1_1_1_1_1_1_1_1_1_1_1")
    assert "rooms" not in answer


def test_an_invitation_tells_no_id_and_no_time(matrix: Synapse) -> None:
    """Only who invites, to what kind of room."""
    who = matrix.new_person().login
    matrix.api("POST", "/v3/createRoom", {"invite": [matrix.people[who].id], "is_direct": True}, by="bob")
    (part,) = sync(matrix, LAZY, by=who)["rooms"]["invite"].values()
    (ours,) = [e for e in part["invite_state"]["events"] if e.get("state_key") == matrix.people[who].id]
    assert ours["content"]["is_direct"] is True
    assert ours["sender"] == "@bob:localhost"
