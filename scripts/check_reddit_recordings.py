"""Put every answer of Reddit's that PRAW's tests have recorded through the connector's own decoding, and say what became of it.

The recordings hold people's words and stay where they are (see `reddit_shapes.py`); this prints counts only. Exit status 1 where
anything that Reddit really said is not understood.

    PYTHONPATH=src:. python scripts/check_reddit_recordings.py praw-*/ asyncpraw-*/ prawcore-*/
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from modconsole.connectors import reddit_acts, reddit_api, reddit_map, reddit_modmail, reddit_people, reddit_rights
from scripts.reddit_shapes import interactions

EYES = reddit_map.Eyes("reddit", 0)
ANSWERS: tuple[tuple[str, Any], ...] = (
    (r"GET /api/v1/me", reddit_rights.Me),
    (r"GET /r/[^/]+/about/moderators", reddit_rights._UserList),
    (r"GET /r/[^/]+/about/(banned|muted)", reddit_people._Listing),
    (r"GET /api/user_data_by_account_ids", dict[str, reddit_people._Named]),
    (r"GET /api/mod/notes", reddit_people._Notes),
    (r"GET /api/v1/[^/]+/removal_reasons", reddit_acts.Reasons),
    (r"GET /r/[^/]+/api/link_flair_v2", list[reddit_acts.Flair]),
    (r"GET /comments/.*", tuple[reddit_map.Listed, reddit_map.Listed]),
    (r"GET /message/.*|GET /r/[^/]+/(comments|new)|GET /r/[^/]+/about/(modqueue|spam|edited)", reddit_map.Listed),
    (r"POST /api/(comment|morechildren|approve|remove|lock|report|distinguish)", reddit_api.Envelope),
    (r"GET /api/mod/conversations", reddit_modmail.Folder),
    (r"(GET|POST) /api/mod/conversations/(?!subreddits|read|unread)[a-z0-9]+", reddit_modmail.Whole),
)


def things(value: Any) -> Iterator[tuple[str, Any]]:
    """All comments, posts, private messages and stubs in an answer, however deep."""
    if isinstance(value, dict):
        if value.get("kind") in MADE and isinstance(value.get("data"), dict):
            yield value["kind"], value["data"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from things(each)


def _comment(data: bytes) -> str:
    thing = msgspec.json.decode(data, type=reddit_map.Comment)
    reddit_map.comment(thing, EYES)
    return "gone" if reddit_map.is_gone(thing) else reddit_map.state_of(thing, ())


def _post(data: bytes) -> str:
    thing = msgspec.json.decode(data, type=reddit_map.Post)
    reddit_map.post(thing, EYES)
    reddit_map.conversation(thing, EYES)
    return "gone" if reddit_map.is_gone(thing) else reddit_map.state_of(thing, ())


def _private(data: bytes) -> str:
    thing = msgspec.json.decode(data, type=reddit_map.Private)
    reddit_map.private(thing, EYES)
    reddit_map.private_conversation(thing, EYES)
    return "message"


def _more(data: bytes) -> str:
    return "stub" if msgspec.json.decode(data, type=reddit_map.More).children else "continued elsewhere"


MADE: dict[str, Callable[[bytes], str]] = {"t1": _comment, "t3": _post, "t4": _private, "more": _more}


def check(folder: Path, counts: Counter[str], bad: Counter[str]) -> None:
    """All recordings of one unpacked sdist."""
    for cassette in sorted(folder.glob("tests/integration/**/cassettes/*.json")):
        for request, _, _, status, body in interactions(cassette):
            if status >= 300 or body is None:
                continue
            raw = msgspec.json.encode(body)
            kind = next((kind for pattern, kind in ANSWERS if re.fullmatch(pattern, request)), None)
            try:
                found = msgspec.json.decode(raw, type=kind) if kind is not None else None
                counts["answers decoded"] += found is not None
                if isinstance(found, reddit_modmail.Whole):
                    read = reddit_modmail.records(found, EYES)
                    counts["modmail messages"] += len(read.messages())
                    bad["modmail messages"] += len(read.poison)
            except msgspec.DecodeError as error:
                bad[f"{request.split('/')[0]}: {error}"] += 1
            for name, data in things(body):
                if data.get("was_comment") and name == "t1":
                    continue  # as the inbox shows it: read again by its name
                try:
                    counts[f"{name} {MADE[name](msgspec.json.encode(data))}"] += 1
                except (msgspec.DecodeError, ValueError, OverflowError) as error:
                    bad[f"{name}: {error}"] += 1


def main(folders: list[str]) -> int:
    """Check, print, and fail where something was not understood."""
    counts: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for folder in folders:
        check(Path(folder), counts, bad)
    for name, number in sorted(counts.items()):
        print(f"{number:>7,} {name}")
    for name, number in sorted((+bad).items()):
        print(f"{number:>7,} not understood: {name}")
    return int(bool(+bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
