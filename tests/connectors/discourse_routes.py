"""The double's answers, operation by operation, each filled from its schema and then with what is in the forum."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.connectors.discourse_schema import answers, filled
from tests.connectors.discourse_world import FLAGS, REVIEWED, Item, Member, Review, Thread, World

if TYPE_CHECKING:
    from tests.connectors.discourse_double import Double

Query = dict[str, list[str]]


def refuse(status: int, kind: str) -> Exception:
    """A refusal."""
    from tests.connectors.discourse_double import Refusal

    return Refusal(status, kind)


def stamp(moment: datetime) -> str:
    """A time as Rails writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def answer(double: Double, name: str, who: Member, path: str, query: Query, body: dict[str, Any]) -> Any:
    """The answer to an operation. Raises `KeyError` for one that the double does not have."""
    world = double.world
    numbers = [int(each) for each in re.findall(r"/(-?\d+)(?=[/.])", path)]
    if name.startswith(("PUT /admin/", "GET /admin/")):
        return _admin(world, name, who, numbers, body)
    if "review" in name:
        return _review(world, name, who, path, numbers, query)
    if name.startswith(("GET /t/", "PUT /t/")):
        return _topic(world, name, who, numbers[0], query, body)
    if "private-messages" in name or name == "GET /latest.json":
        return _list(world, name, who, path, int(query.get("page", ["0"])[0]))
    if "posts" in name or "post_actions" in name:
        return _posts(double, name, who, numbers, query, body)
    return _site(world, name, who, query)


def _site(world: World, name: str, who: Member, query: Query) -> Any:
    made = filled(answers(name) or {})
    if name == "GET /session/current.json":
        groups = [{"id": 40 + n, "name": each, "has_messages": True} for n, each in enumerate(who.groups)]
        return {"current_user": {**_user(who), "admin": who.admin, "moderator": who.moderator, "groups": groups}}
    if name == "GET /site/basic-info.json":
        return {**made, "title": "The forum"}
    if name == "GET /site.json":
        item = filled(answers(name)["properties"]["post_action_types"]["items"])  # type: ignore[index]
        made["post_action_types"] = [
            {**item, "id": number, "name_key": key, "is_flag": True, "require_message": message, "enabled": True}
            for number, (key, message) in FLAGS.items()
        ]
        return made
    if name == "GET /site/settings.json":
        return {"min_post_length": 5, "max_post_length": 1000, "title": "The forum"}
    if name == "GET /notifications.json":
        mine = [note for note in reversed(world.notes) if note["user"] is who]
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        return {
            **made,
            "notifications": [
                {
                    "id": note["id"],
                    "user_id": who.id,
                    "notification_type": 2,
                    "read": False,
                    "created_at": stamp(note["at"]),
                    "post_number": note["number"],
                    "topic_id": note["topic_id"],
                    "slug": "slug",
                    "data": {},
                }
                for note in mine[offset : offset + limit]
            ],
            "total_rows_notifications": len(mine),
        }
    if name == "GET /user_actions.json":
        mine_ = [
            p
            for p in world.posts.values()
            if p.author is who and not p.deleted and not p.unannounced and not p.thread.private
        ]
        mine_.sort(key=lambda p: p.at, reverse=True)
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        item = filled(answers(name)["properties"]["user_actions"]["items"])  # type: ignore[index]
        return {
            "user_actions": [
                {
                    **item,
                    "action_type": 5,
                    "created_at": stamp(p.at),
                    "topic_id": p.thread.id,
                    "post_id": p.id,
                    "username": who.name,
                }
                for p in mine_[offset : offset + limit]
            ]
        }
    raise KeyError(name)


def _user(member: Member) -> dict[str, Any]:
    return {"id": member.id, "username": member.name, "name": member.name.title(), "avatar_template": "/a/{size}.png"}


# ---------------------------------------------------------------------- posts


