"""A Discourse on loopback that answers as one: every answer follows the published schema, or the serializers of its source.

What a request or an answer violates is collected in `violations`; the fixture fails the test for it. `tests.servers.faultproxy`
breaks the line in front of it where a test wants that.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.connectors import discourse_routes as routes
from tests.connectors.discourse_schema import answers, operation, violations, wrong_request
from tests.connectors.discourse_world import Member, World

KEY = "0123456789abcdef"


class Refusal(Exception):
    """An answer that is none of the 2xx."""

    def __init__(self, status: int, kind: str = "", headers: dict[str, str] | None = None, extras: Any = None) -> None:
        super().__init__(kind)
        self.status, self.kind, self.headers, self.extras = status, kind, headers or {}, extras


class Double:
    """Use as a context manager. `world` is the forum; `url` is where it is; `requests` lists `METHOD path`."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.keys: dict[str, str] = {KEY: "moderator"}
        self.requests: list[str] = []
        self.violations: list[str] = []
        self.limits: list[Refusal] = []
        """Refusals for the next requests, first come first served."""
        self.on: Callable[[str], None] | None = None
        """Called with `METHOD path` before a request is answered."""
        self.spoil: Callable[[str, Any], Any] | None = None
        """Changes an answer's body after it was checked, for shapes that no Discourse sends."""
        self.memo: dict[str, tuple[float, Any]] = {}
        self.lock = threading.RLock()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two cost 40 ms of a delayed acknowledgement
            disable_nagle_algorithm = True

            def _any(self) -> None:
                double._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(double.world.now, usegmt=True)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Double:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    # ------------------------------------------------------------------ the wire

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        parts = urlsplit(handler.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        name = operation(handler.command, parts.path)
        headers: dict[str, str] = {}
        with self.lock:
            self.requests.append(f"{handler.command} {parts.path}")
            if self.on is not None:
                self.on(f"{handler.command} {parts.path}")
            try:
                if self.limits:
                    raise self.limits.pop(0)
                who = self._who(handler)
                body = json.loads(raw) if raw else {}
                self.violations += [f"{name} asked {each}" for each in wrong_request(name, set(query), body)]
                status, found = 200, routes.answer(self, name, who, parts.path, query, body)
                self._check(name, found)
            except Refusal as refusal:
                status, headers = refusal.status, refusal.headers
                found = {"errors": ["Prose in the language of the site."], "error_type": refusal.kind}
                if refusal.extras is not None:
                    found["extras"] = refusal.extras
            except KeyError as error:
                status, found = 500, {"errors": [str(error)]}
                self.violations.append(f"{name}: {error!r}")
            if self.spoil is not None:
                found = self.spoil(name, found)
        content = b"" if found is None else json.dumps(found).encode()
        handler.send_response(status)
        for key, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
            handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _check(self, name: str, found: Any) -> None:
        schema = answers(name)
        if name == "POST /posts.json" and isinstance(found, dict) and found.get("action") == "enqueued":
            return  # NewPostResultSerializer; the document describes only the post
        if schema is None or found is None:
            wrong = (
                []
                if found is None and (schema is None or name.startswith("DELETE"))
                else ["a body, or none, against it"]
            )
        else:
            wrong = violations(found, schema)
        self.violations += [f"{name} answered {each}" for each in wrong]

    def _who(self, handler: BaseHTTPRequestHandler) -> Member:
        """Whose key it is; a wrong one is answered as a missing right is (`Auth::DefaultCurrentUserProvider`)."""
        name = self.keys.get(handler.headers.get("Api-Key") or "")
        asked = (handler.headers.get("Api-Username") or "").lower()
        if name is None or name.lower() != asked:
            raise Refusal(403, "invalid_access")
        return self.world.members[name]

    # ------------------------------------------------------------------ what the routes need

    def remembered(self, who: Member, body: dict[str, Any], make: Callable[[], Any]) -> Any:
        """The answer to the same post by the same account within 120 seconds (`PostsController#create`)."""
        signature = hashlib.sha1(json.dumps([who.id, sorted(body.items())]).encode()).hexdigest()
        now = self.world.now.timestamp()
        kept = self.memo.get(signature)
        if kept is None or now - kept[0] >= 120:
            kept = self.memo[signature] = (now, make())
        if isinstance(kept[1], Refusal):
            raise kept[1]
        return kept[1]
