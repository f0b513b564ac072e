"""Adding a source from the command line: asked step by step at a terminal, and with every answer in the call."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from modconsole.connectors.base import Account
from modconsole.domain.records import Identity
from modconsole.errors import Unreachable
from tests.cli.conftest import ROOT, Cli
from tests.hostile.corpus import PAYLOADS, assert_inert_output
from tests.tools import village as platform
from tests.tools.ttyprobe import Session
from tests.tools.village import CODE, SECRET, Village

ADD = ["sources", "add", "village", "--set", "server=village.example", "--secret-stdin"]
STDIN = f"{CODE}\n".encode()


@pytest.fixture
def village(monkeypatch: pytest.MonkeyPatch) -> Village:
    """A platform whose sign-in takes two steps."""
    return platform.register(monkeypatch.setattr)


def test_every_answer_can_be_given_with_the_call(village: Village, cli: Cli, home: Path) -> None:
    """Fields by their names, secrets on standard input, and everything that can be chosen."""
    said = cli(
        *ADD, "--id", "v", "--identity", "us:2:bot", "--identity", "us:9", "--backlog", "2026-01-05T00:00:00Z",
        "--target-hours", "8", "--hours", "Mon-Fri 09:00-17:00 Europe/Berlin", "--answer", "everyone", "--shared",
        "--fresh-within", "30", "--name", "Our village", "--json", stdin=STDIN,
    )  # fmt: skip
    assert said.code == 0, said.err
    assert said.document == {
        "source": "v",
        "name": "Our village",
        "identity": {"id": "us:1", "name": "Acme Team", "handle": "@acme@village.example"},
        "missing": ["read direct messages: they are not seen"],
        "syncs": ["comments on 12 posts", "mentions"],
        "renewed": False,
        "secret_kept_in": "file",
    }
    (source,) = cli("sources", "list", "--json").document["sources"]
    assert {name: source[name] for name in ("target_hours", "hours", "answer", "fresh_within", "connected_at")} == {
        "target_hours": 8.0,
        "hours": "Mon-Fri 09:00-17:00 Europe/Berlin",
        "answer": "everyone",
        "fresh_within": 30.0,
        "connected_at": "2026-01-05T00:00:00Z",
    }
    assert [(each["id"], each["name"], each["kind"]) for each in source["identities"]] == [
        ("us:1", "Acme Team", "page"),
        ("us:2", "Acme Bot", "bot"),
        ("us:9", None, "person"),
    ]
    (kept,) = home.rglob("*.secret")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().strip() == SECRET


def test_url_and_user_answer_what_a_platform_calls_so(village: Village, cli: Cli) -> None:
    """The address of a village is its server; it asks for no user."""
    assert cli("sources", "add", "village", "village.example", "--secret-stdin", stdin=STDIN).code == 0
    said = cli("sources", "add", "village", "village.example", "--user", "ann", "--secret-stdin", stdin=STDIN)
    assert said.code == 64
    assert "asks for no user name" in said.err


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        ([], b"", 64, "Which village?: server (Server) is missing. Give it with --set NAME=VALUE"),
        (
            ["--set", "server=village.example"],
            b"",
            64,
            "code (Code; secret) is missing. It is told at https://village.ex",
        ),
        (["--set", "server=village"], STDIN, 2, "'village' is no server"),
        (["--set", "server=village.example", "--set", "scope=all"], STDIN, 2, "One of: read, read and write."),
        (["--set", "server=village.example"], b"wrong\n", 2, "does not take this code"),
        (["--set", "server=village.example", "--set", "colour=red"], STDIN, 64, "Nobody asks for 'colour'"),
        (["--set", "server=village.example", "--target-hours", "soon"], STDIN, 64, "a number of hours above zero"),
        (["--set", "server=village.example", "--backlog", "someday"], STDIN, 64, "Write now, none, 30d"),
        (["--set", "server=village.example", "--id", "my village"], STDIN, 64, "Without spaces"),
        (["--set", "server=village.example"], b"\xff\xfe\n", 2, "is not UTF-8"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_is_stored(
    village: Village, cli: Cli, home: Path, words: list[str], stdin: bytes, code: int, said: str
) -> None:
    """Without a terminal nobody can be asked: the field is named that would be."""
    found = cli("sources", "add", "village", *words, stdin=stdin)
    assert found.code == code
    assert said in found.err
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_what_can_be_signed_in_to_is_listed_with_what_each_asks_for(village: Village, cli: Cli) -> None:
    """By the names that --set takes."""
    found = {each["platform"]: each for each in cli("sources", "platforms", "--json").document["platforms"]}
    assert [(each["name"], each["secret"]) for each in found["wordpress"]["fields"]] == [
        ("url", False),
        ("user", False),
        ("password", True),
    ]
    assert found["village"]["fields"][1]["choices"] == ["read", "read and write"]
    said = cli("sources", "platforms")
    assert "server" in said.out
    assert "(secret)" in said.out
    assert said.code == 0


def test_signing_in_again_needs_the_secret_alone(village: Village, cli: Cli, home: Path) -> None:
    """What is known of the source is taken for granted, and everything else of it stays."""
    assert cli(*ADD, "--id", "v", "--target-hours", "8", stdin=STDIN).code == 0
    village.renews = "a-newer-token"
    said = cli("sources", "sign-in", "v", "--secret-stdin", "--json", stdin=STDIN)
    assert said.code == 0, said.err
    assert said.document["renewed"] is True
    assert cli("sources", "list", "--json").document["sources"][0]["target_hours"] == 8
    (kept,) = home.rglob("*.secret")
    assert kept.read_text().strip() == "a-newer-token"
    assert cli(*ADD, "--id", "v", stdin=STDIN).code == 0
    assert len(cli("sources", "list", "--json").document["sources"]) == 1


def test_a_source_of_another_platform_keeps_its_name(village: Village, cli: Cli) -> None:
    """Adding is not taking over."""
    assert cli(*ADD, "--id", "v", stdin=STDIN).code == 0
    said = cli("sources", "add", "wordpress", "https://a.example", "--user", "x", "--id", "v", stdin=b"p\n")
    assert said.code == 64
    assert "There is a source 'v' already, on village" in said.err


def test_settings_are_shown_with_what_they_change_before_they_are_saved(village: Village, cli: Cli) -> None:
    """Without --yes nothing is saved where nobody can be asked."""
    cli(*ADD, "--id", "v", stdin=STDIN)
    assert cli("sync").code == 0
    said = cli("sources", "set", "v", "--target-hours", "1", "--json")
    assert (said.code, said.document["saved"]) == (1, False)
    (change,) = said.document["changes"]
    assert (change["person"], change["before"]["status"], change["after"]["status"]) == ("ann", "waiting", "waiting")
    assert change["before"]["due_at"] > change["after"]["due_at"]
    assert cli("sources", "list", "--json").document["sources"][0]["target_hours"] == 24
    said = cli("sources", "set", "v", "--target-hours", "1", "--name", "Ours", "--yes")
    assert said.code == 0
    assert "1 ask would change." in said.out
    assert "ann in post: due " in said.out
    (source,) = cli("sources", "list", "--json").document["sources"]
    assert (source["target_hours"], source["name"]) == (1, "Ours")
    assert cli("verify").code == 0


def test_a_source_is_shown_with_everything_it_cannot_vouch_for(village: Village, cli: Cli) -> None:
    """Gaps, permissions that are missing, what was set aside and can be read, and the sweep's receipt with them."""
    cli(*ADD, "--id", "v", stdin=STDIN)
    assert cli("sync", "--full").code == 0
    found = cli("sources", "show", "v", "--json").document
    assert found["missing"] == ["read direct messages: they are not seen"]
    assert [gap["why"] for gap in found["gaps"]] == ["1 item from the platform could not be read"]
    (item,) = found["items_set_aside"]
    assert item["why"] == "this is no comment"
    assert found["identity"] == "us:1"
    assert found["last_full_walk"] is not None
    assert cli("sources", "show", "v", "--item", str(item["id"])).out == '{"id": 7}\n'
    text = cli("sources", "show", "v").out
    assert "gap          1 item from the platform could not be read (since " in text
    assert "missing      read direct messages: they are not seen" in text
    (line,) = cli("sweep", "--no-sync", "--json").document["sources"]
    assert [gap["why"] for gap in line["gaps"]] == ["1 item from the platform could not be read"]
    assert line["last_full_walk"] == found["last_full_walk"]
    assert cli("sources", "check", "v").code == 1
    village.account = Account(id="us:1", name="Acme")
    assert cli("sources", "check", "v", "--json").document == {"source": "v", "missing": []}