def post_json(
    world: World, post: Item, who: Member, schema: dict[str, Any], *, raw: bool = True, view: bool = False
) -> dict[str, Any]:
    """A post as `PostSerializer` gives it, with the fields that the operation's schema has. Within a topic (`view`) it does not
    tell that it waited for approval because its category demands it (`TopicView#reviewable_counts`)."""
    veiled = post.hidden and not who.staff
    reviews = [r for r in world.reviews.values() if r.post is post]
    if view:
        reviews = [r for r in reviews if r.type != "ReviewableQueuedPost"]
    review = next(iter(reviews), None)
    known = schema.get("properties", {})
    flags = {kind: sum(k == kind for k, _ in post.flags) for kind in FLAGS}
    made: dict[str, Any] = {
        **filled(schema),
        **_user(post.author),
        "id": post.id,
        "user_id": post.author.id,
        "created_at": stamp(post.at),
        "updated_at": stamp(post.updated),
        "cooked": "<p>hidden</p>" if veiled else world.cooked(post),
        "post_number": post.number,
        "post_type": post.kind,
        "reply_to_post_number": post.reply_to,
        "topic_id": post.thread.id,
        "topic_slug": "slug",
        "display_username": post.author.name.title(),
        "version": post.version,
        "hidden": post.hidden,
        "yours": post.author is who,
        "moderator": post.author.moderator,
        "admin": post.author.admin,
        "staff": post.author.staff,
        "deleted_at": stamp(post.deleted) if post.deleted else None,
        "user_deleted": post.user_deleted,
        "actions_summary": [
            {
                "id": kind,
                **({"count": count} if who.staff and count else {}),
                **({"acted": True} if (kind, who) in post.flags else {"can_act": True}),
            }
            for kind, count in flags.items()
        ],
    }
    if who.staff:
        made["reviewable_id"] = review.id if review else 0
        made["reviewable_score_count"] = len(post.flags)
        made["reviewable_score_pending_count"] = int(review is not None and review.status == "pending")
    else:
        for key in ("reviewable_id", "reviewable_score_count", "reviewable_score_pending_count"):
            if key not in schema.get("required", ()):
                made.pop(key, None)
    if raw and not veiled:
        made["raw"] = post.raw
    if post.action_code:
        made["action_code"] = post.action_code
    if post.deleted_by is not None and who.staff:
        made["deleted_by"] = _user(post.deleted_by)
    if "topic_title" in known:
        made["topic_title"] = post.thread.title
    return made


def _seen(world: World, who: Member, post: Item | None) -> Item:
    if post is None or (post.deleted and not who.staff):
        raise refuse(404, "not_found")
    if not world.sees(who, post.thread):
        raise refuse(404 if post.thread.deleted else 403, "not_found" if post.thread.deleted else "invalid_access")
    return post


def _posts(double: Double, name: str, who: Member, numbers: list[int], query: Query, body: dict[str, Any]) -> Any:
    world, schema = double.world, answers(name) or {}
    if name == "GET /posts.json":
        before = int(query.get("before", ["0"])[0])
        listed = sorted(
            (
                p
                for p in world.posts.values()
                if p.kind == 1
                and not p.deleted
                and not p.thread.private
                and not p.thread.deleted
                and p.thread.visible
                and not p.unannounced
                and world.sees(who, p.thread)
                and (before <= 0 or p.id < before)
            ),
            key=lambda p: -p.id,
        )
        each = schema["properties"]["latest_posts"]["items"]
        return {"latest_posts": [post_json(world, p, who, each) for p in listed[:50]]}
    if name == "GET /posts/{username}/pending.json":
        waiting = [
            r
            for r in world.reviews.values()
            if r.author is who and r.status == "pending" and r.type == "ReviewableQueuedPost"
        ]
        return {
            "pending_posts": [
                {
                    "id": r.id,
                    "created_at": stamp(r.at),
                    "raw_text": r.raw,
                    "topic_id": r.thread.id if r.thread else None,
                }
                for r in waiting
            ]
        }
    if name == "POST /posts.json":
        return double.remembered(who, body, lambda: _create(world, who, body, schema))
    if name == "GET /posts/by_number/{topic}/{number}.json":
        places = (p for p in world.posts.values() if (p.thread.id, p.number) == (numbers[0], numbers[1]))
        return post_json(world, _seen(world, who, next(places, None)), who, schema)
    if name == "POST /post_actions.json":
        post = _seen(world, who, world.posts.get(body["id"]))
        if body.get("flag_topic") not in (None, "false"):
            raise KeyError("flag_topic")
        acting = who.staff and body.get("take_action") == "true"
        review = who.staff and body.get("queue_for_review") == "true"
        if world.flag(post, who, body["post_action_type_id"], take_action=acting, review=review):
            raise refuse(403, "")
        return post_json(world, post, who, schema, raw=False)
    post = _seen(world, who, world.posts.get(numbers[0]))
    if name == "GET /posts/{id}.json":
        return post_json(world, post, who, schema)
    if name == "DELETE /post_actions/{id}.json":
        flag = (body["post_action_type_id"], who)
        if flag not in post.flags:
            raise refuse(404, "not_found")
        post.flags.remove(flag)
        return post_json(world, post, who, schema, raw=False)
    if not who.staff:
        raise refuse(403, "invalid_access")
    if name == "DELETE /posts/{id}.json":
        world.delete(post, who)
        return None
    if name == "PUT /posts/{id}/recover.json":
        world.recover(post)
        return post_json(world, post, who, schema)
    if name == "PUT /posts/{id}/unhide.json":
        post.hidden, post.updated = False, world.tick()
        return None
    raise KeyError(name)


