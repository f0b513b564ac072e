"""The Matrix connector against a real Synapse: replies go out once, into the right place, or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.matrix import US, Synapse, event_of
from tests.servers.test_matrix_reading import ENCRYPTION, signed_in

from modconsole.connectors import matrix as connector_module
from modconsole.connectors.base import Known, Outgoing
from modconsole.connectors.matrix_map import MAX_BYTES, counted
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Message
from modconsole.domain.times import HOUR, SECOND, to_instant
from modconsole.errors import Gone, OutcomeUnknown, RateLimited, Refused

pytestmark = pytest.mark.server


@pytest.fixture
def chat(matrix: Synapse) -> Iterator[connector_module.Matrix]:
    """The connector, signed in as us."""
    connector = signed_in(matrix)
    yield connector
    connector.close()


@pytest.fixture
def shaky(matrix: Synapse, matrix_proxy: FaultProxy) -> Iterator[connector_module.Matrix]:
    """The connector, behind the proxy that breaks on demand."""
    connector = signed_in(matrix, url=matrix_proxy.url)
    connector.check()
    yield connector
    connector.close()


def reply(to: str, text: str, attempted_at: int | None = None, *, key: str = "") -> Outgoing:
    """A reply to a message."""
    return Outgoing(key or str(uuid.uuid4()), to.split("/", 1)[0], to, text, attempted_at)


def ours(server: Synapse, room: str) -> list[str]:
    """What we have said in a room."""
    return [text for author, text in server.messages(room).values() if author == "@crew:localhost" and text is not None]


def test_a_reply_is_one_for_every_client(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """Related to what it answers, its author and whoever is named mentioned, without a quotation; given back as it is
    there."""
    room = matrix.room()
    asked = matrix.say(room, "Where?")
    sent = chat.send(reply(asked, "Here, and ask @bob:localhost."))
    assert isinstance(sent, Message)
    event = matrix.look(sent.id)
    assert event["content"] == {
        "msgtype": "m.text",
        "body": "Here, and ask @bob:localhost.",
        "m.mentions": {"user_ids": ["@alice:localhost", "@bob:localhost"]},
        "m.relates_to": {"m.in_reply_to": {"event_id": event_of(asked)}},
    }
    assert (sent.text, sent.parent, sent.author.id) == ("Here, and ask @bob:localhost.", asked, "@crew:localhost")
    assert to_instant(sent.created_at) == event["origin_server_ts"] * 1000
    assert chat.read(sent.id) is not None


def test_a_reply_in_a_thread_stays_in_it(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """And names what it answers as chosen, not as a fallback."""
    room = matrix.room()
    root = matrix.say(room, "A thread")
    relation = {"rel_type": "m.thread", "event_id": event_of(root), "is_falling_back": True}
    inside = matrix.say(room, "Inside", more={"m.relates_to": relation})
    sent = chat.send(reply(inside, "Also inside"))
    assert isinstance(sent, Message)
    related = matrix.look(sent.id)["content"]["m.relates_to"]
    assert related["event_id"] == event_of(root)
    assert (related["rel_type"], related["is_falling_back"]) == ("m.thread", False)
    assert sent.parent == inside


def test_a_message_of_its_own_answers_nothing(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """Into a room, without a message that it answers."""
    room = matrix.room()
    sent = chat.send(Outgoing(str(uuid.uuid4()), room, None, "Good morning"))
    assert isinstance(sent, Message)
    assert sent.parent is None
    found = chat.find(Outgoing("another key", room, None, "Good morning", to_instant(sent.created_at)), frozenset())
    assert isinstance(found, Message)
    assert found.id == sent.id


def test_the_same_send_again_is_the_same_event(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """The send's UUID is the transaction id; another send with the same text is another."""
    asked = matrix.say(matrix.room(), "Twice?")
    once = reply(asked, "Once")
    first, second = chat.send(once), chat.send(once)
    third = chat.send(reply(asked, "Once"))
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert isinstance(third, Message)
    assert first.id == second.id != third.id


def test_after_a_new_sign_in_a_reply_is_found_before_it_is_sent_again(matrix: Synapse) -> None:
    """A transaction id belongs to a session: a new one would send twice, so the reply is looked for, by place, text and
    time."""
    asked = matrix.say(matrix.room(), "Still there?")
    before = signed_in(matrix)
    sent = before.send(once := reply(asked, "Yes"))
    before.close()
    assert isinstance(sent, Message)
    after = signed_in(matrix)
    later = Outgoing(once.key, once.conversation, once.reply_to, once.text, to_instant(sent.created_at))
    found = after.find(later, frozenset())
    assert isinstance(found, Message)
    assert found.id == sent.id
    assert after.find(later, frozenset({sent.id})) is None
    after.close()


