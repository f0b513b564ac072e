"""The shapes that were derived from recordings: that they hold something, and that what differs from them is found."""

from __future__ import annotations

import re

from tests.connectors.reddit_double import Place, listing
from tests.connectors.reddit_server import ROUTES
from tests.connectors.reddit_shapes import ENDPOINTS, SHAPES, THINGS, endpoint, filled, violations, wrong_request

from modconsole.connectors.base import Capabilities
from modconsole.connectors.reddit import CAPABILITIES, PLATFORM


def test_every_request_that_the_double_answers_was_recorded() -> None:
    """It makes nothing up."""
    alternatives = re.compile(r"\((?:\?:)?([a-z_0-9]+(?:\|[a-z_0-9]+)+)\)")
    checked = 0
    for method, pattern, _ in ROUTES:
        found = alternatives.search(pattern)
        for each in found[1].split("|") if found else [""]:
            path = pattern.replace(found[0], each) if found else pattern
            path = re.sub(r"\(\?:/_/.*?\)\?", "", path)
            path = re.sub(r"\(\[[^)]*\)", "abc", path)
            assert endpoint(method, path) is not None, (method, path)
            checked += 1
    assert checked > 35


def test_the_shapes_hold_names_and_types_and_nothing_that_was_said() -> None:
    """Every string in the file is a name of a field, a type, a parameter or ours."""
    words = {name for thing in THINGS.values() for name in thing["fields"]}
    assert {"author_fullname", "body", "link_id", "parent_id", "banned_by"} <= words
    assert "BSD 2-Clause" in SHAPES["note"]
    types = {kind for thing in THINGS.values() for field in thing["fields"].values() for kind in field["types"]}
    assert types <= {"str", "int", "float", "bool", "null", "list", "dict"}


def test_an_answer_that_reddit_would_not_give_is_found() -> None:
    """Unknown fields, wrong types, missing ones, and things in the wrong list."""
    place = Place()
    place.subreddit("tea")
    good = place.shown(place.post("ann", "tea", "Which?"), place.person("bob"))
    assert violations("GET /r/{sub}/new", listing([good])) == []
    for change in ({"surprise": 1}, {"title": 7}, {"created_utc": "today"}):
        bad = {"kind": "t3", "data": {**good["data"], **change}}
        assert len(violations("GET /r/{sub}/new", listing([bad]))) == 1
    lacking = {"kind": "t3", "data": {k: v for k, v in good["data"].items() if k != "selftext"}}
    assert violations("GET /r/{sub}/new", listing([lacking])) == [".children[0].selftext: missing"]
    assert violations("GET /message/sent", listing([good]))
    assert violations("POST /api/approve", ["{}"]) == [": list, not dict"]


def test_a_request_that_nobody_ever_made_is_found() -> None:
    """Other addresses, and other parameters."""
    assert wrong_request("GET", "/r/tea/comments", {"after": "t1_a", "raw_json": "1"}, {}) == []
    assert wrong_request("GET", "/r/tea/comments", {"newer": "1"}, {}) == ["GET /r/{sub}/comments: query newer"]
    assert wrong_request("POST", "/api/remove", {}, {"why": "x"}) == ["POST /api/remove: form why"]
    assert wrong_request("POST", "/api/magic", {}, {}) == ["POST /api/magic: never recorded"]


def test_filled_things_have_every_field_that_was_always_there() -> None:
    """Each with a value of its type."""
    for kind in ("t1", "t3", "t4", "t5", "t1:inbox"):
        assert set(THINGS[kind]["always"]) <= filled(kind, {}).keys()
    assert len(ENDPOINTS) > 40


def test_what_the_platform_says_of_itself_is_what_it_can() -> None:
    """One name for one act on one kind of thing."""
    assert isinstance(CAPABILITIES, Capabilities)
    acts = [(info.act, info.on) for info in CAPABILITIES.acts]
    assert len(acts) == len(set(acts))
    assert PLATFORM.tested == "documented shapes"
    assert PLATFORM.idempotent_send.level == "no"
