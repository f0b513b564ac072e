"""The recorded answers of a real WordPress: valid by the schema that it publishes, and what the connector makes of
them.

`shapes/wordpress.json` was recorded from WordPress 6.1 with its own `OPTIONS` schema; `tests/servers` checks that a
running WordPress still sends and publishes the same.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina

from modconsole.connectors import wordpress_pull
from modconsole.connectors.base import Known, Outgoing
from modconsole.connectors.http import Http
from modconsole.connectors.signing import Credentials
from modconsole.connectors.wordpress import WordPress, connect
from modconsole.connectors.wordpress_api import CODES, Api
from modconsole.domain.records import Conversation, Coverage, Message
from modconsole.errors import Duplicate, OutcomeUnknown, Refused, SignInError, Unreachable

SHAPES: dict[str, Any] = json.loads((Path(__file__).parent / "shapes/wordpress.json").read_text())
TYPES: dict[str, type | tuple[type, ...]] = {"integer": int, "string": str, "object": (dict, list)}


def violations(value: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Where an object does not follow a schema of the REST interface: unknown keys, wrong types, times that are
    none."""
    wrong = []
    for key, found in value.items():
        if key == "_links":
            continue
        expected = schema["properties"].get(key)
        if expected is None:
            wrong.append(f"{key}: unknown")
        elif not isinstance(found, TYPES[expected["type"]]) or isinstance(found, bool):
            wrong.append(f"{key}: {type(found).__name__}, not {expected['type']}")
        elif expected.get("format") == "date-time":
            datetime.fromisoformat(str(found))
        elif expected["type"] == "object" and isinstance(found, dict) and "properties" in expected:
            wrong += violations(found, expected)
    return wrong


def answer(name: str) -> httpx.Response:
    """A recorded answer."""
    shape = SHAPES[name]
    return httpx.Response(shape["status"], headers=shape["headers"], json=shape["body"])


