"""What Reddit's answers look like, and which parameters its interface has been sent: a check for the double and for our requests.

`shapes/reddit.json` was derived from recordings of the real thing by `scripts/reddit_shapes.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SHAPES: dict[str, Any] = json.loads((Path(__file__).parent / "shapes/reddit.json").read_text())
ENDPOINTS: dict[str, Any] = SHAPES["endpoints"]
THINGS: dict[str, Any] = SHAPES["things"]
NUMBERS = {"int", "float"}


def endpoint(method: str, path: str) -> str | None:
    """The name under which a request was recorded; None for one that never was."""
    for name in sorted(ENDPOINTS, key=lambda name: name.count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[A-Za-z0-9_-]+", re.escape(name))
        if name.endswith("/comments/{id}"):
            pattern += "(/_/[a-z0-9]+)?"
        if re.fullmatch(pattern, f"{method} {path.rstrip('/')}"):
            return name
    return None


def wrong_request(method: str, path: str, query: Mapping[str, str], form: Mapping[str, str]) -> list[str]:
    """Parameters of a request that neither a recording nor the documentation knows."""
    name = endpoint(method, path)
    if name is None:
        return [f"{method} {path}: never recorded"]
    known, more = ENDPOINTS[name], [SHAPES["documented"].get(each, {}) for each in (name, method)]
    queries = {*known["query"], *(each for extra in more for each in extra.get("query", ()))}
    forms = {*known["form"], *(each for extra in more for each in extra.get("form", ()))}
    return [f"{name}: query {each}" for each in query if each not in queries] + [
        f"{name}: form {each}" for each in form if each not in forms
    ]


def violations(name: str, answer: Any) -> list[str]:
    """Where an answer to a request does not look like a recorded one."""
    shape = ENDPOINTS[name]["answer"]
    if name == "GET /api/v1/{sub}/removal_reasons":
        answer = {"reasons": answer["data"], "order": answer["order"]}
    return list(_wrong(answer, shape, "", name))


def _wrong(value: Any, shape: dict[str, Any], where: str, name: str) -> Iterator[str]:
    kind = "null" if value is None else type(value).__name__
    types = set(shape.get("types", ()))
    if kind not in types and not (kind in NUMBERS and types & NUMBERS):
        yield f"{where}: {kind}, not {' or '.join(sorted(types))}"
    elif isinstance(value, list) and "items" in shape:
        for index, item in enumerate(value):
            yield from _wrong(item, shape["items"], f"{where}[{index}]", name)
    elif isinstance(value, dict) and value.get("kind") == "Listing":
        wrapping = {key: item for key, item in value["data"].items() if key != "children"}
        yield from _fields(wrapping, THINGS["Listing"], where, name)
        yield from _wrong(value["data"]["children"], shape["children"], f"{where}.children", name)
    elif isinstance(value, dict) and value.get("kind") in ("t1", "t3", "t4", "t5", "more"):
        inbox = ":inbox" if value["kind"] == "t1" and "/message/" in name else ""
        if value["kind"] + inbox not in shape.get("things", ()):
            yield f"{where}: a {value['kind']}{inbox} was never recorded here"
        yield from _fields(value["data"], THINGS[value["kind"] + inbox], where, name)
    elif isinstance(value, dict) and "map" in shape:
        for key, item in value.items():
            yield from _wrong(item, shape["map"], f"{where}.{key}", name)
    elif isinstance(value, dict) and "fields" in shape:
        yield from _fields(value, shape, where, name)


def _fields(value: dict[str, Any], shape: dict[str, Any], where: str, name: str) -> Iterator[str]:
    yield from (f"{where}.{key}: missing" for key in shape.get("always", ()) if key not in value)
    for key, item in value.items():
        known = shape["fields"].get(key)
        if known is None:
            yield f"{where}.{key}: unknown"
        else:
            more = SHAPES["types"].get(key, [])
            yield from _wrong(item, {**known, "types": [*known.get("types", ()), *more]}, f"{where}.{key}", name)


def filled(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """The data of a thing: what is given, and something of the right type for every other field that was always there."""
    shape = THINGS[kind]
    return {**{key: _something(shape["fields"][key]) for key in shape["always"]}, **given}


def _something(shape: dict[str, Any]) -> Any:
    types = shape["types"]
    plain: dict[str, Any] = {"null": None, "bool": False, "int": 0, "float": 0.0, "str": "", "list": [], "dict": {}}
    return next(value for name, value in plain.items() if name in types)
