"""Matrix events as records, shape by shape: what is in an event's content is anybody's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modconsole.connectors.matrix_map import (
    MAX_BYTES,
    RESERVED,
    UNREADABLE,
    Event,
    Us,
    answers,
    bundled_edit,
    counted,
    decoded,
    latest_edit,
    mentions,
    message,
    outgoing,
    parts,
    permalink,
    reaction,
    redaction_of,
    same_text,
)
from modconsole.domain.records import Attachment, Message

ROOM = "!harbour:example.org"
US = Us("@crew:example.org", ("Crew", "crew"))
NOW = 1_900_000_000_000_000
AT = 1_700_000_000_123


def event(content: dict[str, Any] | None = None, **more: Any) -> Event:
    """A message as a homeserver gives it."""
    raw = {
        "type": "m.room.message",
        "sender": "@ann:example.org",
        "event_id": "$one",
        "origin_server_ts": AT,
        "content": {"msgtype": "m.text", "body": "Hello"} if content is None else content,
        **more,
    }
    return decoded(msgspec.json.encode(raw))


def record(content: dict[str, Any] | None = None, **more: Any) -> Message:
    """The record of it."""
    return message(event(content, **more), ROOM, US, "chat", NOW)


def edit(body: str, at: int, ident: str, **more: Any) -> Event:
    """A replacement of `$one`."""
    content = {
        "msgtype": "m.text",
        "body": f"* {body}",
        "m.new_content": {"msgtype": "m.text", "body": body},
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$one"},
    }
    return event(content, origin_server_ts=at, event_id=ident, **more)


# ---------------------------------------------------------------------- texts


def test_a_plain_message_is_its_body_with_the_servers_milliseconds() -> None:
    """Nothing is set that the event does not say."""
    found = record()
    assert (found.id, found.conversation, found.text) == (f"{ROOM}/$one", ROOM, "Hello")
    assert found.created_at == datetime(2023, 11, 14, 22, 13, 20, 123000, UTC)
    assert (found.format, found.parent, found.mentions, found.state, found.edited_at) == (None,) * 5


def test_html_counts_only_in_the_format_that_matrix_has() -> None:
    """Anything else is plain text."""
    body = {"msgtype": "m.text", "body": "*Hi*", "formatted_body": "<i>Hi</i>"}
    assert (record({**body, "format": "org.matrix.custom.html"}).text, record(body).text) == ("<i>Hi</i>", "*Hi*")
    assert record({**body, "format": "org.example.latex"}).format is None


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        ("> <@ann:x> Hello\n> there\n\nYes", "Yes"),
        ("> * <@ann:x> waves\n\nYes", "Yes"),
        ("> <@ann:x> Hello\nYes", "Yes"),
        ("> a quotation of mine\n\nYes", "> a quotation of mine\n\nYes"),
        ("Yes\n> <@ann:x> no", "Yes\n> <@ann:x> no"),
    ],
)
def test_only_the_fallback_of_an_answer_is_left_out(body: str, rest: str) -> None:
    """A quotation that somebody typed stays, and so does everything in a message that answers nothing."""
    found = message(event({"msgtype": "m.text", "body": body}), ROOM, US, "chat", NOW, parent="$zero")
    assert found.text == rest
    assert record({"msgtype": "m.text", "body": body}).text == body


def test_an_unclosed_fallback_in_html_hides_nothing() -> None:
    """Somebody may write half of one."""
    content = {"msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html"}
    half = {**content, "formatted_body": "<mx-reply>and now my words"}
    inside = {**content, "formatted_body": "First <mx-reply>q</mx-reply>"}
    for one in (half, inside):
        assert message(event(one), ROOM, US, "chat", NOW, parent="$zero").text == one["formatted_body"]


@pytest.mark.parametrize(
    ("msgtype", "automatic", "text"),
    [
        ("m.notice", True, "Hi"),
        ("m.server_notice", True, "Hi"),
        ("m.key.verification.request", True, "Hi"),
        ("m.emote", None, "* Hi"),
        ("org.example.new", None, "Hi"),
        (None, None, "Hi"),
    ],
)
def test_what_programs_write_is_automatic(msgtype: str | None, automatic: bool | None, text: str) -> None:
    """An unknown kind of message is a person's."""
    found = record({"msgtype": msgtype, "body": "Hi"})
    assert (found.automatic, found.text) == (automatic, text)


