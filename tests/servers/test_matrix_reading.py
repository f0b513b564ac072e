"""The Matrix connector against a real Synapse: what is said, changed and taken away comes in, and what cannot be seen
is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from tests.servers.matrix import US, Synapse
from tests.servers.matrix_mirror import Mirror

from modconsole.connectors import matrix as connector_module
from modconsole.connectors.base import Known, Page
from modconsole.connectors.matrix import connect
from modconsole.connectors.matrix_map import UNREADABLE
from modconsole.connectors.matrix_pull import FILTER
from modconsole.connectors.signing import Credentials
from modconsole.domain.times import SECOND, to_datetime

pytestmark = pytest.mark.server

ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2"}


def signed_in(server: Synapse, *, url: str | None = None, login: str = US) -> connector_module.Matrix:
    """The connector, as one of the server's people."""
    settings = {"homeserver": url or server.url, "user": server.people[login].id}
    return connect(settings, Credentials(server.session(login)), source="chat")


@pytest.fixture
def chat(matrix: Synapse) -> Iterator[connector_module.Matrix]:
    """The connector, signed in as us."""
    connector = signed_in(matrix)
    yield connector
    connector.close()


@pytest.fixture
def mirror(chat: connector_module.Matrix) -> Mirror:
    """A store that knows everything that other tests left."""
    return Mirror(chat).pull()


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncs and pages of five events, so that a few messages are a flood."""
    monkeypatch.setitem(FILTER["room"]["timeline"], "limit", 5)  # type: ignore[index]
    monkeypatch.setattr("modconsole.connectors.matrix_pull.PER_PAGE", 5)


def server_time(server: Synapse, message: str) -> datetime:
    """When the server says that an event was sent."""
    return datetime.fromtimestamp(server.look(message)["origin_server_ts"] / 1000, UTC)


# ---------------------------------------------------------------------- discovery


def test_a_message_comes_in_with_who_when_where_and_what_it_answers(matrix: Synapse, mirror: Mirror) -> None:
    """Text, author with name, the server's time, the room, the parent, a link."""
    room = matrix.room("Harbour")
    asked = matrix.say(room, "Is the slipway open?")
    reply = matrix.say(room, "Until dusk.", by=US, to=asked)
    mirror.pull()
    found = mirror.messages[asked]
    assert (found.text, found.format, found.parent, found.state) == ("Is the slipway open?", None, None, None)
    assert (found.author.id, found.author.name, found.conversation) == ("@alice:localhost", "Alice", room)
    assert found.created_at == server_time(matrix, asked)
    assert found.url == f"https://matrix.to/#/{asked}?via=localhost"
    assert mirror.messages[reply].parent == asked
    assert mirror.messages[reply].author.id == "@crew:localhost"
    assert (mirror.conversations[room].title, mirror.conversations[room].kind) == ("Harbour", "group_dm")
    assert room not in mirror.gaps
    assert mirror.poison == []


def test_an_edit_is_the_same_message_with_a_new_text_and_the_time_of_the_edit(matrix: Synapse, mirror: Mirror) -> None:
    """The replacement is no message; the latest counts, also where the message came long before it."""
    room = matrix.room()
    asked = matrix.say(room, "Frist question")
    mirror.pull()
    first = matrix.edit(asked, "First question")
    second = matrix.edit(asked, "First question, and a second")
    mirror.pull()
    found = mirror.messages[asked]
    assert found.text == "First question, and a second"
    assert found.edited_at == server_time(matrix, second)
    assert found.created_at == server_time(matrix, asked)
    assert mirror.texts[asked] == ["Frist question", "First question, and a second"]
    assert not {first, second} & mirror.messages.keys()


def test_somebody_elses_replacement_changes_nothing(matrix: Synapse, mirror: Mirror) -> None:
    """Only the author's own replacements count; others can be sent all the same."""
    room = matrix.room(members=(US, "alice", "bob"))
    asked = matrix.say(room, "What I said")
    matrix.edit(asked, "What bob would have me say", by="bob")
    mirror.pull()
    assert mirror.messages[asked].text == "What I said"
    assert mirror.messages[asked].edited_at is None


