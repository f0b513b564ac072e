"""Whether requests and answers keep the published lexicons of the AT Protocol; and an HTTP transport that checks every
one of them.

`tests/connectors/shapes/bluesky.json` holds the lexicons of the methods and records that the connector uses, with all
that these refer to, without their prose. A server test compares them with the packages of the running network. Unions
are open unless they say that they are closed, and objects may have more properties than are published ("Lexicon" in the
protocol's specification).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

SHAPES = Path(__file__).parents[1] / "connectors/shapes/bluesky.json"
USED: tuple[str, ...] = (
    "app.bsky.actor.getProfile",
    "app.bsky.feed.getPosts",
    "app.bsky.feed.getPostThread",
    "app.bsky.feed.post",
    "app.bsky.feed.threadgate",
    "app.bsky.graph.block",
    "app.bsky.graph.muteActor",
    "app.bsky.graph.unmuteActor",
    "app.bsky.labeler.getServices",
    "app.bsky.notification.listNotifications",
    "chat.bsky.convo.getConvo",
    "chat.bsky.convo.getLog",
    "chat.bsky.convo.getMessages",
    "chat.bsky.convo.listConvos",
    "chat.bsky.convo.sendMessage",
    "com.atproto.identity.resolveHandle",
    "com.atproto.moderation.createReport",
    "com.atproto.repo.deleteRecord",
    "com.atproto.repo.getRecord",
    "com.atproto.repo.listRecords",
    "com.atproto.repo.putRecord",
    "com.atproto.server.createSession",
    "com.atproto.server.getSession",
    "com.atproto.server.refreshSession",
    "tools.ozone.moderation.emitEvent",
    "tools.ozone.moderation.queryStatuses",
    "tools.ozone.server.getConfig",
)
"""The methods that the connector calls and the records that it writes."""
FORMATS = {
    "did": r"did:[a-z]+:[A-Za-z0-9._:%-]+",
    "handle": r"([a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]*",
    "at-identifier": r"did:[a-z]+:[A-Za-z0-9._:%-]+|([a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]*",
    "at-uri": r"at://[^/\s]+(/[a-zA-Z0-9.-]+(/[A-Za-z0-9._:~-]+)?)?",
    "nsid": r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+){2,}",
    "record-key": r"[A-Za-z0-9._:~-]{1,512}",
    "tid": r"[234567a-j][234567a-z]{12}",
    "cid": r"[A-Za-z0-9+=/]{8,256}",
    "uri": r"[a-z][a-z.-]*:\S+",
    "language": r"[a-z]{2,3}(-[A-Za-z0-9-]+)?",
}
JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "blob": dict,
    "cid-link": dict,
    "bytes": dict,
}

Documents = dict[str, Any]


def recorded() -> Documents:
    """The lexicons by name."""
    found: Documents = json.loads(SHAPES.read_text())
    return found


def subset(every: Documents) -> Documents:
    """What `USED` needs of all lexicons, definition by definition, without prose."""
    kept: Documents = {}
    ahead = [(name, "main") for name in USED]
    while ahead:
        name, part = ahead.pop()
        if part in kept.setdefault(name, {}):
            continue
        kept[name][part] = _bare(every[name]["defs"][part])
        ahead += [_named(ref, name) for ref in _refs(kept[name][part])]
    return {name: dict(sorted(parts.items())) for name, parts in sorted(kept.items())}


def _bare(found: Any) -> Any:
    if isinstance(found, dict):
        return {k: _bare(v) for k, v in found.items() if not (k == "description" and isinstance(v, str))}
    return [_bare(v) for v in found] if isinstance(found, list) else found


def _refs(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if found.get("type") == "ref":
            yield found["ref"]
        elif found.get("type") == "union":
            yield from found["refs"]
        for value in found.values():
            yield from _refs(value)
    elif isinstance(found, list):
        for value in found:
            yield from _refs(value)


def _named(ref: str, here: str) -> tuple[str, str]:
    name, _, part = ref.removeprefix("lex:").partition("#")
    return name or here, part or "main"


class Lexicons:
    """Checks values against lexicons."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    def violations(self, value: Any, schema: dict[str, Any], here: str, at: str = "") -> Iterator[str]:
        """Where a value does not follow a schema, each with its place."""
        kind: str = schema["type"]
        if kind == "ref":
            yield from self._by_name(value, schema["ref"], here, at)
        elif kind == "union":
            yield from self._union(value, schema, here, at)
        elif kind in ("unknown", "token"):
            return
        elif not _is(value, kind):
            yield f"{at}: {type(value).__name__}, not {kind}"
        elif kind == "object":
            yield from self.object(value, schema, here, at)
        elif kind == "array":
            if len(value) > schema.get("maxLength", len(value)) or len(value) < schema.get("minLength", 0):
                yield f"{at}: {len(value)} items"
            for number, item in enumerate(value):
                yield from self.violations(item, schema["items"], here, f"{at}[{number}]")
        elif kind == "string":
            yield from _string(value, schema, at)
        elif kind == "integer" and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{at}: {value} is out of range"

    def object(self, value: dict[str, Any], schema: dict[str, Any], here: str, at: str) -> Iterator[str]:
        """An object's, or a method's parameters', violations."""
        nullable = schema.get("nullable", [])
        yield from (f"{at}.{name}: missing" for name in schema.get("required", []) if name not in value)
        for name, inner in schema.get("properties", {}).items():
            if name in value and not (value[name] is None and name in nullable):
                yield from self.violations(value[name], inner, here, f"{at}.{name}")

    def _by_name(self, value: Any, ref: str, here: str, at: str) -> Iterator[str]:
        name, part = _named(ref, here)
        definition = self.documents[name][part]
        schema = definition["record"] if definition["type"] == "record" else definition
        yield from self.violations(value, schema, name, at)

    def _union(self, value: Any, schema: dict[str, Any], here: str, at: str) -> Iterator[str]:
        if not isinstance(value, dict) or not isinstance(value.get("$type"), str):
            yield f"{at}: no $type"
            return
        kinds = {_named(ref, here): ref for ref in schema["refs"]}
        ref = kinds.get(_named(value["$type"], here))
        if ref is not None:
            yield from self._by_name(value, ref, here, at)
        elif schema.get("closed"):
            yield f"{at}: {value['$type']} is not one of the union"

    def record(self, record: dict[str, Any]) -> list[str]:
        """The violations of a record that is written."""
        return list(self._by_name(record, record["$type"], "", "record"))

    def method(self, name: str) -> dict[str, Any]:
        """A method's definition; `KeyError` for one that the connector is not known to use."""
        found: dict[str, Any] = self.documents[name]["main"]
        return found

    def query(self, name: str, pairs: list[tuple[str, str]]) -> list[str]:
        """The violations of a question's parameters, unknown ones among them."""
        schema = self.method(name).get("parameters", {"properties": {}})
        properties = schema.get("properties", {})
        given: dict[str, Any] = {}
        wrong = [f"{key}: not a parameter" for key, _ in pairs if key not in properties]
        for key, value in pairs:
            kind = properties.get(key, {}).get("type")
            if kind == "array":
                given.setdefault(key, []).append(value)
            elif kind == "boolean":
                given[key] = {"true": True, "false": False}.get(value, value)
            else:
                given[key] = int(value) if kind == "integer" and value.isdigit() else value
        return wrong + list(self.object(given, schema, name, "query"))

    def body(self, name: str, side: str, body: Any) -> list[str]:
        """The violations of what is sent (`input`) or answered (`output`)."""
        schema = self.method(name).get(side, {}).get("schema")
        if schema is None:
            return []
        wrong = list(self.violations(body, schema, name, side))
        record = body.get("record") if side == "input" and isinstance(body, dict) else None
        return wrong + (self.record(record) if isinstance(record, dict) else [])


