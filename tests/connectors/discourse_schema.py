"""What Discourse says that it sends and takes, and whether something is that.

`shapes/discourse.json` holds, of Discourse's published OpenAPI document (`discourse_api_docs`, MIT licence), the operations that
the connector uses, without its prose. Some things are known to be wrong with it, since it was made from samples:

- a field that was empty in the sample has the type "string or null", whatever it really is (`reply_to_post_number` is a number);
- what a sample did not have, since it was a public topic or an account in good standing, is missing (`FROM_SOURCE`);
- what every sample had is demanded (`LEFT_OUT`).

Operations that the document does not have are described in `READ_FROM_SOURCE`, from the serializers of Discourse itself.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

FROM_SOURCE: dict[str, frozenset[str]] = {
    "/details": frozenset(("allowed_users", "allowed_groups")),  # TopicViewDetailsSerializer, in personal messages
    "/post_stream/posts[]": frozenset(
        ("raw", "deleted_by", "action_code", "mentioned_users", "topic_title", "reviewable_id")
    ),  # PostSerializer: with include_raw, for staff, small actions, with user status
    "/post_stream/posts[]/actions_summary[]": frozenset(
        ("count", "acted", "can_undo")
    ),  # PostSerializer#actions_summary
    "/actions_summary[]": frozenset(("count", "acted", "can_undo", "can_act")),
    "": frozenset(("raw", "deleted_by", "action_code", "suspended_till", "silenced_till", "suspend_reason")),
}
"""Keys that the published schema forbids and Discourse's source has, by place."""

LEFT_OUT = frozenset(("can_act",))
"""Keys that the published schema demands and `PostSerializer#actions_summary` leaves out where they would be false."""

_USER = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "username": {"type": "string"}},
    "required": ["id", "username"],
}
_REVIEWABLE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "version": {"type": "integer"},
        "created_at": {"type": "string"},
        "score": {"type": "number"},
        "can_edit": {"type": "boolean"},
        "topic_id": {"type": "integer"},
        "removed_topic_id": {"type": ["integer", "null"]},
        "post_id": {"type": "integer"},
        "user_id": {"type": "integer"},
        "target_created_by_id": {"type": ["integer", "null"]},
        "created_by_id": {"type": "integer"},
        "reply_to_post_number": {"type": "integer"},
        "payload": {"type": "object"},
        "bundled_action_ids": {"type": "array", "items": {"type": "string"}},
    },
    "required": [
        "id",
        "type",
        "status",
        "version",
        "created_at",
        "score",
        "can_edit",
        "created_by_id",
        "bundled_action_ids",
    ],
    "additionalProperties": False,
}
_BESIDE: dict[str, Any] = {
    "bundled_actions": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "action_ids": {"type": "array", "items": {"type": "string"}}},
            "required": ["id", "action_ids"],
        },
    },
    "actions": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "server_action": {"type": "string"}, "label": {"type": "string"}},
            "required": ["id", "server_action", "label"],
        },
    },
    "users": {"type": "array", "items": _USER},
}
READ_FROM_SOURCE: dict[str, Any] = {
    "GET /session/current.json": {  # SessionController#current, CurrentUserSerializer
        "type": "object",
        "properties": {
            "current_user": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "username": {"type": "string"},
                    "name": {"type": ["string", "null"]},
                    "admin": {"type": "boolean"},
                    "moderator": {"type": "boolean"},
                    "groups": {
                        "type": "array",
                        "items": {"type": "object", "required": ["id", "name", "has_messages"]},
                    },
                },
                "required": ["id", "username", "admin", "moderator", "groups"],
            }
        },
        "required": ["current_user"],
    },
    "GET /site/settings.json": {"type": "object"},  # SiteController#settings
    "GET /review.json": {  # ReviewablesController#index, ReviewableSerializer
        "type": "object",
        "properties": {
            "reviewables": {"type": "array", "items": _REVIEWABLE},
            "meta": {
                "type": "object",
                "properties": {
                    "total_rows_reviewables": {"type": "integer"},
                    "load_more_reviewables": {"type": "string"},
                },
                "required": ["total_rows_reviewables"],
            },
            **_BESIDE,
        },
        "required": ["reviewables", "meta"],
    },
    "GET /review/{id}.json": {
        "type": "object",
        "properties": {"reviewable": _REVIEWABLE, **_BESIDE},
        "required": ["reviewable"],
    },
    "PUT /review/{id}/perform/{action}.json": {  # ReviewablePerformResultSerializer
        "type": "object",
        "properties": {
            "reviewable_perform_result": {
                "type": "object",
                "properties": {
                    "success": {"type": "boolean"},
                    "transition_to": {"type": "string"},
                    "transition_to_id": {"type": "integer"},
                    "created_post_id": {"type": "integer"},
                    "created_post_topic_id": {"type": "integer"},
                    "version": {"type": "integer"},
                },
                "required": ["success", "version"],
            }
        },
        "required": ["reviewable_perform_result"],
    },
    "GET /posts/{username}/pending.json": {  # PendingPostSerializer
        "type": "object",
        "properties": {
            "pending_posts": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "integer"},
                        "created_at": {"type": "string"},
                        "raw_text": {"type": "string"},
                        "topic_id": {"type": ["integer", "null"]},
                    },
                    "required": ["id", "created_at", "raw_text", "topic_id"],
                },
            }
        },
        "required": ["pending_posts"],
    },
    "PUT /admin/users/{id}/unsuspend.json": {"type": "object", "required": ["suspension"]},  # Admin::UsersController
    "PUT /admin/users/{id}/unsilence.json": {"type": "object", "required": ["unsilence"]},
}
"""Operations that the published document does not have."""