def test_an_edit_taken_back_gives_the_former_text(matrix: Synapse, mirror: Mirror) -> None:
    """A redacted replacement says no longer what it replaced; who saw it before remembers."""
    room = matrix.room()
    asked = matrix.say(room, "As it was")
    edit = matrix.edit(asked, "As it should not be")
    mirror.pull()
    assert mirror.messages[asked].text == "As it should not be"
    matrix.redact(edit)
    mirror.pull()
    assert mirror.messages[asked].text == "As it was"
    assert edit not in mirror.messages


def test_taken_back_by_the_author_is_deleted_and_by_a_moderator_removed(matrix: Synapse, mirror: Mirror) -> None:
    """With the time of the redaction, in rooms of both ways to write one down, whether seen live before or not."""
    for version in ("10", "11"):
        room = matrix.room(room_version=version)
        own, bad, never = (matrix.say(room, text) for text in ("Oops", "Buy gold", "Gone at once"))
        matrix.redact(never)
        mirror.pull()
        redactions = [matrix.redact(own), matrix.redact(bad, by="mod", reason="spam")]
        mirror.pull()
        assert [mirror.messages[i].state for i in (own, bad, never)] == ["deleted", "removed", "deleted"]
        for message, redaction in zip((own, bad), redactions, strict=True):
            assert mirror.messages[message].state_at == server_time(matrix, f"{room}/{redaction}")
            assert mirror.messages[message].created_at == server_time(matrix, message)
        assert mirror.texts[bad][0] == "Buy gold"


def test_reactions_come_and_go(matrix: Synapse, mirror: Mirror) -> None:
    """An emoji is a reaction, never a message; taken back it is removed."""
    room = matrix.room()
    asked = matrix.say(room, "Good?")
    reaction = matrix.react(asked, "🎉")
    mirror.pull()
    key = (asked, "@alice:localhost", "🎉")
    assert mirror.reactions[key].removed is None
    matrix.redact(reaction)
    mirror.pull()
    assert mirror.reactions[key].removed is True
    assert reaction not in mirror.messages


def test_html_threads_notices_mentions_and_pictures(matrix: Synapse, mirror: Mirror) -> None:
    """What clients put around a text arrives as what it means."""
    room = matrix.room(members=(US, "alice", "bob"))
    asked = matrix.say(
        room,
        "**Hi** crew",
        format="org.matrix.custom.html",
        formatted_body='<b>Hi</b> <a href="https://matrix.to/#/@crew:localhost">crew</a>',
    )
    event = asked.split("/", 1)[1]
    thread = {"rel_type": "m.thread", "event_id": event, "is_falling_back": True, "m.in_reply_to": {"event_id": event}}
    inside = matrix.say(room, "In the thread", by="bob", more={"m.relates_to": thread})
    fallback = {**thread, "m.in_reply_to": {"event_id": inside.split("/", 1)[1]}}
    later = matrix.say(room, "Later in the thread", by="bob", more={"m.relates_to": fallback})
    chosen = matrix.say(room, "To bob", more={"m.relates_to": {**fallback, "is_falling_back": False}})
    notice = matrix.say(room, "beep", msgtype="m.notice", more={"m.mentions": {"user_ids": ["@crew:localhost"]}})
    picture = matrix.say(room, "boat.jpg", msgtype="m.image", url="mxc://localhost/abc")
    named = matrix.say(room, "CREW: are you there?")
    mirror.pull()
    got = mirror.messages
    assert (got[asked].format, got[asked].text[:9], got[asked].mentions) == ("html", "<b>Hi</b>", ["@crew:localhost"])
    assert [got[i].parent for i in (inside, later, chosen)] == [asked, inside, inside]
    assert (got[notice].automatic, got[notice].mentions) == (True, ["@crew:localhost"])
    (attached,) = got[picture].attachments or []
    assert (attached.kind, attached.url, attached.alt) == ("image", "mxc://localhost/abc", "boat.jpg")
    assert got[named].mentions == ["@crew:localhost"]