def test_nothing_that_a_platform_says_of_itself_acts_on_a_terminal(village: Village, cli: Cli) -> None:
    """Its name, our name there, what is missing, who else is us: through the gate, or escaped."""
    texts = [text.encode("utf-8", "replace").decode()[:3_000] for text in PAYLOADS.values()]
    bad = "".join(texts)[:3_000]
    village.account = Account(
        id=f"us:{bad[:200]}",
        name=bad,
        handle=bad,
        missing=tuple(texts),
        site_name=bad,
        site_url=f"https://{bad}",
        syncs=tuple(texts),
        others=tuple(Identity(id=f"{number}{text[:200]}", name=text) for number, text in enumerate(texts)),
    )
    said = cli(*ADD, "--id", "v", stdin=STDIN)
    assert said.code == 0, said.err
    assert_inert_output(said.out + cli("sources", "show", "v").out + cli("sources", "list").out)
    for words in (("sources", "show", "v", "--json"), ("sources", "list", "--json")):
        found = cli(*words).out
        assert found.isascii()
        assert "\x1b" not in found


# -- at a terminal ---------------------------------------------------------------------------------------------------------


def terminal(home: Path, *words: str) -> Session:
    """The command line in a terminal, with the village among its platforms."""
    return Session(
        [sys.executable, "-m", "tests.tools.village", *words],
        env={
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "MODCONSOLE_HOME": str(home / "home"),
            "MODCONSOLE_KEYRING": "off",
        },
        cwd=str(ROOT),
        keep_output=True,
        timeout=30,
    )