SAME_AS = {
    "GET /posts/by_number/{topic}/{number}.json": "GET /posts/{id}.json",
    "PUT /posts/{id}/recover.json": "GET /posts/{id}.json",
    "DELETE /post_actions/{id}.json": "POST /post_actions.json",
    "GET /topics/private-messages-archive/{username}.json": "GET /topics/private-messages/{username}.json",
    "GET /topics/private-messages-group/{username}/{group}.json": "GET /topics/private-messages/{username}.json",
    "GET /topics/private-messages-group/{username}/{group}/archive.json": "GET /topics/private-messages/{username}.json",
}
"""Operations whose answer another one's serializer makes."""

QUERIES = {
    "GET /t/{id}.json": {"include_raw", "show_deleted"},
    "GET /t/{id}/posts.json": {"post_ids[]", "include_raw", "post_number", "asc"},
    "GET /latest.json": {"page"},
    "GET /notifications.json": {"limit", "offset"},
    "GET /user_actions.json": {"limit"},
    "GET /review.json": {"status", "sort_order", "priority", "offset"},
    "PUT /review/{id}/perform/{action}.json": {"version"},
}
"""Query parameters that the document does not name and the controllers read."""

BODIES = {
    "POST /post_actions.json": {"message", "take_action", "queue_for_review"},
    "POST /posts.json": set[str](),
}
"""Keys of a request that the document does not name and the controllers read."""


@functools.cache
def published() -> dict[str, Any]:
    """The operations of the published document."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "shapes/discourse.json").read_text())
    return found


def operation(method: str, path: str) -> str:
    """The name of an operation, as `GET /t/{id}.json`."""
    rules = (
        (
            r"/topics/private-messages-group/[^/]+/[^/]+/archive\.json",
            "/topics/private-messages-group/{username}/{group}/archive.json",
        ),
        (r"/topics/private-messages-group/[^/]+/[^/]+\.json", "/topics/private-messages-group/{username}/{group}.json"),
        (r"/topics/(private-messages(?:-sent|-archive)?)/[^/]+\.json", r"/topics/\1/{username}.json"),
        (r"/posts/by_number/\d+/\d+\.json", "/posts/by_number/{topic}/{number}.json"),
        (r"/posts/[^/]*[^\d/][^/]*/pending\.json", "/posts/{username}/pending.json"),
        (r"/review/\d+/perform/[a-z_]+\.json", "/review/{id}/perform/{action}.json"),
        (r"/admin/users/list/staff\.json", "/admin/users/list/{flag}.json"),
        (r"/(t|posts|review|post_actions|admin/users)/-?\d+(/[a-z]+)?\.json", r"/\1/{id}\2.json"),
    )
    for pattern, name in rules:
        if re.fullmatch(pattern, path):
            return f"{method} {re.sub(pattern, name, path)}"
    return f"{method} {path}"


def answers(name: str) -> dict[str, Any] | None:
    """The schema of an operation's answer; None where it has no body. Raises `KeyError` for one that nobody described."""
    name = SAME_AS.get(name, name)
    if name in READ_FROM_SOURCE:
        found: dict[str, Any] = READ_FROM_SOURCE[name]
        return found
    if name == "PUT /posts/{id}/unhide.json":
        return None  # PostsController#unhide renders no body
    schema = published()[name]["response"]
    return schema if schema is None or isinstance(schema, dict) else None


