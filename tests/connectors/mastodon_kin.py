"""A small server of Mastodon's kind inside the test process, with the habits of the one or the other implementation.

What differs between servers is set by `Habits`; each difference is from `docs/platforms/mastodon.md`. Requests come
through `httpx.MockTransport`, so that nothing is opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx

from modconsole.connectors.mastodon import Mastodon, connect
from modconsole.connectors.signing import Credentials

BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Habits:
    """How a server behaves."""

    version: str = "4.5.0"
    ulids: bool = False
    """Ids are 26 letters and digits, as on GoToSocial, and not numbers."""
    batches: bool = True
    """Several statuses can be asked for at once (Mastodon since 4.3)."""
    policy: bool = True
    """There is a notification policy with requests (Mastodon since 4.3)."""
    conversations: str = "list"
    """`list`, `empty` (Takahē) or `missing` (Hollo)."""
    links: str = "next"
    """`next`: a link to what is older while there is something; `always` (GoToSocial): with every page that has items;
    `older_than` (Hollo): the link has no `max_id`; `none`."""
    types: bool = True
    """Types of notifications that the server does not know are passed over; where not (Takahē), they are an error
    500."""
    own_direct: bool = True
    """The list of our own posts has the direct ones."""
    since: bool = True
    """`since_id` is honoured."""
    idempotent: bool = True
    """`Idempotency-Key` is honoured."""
    bad_token: tuple[int, str] = (401, '{"error": "The access token is invalid"}')
    limit: int = 3
    """Items of a page, whatever was asked for."""


MASTODON = Habits()
OLD = replace(MASTODON, version="4.2.9", batches=False, policy=False)
GOTOSOCIAL = replace(
    OLD,
    version="0.19.1+git-1234567",
    ulids=True,
    links="always",
    idempotent=False,
    bad_token=(401, '{"error": "Unauthorized: token not supplied"}'),
)
TAKAHE = replace(
    OLD,
    version="takahe/0.11.0",
    conversations="empty",
    links="always",
    types=False,
    own_direct=False,
    idempotent=False,
    bad_token=(400, "Invalid Bearer token"),
)
PLEROMA = replace(
    OLD,
    version="2.7.2 (compatible; Pleroma 2.7.0)",
    ulids=True,
    links="none",
    idempotent=False,
    bad_token=(403, '{"error": "Invalid credentials."}'),
)
HOLLO = replace(
    OLD, version="0.6.0", ulids=True, conversations="missing", links="older_than", bad_token=(401, "Unauthorized")
)
DEAF = replace(OLD, version="1.0", since=False, links="none", idempotent=False)
"""No server in particular: one that passes over whatever it is given as a hint."""

SERVERS: dict[str, Habits] = {
    "Mastodon": MASTODON,
    "Mastodon 4.2": OLD,
    "GoToSocial": GOTOSOCIAL,
    "Takahē": TAKAHE,
    "Pleroma": PLEROMA,
    "Hollo": HOLLO,
    "deaf": DEAF,
}


@dataclass
class Kin:
    """The server. `us` is who holds the token `secret`; others are made by naming them."""

    habits: Habits = MASTODON
    us: str = "us"
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    """Accounts whose posts no thread shows, as those that we block."""
    fetching: set[str] = field(default_factory=set)
    """Threads of which the server is getting more from other servers."""
    instead: dict[str, Callable[[httpx.Request], httpx.Response | None]] = field(default_factory=dict)
    """Answers to paths that contain a word, in place of the server's; None for the server's own."""
    headers: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ticks: int = 0

    def connector(self, *, secret: str = "secret", scopes: list[str] | None = None) -> Mastodon:
        """A connector that speaks to it."""
        settings: dict[str, Any] = {"url": "https://kin.example", **({"scopes": scopes} if scopes is not None else {})}
        return connect(
            settings, Credentials(secret), source="fedi", clock=self.now, transport=httpx.MockTransport(self.answer)
        )

    def now(self) -> int:
        """The server's clock, in instants."""
        return int((self.moment() - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)

    def moment(self) -> datetime:
        """The server's clock."""
        return BEGIN + timedelta(seconds=self.ticks)

    def ident(self) -> str:
        """The next id; it grows with time."""
        self.ticks += 1
        return f"01HQ{self.ticks:022d}" if self.habits.ulids else str(10_000 + self.ticks)

    def told_id(self) -> str:
        """The id of a notification; Hollo's has an instant and slashes in it."""
        return (
            f"{self.moment().isoformat()}/mention/x" if self.habits.links == "older_than" else str(1_000 + self.ticks)
        )

    # ------------------------------------------------------------------ what people do

    def account(self, name: str) -> dict[str, Any]:
        return {"id": f"a-{name}", "username": name, "acct": name, "display_name": name.title(), "bot": False}

    def post(self, by: str, text: str, to: str | None = None, visibility: str = "public", **fields: Any) -> str:
        """Somebody writes; whoever is named as `@name` is told, unless they wrote it."""
        ident = self.ident()
        named = [word.strip("@.,?!") for word in text.split() if word.startswith("@")]
        self.statuses[ident] = {
            "id": ident,
            "account": self.account(by),
            "created_at": self.moment().isoformat(),
            "content": f"<p>{text}</p>",
            "spoiler_text": "",
            "visibility": visibility,
            "in_reply_to_id": to,
            "edited_at": None,
            "url": f"https://kin.example/@{by}/{ident}",
            "mentions": [{"id": f"a-{name}", "acct": name, "username": name} for name in named],
            "media_attachments": [],
            **fields,
        }
        if self.us in named and by != self.us:
            self.notifications.append(
                {
                    "id": self.told_id(),
                    "type": "mention",
                    "created_at": self.moment().isoformat(),
                    "account": self.account(by),
                    "of": ident,
                }
            )
        return ident

    def edit(self, ident: str, text: str) -> None:
        """A status is changed by its author."""
        self.ticks += 1
        self.statuses[ident].update(content=f"<p>{text}</p>", edited_at=self.moment().isoformat())

    def delete(self, ident: str) -> None:
        """A status is deleted: its notifications go with it, and answers to it lose their parent."""
        self.ticks += 1
        del self.statuses[ident]
        self.notifications = [one for one in self.notifications if one["of"] != ident]
        for status in self.statuses.values():
            if status["in_reply_to_id"] == ident:
                status["in_reply_to_id"] = None

    # ------------------------------------------------------------------ what it answers

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        path = request.url.path
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        for word, made in self.instead.items():
            if word in f"{request.method} {request.url.raw_path.decode()}" and (found := made(request)) is not None:
                return found
        if path.startswith("/api/v2/instance"):
            return self.said({"title": "Kin", "version": self.habits.version, "domain": "kin.example"})
        if request.headers.get("Authorization") != "Bearer secret":
            status, text = self.habits.bad_token
            return httpx.Response(status, text=text)
        query = {key.removesuffix("[]"): values for key, values in parse_qs(request.url.query.decode()).items()}
        return self._read(path, query) if request.method == "GET" else self._write(request, path)

    def said(self, value: object, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
        """An answer, with the server's clock."""
        date = self.moment().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return httpx.Response(status, json=value, headers={"Date": date, **self.headers, **(headers or {})})

    def none(self) -> httpx.Response:
        return self.said({"error": "Record not found"}, 404)

    def _read(self, path: str, query: dict[str, list[str]]) -> httpx.Response:
        parts = path.strip("/").split("/")[2:]
        if parts == ["accounts", "verify_credentials"]:
            return self.said(self.account(self.us))
        if parts[0] == "accounts" and parts[-1] == "statuses":
            mine = [s for s in self.statuses.values() if s["account"]["id"] == parts[1]]
            mine = [s for s in mine if self.habits.own_direct or s["visibility"] != "direct"]
            return self._listed(path, [self.shown(s) for s in mine], query)
        if parts == ["notifications"]:
            if not self.habits.types and set(query["types"]) - {"mention", "favourite", "reblog", "follow"}:
                return httpx.Response(500, text="KeyError")
            told = [{**one, "status": self.shown(self.statuses[one["of"]])} for one in self.notifications]
            return self._listed(path, told, query)
        if parts[0] == "notifications":
            found: object = {"summary": {}} if parts[-1] == "policy" else []
            return self.said(found) if self.habits.policy else self.none()
        if parts == ["conversations"]:
            return self._conversations(path, query)
        if parts == ["statuses"] and self.habits.batches:
            asked = [ident for ident in query.get("id", []) if ident in self.statuses]
            return self.said([self.shown(self.statuses[ident]) for ident in asked])
        if len(parts) > 1 and parts[0] == "statuses" and parts[1] in self.statuses:
            return self._context(parts[1]) if parts[-1] == "context" else self.said(self.shown(self.statuses[parts[1]]))
        return self.none()

    def shown(self, status: dict[str, Any]) -> dict[str, Any]:
        """A status with the number of its answers."""
        answers = [
            s for s in self.statuses.values() if s["in_reply_to_id"] == status["id"] and s["visibility"] != "direct"
        ]
        return {"replies_count": len(answers), **status}

    def _listed(self, path: str, items: list[dict[str, Any]], query: dict[str, list[str]]) -> httpx.Response:
        """A page of a list, newest first, with links as this server gives them."""
        key: Callable[[dict[str, Any]], tuple[int, str]] = lambda item: (len(item["id"]), item["id"])  # noqa: E731
        found = sorted(items, key=key, reverse=True)
        if "max_id" in query:
            found = [item for item in found if key(item) < key({"id": query["max_id"][0]})]
        if self.habits.since and "since_id" in query:
            found = [item for item in found if key(item) > key({"id": query["since_id"][0]})]
        page = found[: self.habits.limit]
        links = []
        more = len(found) > len(page)
        if page and (self.habits.links == "always" or (self.habits.links != "none" and more)):
            cursor = "older_than=2026" if self.habits.links == "older_than" else f"max_id={page[-1]['id']}"
            links.append(f'<https://kin.example{path}?{cursor}>; rel="next"')
        if page and self.habits.links in ("next", "always"):
            links.append(f'<https://kin.example{path}?since_id={page[0]["id"]}>; rel="prev"')
        return self.said(page, headers={"Link": ", ".join(links)} if links else {})

    def _conversations(self, path: str, query: dict[str, list[str]]) -> httpx.Response:
        if self.habits.conversations == "missing":
            return self.none()
        rows: dict[str, dict[str, Any]] = {}
        for status in self.statuses.values():
            if status["visibility"] == "direct" and self.habits.conversations == "list":
                top = [status["id"], *self.above(status["id"])][-1]
                rows[top] = {"id": status["id"], "row": top, "last_status": self.shown(status), "accounts": []}
        answer = self._listed(path, list(rows.values()), query)
        page = [{**row, "id": row["row"]} for row in answer.json()]
        return httpx.Response(
            200, json=page, headers={k: v for k, v in answer.headers.items() if k in ("link", "date")}
        )

    def above(self, ident: str) -> list[str]:
        """The statuses above this one, the topmost last."""
        found: list[str] = []
        while (parent := self.statuses[ident]["in_reply_to_id"]) is not None and parent in self.statuses:
            found.append(parent)
            ident = parent
        return found

    def _context(self, ident: str) -> httpx.Response:
        above = [self.shown(self.statuses[parent]) for parent in reversed(self.above(ident))]
        below: list[dict[str, Any]] = []
        places = [ident]
        while places:
            place = places.pop(0)
            children = [s for s in self.statuses.values() if s["in_reply_to_id"] == place]
            below += [self.shown(s) for s in children]
            places += [s["id"] for s in children]
        shown = [[s for s in some if s["account"]["username"] not in self.hidden] for some in (above, below)]
        headers = {"Mastodon-Async-Refresh": 'id="x", retry=5'} if ident in self.fetching else {}
        return self.said({"ancestors": shown[0], "descendants": shown[1]}, headers=headers)

    def _write(self, request: httpx.Request, path: str) -> httpx.Response:
        if path != "/api/v1/statuses":
            return self.none()
        body = json.loads(request.content)
        key = request.headers.get("Idempotency-Key", "")
        if self.habits.idempotent and key in self.keys:
            return self.said(self.shown(self.statuses[self.keys[key]]))
        fields = {"spoiler_text": body.get("spoiler_text", "")}
        ident = self.post(
            self.us, body["status"], body.get("in_reply_to_id"), body.get("visibility", "public"), **fields
        )
        self.keys[key] = ident
        return self.said(self.shown(self.statuses[ident]))