@pytest.mark.parametrize(
    ("content", "attached"),
    [
        (
            {"msgtype": "m.image", "body": "a.png", "url": "mxc://x/1"},
            Attachment(kind="image", url="mxc://x/1", alt="a.png"),
        ),
        (
            {"msgtype": "m.file", "body": "Look!", "filename": "a.pdf", "file": {"url": "mxc://x/2", "key": {}}},
            Attachment(kind="file", url="mxc://x/2", alt="a.pdf"),
        ),
        (
            {"msgtype": "m.location", "body": "Here", "geo_uri": "geo:1,2"},
            Attachment(kind="location", url="geo:1,2", alt="Here"),
        ),
        ({"msgtype": "m.video", "body": "v", "url": {"not": "a text"}}, Attachment(kind="video", alt="v")),
    ],
)
def test_media_are_attachments_and_their_body_is_the_text(content: dict[str, Any], attached: Attachment) -> None:
    """Never fetched; also where they are encrypted in a room that is not."""
    found = record(content)
    assert (found.attachments, found.text) == ([attached], content["body"])
    sticker = record({"body": "wave", "url": "mxc://x/3"}, type="m.sticker")
    assert (sticker.attachments, sticker.text) == ([Attachment(kind="image", url="mxc://x/3", alt="wave")], "wave")


def test_an_encrypted_message_is_there_and_says_that_it_cannot_be_read() -> None:
    """With what is in the clear: who, when, what it answers."""
    found = record({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"}, type="m.room.encrypted")
    assert (found.text, found.extra, found.author.id) == (
        UNREADABLE,
        {"unreadable": "end-to-end encrypted"},
        "@ann:example.org",
    )


@pytest.mark.parametrize(
    "content", [{}, {"msgtype": "m.text"}, {"body": None}, {"body": ["Hello"]}, {"body": {"m.text": "Hello"}}]
)
def test_a_message_without_a_text_cannot_be_understood(content: dict[str, Any]) -> None:
    """Whoever asked for it sets it aside."""
    with pytest.raises(ValueError, match="without a text"):
        record(content)


@pytest.mark.parametrize("at", [-(10**17), 10**17, 10**18])
def test_a_time_that_no_calendar_has_cannot_be_understood(at: int) -> None:
    """Times are claims of other servers."""
    with pytest.raises(ValueError, match="no calendar"):
        record(origin_server_ts=at)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "msgtype",
        "body",
        "format",
        "formatted_body",
        "m.relates_to",
        "m.mentions",
        "m.new_content",
        "filename",
        "file",
        "url",
        "redacts",
        "geo_uri",
    ]
)
RELATION = st.dictionaries(
    st.sampled_from(["rel_type", "event_id", "m.in_reply_to", "is_falling_back", "key"]), JSON, max_size=5
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(KEYS, JSON | RELATION, max_size=8),
    st.sampled_from(["m.room.message", "m.sticker", "m.room.encrypted"]),
)
def test_no_content_breaks_anything_but_its_own_message(content: dict[str, Any], kind: str) -> None:
    """Every shape is a record or a `ValueError`."""
    one = event(content, type=kind)
    edits = [e for e in (bundled_edit(one), one) if e is not None]
    try:
        found = message(one, ROOM, US, "chat", NOW, parent=answers(one).message, edit=latest_edit(one, edits))
    except ValueError:
        return
    msgspec.json.encode(found)
    reaction(one, ROOM, "chat")


