"""Is what travelled between the connector and the double as Mastodon's interface is typed?

Every answer of the double that a test got, and every request that was made, is compared with the types of `masto`
(`mastodon_types`). What differs and why is listed here; anything else fails the test. A difference that nobody meets
any more fails a test, too (`test_mastodon_shapes`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

import httpx
from tests.servers.mastodon_types import Route, Types

DIFFERENCES: dict[str, str] = {
    # the types are those of Mastodon 4.6, the double answers as 4.5 and leaves out what none of its clients read
    r"\.feature_approval: missing": "new in Mastodon 4.6; not read",
    r"\.(quote_approval|quotes_count): missing": "new in Mastodon 4.5; not read",
    r"\.role\.(position|created_at|updated_at|collection_limit): missing": "not part of the documented entity; not read",
    r"\.source\.(attribution_domains|quote_policy|role): missing": "not read",
    r"\.configuration\.(vapid|accounts\.\w+): missing": "not read",
    r"\.thumbnail\.\w+: missing": "not read",
    # the types are stricter, or other, than Mastodon's documentation
    r"\.role\.(id|permissions): str, not a number": "documented as text (entities/Role); both are understood",
    r"\.api_versions\.mastodon: int, not a string": "documented as a number (entities/Instance); not read",
    r"\.notifications_count: str, not a number": "documented as text (entities/NotificationRequest); not read",
    r"\.application: null, not an object": "documented as optional (entities/Status); not read",
    r"\.languages: null, not a list": "documented as nullable (entities/Relationship); not read",
    r"\.action_taken_by_account: null, not an object": "documented as nullable (entities/Admin_Report); not read",
    r"\.(account|target_account|action_taken_by_account|assigned_account)\.\w+: missing": (
        "staff see Admin::Account there (entities/Admin_Report), which the types take for Account; only its id is read"
    ),
    r"\.(params|scheduled_at): missing": "the other form of the answer, of a post for later",
    r"\.last_status_at: null, not a string": "documented as nullable (entities/Account); not read",
    r"\.card\.(blurhash: null, not a string|authors: missing)": "documented as nullable, or new in 4.3; not read",
    # the double is wrong
    r"\[\]\.status: null, not an object": "the double keeps the notification of a deleted post, which Mastodon deletes",
}
"""What the double answers otherwise than the types say: a pattern, and why that is right, or does not matter."""

NO_ROUTE: dict[str, str] = {
    "GET /.well-known/oauth-authorization-server": "outside of /api: the OAuth standard's (RFC 8414)",
    "POST /oauth/token": "outside of /api; its parameters are typed as CreateTokenParams",
    "POST /oauth/revoke": "outside of /api",
    "PATCH /api/v2/notifications/policy": "the types have PUT, the documentation PATCH; only the tests do it",
    "PATCH /api/v1/accounts/update_credentials": "the types have PUT, and the package sends PATCH; only the tests do it",
}
"""Requests to routes that the types do not have."""

NO_PARAMETER: dict[str, str] = {
    "GET /api/v1/notifications include_filtered": "documented (methods/notifications, 4.3); typed for version 2 only",
    "GET /api/v1/admin/reports limit": "documented (methods/admin/reports); the types leave paging out",
}
"""Parameters that the types do not have."""


class Shapes:
    """Compares what travelled; `met` are the differences that were met, `routes` those that were used."""

    def __init__(self) -> None:
        self.types = Types()
        self.met: set[str] = set()
        self.routes: set[str] = set()

    def wrong(self, answers: Iterable[httpx.Response]) -> list[str]:
        """What is neither as typed nor a known difference."""
        return [problem for answer in answers for problem in self._wrong(answer)]

    def _wrong(self, answer: httpx.Response) -> list[str]:
        request = answer.request
        path = request.url.path
        if path.startswith("/api/v1/_mock"):
            return []
        routes = self.types.route(request.method, path)
        if not routes:
            return self._known(f"{request.method} {path}", NO_ROUTE)
        name = f"{routes[0].method} {routes[0].path}"
        self.routes.add(name)
        found = [f"{name}: {problem}" for problem in self._request(request, routes, name)]
        if answer.status_code < 300 and (value := _json(answer.content)) is not None:
            tries = [self.types.problems(value, *route.result) for route in routes]
            problems = min(tries, key=len)
            found += [f"{name}: {one}" for one in problems if not self._expected(one)]
        return found

    def _request(self, request: httpx.Request, routes: list[Route], name: str) -> list[str]:
        """Are all parameters there, and those of a body of the right type?"""
        known = frozenset[str]().union(*(route.parameters for route in routes))
        asked = {key.removesuffix("[]") for key, _ in parse_qsl(request.url.query.decode(), keep_blank_values=True)}
        body = _json(request.content)
        given = body if isinstance(body, dict) else {}
        found = []
        for key in (asked | given.keys()) - known:
            found += self._known(f"{name} {key}", NO_PARAMETER)
        forms = [route.asked for route in routes if route.asked is not None]
        if given and forms:
            tries: list[list[str]] = [self.types.problems(given, kind, scope, "body") for kind, scope in forms]
            found += sorted(tries, key=lambda wrong: len(list(wrong)))[0]
        return found

    def _known(self, what: str, known: dict[str, str]) -> list[str]:
        if what in known:
            self.met.add(what)
            return []
        return [f"{what}: the types have no such thing"]

    def _expected(self, problem: str) -> bool:
        for pattern in DIFFERENCES:
            if re.search(pattern + "$", problem):
                self.met.add(pattern)
                return True
        return False


def _json(content: bytes) -> object:
    """The decoded body; None where it is none, as where a test had it broken on the way."""
    try:
        return json.loads(content)
    except ValueError:
        return None
