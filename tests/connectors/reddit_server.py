"""The double of Reddit as a server on loopback, and somebody who can do there what tests need done (`Stand`).

`place.trouble["POST /api/comment"] = [...]` says what happens to the next such requests, in order: `"cut"` ends the
connection before anything is done, `"drop"` after it was done, bytes are an answer instead of the right one, a number is a
status, a `(status, headers)` pair one with headers, None is nothing.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.connectors.reddit_double import Account, Item, Mail, Place, errors, listing
from tests.connectors.reddit_shapes import endpoint, filled, violations, wrong_request

from modconsole.connectors.base import Known
from modconsole.connectors.reddit import Reddit, connect
from modconsole.connectors.reddit_auth import Grant
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Conversation, Coverage, Message

CLIENT, SECRET = "our-client-id", "our-client-secret"
FOLDERS = {"all": 1, "archived": 2, "mod": 1, "appeals": 1, "filtered": 1}
Reply = tuple[int, Any]


class Refuse(Exception):
    """An answer with a status code instead."""

    def __init__(self, status: int, body: Any = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body if body is not None else {"message": "Forbidden", "error": status}


class Calls:
    """The interface: each method is a request, named by the table below."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def answer(self, method: str, path: str, query: dict[str, str], form: dict[str, str], me: Account) -> Reply:
        """What is answered to a request by an account."""
        for wanted, pattern, name in ROUTES:
            found = re.fullmatch(pattern, path.rstrip("/"))
            if wanted == method and found:
                made: Reply = getattr(self, name)(me, query, form, *found.groups())
                return made
        raise Refuse(404)

    def _sub(self, name: str, me: Account, right: str = "") -> Any:
        found = self.place.subreddits.get(name.lower())
        if found is None:
            raise Refuse(404, {"reason": "banned", "message": "Not Found", "error": 404})
        if found.private and me.name not in found.mods:
            raise Refuse(403, {"reason": "private", "message": "Forbidden", "error": 403})
        if right and not found.may(me.name, right):
            raise Refuse(403)
        return found

    def _item(self, name: str) -> Item:
        found = self.place.items.get(name)
        if found is None:
            raise Refuse(404)
        return found

    # ------------------------------------------------------------------ who

    def me(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        fields = (
            "comment_karma created created_utc gold_creddits has_mail has_mod_mail has_verified_email hide_from_robots"
        )
        fields += " in_beta inbox_count is_employee is_gold is_mod is_suspended link_karma over_18"
        numbers = ("comment_karma", "gold_creddits", "inbox_count", "link_karma")
        given: dict[str, Any] = {
            f: 0 if f in numbers else 1.0 if f.startswith("created") else False for f in fields.split()
        }
        return 200, {
            **given,
            "id": me.native[3:],
            "name": me.name,
            "gold_expiration": None,
            "suspension_expiration_utc": None,
        }

    def moderated(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        found = [sub for sub in self.place.subreddits.values() if me.name in sub.mods]
        made = [
            filled("t5", {"display_name": s.name, "name": f"t5_{s.name}", "mod_permissions": s.mods[me.name]})
            for s in found
        ]
        return 200, listing([{"kind": "t5", "data": data} for data in made])

    def moderators(self, me: Account, query: dict[str, str], form: dict[str, str], name: str) -> Reply:
        mods = self._sub(name, me).mods
        people = [
            {"name": n, "id": self.place.person(n).native, "date": 1.0, "mod_permissions": r} for n, r in mods.items()
        ]
        keep = ("name", "id", "date", "mod_permissions")
        return 200, {"kind": "UserList", "data": {"children": [{k: each[k] for k in keep} for each in people]}}

    def accounts(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        found = {a.native: a for a in self.place.accounts.values() if a.native in query["ids"].split(",")}
        if not found:
            raise Refuse(404, {"message": "Not Found", "error": 404})
        blank = {"created_utc": 1.0, "link_karma": 1, "comment_karma": 1, "profile_img": "", "profile_color": ""}
        return 200, {native: {"name": a.name, **blank, "profile_over_18": False} for native, a in found.items()}

    # ------------------------------------------------------------------ lists

    def comments(self, me: Account, query: dict[str, str], form: dict[str, str], name: str) -> Reply:
        sub = self._sub(name, me)
        found = [
            i for i in self.place.items.values() if i.subreddit is sub and not i.is_post and self.place.visible(i, me)
        ]
        return 200, self._cut(found, query, me)

    def new(self, me: Account, query: dict[str, str], form: dict[str, str], name: str) -> Reply:
        sub = self._sub(name, me)
        found = [i for i in self.place.items.values() if i.subreddit is sub and i.is_post and self.place.visible(i, me)]
        return 200, self._cut(found, query, me)

    def queue(self, me: Account, query: dict[str, str], form: dict[str, str], name: str, which: str) -> Reply:
        sub = self._sub(name, me, "posts")
        fits: dict[str, Callable[[Item], bool]] = {
            "modqueue": lambda item: item.queued,
            "spam": lambda item: item.taken is not None,
            "edited": lambda item: item.edited is not None,
        }
        found = [i for i in self.place.items.values() if i.subreddit is sub and not i.deleted and fits[which](i)]
        return 200, self._cut(found, query, me)

    def own(self, me: Account, query: dict[str, str], form: dict[str, str], name: str) -> Reply:
        found = [
            i
            for i in self.place.items.values()
            if i.author and i.author.name == name and not i.is_post and not i.deleted
        ]
        return 200, self._cut(found, query, me)

    def _cut(self, items: list[Item], query: dict[str, str], me: Account) -> dict[str, Any]:
        return self.place.cut(items, query, lambda item: self.place.shown(item, me), lambda item: item.name)

    def inbox(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        items = [i for i in self.place.items.values() if self._notified(i, me)]
        letters = [each for each in self.place.letters if each.to is me]

        def shown(each: Any) -> dict[str, Any]:
            return self.place.noticed(each, me) if isinstance(each, Item) else self.place.letter_shown(each)

        return 200, self.place.cut([*items, *letters], query, shown, lambda each: each.name)

    def _notified(self, item: Item, me: Account) -> bool:
        if item.is_post or item.author is me or not self.place.visible(item, me):
            return False
        return self.place.items[item.parent].author is me or f"u/{me.name}" in item.text

    def sent(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        letters = [each for each in self.place.letters if each.author is me]
        return 200, self.place.cut(letters, query, self.place.letter_shown, lambda each: each.name)

    def talk(self, me: Account, query: dict[str, str], form: dict[str, str], ident: str) -> Reply:
        named = next((each for each in self.place.letters if each.name == f"t4_{ident}"), None)
        if named is None or me not in (named.author, named.to):
            raise Refuse(403)
        first = named.first or named.name
        root = next(each for each in self.place.letters if each.name == first)
        rest = [self.place.letter_shown(each) for each in self.place.letters if each.first == first]
        return 200, listing([self.place.letter_shown(root, listing(rest) if rest else "")])

    def info(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        wanted = query["id"].split(",")
        found = [
            self.place.items[name] for name in wanted if name in self.place.items and name not in self.place.withheld
        ]
        return 200, listing(
            [
                self.place.shown(item, me)
                for item in found
                if not item.subreddit.private or me.name in item.subreddit.mods
            ]
        )

    def thread(self, me: Account, query: dict[str, str], form: dict[str, str], ident: str, below: str | None) -> Reply:
        post = self._item(f"t3_{ident}")
        self._sub(post.subreddit.name, me)
        if below is None:
            tree = self.place.branch(post.name, me)
        else:
            root = self._item(f"t1_{below}")
            tree = [self.place.shown(root, me, replies=listing(self.place.branch(root.name, me)), depth=0)]
        return 200, [listing([self.place.shown(post, me)]), listing(tree)]

    def more(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        children = form["children"].split(",")
        assert len(children) <= 100, "Reddit gives a hundred at a time"
        return 200, {"json": {"errors": [], "data": {"things": self.place.more(children, me)}}}

    # ------------------------------------------------------------------ writing

    def reply(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        target, text = form["thing_id"], form["text"]
        if len(text) > 10_000:
            return 200, errors("TOO_LONG", "this is too long (max: 10000)", "text")
        if target.startswith("t4_"):
            above = next(each for each in self.place.letters if each.name == target)
            made = self.place.letter(
                me.name, (above.author if above.author is not me else above.to).name, text, above.subject, above
            )
            return 200, things(self.place.letter_shown(made))
        item = self.place.items.get(target)
        if item is None or item.deleted:
            return 200, errors("DELETED_COMMENT", "that comment has been deleted", "parent")
        if item.archived or self.place.items[item.link].archived:
            return 200, errors("TOO_OLD", "that's a piece of history now; it's too late to reply to it", "parent")
        locked = item.locked or self.place.items[item.link].locked
        if locked and not item.subreddit.may(me.name, "posts"):
            return 200, errors("THREAD_LOCKED", "Comments are locked.", "parent")
        return 200, things(self.place.shown(self.place.comment(me.name, item, text.strip()), me))

    def moderate(self, me: Account, query: dict[str, str], form: dict[str, str], act: str) -> Reply:
        item = self._item(form["id"])
        self._sub(item.subreddit.name, me, "posts")
        if act == "approve":
            item.taken, item.verdict, item.approved, item.reason = None, "", me.name, None
        elif act == "remove":
            self.place.remove(item, me.name, "spam" if form["spam"] == "true" else "mod")
        elif act in ("lock", "unlock"):
            item.locked = act == "lock"
        else:
            item.ignored = act == "ignore_reports"
        return 200, {}

    def report(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        self._item(form["id"]).reports += 1
        return 200, {"json": {"errors": []}}

    def reasons(self, me: Account, query: dict[str, str], form: dict[str, str], name: str) -> Reply:
        reasons = self._sub(name, me, "posts").reasons
        return 200, {"data": reasons, "order": list(reasons)}

    def explain(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        given = json.loads(form["json"])
        item = self._item(given["item_ids"][0])
        sub = self._sub(item.subreddit.name, me, "posts")
        item.reason = sub.reasons[given["reason_id"]]["title"] if given["reason_id"] else item.reason
        self.place.sent.append(("note", item.name, "", given["mod_note"]))
        return 200, None

    def tell(self, me: Account, query: dict[str, str], form: dict[str, str], kind: str) -> Reply:
        given = json.loads(form["json"])
        if len(given["title"]) > 50:
            raise Refuse(400, {"fields": ["title"], "explanation": "", "message": "Bad Request", "reason": "TOO_LONG"})
        assert kind == ("link" if given["item_id"][0].startswith("t3_") else "comment")
        self.place.sent.append((given["type"], given["item_id"][0], given["title"], given["message"]))
        return 200, {}

    def flairs(self, me: Account, query: dict[str, str], form: dict[str, str], name: str) -> Reply:
        blank = {"background_color": "", "css_class": "", "mod_only": False, "richtext": [], "text_color": "dark"}
        flairs = self._sub(name, me).flairs.items()
        return 200, [{"id": i, "text": text, "text_editable": False, "type": "text", **blank} for i, text in flairs]

    def flair(self, me: Account, query: dict[str, str], form: dict[str, str], name: str, how: str) -> Reply:
        sub, item = self._sub(name, me, "flair"), self._item(form["link"])
        item.flair_id = form.get("flair_template_id") if how == "selectflair" else None
        item.flair = sub.flairs[item.flair_id] if item.flair_id else form["text"]
        return 200, {"json": {"errors": []}}

    # ------------------------------------------------------------------ people

    def relate(self, me: Account, query: dict[str, str], form: dict[str, str], name: str, how: str) -> Reply:
        sub = self._sub(name, me, "access")
        if form["name"].lower() not in self.place.accounts:
            return 200, errors("USER_DOESNT_EXIST", "that user doesn't exist", "name")
        if form["name"] in sub.mods:
            return 200, errors("CANT_RESTRICT_MODERATOR", "You can't do that to a moderator.", "name")
        people: dict[str, Any] = {"banned": sub.banned, "muted": sub.muted}[form["type"]]
        if how == "unfriend":
            people.pop(form["name"], None)
            return 200, {}
        people[form["name"]] = (
            (int(form["duration"]) if "duration" in form else None) if form["type"] == "banned" else 72
        )
        return 200, {"json": {"errors": []}}

    def people(self, me: Account, query: dict[str, str], form: dict[str, str], name: str, which: str) -> Reply:
        sub = self._sub(name, me, "access")
        listed: dict[str, Any] = {"banned": sub.banned, "muted": sub.muted}[which]
        made = []
        for person, days in listed.items():
            if person.lower() == query.get("user", person).lower():
                more = {"note": "", "days_left": days} if which == "banned" else {}
                made.append({"name": person, "id": self.place.person(person).native, "date": 1.0, **more})
        data = {"after": None, "before": None, "children": made, "modhash": None}
        return 200, {"kind": "Listing", "data": data}

    def notes(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        sub = self._sub(query["subreddit"], me, "")
        found = [{**note, "cursor": "x"} for note in sub.notes if note["user"].lower() == query["user"].lower()]
        return 200, {"mod_notes": found, "start_cursor": None, "end_cursor": None, "has_next_page": False}

    def note(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        sub = self._sub(form["subreddit"], me, "")
        person = self.place.person(form["user"])
        made = {
            "id": f"ModNote_{self.place.ident()}",
            "user": person.name,
            "user_id": person.native,
            "operator": me.name,
            "operator_id": me.native,
            "subreddit": sub.name,
            "subreddit_id": f"t5_{sub.name}",
            "created_at": int(self.place.now),
            "type": "NOTE",
            "user_note_data": {"note": form["note"], "label": form.get("label"), "reddit_id": None},
            "mod_action_data": {"action": None, "reddit_id": None, "details": None, "description": None},
        }
        sub.notes.append(made)
        return 200, {"created": made}

    def forget(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        sub = self._sub(query["subreddit"], me, "")
        sub.notes = [note for note in sub.notes if note["id"] != query["note_id"]]
        return 200, {"deleted": True}

    # ------------------------------------------------------------------ modmail

    def folder(self, me: Account, query: dict[str, str], form: dict[str, str]) -> Reply:
        if query["state"] not in FOLDERS:
            raise Refuse(400, {"message": "Bad Request", "error": 400})
        for name in query["entity"].split(","):
            self._sub(name, me, "mail")
        wanted = {self.place.subreddits[name.lower()].name for name in query["entity"].split(",")}
        found = [m for m in self.place.mail.values() if m.folder == query["state"] and m.subreddit.name in wanted]
        found.sort(key=lambda mail: mail.messages[-1][2], reverse=True)
        names = [mail.ident for mail in found]
        begin = (
            names.index(query["after"]) + 1 if query.get("after") in names else len(names) if "after" in query else 0
        )
        page = found[begin : begin + int(query["limit"])]
        return 200, {
            "conversations": {mail.ident: self._mail(mail, short=True) for mail in page},
            "conversationIds": [mail.ident for mail in page],
            "messages": {mail.messages[-1][0]: self._message(mail, mail.messages[-1]) for mail in page},
            "viewerId": me.native,
        }

    def mail(self, me: Account, query: dict[str, str], form: dict[str, str], ident: str) -> Reply:
        return 200, self._whole(self._found(ident, me), "conversation")

    def write_mail(self, me: Account, query: dict[str, str], form: dict[str, str], ident: str) -> Reply:
        mail = self._found(ident, me)
        self.place.add_mail(mail, me.name, form["body"], internal=form["isInternal"] == "true")
        return 201, self._whole(mail, "conversation")

    def file(self, me: Account, query: dict[str, str], form: dict[str, str], ident: str, how: str) -> Reply:
        mail = self._found(ident, me)
        mail.folder = "archived" if how == "archive" else "all"
        return 204, None

    def mute(self, me: Account, query: dict[str, str], form: dict[str, str], ident: str, how: str) -> Reply:
        mail = self._found(ident, me)
        assert mail.person is not None
        if how == "mute":
            mail.subreddit.muted[mail.person.name] = int(query.get("num_hours", "72"))
        else:
            mail.subreddit.muted.pop(mail.person.name, None)
        return 200, self._whole(mail, "conversations")

    def _found(self, ident: str, me: Account) -> Mail:
        mail = self.place.mail.get(ident)
        if mail is None:
            raise Refuse(404)
        self._sub(mail.subreddit.name, me, "mail")
        return mail

    def _whole(self, mail: Mail, key: str) -> dict[str, Any]:
        given = mail.messages[mail.withheld :]
        messages = {each[0]: self._message(mail, each) for each in given}
        made = {key: self._mail(mail), "messages": messages, "modActions": {}, "user": {}}
        if key == "conversations":  # what a change of state is answered with was recorded in an older form
            made[key]["participant"] = {}
            for writer in (*made[key]["authors"], *(message["author"] for message in messages.values())):
                del writer["isApproved"]
        return made

    def _mail(self, mail: Mail, *, short: bool = False) -> dict[str, Any]:
        given = mail.messages[-1:] if short else mail.messages[mail.withheld :]
        made: dict[str, Any] = {
            "id": mail.ident,
            "subject": mail.subject,
            "legacyFirstMessageId": mail.ident,
            "isAuto": False,
            "isHighlighted": False,
            "isInternal": mail.internal,
            "isRepliable": True,
            "lastUpdated": self._time(mail.messages[-1][2]),
            "lastModUpdate": self._latest(mail, mods=True),
            "lastUserUpdate": self._latest(mail, mods=False),
            "lastUnread": None,
            "numMessages": len(mail.messages),
            "objIds": [{"id": each[0], "key": "messages"} for each in given],
            "authors": [self._writer(mail, each[1]) for each in given],
            "owner": {"displayName": mail.subreddit.name, "id": "t5_1", "type": "subreddit"},
            "participant": {"name": mail.person.name, "isMod": False} if mail.person else {},
            "state": FOLDERS[mail.folder],
        }
        if short:
            made["participant"] = self._writer(mail, mail.person) if mail.person else {}
        return made

    def _latest(self, mail: Mail, *, mods: bool) -> str | None:
        times = [each[2] for each in mail.messages if (each[1].name in mail.subreddit.mods) == mods]
        return self._time(times[-1]) if times else None

    def _message(self, mail: Mail, message: tuple[str, Account, float, str, bool]) -> dict[str, Any]:
        ident, author, at, text, internal = message
        return {
            "id": ident,
            "author": self._writer(mail, author),
            "body": f"<p>{text}</p>",
            "bodyMarkdown": text,
            "date": self._time(at),
            "isInternal": internal,
        }

    @staticmethod
    def _writer(mail: Mail, author: Account) -> dict[str, Any]:
        return {
            "id": author.number,
            "name": author.name,
            "isMod": author.name in mail.subreddit.mods,
            "isAdmin": False,
            "isApproved": False,
            "isDeleted": False,
            "isHidden": False,
            "isOp": author is mail.messages[0][1],
            "isParticipant": author is mail.person,
        }

    @staticmethod
    def _time(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")


def things(thing: dict[str, Any]) -> dict[str, Any]:
    """The answer to something that was made."""
    return {"json": {"errors": [], "data": {"things": [thing]}}}


ID = "([a-z0-9]+)"
SUB = "/r/([A-Za-z0-9_]+)"
ROUTES: tuple[tuple[str, str, str], ...] = (
    ("GET", "/api/v1/me", "me"),
    ("GET", "/subreddits/mine/moderator", "moderated"),
    ("GET", f"{SUB}/about/moderators", "moderators"),
    ("GET", "/api/user_data_by_account_ids", "accounts"),
    ("GET", f"{SUB}/comments", "comments"),
    ("GET", f"{SUB}/new", "new"),
    ("GET", f"{SUB}/about/(modqueue|spam|edited)", "queue"),
    ("GET", "/user/([A-Za-z0-9_-]+)/comments", "own"),
    ("GET", "/message/inbox", "inbox"),
    ("GET", "/message/sent", "sent"),
    ("GET", f"/message/messages/{ID}", "talk"),
    ("GET", "/api/info", "info"),
    ("GET", f"/comments/{ID}(?:/_/{ID})?", "thread"),
    ("POST", "/api/morechildren", "more"),
    ("POST", "/api/comment", "reply"),
    ("POST", "/api/(approve|remove|lock|unlock|ignore_reports|unignore_reports)", "moderate"),
    ("POST", "/api/report", "report"),
    ("GET", "/api/v1/([A-Za-z0-9_]+)/removal_reasons", "reasons"),
    ("POST", "/api/v1/modactions/removal_reasons", "explain"),
    ("POST", "/api/v1/modactions/removal_(comment|link)_message", "tell"),
    ("GET", f"{SUB}/api/link_flair_v2", "flairs"),
    ("POST", f"{SUB}/api/(flair|selectflair)", "flair"),
    ("POST", f"{SUB}/api/(friend|unfriend)", "relate"),
    ("GET", f"{SUB}/about/(banned|muted)", "people"),
    ("GET", "/api/mod/notes", "notes"),
    ("POST", "/api/mod/notes", "note"),
    ("DELETE", "/api/mod/notes", "forget"),
    ("GET", "/api/mod/conversations", "folder"),
    ("GET", f"/api/mod/conversations/{ID}", "mail"),
    ("POST", f"/api/mod/conversations/{ID}", "write_mail"),
    ("POST", f"/api/mod/conversations/{ID}/(archive|unarchive)", "file"),
    ("POST", f"/api/mod/conversations/{ID}/(mute|unmute)", "mute"),
)


class Handler(BaseHTTPRequestHandler):
    """One request to the double."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Head and body go out together: apart, each answer would wait 40 ms for an acknowledgement."""
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        place = self.server.place
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = dict(parse_qsl(raw, keep_blank_values=True))
        with self.server.lock:
            name = f"{self.command} {address.path.rstrip('/')}"
            place.requests.append(name)
            place.complaints += wrong_request(self.command, address.path, query, form)
            if not re.match(r"\w+:[\w.-]+:v?\S+ \(by /u/[\w-]+\)$", self.headers.get("User-Agent", "")):
                place.complaints.append(f"user agent: {self.headers.get('User-Agent')}")
            trouble = self._trouble(name)
            if trouble == "cut":
                return self._end()
            if isinstance(trouble, bytes):
                return self._send(200, trouble, {})
            if isinstance(trouble, int | tuple):
                status, headers = trouble if isinstance(trouble, tuple) else (trouble, {})
                return self._send(status, b"{}", headers)
            status, body = self._answer(address.path, query, form)
            if trouble == "drop":
                return self._end()
            if status < 300:
                known = endpoint(self.command, address.path)
                place.complaints += (
                    [f"{name}: {wrong}" for wrong in violations(known, body)] if known and body is not None else []
                )
            return self._send(status, json.dumps(body).encode() if body is not None else b"", {})

    def _trouble(self, name: str) -> Any:
        for beginning, troubles in self.server.place.trouble.items():
            if name.startswith(beginning) and troubles:
                return troubles.pop(0)
        return None

    def _answer(self, path: str, query: dict[str, str], form: dict[str, str]) -> Reply:
        place = self.server.place
        if path == "/api/v1/access_token":
            return self._token(form)
        account, until = place.tokens.get(self.headers.get("Authorization", "").removeprefix("bearer "), (None, 0.0))
        if account is None or until <= place.now:
            return 401, {"message": "Unauthorized", "error": 401}
        place.left = max(place.left - 1, 0.0)
        if query.get("raw_json") != "1":
            place.complaints.append(f"{path}: without raw_json")
        try:
            return self.server.calls.answer(self.command, path, query, form, account)
        except Refuse as refused:
            return refused.status, refused.body

    def _token(self, form: dict[str, str]) -> Reply:
        place = self.server.place
        place.token_requests += 1
        given = b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if given != f"{CLIENT}:{SECRET}":
            return 401, {"message": "Unauthorized", "error": 401}
        fresh = ""
        if form["grant_type"] == "password":
            account = place.accounts.get(form["username"].lower())
            if account is None or account.password != form["password"]:
                return 200, {"error": "invalid_grant"}
        elif form["grant_type"] == "refresh_token":
            account = place.refresh.get(form["refresh_token"])
            if account is None:
                return 400, {"error": 400}
        else:
            account = place.codes.pop(form["code"], None)
            if account is None:
                return 200, {"error": "invalid_grant"}
            fresh = f"refresh-{place.ident()}"
            place.refresh[fresh] = account
        token = f"token-{place.ident()}"
        place.tokens[token] = (account, place.now + 3600)
        answer: dict[str, Any] = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": 3600,
            "scope": place.scope,
        }
        return 200, {**answer, "refresh_token": fresh} if fresh else answer

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        place = self.server.place
        self.send_response_only(status)
        self.send_header("Date", formatdate(place.now, usegmt=True))
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        limits = {"x-ratelimit-remaining": f"{place.left}", "x-ratelimit-used": f"{996 - int(place.left)}"}
        for key, value in {**limits, "x-ratelimit-reset": str(place.resets), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def _end(self) -> None:
        self.close_connection = True
        self.connection.close()


class Server(ThreadingHTTPServer):
    """The double on a port of this machine."""

    daemon_threads = True

    def __init__(self, place: Place) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.place = place
        self.calls = Calls(place)
        self.lock = threading.RLock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that we ended ourselves is no error; anything else is a complaint."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError | ValueError):
            self.place.complaints.append(f"the double failed: {error!r}")


class Stand:
    """Reddit for a test: r/tea with the moderators `us` and `mate`, and everybody who comes along.

    What the contract suite needs of a platform: `post_as_stranger`, `reply_natively`, `edit`, `delete`, `unannounced`, `truth`.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.place = server.place
        self._made: list[Reddit] = []
        self.us = self.place.person("us")
        self.place.subreddit("tea", mods={"us": ["all"], "mate": ["all"]})
        self.question = self.place.post("ann", "tea", "Which tea?", "I like green tea.")
        self.place.refresh["our-refresh-token"] = self.us
        self.settings: dict[str, Any] = {
            "client_id": CLIENT,
            "user": "us",
            "subreddits": ["tea"],
            "interface": server.url,
            "site": server.url,
        }
        self.secret = Grant(client_secret=SECRET, refresh="our-refresh-token").text()

    def clock(self) -> int:
        """The time, as an instant."""
        return int(self.place.now * 1_000_000)

    def connector(self, **settings: Any) -> Reddit:
        """A connector, signed in as `us`."""
        made = connect({**self.settings, **settings}, Credentials(self.secret), source="reddit", clock=self.clock)
        made._api.http._wait = 0.001  # half a second between tries is for real networks
        self._made.append(made)
        return made

    def close(self) -> None:
        """Let go of all connections."""
        for made in self._made:
            made.close()

    def post_as_stranger(self, text: str, by: str = "bob") -> str:
        """A stranger comments below the question; the comment's id."""
        return self.place.comment(by, self.question, text).name

    def reply_natively(self, to: str, text: str) -> str:
        """We answer in Reddit's own app; the answer's id."""
        return self.place.comment("us", to, text).name

    def unannounced(self, text: str, by: str = "bob") -> str:
        """A stranger comments, and no list ever tells of it."""
        return self.place.comment(by, self.question, text, listed=False).name

    def edit(self, native: str, text: str) -> None:
        """The author changes it."""
        self.place.edit(self.place.items[native], text)

    def delete(self, native: str) -> None:
        """The author deletes it."""
        self.place.delete(self.place.items[native])

    def truth(self) -> dict[str, tuple[str, str]]:
        """Everything that exists: author's id and text, by id."""
        return {native: (author, text) for native, author, text in self.place.truth()}


@contextmanager
def standing() -> Iterator[Stand]:
    """A Reddit that runs, and that has nothing to complain of when it ends."""
    server = Server(Place())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stand = Stand(server)
    try:
        yield stand
        assert not stand.place.complaints, sorted(set(stand.place.complaints))
    finally:
        stand.close()
        server.shutdown()
        server.server_close()
        thread.join()


class Pulled:
    """What a pull brought, put together as a store would."""

    def __init__(self, stand: Stand, connector: Reddit, known: Known | None = None, *, full: bool = False) -> None:
        self.pages = list(connector.pull(known or Known(), stand.clock(), full=full))
        self.messages: dict[str, Message] = {}
        self.conversations: dict[str, Conversation] = {}
        self.looks: dict[str | None, Coverage] = {}
        self.gone: set[str] = set()
        self.poison: list[tuple[str, bytes]] = []
        for page in self.pages:
            self.gone.update(page.gone)
            self.poison += page.poison
            for record in page.records:
                if isinstance(record, Message):
                    self.messages[record.id] = record
                elif isinstance(record, Conversation):
                    self.conversations[record.id] = record
                elif isinstance(record, Coverage):
                    self.looks[record.conversation] = record
        self.position = self.pages[-1].position

    @property
    def gap(self) -> str:
        """Why the source is not complete; empty where it is."""
        gap = self.looks[None].gap
        return (gap.why or "") if gap else ""

    def lanes(self, native: str) -> list[str]:
        """In which lanes a message came."""
        return [page.lane for page in self.pages for r in page.records if isinstance(r, Message) and r.id == native]

    def whole(self) -> dict[str, tuple[str, str]]:
        """Every message's author and text, by id, as `Stand.truth` has it."""
        return {native: (message.author.id, message.text) for native, message in self.messages.items()}
