"""`modconsole rules` from a draft to a rule that acts, and back; on the demo's places, which live in this process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from modconsole.desk import demo, moderating
from modconsole.desk.desk import Desk
from modconsole.domain.exchange import encode
from modconsole.sync import registry
from tests.cli.conftest import Cli
from tests.desk.house import HOUSE
from tests.scenarios.story import Story

SCREEN = """\
id: screen
name: White screens
status: shadow
select:
  words:
    body (word): [screen, white]
do:
  - hold
  - tag: display
public: Please ask about screens in the display topic.
tests:
  - hit: my screen is white
  - miss: sunscreen
expect:
  hits: 1..500
"""


@pytest.fixture
def rules(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo, with places of its own, and a folder with one rule in the shadow."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})
    desk = Desk(home / "home" / "modconsole.db")
    demo.fill(desk)
    shutil.rmtree(desk.rules)  # the demo's own
    desk.rules.mkdir()
    (desk.rules / "house.yaml").write_text(HOUSE)
    (desk.rules / "screen.yaml").write_text(SCREEN)
    desk.close()
    return desk.rules


def test_a_rule_is_begun_as_a_draft_in_a_file_of_its_own(cli: Cli, rules: Path) -> None:
    """Named after its id, private, and never over another."""
    said = cli("rules", "new", "lottery", "--name", "Lotteries", "--word", "lottery", "--word", "prize draw")
    assert (said.code, said.out) == (0, f"{rules / 'lottery.yaml'} holds a draft.\n")
    document = cli("rules", "show", "lottery", "--json").document
    assert (document["stands"], document["name"], document["owner"]) == ("draft", "Lotteries", "ann")
    assert "prize draw" in document["source"]
    assert (rules / "lottery.yaml").stat().st_mode & 0o077 == 0
    assert cli("rules", "new", "lottery").code == 2


def test_examples_are_tried_and_failures_told_with_their_line(cli: Cli, rules: Path, tmp_path: Path) -> None:
    """For people, as JSON, and as JUnit's XML for CI."""
    said = cli("rules", "test")
    assert (said.code, said.out) == (0, "2 of 2 examples come out as they should.\n")
    (rules / "screen.yaml").write_text(
        SCREEN.replace("miss: sunscreen", "miss: a white one").replace("is white", "is <b>")
    )
    (rules / "broken.yaml").write_text("id: broken\nselect: {words: {bod: x}}\ndo: [flag]\n")
    said = cli("rules", "test", "--junit", str(tmp_path / "junit.xml"))
    assert said.code == 1
    assert "screen.yaml:13: screen should miss “a white one”: " in said.out
    assert "broken.yaml:2:18: " in said.out
    assert "1 of 2 examples come out as they should." in said.out
    document = cli("rules", "test", "--json").document
    assert (document["ok"], [test["ok"] for test in document["rules"][0]["tests"]]) == (False, [True, False])
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert [(suite.get("name"), suite.get("failures"), suite.get("errors")) for suite in suites] == [
        ("rule files", "0", "1"),
        ("screen", "1", "0"),
    ]
    assert [case.get("name") for case in suites[1]] == ["hit: my screen is <b>", "miss: a white one"]
    assert cli("rules", "test", "screen").code == 1
    assert cli("rules", "test", "nothing").code == 2


def test_a_backtest_says_what_a_rule_would_do_and_does_nothing(cli: Cli, rules: Path) -> None:
    """Hits with their words, what moderators had decided, who would be left waiting."""
    before = cli("journal", "--json").document
    document = cli("rules", "backtest", "screen", "--json").document
    assert (document["complete"], document["hits"]) == (True, len(document["first"]))
    assert document["scanned"] == document["of"] > 100
    assert {hit["words"].lower() for hit in document["first"]} == {"screen", "white"}
    assert document["left_waiting"] > 0
    assert [(bound["bound"], bound["kept"]) for bound in document["expect"]] == [("hits", True)]
    out = cli("rules", "backtest", "screen", "--limit", "2").out
    assert f"{document['hits']:,} hits of {document['scanned']:,} messages" in out
    assert "✓ hits at least 1 and at most 500" in out
    assert "[screen]" in out or "[white]" in out
    assert cli("journal", "--json").document == before


