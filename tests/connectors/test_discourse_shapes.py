"""The double's own honesty: it can tell a wrong shape, and every operation in use is described by somebody but us."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.connectors.discourse_mirror import Mirror, connector, forum, mirror
from tests.connectors.discourse_schema import (
    READ_FROM_SOURCE,
    SAME_AS,
    answers,
    filled,
    operation,
    published,
    violations,
    wrong_request,
)
from tests.servers.discourse import Forum

__all__ = ["connector", "forum", "mirror"]


@pytest.mark.parametrize("name", sorted(published()))
def test_a_filled_answer_follows_its_schema(name: str) -> None:
    """What the double starts from is valid by itself."""
    schema = answers(name)
    if schema is not None and not schema.get("minItems"):
        assert violations(filled(schema), schema) == []


def test_a_wrong_answer_is_noticed() -> None:
    """Missing, unknown, of another type, too few."""
    schema = answers("GET /posts/{id}.json")
    assert schema is not None
    good = filled(schema)
    assert violations({k: v for k, v in good.items() if k != "cooked"}, schema) == ["/cooked: missing"]
    assert violations({**good, "yours": "no"}, schema) == ["/yours: str, not boolean"]
    topic = answers("GET /t/{id}.json")
    assert topic is not None
    assert violations({**filled(topic), "made_up": 1}, topic) == ["/made_up: unknown"]
    staff = answers("GET /admin/users/list/{flag}.json")
    assert staff is not None
    assert violations([], staff) == [": too few"]


def test_a_wrong_request_is_noticed() -> None:
    """Unknown parameters, missing and wrong fields."""
    assert wrong_request("GET /posts.json", {"after"}, {}) == ["?after: unknown"]
    assert wrong_request("POST /posts.json", set(), {"raw": 1}) == ["/raw: int, not string"]
    assert wrong_request("POST /posts.json", set(), {"raw": "x", "made_up": 1}) == ["/made_up: unknown"]
    assert wrong_request("PUT /t/{id}/status.json", set(), {"status": "closed", "enabled": True})
    assert wrong_request("PUT /admin/users/{id}/suspend.json", set(), {"reason": "x"}) == ["/suspend_until: missing"]


def test_addresses_are_recognised() -> None:
    """Each leads to the operation that describes it."""
    assert operation("GET", "/t/12.json") == "GET /t/{id}.json"
    assert operation("GET", "/t/12/posts.json") == "GET /t/{id}/posts.json"
    assert operation("PUT", "/review/3/perform/approve_post.json") == "PUT /review/{id}/perform/{action}.json"
    assert operation("GET", "/topics/private-messages-group/a/b/archive.json").endswith("{group}/archive.json")
    with pytest.raises(KeyError):
        answers("GET /made-up.json")


def test_the_guide_names_each_operation_that_only_the_source_describes() -> None:
    """Those are less sure than the others."""
    page = (Path(__file__).parents[2] / "docs/platforms/discourse.md").read_text()
    assert [name for name in (*READ_FROM_SOURCE, *SAME_AS) if f"`{name}`" not in page] == []


def test_every_request_of_a_pull_is_one_that_is_described(forum: Forum, mirror: Mirror) -> None:
    """Nothing is asked that nobody wrote down."""
    forum.world.message(forum.stranger, [forum.us], "A private word")
    forum.world.queue(forum.stranger, forum.opening.thread, "May this appear?")
    mirror.pull()
    mirror.pull(full=True)
    asked = {operation(*request.split(" ", 1)) for request in forum.double.requests}
    assert {name for name in asked if SAME_AS.get(name, name) not in {*published(), *READ_FROM_SOURCE}} == set()
