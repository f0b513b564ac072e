"""What becomes of posts and direct messages as records."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modconsole.connectors.bluesky_map import (
    ChatMessage,
    Convo,
    Post,
    Profile,
    chat_conversation,
    chat_message,
    chat_parts,
    conversation,
    hidden_by,
    message,
)
from modconsole.domain.times import parse, to_instant

NOW = parse("2026-11-21T22:00:00Z")
US, ANN, BOB = (f"did:plc:{letter * 24}" for letter in "uab")
ROOT = f"at://{US}/app.bsky.feed.post/3n2ubtciftc2r"
ASKED = f"at://{ANN}/app.bsky.feed.post/3n2ubtcjc5k2r"
CID = "bafyreifsrchul37burwkjrc64pcu7evvdfmbzcktp7bgvfk5zp4vi7x3mm"


def post(uri: str = ASKED, **fields: Any) -> Post:
    """A reply of Ann's to our post, as the AppView gives it, with other fields."""
    ref = {"uri": ROOT, "cid": CID}
    record = {
        "$type": "app.bsky.feed.post",
        "text": "A question?",
        "createdAt": "2026-11-21T21:00:00.000Z",
        "reply": {"root": ref, "parent": ref},
        **fields.pop("record", {}),
    }
    shown = {
        "uri": uri,
        "cid": CID,
        "author": {"did": ANN, "handle": "ann.test", "displayName": "Ann", **fields.pop("author", {})},
        "record": record,
        "indexedAt": "2026-11-21T21:00:01.000Z",
        "replyCount": 0,
        **fields,
    }
    return msgspec.convert(shown, Post)


def test_a_reply_is_a_message_of_its_thread() -> None:
    """Who, when, where, below what, and where a browser shows it."""
    found = message(post(), "sky", NOW)
    assert (found.id, found.conversation, found.parent, found.kind) == (ASKED, ROOT, ROOT, "comments")
    assert (found.author.id, found.author.handle, found.author.name) == (ANN, "ann.test", "Ann")
    assert (found.text, found.format, found.state, found.visibility) == ("A question?", "text", "live", "public")
    assert to_instant(found.created_at) == parse("2026-11-21T21:00:00Z")
    assert found.observed_at is not None
    assert to_instant(found.observed_at) == NOW
    assert found.url == f"https://bsky.app/profile/{ANN}/post/3n2ubtcjc5k2r"
    assert (found.edited_at, found.state_at, found.mentions, found.quotes, found.attachments) == (None,) * 5


def test_the_languages_that_a_post_says_it_is_in_come_along() -> None:
    """For rules; most posts say one."""
    assert message(post(record={"langs": ["en", "de"]}), "sky", NOW).extra == {"language": ["en", "de"]}
    assert message(post(), "sky", NOW).extra is None
    assert message(post(record={"langs": "en"}), "sky", NOW).extra is None


def test_the_first_post_is_a_message_and_names_its_thread() -> None:
    """Its words, cut to a line, are the title."""
    first = post(ROOT, record={"reply": None, "text": "Good\n  morning " + "x" * 100}, author={"did": US})
    assert message(first, "sky", NOW).conversation == ROOT
    assert message(first, "sky", NOW).parent is None
    found = conversation(first, "sky", NOW)
    assert (found.id, found.opened_by) == (ROOT, US)
    assert found.title is not None
    assert found.title.startswith("Good morning xxx")
    assert found.title.endswith("…")
    assert len(found.title) == 80


def test_who_is_mentioned_or_quoted_is_addressed() -> None:
    """The platform notifies both in the same way."""
    quoted = {"$type": "app.bsky.embed.record", "record": {"uri": ROOT, "cid": CID}}
    mention = {
        "index": {"byteStart": 0, "byteEnd": 1},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": BOB}],
    }
    found = message(post(record={"facets": [mention, mention], "embed": quoted}), "sky", NOW)
    assert (found.mentions, found.quotes) == ([BOB, US], ROOT)
    both = {"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": {}}
    assert message(post(record={"embed": both}), "sky", NOW).quotes == ROOT
    feed = {"$type": "app.bsky.embed.record", "record": {"uri": f"at://{BOB}/app.bsky.feed.generator/x"}}
    assert message(post(record={"embed": feed}), "sky", NOW).quotes is None