def test_in_a_thread_people_talk_to_whoever_spoke_last_and_in_ours_to_us(matrix: Synapse, mirror: Mirror) -> None:
    """Clients name the latest message without being asked to. In a thread that we began everything is for us."""
    room = matrix.room(members=(US, "alice", "bob"))
    root = matrix.say(room, "Tell us what you think", by=US)
    previous, said = root, [root]
    for login in ("alice", "bob", US, "alice"):
        relation = {
            "rel_type": "m.thread",
            "event_id": root.split("/", 1)[1],
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": previous.split("/", 1)[1]},
        }
        previous = matrix.say(room, f"{login} thinks", by=login, more={"m.relates_to": relation})
        said.append(previous)
    mirror.pull()
    alice, bob, us, again = (mirror.messages[i].parent for i in said[1:])
    assert (alice, bob, us, again) == (root, root, said[2], said[3])


def test_the_quotation_in_an_old_clients_answer_is_left_out(matrix: Synapse, mirror: Mirror) -> None:
    """And whom it quotes is not thereby mentioned."""
    room = matrix.room()
    ours = matrix.say(room, "We open at nine.", by=US)
    answer = matrix.say(
        room,
        "> <@crew:localhost> We open at nine.\n\nThanks!",
        to=ours,
        format="org.matrix.custom.html",
        formatted_body="<mx-reply><blockquote>We open at nine.</blockquote></mx-reply>Thanks!",
    )
    mirror.pull()
    assert (mirror.messages[answer].text, mirror.messages[answer].mentions) == ("Thanks!", None)
    assert mirror.messages[answer].parent == ours


# ---------------------------------------------------------------------- gaps and walks