@pytest.mark.parametrize(("kind", "arrived"), [("drop_after", True), ("drop_before", False), ("status_after", True)])
def test_a_lost_answer_is_an_unknown_outcome_and_never_a_second_reply(
    matrix: Synapse, shaky: connector_module.Matrix, matrix_proxy: FaultProxy, kind: str, arrived: bool
) -> None:
    """It is looked for; found or not, sending it again with the same key leaves one."""
    room = matrix.room()
    asked = matrix.say(room, "Did you say something?")
    once = reply(asked, "I did.", matrix.look(asked)["origin_server_ts"] * 1000)
    matrix_proxy.fail(Fault(kind, method="PUT", path="/send/", code=502))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        shaky.send(once)
    assert (shaky.find(once, frozenset()) is not None) is arrived
    shaky.send(once)
    assert ours(matrix, room) == ["I did."]


def test_a_reply_that_cannot_be_read_back_was_sent_all_the_same(
    matrix: Synapse, shaky: connector_module.Matrix, matrix_proxy: FaultProxy
) -> None:
    """The homeserver said yes: nobody may think that it was not sent."""
    room = matrix.room()
    asked = matrix.say(room, "And?")
    matrix_proxy.fail(Fault("forward", method="GET", path="/event/"))  # the look at what is answered
    matrix_proxy.fail(Fault("status", method="GET", path="/event/", code=500, times=9))
    sent = shaky.send(reply(asked, "That."))
    assert isinstance(sent, Message)
    assert matrix.look(sent.id)["content"]["body"] == "That."
    assert (sent.text, sent.parent, sent.mentions) == ("That.", asked, ["@alice:localhost"])


def test_find_looks_for_ours_in_this_place_with_this_text_and_not_before_the_try(
    matrix: Synapse, chat: connector_module.Matrix
) -> None:
    """Neither somebody else's, nor under another message, nor another text, nor an old one, nor one taken back."""
    room = matrix.room()
    asked, other = matrix.say(room, "One"), matrix.say(room, "Two")
    now = matrix.look(other)["origin_server_ts"] * 1000
    matrix.say(room, "Answer", by="alice", to=asked)
    matrix.say(room, "Answer", by=US, to=other)
    matrix.say(room, "Another answer", by=US, to=asked)
    matrix.redact(matrix.say(room, "Answer", by=US, to=asked), by=US)
    assert chat.find(reply(asked, "Answer", now), frozenset()) is None
    right = matrix.say(room, "Answer", by=US, to=asked)
    found = chat.find(reply(asked, "Answer", now), frozenset())
    assert isinstance(found, Message)
    assert found.id == right
    assert chat.find(reply(asked, "Answer", now + HOUR), frozenset()) is None
    matrix.edit(right, "Answer, better", by=US)
    found = chat.find(reply(asked, "Answer", now), frozenset())
    assert isinstance(found, Message)
    assert (found.id, found.text) == (right, "Answer, better")


def test_a_homeserver_whose_clock_is_behind_hides_no_reply(matrix: Synapse) -> None:
    """Ours says three hours later: what its answers tell of its clock counts."""
    room = matrix.room()
    asked = matrix.say(room, "What time is it?")
    ahead = matrix.look(asked)["origin_server_ts"] * 1000 + 3 * HOUR
    connector = connector_module.connect(
        {"homeserver": matrix.url}, Credentials(matrix.session(US)), clock=lambda: ahead
    )
    sent = matrix.say(room, "Late.", by=US, to=asked)
    found = connector.find(reply(asked, "Late.", ahead - SECOND), frozenset())
    assert isinstance(found, Message)
    assert found.id == sent
    connector.close()


