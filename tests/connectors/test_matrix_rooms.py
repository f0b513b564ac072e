"""What is known of rooms: names, kinds, gaps, and who may do what."""

from __future__ import annotations

from typing import Any

import pytest

from modconsole.connectors.matrix_map import Event
from modconsole.connectors.matrix_power import CREATOR, Power, power, privileged
from modconsole.connectors.matrix_read import MAKING, Past
from modconsole.connectors.matrix_rooms import (
    Invite,
    Position,
    Room,
    conversation,
    coverage,
    kind,
    learn,
    summarise,
    title,
    whole,
    why,
)

US = "@crew:x"
NOW = 1_900_000_000_000_000


def state(what: str, content: dict[str, Any], key: str = "", **more: Any) -> Event:
    """A state event."""
    return Event(what, sender=more.pop("sender", "@ann:x"), state_key=key, content=content, **more)


def test_a_room_is_called_by_its_name_then_its_alias_then_its_people() -> None:
    """As clients call it; a bridge's bot gives no name."""
    room = Room()
    summarise(room, ["@ann:x", "@bot:x"], 3, 0)
    learn(room, state("m.room.member", {"displayname": "Ann", "membership": "join"}, "@ann:x"), US)
    assert title(room) == "Ann, @bot:x"
    learn(room, state("io.element.functional_members", {"service_members": ["@bot:x", 5]}), US)
    assert title(room) == "Ann"
    learn(room, state("m.room.canonical_alias", {"alias": "#harbour:x"}), US)
    assert title(room) == "#harbour:x"
    learn(room, state("m.room.name", {"name": "Harbour"}), US)
    assert title(room) == "Harbour"
    learn(room, state("m.room.name", {"name": 7}), US)
    assert title(room) == "#harbour:x"


@pytest.mark.parametrize(
    ("private", "listed", "joined", "service", "expected"),
    [
        (True, False, 2, 0, "dm"),
        (False, True, 2, 0, "dm"),
        (False, True, 1, 0, "dm"),
        (False, False, 2, 0, "group_dm"),
        (True, True, 3, 0, "group_dm"),
        (True, True, 3, 1, "dm"),
    ],
)
def test_a_conversation_of_two_is_one_that_is_marked_as_direct(
    private: bool, listed: bool, joined: int, service: int, expected: str
) -> None:
    """By an invitation or by our account data; bots of a bridge do not count; the other may have left."""
    room = Room(private=private, joined=joined, invited=0, service=["@bot:x"] * service)
    assert kind(room, direct=listed) == expected


def test_malformed_state_changes_nothing_that_matters() -> None:
    """State is anybody's who may set it."""
    room = Room(name="Harbour")
    for event in (
        state("m.room.tombstone", {"replacement_room": {}}),
        state("m.room.history_visibility", {"history_visibility": ["joined"]}),
        state("m.room.member", {"membership": 7}, "@ann:x", unsigned={"prev_content": []}),
        state("io.element.functional_members", {"service_members": "all"}),
        state("m.room.name", {"name": "Elsewhere"}, "not the empty key"),
        Event("m.room.name", content={"name": "No state event"}),
    ):
        learn(room, event, US)
    assert (room.name, room.moved, room.hides, room.private, room.service) == ("Harbour", "", "", False, [])


def test_encryption_cannot_be_switched_off() -> None:
    """Whatever a later event says."""
    room = Room()
    learn(room, state("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}), US)
    learn(room, state("m.room.encryption", {}), US)
    assert room.encrypted


def test_a_conversation_is_told_once_and_again_when_it_changes() -> None:
    """A name, a kind, a place that it moved to."""
    room = Room(name="Harbour", membership="join")
    first = conversation("!a:x", room, "chat", NOW, direct=False)
    assert first is not None
    assert conversation("!a:x", room, "chat", NOW, direct=False) is None
    room.moved = "!b:y"
    moved = conversation("!a:x", room, "chat", NOW, direct=False)
    assert moved is not None
    assert (moved.title, moved.url) == ("Harbour", "https://matrix.to/#/!b:y?via=y")


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (Room(membership="join"), ""),
        (Room(membership="invite"), "invited, not joined"),
        (Room(membership="leave"), "has left"),
        (Room(membership="leave", by="@mod:x"), "was removed"),
        (Room(membership="ban", by="@mod:x"), "was banned"),
        (Room(membership="join", encrypted=True), "encrypted end to end"),
        (Room(membership="join", moved="!b:x"), "has moved"),
        (Room(membership="join", gaps=[["t1", ""]]), "still being read"),
        (Room(membership="join", cut=True), "hidden"),
        (Room(membership="join", closed=True), "does not give"),
    ],
)
def test_each_thing_that_cannot_be_seen_is_a_gap_with_its_reason(room: Room, words: str) -> None:
    """Told once, and again as healed when it is over."""
    assert words in why(room, followed=False)
    told = coverage("!a:x", room, "chat", NOW, turn=1, followed=False)
    if not words:
        assert told is None
        return
    assert told is not None
    assert told.gap is not None
    assert words in (told.gap.why or "")
    assert coverage("!a:x", room, "chat", NOW, turn=2, followed=False) is None
    healed = coverage(
        "!a:x", Room(membership="join", told=room.told, moved=room.moved), "chat", NOW, turn=2, followed=True
    )
    assert healed is not None
    assert healed.gap is None
    assert healed.checked_at > told.checked_at