def test_what_a_sync_leaves_out_is_read_back_page_by_page(
    matrix: Synapse, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limited timeline is a gap that is told, closed, and then told to be closed."""
    small(monkeypatch)
    room = matrix.room()
    mirror.pull()
    said = [matrix.say(room, f"Number {n}") for n in range(20)]
    matrix.edit(said[3], "Number three")
    mirror.pull(stop_after=1)
    assert "still being read" in mirror.gaps[room]
    assert said[0] not in mirror.messages
    mirror.pull(stop_after=3)
    assert "still being read" in mirror.gaps[room]
    mirror.pull()
    assert set(said) <= mirror.messages.keys()
    assert mirror.messages[said[3]].text == "Number three"
    assert room not in mirror.gaps
    assert max(len(page.records) for page in mirror.pages) < 20
    assert not any(
        "Number 3" in text for i in said[4:30] for text in mirror.texts[i] if i != said[3] and text == "Number 3"
    )


def test_a_second_gap_before_the_first_is_closed_loses_neither(
    matrix: Synapse, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run is cut off right after its sync; the last one reads all that was left out."""
    small(monkeypatch)
    room = matrix.room()
    mirror.pull()
    said = [matrix.say(room, f"First flood {n}") for n in range(15)]
    mirror.pull(stop_after=1)
    said += [matrix.say(room, f"Second flood {n}") for n in range(15)]
    mirror.pull(stop_after=2)
    said += [matrix.say(room, "And a last one")]
    mirror.pull()
    assert set(said) <= mirror.messages.keys()
    assert room not in mirror.gaps


def test_the_history_of_a_room_is_read_when_we_join(
    matrix: Synapse, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said before counts as well, back to the beginning."""
    small(monkeypatch)
    room = matrix.room(members=("alice",))
    before = [matrix.say(room, f"Before you came {n}") for n in range(12)]
    mirror.pull()
    assert room not in mirror.conversations
    matrix.join(room, US)
    mirror.pull()
    assert set(before) <= mirror.messages.keys()
    assert room not in mirror.gaps


def test_history_that_is_hidden_from_us_is_a_gap(
    matrix: Synapse, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a room that shows newcomers nothing of what was said before, nobody can say that nobody waits from then."""
    hides = {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}}
    room = matrix.room(members=("alice",), initial_state=[hides])
    hidden = matrix.say(room, "You were not here")
    monkeypatch.setattr("modconsole.connectors.matrix_read.MAKING", 0)  # nobody waits five seconds here
    matrix.join(room, US)
    seen = matrix.say(room, "Now you are")
    mirror.pull()
    assert seen in mirror.messages
    assert hidden not in mirror.messages
    assert "hidden" in mirror.gaps[room]
    mirror.pull(full=True)
    assert "hidden" in mirror.gaps[room]
    ours = matrix.room(by=US, members=("alice",), initial_state=[hides])
    mirror.pull()
    assert ours in mirror.conversations
    assert ours not in mirror.gaps


def test_found_late_what_no_sync_ever_told_of(matrix: Synapse, mirror: Mirror) -> None:
    """An event that the homeserver fetched later is found when the conversation is read again, with its own time."""
    room = matrix.room()
    asked = matrix.say(room, "Announced")
    mirror.pull()
    lost = matrix.say(room, "Never announced")
    matrix.unannounce(lost)
    when = server_time(matrix, lost)
    matrix.say(room, "Announced too")
    mirror.pull()
    assert lost not in mirror.messages
    mirror.pull(waiting=(asked,), conversations=(room,))
    assert mirror.lanes() == ["discovery", "threads", "coverage"]
    assert mirror.messages[lost].created_at == when


def test_a_full_walk_finds_everything_and_goes_on_where_it_was_cut_off(
    matrix: Synapse, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room after room, back to each beginning; a walk of several runs reads no room twice."""
    small(monkeypatch)
    room = matrix.room()
    said = [matrix.say(room, f"Old {n}") for n in range(12)]
    lost = matrix.say(room, "Never announced")
    mirror.pull()
    del mirror.messages[said[0]]
    mirror.pull(full=True, stop_after=3)
    resumed = list(mirror.position["walk"])
    assert resumed
    mirror.pull(full=True)
    assert {*said, lost} <= mirror.messages.keys()
    assert "walk" not in mirror.position
    assert [page.complete for page in mirror.pages if page.lane == "full"][-1]


def test_a_message_that_cannot_be_found_is_gone_only_where_nothing_is_hidden(matrix: Synapse, mirror: Mirror) -> None:
    """Absence is not deletion: the server answers the same for what does not exist and for what we may not see."""
    room = matrix.room()
    hides = {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}}
    hiding = matrix.room(initial_state=[hides])
    asked, other = matrix.say(room, "Here"), matrix.say(hiding, "There")
    mirror.pull()
    ghosts = [f"{place}/$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" for place in (room, hiding)]
    for ghost, like in zip(ghosts, (asked, other), strict=True):
        mirror.messages[ghost] = msgspec.structs.replace(mirror.messages[like], id=ghost)
    mirror.pull(waiting=tuple(ghosts), conversations=(room, hiding))
    assert [mirror.messages[ghost].state for ghost in ghosts] == ["deleted", None]


def test_the_position_is_kept_and_an_empty_run_is_cheap(matrix: Synapse, mirror: Mirror) -> None:
    """Nothing new: one page of discovery without records, and the coverage."""
    matrix.say(matrix.room(), "Something")
    mirror.pull()
    mirror.pull()
    assert [(page.lane, len(page.records)) for page in mirror.pages] == [("discovery", 0), ("coverage", 1)]


def test_coverage_vouches_up_to_the_servers_clock_less_the_settling_time(matrix: Synapse, mirror: Mirror) -> None:
    """Not up to ours, which may be anything."""
    message = matrix.say(matrix.room(), "Now")
    mirror.pull()
    assert mirror.coverage is not None
    assert mirror.coverage.complete_through is not None
    behind = (server_time(matrix, message) - mirror.coverage.complete_through).total_seconds()
    assert 25 < behind < 40
    assert mirror.coverage.checked_at == to_datetime(mirror.now)


def test_a_sync_token_that_the_server_no_longer_takes_starts_over(matrix: Synapse, mirror: Mirror) -> None:
    """A homeserver that was set up anew: everything is read again, nothing is skipped."""
    room = matrix.room()
    first = matrix.say(room, "Before")
    mirror.pull()
    mirror.position["since"] = "nonsense"
    mirror.messages.clear()
    second = matrix.say(room, "After")
    mirror.pull()
    assert {first, second} <= mirror.messages.keys()


# ---------------------------------------------------------------------- direct conversations


def test_a_direct_message_is_a_conversation_of_two(matrix: Synapse, mirror: Mirror) -> None:
    """Marked as direct by the invitation, with the other's name as its title."""
    room = matrix.direct("bob")
    said = matrix.say(room, "Psst", by="bob")
    ours = matrix.say(room, "Yes?", by=US)
    mirror.pull()
    assert (mirror.conversations[room].kind, mirror.conversations[room].title) == ("dm", "Bob")
    assert mirror.said(room) == ["Psst", "Yes?"]
    assert {said, ours} <= mirror.messages.keys()


def test_a_room_of_two_is_direct_only_where_somebody_says_so(matrix: Synapse, mirror: Mirror) -> None:
    """Two people in a room are no direct conversation; our account data makes them one; a third ends it."""
    room = matrix.room("", by="bob", members=(US,))
    mirror.pull()
    assert mirror.conversations[room].kind == "group_dm"
    path = "/v3/user/@crew:localhost/account_data/m.direct"
    matrix.api("PUT", path, {"@bob:localhost": [room]}, by=US)
    mirror.pull()
    assert mirror.conversations[room].kind == "dm"
    matrix.join(room, "carol")
    mirror.pull()
    assert mirror.conversations[room].kind == "group_dm"
    matrix.api("PUT", path, {}, by=US)


def test_an_invitation_waits_until_it_is_answered_or_withdrawn(matrix: Synapse, mirror: Mirror) -> None:
    """Somebody wants to talk: a message to us, a gap, a direct conversation; never silence."""
    who = matrix.new_person()
    rooms = [matrix.direct(who.login, joined=False, preset="private_chat") for _ in range(3)]
    mirror.pull()
    for room in rooms:
        asked = mirror.messages[f"{room}/invite"]
        assert (asked.author.id, asked.state, asked.mentions) == (who.id, None, ["@crew:localhost"])
        assert "Invitation" in asked.text
        assert "invited" in mirror.gaps[room]
        assert mirror.conversations[room].kind == "dm"
    created = mirror.messages[f"{rooms[0]}/invite"].created_at
    assert created.microsecond % 1000 == 0
    accepted, declined, withdrawn = rooms
    matrix.join(accepted, US)
    matrix.membership(declined, "leave", US)
    matrix.membership(withdrawn, "kick", US, by=who.login)
    said = matrix.say(accepted, "Hello at last", by=who.login)
    mirror.pull()
    states = [mirror.messages[f"{room}/invite"].state for room in rooms]
    assert states == ["removed", "removed", "deleted"]
    assert said in mirror.messages
    assert accepted not in mirror.gaps
    assert mirror.conversations[accepted].kind == "dm"
    assert mirror.messages[f"{accepted}/invite"].created_at == created


# ---------------------------------------------------------------------- what cannot be seen


def test_an_encrypted_room_is_a_gap_and_its_messages_are_there_unreadable(matrix: Synapse, mirror: Mirror) -> None:
    """Who wrote and when is known, and what was answered; what was said is not, and nobody takes it for silence."""
    room = matrix.direct("bob", initial_state=[{"type": "m.room.encryption", "state_key": "", "content": ENCRYPTION}])
    cipher = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": "AwgA",
        "session_id": "s",
        "device_id": "D",
        "sender_key": "k",
    }
    said = matrix.event(room, "m.room.encrypted", cipher, by="bob")
    relation = {"m.relates_to": {"m.in_reply_to": {"event_id": said.split("/", 1)[1]}}}
    reply = matrix.event(room, "m.room.encrypted", {**cipher, **relation}, by=US)
    mirror.pull()
    assert [mirror.messages[i].text for i in (said, reply)] == [UNREADABLE, UNREADABLE]
    assert mirror.messages[said].extra == {"unreadable": "end-to-end encrypted"}
    assert mirror.messages[reply].parent == said
    assert "encrypted end to end" in mirror.gaps[room]
    assert "encrypted end to end" in mirror.gaps[""]
    mirror.pull(full=True)
    assert "encrypted end to end" in mirror.gaps[room]


def test_a_room_that_becomes_encrypted_is_one_from_then_on(matrix: Synapse, mirror: Mirror) -> None:
    """What was said before stays readable."""
    room = matrix.room()
    asked = matrix.say(room, "In the clear")
    mirror.pull()
    assert room not in mirror.gaps
    matrix.state(room, "m.room.encryption", ENCRYPTION)
    mirror.pull()
    assert "encrypted" in mirror.gaps[room]
    assert mirror.messages[asked].text == "In the clear"


@pytest.mark.parametrize(
    ("what", "by", "said"),
    [("leave", "", "has left"), ("kick", "mod", "was removed"), ("ban", "mod", "was banned")],
)
def test_a_room_that_we_are_no_longer_in_is_a_gap(
    matrix: Synapse, mirror: Mirror, what: str, by: str, said: str
) -> None:
    """With how it ended; what was said until then is there; coming back heals it."""
    room = matrix.room()
    mirror.pull()
    last = matrix.say(room, "The last that we heard")
    matrix.membership(room, what, US, by=by)
    mirror.pull()
    assert said in mirror.gaps[room]
    assert last in mirror.messages
    if what == "ban":
        matrix.membership(room, "unban", US)
    missed = matrix.say(room, "While you were away")
    mirror.pull()
    matrix.join(room, US)
    mirror.pull()
    assert room not in mirror.gaps
    assert missed in mirror.messages


def test_a_room_that_was_replaced_leads_to_the_new_one(matrix: Synapse, mirror: Mirror) -> None:
    """The old conversation links to the new; as long as we are not in the new one, that is a gap."""
    room = matrix.room()
    mirror.pull()
    new = matrix.api("POST", f"/v3/rooms/{room}/upgrade", {"new_version": "12"}, by="mod")["replacement_room"]
    mirror.pull()
    assert "moved" in mirror.gaps[room]
    assert str(mirror.conversations[room].url).startswith(f"https://matrix.to/#/{new}")
    matrix.join(new, US)
    mirror.pull()
    assert room not in mirror.gaps
    assert new in mirror.conversations


def test_a_space_is_no_conversation(matrix: Synapse, mirror: Mirror) -> None:
    """Spaces hold rooms, not messages."""
    space = matrix.room("Space", creation_content={"type": "m.space"})
    mirror.pull()
    assert space not in mirror.conversations


def test_malformed_events_are_set_aside_and_the_others_kept(matrix: Synapse, mirror: Mirror) -> None:
    """Few servers check what is in an event: a number for a text, a relation to nothing, a format that is none."""
    room = matrix.room()
    good = matrix.say(room, "Good", more={"m.relates_to": {"m.in_reply_to": {"event_id": 5}}, "format": 7})
    bad = matrix.event(room, "m.sticker", {"body": 5})
    odd = matrix.event(room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": 3, "key": {}}})
    also = matrix.say(room, "Also good")
    mirror.pull()
    assert {good, also} <= mirror.messages.keys()
    assert not {bad, odd} & mirror.messages.keys()
    ((why, raw),) = [(why, raw) for why, raw in mirror.poison if bad.split("/", 1)[1].encode() in raw]
    assert why == "a message without a text"
    assert msgspec.json.decode(raw)["content"]["body"] == 5


def test_pages_hold_plain_positions_and_what_was_seen_when(matrix: Synapse, chat: connector_module.Matrix) -> None:
    """The position after a page survives JSON; every record carries the instant that the pull was given."""
    matrix.say(matrix.room(), "For the pages")
    now = 1_900_000_000 * SECOND
    pages: list[Page] = list(chat.pull(Known(), now))
    for page in pages:
        assert msgspec.json.decode(msgspec.json.encode(page.position)) == page.position
        for record in page.records:
            observed = getattr(record, "observed_at", to_datetime(now))
            assert observed == to_datetime(now)
