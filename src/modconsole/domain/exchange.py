"""One line of the exchange format in, one record out, and back.

A line is decoded straight into its record class, which takes a microsecond. Only a line with keys that the format does not
know, or with an error, is looked at a second time: unknown keys of a message are kept in `extra`, others are passed over, and an
error is turned into a sentence that names the key and what was expected.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec

from modconsole.domain import hours
from modconsole.domain.records import (
    Attachment,
    Author,
    Conversation,
    Coverage,
    Decision,
    Gap,
    Identity,
    Message,
    Reaction,
    Record,
    Send,
    Source,
)
from modconsole.errors import InputError

TYPES: dict[str, type[msgspec.Struct]] = {
    "source": Source,
    "conversation": Conversation,
    "message": Message,
    "reaction": Reaction,
    "decision": Decision,
    "send": Send,
    "coverage": Coverage,
}

UNKNOWN = "(unknown keys)"

LONGEST = 100_000
"""Greatest number of hours or minutes of a setting: eleven years of hours are longer than any target."""


class _Author(Author, forbid_unknown_fields=True):
    pass


class _Attachment(Attachment, forbid_unknown_fields=True):
    pass


class _Identity(Identity, forbid_unknown_fields=True):
    pass


class _Gap(Gap, forbid_unknown_fields=True):
    pass


class _Source(Source, tag="source", tag_field="type", forbid_unknown_fields=True):
    identities: list[_Identity] | None = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        _check_source(self)


class _Conversation(Conversation, tag="conversation", tag_field="type", forbid_unknown_fields=True):
    pass


class _Message(Message, tag="message", tag_field="type", forbid_unknown_fields=True):
    author: _Author
    attachments: list[_Attachment] | None = None  # type: ignore[assignment]


class _Reaction(Reaction, tag="reaction", tag_field="type", forbid_unknown_fields=True):
    author: _Author


class _Decision(Decision, tag="decision", tag_field="type", forbid_unknown_fields=True):
    def __post_init__(self) -> None:
        _check_decision(self)


class _Send(Send, tag="send", tag_field="type", forbid_unknown_fields=True):
    pass


class _Coverage(Coverage, tag="coverage", tag_field="type", forbid_unknown_fields=True):
    gap: _Gap | None = None


_STRICT: msgspec.json.Decoder[Record] = msgspec.json.Decoder(
    _Source | _Conversation | _Message | _Reaction | _Decision | _Send | _Coverage
)
_NESTED: dict[str, type[msgspec.Struct]] = {
    "author": Author,
    "attachments": Attachment,
    "identities": Identity,
    "gap": Gap,
}


class LineError(InputError):
    """One line is wrong. `key` is the dotted path of the value; empty where the line is no JSON object at all."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}" if key else problem)
        self.key = key
        self.problem = problem


def decode(line: bytes) -> Record:
    """The record of one line. Raises `LineError` that says which key is wrong and what was expected."""
    try:
        record = _STRICT.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_slowly(line)
    if b'"0001-' in line or b'"9999-' in line:
        _check_times(record)
    return record


def encode(record: Record) -> bytes:
    """One line, without its end. Unknown keys stand where they stood when they came in."""
    if isinstance(record, Message) and record.extra:
        built: dict[str, Any] = msgspec.to_builtins(record)
        extra = built.pop(UNKNOWN)
        for key, value in extra.items():
            if key == "author" and isinstance(value, dict):
                built["author"] = {**value, **built["author"]}
            else:
                built.setdefault(key, value)
        return msgspec.json.encode(built)
    return msgspec.json.encode(record)


def _decode_slowly(line: bytes) -> Record:
    try:
        document = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise LineError("", f"not valid JSON: {_place(str(error))}") from None
    except UnicodeDecodeError:
        raise LineError("", "not UTF-8") from None
    except RecursionError:
        raise LineError("", "expected a record, got lists or objects nested too deeply") from None
    if not isinstance(document, dict):
        raise LineError("", f"expected a JSON object, got {_kind(document)}")
    name = document.get("type")
    if not isinstance(name, str) or name not in TYPES:
        given = "it is missing" if name is None else f"got {name!r}" if isinstance(name, str) else f"got {_kind(name)}"
        raise LineError("type", f"expected one of {', '.join(TYPES)}; {given}")
    unknown = _strip(document, TYPES[name])
    if name == "message" and unknown:
        document[UNKNOWN] = unknown
    try:
        record: Record = msgspec.convert(document, TYPES[name])  # type: ignore[assignment]
    except msgspec.ValidationError as error:
        raise _explain(str(error), document, TYPES[name]) from None
    if isinstance(record, Source):
        _check_source(record)
    elif isinstance(record, Decision):
        _check_decision(record)
    _check_times(record)
    return record


