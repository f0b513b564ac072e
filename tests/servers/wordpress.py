"""A real WordPress on loopback, for tests: PHP's own web server, SQLite, nobody else's data.

`WordPress.start()` takes about a second and a half and 100 MB. Everything that *other people* do in a test goes
through the helpers here, never through the connector under test: `comment`, `guest`, `guest_form`, `edit`,
`set_status`, `delete`, …
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

SITE = Path(__file__).parent / "wordpress_site"
PROJECT = Path(__file__).resolve().parents[2]
WORKERS = 3


def cache() -> Path:
    """Where `scripts/fetch_servers.py` puts the servers' files."""
    return Path(os.environ.get("MODCONSOLE_SERVERS") or PROJECT / ".servers").resolve()


def missing() -> str:
    """Why WordPress cannot run here, in one sentence, or an empty string."""
    for name in ("wordpress/wp-load.php", "sqlite-database-integration.zip"):
        if not (cache() / name).exists():
            return f"WordPress is not in the servers' folder ({name}): run scripts/fetch_servers.py"
    php = shutil.which("php")
    if php is None or b"pdo_sqlite" not in subprocess.run([php, "-m"], capture_output=True, check=True).stdout:
        return "php-cli with php-sqlite3 is not installed: run scripts/fetch_servers.py --install"
    return ""


