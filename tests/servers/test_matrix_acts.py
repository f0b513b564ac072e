"""The Matrix connector against a real Synapse: each act does what it says, once, and is taken back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.matrix import US, Synapse
from tests.servers.matrix_mirror import Mirror
from tests.servers.test_matrix_reading import signed_in

from modconsole.connectors import matrix as connector_module
from modconsole.connectors.acts import Done, Order
from modconsole.connectors.matrix_acts import ACTS
from modconsole.domain.records import Message
from modconsole.errors import Gone, InputError, OutcomeUnknown, Refused

pytestmark = pytest.mark.server

LEVELS = "m.room.power_levels"


@pytest.fixture
def chat(matrix: Synapse) -> Iterator[connector_module.Matrix]:
    """The connector, signed in as us."""
    connector = signed_in(matrix)
    yield connector
    connector.close()


@pytest.fixture
def room(matrix: Synapse) -> str:
    """A room in which we may do everything."""
    return matrix.room(
        members=(US, "alice", "bob"),
        power_level_content_override={
            "users": {"@mod:localhost": 100, "@crew:localhost": 100},
            "events": {LEVELS: 100},
        },
    )


def order(act: str, on: str, target: str, room: str | None = None, **more: Any) -> Order:
    """An order for one act."""
    return Order(str(uuid.uuid4()), act, on, target, conversation=room, **more)  # type: ignore[arg-type]


def undone(chat: connector_module.Matrix, done: Done, on: str, target: str, room: str | None = None) -> Done:
    """What comes of the compensating order."""
    assert done.undo is not None
    return chat.act(order(done.undo.act, on, target, room, undoing=done.undo.token))


def can_write(server: Synapse, room: str, login: str) -> bool:
    """Whether somebody can write in a room."""
    body = {"msgtype": "m.text", "body": "May I?"}
    path = f"/v3/rooms/{room}/send/m.room.message/{uuid.uuid4()}"
    return server.request("PUT", path, body, by=login).status_code == 200


def member(server: Synapse, room: str, login: str) -> str:
    """What somebody is in a room."""
    return str(server.read_state(room, "m.room.member", key=server.people[login].id)["membership"])


def test_remove_redacts_with_its_reason_and_gives_back_the_stub(
    matrix: Synapse, chat: connector_module.Matrix, room: str
) -> None:
    """Once: doing it again changes nothing and says so."""
    bad = matrix.say(room, "Buy gold")
    done = chat.act(order("remove", "message", bad, reason="advertising"))
    (record,) = done.records
    assert isinstance(record, Message)
    assert (record.id, record.state, done.undo) == (bad, "removed", None)
    event = matrix.look(bad)
    assert event["content"] == {}
    assert event["unsigned"]["redacted_because"]["content"]["reason"] == "advertising"
    again = chat.act(order("remove", "message", bad))
    assert "already" in again.note
    assert sum(e["type"] == "m.room.redaction" for e in matrix.timeline(room)) == 1
    with pytest.raises(Gone):
        chat.act(order("remove", "message", f"{room}/$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))


def test_a_removal_whose_answer_was_lost_is_read_and_not_repeated(
    matrix: Synapse, matrix_proxy: FaultProxy, room: str
) -> None:
    """The homeserver did it: the message says so."""
    chat = signed_in(matrix, url=matrix_proxy.url)
    bad = matrix.say(room, "Buy gold")
    matrix_proxy.fail(Fault("drop_after", method="PUT", path="/redact/"))
    (record,) = chat.act(order("remove", "message", bad)).records
    assert isinstance(record, Message)
    assert record.state == "removed"
    chat.close()


def test_mute_takes_the_voice_and_unmute_gives_back_the_very_level(
    matrix: Synapse, chat: connector_module.Matrix, room: str
) -> None:
    """Alice has no level of her own, Bob has 10: each has again what they had."""
    levels = matrix.read_state(room, LEVELS)
    matrix.state(room, LEVELS, {**levels, "users": {**levels["users"], "@bob:localhost": 10}})
    before = matrix.read_state(room, LEVELS)
    for login in ("alice", "bob"):
        who = matrix.people[login].id
        done = chat.act(order("mute", "person", who, room))
        assert not can_write(matrix, room, login)
        assert "could not write already" in chat.act(order("mute", "person", who, room)).note
        undone(chat, done, "person", who, room)
        assert can_write(matrix, room, login)
    assert matrix.read_state(room, LEVELS) == before


def test_unmute_without_knowing_the_former_level_gives_what_is_needed_to_write(
    matrix: Synapse, chat: connector_module.Matrix, room: str
) -> None:
    """Somebody was muted in another client, or their level has changed since."""
    done = chat.act(order("mute", "person", "@alice:localhost", room))
    levels = matrix.read_state(room, LEVELS)
    matrix.state(room, LEVELS, {**levels, "users": {**levels["users"], "@alice:localhost": -7}})
    undone(chat, done, "person", "@alice:localhost", room)
    assert can_write(matrix, room, "alice")
    assert "@alice:localhost" not in matrix.read_state(room, LEVELS)["users"]
    assert "could write already" in chat.act(order("unmute", "person", "@alice:localhost", room)).note


def test_nobody_can_mute_the_maker_of_a_room_of_version_12(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """Creators stand above all levels there, and in no list of them."""
    new = matrix.room(
        by="alice", room_version="12", power_level_content_override={"users": {"@crew:localhost": 100}}, members=(US,)
    )
    with pytest.raises(Refused) as caught:
        chat.act(order("mute", "person", "@alice:localhost", new))
    assert caught.value.code == "creator"
    own = matrix.room(by=US, room_version="12", power_level_content_override={}, members=("alice",))
    chat.act(order("mute", "person", "@alice:localhost", own))
    assert not can_write(matrix, own, "alice")


def test_kick_ban_and_unban(matrix: Synapse, chat: connector_module.Matrix, room: str) -> None:
    """With their reasons; each once; a ban is lifted by its undo."""
    assert chat.act(order("kick", "person", "@bob:localhost", room, reason="cool down")).undo is None
    assert matrix.read_state(room, "m.room.member", key="@bob:localhost")["reason"] == "cool down"
    assert "not in the room" in chat.act(order("kick", "person", "@bob:localhost", room)).note
    done = chat.act(order("ban", "person", "@alice:localhost", room, reason="spam"))
    assert member(matrix, room, "alice") == "ban"
    assert "already" in chat.act(order("ban", "person", "@alice:localhost", room)).note
    again = undone(chat, done, "person", "@alice:localhost", room)
    assert member(matrix, room, "alice") == "leave"
    assert "not banned" in chat.act(order("unban", "person", "@alice:localhost", room)).note
    undone(chat, again, "person", "@alice:localhost", room)
    assert member(matrix, room, "alice") == "ban"


@pytest.mark.parametrize("act", ["kick", "ban"])
def test_an_act_whose_answer_was_lost_is_read_from_the_room(
    matrix: Synapse, matrix_proxy: FaultProxy, room: str, act: str
) -> None:
    """Done is done."""
    chat = signed_in(matrix, url=matrix_proxy.url)
    matrix_proxy.fail(Fault("drop_after", method="POST", path=f"/{act}"))
    chat.act(order(act, "person", "@bob:localhost", room))
    assert member(matrix, room, "bob") in ("leave", "ban")
    chat.close()


def test_lock_leaves_the_word_to_moderators_and_unlock_restores_the_levels(
    matrix: Synapse, chat: connector_module.Matrix, room: str
) -> None:
    """Also where the room has a level of its own for messages."""
    for extra in ({}, {"m.room.message": 0, "m.sticker": 25, "m.room.name": 50}):
        levels = matrix.read_state(room, LEVELS)
        matrix.state(room, LEVELS, {**levels, "events": {**levels["events"], **extra}})
        before = matrix.read_state(room, LEVELS)
        done = chat.act(order("lock", "conversation", room))
        assert [can_write(matrix, room, login) for login in ("alice", "mod", US)] == [False, True, True]
        assert "locked already" in chat.act(order("lock", "conversation", room)).note
        undone(chat, done, "conversation", room)
        assert can_write(matrix, room, "alice")
        assert matrix.read_state(room, LEVELS) == before


def test_unlock_opens_a_room_that_was_locked_elsewhere(
    matrix: Synapse, chat: connector_module.Matrix, room: str
) -> None:
    """Everybody can write, and its undo locks it again."""
    levels = matrix.read_state(room, LEVELS)
    matrix.state(room, LEVELS, {**levels, "events_default": 50, "events": {**levels["events"], "m.room.message": 50}})
    assert not can_write(matrix, room, "alice")
    done = chat.act(order("unlock", "conversation", room))
    assert can_write(matrix, room, "alice")
    assert "already" in chat.act(order("unlock", "conversation", room)).note
    undone(chat, done, "conversation", room)
    assert not can_write(matrix, room, "alice")


def test_block_ignores_somebody_everywhere_and_is_taken_back(
    matrix: Synapse, chat: connector_module.Matrix, room: str
) -> None:
    """What they write no longer comes; what came stays; unblocked, all of it comes with a full walk."""
    who = matrix.new_person()
    matrix.join(room, who.login)
    mirror = Mirror(chat)
    known = matrix.say(room, "Hear me", by=who.login)
    mirror.pull()
    done = chat.act(order("block", "person", who.id))
    assert "already" in chat.act(order("block", "person", who.id)).note
    unheard = matrix.say(room, "Hear me now", by=who.login)
    mirror.pull(full=True)
    assert unheard not in mirror.messages
    assert mirror.messages[known].state is None
    undone(chat, done, "person", who.id)
    assert "not ignored" in chat.act(order("unblock", "person", who.id)).note
    mirror.pull(full=True)
    assert unheard in mirror.messages
    with pytest.raises(Refused):
        chat.act(order("block", "person", "@crew:localhost"))


def test_reports_reach_those_who_run_the_homeserver(matrix: Synapse, chat: connector_module.Matrix, room: str) -> None:
    """A message with its reason; a person and a room as well."""
    bad = matrix.say(room, "Threats")
    chat.act(order("report", "message", bad, reason="a threat"))
    answer = matrix.admin("GET", "/v1/event_reports", params={"dir": "b", "limit": "5"})
    report = answer["event_reports"][0]
    assert (report["event_id"], report["reason"]) == (bad.split("/", 1)[1], "a threat")
    chat.act(order("report", "person", "@alice:localhost", reason="rude"))
    chat.act(order("report", "conversation", room, reason="rude"))


def test_a_report_whose_answer_was_lost_stays_unknown(matrix: Synapse, matrix_proxy: FaultProxy, room: str) -> None:
    """Nobody but its receivers can look reports up."""
    chat = signed_in(matrix, url=matrix_proxy.url)
    bad = matrix.say(room, "Threats")
    matrix_proxy.fail(Fault("drop_after", method="POST", path="/report/"))
    with pytest.raises(OutcomeUnknown):
        chat.act(order("report", "message", bad))
    chat.close()


def test_an_invitation_is_accepted_or_declined(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """By an act on the conversation; a room that we are in is not left that way."""
    one, other = (matrix.direct("carol", joined=False) for _ in range(2))
    assert {("approve", "conversation"), ("remove", "conversation")} <= {(i.act, i.on) for i in chat.acts()}
    chat.act(order("approve", "conversation", one))
    assert member_by(matrix, one, "carol") == "join"
    chat.act(order("remove", "conversation", other))
    assert member_by(matrix, other, "carol") == "leave"
    with pytest.raises(Refused) as caught:
        chat.act(order("remove", "conversation", one))
    assert caught.value.code == "joined"


def member_by(server: Synapse, room: str, by: str) -> str:
    """What we are in somebody's room."""
    return str(server.read_state(room, "m.room.member", key="@crew:localhost", by=by)["membership"])


