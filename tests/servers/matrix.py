"""A real Matrix homeserver on loopback, for tests: Synapse with SQLite, no federation, nobody else's data.

`Synapse.start()` takes about four seconds and 120 MB. Everything that *other people* do in a test, and everything that
we do in another Matrix client, goes through the helpers here, never through the connector under test: `say`, `edit`,
`redact`, `react`, … Ids that they give are the connector's: a message is `ROOM/EVENT`.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from tests.servers.wordpress import cache, free_port, wait_until

US = "crew"
"""The login of the account that the connector under test signs in with."""

CONFIG = """
server_name: "localhost"
public_baseurl: "http://127.0.0.1:{port}/"
pid_file: {root}/pid
listeners:
  - port: {port}
    type: http
    tls: false
    bind_addresses: ["127.0.0.1"]
    resources: [{{names: [client], compress: false}}]
database: {{name: sqlite3, args: {{database: "{root}/homeserver.db"}}}}
log_config: {root}/log.yaml
media_store_path: {root}/media
signing_key_path: {root}/signing.key
registration_shared_secret: "registration"
macaroon_secret_key: "macaroon"
form_secret: "form"
report_stats: false
trusted_key_servers: []
federation_domain_whitelist: []
suppress_key_server_warning: true
presence: {{enabled: false}}
url_preview_enabled: false
bcrypt_rounds: 4
refreshable_access_token_lifetime: 30m
rc_login:
  address: &free {{per_second: 10000, burst_count: 10000}}
  account: *free
  failed_attempts: *free
rc_message: *free
rc_admin_redaction: *free
rc_joins: {{local: *free, remote: *free}}
rc_joins_per_room: *free
rc_invites: {{per_room: *free, per_user: *free, per_issuer: *free}}
rc_room_creation: *free
rc_reports: *free
"""

LOG = """
version: 1
formatters: {{plain: {{format: "%(asctime)s %(levelname)s %(name)s %(message)s"}}}}
handlers: {{file: {{class: logging.FileHandler, formatter: plain, filename: "{root}/synapse.log"}}}}
root: {{level: WARNING, handlers: [file]}}
disable_existing_loggers: false
"""


def python() -> Path:
    """The interpreter of Synapse's own environment."""
    return cache() / "matrix/bin/python"


def missing() -> str:
    """Why Synapse cannot run here, in one sentence, or an empty string."""
    if not (cache() / "matrix/installed").exists():
        return "Synapse is not in the servers' folder (matrix/): run scripts/fetch_servers.py"
    return ""


@dataclass(frozen=True)
class Person:
    """Somebody with an account: `id` is `@login:localhost`; `token` is the session the helpers use, never the
    connector's."""

    login: str
    id: str
    password: str
    token: str


