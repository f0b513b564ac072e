"""Derive the shapes of Reddit's interface from the recordings in the tests of PRAW, into `tests/connectors/shapes/reddit.json`.

Reddit publishes no schema, and none of it can be run here. What there is, are recordings: PRAW, asyncpraw and prawcore (BSD
2-Clause, their authors named in the sdists) test against answers that Reddit really gave, 2016 to 2025. Those hold people's
words, so they are not copied: only the names and the types of fields are kept, which of them were there every time, and
which parameters were sent.

    pip download --no-binary :all: --no-deps praw asyncpraw prawcore && for each in *.tar.gz; do tar xf $each; done
    python scripts/reddit_shapes.py praw-*/ asyncpraw-*/ prawcore-*/
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TARGET = Path(__file__).parents[1] / "tests/connectors/shapes/reddit.json"

ENDPOINTS: dict[str, str] = {
    "POST /api/v1/access_token": r"POST /api/v1/access_token",
    "GET /api/v1/me": r"GET /api/v1/me",
    "GET /subreddits/mine/moderator": r"GET /subreddits/mine/moderator",
    "GET /r/{sub}/about/moderators": r"GET /r/[^/]+/about/moderators",
    "GET /r/{sub}/about/banned": r"GET /r/[^/]+/about/banned",
    "GET /r/{sub}/about/muted": r"GET /r/[^/]+/about/muted",
    "GET /r/{sub}/about/modqueue": r"GET /r/[^/]+/about/modqueue",
    "GET /r/{sub}/about/spam": r"GET /r/[^/]+/about/spam",
    "GET /r/{sub}/about/edited": r"GET /r/[^/]+/about/edited",
    "GET /r/{sub}/comments": r"GET /r/[^/]+/comments",
    "GET /r/{sub}/new": r"GET /r/[^/]+/new",
    "GET /r/{sub}/api/link_flair_v2": r"GET /r/[^/]+/api/link_flair_v2",
    "POST /r/{sub}/api/selectflair": r"POST /r/[^/]+/api/selectflair",
    "POST /r/{sub}/api/flair": r"POST /r/[^/]+/api/flair",
    "POST /r/{sub}/api/friend": r"POST /r/[^/]+/api/friend",
    "POST /r/{sub}/api/unfriend": r"POST /r/[^/]+/api/unfriend",
    "GET /api/v1/{sub}/removal_reasons": r"GET /api/v1/[^/]+/removal_reasons",
    "GET /user/{name}/comments": r"GET /user/[^/]+/comments",
    "GET /message/inbox": r"GET /message/inbox",
    "GET /message/sent": r"GET /message/sent",
    "GET /message/messages/{id}": r"GET /message/messages/[a-z0-9]+",
    "GET /api/info": r"GET /api/info",
    "GET /comments/{id}": r"GET /comments/[a-z0-9]+(/_/[a-z0-9]+)?",
    "POST /api/morechildren": r"POST /api/morechildren",
    "GET /api/user_data_by_account_ids": r"GET /api/user_data_by_account_ids",
    "GET /api/mod/conversations": r"GET /api/mod/conversations",
    "GET /api/mod/conversations/{id}": r"GET /api/mod/conversations/(?!subreddits)[a-z0-9]+",
    "POST /api/mod/conversations/{id}": r"POST /api/mod/conversations/(?!read|unread)[a-z0-9]+",
    "POST /api/mod/conversations/{id}/archive": r"POST /api/mod/conversations/[a-z0-9]+/archive",
    "POST /api/mod/conversations/{id}/unarchive": r"POST /api/mod/conversations/[a-z0-9]+/unarchive",
    "POST /api/mod/conversations/{id}/mute": r"POST /api/mod/conversations/[a-z0-9]+/mute",
    "POST /api/mod/conversations/{id}/unmute": r"POST /api/mod/conversations/[a-z0-9]+/unmute",
    "POST /api/comment": r"POST /api/comment",
    "POST /api/editusertext": r"POST /api/editusertext",
    "POST /api/del": r"POST /api/del",
    "POST /api/approve": r"POST /api/approve",
    "POST /api/remove": r"POST /api/remove",
    "POST /api/lock": r"POST /api/lock",
    "POST /api/unlock": r"POST /api/unlock",
    "POST /api/report": r"POST /api/report",
    "POST /api/ignore_reports": r"POST /api/ignore_reports",
    "POST /api/unignore_reports": r"POST /api/unignore_reports",
    "POST /api/v1/modactions/removal_reasons": r"POST /api/v1/modactions/removal_reasons",
    "POST /api/v1/modactions/removal_comment_message": r"POST /api/v1/modactions/removal_comment_message",
    "POST /api/v1/modactions/removal_link_message": r"POST /api/v1/modactions/removal_link_message",
    "GET /api/mod/notes": r"GET /api/mod/notes",
    "POST /api/mod/notes": r"POST /api/mod/notes",
    "DELETE /api/mod/notes": r"DELETE /api/mod/notes",
}
"""The requests that the connector, or the people in its double, make; each with what it looks like in a recording."""

DOCUMENTED: dict[str, dict[str, list[str]]] = {
    "GET": {"query": ["after", "before", "count", "limit", "raw_json", "sort", "show", "t"]},
    "GET /r/{sub}/about/banned": {"query": ["user"]},
    "GET /r/{sub}/about/muted": {"query": ["user"]},
    "GET /r/{sub}/about/modqueue": {"query": ["only"]},
    "GET /api/mod/conversations": {"query": ["entity", "state"]},
    "GET /comments/{id}": {"query": ["comment", "context", "depth", "threaded"]},
    "POST /r/{sub}/api/friend": {"form": ["ban_message", "ban_reason", "duration", "note"]},
    "POST /api/v1/access_token": {"form": ["code", "grant_type", "otp", "redirect_uri", "refresh_token"]},
}
"""Parameters that no recording happens to use. Sources: the listing and moderation sections of reddit.com/dev/api, and PRAW's
`models/listing`, `models/reddit/subreddit/relationship.py`, `models/reddit/subreddit/modmail.py`."""

DOCUMENTED_TYPES: dict[str, list[str]] = {"days_left": ["int"], "mod_reason_title": ["str"], "before": ["str"]}
"""Types that fields have where no recording happens to show it: days left of a ban, why a post was removed, a page before."""

THINGS = ("t1", "t3", "t4", "t5", "more")
MAPS = frozenset(
    ("conversations", "messages", "modActions", "recentComments", "recentPosts", "recentConvos", "reasons")
)
"""Keys whose value is a dictionary by id."""
OPAQUE = frozenset(
    (
        "features",
        "media",
        "media_embed",
        "media_metadata",
        "secure_media",
        "secure_media_embed",
        "preview",
        "gallery_data",
        "poll_data",
        "rtjson",
        "gildings",
        "crosspost_parent_list",
        "all_awardings",
        "collections",
        "subreddit",
        "content_categories",
        "author_flair_richtext",
        "link_flair_richtext",
        "user_flair_richtext",
        "richtext",
        "treatment_tags",
        "awarders",
        "user_reports",
        "mod_reports",
        "user_reports_dismissed",
        "steward_reports",
        "mod_reports_dismissed",
        "report_reasons",
        "previous_visits",
        "linked_identities",
        "errors",
        "participantSubreddit",
        "user",
    )
)
"""Keys whose value nobody here reads: its type is kept, nothing of what is in it."""

Shape = dict[str, Any]


class Shapes:
    """What has been seen so far: of answers by endpoint, of things by kind, and of parameters."""

    def __init__(self) -> None:
        self.endpoints: dict[str, Shape] = {}
        self.things: dict[str, Shape] = {}

    def add(self, name: str, query: list[str], form: list[str], status: int, body: Any) -> None:
        """One request and its answer."""
        known = self.endpoints.setdefault(name, {"query": [], "form": [], "status": [], "answer": {}})
        known["query"] = sorted({*known["query"], *query})
        known["form"] = sorted({*known["form"], *form})
        known["status"] = sorted({*known["status"], status})
        if status < 300:
            self._merge(
                known["answer"],
                {"reasons": body["data"], "order": body["order"]} if name.startswith("GET /api/v1/{sub}") else body,
                name,
            )

    def _merge(self, shape: Shape, value: Any, where: str, key: str = "") -> None:
        kind = type(value).__name__ if value is not None else "null"
        shape["types"] = sorted({*shape.get("types", ()), kind})
        if key in OPAQUE:
            return
        if isinstance(value, list):
            for item in value:
                self._merge(shape.setdefault("items", {}), item, where)
        elif isinstance(value, dict) and value.get("kind") == "Listing":
            shape["things"] = ["Listing"]
            wrapping = {name: item for name, item in value["data"].items() if name != "children"}
            self._keys(self.things.setdefault("Listing", {"types": ["dict"]}), wrapping, where)
            self._merge(shape.setdefault("children", {}), value["data"]["children"], where)
        elif isinstance(value, dict) and value.get("kind") in THINGS and isinstance(value.get("data"), dict):
            self._thing(shape, value, where)
        elif isinstance(value, dict) and (key in MAPS or re.fullmatch(r"t2_\w+", next(iter(value), ""))):
            for item in value.values():
                self._merge(shape.setdefault("map", {}), item, where)
        elif isinstance(value, dict):
            self._keys(shape, value, where)

    def _thing(self, shape: Shape, value: dict[str, Any], where: str) -> None:
        """A comment in somebody's inbox has other fields than one in a thread: the two are kept apart."""
        inbox = ":inbox" if value["kind"] == "t1" and "/message/" in where else ""
        name = value["kind"] + inbox
        shape["things"] = sorted({*shape.get("things", ()), name})
        self._keys(self.things.setdefault(name, {"types": ["dict"]}), value["data"], where)

    def _keys(self, shape: Shape, value: dict[str, Any], where: str) -> None:
        fields = shape.setdefault("fields", {})
        always = shape.get("always")
        shape["always"] = sorted(filter(str.isidentifier, value if always is None else set(always) & set(value)))
        for key, item in value.items():
            if key.isidentifier():  # in one, a tool has written a placeholder into the middle of a name
                self._merge(fields.setdefault(key, {}), item, where, key)


