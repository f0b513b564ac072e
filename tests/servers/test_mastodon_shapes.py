"""The double is as Mastodon's interface is typed, and so is what the connector asks and reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from tests.servers.mastodon_kit import Kit, now, shapes
from tests.servers.mastodon_mirror import Mirror
from tests.servers.mastodon_shapes import DIFFERENCES, NO_PARAMETER, NO_ROUTE, Shapes

from modconsole.connectors import mastodon_api, mastodon_map, mastodon_signin
from modconsole.connectors.acts import Act, Order, Target
from modconsole.connectors.base import Outgoing
from modconsole.connectors.mastodon import Mastodon as Connector
from modconsole.connectors.mastodon import sign_in
from modconsole.connectors.mastodon_offer import ACTS

pytestmark = pytest.mark.server

READ: dict[type[msgspec.Struct], str] = {
    mastodon_map.Account: "entities/v1/account Account",
    mastodon_map.Mention: "entities/v1/status StatusMention",
    mastodon_map.Media: "entities/v1/media-attachment MediaAttachment",
    mastodon_map.Status: "entities/v1/status Status",
    mastodon_map.Notification: "entities/v1/notification Notification",
    mastodon_map.Thread: "entities/v1/conversation Conversation",
    mastodon_map.Request: "entities/v1/notification-request NotificationRequest",
    mastodon_map.Report: "entities/v1/admin/report Report",
    mastodon_map.AdminAccount: "entities/v1/admin/account Account",
    mastodon_map.Relationship: "entities/v1/relationship Relationship",
    mastodon_api.Me: "entities/v1/account CredentialAccount",
    mastodon_api.Role: "entities/v1/role Role",
    mastodon_api.Policy: "entities/v2/notification-policy NotificationPolicy",
    mastodon_api.Instance: "entities/v2/instance Instance",
    mastodon_api.Limits: "entities/v2/instance InstanceStatusesConfiguration",
    mastodon_signin._Token: "entities/v1/token Token",
    mastodon_signin._App: "entities/v1/application Client",
    mastodon_signin._Application: "entities/v1/application Application",
}
"""What the connector reads, and as what it is typed."""

OTHERS: dict[str, str] = {
    "Instance.uri": "of the first version of the interface (entities/V1_Instance)",
    "Instance.max_toot_chars": "Pleroma's",
}
"""Fields that are read where a server has them, and that the types do not have."""


@pytest.fixture
def types(fedi: Kit) -> Shapes:
    """The types; the double is not needed, but its fixture knows whether they can be had."""
    return shapes()


def test_each_field_that_is_read_is_one_that_mastodon_has(types: Shapes) -> None:
    """A field that only the double has would be read in vain."""
    unknown = []
    for kind, name in READ.items():
        file, _, entity = name.partition(" ")
        known = types.types.fields(*types.types.entity(entity, file))
        assert known, name
        unknown += [f"{kind.__name__}.{field}" for field in kind.__struct_fields__ if field not in known]
    assert sorted(unknown) == sorted(OTHERS)


def test_the_types_are_read_as_they_are_written(types: Shapes) -> None:
    """Routes with their parameters, and words, lists, objects and alternatives."""
    found = {f"{route.method} {route.path}": route for route in types.types.routes}
    assert len(found) > 200
    assert {"in_reply_to_id", "status", "visibility"} <= found["POST /api/v1/statuses"].parameters
    assert "types" in found["GET /api/v1/notifications"].parameters
    mention, scope = types.types.entity("StatusMention", "entities/v1/status")
    right = {"id": "1", "username": "ann", "acct": "ann", "url": "https://a.example/@ann"}
    assert types.types.problems(right, mention, scope) == []
    assert types.types.problems({**right, "id": 1}, mention, scope) == [".id: int, not a string"]
    assert types.types.problems({"id": "1"}, mention, scope) == [
        ".username: missing",
        ".url: missing",
        ".acct: missing",
    ]
    words, scope = types.types.entity("StatusVisibility", "entities/v1/status")
    assert types.types.problems("direct", words, scope) == []
    assert types.types.problems("secret", words, scope) != []
    told, scope = types.types.entity("NotificationType", "entities/v1/notification")
    assert types.types.problems("admin.report", told, scope) == []
    assert types.types.problems("gossip", told, scope) != []


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("GET", "/api/v1/nothing", None, []),
        ("GET", "/api/v1/conversations?colour=red", None, []),
        ("POST", "/api/v1/accounts/1/mute", {"duration": "long"}, None),
        ("GET", "/api/v1/conversations", None, [{"id": 1}]),
        ("GET", "/api/v1/statuses/1/context", None, {"ancestors": []}),
    ],
)
def test_a_wrong_request_or_answer_is_found(
    types: Shapes, method: str, path: str, body: object, answer: object
) -> None:
    """No route, no such parameter, wrong types: each is told."""
    request = httpx.Request(method, f"https://a.example{path}", json=body)
    assert types.wrong([httpx.Response(200, json=answer, request=request)]) != []


def everything(fedi: Kit, staff: Connector) -> Iterator[Act]:
    """All that the connector can ask, once."""
    server, us = fedi.server, fedi.us
    post = server.post(us, "A post")
    ask = server.reply(fedi.alice, post, f"@{us.name} hello?", spoiler_text="Food")
    server.policy(us, for_not_following="filter")
    filtered = server.reply(fedi.bob, ask, f"@{us.name} see https://example.com/")
    direct = server.direct(fedi.alice, f"@{us.name} psst")
    server.report(fedi.alice, fedi.bob.id, filtered)
    Mirror(fedi.connector, now()).pull()
    Mirror(staff, now()).pull(full=True)
    fedi.connector.check()
    for number, target in enumerate((ask, direct)):
        fedi.connector.send(Outgoing(f"key {number}", post if target == ask else direct, target, "An answer"))
    gone = server.post(fedi.alice, f"@{us.name} soon gone")
    server.delete(fedi.alice, gone)
    fedi.mirror.pull()
    server.api("PATCH", "/api/v1/accounts/update_credentials", by=us, data={"locked": "true"})
    server.api("POST", f"/api/v1/accounts/{us.id}/follow", by=fedi.bob)
    mine = server.post(us, "To be deleted")
    on: dict[Target, str] = {"message": filtered, "person": fedi.bob.id, "conversation": post}
    for number, info in enumerate(ACTS):
        target = mine if info.act == "remove" else on[info.on]
        who = staff if info.right else fedi.connector
        who.act(Order(f"act {number}", info.act, info.on, target, reason="Rule 3"))
        yield info.act
    fedi.connector.act(Order("last", "approve", "person", fedi.bob.id))
    flow = sign_in(now, fedi.transports[0])
    next(flow)
    flow.send({"url": server.url, "how": "browser", "staff": "no"})
    form = {"username": us.name, "redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}
    page = server.request("POST", "/oauth/authorize", by=us, data=form)
    with pytest.raises(StopIteration):
        flow.send({"code": re.findall(r"code: (\S+?)<", page.text)[0]})
    server.request("POST", "/oauth/revoke", by=us, data={"token": us.token})


def test_everything_that_is_asked_is_typed_and_each_known_difference_is_met(fedi: Kit) -> None:
    """So the list of differences holds nothing that is no longer true; and it is known which routes are used."""
    staff = fedi.signed_in(fedi.server.person("staff", admin=True))
    assert len(list(everything(fedi, staff))) == len(ACTS)
    mine = Shapes()
    answers = [answer for transport in fedi.transports for answer in transport.answers]
    assert mine.wrong([*answers, *(a for a in fedi.server.log if "/oauth/authorize" not in a.request.url.path)]) == []
    fedi.server.log.clear()
    assert {*DIFFERENCES, *NO_ROUTE, *NO_PARAMETER} - mine.met == set()
    assert len(mine.routes) > 30