def test_pictures_films_cards_and_hidden_links_come_along() -> None:
    """With their addresses and descriptions; a link whose address the text shows is no attachment."""
    images = {
        "$type": "app.bsky.embed.images#view",
        "images": [{"fullsize": "https://c/1", "thumb": "https://c/t", "alt": "A cat"}],
    }
    links = [
        {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}], "index": {}}
        for uri in ("https://long.example/path", "https://shown.example")
    ]
    shown = post(record={"facets": links, "text": "long.example/… https://shown.example"}, embed=images)
    found = message(shown, "sky", NOW).attachments
    assert found is not None
    assert [(a.kind, a.url, a.alt) for a in found] == [
        ("image", "https://c/1", "A cat"),
        ("link", "https://long.example/path", None),
    ]
    card = {"$type": "app.bsky.embed.external#view", "external": {"uri": "https://e/", "title": "E", "description": ""}}
    film = {"$type": "app.bsky.embed.video#view", "playlist": "https://v/p", "cid": CID}
    media = {"$type": "app.bsky.embed.recordWithMedia#view", "record": {}, "media": film}
    for embed, kind, url in ((card, "link", "https://e/"), (media, "video", "https://v/p")):
        (one,) = message(post(embed=embed), "sky", NOW).attachments or []
        assert (one.kind, one.url) == (kind, url)


@pytest.mark.parametrize(
    "embed", [None, 7, [], {"$type": 3}, {"$type": "app.bsky.embed.images#view", "images": 5}, {"a": {}}]
)
def test_an_embed_of_another_shape_is_left_out(embed: Any) -> None:
    """The words are what counts; whatever hangs on them may be of a kind that came later."""
    found = message(post(embed=embed, record={"embed": embed}), "sky", NOW)
    assert (found.text, found.quotes) == ("A question?", None)


def test_an_account_that_calls_itself_a_bot_is_one() -> None:
    """Only its own label counts, and only while it stands."""
    for labels, kind in (
        ([{"src": ANN, "val": "bot"}], "bot"),
        ([{"src": BOB, "val": "bot"}], None),
        ([{"src": ANN, "val": "bot", "neg": True}], None),
    ):
        assert message(post(author={"labels": labels}), "sky", NOW).author.kind == kind


def test_an_invalid_handle_is_none() -> None:
    """`handle.invalid` is what the platform puts where a handle does not lead back."""
    assert message(post(author={"handle": "handle.invalid"}), "sky", NOW).author.handle is None


def test_a_threads_gate_says_what_its_author_hid() -> None:
    """No gate hides nothing."""
    gate = {"record": {"post": ROOT, "hiddenReplies": [ASKED]}}
    assert hidden_by(post(ROOT, threadgate=gate)) == {ASKED}
    assert hidden_by(post(ROOT, threadgate={"record": {"post": ROOT}})) == frozenset()
    assert hidden_by(None) == frozenset()


def test_a_direct_message_is_private_and_knows_its_conversation() -> None:
    """Two people, or a group, in which a message may answer another."""
    people = {did: Profile(did=did, handle=f"{name}.test") for did, name in ((US, "us"), (ANN, "ann"), (BOB, "bob"))}
    convo = Convo(id="c1", rev="3n2ubtcjc5k2r", members=list(people.values())[:2])
    raw = {"id": "m1", "rev": "r", "sentAt": "2026-11-21T21:00:00.000Z", "text": "Psst", "sender": {"did": ANN}}
    found = chat_message(msgspec.convert(raw, ChatMessage), convo, people, "sky", NOW)
    assert (found.id, found.conversation, found.kind, found.visibility) == ("dm:c1/m1", "dm:c1", "dm", "private")
    assert (found.author.id, found.author.handle, found.text, found.parent) == (ANN, "ann.test", "Psst", None)
    assert chat_conversation(convo, US, "sky", NOW).title == "ann.test"
    kind = {"$type": "chat.bsky.convo.defs#groupConvo", "name": "Garden"}
    group = msgspec.convert({"id": "c2", "rev": "r", "members": [], "kind": kind}, Convo)
    answer = msgspec.convert({**raw, "replyTo": {"id": "m0"}, "$type": "chat.bsky.convo.defs#messageView"}, ChatMessage)
    found = chat_message(answer, group, {}, "sky", NOW)
    assert (found.kind, found.parent, found.author.id) == ("group_dm", "dm:c2/m0", ANN)
    assert chat_conversation(group, US, "sky", NOW).title == "Garden"


def test_notes_of_the_system_and_deleted_messages_are_told_apart() -> None:
    """By the kind that they carry."""
    raw = {"id": "m", "rev": "r", "sentAt": "2026-11-21T21:00:00Z"}
    for kind, what in (("messageView", "message"), ("deletedMessageView", "deleted"), ("systemMessageView", "other")):
        assert msgspec.convert({**raw, "$type": f"chat.bsky.convo.defs#{kind}"}, ChatMessage).what == what
    assert msgspec.convert(raw, ChatMessage).what == "message"


def test_ids_of_direct_messages_are_never_taken_for_posts() -> None:
    """And the other way round."""
    assert chat_parts("dm:c1/m1") == ("c1", "m1")
    assert chat_parts("dm:c1") == ("c1", "")
    assert chat_parts(ROOT) is None
    assert chat_parts("dm:") is None