def interactions(cassette: Path) -> Iterator[tuple[str, list[str], list[str], int, Any]]:
    """Each request of a recording (of betamax, or of vcrpy) with the status and the decoded body of its answer."""
    recorded = json.loads(cassette.read_text())
    for each in recorded.get("http_interactions") or recorded.get("interactions") or ():
        request, answer = each["request"], each["response"]
        address = urlsplit(request.get("uri") or request.get("url"))
        status = answer["status"]["code"] if isinstance(answer["status"], dict) else answer["status"]
        try:
            body = json.loads(_text(answer["body"]))
        except ValueError:
            body = None
        query = [name for name, _ in parse_qsl(address.query, keep_blank_values=True)]
        yield f"{request['method']} {address.path.rstrip('/')}", query, _form(request["body"]), status, body


def _form(body: Any) -> list[str]:
    if isinstance(body, list):
        return [name for name, _ in body]
    text = _text(body)
    return [] if text.startswith("{") else [name for name, _ in parse_qsl(text, keep_blank_values=True)]


def _text(body: Any) -> str:
    if not isinstance(body, dict):
        return str(body or "")
    if "base64_string" not in body:
        return str(body.get("string") or "")
    raw = base64.b64decode(body["base64_string"])
    return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8", "replace")


def main(folders: list[str]) -> None:
    """Read all recordings in these unpacked sdists and write the shapes."""
    shapes = Shapes()
    sources, counted = [], 0
    for folder in map(Path, folders):
        sources.append(folder.resolve().name)
        for cassette in sorted(folder.glob("tests/integration/**/cassettes/*.json")):
            for request, query, form, status, body in interactions(cassette):
                for name, pattern in ENDPOINTS.items():
                    if re.fullmatch(pattern, request):
                        shapes.add(name, query, form, status, body)
                        counted += 1
                        break
    note = (
        "Names and types of fields in answers that Reddit gave, derived by scripts/reddit_shapes.py from the recordings in"
        f" the tests of {', '.join(sources)} (BSD 2-Clause): {counted:,} requests. No text, no name and no id of anybody is"
        " kept."
    )
    whole = {
        "note": note,
        "documented": DOCUMENTED,
        "types": DOCUMENTED_TYPES,
        "endpoints": shapes.endpoints,
        "things": shapes.things,
    }
    TARGET.write_text(json.dumps(whole, sort_keys=True, separators=(",", ":")).replace(',"', ',\n"', 3) + "\n")
    print(
        f"{counted:,} requests, {len(shapes.endpoints)} of {len(ENDPOINTS)} endpoints, {len(shapes.things)} kinds of things"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
