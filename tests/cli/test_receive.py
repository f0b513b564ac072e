"""`modconsole receive`: secrets, the server as a process, what its page says, and deliveries that meet SIGKILL."""

from __future__ import annotations

import configparser
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from modconsole.config.secrets import Secrets
from modconsole.connectors.webhook import key_of, signature
from modconsole.domain.times import to_text
from modconsole.store.db import Db
from modconsole.store.verify import verify
from tests.cli.conftest import Cli

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "receive.md").read_text(encoding="utf-8")
ENDED = (OSError, http.client.HTTPException)


class Receiver:
    """`modconsole receive` in a process of its own."""

    def __init__(self, *more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "modconsole", "receive", "--port", "0", *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ.copy(),
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        found = re.search(r"http://\S+:\d+/", self.said)
        assert found, self.said or (self.process.stderr.read() if self.process.stderr else "")
        self.url = found[0]

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; gives its exit code."""
        self.process.send_signal(number)
        self.out, self.err = self.process.communicate(timeout=20)
        return self.process.returncode


@pytest.fixture
def receiver(cli: Cli) -> Iterator[Receiver]:
    """One that runs, with a source that may write."""
    cli("receive", "--add", "shop")
    made = Receiver()
    yield made
    if made.process.poll() is None:
        made.end(signal.SIGKILL)


def secret_of(source: str) -> str:
    kept = Secrets().get(source)
    assert kept is not None
    return kept.split()[0]


def deliver(url: str, secret: str, body: bytes, ident: str, source: str = "shop") -> tuple[int, dict[str, Any]]:
    """One signed delivery; raises one of `ENDED` where no answer came."""
    at = int(time.time())
    headers = {
        "webhook-id": ident,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(key_of(secret), ident, at, body),
    }
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request("POST", f"/hook/{source}", body, headers)
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        return answer.status, found
    finally:
        connection.close()


def message(ident: str, text: str = "hi") -> dict[str, Any]:
    base = {"type": "message", "source": "shop", "conversation": "c", "author": {"id": "ann"}, "text": text}
    return {**base, "id": ident, "created_at": to_text(time.time_ns() // 1000 // 1_000_000 * 1_000_000)}


def body(*records: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


# -- secrets -------------------------------------------------------------------------------------------------------------


def test_a_new_source_gets_a_secret_that_is_shown_once(cli: Cli) -> None:
    """And is neither in the database nor in anything that is said later."""
    said = cli("receive", "--add", "shop", "--us", "mara", "--name", "The shop")
    assert said.code == 0
    (secret,) = re.findall(r"whsec_\S+", said.out)
    assert len(key_of(secret)) == 32
    assert secret == secret_of("shop")
    again = cli("receive", "--add", "shop")
    assert again.code == 2
    later = [cli("sources", "list"), cli("receive", "--retire", "shop"), cli("export"), again]
    assert not any(secret in each.out + each.err for each in later)
    shown = cli("sources", "identities", "list", "shop", "--json").document
    assert [identity["id"] for identity in shown["identities"]] == ["mara"]


def test_one_document_tells_the_secret(cli: Cli) -> None:
    """For scripts that set both sides up."""
    document = cli("receive", "--add", "shop", "--json").document
    assert (document["source"], document["secret"]) == ("shop", secret_of("shop"))


def test_until_it_vouches_for_itself_a_source_is_stale(cli: Cli) -> None:
    """Nobody knows what was never sent: a zero is no good news."""
    cli("receive", "--add", "shop")
    (source,) = cli("sources", "list", "--json").document["sources"]
    assert source["state"] == "stale"


def test_a_secret_is_exchanged_and_ended(cli: Cli) -> None:
    """Both are kept until the old one is retired; what is not there is said not to be."""
    first = cli("receive", "--add", "shop", "--json").document["secret"]
    second = cli("receive", "--rotate", "shop", "--json").document["secret"]
    assert Secrets().get("shop") == f"{second} {first}"
    assert cli("receive", "--retire", "shop", "--json").document == {"source": "shop", "retired": 1}
    assert Secrets().get("shop") == second
    for _ in range(4):
        cli("receive", "--rotate", "shop")
    assert cli("receive", "--rotate", "shop").code == 2
    assert cli("receive", "--remove", "shop").code == 0
    assert Secrets().get("shop") is None
    for option in ("--rotate", "--retire", "--remove"):
        assert cli("receive", option, "shop").code == 2


def test_words_that_make_no_sense_are_refused(cli: Cli) -> None:
    """Two things at once, a name that no address can hold, a place where nobody can listen."""
    assert cli("receive", "--add", "a", "--remove", "a").code == 64
    assert cli("receive", "--add", "a/b").code == 64
    assert cli("receive", "--add", " ").code == 64
    cli("receive", "--add", "shop")
    said = cli("receive", "--host", "203.0.113.1", "--port", "0")
    assert (said.code, "listen" in said.err) == (2, True)


# -- the server ----------------------------------------------------------------------------------------------------------


def test_what_is_delivered_waits_for_an_answer(cli: Cli, receiver: Receiver) -> None:
    """From the wire to the queue, while the server goes on."""
    status, answer = deliver(receiver.url, secret_of("shop"), body(message("1", "Is it waterproof?")), "d1")
    assert (status, answer["status"], answer["new"]) == (200, "stored", 1)
    (ask,) = cli("waiting", "--json").document["asks"]
    assert ask["messages"] == ["1"]
    assert deliver(receiver.url, secret_of("shop"), body(message("2")), "d1")[1] == {"status": "received before"}
    assert deliver(receiver.url, secret_of("shop"), b"{", "d2")[0] == 422


def test_a_running_server_takes_a_new_secret_and_drops_a_retired_one(cli: Cli, receiver: Receiver) -> None:
    """Within seconds, and without being started anew."""
    old = secret_of("shop")
    assert deliver(receiver.url, old, body(message("1")), "d1")[0] == 200
    cli("receive", "--rotate", "shop")
    cli("receive", "--retire", "shop")
    new = secret_of("shop")
    until = time.monotonic() + 15
    while deliver(receiver.url, new, body(message("2")), "d2")[0] != 200:
        assert time.monotonic() < until
    assert deliver(receiver.url, old, body(message("3")), "d3")[0] == 401
    cli("receive", "--remove", "shop")
    assert deliver(receiver.url, new, body(message("3")), "d3")[0] == 401


def test_it_says_where_it_listens_in_one_document(cli: Cli) -> None:
    """For scripts that start it at any free port."""
    cli("receive", "--add", "shop")
    made = Receiver("--json")
    document = json.loads(made.said)
    assert made.end() == 0
    assert document["sources"] == ["shop"]
    assert urlsplit(document["url"]).hostname == "127.0.0.1"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_asked_to(receiver: Receiver, number: int) -> None:
    """At once, with 0, and without a word."""
    began = time.monotonic()
    assert receiver.end(number) == 0
    assert time.monotonic() - began < 5
    assert receiver.err == ""


def test_what_goes_wrong_is_told_without_what_was_sent(receiver: Receiver) -> None:
    """A service's journal is read by many."""
    deliver(receiver.url, secret_of("shop"), body(message("1", "private words")), "d1")
    deliver(receiver.url, secret_of("shop"), b'{"type": "message", "text": "private words"}', "d2")
    deliver(receiver.url, "whsec_" + "A" * 43 + "=", b"private words", "d3")
    receiver.end()
    assert "private" not in receiver.err + receiver.out
    assert "whsec_" not in receiver.err + receiver.out


class Senders:
    """Four that deliver, one after the other, until nobody answers."""

    def __init__(self, url: str, secret: str, name: str) -> None:
        self.url, self.secret, self.name = url, secret, name
        self.answered: list[str] = []
        self.lost: list[str] = []
        self.wrong: list[object] = []
        self.threads = [threading.Thread(target=self._send, args=(number,)) for number in range(4)]
        for thread in self.threads:
            thread.start()

    def _send(self, number: int) -> None:
        for at in range(10_000):
            ident = f"{self.name}-{number}-{at}"
            try:
                found = deliver(self.url, self.secret, two(ident), ident)
            except ENDED:
                self.lost.append(ident)
                return
            if found[0] != 200:
                self.wrong.append(found)
                return
            self.answered.append(ident)


def two(ident: str) -> bytes:
    """A delivery of two messages."""
    return body(message(ident), message(f"{ident}+"))


def test_everything_that_was_answered_is_stored_whenever_it_is_killed(cli: Cli, home: Path) -> None:
    """SIGKILL in the middle of deliveries, again and again: what was answered is there, and all of it once."""
    cli("receive", "--add", "shop")
    secret = secret_of("shop")
    chance = random.Random(7)
    answered: set[str] = set()
    lost: list[str] = []
    for number in range(5):
        made = Receiver()
        senders = Senders(made.url, secret, str(number))
        enough, until = chance.randint(5, 40), time.monotonic() + 20
        while len(senders.answered) < enough and time.monotonic() < until:
            time.sleep(0.002)
        made.end(signal.SIGKILL)
        for thread in senders.threads:
            thread.join(30)
        assert senders.wrong == []
        answered |= set(senders.answered)
        lost += senders.lost
        with Db(home / "home" / "modconsole.db") as db:
            assert answered <= {row[0] for row in db.rows("select id from received")}
    again = Receiver()
    for ident in lost:
        assert deliver(again.url, secret, two(ident), ident)[0] == 200
    assert again.end() == 0
    every = answered | set(lost)
    assert (len(lost), len(every) > 40) == (20, True)
    with Db(home / "home" / "modconsole.db") as db:
        rows = [row[0] for row in db.rows("select native from message")]
        assert sorted(rows) == sorted([*every, *(f"{ident}+" for ident in every)])
        assert {row[0] for row in db.rows("select id from received")} == every
        assert verify(db, time.time_ns() // 1000) == []


# -- the page ------------------------------------------------------------------------------------------------------------


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "openssl", "od", "base64"))), reason="curl or openssl is not installed"
)
def test_the_examples_of_the_page_work_as_they_stand(cli: Cli) -> None:
    """First the shell's, which asks; then Python's, which answers, and vouches."""
    cli("receive", "--add", "shop", "--us", "mara", "--name", "The shop")
    made = Receiver()
    environment = {**os.environ, "URL": made.url, "SECRET": secret_of("shop")}
    (shell,) = examples("sh")
    (python,) = examples("python")
    first = subprocess.run(["sh", "-euc", shell], env=environment, capture_output=True, text=True, timeout=30)
    assert json.loads(first.stdout)["new"] == 1, first.stderr
    assert cli("why", "shop", "42", "--json").document["status"] == "waiting"
    second = subprocess.run([sys.executable, "-c", python], env=environment, capture_output=True, text=True, timeout=30)
    assert "'stored'" in second.stdout, second.stderr
    assert cli("why", "shop", "42", "--json").document["status"] == "answered"
    assert made.end() == 0