def test_a_bound_that_is_not_kept_is_exit_code_one_where_that_is_asked(cli: Cli, rules: Path) -> None:
    """And without being asked it is told."""
    (rules / "screen.yaml").write_text(SCREEN.replace("1..500", "200..500"))
    assert cli("rules", "backtest", "screen").code == 0
    assert "✗ hits at least 200" in cli("rules", "backtest", "screen").out
    assert cli("rules", "backtest", "screen", "--fail-on", "expect").code == 1


def test_a_backtest_compares_with_another_version(cli: Cli, rules: Path) -> None:
    """What it adds and what it loses."""
    wide = cli("rules", "backtest", "screen", "--json").document
    assert wide["compared"] is False
    (rules / "screen.yaml").write_text(SCREEN.replace("[screen, white]", "[screen, theme]"))
    narrow = cli("rules", "backtest", "screen", "--json").document
    assert narrow["compared"] is True
    assert narrow["hits"] - wide["hits"] == narrow["added"] - narrow["lost"]
    assert narrow["lost"] == len(narrow["first_lost"]) > 0
    assert cli("rules", "backtest", "screen", "--against", "none", "--json").document["compared"] is False
    assert cli("rules", "backtest", "screen", "--against", "2", "--json").document["added"] == 0
    assert cli("rules", "backtest", "screen", "--against", "7").code == 2
    assert cli("rules", "backtest", "screen", "--against", "x").code == 64


def test_a_file_that_is_not_in_the_folder_can_be_tried(cli: Cli, rules: Path, tmp_path: Path) -> None:
    """Before anybody else sees it."""
    path = tmp_path / "try.yaml"
    path.write_text(SCREEN.replace("id: screen", "id: other"))
    document = cli("rules", "backtest", str(path), "--json").document
    assert (document["rule"], document["compared"]) == ("other", False)
    assert document["overlaps"] == [{"rule": "screen", "hits": document["hits"]}]
    path.write_text("id: other\nselect: {words: {bod: x}}\ndo: [flag]\n")
    assert "`body`" in cli("rules", "backtest", str(path)).err
    assert cli("rules", "backtest", "nothing").code == 2


def test_going_live_shows_the_evidence_and_asks(cli: Cli, rules: Path) -> None:
    """Where nobody can be asked it has to be said; what was seen is kept with the version."""
    said = cli("rules", "live", "screen")
    assert said.code == 64
    assert "hits of" in said.out
    assert "Nobody is here to be asked." in said.err
    said = cli("rules", "live", "screen", "--yes")
    assert said.out.endswith("screen version 1 acts from now on. `modconsole rules pause screen` stops it.\n")
    (version,) = cli("rules", "versions", "screen", "--json").document["versions"]
    assert (version["acts"], version["evidence"]["by"]) == (True, "ann")
    assert version["evidence"]["hits"] == cli("rules", "backtest", "screen", "--json").document["hits"]
    assert "status: live" in (rules / "screen.yaml").read_text()