def test_what_is_nested_beyond_reason_is_no_event() -> None:
    """It must not take the program down."""
    with pytest.raises(ValueError, match="nested"):
        decoded(b'{"type": "m.room.message", "content": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}")


# ---------------------------------------------------------------------- changes


def test_the_latest_valid_edit_counts() -> None:
    """By the servers' times, ties by id; not somebody else's, not one taken back, not one of another kind."""
    one = event()
    valid = [edit("early", AT + 1, "$b"), edit("late", AT + 9, "$a"), edit("tie", AT + 9, "$c")]
    wrong = [
        edit("forged", AT + 99, "$d", sender="@mallory:example.org"),
        edit("taken back", AT + 99, "$e", unsigned={"redacted_because": {"type": "m.room.redaction"}}),
        edit("another kind", AT + 99, "$f", type="m.sticker"),
        edit("a state event", AT + 99, "$g", state_key=""),
        event(
            {"msgtype": "m.text", "body": "no new text", "m.relates_to": {"rel_type": "m.replace", "event_id": "$one"}}
        ),
    ]
    found = latest_edit(one, [*valid, *wrong])
    assert found is valid[2]
    changed = message(one, ROOM, US, "chat", NOW, edit=found)
    assert (changed.text, changed.edited_at) == ("tie", datetime(2023, 11, 14, 22, 13, 20, 132000, UTC))
    assert latest_edit(one, wrong) is None
    assert latest_edit(valid[0], [edit("edit of an edit", AT + 99, "$h")]) is None


def test_a_homeserver_hands_the_latest_edit_along() -> None:
    """In the bundle of relations; anything else there is none."""
    bundle = {"m.relations": {"m.replace": msgspec.to_builtins(edit("new", AT + 1, "$b"))}}
    one = event(unsigned=bundle)
    found = bundled_edit(one)
    assert found is not None
    assert latest_edit(one, [found]) is found
    bundles: tuple[Any, ...] = (
        {"m.relations": []},
        {"m.relations": {"m.replace": 7}},
        {"m.relations": {"m.replace": {"type": 7}}},
        None,
    )
    for broken in bundles:
        assert bundled_edit(event(unsigned=broken)) is None


@pytest.mark.parametrize(
    ("by", "state"), [("@ann:example.org", "deleted"), ("@mod:example.org", "removed"), ("", "deleted")]
)
def test_who_took_it_away_decides_what_it_is(by: str, state: str) -> None:
    """Its author, or somebody else; where nobody says, the author."""
    because = {"type": "m.room.redaction", "sender": by, "origin_server_ts": AT + 5}
    one = event({}, unsigned={"redacted_because": because})
    found = message(one, ROOM, US, "chat", NOW, redaction=redaction_of(one))
    assert (found.state, found.text) == (state, "")
    assert found.state_at == datetime(2023, 11, 14, 22, 13, 20, 128000, UTC)
    assert redaction_of(event()) is None
    odd = redaction_of(event({}, unsigned={"redacted_because": {"type": 5}}))
    assert odd is not None
    assert message(one, ROOM, US, "chat", NOW, redaction=odd).state_at is None


def test_a_redaction_names_its_event_in_one_of_two_places() -> None:
    """In the event until room version 10, in its content from 11 on."""
    for redaction in (
        event({}, type="m.room.redaction", redacts="$x"),
        event({"redacts": "$x"}, type="m.room.redaction"),
        event({"redacts": 5}, type="m.room.redaction", redacts="$x"),
    ):
        assert redaction.unmakes == "$x"
    assert event({}, type="m.room.redaction").unmakes == ""


# ---------------------------------------------------------------------- whom it is for


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"m.mentions": {"user_ids": ["@a:x", "@b:x", "@a:x", 5]}}, ["@a:x", "@b:x"]),
        ({"m.mentions": {}, "body": "crew @c:x"}, []),
        ({"m.mentions": {"room": True}}, []),
        ({"m.mentions": {"user_ids": "@a:x"}}, []),
        ({"body": "ask @c:example.org, or @d:[::1]:8448."}, ["@c:example.org", "@d:[::1]:8448"]),
        ({"body": "hey crew!"}, ["@crew:example.org"]),
        ({"body": "Crew: hey"}, ["@crew:example.org"]),
        ({"body": "the screwdriver, crewed"}, []),
        ({"html": '<a href="https://matrix.to/#/@a:x?via=x">a</a>'}, ["@a:x"]),
        ({"html": "<a href='https://matrix.to/#/%40a%3Ax'>a</a>"}, ["@a:x"]),
        ({"html": '<a href="matrix:u/a:x">a</a>'}, ["@a:x"]),
        ({"html": '<a href="https://matrix.to/#/!room:x">room</a> <a href="https://matrix.to/#/%23room:x">r</a>'}, []),
    ],
)
def test_mentions_are_those_stated_and_where_none_are_stated_those_written(
    content: dict[str, Any], expected: list[str]
) -> None:
    """Clients of today state them; old ones and bridges write a name."""
    assert mentions(content, content.get("body", ""), content.get("html", ""), US) == expected


