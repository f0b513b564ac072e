"""A double of Mastodon on loopback, for tests: mastodon-mock, which keeps state in memory and answers as Mastodon 4.x.

It is no Mastodon: what it answers is checked against published types (`mastodon_types`), and where it is known to
differ from the real thing, `docs/platforms/mastodon.md` says so. Everything that *other people* do goes through the
helpers here, never through the connector under test: `post`, `reply`, `edit`, `delete`, `direct`, `report`, …
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from tests.servers.wordpress import cache, free_port, wait_until

_numbers = count(1)


def missing() -> str:
    """Why the double cannot run here, in one sentence, or an empty string."""
    if not (cache() / "mastodon" / "bin" / "mastodon_mock").exists():
        return "mastodon-mock is not in the servers' folder (mastodon/bin/mastodon_mock): run scripts/fetch_servers.py"
    return ""


@dataclass(frozen=True)
class Person:
    """Somebody with an account on the server."""

    id: str
    name: str
    token: str


class Mastodon:
    """One server. `url` is its address; `log` gets every answer that passes, for whoever checks their shapes."""

    def __init__(self, settings: str = "") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = Path(tempfile.mkdtemp(prefix="modconsole-mastodon-"))
        self.log: list[httpx.Response] = []
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=30, trust_env=False)

    # ------------------------------------------------------------------ the process

    def start(self) -> Mastodon:
        """Serve from an empty database in memory: a stop forgets everything."""
        config = self.root / "mastodon_mock.toml"
        config.write_text(self._settings)
        with (self.root / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(cache() / "mastodon" / "bin" / "mastodon_mock"),
                    *("serve", "--in-memory", "--host", "127.0.0.1", "--port", str(self.port)),
                    *("--config", str(config), "--log-level", "warning"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.root,
            )
        wait_until(self._answers, "the double of Mastodon answers")
        return self

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self._client.get(self.url + "/api/v2/instance").status_code == 200
        return False

    def remove(self) -> None:
        """End the server; what it knew is gone."""
        process, self._process = self._process, None
        self._client.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        with contextlib.suppress(OSError):
            for file in self.root.iterdir():
                file.unlink()
            self.root.rmdir()

    # ------------------------------------------------------------------ what other people do

    def person(self, name: str = "person", *, admin: bool = False) -> Person:
        """A new account that no other test uses, with a token that may do everything."""
        body = {"username": f"{name}{next(_numbers)}", "admin": admin}
        made = self._client.post(f"{self.url}/api/v1/_mock/dev_user", json=body).json()
        return Person(made["id"], made["username"], made["access_token"])

    def request(self, method: str, path: str, *, by: Person, **arguments: Any) -> httpx.Response:
        """One call of the interface as somebody, whatever comes of it."""
        headers = {"Authorization": f"Bearer {by.token}", **arguments.pop("headers", {})}
        answer = self._client.request(method, self.url + path, headers=headers, **arguments)
        self.log.append(answer)
        return answer

    def api(self, method: str, path: str, *, by: Person, **arguments: Any) -> Any:
        """One call of the interface as somebody; fails loudly unless it worked."""
        answer = self.request(method, path, by=by, **arguments)
        assert answer.status_code < 400, (method, path, answer.status_code, answer.text[:500])
        return answer.json()

    def post(self, by: Person, text: str, **fields: Any) -> str:
        """Somebody writes; the id of the status."""
        return str(self.api("POST", "/api/v1/statuses", by=by, json={"status": text, **fields})["id"])

    def reply(self, by: Person, to: str, text: str, **fields: Any) -> str:
        """Somebody answers a status; they mention nobody unless the text does."""
        return self.post(by, text, in_reply_to_id=to, **fields)

    def direct(self, by: Person, text: str, **fields: Any) -> str:
        """Somebody writes a direct message to those whom the text names."""
        return self.post(by, text, visibility="direct", **fields)

    def edit(self, by: Person, status: str, text: str) -> None:
        """Somebody changes a status of theirs."""
        self.api("PUT", f"/api/v1/statuses/{status}", by=by, json={"status": text})

    def delete(self, by: Person, status: str) -> None:
        """Somebody deletes a status of theirs."""
        self.api("DELETE", f"/api/v1/statuses/{status}", by=by)

    def report(self, by: Person, account: str, *statuses: str) -> str:
        """Somebody reports statuses of somebody; the report's id."""
        body = {"account_id": account, "status_ids": list(statuses), "category": "spam"}
        return str(self.api("POST", "/api/v1/reports", by=by, json=body)["id"])

    def policy(self, by: Person, **fields: str) -> None:
        """Somebody changes which notifications they want."""
        self.api("PATCH", "/api/v2/notifications/policy", by=by, json=fields)

    def status(self, by: Person, status: str) -> dict[str, Any] | None:
        """A status as somebody sees it; None where there is none."""
        answer = self.request("GET", f"/api/v1/statuses/{status}", by=by)
        return answer.json() if answer.status_code == 200 else None

    def statuses(self, by: Person) -> list[dict[str, Any]]:
        """Everything that an account wrote, newest first: what is really there."""
        found: list[dict[str, Any]] = []
        path = f"/api/v1/accounts/{by.id}/statuses"
        while page := self.api(
            "GET", path, by=by, params={"limit": 40, **({"max_id": found[-1]["id"]} if found else {})}
        ):
            found += page
        return found

    def thread(self, by: Person, root: str) -> list[str]:
        """The ids of a whole thread as somebody sees it."""
        whole = self.api("GET", f"/api/v1/statuses/{root}/context", by=by)
        return [root, *(str(status["id"]) for status in whole["descendants"])]

    def fault(self, effect: dict[str, Any], *, path: str = "", methods: tuple[str, ...] = (), times: int = 1) -> None:
        """Let the next answers go wrong: `effect` is mastodon-mock's (`type` status, ratelimit, malformed, latency)."""
        match = {"path_regex": path or None, "methods": list(methods) or None}
        body = {"match": {k: v for k, v in match.items() if v}, "effect": effect, "count": times}
        self._client.post(f"{self.url}/api/v1/_mock/faults", json=body).raise_for_status()

    def heal(self) -> None:
        """No more faults."""
        self._client.delete(f"{self.url}/api/v1/_mock/faults").raise_for_status()


def until(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