def test_who_has_no_right_sets_nothing_live(cli: Cli, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is told whom to ask."""
    monkeypatch.setenv("MODCONSOLE_USER", "bo")
    said = cli("rules", "live", "screen", "--yes")
    assert said.code != 0
    assert "Ask ann" in said.err


def test_a_rule_that_does_not_keep_its_bounds_is_set_live_only_by_insisting(cli: Cli, rules: Path) -> None:
    """`--yes` says that somebody has read it; this says that they have seen that."""
    (rules / "screen.yaml").write_text(SCREEN.replace("1..500", "200..500"))
    assert cli("rules", "live", "screen", "--yes").code == 64
    assert cli("rules", "live", "screen", "--yes", "--insist").code == 0


def test_a_rule_is_paused_with_a_reason_and_put_into_the_shadow(cli: Cli, rules: Path) -> None:
    """To let it do less takes no right."""
    cli("rules", "live", "screen", "--yes")
    assert cli("rules", "pause", "screen", "--why", "too many").out == "screen is paused: too many\n"
    assert "screen is paused: too many" in cli("rules").out
    assert cli("rules", "shadow", "screen", "--json").document["stands"] == "shadow"


def test_the_past_of_a_rule_can_be_read_and_brought_back(cli: Cli, rules: Path) -> None:
    """Versions, differences, whose each line is; the old text as the newest version."""
    cli("rules")
    (rules / "screen.yaml").write_text(SCREEN.replace("[screen, white]", "[screen]"))
    assert [each["version"] for each in cli("rules", "versions", "screen", "--json").document["versions"]] == [2, 1]
    said = cli("rules", "diff", "screen")
    assert said.code == 1
    assert "-    body (word): [screen, white]\n+    body (word): [screen]" in said.out
    assert cli("rules", "diff", "screen", "2", "2").out == "Versions 2 and 2 are the same.\n"
    lines = cli("rules", "blame", "screen", "--json").document["lines"]
    assert {line["version"] for line in lines} == {1, 2}
    assert "   2  " in cli("rules", "blame", "screen").out
    said = cli("rules", "rollback", "screen", "1")
    assert said.out == "Version 3 of screen has the text of version 1, and judges in the shadow.\n"
    assert "[screen, white]" in (rules / "screen.yaml").read_text()
    assert cli("rules", "versions", "screen", "--json").document["versions"][0]["restored"] == 1


def test_why_a_rule_hits_or_not_is_told_check_by_check(cli: Cli, rules: Path) -> None:
    """With the words; the message that comes next would be judged so."""
    (hit, *_) = cli("rules", "backtest", "screen", "--json").document["first"]
    said = cli("rules", "explain", hit["source"], hit["message"])
    assert said.code == 0
    assert "screen v1 (shadow) hits" in said.out
    assert f"body (word): screen, white → “{hit['words']}”" in said.out
    missed = cli("rules", "explain", "forum", "p412", "--rule", "screen", "--json")
    assert missed.code == 1
    (rule,) = missed.document["rules"]
    assert (rule["hits"], rule["selections"][0]["holds"]) == (False, False)
    assert cli("rules", "explain", "forum", "p412", "--hits").out == "No rule hits this message.\n"
    assert cli("rules", "explain", "forum", "nothing").code == 2


def imported(cli: Cli, home: Path, *texts: str) -> None:
    """Messages that come in now; they are judged, and nothing is done about them."""
    told = Story("forum", source="place", conversation="t")
    for number, text in enumerate(texts):
        told.message(f"m{number}", f"p{number}", "9:00", text)
    path = home / "more.jsonl"
    path.write_bytes(b"".join(encode(record) + b"\n" for record in told.records))
    assert cli("import", str(path)).code == 0


def test_what_a_rule_finds_as_messages_come_in_is_listed_and_counted(cli: Cli, rules: Path, home: Path) -> None:
    """In the shadow nothing is done."""
    assert cli("rules", "hits", "screen").code == 1
    imported(cli, home, "my screen is broken", "all is well", "a white screen")
    document = cli("rules", "hits", "screen", "--json").document
    assert [
        (hit["message"], hit["mode"], [match["words"] for match in hit["matches"]]) for hit in document["hits"]
    ] == [
        ("m2", "shadow", ["white", "screen"]),
        ("m0", "shadow", ["screen"]),
    ]
    assert "my [screen] is broken" in cli("rules", "hits", "screen").out
    (state,) = cli("rules", "--json").document["rules"]
    assert (state["hits_today"], state["acted_30d"]) == (2, 0)
    assert [rule["hits"] for rule in cli("rules", "digest", "--json").document["rules"]] == [2]
    assert "screen" in cli("rules", "digest", "--since", "7d").out
    assert cli("rules", "digest", "--since", "2100-01-01T00:00:00Z").code == 64
    assert "Said when it came in:" in cli("rules", "explain", "place", "m0").out


def test_rules_that_are_in_each_others_way_are_named(cli: Cli, rules: Path, home: Path) -> None:
    """Exit code 1 where there are some."""
    assert cli("rules", "conflicts").out == "No rules are in each other's way.\n"
    other = (
        SCREEN.replace("id: screen", "id: glass")
        .replace("  - hold\n", "  - remove\n")
        .replace("screen, white", "screen")
    )
    (rules / "glass.yaml").write_text(other)
    imported(cli, home, "my screen is broken")
    said = cli("rules", "conflicts")
    assert said.code == 1
    assert said.out.startswith("glass and screen both take down")
    assert cli("rules", "conflicts", "--json").document["conflicts"][0]["messages"] == 1


def test_a_rule_is_applied_to_what_was_here_before_it(cli: Cli, rules: Path) -> None:
    """Acts in line, decisions made; what a platform cannot do is proposed with the reason."""
    hits = cli("rules", "backtest", "screen", "--json").document["hits"]
    assert cli("rules", "apply", "screen").code == 64
    done = cli("rules", "apply", "screen", "--yes", "--json").document
    assert (done["hits"], done["done"] + done["proposed"]) == (hits, 2 * hits)
    proposals = cli("rules", "proposals", "--json").document["proposals"]
    assert len(proposals) == done["proposed"] > 1
    assert "has no act 'hold'" in proposals[0]["why"]
    first, second, *_ = (each["id"] for each in proposals)
    assert cli("rules", "decline", first).out == "Not done: screen: hold\n"
    assert cli("rules", "accept", second).code == 2  # that platform has no such act, whoever asks
    assert len(cli("rules", "proposals", "--rule", "screen", "--json").document["proposals"]) == len(proposals) - 1
    assert cli("rules", "decline", first).code == 2


def test_what_the_ladder_proposes_is_accepted_with_the_other_proposals(cli: Cli, rules: Path) -> None:
    """And undone with its strike."""
    cli("strikes", "give", "forum", "p412")
    given = cli("strikes", "give", "forum", "p412", "--insist", "--json").document
    (proposal,) = cli("rules", "proposals", "--json").document["proposals"]
    assert (proposal["id"], proposal["action"]) == (given["proposal"]["id"], "mute")
    assert "the ladder  mute for 7 days" in cli("rules", "proposals").out
    assert cli("rules", "accept", proposal["id"]).out == "Done: the ladder: mute\n"
    assert cli("rules", "proposals").out == "Nothing is proposed.\n"
    taken = cli("strikes", "take-back", given["id"])
    assert taken.out == "Taken back. 1 in force.\nmute was undone on the platform.\n"


def test_several_proposals_are_decided_in_one_call(cli: Cli, rules: Path) -> None:
    """One that fails does not stop the others, and is told."""
    for message in ("p410", "p412"):
        cli("strikes", "give", "forum", message)
        cli("strikes", "give", "forum", message, "--insist")
    ids = [each["id"] for each in cli("rules", "proposals", "--json").document["proposals"]]
    said = cli("rules", "decline", *ids, "nothing", "--json")
    assert said.code == 2
    assert [len(said.document[key]) for key in ("decided", "failed")] == [len(ids), 1]


def test_the_schema_is_printed_for_editors(cli: Cli) -> None:
    """As it is in the documentation."""
    out = cli("rules", "schema").out
    assert json.loads(out) == cli("rules", "schema", "--json").document
    assert "properties" in out


AUTOMOD = """\
---
# shops
type: comment
body (includes-word): ["buy followers"]
action: remove
---
type: comment
body (includes-word): ["free karma"]
author:
    comment_karma: "< 10"
action: filter
---
body: [x
"""


def test_an_automoderator_configuration_is_taken_over_as_drafts(cli: Cli, rules: Path, tmp_path: Path) -> None:
    """What is not the same is told rule by rule; a dry run writes nothing, and importing again writes nothing over."""
    path = tmp_path / "automod.yaml"
    path.write_text(AUTOMOD)
    said = cli("rules", "import", "automod", str(path), "--dry-run")
    assert said.code == 1
    assert "2 drafts would be written." in said.out
    assert not (rules / "automod").exists()
    said = cli("rules", "import", "automod", str(path), "--order")
    assert "automod.yaml:7: " in said.out
    assert "held back → automod/" in said.out
    assert "comment_karma: It cannot be asked here" in said.out
    assert "could not be read" in said.out
    assert "house.yaml is given AutoModerator's order of evaluation." in said.out
    assert len(list((rules / "automod").iterdir())) == 2
    states = {rule["name"]: rule["stands"] for rule in cli("rules", "--json").document["rules"]}
    assert states["shops"] == "draft"
    document = cli("rules", "import", "automod", str(path), "--json").document
    assert [rule["became"] for rule in document["rules"]] == ["unchanged", "unchanged", "none"]
    assert document["order"] == "was set"
    assert cli("rules", "import", "automod", str(tmp_path / "nothing")).code == 2