def playing(**other: httpx.Response) -> WordPress:
    """The connector over recorded answers; `list`, `me` and `post` can be given others."""

    def handler(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/wp-json/")
        if request.method == "POST":
            return other["post"]
        if path == "wp/v2/comments":
            return other.get("list") or answer("comments")
        if path == "wp/v2/users/me":
            return other.get("me") or answer("me")
        if path == "":
            return answer("index")
        if path == "wp/v2/posts":
            return answer("posts")
        return answer("one")

    settings = {"url": "https://blog.example", "user": "moderator", "api": "https://blog.example/wp-json/"}
    return connect(settings, Credentials("secret"), source="blog", transport=httpx.MockTransport(handler))


@pytest.mark.parametrize("name", ["comments", "view", "one"])
def test_the_recorded_comments_follow_the_published_schema(name: str) -> None:
    """A double must not make up its shapes."""
    body = SHAPES[name]["body"]
    comments = body if isinstance(body, list) else [body]
    assert comments
    assert [violations(comment, SHAPES["schema"]["body"]) for comment in comments] == [[]] * len(comments)


def test_the_check_finds_wrong_shapes() -> None:
    """Unknown keys and wrong types are told."""
    comment = {**SHAPES["one"]["body"], "id": "7", "surprise": 1}
    assert violations(comment, SHAPES["schema"]["body"]) == ["id: str, not integer", "surprise: unknown"]


def test_a_recorded_site_pulls_whole() -> None:
    """Conversation, question, answer and coverage, in this order."""
    records = [record for page in playing().pull(Known(), 1_800_000_000_000_000) for record in page.records]
    assert [type(record) for record in records] == [Conversation, Message, Message, Coverage]
    question, reply = records[1], records[2]
    assert isinstance(question, Message)
    assert isinstance(reply, Message)
    assert question.text == "Is there <b>tea</b>?<br>And a biscuit?"
    assert question.author.id.startswith("guest:")
    assert (reply.parent, reply.author.id) == (question.id, playing().check().id)


def test_the_public_view_is_read_without_the_stored_text() -> None:
    """An account without the right gets the shown text, and guests by name."""
    me = {**SHAPES["me"]["body"], "capabilities": {"read": True}}
    site = playing(list=answer("view"), me=httpx.Response(200, json=me))
    messages = [r for page in site.pull(Known(), 0) for r in page.records if isinstance(r, Message)]
    assert "<p>Is there <b>tea</b>?<br />And a biscuit?</p>" in [m.text for m in messages]


@pytest.mark.parametrize(("name", "kind"), [("duplicate", Duplicate), ("too_long", Refused), ("empty", Refused)])
def test_recorded_refusals_are_understood(name: str, kind: type[Refused]) -> None:
    """Each with its own sentence, not that of the status code."""
    code = SHAPES[name]["body"]["code"]
    with pytest.raises(kind) as caught:
        playing(post=answer(name)).send(Outgoing("key", "post:4", None, "Text"))
    assert caught.value.code == code
    assert caught.value.message == CODES[code][1]


def test_a_recorded_wrong_password_is_understood() -> None:
    """401 with WordPress' own code."""
    with pytest.raises(SignInError, match="application password"):
        playing(me=answer("not_signed_in")).check()


@pytest.mark.parametrize("body", ["<html>Log in</html>", "[]", '{"id": "x"}', "", '{"id": 1'])
def test_an_answer_of_another_kind_is_told_apart(body: str) -> None:
    """A login page with status 200: for a write it may have been done, a read is tried again and then given up."""
    page = httpx.Response(200, text=body)
    with pytest.raises(OutcomeUnknown):
        playing(post=page).send(Outgoing("key", "post:4", None, "Text"))
    with stamina.set_testing(True), pytest.raises(Unreachable):  # tried once, without the pauses
        playing(me=page).check()


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_known_code_has_a_sentence_for_a_person(code: str) -> None:
    """It ends like one, names no code, and a refusal keeps the code for programs."""
    with pytest.raises(CODES[code][0]) as caught:
        playing(post=httpx.Response(400, json={"code": code, "message": "x"})).send(Outgoing("k", "post:4", None, "T"))
    assert caught.value.message.endswith(".")
    assert "_" not in caught.value.message
    if isinstance(caught.value, Refused):
        assert caught.value.code == code


@pytest.mark.parametrize("code", ["comment_duplicate", "comment_flood", "rest_comment_closed"])
def test_a_server_error_is_unknown_whatever_it_calls_itself(code: str) -> None:
    """A 500 can come after the comment was stored."""
    with pytest.raises(OutcomeUnknown):
        playing(post=httpx.Response(500, json={"code": code})).send(Outgoing("k", "post:4", None, "T"))


NONSENSE: list[dict[str, Any]] = [
    {},
    {"mark": 7},
    {"mark": {"id": "x", "row": 1}},
    {"mark": {"id": 1, "row": -4}},
    {"mark": {"id": 0, "row": 0}, "spam": "x"},
]


@pytest.mark.parametrize("position", NONSENSE)
def test_a_position_that_makes_no_sense_starts_from_the_beginning(position: dict[str, Any]) -> None:
    """Then everything is read again, which harms nobody."""
    pages = list(playing().pull(Known(position=position), 0))
    assert len([r for page in pages for r in page.records if isinstance(r, Message)]) == 2


def test_a_long_queue_is_looked_through_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands in the spam folder the newest are looked up at each pull, and in time all the others."""
    monkeypatch.setattr(wordpress_pull, "QUEUED_AGAIN", 3)
    position: dict[str, Any] = {"mark": {"id": 1, "row": 0}}
    turns = []
    for _ in range(4):
        known = Known(queued=tuple(map(str, range(101, 111))), position=position)
        pull = wordpress_pull.Pull(Api(Http("https://blog.example/")), "blog", known, 0, {}, full=False)
        turns.append([int(i) for i in pull._queued()])
        position = pull.position
    assert [turn[:3] for turn in turns] == [[110, 109, 108]] * 4
    assert [turn[3:] for turn in turns] == [[107, 106, 105], [104, 103, 102], [101], [107, 106, 105]]


def test_positions_are_plain_json_and_belong_to_their_page() -> None:
    """What is stored with one page does not change with the next."""
    pages = list(playing().pull(Known(), 0, full=True))
    stored = [json.dumps(page.position) for page in pages]
    assert [json.loads(text) for text in stored] == [page.position for page in pages]
    assert "full" in pages[0].position
    assert "full" not in pages[-1].position
