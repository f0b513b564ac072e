"""The guestbook of docs/connectors.md: a small server that keeps its entries in memory, and the connector as the page has it."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = Path(__file__).parents[2] / "docs" / "connectors.md"
TOKEN = "right"
PEOPLE = {"us": "The team", "ann": "Ann", "bob": "Bob"}


def blocks(language: str) -> list[str]:
    """The page's blocks of code in one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def source() -> str:
    """The connector's module: the page's blocks of Python, one after the other."""
    return "\n".join(blocks("python"))


def module() -> ModuleType:
    """The connector's module, as an entry point would load it."""
    made = ModuleType("modconsole_guestbook")
    exec(compile(source(), str(PAGE), "exec", dont_inherit=True), made.__dict__)
    return made


class Guestbook(ThreadingHTTPServer):
    """The platform; `entries` is the truth."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.entries: dict[int, dict[str, Any]] = {}
        self.keys: dict[str, int] = {}
        self.lock = threading.Lock()
        self.number = 1000
        self.port = int(self.server_address[1])
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def write(
        self, page: str, text: str, by: str, reply_to: int | None = None, *, key: str = "", number: int = 0
    ) -> dict[str, Any]:
        """A new entry, or the one that a key stands for."""
        with self.lock:
            if key in self.keys:
                return self.entries[self.keys[key]]
            if not number:
                self.number += 1
                number = self.number
            if key:
                self.keys[key] = number
            self.entries[number] = {
                "id": number,
                "page": page,
                "author": {"id": by, "name": PEOPLE[by]},
                "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "text": text,
                "reply_to": reply_to,
            }
            return self.entries[number]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Guestbook

    def do_GET(self) -> None:
        """The three questions."""
        url = urlsplit(self.path)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._say(401, {})
        elif url.path == "/me":
            self._say(200, {"id": "us", "name": PEOPLE["us"]})
        elif url.path == "/entries":
            after = int(parse_qs(url.query)["after"][0])
            with self.server.lock:
                found = sorted((e for e in self.server.entries.values() if e["id"] > after), key=lambda e: e["id"])
            self._say(200, found[:50])
        else:
            entry = self.server.entries.get(int(url.path.rpartition("/")[2]))
            self._say(200 if entry else 404, entry or {})

    def do_POST(self) -> None:
        """A new entry."""
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._say(401, {})
            return
        self._say(201, self.server.write(sent["page"], sent["text"], "us", sent.get("reply_to"), key=sent["key"]))

    def _say(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""
