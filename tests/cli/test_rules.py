"""`modconsole rules`: what there is, checking without a database, guidelines and notices."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from modconsole.cli.rules import COMMANDS
from modconsole.desk import ruling
from modconsole.desk.desk import Desk
from modconsole.store import rules as stored
from tests.cli.conftest import Cli, write
from tests.desk.house import GIVEAWAY, HOUSE, RUDE, furnish
from tests.scenarios.story import Story


@pytest.fixture
def house(home: Path, cli: Cli) -> Path:
    """A database with a few messages, and rules beside it: the folder of rules."""
    told = Story(conversation="post").message("m1", "bob", "9:00", "get your airdrop here", title="Release 2.1")
    assert cli("import", str(write(home / "a.jsonl", told.records))).code == 0
    desk = Desk(home / "home" / "modconsole.db", who="ann")
    furnish(desk)
    desk.close()
    return desk.rules


def set_live(home: Path, rule: str, version: int = 1) -> None:
    """As if somebody with the right had set it live."""
    desk = Desk(home / "home" / "modconsole.db", who="ann")
    ruling.load(desk)
    stored.set_live(desk.db, rule, version, "ann", desk.now(), {})
    desk.close()


def test_every_command_of_the_group_can_be_called(cli: Cli) -> None:
    """And is in its help, with a line of its own."""
    listed = cli("rules", "--help").out
    for name, (_, text) in COMMANDS.items():
        assert f"\n  {name} " in listed
        shown = cli("rules", name, "--help")
        assert shown.code == 0
        assert f"modconsole rules {name}" in shown.out
        assert text.rstrip(".").split(":")[0].split(",")[0] in " ".join(listed.split())


def test_the_list_says_how_each_rule_stands(house: Path, cli: Cli) -> None:
    """A file that says live is not enough; what is wrong is told below."""
    document = cli("rules", "--json").document
    assert [(rule["id"], rule["stands"], rule["version"]) for rule in document["rules"]] == [
        ("crypto-giveaway", "unapproved", 1),
        ("rude", "shadow", 1),
    ]
    assert Path(document["folder"]) == house
    (house / "broken.yaml").write_text("id: broken\nselekt: {a: {body: x}}\ndo: [flag]\n")
    out = cli("rules", "list").out
    assert "crypto-giveaway" in out
    assert "broken.yaml:2:1: " in out
    assert "nobody with the right has set this version live" in cli("rules", "list", "--all").out


def test_a_rule_is_shown_with_its_text(house: Path, cli: Cli) -> None:
    """As it stands in the file."""
    out = cli("rules", "show", "rude").out
    assert "stands   shadow, version 1" in out
    assert RUDE.strip() in out
    assert cli("rules", "show", "rude", "--json").document["source"].strip() == RUDE.strip()
    assert cli("rules", "show", "nothing").code == 2


# -- without a database -------------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder of rules, as it is checked out in CI; there is no database anywhere."""
    folder = tmp_path / "repo"
    (folder / "spam").mkdir(parents=True)
    (folder / "house.yaml").write_text(HOUSE)
    (folder / "spam" / "giveaway.yaml").write_text(GIVEAWAY)
    (folder / "rude.yaml").write_text(RUDE)
    return folder


def test_rules_are_checked_without_a_database(repository: Path, cli: Cli, home: Path) -> None:
    """For CI of a repository of rules; nothing is made anywhere."""
    said = cli("rules", "check", str(repository))
    assert (said.code, said.out) == (0, "2 rules can be used.\n")
    assert not (home / "home").exists()
    assert sorted(each.name for each in repository.iterdir()) == ["house.yaml", "rude.yaml", "spam"]