def test_nobody_mentions_themself() -> None:
    """Neither by stating nor by writing it."""
    assert record({"body": "I am @ann:example.org"}).mentions is None
    assert record({"body": "x", "m.mentions": {"user_ids": ["@ann:example.org", "@b:x"]}}).mentions == ["@b:x"]


def test_a_reaction_needs_a_message_and_a_key() -> None:
    """Anything else is none."""
    relation = {"rel_type": "m.annotation", "event_id": "$one", "key": "👍"}
    found = reaction(event({"m.relates_to": relation}, type="m.reaction"), ROOM, "chat")
    assert found is not None
    assert (found.message, found.name, found.author.id) == (f"{ROOM}/$one", "👍", "@ann:example.org")
    other: tuple[Any, ...] = (
        {**relation, "key": ""},
        {**relation, "key": 3},
        {**relation, "rel_type": "m.reference"},
        [],
    )
    for broken in other:
        assert reaction(event({"m.relates_to": broken}, type="m.reaction"), ROOM, "chat") is None


# ---------------------------------------------------------------------- ids


def test_ids_come_apart_again_whatever_is_in_them() -> None:
    """Event ids of room version 3 may hold a slash; an invitation is no event."""
    assert parts("!a:x/$b/c") == ("!a:x", "$b/c")
    assert parts("!Abc_-9/$d") == ("!Abc_-9", "$d")
    assert parts("!a:x/invite") == ("!a:x/invite", "")
    assert parts("nonsense") == ("nonsense", "")


def test_permalinks_are_escaped() -> None:
    """A room's id comes from its server: it cannot lead the link elsewhere."""
    assert permalink("!a:example.org", "$b") == "https://matrix.to/#/!a:example.org/$b?via=example.org"
    assert permalink("!noserver", "$b") == "https://matrix.to/#/!noserver/$b"
    assert permalink('!"> <x/?#:e', "$b") == "https://matrix.to/#/!%22%3E%20%3Cx%2F%3F%23:e/$b?via=e"


# ---------------------------------------------------------------------- sending


@pytest.mark.parametrize(
    ("text", "size"),
    [("abc", 3), ("é", 2), ("🙂", 4), ('"', 2), ("\\", 2), ("\n", 2), ("\x01", 6), ("a/b", 3), ("\ud800", 1)],
)
def test_length_is_that_of_canonical_json(text: str, size: int) -> None:
    """Quotation marks, backslashes and controls are escaped, everything else is UTF-8."""
    assert len(counted(text).encode()) == size


def test_the_longest_text_leaves_room_for_the_event() -> None:
    """65,536 bytes in all."""
    assert MAX_BYTES + RESERVED == 65_536


def test_a_reply_to_nothing_and_by_us_to_ourselves() -> None:
    """No relation without a message; nobody is mentioned who is us."""
    assert outgoing("Hi", None, US.id) == {"msgtype": "m.text", "body": "Hi", "m.mentions": {}}
    own = outgoing("Hi", event(sender=US.id), US.id)
    assert own["m.mentions"] == {"user_ids": []}
    assert own["m.relates_to"] == {"m.in_reply_to": {"event_id": "$one"}}


def test_the_same_text_is_known_again() -> None:
    """Whatever became of white space and quotation, before an edit and after it."""
    assert same_text(event(), None, " Hello ")
    assert same_text(event({"body": "> <@a:x> q\n\nHello\nthere"}), None, "Hello there")
    assert same_text(event(), edit("Hello there", AT, "$b"), "Hello there")
    assert not same_text(event(), None, "Hello there")
    assert not same_text(event({}), None, "")
