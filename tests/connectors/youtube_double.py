"""A YouTube of our own on loopback: a channel with videos and comments that remembers what is done to it.

It behaves as Google documents the API, and where that is silent in the way that is hardest to live with: inline
replies are the five newest, a new reply leaves its thread where it was in the list, page tokens are row numbers, so
that what is deleted while somebody pages shifts rows. Every request and every answer is checked by the discovery
document; what does not keep to it is in `wrong`, which
`close()` asserts to be empty.

Everything that *other people* do in a test goes through the methods here, never through the connector under test.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.connectors.youtube_schema import DOCUMENT, method_of, request_violations, schema, violations

from modconsole.connectors.youtube_oauth import SCOPE
from modconsole.domain.times import to_text

INLINE = 5
CLIENT, CLIENT_SECRET = "client-1.apps.googleusercontent.com", "gocspx-secret"
US = "UCus"
"""The channel that is signed in."""


def wall_clock() -> int:
    """Now, as an instant."""
    return time.time_ns() // 1000


@dataclass
class Row:
    """One comment as YouTube has it."""

    id: str
    video: str
    parent: str | None
    author: str
    name: str
    text: str
    published: int
    updated: int
    status: str = "published"


@dataclass
class Fault:
    """What becomes of a request to a method: an API error, a broken connection, or the bytes of `body`."""

    method: str
    status: int = 0
    reason: str = ""
    after: bool = False
    """Break the connection after the change was made, and not before."""
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An error of the API."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class YouTubeDouble:
    """The server and what happens on it. `clock` gives instants."""

    def __init__(self, clock: Callable[[], int] = wall_clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.rows: dict[str, Row] = {}
        self.videos: dict[str, tuple[str, bool]] = {}
        self.names: dict[str, str] = {US: "@lanternfish"}
        self.banned: set[str] = set()
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.used = 0
        self.limit = 10_000
        self.wrong: list[str] = []
        self.tells_status = True
        """Whether lists tell the moderation status of each comment, as they do to the owner of the channel."""
        self.may_moderate = True
        self.lists_held_replies = True
        """Whether the list of a comment's replies has those that are held, for the owner; nothing says so."""
        self.extra_count = 0
        """Replies that threads count and nobody is shown."""
        self.codes: dict[str, tuple[str, str]] = {}
        self.refresh_tokens = {"refresh-1"}
        self.access_tokens = {"access-0"}
        self.granted = SCOPE
        self._numbers = itertools.count(1)
        self._below: dict[str, list[Row]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self.token_url = f"{self.url}token"

    def __enter__(self) -> YouTubeDouble:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close(check=kind is None)

    def close(self, *, check: bool = True) -> None:
        """Stop, and say whether everything that was asked and answered is as Google publishes it."""
        self._server.shutdown()
        self._server.server_close()
        if check:
            assert self.wrong == []

    # -- the driver's side: settings, and what people do -----------------------------------------------------------------

    @property
    def settings(self) -> dict[str, Any]:
        """Settings that lead a connector here."""
        return {"channel": US, "api": self.url, "token": self.token_url}

    @property
    def secret(self) -> str:
        """A secret that is signed in."""
        parts = {
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "refresh_token": "refresh-1",
            "access_token": "access-0",
        }
        return json.dumps(parts)

    def person(self, name: str) -> str:
        """Somebody with a channel and the handle `@name`; gives the channel's id."""
        ident = f"UC{name}"
        self.names[ident] = f"@{name}"
        return ident

    def video(self, title: str, *, disabled: bool = False) -> str:
        """A video of ours; gives its id."""
        with self.lock:
            ident = f"vid{next(self._numbers)}"
            self.videos[ident] = (title, disabled)
            return ident

    def comment(
        self,
        video: str,
        author: str,
        text: str,
        *,
        reply_to: str | None = None,
        at: int | None = None,
        status: str = "",
    ) -> str:
        """A comment or a reply, by anybody and as from any app; gives its id."""
        with self.lock:
            number = next(self._numbers)
            when = (self.clock() if at is None else at) // 1_000_000 * 1_000_000
            parent = self.rows[reply_to].parent or reply_to if reply_to is not None else None
            ident = f"{parent}.r{number}" if parent is not None else f"Ug{number}"
            name = self.names.get(author, author)
            status = status or ("rejected" if author in self.banned else "published")
            self.rows[ident] = Row(ident, video, parent, author, name, text, when, when, status)
            return ident

    def reply_as_us(self, to: str, text: str) -> str:
        """A reply of ours in YouTube's own app."""
        return self.comment(self.rows[to].video, US, text, reply_to=to)

    def edit(self, comment: str, text: str) -> None:
        """What an author does to their own comment."""
        with self.lock:
            row = self.rows[comment]
            row.text, row.updated = text, self.clock() // 1_000_000 * 1_000_000

    def delete(self, comment: str) -> None:
        """Delete a comment, and the replies below it, for good."""
        with self.lock:
            self.rows = {k: r for k, r in self.rows.items() if k != comment and r.parent != comment}

    def in_studio(self, comment: str, status: str) -> None:
        """Set a comment's status as a moderator does in YouTube Studio."""
        with self.lock:
            self.rows[comment].status = status

    def messages(self) -> dict[str, Row]:
        """Everything there is: the ground truth."""
        with self.lock:
            return dict(self.rows)

    def fail(self, method: str, status: int = 0, reason: str = "", **more: Any) -> None:
        """Let the next call of a method fail; without a status the connection breaks."""
        self.faults.append(Fault(method, status, reason, **more))

    # -- OAuth -----------------------------------------------------------------------------------------------------------

    def expire(self) -> None:
        """Let every access token run out."""
        self.access_tokens.clear()

    def revoke(self) -> None:
        """End every sign-in."""
        self.access_tokens.clear()
        self.refresh_tokens.clear()

    def browser(self, address: str) -> str:
        """What a person's browser does with Google's sign-in page: allow it. Gives the address that it ends at."""
        parts = urlsplit(address)
        query = dict(parse_qsl(parts.query))
        assert (parts.scheme, parts.hostname) == ("https", "accounts.google.com")
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["scope"] == SCOPE
        assert query["access_type"] == "offline"
        assert query["code_challenge_method"] == "S256"
        code = f"4/code-{next(self._numbers)}"
        self.codes[code] = (query["code_challenge"], query["redirect_uri"])
        return f"{query['redirect_uri']}?{urlencode({'state': query['state'], 'code': code, 'scope': SCOPE})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Google's token endpoint (RFC 6749 §5)."""
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, CLIENT_SECRET):
            return 401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}
        more: dict[str, Any] = {}
        if form.get("grant_type") == "authorization_code":
            challenge, redirect = self.codes.pop(form["code"], ("", ""))
            proof = (
                base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            )
            if not challenge or proof != challenge or form["redirect_uri"] != redirect:
                return 400, {"error": "invalid_grant", "error_description": "Malformed auth code."}
            refresh = f"refresh-{next(self._numbers)}"
            self.refresh_tokens.add(refresh)
            more = {"refresh_token": refresh}
        elif form.get("refresh_token") not in self.refresh_tokens:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        access = f"access-{next(self._numbers)}"
        self.access_tokens.add(access)
        return 200, {
            "access_token": access,
            "expires_in": 3599,
            "scope": self.granted,
            "token_type": "Bearer",
            **more,
        }

    # -- the API ---------------------------------------------------------------------------------------------------------

    def answer(self, verb: str, path: str, query: dict[str, list[str]], body: Any, token: str) -> tuple[int, Any]:
        """The status and the body for one request, and what it costs."""
        with self.lock:
            method = method_of(verb, path)
            if method is None:
                self.wrong.append(f"{verb} {path}: no such method")
                return 404, _error(404, "notFound")
            self.calls.append(method)
            if token not in self.access_tokens:
                return 401, _error(401, "authError")
            bad = request_violations(method, query, body)
            if bad:
                self.wrong += [f"{method}: {each}" for each in bad]
                return 400, _error(400, "badRequest")
            cost = 1 if verb == "GET" else 50
            if self.used + cost > self.limit:
                return 403, _error(403, "quotaExceeded")
            self.used += cost
            self._below = {}
            for row in self.rows.values():
                if row.parent is not None:
                    self._below.setdefault(row.parent, []).append(row)
            try:
                found = getattr(self, "_" + method.replace(".", "_"))({k: ",".join(v) for k, v in query.items()}, body)
            except Refusal as error:
                return error.status, _error(error.status, error.reason)
            expected = DOCUMENT["methods"][method].get("response")
            if expected is not None:
                self.wrong += [f"{method}: {each}" for each in violations(found, schema(expected["$ref"]))]
            return (204, None) if expected is None else (200, found)

    def _channels_list(self, query: dict[str, str], body: Any) -> dict[str, Any]:
        channel = {
            "kind": "youtube#channel",
            "id": US,
            "snippet": {"title": "Lanternfish", "customUrl": self.names.get(US, "")},
            "statistics": {"videoCount": str(len(self.videos))},
        }
        return {"kind": "youtube#channelListResponse", "items": [channel] if US in self.names else []}

    def _videos_list(self, query: dict[str, str], body: Any) -> dict[str, Any]:
        items = [
            {
                "kind": "youtube#video",
                "id": ident,
                "snippet": {"title": self.videos[ident][0], "channelId": US, "publishedAt": "2026-01-01T00:00:00Z"},
            }
            for ident in query["id"].split(",")
            if ident in self.videos
        ]
        return {"kind": "youtube#videoListResponse", "items": items}

    def _commentThreads_list(self, query: dict[str, str], body: Any) -> dict[str, Any]:  # noqa: N802
        status = query.get("moderationStatus", "published")
        if status not in ("published", "heldForReview", "likelySpam"):
            raise Refusal(400, "invalidFilters")
        if status != "published" and not self.may_moderate:
            raise Refusal(403, "forbidden")
        video = query.get("videoId")
        if video is not None and video not in self.videos:
            raise Refusal(404, "videoNotFound")
        if video is not None and self.videos[video][1]:
            raise Refusal(403, "commentsDisabled")
        tops = [
            row
            for row in sorted(self.rows.values(), key=lambda row: (-row.published, row.id))
            if row.parent is None
            and (video is None or row.video == video)
            and not self.videos[row.video][1]
            and (
                row.status == status or (status != "published" and status in {r.status for r in self._replies(row.id)})
            )
        ]
        rows, following = _page(tops, query)
        return {
            "kind": "youtube#commentThreadListResponse",
            "items": [self._thread(row, status) for row in rows],
            "pageInfo": {"totalResults": len(rows), "resultsPerPage": int(query.get("maxResults", "20"))},
            **following,
        }

    def _commentThreads_insert(self, query: dict[str, str], body: Any) -> dict[str, Any]:  # noqa: N802
        snippet = body["snippet"]
        if snippet["videoId"] not in self.videos:
            raise Refusal(404, "videoNotFound")
        ident = self.comment(snippet["videoId"], US, self._text(snippet["topLevelComment"]["snippet"]))
        return self._thread(self.rows[ident], "published")

    def _comments_list(self, query: dict[str, str], body: Any) -> dict[str, Any]:
        if "id" in query:
            rows = [self.rows[ident] for ident in query["id"].split(",") if ident in self.rows]
            return {"kind": "youtube#commentListResponse", "items": [self._json(row, told=False) for row in rows]}
        if query["parentId"] not in self.rows:
            raise Refusal(404, "commentNotFound")
        shown = ("published", "heldForReview", "likelySpam") if self.lists_held_replies else ("published",)
        rows, following = _page([r for r in self._replies(query["parentId"]) if r.status in shown], query)
        return {"kind": "youtube#commentListResponse", "items": [self._json(row) for row in rows], **following}

    def _comments_insert(self, query: dict[str, str], body: Any) -> dict[str, Any]:
        parent = self.rows.get(body["snippet"]["parentId"])
        if parent is None or parent.parent is not None:
            raise Refusal(404, "parentCommentNotFound")
        return self._json(self.rows[self.comment(parent.video, US, self._text(body["snippet"]), reply_to=parent.id)])

    def _comments_delete(self, query: dict[str, str], body: Any) -> None:
        row = self._row(query["id"])
        if row.author != US:
            raise Refusal(403, "forbidden")
        self.delete(row.id)

    def _comments_setModerationStatus(self, query: dict[str, str], body: Any) -> None:  # noqa: N802
        if not self.may_moderate:
            raise Refusal(403, "forbidden")
        status, ban = query["moderationStatus"], query.get("banAuthor") == "true"
        if ban and status != "rejected":
            raise Refusal(400, "banWithoutReject")
        if status not in ("published", "heldForReview", "rejected"):
            raise Refusal(400, "operationNotSupported")
        for ident in query["id"].split(","):
            row = self._row(ident)
            row.status = status
            if ban:
                self.banned.add(row.author)

    def _row(self, ident: str) -> Row:
        if ident not in self.rows:
            raise Refusal(404, "commentNotFound")
        return self.rows[ident]

    @staticmethod
    def _text(snippet: dict[str, Any]) -> str:
        text = str(snippet.get("textOriginal", ""))
        if not text.strip():
            raise Refusal(400, "commentTextRequired")
        if len(text) > 10_000:
            raise Refusal(400, "commentTextTooLong")
        return text.strip()

    def _replies(self, top: str) -> list[Row]:
        return sorted(self._below.get(top, ()), key=lambda row: (-row.published, row.id))

    def _thread(self, top: Row, status: str) -> dict[str, Any]:
        shown = [row for row in self._replies(top.id) if row.status in ("published", status)]
        counted = [row for row in self._replies(top.id) if row.status != "rejected"]
        thread: dict[str, Any] = {
            "kind": "youtube#commentThread",
            "id": top.id,
            "snippet": {
                "channelId": US,
                "videoId": top.video,
                "topLevelComment": self._json(top),
                "canReply": True,
                "totalReplyCount": len(counted) + self.extra_count,
                "isPublic": top.status == "published",
            },
        }
        if shown:
            thread["replies"] = {"comments": [self._json(row) for row in shown[:INLINE]]}
        return thread

    def _json(self, row: Row, *, told: bool = True) -> dict[str, Any]:
        snippet: dict[str, Any] = {
            "channelId": US,
            "videoId": row.video,
            "textDisplay": row.text,
            "authorDisplayName": row.name,
            "authorChannelUrl": f"http://www.youtube.com/{row.name}",
            "authorChannelId": {"value": row.author},
            "canRate": True,
            "viewerRating": "none",
            "likeCount": 0,
            "publishedAt": to_text(row.published),
            "updatedAt": to_text(row.updated),
        }
        if row.author == US:
            snippet["textOriginal"] = row.text
        if row.parent is not None:
            snippet["parentId"] = row.parent
        if told and self.tells_status:
            snippet["moderationStatus"] = row.status
        return {"kind": "youtube#comment", "id": row.id, "snippet": snippet}


