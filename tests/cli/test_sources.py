"""Sources from the command line: signing in, who is us, the demo's platforms, and the loop from reply to receipt."""

from __future__ import annotations

import functools
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from modconsole.connectors.base import Account
from modconsole.connectors.signing import Credentials
from modconsole.desk import desk as desk_module
from modconsole.errors import SignInError
from modconsole.store.marks import AccountRow
from modconsole.sync import registry
from tests.cli.conftest import ROOT, Cli, write
from tests.scenarios.story import Story
from tests.tools.ttyprobe import Session

SECRET = "abcd efgh ijkl mnop"


class Door:
    """A platform that knows one password. Only the check at the door is played; the store and the secrets are real."""

    def __init__(self, account: AccountRow, credentials: Credentials, _clock: Any) -> None:
        self.account, self.secret = account, credentials.secret

    def check(self) -> Account:
        """Who we are, or no entry."""
        if self.secret != SECRET:
            raise SignInError("The site does not accept this user name and password.", hint="Make a new one.")
        missing = ("moderate comments: held ones are not seen",)
        return Account(id="user:7", name="Ann Lee", handle="ann", missing=missing, site_name="Blog")

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connector is that door."""
    monkeypatch.setattr(registry, "open_connector", Door)


ADD = ["sources", "add", "wordpress", "https://blog.example.com", "--user", "ann"]


@pytest.mark.usefixtures("door")
def test_a_sign_in_is_verified_before_anything_is_stored(cli: Cli, home: Path) -> None:
    """A wrong password leaves neither a database nor a secret."""
    said = cli(*ADD, "--password-stdin", stdin=b"wrong\n")
    assert said.code == 2
    assert "does not accept" in said.err
    assert not (home / "home").exists()


@pytest.mark.usefixtures("door")
def test_a_source_that_was_added_knows_us_and_keeps_the_password_apart(cli: Cli, home: Path) -> None:
    """The account is an identity, what is older is backlog, and the secret is in a file of its owner alone."""
    said = cli(*ADD, "--password-stdin", "--target-hours", "8", "--json", stdin=SECRET.encode() + b"\n")
    assert said.code == 0
    assert said.document["identity"]["id"] == "user:7"
    assert said.document["missing"] == ["moderate comments: held ones are not seen"]
    source = cli("sources", "--json").document["sources"][0]
    assert (source["source"], source["name"], source["target_hours"]) == ("blog.example.com", "Blog", 8)
    assert [each["id"] for each in source["identities"]] == ["user:7"]
    assert source["connected_at"] is not None
    assert (source["state"], source["why"]) == ("stale", "it has not been looked at yet")
    (kept,) = home.rglob("*.secret")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    holders = [path for path in home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holders == [kept]
    assert SECRET not in said.out + said.err


@pytest.mark.usefixtures("door")
def test_a_source_that_is_removed_leaves_what_it_brought_and_no_secret(cli: Cli, home: Path) -> None:
    """A second time there is nothing to remove."""
    cli(*ADD, "--id", "blog", "--password-stdin", stdin=SECRET.encode())
    assert cli("sources", "remove", "blog").code == 0
    assert list(home.rglob("*.secret")) == []
    assert [each["synced"] for each in cli("sources", "--json").document["sources"]] == [False]
    assert cli("sources", "remove", "blog").code == 1


@pytest.fixture
def helped(cli: Cli, tmp_path: Path) -> Cli:
    """A helper has answered somebody, and is none of us yet."""
    told = Story(us=[]).message("m1", "ann", "9:00").message("h1", "helper", "9:30", under="m1")
    assert cli("import", str(write(tmp_path / "s.jsonl", told.records))).code == 0
    return cli


def test_a_change_of_identities_shows_what_it_would_change_and_saves_nothing_by_itself(helped: Cli) -> None:
    """Without --yes, and with nobody to ask, the exit code is 1 and everything is as it was."""
    said = helped("sources", "identities", "add", "blog", "helper", "--json")
    assert said.code == 1
    assert said.document["saved"] is False
    changes = {each["person"]: (each["before"]["status"], each["after"]["status"]) for each in said.document["changes"]}
    assert changes == {"ann": ("waiting", "answered"), "helper": ("waiting", None)}
    assert len(helped("waiting", "--json").document["asks"]) == 2


def test_a_change_of_identities_that_is_saved_does_what_was_shown_and_back(helped: Cli) -> None:
    """History is recomputed both ways."""
    before = helped("waiting", "--all", "--json", "--now", "2026-03-03T00:00:00Z").document
    said = helped("sources", "identities", "add", "blog", "helper", "--yes")
    assert said.code == 0
    assert "2 asks would change." in said.out
    assert helped("waiting", "--json").document["asks"] == []
    assert helped("sources", "identities", "remove", "blog", "helper", "--yes").code == 0
    after = helped("waiting", "--all", "--json", "--now", "2026-03-03T00:00:00Z").document
    assert after == before
    assert helped("verify").code == 0


def test_the_demo_prints_who_waits_and_leaves_nothing_behind(cli: Cli, home: Path) -> None:
    """Every status occurs, and no database of the user's is made."""
    document = cli("demo", "--json").document
    assert all(n > 0 for n in document["counts"].values())
    assert len(document["coverage"]) == 5
    assert not (home / "home" / "modconsole.db").exists()