def _content(answer: httpx.Response) -> Any:
    """The answer's JSON; None where it has none, as a method without an answer, or a proxy that breaks it on purpose."""
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, JSON_TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))


def _string(value: str, schema: dict[str, Any], at: str) -> Iterator[str]:
    form = schema.get("format")
    if form == "datetime":
        try:
            datetime.fromisoformat(value)
        except ValueError:
            yield f"{at}: {value!r} is no time"
    elif form in FORMATS and not re.fullmatch(FORMATS[form], value):
        yield f"{at}: {value!r} is no {form}"
    if len(value.encode()) > schema.get("maxLength", 1 << 30):
        yield f"{at}: too long"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of the enumeration"


class Checked(httpx.BaseTransport):
    """Passes requests on and checks both ways. `wrong` lists what broke a lexicon; `calls` the methods that were called."""

    def __init__(self, inner: httpx.BaseTransport | None = None) -> None:
        self.inner = inner or httpx.HTTPTransport(
            verify=False
        )  # plain http on loopback, and certificates take 40 ms to load
        self.lexicons = Lexicons(recorded())
        self.wrong: list[str] = []
        self.calls: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange. Answers that are errors have one shape for all methods."""
        name = request.url.path.rpartition("/xrpc/")[2]
        if "/xrpc/" not in request.url.path:
            return self.inner.handle_request(request)
        self.calls.append(name)
        request.read()
        found = self.lexicons.query(name, request.url.params.multi_items())
        if request.method == "POST" and request.content:
            found += self.lexicons.body(name, "input", json.loads(request.content))
        answer = self.inner.handle_request(request)
        answer.read()
        content = _content(answer)
        if answer.status_code == 200 and content is not None:
            found += self.lexicons.body(name, "output", content)
        self.wrong += [f"{name} {one}" for one in found]
        return answer

    def close(self) -> None:
        """Let go of connections."""
        self.inner.close()
