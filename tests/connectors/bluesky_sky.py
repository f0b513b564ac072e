"""A Bluesky of a few lists in this process, for what a real one cannot be made to do: items of another shape, cursors that are
refused, windows that end. All that goes through it is held to the published lexicons, but for what a test breaks on purpose.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
from msgspec.structs import replace
from tests.servers.lexicon import Checked

from modconsole.connectors.base import Connector, Known, Page
from modconsole.connectors.bluesky import Bluesky, connect
from modconsole.connectors.bluesky_api import Tokens
from modconsole.connectors.bluesky_text import tid, written
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Conversation, Coverage, Message
from modconsole.domain.times import MINUTE, SECOND, parse, to_datetime

NOW = parse("2026-11-21T22:00:00Z")
US, ANN, BOB = (f"did:plc:{letter * 24}" for letter in "uab")
CID = "bafyreifsrchul37burwkjrc64pcu7evvdfmbzcktp7bgvfk5zp4vi7x3mm"
PDS = "https://pds.example"
Answer = tuple[int, Any]


def jwt(scope: str) -> str:
    """A token that says what it is for; nobody verifies it here."""
    return ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in (b"{}", json.dumps({"scope": scope}).encode(), b"s")
    )


def error(name: str, status: int = 400, message: str = "") -> Answer:
    """An error as the protocol spells it."""
    return status, {"error": name, "message": message or "prose of theirs"}


class Sky(httpx.BaseTransport):
    """Posts by address, in the order in which they were made. `answers` takes the place of a method's answer, once each."""

    def __init__(self) -> None:
        self.posts: dict[str, dict[str, Any]] = {}
        self.notifications: list[dict[str, Any]] = []
        self.convos: list[dict[str, Any]] = []
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.answers: list[tuple[str, Answer | Exception]] = []
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, list[str]], Any]] = []
        self.tokens: list[str] = []
        self.page = 100
        self.deepest = 1000
        self.access = {"good"}
        self.password = "pass-word"
        self.checked = Checked(self)
        self._count = 0

    # ------------------------------------------------------------------ what there is

    def post(self, by: str, text: str, *, parent: str | None = None, at: int | None = None, notify: bool = True) -> str:
        """A post; replies notify us where `notify` says so. `at` is an instant, by default one second after the last."""
        self._count += 1
        instant = at if at is not None else NOW - 60 * MINUTE + self._count * SECOND
        uri = f"at://{by}/app.bsky.feed.post/{tid(instant, self._count)}"
        record: dict[str, Any] = {"$type": "app.bsky.feed.post", "text": text, "createdAt": written(instant)}
        if parent is not None:
            above = self.posts[parent]
            root = above["record"].get("reply", {}).get("root", {"uri": parent, "cid": CID})
            record["reply"] = {"root": root, "parent": {"uri": parent, "cid": CID}}
        name = {US: "team", ANN: "ann", BOB: "bob"}[by]
        self.posts[uri] = {
            "uri": uri,
            "cid": CID,
            "author": {"did": by, "handle": f"{name}.test"},
            "record": record,
            "indexedAt": written(instant),
        }
        if parent is not None and by != US and notify:
            self.notify(uri)
        return uri

    def notify(self, uri: str, reason: str = "reply") -> None:
        """Tell us of a post."""
        post = self.posts[uri]
        same = {name: post[name] for name in ("uri", "cid", "author", "record", "indexedAt")}
        self.notifications.append({**same, "reason": reason, "isRead": False})

    def message(self, convo: str, by: str, text: str, *, at: int, status: str = "accepted") -> str:
        """A direct message."""
        ident = tid(at, 1)
        base = {"id": ident, "rev": ident, "sentAt": written(at), "sender": {"did": by}, "text": text}
        self.messages.setdefault(convo, []).insert(0, {"$type": "chat.bsky.convo.defs#messageView", **base})
        members = [{"did": US, "handle": "team.test"}, {"did": ANN, "handle": "ann.test"}]
        shown = {"id": convo, "rev": ident, "members": members, "muted": False, "unreadCount": 1, "status": status}
        self.convos = [shown, *(c for c in self.convos if c["id"] != convo)]
        return f"dm:{convo}/{ident}"

    # ------------------------------------------------------------------ the methods

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One call."""
        name = request.url.path.rpartition("/")[2]
        query = {key: request.url.params.get_list(key) for key in request.url.params}
        body = json.loads(request.content) if request.content else None
        self.asked.append((name, query, body))
        self.tokens.append(request.headers.get("authorization", "").removeprefix("Bearer "))
        planned = next((one for one in self.answers if one[0] == name), None)
        if planned is not None:
            self.answers.remove(planned)
            if isinstance(planned[1], Exception):
                raise planned[1]
            status, content = planned[1]
        else:
            status, content = self._answer(name, query, body, self.tokens[-1])
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        return httpx.Response(status, content=raw, headers=self.headers)

    def _answer(self, name: str, query: dict[str, list[str]], body: Any, token: str) -> Answer:
        short = name.rpartition(".")[2]
        method: Callable[[dict[str, list[str]], Any], Answer] | None = getattr(self, f"_{short}", None)
        if short in ("createSession", "refreshSession"):
            return self._sign_in(short, body, token)
        if token not in self.access:
            return error("ExpiredToken")
        return method(query, body) if method is not None else error("MethodNotImplemented", 501)

    def _sign_in(self, short: str, body: Any, token: str) -> Answer:
        right = token == "refresh" if short == "refreshSession" else body["password"] == self.password
        if not right:
            return error("ExpiredToken") if short == "refreshSession" else error("AuthenticationRequired", 401)
        self.access = {f"new-{len(self.asked)}"}
        return 200, {"accessJwt": next(iter(self.access)), "refreshJwt": "refresh", "did": US, "handle": "team.test"}

    def _getPosts(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        return 200, {"posts": [self._shown(uri) for uri in query["uris"] if uri in self.posts]}

    def _shown(self, uri: str) -> dict[str, Any]:
        replies = sum(
            1 for p in self.posts.values() if p["record"].get("reply", {}).get("parent", {}).get("uri") == uri
        )
        return {"replyCount": replies, **self.posts[uri]}

    def _getPostThread(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        (uri,) = query["uri"]
        if uri not in self.posts:
            return error("NotFound")
        return 200, {"thread": self._node(uri, min(int(query["depth"][0]), self.deepest))}

    def _node(self, uri: str, depth: int) -> dict[str, Any]:
        if self.posts[uri].get("blocked"):
            return {"$type": "app.bsky.feed.defs#blockedPost", "uri": uri, "blocked": True, "author": {"did": BOB}}
        node: dict[str, Any] = {"$type": "app.bsky.feed.defs#threadViewPost", "post": self._shown(uri)}
        if depth > 0:
            below = [
                u for u, p in self.posts.items() if p["record"].get("reply", {}).get("parent", {}).get("uri") == uri
            ]
            node["replies"] = [self._node(u, depth - 1) for u in below]
        return node

    def _listNotifications(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        """Newest first; the cursor is the last item's time, and the next page holds what is before it."""
        before = query.get("cursor", ["9999"])[0]
        rows = sorted(self.notifications, key=lambda one: str(one.get("indexedAt")), reverse=True)
        rest = [one for one in rows if str(one.get("indexedAt")) < before]
        page = rest[: self.page]
        found: dict[str, Any] = {"notifications": page}
        if len(rest) > self.page:
            found["cursor"] = page[-1]["indexedAt"]
        return 200, found

    def _listRecords(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        collection, cursor = query["collection"][0], query.get("cursor", ["~"])[0]
        mine = [p for u, p in self.posts.items() if u.startswith(f"at://{US}/{collection}/")]
        rows: list[dict[str, Any]] = [{"uri": p["uri"], "cid": p["cid"], "value": p["record"]} for p in mine]
        rows = sorted(
            (r for r in rows if r["uri"].rpartition("/")[2] < cursor), key=lambda r: str(r["uri"]), reverse=True
        )
        page = rows[: self.page]
        answer: dict[str, Any] = {"records": page}
        if page:
            answer["cursor"] = page[-1]["uri"].rpartition("/")[2]
        return 200, answer

    def _getRecord(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        uri = f"at://{query['repo'][0]}/{query['collection'][0]}/{query['rkey'][0]}"
        post = self.posts.get(uri)
        return (200, {"uri": uri, "cid": CID, "value": post["record"]}) if post else error("RecordNotFound")

    def _putRecord(self, _: dict[str, list[str]], body: Any) -> Answer:  # noqa: N802
        uri = f"at://{body['repo']}/{body['collection']}/{body['rkey']}"
        there = self.posts.get(uri)
        if there is not None and there["record"] != body["record"]:
            return error("InvalidSwap")
        author = {"did": US, "handle": "team.test"}
        self.posts[uri] = {
            "uri": uri,
            "cid": CID,
            "author": author,
            "record": body["record"],
            "indexedAt": written(NOW),
        }
        return 200, {"uri": uri, "cid": CID}

    def _getProfile(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        return 200, {"did": query["actor"][0], "handle": "some.test"}

    def _getSession(self, _: dict[str, list[str]], __: Any) -> Answer:  # noqa: N802
        return 200, {"did": US, "handle": "team.test"}

    def _resolveHandle(self, _: dict[str, list[str]], __: Any) -> Answer:  # noqa: N802
        return error("InvalidRequest")

    def _listConvos(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        return 200, {"convos": [c for c in self.convos if c["status"] == query["status"][0]]}

    def _getLog(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        return 200, {"logs": [], "cursor": query.get("cursor", ["3n2ubtciftc2r"])[0]}

    def _getConvo(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        found = [c for c in self.convos if c["id"] == query["convoId"][0]]
        return (200, {"convo": found[0]}) if found else error("InvalidConvo")

    def _getMessages(self, query: dict[str, list[str]], _: Any) -> Answer:  # noqa: N802
        return 200, {"messages": self.messages.get(query["convoId"][0], [])}

    def _sendMessage(self, _: dict[str, list[str]], body: Any) -> Answer:  # noqa: N802
        ident = self.message(body["convoId"], US, body["message"]["text"], at=NOW).rpartition("/")[2]
        return 200, {k: v for k, v in self.messages[body["convoId"]][0].items() if k != "$type" and ident}


class Look:
    """Pulls a connector and keeps the latest of everything, as a store must; `pages` are those of the last pull."""

    def __init__(self, connector: Connector, now: int = NOW) -> None:
        self.connector = connector
        self.now = now
        self.messages: dict[str, Message] = {}
        self.conversations: dict[str, Conversation] = {}
        self.gaps: dict[str, str] = {}
        self.coverage: Coverage | None = None
        self.position: dict[str, Any] = {}
        self.pages: list[Page] = []

    def pull(self, *, full: bool = False, stop_after: int | None = None, **known: tuple[str, ...]) -> Look:
        """One pull; with `stop_after`, it is cut off after that many pages, as a crash would."""
        self.now += MINUTE
        given = {"conversations": tuple(self.conversations), **known}
        if full:
            given["live"] = tuple(m.id for m in self.messages.values() if m.state != "deleted")
        self.pages = []
        for page in self.connector.pull(Known(**given, position=self.position), self.now, full=full):
            self.pages.append(page)
            self._store(page)
            if len(self.pages) == stop_after:
                break
        return self

    def _store(self, page: Page) -> None:
        for record in page.records:
            if isinstance(record, Message):
                self.messages[record.id] = record
            elif isinstance(record, Conversation):
                self.conversations[record.id] = record
            elif isinstance(record, Coverage) and record.conversation is None:
                self.coverage = record
            elif isinstance(record, Coverage) and record.conversation is not None:
                self.gaps[record.conversation] = (record.gap.why or "") if record.gap is not None else ""
        for gone in page.gone:
            if gone in self.messages:
                self.messages[gone] = replace(self.messages[gone], state="deleted", state_at=to_datetime(self.now))
        self.position = json.loads(json.dumps(page.position))

    def new(self) -> list[str]:
        """The ids of all messages that the last pull brought, in order."""
        return [record.id for page in self.pages for record in page.records if isinstance(record, Message)]

    def gone(self) -> list[str]:
        """The ids that the last pull said to be gone."""
        return [ident for page in self.pages for ident in page.gone]

    def poison(self) -> list[str]:
        """Why items were set aside."""
        return [why for page in self.pages for why, _ in page.poison]

    def state(self, ident: str) -> str:
        """A message's state here."""
        return self.messages[ident].state or "live"

    def gap(self) -> str:
        """What the source as a whole cannot vouch for."""
        assert self.coverage is not None
        return (self.coverage.gap.why or "") if self.coverage.gap is not None else ""


def signed_in(sky: Sky, **settings: Any) -> Bluesky:
    """The connector over it."""
    secret = Tokens("pass-word", "good", "refresh").text()
    place = {"did": US, "pds": PDS, **settings}
    return connect(place, Credentials(secret), source="sky", clock=lambda: NOW, transport=sky.checked)