def test_the_whole_source_says_how_many_rooms_hide_what() -> None:
    """Rooms that we have left are no longer ours to vouch for."""
    rooms = {
        "!a": Room(membership="join", encrypted=True),
        "!b": Room(membership="join", encrypted=True),
        "!c": Room(membership="invite"),
        "!d": Room(membership="join", moved="!e"),
        "!f": Room(membership="join", moved="!a"),
        "!g": Room(membership="leave", encrypted=True),
    }
    assert whole(rooms) == (
        "2 rooms encrypted end to end: texts there cannot be read; 1 room not joined yet: an invitation waits;"
        " 1 room moved to where this account is not"
    )
    assert whole({"!a": Room(membership="join")}) == ""


def test_a_position_survives_and_nonsense_is_none() -> None:
    """What makes no sense is read again."""
    at = Position(
        since="s1",
        rooms={
            "!a:x": Room(membership="invite", invite=Invite("@ann:x", 5, True), gaps=[["t", ""]], heroes={"@b:x": ""})
        },
        names=["Crew"],
        walk=["!a:x", "t9"],
    )
    assert Position.from_json(at.to_json()) == at
    other: tuple[dict[str, Any], ...] = ({"since": 5}, {"rooms": []}, {"rooms": {"!a": {"gaps": [[1]]}}})
    for broken in other:
        assert Position.from_json(broken) == Position()


# ---------------------------------------------------------------------- beginnings


def made(at: int, by: str = "@ann:x") -> Event:
    """The event that makes a room."""
    return state("m.room.create", {}, sender=by, origin_server_ts=at)


def came(at: int, what: str = "join") -> Event:
    """An event of ours about a room."""
    return state("m.room.member", {"membership": what}, US, origin_server_ts=at)


@pytest.mark.parametrize(
    ("hides", "events", "cut"),
    [
        ("", [], True),
        ("", [made(0)], False),
        ("joined", [made(0), came(MAKING)], False),
        ("joined", [made(0), came(MAKING + 1)], True),
        ("joined", [made(0), came(1, "invite"), came(MAKING + 1)], True),
        ("invited", [made(0), came(1, "invite"), came(MAKING + 1)], False),
        ("joined", [made(0, US), came(MAKING + 1)], False),
        ("joined", [made(0)], True),
        ("", [made(0), state("m.room.history_visibility", {"history_visibility": "joined"})], True),
        ("", [made(0), state("m.room.history_visibility", {"history_visibility": "shared"})], False),
    ],
)
def test_whether_a_history_is_whole(hides: str, events: list[Event], cut: bool) -> None:
    """Its beginning was seen, and nothing was hidden from us before we came."""
    past = Past()
    for event in events:
        past.see(event, US)
    assert past.cut(hides, US) is cut


# ---------------------------------------------------------------------- power


def test_levels_are_those_written_and_else_the_defaults() -> None:
    """As the specification has them; texts that are numbers count in old rooms."""
    levels = Power(
        {
            "users": {"@mod:x": "50", "@odd:x": [], "@yes:x": True},
            "users_default": 5,
            "events": {"m.sticker": 10},
            "ban": 60,
        }
    )
    assert [levels.of(user) for user in ("@mod:x", "@odd:x", "@yes:x", "@ann:x")] == [50, 5, 5, 5]
    assert [levels.needed(what) for what in ("ban", "kick", "redact", "invite")] == [60, 50, 50, 0]
    assert [levels.to_send(what) for what in ("m.sticker", "m.room.message")] == [10, 0]
    assert levels.to_set("m.room.name") == 50


def test_without_levels_the_creator_alone_has_them() -> None:
    """And in rooms of version 12 and later creators always stand above all."""
    plain = power(None, {"room_version": "10"}, "@ann:x")
    assert (plain.of("@ann:x") > 100, plain.of("@bob:x")) == (True, 0)
    assert power({"users": {}}, {"room_version": "11"}, "@ann:x").of("@ann:x") == 0
    new = power({"users": {}}, {"room_version": "12", "additional_creators": ["@bob:x", 5]}, "@ann:x")
    assert (new.of("@ann:x"), new.of("@bob:x"), new.of("@eve:x")) == (CREATOR, CREATOR, 0)
    assert [privileged(v) for v in ("11", "12", "13", "org.example.12", "")] == [False, True, True, False, False]