def _create(world: World, who: Member, body: dict[str, Any], schema: dict[str, Any]) -> Any:
    """`NewPostManager`: into the topic, into the queue, or refused. A refusal is remembered too."""
    thread = world.threads.get(body["topic_id"])
    if thread is None or not world.sees(who, thread):
        return refuse(404, "not_found")
    if thread.closed and not who.staff:
        return refuse(422, "")
    raw = body["raw"].strip()
    recent = [
        p for p in world.posts.values() if p.author is who and p.raw == raw and (world.now - p.at).total_seconds() < 300
    ]
    if len(raw) < 5 or len(raw) > 1000 or (recent and not who.staff):
        return refuse(422, "")
    to = next(
        (p for p in world.posts.values() if p.thread is thread and p.number == body.get("reply_to_post_number")), None
    )
    if who.needs_approval:
        queued = world.queue(who, thread, raw, to=to)
        waiting = {"id": queued.id, "raw": raw, "created_at": stamp(queued.at)}
        return {"success": True, "action": "enqueued", "pending_count": 1, "pending_post": waiting}
    return post_json(world, world.post(who, thread, raw, to=to), who, schema, raw=False)


# ---------------------------------------------------------------------- topics


def _topic(world: World, name: str, who: Member, number: int, query: Query, body: dict[str, Any]) -> Any:
    thread, schema = world.threads.get(number), answers(name) or {}
    if thread is None or (thread.deleted and not who.staff):
        raise refuse(404, "not_found")
    if not world.sees(who, thread):
        raise refuse(403, "invalid_access")
    if name == "PUT /t/{id}/status.json":
        if not who.staff:
            raise refuse(403, "invalid_access")
        thread.closed = body["enabled"] == "true"
        world.post(who, thread, "", kind=3, action_code="closed.enabled" if thread.closed else "closed.disabled")
        return {"success": "OK", "topic_status_update": None}
    raw = query.get("include_raw") == ["true"]
    each = schema["properties"]["post_stream"]["properties"]["posts"]["items"]
    if name == "GET /t/{id}/posts.json":
        posts = world.stream(thread, who, deleted="post_ids[]" in query)
        if "post_ids[]" in query:
            wanted = {int(i) for i in query["post_ids[]"]}
            posts = [p for p in posts if p.id in wanted]
        else:
            posts = [p for p in posts if p.number > int(query["post_number"][0])][:20]
        return {
            "post_stream": {"posts": [post_json(world, p, who, each, raw=raw, view=True) for p in posts]},
            "id": thread.id,
        }
    posts = world.stream(thread, who, deleted=query.get("show_deleted") == ["true"])
    made = filled(schema)
    people = {p.author.id: p.author for p in posts}
    participant = filled(schema["properties"]["details"]["properties"]["participants"]["items"])
    made |= {
        "id": thread.id,
        "title": thread.title,
        "slug": "slug",
        "archetype": "private_message" if thread.private else "regular",
        "created_at": stamp(thread.at),
        "user_id": thread.author.id,
        "posts_count": len(posts),
        "highest_post_number": max((p.number for p in posts), default=0),
        "visible": thread.visible,
        "closed": thread.closed,
        "deleted_at": stamp(thread.deleted) if thread.deleted else None,
        "post_stream": {
            "posts": [post_json(world, p, who, each, raw=raw, view=True) for p in posts[:20]],
            "stream": [p.id for p in posts],
        },
        "details": {
            **made["details"],
            "created_by": _user(thread.author),
            "last_poster": _user(thread.author),
            "participants": [{**participant, **_user(member)} for member in people.values()],
        },
    }
    if thread.private:
        made["details"]["allowed_users"] = [_user(member) for member in thread.allowed]
        made["details"]["allowed_groups"] = [{"id": 40, "name": group} for group in thread.groups]
    return made


