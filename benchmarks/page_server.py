"""A server of WordPress pages that costs next to nothing: comments made before, joined to pages when they are asked for.

usage: python -m benchmarks.page_server COMMENTS

Prints its port, then serves until it is ended. It speaks the part of the REST interface that a sync asks for, with HTTP/1.1
connections that are kept, so that what is measured beside it is the client. `GET /asked` says how many pages of comments were
asked for so far.
"""

from __future__ import annotations

import itertools
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

COMMENTS_ON_A_POST = 50


def comments(many: int) -> list[bytes]:
    """So many comments with the words of real messages, by guests, on posts of fifty comments each."""
    from modconsole.connectors.chitchat import records
    from modconsole.domain.records import Message

    texts = (record.text for record in records() if isinstance(record, Message))
    found = []
    for number, text in enumerate(itertools.islice(texts, many), 1):
        post = 1 + number // COMMENTS_ON_A_POST
        found.append(
            json.dumps(
                {
                    "id": number,
                    "post": post,
                    "parent": number - 1 if number % 3 == 0 and number % COMMENTS_ON_A_POST else 0,
                    "author": 0,
                    "author_name": f"Guest {number % 997}",
                    "author_email": f"guest{number % 997}@example.test",
                    "date": "2026-11-01T12:00:00",
                    "date_gmt": f"2026-10-{1 + number * 20 // (many + 1):02}T{number % 24:02}:{number % 60:02}:00",
                    "content": {"rendered": f"<p>{text}</p>\n", "raw": text},
                    "link": f"http://blog.example/{post}/#comment-{number}",
                    "status": "approved",
                    "type": "comment",
                }
            ).encode()
        )
    return found


class Site(ThreadingHTTPServer):
    """The site; `pages` counts what was asked for."""

    daemon_threads = True

    def __init__(self, many: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments = comments(many)
        self.pages = 0


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Site

    def do_GET(self) -> None:
        """Answer as WordPress does."""
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        route = url.path.removeprefix("/wp-json/")
        if url.path == "/asked":
            self._json({"pages": self.server.pages})
        elif url.path == "/":
            self._send(
                b"<html></html>", {"Link": f'<http://{self.headers["Host"]}/wp-json/>; rel="https://api.w.org/"'}
            )
        elif route == "wp/v2/users/me":
            self._json(
                {"id": 1, "name": "Ann", "slug": "ann", "capabilities": {"moderate_comments": True, "edit_posts": True}}
            )
        elif route == "wp/v2/comments":
            self._comments(query)
        elif route == "wp/v2/posts":
            ids = [int(i) for i in query.get("include", "").split(",") if i]
            self._json(
                [{"id": i, "title": {"rendered": f"Post {i}"}, "link": f"http://blog.example/{i}/"} for i in ids]
            )
        else:
            self._json({"name": "Blog", "home": "http://blog.example"})

    def _comments(self, query: dict[str, str]) -> None:
        if query.get("status") in ("hold", "spam", "trash"):
            found: list[bytes] = []
            total = 0
        elif "include" in query:
            ids = [int(i) for i in query["include"].split(",") if i]
            found = [self.server.comments[i - 1] for i in ids if i <= len(self.server.comments)]
            total = len(found)
        else:
            self.server.pages += 1
            offset, total = int(query.get("offset", 0)), len(self.server.comments)
            found = self.server.comments[offset : offset + 100]
        self._send(b"[" + b",".join(found) + b"]", {"X-WP-Total": str(total), "Content-Type": "application/json"})

    def _json(self, content: Any) -> None:
        self._send(json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""


def main() -> None:
    """Serve until ended."""
    site = Site(int(sys.argv[1]))
    print(site.server_address[1], flush=True)
    site.serve_forever()


if __name__ == "__main__":
    main()