def filled(schema: dict[str, Any]) -> Any:
    """The smallest value that follows a schema: what a double starts from, so that no field that must be there is missing."""
    kinds = schema.get("type", "object" if "properties" in schema else "null")
    kind = kinds if isinstance(kinds, str) else ("null" if "null" in kinds else kinds[0])
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        needed = schema.get("required", list(schema.get("properties", ())))
        return {key: filled(schema["properties"][key]) for key in needed if key in schema.get("properties", ())}
    return {"integer": 0, "number": 0, "string": "", "boolean": False, "array": [], "null": None}[kind]


def violations(value: Any, schema: dict[str, Any], place: str = "") -> list[str]:
    """Where a value does not follow a schema."""
    kinds = schema.get("type", "object" if "properties" in schema else None)
    allowed = {kinds} if isinstance(kinds, str) else set(kinds or ())
    if allowed == {"string", "null"} or not allowed:  # empty in the sample: the type is not known
        return []
    if not _is(value, allowed):
        return [f"{place or 'the body'}: {type(value).__name__}, not {' or '.join(sorted(allowed))}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place}: {value!r} is none of {schema['enum']}"]
    wrong: list[str] = []
    if isinstance(value, dict):
        known = schema.get("properties", {})
        wrong += [
            f"{place}/{key}: missing" for key in schema.get("required", ()) if key not in value and key not in LEFT_OUT
        ]
        more = FROM_SOURCE.get(place, frozenset())
        if schema.get("additionalProperties") is False:
            wrong += [f"{place}/{key}: unknown" for key in value if key not in known and key not in more]
        for key, found in value.items():
            if key in known:
                wrong += violations(found, known[key], f"{place}/{key}")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            wrong.append(f"{place}: too few")
        for each in value:
            wrong += violations(each, schema.get("items") or {}, f"{place}[]")
    return wrong


def _is(value: Any, kinds: set[str]) -> bool:
    tests = {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "null": value is None,
    }
    return any(tests[kind] for kind in kinds)


def wrong_request(name: str, query: set[str], body: Any) -> list[str]:
    """Where a request is not what the operation takes."""
    described = published().get(SAME_AS.get(name, name), {})
    if name.startswith(("GET /topics/private-messages", "GET /latest")):
        described = {"query": ["page", "order"]}
    wrong = [f"?{key}: unknown" for key in query if key not in {*described.get("query", ()), *QUERIES.get(name, ())}]
    schema = described.get("request")
    if schema is not None and name in ("POST /posts.json", "POST /post_actions.json", "PUT /t/{id}/status.json"):
        wrong += violations(
            body, {**schema, "type": "object"} if name != "POST /post_actions.json" else _without_flag(schema)
        )
        more = {*BODIES.get(name, set()), *schema["properties"]}
        wrong += [f"/{key}: unknown" for key in body if key not in more and f"/{key}: unknown" not in wrong]
    if name.endswith(("silence.json", "suspend.json")) and schema is not None:
        wrong += violations(body, {**schema, "type": "object"})
    return wrong


def _without_flag(schema: dict[str, Any]) -> dict[str, Any]:
    """`flag_topic` is described as a boolean, and compared with the text "true" (`PostActionsController`)."""
    known = {key: value for key, value in schema["properties"].items() if key != "flag_topic"}
    return {**schema, "type": "object", "properties": known}