def _page(rows: list[Row], query: dict[str, str]) -> tuple[list[Row], dict[str, str]]:
    """The rows of a page, and its key `nextPageToken` where more follow."""
    size = int(query.get("maxResults", "20"))
    start = 0
    if "pageToken" in query:
        with suppress(ValueError):
            start = int(base64.urlsafe_b64decode(query["pageToken"]).removeprefix(b"row:"))
        if start == 0:
            raise Refusal(400, "invalidPageToken")
    end = start + size
    token = base64.urlsafe_b64encode(b"row:%d" % end).decode()
    return rows[start:end], ({"nextPageToken": token} if end < len(rows) else {})


def _error(status: int, reason: str) -> dict[str, Any]:
    """An error as Google's APIs tell it."""
    words = f"A sentence of Google's about {reason}."
    return {
        "error": {
            "code": status,
            "message": words,
            "errors": [{"message": words, "domain": "youtube", "reason": reason}],
        }
    }


def _handler(double: YouTubeDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet: two would wait 40 ms for each other

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The time by the double's clock."""
            return super().date_time_string(double.clock() / 1e6)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def _serve(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            if parts.path == "/token":
                self._send(*double.token(dict(parse_qsl(data.decode()))))
                return
            method = method_of(self.command, parts.path) or ""
            fault = next((each for each in double.faults if each.method == method), None)
            if fault is not None:
                double.faults.remove(fault)
                if fault.status:
                    double.calls.append(method)
                    self._send(fault.status, fault.body or _error(fault.status, fault.reason), fault.headers)
                    return
                if not fault.after:
                    self.close_connection = True
                    return
            query = {
                k: [p for v in vs for p in v.split(",")]
                for k, vs in parse_qs(parts.query, keep_blank_values=True).items()
            }
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, body = double.answer(self.command, parts.path, query, json.loads(data) if data else None, token)
            if fault is not None and fault.body is None:
                self.close_connection = True
                return
            self._send(status, fault.body if fault is not None and fault.body is not None else body)

        def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Type", "application/json; charset=UTF-8")
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

    return Handler