def test_a_reply_goes_from_the_command_line_to_the_platform_and_is_seen_there(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queued, sent with the next sync, read back, answered; and what cannot be vouched for keeps the sweep from saying so."""
    monkeypatch.setattr(desk_module, "Desk", functools.partial(desk_module.Desk, undo_seconds=0))
    database = str(home / "demo.db")
    monkeypatch.setenv("MODCONSOLE_DB", database)
    assert cli("demo", "--keep", database, "--no-console").code == 0
    done = cli("reply", "blog", "c205", "--text", "-", "--json", stdin=b"It does: see the notes.\n").document
    assert done["status"] == "sending"
    synced = cli("sync", "blog", "--json")
    assert synced.code == 0
    assert synced.document["sources"][0]["sent"] == 1
    assert cli("why", "blog", "c205", "--json").document["status"] == "answered"
    sends = {each["id"]: each for each in cli("outbox", "--json").document["sends"]}
    assert (sends[done["id"]]["state"], sends[done["id"]]["text"]) == ("confirmed", "It does: see the notes.")
    swept = cli("sweep", "--json")
    assert swept.code == 2
    assert any("502" in why for why in swept.document["cannot_say"])
    assert cli("verify").code == 0


def test_a_failed_reply_can_be_tried_again_and_a_queued_one_taken_back(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outbox says which is which."""
    database = str(home / "demo.db")
    monkeypatch.setenv("MODCONSOLE_DB", database)
    cli("demo", "--keep", database, "--no-console")
    sends = cli("outbox", "--json").document["sends"]
    failed = next(each["id"] for each in sends if each["state"] == "failed")
    assert cli("outbox", "retry", failed, "--json").document == {"id": failed, "status": "queued"}
    queued = cli("reply", "blog", "c205", "--text", "Hello", "--json").document["id"]
    assert cli("outbox", "take-back", queued, "--json").document["status"] == "waiting"
    states = {each["id"]: each["state"] for each in cli("outbox", "--json").document["sends"]}
    assert (states[failed], states[queued]) == ("queued", "taken_back")


@pytest.mark.pty
@pytest.mark.parametrize("words", [["demo"], []])
def test_the_console_opens_and_ends_well(home: Path, words: list[str]) -> None:
    """On the demo, and without a command on the user's own database, which is made if there is none."""
    session = Session(
        [sys.executable, "-m", "modconsole", *words],
        env={
            "PYTHONPATH": str(ROOT / "src"),
            "MODCONSOLE_HOME": str(home / "home"),
            "MODCONSOLE_DB": None,
            "MODCONSOLE_KEYRING": "off",
        },
        timeout=40,
    )
    with session:
        session.wait_text("Queue")
        session.settle()
        session.send("<C-q>")
        assert session.wait_exit() == 0
    assert not session.terminal.modes - {7, 25}
    assert (home / "home" / "modconsole.db").exists() == (words == [])


def test_json_of_the_demo_is_the_document_of_waiting(cli: Cli) -> None:
    """One shape, whoever prints it."""
    assert set(json.loads(cli("demo", "--json").out)) == {"now", "counts", "coverage", "asks"}


@pytest.mark.pty
def test_what_a_call_does_not_say_is_asked_for_and_a_password_is_never_shown(home: Path) -> None:
    """Platform, address, name, password; the last one leaves no trace on the screen."""
    session = Session(
        [sys.executable, "-m", "modconsole", "sources", "add"],
        env={"PYTHONPATH": str(ROOT / "src"), "MODCONSOLE_HOME": str(home / "home"), "MODCONSOLE_KEYRING": "off"},
        keep_output=True,
    )
    with session:
        for question, answer in (
            ("Platform", "wordpress"),
            ("Address of the site", "http://127.0.0.1:9"),
            ("Login name there", "ann"),
            ("Application password", "xyzzy-plugh"),
        ):
            session.wait_text(question)
            session.send(f"{answer}<CR>")
        assert session.wait_exit() == 2
    assert session.output is not None
    assert b"127.0.0.1:9" in session.output
    assert b"plugh" not in session.output
    assert not (home / "home").exists()