def _list(world: World, name: str, who: Member, path: str, page: int) -> Any:
    schema = answers(name) or {}
    topics = [t for t in world.threads.values() if not t.deleted and world.sees(who, t)]
    if name == "GET /latest.json":
        topics = [t for t in topics if not t.private and (t.visible or who.staff)]
    elif "-group/" in path:
        group = path.split("/")[4].removesuffix(".json")
        topics = [t for t in topics if t.private and group in t.groups and "archive" not in name]
    else:
        if path.split("/")[3] != f"{who.name}.json":
            raise refuse(403, "invalid_access")
        topics = [t for t in topics if t.private and who in t.allowed and "archive" not in name]
        topics = [t for t in topics if (t.author is who) == ("-sent" in name)]
    topics = [t for t in topics if any(not p.unannounced for p in world.posts.values() if p.thread is t)]
    topics.sort(key=lambda t: t.bumped, reverse=True)
    item = filled(schema["properties"]["topic_list"]["properties"]["topics"]["items"])
    return {
        "users": [],
        "primary_groups": [],
        "topic_list": {
            **filled(schema["properties"]["topic_list"]),
            "topics": [
                {
                    **item,
                    "id": t.id,
                    "title": t.title,
                    "bumped_at": stamp(t.bumped),
                    "visible": t.visible,
                    "closed": t.closed,
                }
                for t in topics[page * 30 : page * 30 + 30]
            ],
        },
    }


# ---------------------------------------------------------------------- the review queue


def _actions(item: Review) -> list[str]:
    if item.type == "ReviewableQueuedPost":
        return (
            []
            if item.status == "approved"
            else ["approve_post", *(["reject_post"] if item.status == "pending" else [])]
        )
    if item.status != "pending":
        return []
    if item.type == "ReviewableUser":
        return ["approve_user", "delete_user"]
    hidden = item.post is not None and item.post.hidden
    seen = ["agree_and_keep", "agree_and_hide", "disagree", "ignore_and_do_nothing"]
    return (["agree_and_keep_hidden", "disagree_and_restore"] if hidden else seen) + ["delete_and_agree"]


def _reviewable(item: Review) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": item.id,
        "type": item.type,
        "status": REVIEWED[item.status],
        "version": item.version,
        "created_at": stamp(item.at),
        "score": 1.5,
        "can_edit": False,
        "target_created_by_id": item.author.id,
        "created_by_id": item.by.id,
        "bundled_action_ids": [f"{item.id}-all"],
    }
    if item.thread is not None:
        made["topic_id"] = item.thread.id
    else:
        made["removed_topic_id"] = None
    if item.post is not None:
        made["post_id"] = item.post.id
    if item.type == "ReviewableUser":
        made |= {"user_id": item.author.id, "payload": {"username": item.author.name}, "target_created_by_id": None}
    if item.type == "ReviewableQueuedPost":
        made["payload"] = {"raw": item.raw, **({"title": item.title} if item.title else {})}
        if item.reply_to:
            made["reply_to_post_number"] = item.reply_to
    return made