@pytest.mark.pty
def test_at_a_terminal_one_is_led_through_and_can_go_back(home: Path) -> None:
    """A wrong answer is asked again, `<` goes back, the code is never shown, and what was chosen is stored at the end."""
    with terminal(home, "sources", "add", "village") as session:
        session.wait_text("Server (village.example)")
        session.send("village<CR>")
        session.wait_text("What we may do")
        session.send("<CR>")
        session.wait_text("'village' is no server")
        session.send("village.example<CR>")
        session.settle()
        session.send("<CR>")
        session.wait_text("oauth/authorize")
        session.send("\x3c<CR>")
        session.settle()
        session.send("village.example<CR>")
        session.settle()
        session.send("<CR>")
        session.settle()
        session.send(f"{CODE}<CR>")
        session.wait_text("will be synced: comments on 12 posts")
        session.wait_text("What to call it")
        session.send("v<CR>")
        for _ in range(10):
            session.settle()
            session.send("<CR>")
        session.wait_text("Add it?")
        session.send("y<CR>")
        assert session.wait_exit() == 0
    assert session.output is not None
    assert CODE.encode() not in session.output
    assert (home / "home" / "modconsole.db").exists()
    assert [path.name.startswith("v-") for path in home.rglob("*.secret")] == [True]


@pytest.mark.pty
def test_at_a_terminal_no_is_no(home: Path) -> None:
    """With --yes nothing is asked that has a default; Ctrl-C at any question stores nothing."""
    with terminal(home, "sources", "add", "village", "village.example") as session:
        session.wait_text("What we may do")
        session.send("<CR>")
        session.wait_text("Code")
        session.send("<C-c>")
        assert session.wait_exit() == 130
    assert not (home / "home").exists()
    with terminal(
        home, "sources", "add", "village", "--set", "server=village.example", "--set", "scope=read", "--yes"
    ) as session:
        session.wait_text("Code")
        session.send(f"{CODE}<CR>")
        assert session.wait_exit() == 0
    assert (home / "home" / "modconsole.db").exists()


def test_a_platform_that_cannot_be_reached_ends_the_call(village: Village, cli: Cli, home: Path) -> None:
    """With what to do, and nothing stored."""
    village.trouble = [Unreachable("village.example does not answer.", hint="Try again later.")]
    said = cli(*ADD, stdin=STDIN)
    assert (said.code, said.err) == (2, "modconsole: village.example does not answer. Try again later.\n")
    assert not list(home.rglob("*.secret"))