def test_every_call_on_the_page_is_one(cli: Cli) -> None:
    """Words that it does not know would be exit code 64."""
    calls = [line.split() for line in re.findall(r"^    \$ modconsole (.*)$", PAGE.replace('"', ""), re.MULTILINE)]
    assert len(calls) >= 4
    for words in calls:
        assert cli(*words, "--help").code == 0
        assert all(word in cli("receive", "--help").out for word in words if word.startswith("--"))


def test_the_unit_of_the_page_is_one_that_systemd_reads(cli: Cli) -> None:
    """Its command is one of ours, with options that there are, and it ends before systemd kills it."""
    (text,) = examples("ini")
    unit = configparser.ConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    assert set(unit) == {"DEFAULT", "Unit", "Service", "Install"}
    program, *words = unit["Service"]["ExecStart"].split()
    assert Path(program).name == "modconsole"
    assert words[0] == "--db"
    assert cli(*words[2:], "--help").code == 0
    from modconsole.desk.receiving import GRACE

    assert float(unit["Service"]["TimeoutStopSec"]) > GRACE
    assert words[1].startswith(unit["Service"]["ReadWritePaths"])


def test_every_status_that_is_answered_is_on_the_page() -> None:
    """Whoever writes a sender looks there."""
    source = Path(__file__).resolve().parents[2] / "src" / "modconsole"
    code = "".join((source / name).read_text() for name in ("connectors/webhook.py", "sync/receive.py"))
    statuses = set(re.findall(r"(?:Rejected|Reply)\(\s*(\d{3})", code)) | {"403", "422", "503"}
    assert len(statuses) > 8
    assert not {status for status in statuses if not re.search(rf"^\|[^|]*\b{status}\b", PAGE, re.MULTILINE)}
