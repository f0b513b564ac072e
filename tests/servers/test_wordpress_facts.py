"""What the connector relies on, asked of the server itself: when WordPress changes one of these, this says which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.servers.wordpress import WordPress

from modconsole.connectors.wordpress_map import FIELDS

pytestmark = pytest.mark.server

SHAPES = json.loads((Path(__file__).parents[1] / "connectors/shapes/wordpress.json").read_text())


def ask(site: WordPress, method: str, path: str, user: str = "moderator", **arguments: Any) -> httpx.Response:
    """One request as somebody, whatever comes of it."""
    return site.request(method, path, user=user, **arguments)


def listed(site: WordPress, post: int, **query: str) -> list[int]:
    """The ids that a list gives."""
    params = {"post": str(post), "context": "edit", "per_page": "100", **query}
    return sorted(comment["id"] for comment in ask(site, "GET", "/comments", params=params).json())


def schema_of(found: Any) -> Any:
    """A published schema without its prose."""
    if isinstance(found, dict):
        return {k: schema_of(v) for k, v in found.items() if not (k == "description" and isinstance(v, str))}
    return [schema_of(v) for v in found] if isinstance(found, list) else found


def test_the_schema_is_the_one_that_was_recorded(wordpress: WordPress) -> None:
    """The doubles of other tests are checked against it."""
    assert schema_of(ask(wordpress, "OPTIONS", "/comments").json()["schema"]) == SHAPES["schema"]["body"]


def test_comments_have_the_recorded_shape(wordpress: WordPress, wp_post: int) -> None:
    """The same keys with the same types, in the editor's view and the public's."""
    wordpress.guest(wp_post, "Shape", name="Ann", email="ann@example.test")
    for name, query in (("comments", {"context": "edit"}), ("view", {"context": "view"})):
        found = ask(wordpress, "GET", "/comments", params={"post": str(wp_post), "_fields": FIELDS, **query}).json()[0]
        recorded = SHAPES[name]["body"][0]
        assert {k: type(v) for k, v in found.items()} == {k: type(v) for k, v in recorded.items()}
        assert found["content"].keys() == recorded["content"].keys()


def test_a_wrong_password_gets_the_public_list(wordpress: WordPress, wp_post: int) -> None:
    """200, without a word about the password; asked who one is, it is 401."""
    comment = wordpress.comment(wp_post, "Public")
    wrong = ("moderator", "wrong")
    answer = httpx.get(f"{wordpress.url}/wp-json/wp/v2/comments", params={"post": wp_post}, auth=wrong)
    assert (answer.status_code, [c["id"] for c in answer.json()]) == (200, [comment])
    who = httpx.get(f"{wordpress.url}/wp-json/wp/v2/users/me", params={"context": "edit"}, auth=wrong)
    assert (who.status_code, who.json()["code"]) == (401, "rest_not_logged_in")


def test_all_leaves_out_spam_and_trash_and_any_has_them(wordpress: WordPress, wp_post: int) -> None:
    """So the walk asks for `any`."""
    ids = {status: wordpress.comment(wp_post, status) for status in ("approve", "hold", "spam", "trash")}
    for status, comment in ids.items():
        wordpress.set_status(comment, status)
    assert listed(wordpress, wp_post, status="all") == sorted((ids["approve"], ids["hold"]))
    assert listed(wordpress, wp_post, status="any") == sorted(ids.values())
    assert listed(wordpress, wp_post) == [ids["approve"]]


def test_an_unknown_status_is_answered_200_and_ignored(wordpress: WordPress, wp_post: int) -> None:
    """So the connector looks afterwards."""
    comment = wordpress.comment(wp_post, "Stay")
    answer = ask(wordpress, "POST", f"/comments/{comment}", json={"status": "nonsense"})
    assert (answer.status_code, answer.json()["status"]) == (200, "approved")


def test_after_is_exclusive_and_in_the_sites_local_time(wordpress: WordPress, wp_post: int) -> None:
    """The site lives 13 hours ahead: `after` with the time in UTC finds everything of the last 13 hours again."""
    comment = wordpress.comment(wp_post, "When?", date_gmt="2026-01-10T12:00:00")
    assert listed(wordpress, wp_post, after="2026-01-11T00:59:59") == [comment]
    assert listed(wordpress, wp_post, after="2026-01-11T01:00:00") == []
    assert listed(wordpress, wp_post, after="2026-01-10T12:00:00") == [comment]


def test_there_is_no_time_of_the_last_change(wordpress: WordPress, wp_post: int) -> None:
    """An edit changes the text and nothing else."""
    assert not [key for key in SHAPES["schema"]["body"]["properties"] if "modif" in key or "edit" in key]
    comment = wordpress.comment(wp_post, "Before")
    before = ask(wordpress, "GET", f"/comments/{comment}", params={"context": "edit", "_fields": FIELDS}).json()
    wordpress.edit(comment, "After")
    after = ask(wordpress, "GET", f"/comments/{comment}", params={"context": "edit", "_fields": FIELDS}).json()
    assert [key for key in before if before[key] != after[key]] == ["content"]


def test_pages_have_at_most_a_hundred_and_end_in_nothing(wordpress: WordPress, wp_post: int) -> None:
    """More is an error; past the end is an empty list that still counts."""
    wordpress.comment(wp_post, "Only one")
    assert ask(wordpress, "GET", "/comments", params={"per_page": "101"}).status_code == 400
    past = ask(wordpress, "GET", "/comments", params={"post": str(wp_post), "page": "9"})
    assert (past.status_code, past.json(), past.headers["X-WP-Total"]) == (200, [], "1")


def test_flood_and_duplicate_are_told_apart(wordpress: WordPress, wp_post: int) -> None:
    """The same text twice is 409; another text too soon is 400."""
    erin = wordpress.new_person()
    body = {"post": wp_post, "content": "One"}
    assert ask(wordpress, "POST", "/comments", erin.login, json=body).status_code == 201
    again = ask(wordpress, "POST", "/comments", erin.login, json=body)
    soon = ask(wordpress, "POST", "/comments", erin.login, json={**body, "content": "Two"})
    assert (again.status_code, again.json()["code"]) == (409, "comment_duplicate")
    assert (soon.status_code, soon.json()["code"]) == (400, "comment_flood")


def test_a_reply_to_nothing_is_stored(wordpress: WordPress, wp_post: int) -> None:
    """So the connector looks at the parent first."""
    answer = ask(wordpress, "POST", "/comments", json={"post": wp_post, "content": "Orphan", "parent": 999_999})
    assert (answer.status_code, answer.json()["parent"]) == (201, 999_999)


def test_a_change_of_state_rewrites_address_and_browser(wordpress: WordPress, wp_post: int) -> None:
    """So the connector hands both back."""
    comment = wordpress.comment(wp_post, "Mine", author_ip="192.0.2.7", author_user_agent="Netscape 4")
    answer = ask(wordpress, "POST", f"/comments/{comment}", json={"status": "hold"}).json()
    assert (answer["author_ip"], answer["author_user_agent"][:6]) == ("127.0.0.1", "python")


def test_the_stored_text_alone_cannot_be_asked_for(wordpress: WordPress, wp_post: int) -> None:
    """`content.raw` among the fields gives no content at all, so both texts are fetched."""
    comment = wordpress.comment(wp_post, "Text")
    answer = ask(wordpress, "GET", f"/comments/{comment}", params={"context": "edit", "_fields": "id,content.raw"})
    assert answer.json() == {"id": comment}


def test_an_editors_markup_is_trusted(wordpress: WordPress, wp_post: int) -> None:
    """A script in an editor's comment stays one, so replies are escaped."""
    answer = ask(wordpress, "POST", "/comments", json={"post": wp_post, "content": "<script>1</script>"})
    assert "<script>" in answer.json()["content"]["rendered"]


def test_there_are_no_rate_limit_headers(wordpress: WordPress) -> None:
    """Core has none; what a host adds is kept to when it says 429."""
    headers = ask(wordpress, "GET", "/comments").headers
    assert not [name for name in headers if "rate" in name.lower() or name.lower() == "retry-after"]