def _beside(items: list[Review]) -> dict[str, Any]:
    people = {m.id: m for r in items for m in (r.author, r.by)}
    return {
        "bundled_actions": [
            {"id": f"{r.id}-all", "action_ids": [f"post-{r.id}-{each}" for each in _actions(r)]} for r in items
        ],
        "actions": [
            {"id": f"post-{r.id}-{each}", "server_action": each, "label": each} for r in items for each in _actions(r)
        ],
        "users": [_user(member) for member in people.values()],
    }


def _review(world: World, name: str, who: Member, path: str, numbers: list[int], query: Query) -> Any:
    if not who.staff:
        raise refuse(404, "not_found")
    if name == "GET /review.json":
        waiting = sorted((r for r in world.reviews.values() if r.status == "pending"), key=lambda r: r.at, reverse=True)
        offset = int(query["offset"][0])
        page = waiting[offset : offset + 10]
        return {
            "reviewables": [_reviewable(r) for r in page],
            "meta": {"total_rows_reviewables": len(waiting)},
            **_beside(page),
        }
    item = world.reviews.get(numbers[0])
    if item is None:
        raise refuse(404, "not_found")
    if name == "GET /review/{id}.json":
        return {"reviewable": _reviewable(item), **_beside([item])}
    word = path.rsplit("/", 1)[1].removesuffix(".json")
    if "version" not in query:
        raise refuse(422, "")
    if int(query["version"][0]) != item.version:
        raise refuse(409, "")
    if word not in _actions(item):
        raise refuse(403, "invalid_access")
    made: dict[str, Any] = {"success": True}
    post = item.post
    if word in ("approve_post", "approve_user"):
        created = world.approve(item)
        made |= {"created_post_id": created.id, "created_post_topic_id": created.thread.id} if created else {}
    elif word == "reject_post":
        world.settle(item, "rejected")
    elif post is not None:
        if word == "agree_and_hide":
            post.hidden = True
        if word == "disagree_and_restore":
            post.hidden = False
        if word.startswith("disagree"):
            post.flags.clear()
        world.settle(item, {"agree": "approved", "disag": "rejected", "ignor": "ignored"}[word[:5]])
    made |= {"transition_to": item.status, "transition_to_id": REVIEWED[item.status], "version": item.version}
    return {"reviewable_perform_result": made}


# ---------------------------------------------------------------------- penalties


def _admin(world: World, name: str, who: Member, numbers: list[int], body: dict[str, Any]) -> Any:
    if not who.staff:
        raise refuse(404, "not_found")
    schema = answers(name) or {}
    if name == "GET /admin/users/list/{flag}.json":
        return [{**filled(schema["items"]), **_user(m)} for m in world.members.values() if m.staff]
    member = next((m for m in world.members.values() if m.id == numbers[0]), None)
    if member is None:
        raise refuse(404, "not_found")
    if name == "GET /admin/users/{id}.json":
        made = {**filled(schema), **_user(member), "silence_reason": member.reason}
        made |= {"silenced_till": member.silenced_till} if member.silenced_till else {}
        made |= (
            {"suspended_till": member.suspended_till, "suspend_reason": member.reason} if member.suspended_till else {}
        )
        return made
    if member.staff:
        raise refuse(403, "invalid_access")
    if name == "PUT /admin/users/{id}/silence.json":
        member.silenced_till, member.reason = body["silenced_till"], body["reason"]
        made = filled(schema)
        made["silence"] |= {"silenced": True, "silence_reason": member.reason, "silenced_till": member.silenced_till}
        return made
    if name == "PUT /admin/users/{id}/suspend.json":
        member.suspended_till, member.reason = body["suspend_until"], body["reason"]
        made = filled(schema)
        made["suspension"] |= {"suspend_reason": member.reason, "suspended_till": member.suspended_till}
        return made
    if name == "PUT /admin/users/{id}/unsilence.json":
        member.silenced_till = None
        return {"unsilence": {"silenced": False}}
    if name == "PUT /admin/users/{id}/unsuspend.json":
        member.suspended_till = None
        return {"suspension": {"suspended": False}}
    raise KeyError(name)


__all__ = ["Thread", "answer", "post_json"]
