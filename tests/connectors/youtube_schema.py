"""Google's discovery document of the YouTube Data API as JSON Schema, and a check of values by it.

A discovery document spells its schemas nearly as JSON Schema does. What it adds or leaves out: `required` stands at
parameters only, unknown keys are not ruled out (here they are: a key that YouTube does not have must not be relied
on), and numbers of 64 bits are text. `schema()` converts; `violations()` checks the few words of JSON Schema that
come out.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parent / "shapes/youtube.v3.json").read_text(encoding="utf-8"))
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
}
_WHOLE = re.compile(r"-?\d+")


def schema(name: str) -> dict[str, Any]:
    """One of the document's schemas as JSON Schema, with those that it refers to under `$defs`."""
    return {"$ref": f"#/$defs/{name}", "$defs": {key: _converted(value) for key, value in DOCUMENT["schemas"].items()}}


def _converted(value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in value:
        return {"$ref": f"#/$defs/{value['$ref']}"}
    found: dict[str, Any] = {"type": value["type"]}
    if "enum" in value:
        found["enum"] = value["enum"]
    if value.get("format") == "date-time":
        found["format"] = "date-time"
    elif value["type"] == "string" and value.get("format") in ("uint64", "int64"):
        found["pattern"] = _WHOLE.pattern
    elif value["type"] == "integer" and value.get("format", "").startswith("uint"):
        found["minimum"] = 0
    if value["type"] == "array":
        found["items"] = _converted(value["items"])
    if value["type"] == "object":
        found["properties"] = {key: _converted(each) for key, each in value.get("properties", {}).items()}
        found["additionalProperties"] = False
    return found


def violations(value: object, by: dict[str, Any], defs: dict[str, Any] | None = None, path: str = "$") -> list[str]:
    """Where a value does not keep to a JSON Schema, one line for each place."""
    defs = by.get("$defs", {}) if defs is None else defs
    if "$ref" in by:
        return violations(value, defs[by["$ref"].removeprefix("#/$defs/")], defs, path)
    kind = by["type"]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{path}: {type(value).__name__} and not {kind}"]
    wrong = []
    if "enum" in by and value not in by["enum"]:
        wrong.append(f"{path}: none of {by['enum']}")
    if "pattern" in by and not re.fullmatch(by["pattern"], str(value)):
        wrong.append(f"{path}: not like {by['pattern']}")
    if "minimum" in by and isinstance(value, int) and value < by["minimum"]:
        wrong.append(f"{path}: less than {by['minimum']}")
    if by.get("format") == "date-time" and not _is_time(str(value)):
        wrong.append(f"{path}: no time")
    if isinstance(value, list):
        for at, each in enumerate(value):
            wrong += violations(each, by["items"], defs, f"{path}[{at}]")
    if isinstance(value, dict):
        for key, each in value.items():
            known = by["properties"].get(key)
            wrong += violations(each, known, defs, f"{path}.{key}") if known else [f"{path}.{key}: unknown"]
    return wrong


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def method_of(verb: str, path: str) -> str | None:
    """The name of the method that a request calls, as `comments.list`."""
    found = (n for n, m in DOCUMENT["methods"].items() if m["httpMethod"] == verb and "/" + m["path"] == path)
    return next(found, None)


def request_violations(method: str, query: dict[str, list[str]], body: object) -> list[str]:
    """What is wrong with a request: unknown, missing, repeated or impossible parameters, and a body that is none."""
    about = DOCUMENT["methods"][method]
    wrong = [f"{name}: unknown parameter" for name in query if name not in about["parameters"]]
    for name, parameter in about["parameters"].items():
        given = query.get(name, [])
        if parameter.get("required") and not given:
            wrong.append(f"{name}: required and missing")
        if len(given) > 1 and not parameter.get("repeated"):
            wrong.append(f"{name}: given twice")
        for value in given:
            wrong += [f"{name}: {problem}" for problem in _parameter(value, parameter)]
    if "request" in about:
        wrong += violations(body, schema(about["request"]["$ref"]))
    elif body is not None:
        wrong.append("a body that is not asked for")
    return wrong


def _parameter(value: str, parameter: dict[str, Any]) -> list[str]:
    if "enum" in parameter and value not in parameter["enum"]:
        return [f"none of {parameter['enum']}"]
    if parameter["type"] == "integer":
        if not _WHOLE.fullmatch(value):
            return ["no number"]
        if not int(parameter.get("minimum", value)) <= int(value) <= int(parameter.get("maximum", value)):
            return ["out of range"]
    if parameter["type"] == "boolean" and value not in ("true", "false"):
        return ["neither true nor false"]
    return []