def test_acts_are_those_that_the_account_may_carry_out_somewhere(matrix: Synapse) -> None:
    """Somebody without any level can remove their own, report and ignore; a maker of a room everything but
    invitations."""
    nobody = matrix.new_person()
    matrix.room(members=(nobody.login,))
    connector = signed_in(matrix, login=nobody.login)
    able = {(info.act, info.on) for info in connector.acts()}
    assert able == {
        ("remove", "message"),
        ("report", "message"),
        ("report", "person"),
        ("report", "conversation"),
        ("block", "person"),
        ("unblock", "person"),
    }
    missing = connector.check().missing
    assert ["A room" in sentence and "no moderator" in sentence for sentence in missing] == [True]
    matrix.room(by=nobody.login, members=())
    able = {(info.act, info.on) for info in connector.acts()}
    every = {(info.act, info.on) for info in ACTS}
    assert every - able == {("approve", "conversation"), ("remove", "conversation")}
    connector.close()


def test_without_the_level_an_act_is_refused_and_nothing_happens(matrix: Synapse) -> None:
    """The homeserver decides, and its no is told as one."""
    nobody = matrix.new_person()
    place = matrix.room(members=(nobody.login, "alice"))
    bad = matrix.say(place, "Untouchable")
    connector = signed_in(matrix, login=nobody.login)
    for wanted in (
        order("remove", "message", bad),
        order("ban", "person", "@alice:localhost", place),
        order("mute", "person", "@alice:localhost", place),
        order("lock", "conversation", place),
    ):
        with pytest.raises(Refused) as caught:
            connector.act(wanted)
        assert caught.value.code == "M_FORBIDDEN"
    assert can_write(matrix, place, "alice")
    connector.close()


def test_an_order_that_makes_no_sense_is_refused(chat: connector_module.Matrix, room: str) -> None:
    """An act that Matrix does not have, a person without a room, an id of something else."""
    for wanted in (order("hold", "message", f"{room}/$a"), order("ban", "person", "@alice:localhost")):
        with pytest.raises(Refused):
            chat.act(wanted)
    for wanted in (order("remove", "message", "17"), order("ban", "person", "alice", room)):
        with pytest.raises(InputError):
            chat.act(wanted)