def wait_until(true: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Poll until `true()`; fails with the words of `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.01)


def free_port() -> int:
    """A port on loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Person:
    """Somebody with an account on the site."""

    login: str
    id: int
    password: str
    application_password: str


class WordPress:
    """One site. `url` is its address; `people` its accounts, by login (admin, moderator, second, carol, alice,
    bob)."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = Path(tempfile.mkdtemp(prefix="modconsole-wp-"))
        self.people: dict[str, Person] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=30, trust_env=False)
        self._guests = 0

    # ------------------------------------------------------------------ the process

    def start(self) -> WordPress:
        """Make the site from nothing and serve it."""
        shutil.rmtree(self.root)
        shutil.copytree(cache() / "wordpress", self.root)
        for name in ("wp-config.php", "router.php", "install.php"):
            shutil.copy(SITE / name, self.root / name)
        (self.root / "control").mkdir()
        plugins = self.root / "wp-content/mu-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        shutil.copy(SITE / "mu-plugin.php", plugins / "modconsole-test.php")
        self._add_sqlite(plugins)
        done = self._php(self.root / "install.php")
        (self.root / "install.php").unlink()
        for login, found in json.loads(done.partition("JSON:")[2]).items():
            self.people[login] = Person(login=login, **found)
        self.restart()
        return self

    def _add_sqlite(self, plugins: Path) -> None:
        """Put the SQLite driver in the place of MySQL's."""
        with zipfile.ZipFile(cache() / "sqlite-database-integration.zip") as driver:
            driver.extractall(plugins)
        folder = (plugins / "plugin-sqlite-database-integration").rename(plugins / "sqlite-database-integration")
        # The wpdb of WordPress 6.1 cannot read a private property of the class that takes its place.
        source = folder / "wp-includes/sqlite/class-wp-sqlite-db.php"
        wrong, right = "$this->__get( 'allow_unsafe_unquoted_parameters' )", "$this->allow_unsafe_unquoted_parameters"
        source.write_text(source.read_text().replace(wrong, right))
        drop_in = (folder / "db.copy").read_text().replace("{SQLITE_IMPLEMENTATION_FOLDER_PATH}", str(folder))
        drop_in = drop_in.replace("{SQLITE_PLUGIN}", "sqlite-database-integration/load.php")
        (self.root / "wp-content/db.php").write_text(drop_in)

    def restart(self) -> None:
        """Serve (again) at the same port; nothing that was stored is lost."""
        self.stop()
        for leftover in (self.root / "control").iterdir():
            leftover.unlink()
        log = (self.root / "server.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [*PHP, "-S", f"127.0.0.1:{self.port}", "-t", str(self.root), str(self.root / "router.php")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PHP_CLI_SERVER_WORKERS": str(WORKERS)},
            )
        wait_until(self._answers, "WordPress answers")

    def _answers(self) -> bool:
        try:
            return self._client.get(self.url + "/wp-json/").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL to the server and all its workers, in whatever they are doing."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the server; the site's files stay."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            os.killpg(process.pid, how)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            process.kill()
            process.wait(5)
        # The workers share the socket: as long as one of them is going, the kernel still takes connections for it.
        wait_until(lambda: not _listening(self.port), "the port is free")

    def remove(self) -> None:
        """End the server and throw the site away."""
        self.stop()
        self._client.close()
        shutil.rmtree(self.root, ignore_errors=True)

    @contextmanager
    def paused(self, when: str) -> Iterator[Callable[[], None]]:
        """Hold comment requests still, `before` or `after` the row is written; yields a wait for one to arrive
        there."""
        control = self.root / "control"
        marker = control / f"pause-{when}-insert"
        marker.touch()
        try:
            yield lambda: wait_until((control / "paused").exists, f"a request is paused {when} the insert")
        finally:
            marker.unlink(missing_ok=True)
            (control / "paused").unlink(missing_ok=True)

    # ------------------------------------------------------------------ what other people do

    def request(self, method: str, path: str, *, user: str, **arguments: Any) -> httpx.Response:
        """One call of the REST interface as somebody, whatever comes of it."""
        who = self.people[user]
        url = f"{self.url}/wp-json/wp/v2{path}"
        return self._client.request(method, url, auth=(who.login, who.application_password), **arguments)

    def api(self, method: str, path: str, *, user: str = "admin", **arguments: Any) -> Any:
        """One call of the REST interface as somebody; fails loudly unless it worked."""
        answer = self.request(method, path, user=user, **arguments)
        assert answer.status_code < 400, (method, path, answer.status_code, answer.text[:500])
        return answer.json()

    def new_person(self, role: str = "subscriber") -> Person:
        """An account that has not written anything yet: flood control looks at what somebody wrote in the last seconds."""
        login = f"person{len(self.people)}"
        found = self.php(
            f"$id = wp_insert_user(['user_login' => '{login}', 'user_pass' => 'pw', 'role' => '{role}',"
            f"'user_email' => '{login}@example.test', 'display_name' => '{login}']);"
            "[$word] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'test']);"
            "echo json_encode(['id' => $id, 'application_password' => $word]);"
        )
        self.people[login] = Person(login=login, password="pw", **found)
        return self.people[login]

    def post(self, title: str = "A post", **fields: Any) -> int:
        """Publish a post by admin; its id."""
        body = {"title": title, "content": "Text.", "status": "publish", **fields}
        return int(self.api("POST", "/posts", json=body)["id"])

    def comment(self, post: int, text: str, *, user: str = "alice", parent: int = 0, **fields: Any) -> int:
        """A comment of a member, written through admin, so that the site's flood control does not get in the way."""
        body = {"post": post, "content": text, "parent": parent, "author": self.people[user].id, **fields}
        return int(self.api("POST", "/comments", json=body)["id"])

    def guest(self, post: int, text: str, *, name: str, email: str, parent: int = 0, **fields: Any) -> int:
        """A comment of a visitor without an account."""
        body = {"post": post, "content": text, "parent": parent, "author_name": name, "author_email": email, **fields}
        return int(self.api("POST", "/comments", json=body)["id"])

    def guest_form(self, post: int, text: str, *, name: str, email: str) -> None:
        """A comment through the public form, as visitors do it; each call from another loopback address."""
        self._guests += 1
        transport = httpx.HTTPTransport(local_address=f"127.0.1.{self._guests}")
        form = {"comment_post_ID": str(post), "comment": text, "author": name, "email": email, "comment_parent": "0"}
        with httpx.Client(transport=transport, timeout=30) as browser:
            answer = browser.post(f"{self.url}/wp-comments-post.php", data=form)
        assert answer.status_code == 302, (answer.status_code, answer.text[:500])

    def edit(self, comment: int, text: str) -> None:
        """Somebody changes a comment's text in WordPress."""
        self.api("POST", f"/comments/{comment}", json={"content": text})

    def set_status(self, comment: int, status: str) -> None:
        """Somebody moderates in WordPress: approve, hold, spam, unspam, trash, untrash."""
        self.api("POST", f"/comments/{comment}", json={"status": status})

    def status(self, comment: int) -> str:
        """The comment's status as WordPress says it."""
        return str(self.api("GET", f"/comments/{comment}", params={"context": "edit"})["status"])

    def delete(self, comment: int) -> None:
        """Delete for good, past the trash."""
        self.api("DELETE", f"/comments/{comment}", params={"force": "true"})

    def comments(self, post: int, **query: Any) -> list[dict[str, Any]]:
        """All comments of a post, in every status, as admin sees them."""
        found = self.api(
            "GET", "/comments", params={"post": post, "status": "any", "per_page": 100, "context": "edit", **query}
        )
        assert isinstance(found, list)
        return found

    def php(self, code: str) -> Any:
        """Run PHP inside WordPress; gives back what it passed to `echo json_encode(...)`, or None."""
        script = self.root / "control/run.php"
        script.write_text(
            f"<?php $_SERVER['HTTP_HOST']='127.0.0.1';require '{self.root}/wp-load.php';echo 'JSON:';{code}"
        )
        said = self._php(script).partition("JSON:")[2]
        script.unlink()
        return json.loads(said) if said.strip() else None

    def _php(self, script: Path) -> str:
        # Compiled once: starting WordPress on the command line takes 0.1 s instead of 0.5.
        compiled = self.root / "compiled"
        compiled.mkdir(exist_ok=True)
        command = [*PHP, "-d", f"opcache.file_cache={compiled}", str(script)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.root)
        if "JSON:" not in done.stdout or done.returncode:
            raise RuntimeError(f"{script.name} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        return done.stdout


PHP = ("php", "-d", "opcache.enable_cli=1", "-d", "display_errors=0", "-d", "memory_limit=256M")