def test_length_is_counted_as_the_homeserver_counts(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """In bytes of canonical JSON: the longest that we let through is stored, one byte more is not sent."""
    room = matrix.room()
    asked = matrix.say(room, "How long?")
    for letter in ('"', "é", "\n", "x"):
        each = len(counted(letter).encode())
        text = "a" + letter * ((MAX_BYTES - 2) // each) + "b"
        text += "c" * (MAX_BYTES - len(counted(text).encode()))
        sent = chat.send(reply(asked, text))
        assert isinstance(sent, Message)
        assert sent.text == text
        with pytest.raises(Refused) as caught:
            chat.send(reply(asked, text + "d"))
        assert caught.value.code == "too_long"


def test_what_nobody_would_see_is_not_sent(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """To a message that was taken away or does not exist, in another room, to an invitation, or nothing at all."""
    room = matrix.room()
    asked, gone = matrix.say(room, "Here"), matrix.say(room, "Gone")
    matrix.redact(gone)
    elsewhere = matrix.say(matrix.room(), "Elsewhere")
    nowhere = f"{room}/$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    for to, code in ((gone, "removed"), (elsewhere, "wrong_room"), (f"{room}/invite", "invited")):
        with pytest.raises(Refused) as caught:
            chat.send(Outgoing("k", room, to, "Hello?"))
        assert caught.value.code == code
    with pytest.raises(Gone):
        chat.send(reply(nowhere, "Hello?"))
    with pytest.raises(Refused):
        chat.send(reply(asked, "  \n "))
    assert ours(matrix, room) == []


def test_nothing_goes_into_an_encrypted_room_in_the_clear(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """The homeserver would take it; whoever is in the room would not expect it."""
    room = matrix.room()
    asked = matrix.say(room, "Psst")
    matrix.state(room, "m.room.encryption", ENCRYPTION)
    with pytest.raises(Refused) as caught:
        chat.send(reply(asked, "Secret"))
    assert caught.value.code == "encrypted"
    assert ours(matrix, room) == []


def test_without_the_right_to_write_a_reply_is_refused(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """In a room where we are muted, and in one that we are not in."""
    room = matrix.room()
    asked = matrix.say(room, "Anybody?")
    matrix.state(room, "m.room.power_levels", {"users": {"@mod:localhost": 100, "@crew:localhost": -1}})
    with pytest.raises(Refused) as caught:
        chat.send(reply(asked, "Me"))
    assert caught.value.code == "M_FORBIDDEN"
    with pytest.raises((Refused, Gone)):
        chat.send(Outgoing("k", matrix.room(members=("alice",)), None, "Let me in"))


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1}', 7.0),
        ({}, b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}', 2.5),
        ({}, b"slow down", 60.0),
    ],
)
def test_a_rate_limit_says_when_to_go_on(
    matrix: Synapse,
    shaky: connector_module.Matrix,
    matrix_proxy: FaultProxy,
    headers: dict[str, str],
    body: bytes,
    seconds: float,
) -> None:
    """By its header, or by the older field in the body; nothing was sent."""
    room = matrix.room()
    asked = matrix.say(room, "Quick!")
    matrix_proxy.fail(Fault("status", method="PUT", path="/send/", code=429, headers=headers, body=body))
    with pytest.raises(RateLimited) as caught:
        shaky.send(reply(asked, "Calm"))
    assert caught.value.retry_after == seconds
    assert ours(matrix, room) == []


def test_after_a_rate_limit_reading_waits_and_a_reply_does_not(
    matrix: Synapse, shaky: connector_module.Matrix, matrix_proxy: FaultProxy
) -> None:
    """The homeserver's patience is kept for people's replies."""
    room = matrix.room()
    asked = matrix.say(room, "Hello?")
    matrix_proxy.fail(Fault("status", method="GET", path="/sync", code=429, headers={"Retry-After": "30"}))
    for _ in range(2):
        with pytest.raises(RateLimited):
            list(shaky.pull(Known(), 1))
    assert sum("/sync" in request for request in matrix_proxy.requests) == 2  # one of them by `check`
    assert isinstance(shaky.send(reply(asked, "Hello!")), Message)


def test_neither_typing_nor_reading_is_shown_to_others(
    matrix: Synapse, shaky: connector_module.Matrix, matrix_proxy: FaultProxy
) -> None:
    """A moderator reads and writes without anybody seeing it before it is sent."""
    asked = matrix.say(matrix.room(), "Are you there?")
    list(shaky.pull(Known(), 1))
    shaky.send(reply(asked, "Yes"))
    assert not [r for r in matrix_proxy.requests if any(w in r for w in ("typing", "receipt", "read_markers"))]
    assert all("set_presence=offline" in r for r in matrix_proxy.requests if "/sync" in r)


def test_one_message_is_read_as_it_stands(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """Edited, taken away, or not there."""
    room = matrix.room()
    asked = matrix.say(room, "Frist")
    matrix.edit(asked, "First")
    found = chat.read(asked)
    assert isinstance(found, Message)
    assert (found.text, found.author.name) == ("First", "Alice")
    matrix.redact(asked, by="mod")
    found = chat.read(asked)
    assert isinstance(found, Message)
    assert found.state == "removed"
    assert chat.read(f"{room}/$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") is None
    assert chat.read(f"{room}/invite") is None
    invited = matrix.direct("carol", joined=False)
    asked_in = chat.read(f"{invited}/invite")
    assert isinstance(asked_in, Message)
    assert asked_in.author.id == "@carol:localhost"