def test_a_mistake_is_told_with_its_place_and_what_was_meant(
    repository: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As compilers do, with the path as it was given; exit code 1."""
    (repository / "rude.yaml").write_text(RUDE.replace("status: shadow", "status: shadwo"))
    monkeypatch.chdir(repository.parent)
    said = cli("rules", "check", "repo")
    assert said.code == 1
    line, last = said.out.splitlines()
    assert line.startswith("repo/rude.yaml:3:9: ")
    assert "`shadow`" in line
    assert last == "1 rule can be used, 1 problem."
    document = cli("rules", "check", "repo", "--json").document
    assert (document["ok"], document["rules"]) == (False, 1)
    (problem,) = document["problems"]
    assert (problem["file"], problem["line"], problem["column"], problem["severity"]) == (
        "repo/rude.yaml",
        3,
        9,
        "error",
    )


def test_single_files_are_checked_in_the_folder_that_they_are_in(
    repository: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists and settings of the folder hold for them; mistakes of other files are not theirs."""
    (repository / "lists.yaml").write_text("scam: [giveaway, airdrop]\n")
    giveaway = repository / "spam" / "giveaway.yaml"
    giveaway.write_text(GIVEAWAY.replace("[giveaway, airdrop]", "list:scam"))
    (repository / "rude.yaml").write_text("id: 3: 4\n")
    monkeypatch.chdir(repository / "spam")
    said = cli("rules", "check", "giveaway.yaml")
    assert (said.code, said.out) == (0, "1 rule can be used.\n")
    assert cli("rules", "check", "../rude.yaml", "giveaway.yaml").out.startswith("../rude.yaml:1:")
    giveaway.write_text(GIVEAWAY.replace("[giveaway, airdrop]", "list:scum"))
    assert cli("rules", "check", "giveaway.yaml").out.startswith("giveaway.yaml:6:")


def test_what_is_not_there_cannot_be_checked(repository: Path, cli: Cli) -> None:
    """Exit code 2: it cannot be said."""
    assert cli("rules", "check", str(repository / "nothing.yaml")).code == 2
    assert cli("rules", "check", "--rules", str(repository / "nothing")).code == 2
    (repository / "a.json").write_text("{}")
    assert cli("rules", "check", str(repository / "a.json")).code == 2
    shutil.rmtree(repository)
    assert cli("rules", "check").code == 2


# -- what members are told ----------------------------------------------------------------------------------------------------


def test_guidelines_are_printed_written_published_and_compared(house: Path, cli: Cli, home: Path) -> None:
    """Markdown and HTML, versions, and what has changed, rule by rule."""
    said = cli("rules", "guidelines")
    assert said.code == 0
    assert "No rule that acts has words for members." in said.err
    set_live(home, "crypto-giveaway")
    assert "No giveaways, no airdrops." in cli("rules", "guidelines").out
    assert cli("rules", "guidelines", "--diff").code == 1
    document = cli("rules", "guidelines", "--publish", "--json").document
    assert (document["new"], document["published"]["version"], document["rules"]) == (True, 1, ["crypto-giveaway"])
    assert cli("rules", "guidelines", "--publish", "--json").document["new"] is False
    assert cli("rules", "guidelines", "--diff").out == "Nothing has changed since it was published.\n"
    cli("rules", "guidelines", "--html", "-o", str(home / "g.html"))
    assert "Version 1, " in (home / "g.html").read_text()
    (house / "giveaway.yaml").write_text(GIVEAWAY.replace("no airdrops", "no lotteries"))
    set_live(home, "crypto-giveaway", 2)
    said = cli("rules", "guidelines", "--diff")
    assert (said.code, said.out) == (
        1,
        "changed: crypto-giveaway\n  - Advertising: No giveaways, no airdrops.\n"
        "  + Advertising: No giveaways, no lotteries.\n",
    )
    (change,) = cli("rules", "guidelines", "--diff", "--json").document["changes"]
    assert (change["kind"], change["rule"], change["after"]["text"]) == (
        "changed",
        "crypto-giveaway",
        "No giveaways, no lotteries.",
    )
    cli("rules", "guidelines", "--publish")
    assert [each["version"] for each in cli("rules", "guidelines", "--versions", "--json").document["versions"]] == [
        2,
        1,
    ]
    assert "no airdrops" in cli("rules", "guidelines", "--published", "1").out
    assert "no lotteries" in cli("rules", "guidelines", "--published", "0").out
    assert "- Advertising: No giveaways, no airdrops." in cli("rules", "guidelines", "--diff", "--since", "1").out


def test_drafts_are_shown_and_never_published(house: Path, cli: Cli) -> None:
    """To see a page before its rules act."""
    assert "Do not be rude." in cli("rules", "guidelines", "--with-drafts").out
    assert cli("rules", "guidelines", "--with-drafts", "--publish").code == 64
    assert cli("rules", "guidelines", "--publish").code == 64


def test_a_notice_is_printed_or_becomes_a_draft(house: Path, cli: Cli) -> None:
    """In the rule's words, without what it looks for."""
    out = cli("rules", "notice", "rude", "blog", "m1", "--act", "hide").out
    assert out.startswith("We hid your comment of 2 March 2026 in “Release 2.1”.\n\nDo not be rude.\n")
    assert cli("rules", "notice", "rude", "blog", "m1", "--draft", "--json").document["draft"] is True
    assert cli("rules", "notice", "rude", "blog", "m1", "--reason").out == (
        "Do not be rude. (https://lanternfish.example/rules)\n"
    )
    assert cli("rules", "notice", "nothing", "blog", "m1").code == 2


def test_the_folder_of_rules_can_be_named(house: Path, cli: Cli, tmp_path: Path) -> None:
    """A checked-out repository, say."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.yaml").write_text(RUDE.replace("id: rude", "id: elsewhere"))
    assert [rule["id"] for rule in cli("rules", "--rules", str(other), "--json").document["rules"]] == ["elsewhere"]


def test_json_is_one_document(house: Path, cli: Cli) -> None:
    """In ASCII, as everywhere."""
    (house / "rude.yaml").write_text(RUDE.replace("insults", "injures et “gros mots”"))
    out = cli("rules", "list", "--json").out
    assert out.isascii()
    assert any("gros mots" in rule["name"] for rule in json.loads(out)["rules"])