class Synapse:
    """One homeserver. `people` are its accounts by login: root (administrator), crew (us), mod, alice, bob, carol."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = Path(tempfile.mkdtemp(prefix="modconsole-matrix-"))
        self.people: dict[str, Person] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=30, trust_env=False)
        self._numbers = itertools.count(1)

    # ------------------------------------------------------------------ the process

    def start(self) -> Synapse:
        """Make the homeserver from nothing, serve it, and register its people."""
        (self.root / "homeserver.yaml").write_text(CONFIG.format(port=self.port, root=self.root))
        (self.root / "log.yaml").write_text(LOG.format(root=self.root))
        subprocess.run([*self._command(), "--generate-keys"], check=True, capture_output=True, cwd=self.root)
        self.restart()
        for login in ("root", US, "mod", "alice", "bob", "carol"):
            self.register(login, admin=login == "root")
        return self

    def _command(self) -> list[str]:
        return [str(python()), "-m", "synapse.app.homeserver", "-c", str(self.root / "homeserver.yaml")]

    def restart(self) -> None:
        """Serve (again) at the same port; nothing that was stored is lost."""
        self.stop()
        with (self.root / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self.root
            )
        wait_until(self._answers, "Synapse answers", 60)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self.root / "server.log").read_text()[-3000:])
        try:
            return self._client.get(self.url + "/health").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL, in whatever it is doing."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the server; what it stored stays."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            os.killpg(process.pid, how)
            process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            process.kill()
            process.wait(5)

    def remove(self) -> None:
        """End the server and throw everything away."""
        self._end(signal.SIGKILL)
        self._client.close()
        shutil.rmtree(self.root, ignore_errors=True)

    # ------------------------------------------------------------------ people

    def register(self, login: str, *, admin: bool = False) -> Person:
        """A new account, through Synapse's shared-secret registration."""
        path = "/_synapse/admin/v1/register"
        nonce = self._client.get(self.url + path).json()["nonce"]
        parts = [nonce, login, f"{login}-pw", "admin" if admin else "notadmin"]
        mac = hmac.new(b"registration", b"\0".join(part.encode() for part in parts), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": login, "password": f"{login}-pw", "admin": admin, "mac": mac}
        answer = self._client.post(self.url + path, json={**body, "displayname": login.title()})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        self.people[login] = Person(login, found["user_id"], f"{login}-pw", found["access_token"])
        return self.people[login]

    def new_person(self, prefix: str = "guest") -> Person:
        """Somebody whom no other test knows."""
        return self.register(f"{prefix}{next(self._numbers)}")

    def session(self, login: str, *, refreshes: bool = False) -> str:
        """A new session of somebody as the connector keeps it."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": login},
            "password": self.people[login].password,
            "refresh_token": refreshes,
        }
        answer = self._client.post(f"{self.url}/_matrix/client/v3/login", json=body)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        kept = {"access_token": said["access_token"], "device": said["device_id"]}
        return json.dumps({**kept, **({"refresh_token": said["refresh_token"]} if refreshes else {})})

    def expire(self, token: str) -> None:
        """Let a token run out now. It must not have been used: Synapse remembers for how long those hold that it has
        met."""
        with contextlib.closing(sqlite3.connect(self.root / "homeserver.db", timeout=30)) as database, database:
            changed = database.execute("update access_tokens set valid_until_ms = 1 where token = ?", (token,))
            assert changed.rowcount == 1

    def log_out(self, token: str) -> None:
        """End a session."""
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._client.post(f"{self.url}/_matrix/client/v3/logout", json={}, headers=headers)
        assert answer.status_code == 200, answer.text

    # ------------------------------------------------------------------ calls

    def request(self, method: str, path: str, body: Any = None, *, by: str, **arguments: Any) -> httpx.Response:
        """One call of the client-server interface as somebody, whatever comes of it; `path` from `/v3` on."""
        headers = {"Authorization": f"Bearer {self.people[by].token}"}
        return self._client.request(method, f"{self.url}/_matrix/client{path}", json=body, headers=headers, **arguments)

    def api(self, method: str, path: str, body: Any = None, *, by: str, **arguments: Any) -> Any:
        """One call as somebody; fails loudly unless it worked."""
        answer = self.request(method, path, body, by=by, **arguments)
        assert answer.status_code < 400, (method, path, answer.status_code, answer.text[:500])
        return answer.json()

    def admin(self, method: str, path: str, body: Any = None, **arguments: Any) -> Any:
        """One call of Synapse's own interface for administrators."""
        headers = {"Authorization": f"Bearer {self.people['root'].token}"}
        url = f"{self.url}/_synapse/admin{path}"
        answer = self._client.request(method, url, json=body, headers=headers, **arguments)
        assert answer.status_code < 400, (method, path, answer.status_code, answer.text[:500])
        return answer.json()

    # ------------------------------------------------------------------ rooms

    def room(
        self, name: str = "A room", *, by: str = "mod", members: tuple[str, ...] = (US, "alice"), **options: Any
    ) -> str:
        """A room made by `by`, with `members` joined; `crew` has the level of a moderator (50) unless options say
        otherwise."""
        levels = {"users": {self.people[US].id: 50, self.people[by].id: 100}}
        body = {"name": name, "preset": "public_chat", "power_level_content_override": levels, "room_version": "11"}
        room = str(self.api("POST", "/v3/createRoom", {**body, **options}, by=by)["room_id"])
        for login in members:
            self.join(room, login)
        return room

    def direct(self, login: str, *, by: str = "", joined: bool = True, **options: Any) -> str:
        """A direct conversation that `login` opens with us as clients do it; `joined` when we accept."""
        body = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [self.people[US].id],
            "room_version": "11",
        }
        room = str(self.api("POST", "/v3/createRoom", {**body, **options}, by=by or login)["room_id"])
        if joined:
            self.join(room, US)
        return room

    def join(self, room: str, login: str) -> None:
        self.api("POST", f"/v3/join/{quote(room)}", {}, by=login)

    def membership(self, room: str, what: str, login: str, *, by: str = "mod", reason: str = "") -> None:
        """`what`: invite, kick, ban or unban; or leave, by themself."""
        if what == "leave":
            self.api("POST", f"/v3/rooms/{quote(room)}/leave", {}, by=login)
            return
        body = {"user_id": self.people[login].id, **({"reason": reason} if reason else {})}
        self.api("POST", f"/v3/rooms/{quote(room)}/{what}", body, by=by)

    def state(self, room: str, kind: str, content: Any, *, key: str = "", by: str = "mod") -> str:
        """Set a state event; its event id."""
        path = f"/v3/rooms/{quote(room)}/state/{kind}/{quote(key)}"
        return str(self.api("PUT", path, content, by=by)["event_id"])

    def read_state(self, room: str, kind: str, *, key: str = "", by: str = "mod") -> Any:
        """A state event's content."""
        return self.api("GET", f"/v3/rooms/{quote(room)}/state/{kind}/{quote(key)}", by=by)

    # ------------------------------------------------------------------ what people write

    def event(self, room: str, kind: str, content: Any, *, by: str = "alice") -> str:
        """Send an event; the id that the connector gives a message of it."""
        path = f"/v3/rooms/{quote(room)}/send/{kind}/test-{next(self._numbers)}"
        return f"{room}/{self.api('PUT', path, content, by=by)['event_id']}"

    def say(
        self,
        room: str,
        text: str,
        *,
        by: str = "alice",
        to: str | None = None,
        more: Mapping[str, Any] | None = None,
        **content: str,
    ) -> str:
        """A text message, as an answer to a message where `to` names one, with whatever else is to be in it."""
        body: dict[str, Any] = {"msgtype": "m.text", "body": text, **content, **(more or {})}
        if to is not None:
            body.setdefault("m.relates_to", {"m.in_reply_to": {"event_id": event_of(to)}})
        return self.event(room, "m.room.message", body, by=by)

    def edit(self, message: str, text: str, *, by: str = "alice", more: Mapping[str, Any] | None = None) -> str:
        """Replace a message's text."""
        room, event = message.split("/", 1)
        new = {"msgtype": "m.text", "body": text, **(more or {})}
        relation = {"rel_type": "m.replace", "event_id": event}
        body = {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        return self.event(room, "m.room.message", body, by=by)

    def redact(self, message: str, *, by: str = "alice", reason: str = "") -> str:
        """Take a message back, or remove somebody else's."""
        room, event = message.split("/", 1)
        path = f"/v3/rooms/{quote(room)}/redact/{quote(event)}/test-{next(self._numbers)}"
        return str(self.api("PUT", path, {"reason": reason} if reason else {}, by=by)["event_id"])

    def react(self, message: str, key: str = "👍", *, by: str = "alice") -> str:
        """An emoji on a message."""
        room, event = message.split("/", 1)
        relation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return self.event(room, "m.reaction", {"m.relates_to": relation}, by=by)

    # ------------------------------------------------------------------ the truth

    def look(self, message: str, *, by: str = "mod") -> dict[str, Any]:
        """One event as the server has it."""
        room, event = message.split("/", 1)
        return dict(self.api("GET", f"/v3/rooms/{quote(room)}/event/{quote(event)}", by=by))

    def timeline(self, room: str, *, by: str = "mod") -> list[dict[str, Any]]:
        """All events of a room, oldest first."""
        found: list[dict[str, Any]] = []
        params = {"dir": "f", "limit": "500"}
        while True:
            page = self.api("GET", f"/v3/rooms/{quote(room)}/messages", by=by, params=params)
            found += page["chunk"]
            if not page["chunk"] or "end" not in page:
                return found
            params["from"] = page["end"]

    def messages(self, room: str, *, by: str = "mod") -> dict[str, tuple[str, str | None]]:
        """What stands in a room: by id who wrote it and its latest text; None where it was taken away."""
        found: dict[str, tuple[str, str | None]] = {}
        for event in self.timeline(room, by=by):
            if event["type"] != "m.room.message":
                continue
            relation = event["content"].get("m.relates_to", {})
            message = f"{room}/{relation.get('event_id', event['event_id'])}"
            if relation.get("rel_type") != "m.replace":
                found[f"{room}/{event['event_id']}"] = (event["sender"], event["content"].get("body"))
            elif found[message][1] is not None:
                found[message] = (event["sender"], event["content"]["m.new_content"]["body"])
        return found

    def unannounce(self, message: str) -> None:
        """Make an event one that no sync tells of, as those are that a homeserver fetches from others later: their
        place in the stream of what is new is a negative number (`events.stream_ordering` of a backfilled event)."""
        with contextlib.closing(sqlite3.connect(self.root / "homeserver.db", timeout=30)) as database, database:
            changed = database.execute(
                "update events set stream_ordering = -stream_ordering where event_id = ?", (event_of(message),)
            )
            assert changed.rowcount == 1


def event_of(message: str) -> str:
    """The event id within a message's id."""
    return message.split("/", 1)[1]