def _check_source(source: Source) -> None:
    """What the types cannot say of a source: business hours that can be read, and times that end before the calendar does."""
    if source.hours:
        try:
            hours.parse(source.hours)
        except InputError as error:
            raise LineError("hours", f"expected business hours: {error}") from None
    for key in ("target_hours", "fresh_within"):
        value = getattr(source, key)
        if value is not None and value > LONGEST:
            raise LineError(key, f"expected a number of at most {LONGEST:,}")


def _check_decision(decision: Decision) -> None:
    """A promise without a date would hold for ever."""
    if decision.act == "promise" and decision.until is None:
        raise LineError("until", "is required for a promise and missing")


def _check_times(record: msgspec.Struct, path: str = "") -> None:
    """Times that leave the years 1 to 9999 once they are told in UTC."""
    for field in record.__struct_fields__:
        value = getattr(record, field)
        if isinstance(value, datetime):
            try:
                value.astimezone(UTC)
            except OverflowError:
                name = {"since": "from", "until": "to"}.get(field, field) if path else field
                raise LineError(f"{path}{name}", "expected a time within the years 1 to 9999 in UTC") from None
        elif isinstance(value, Gap):
            _check_times(value, f"{field}.")


def _strip(document: dict[str, Any], form: type[msgspec.Struct]) -> dict[str, Any]:
    """Take unknown keys out of a document, and give them back."""
    known = {field.encode_name for field in msgspec.structs.fields(form)} - {UNKNOWN} | {"type"}
    unknown = {key: document.pop(key) for key in list(document) if key not in known}
    for key, nested in _NESTED.items():
        value = document.get(key)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                more = _strip(part, nested)
                if more and key == "author":
                    unknown["author"] = more
    return unknown


_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]+)`")
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`(?P<more>[^,]*)(?:, got `(?P<got>[^`]+)`)?")
_WORDS = {
    "str": "text",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "array": "a list",
    "object": "an object",
    "datetime": "a time with an offset, as 2026-11-21T22:10:00Z",
    "null": "null",
}


def _explain(text: str, document: dict[str, Any], form: type[msgspec.Struct]) -> LineError:
    """msgspec's complaint as a sentence about a key."""
    match = _PATH.search(text)
    path = match["path"] if match else ""
    text = _PATH.sub("", text)
    missing = _MISSING.match(text)
    if missing:
        key = f"{path}.{missing['key']}" if path else missing["key"]
        return LineError(key, "is required and missing")
    if "enum value" in text:
        return LineError(path, f"expected one of {', '.join(_choices(form, path))}; got {_value(document, path)}")
    if "RFC3339" in text or "datetime" in text:
        return LineError(path, f"expected {_WORDS['datetime']}; got {_value(document, path)}")
    if "pattern" in text or "regex" in text:
        return LineError(path, f"expected a UUID; got {_value(document, path)}")
    expected = _EXPECTED.match(text)
    if expected:
        if "length" in expected["more"]:
            return LineError(path, "expected text that is not empty")
        if expected["more"].strip():
            return LineError(path, f"expected a number {expected['more'].strip()}; got {_value(document, path)}")
        wanted = " or ".join(
            word
            for word in (_WORDS.get(part.strip(), part.strip()) for part in expected["wanted"].split("|"))
            if word != "null"
        )
        got = expected["got"] or ""
        return LineError(path, f"expected {wanted}" + (f"; got {_WORDS.get(got, got)}" if got else ""))
    return LineError(path, text)


def _choices(form: type[msgspec.Struct], path: str) -> tuple[str, ...]:
    """The values that a key of choices may have."""
    for part in path.split("."):
        name = part.partition("[")[0]
        for field in msgspec.structs.fields(form):
            if field.encode_name == name:
                found = _literals(field.type)
                if found:
                    return found
                form = _NESTED.get(name, form)
    return ()


def _literals(kind: Any) -> tuple[str, ...]:
    found: list[str] = []
    for part in get_args(kind):
        if isinstance(part, str):
            found.append(part)
        else:
            found.extend(_literals(part))
    return tuple(found)


def _value(document: Any, path: str) -> str:
    """The value at a path, for an error: short, and quoted as JSON so that nothing in it can act."""
    for part in path.split("."):
        name, _, index = part.partition("[")
        document = document.get(name) if isinstance(document, dict) else None
        if isinstance(document, list) and index[:-1].isdigit():
            document = document[int(index[:-1])]
    text = msgspec.json.encode(document).decode("utf-8", "replace") if not isinstance(document, list) else "a list"
    text = text.encode("ascii", "backslashreplace").decode("ascii")
    return text if len(text) <= 60 else text[:57] + "…"


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _place(text: str) -> str:
    return text.removeprefix("JSON is malformed: ")


__all__ = ["TYPES", "LineError", "decode", "encode"]
