"""The list of rules: what stands at each, what is wrong, and that other hands may write the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.desk import rule_texts, ruling
from modconsole.domain.records import Author, Message
from modconsole.domain.times import to_datetime
from modconsole.screens.rule_lab import LabScreen
from modconsole.store.ingest import ingest
from modconsole.sync.judging import Judging
from tests.screens import kit, rule_stage
from tests.screens.rule_stage import SCAM, desk_at, to_lab, to_rules

pytestmark = pytest.mark.usefixtures("bench")


async def test_each_rule_says_how_it_stands_and_what_it_hit(house: Path) -> None:
    """In a sign and a word; what has to be looked at stands first."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        shown = kit.lines(pilot)
        assert shown[0].startswith(" Rules   3 rules · 2 in shadow")
        assert shown[3].split()[:7] == ["▌", "◐", "shadow", "Advertising", "3", "3", "—"]
        assert shown[4].split()[:8] == ["◐", "shadow", "Where", "is", "my", "parcel", "10", "10"]
        assert shown[5].split()[:6] == ["○", "draft", "Somebody", "asks", "for", "passwords"]
        assert "hold, tag advertising" in kit.text(pilot)


async def test_no_rules_teach_how_the_first_one_is_written(community: Path) -> None:
    """And `N` begins it, with a text that can be read as it stands."""
    app = kit.console(community)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        assert "There are no rules yet" in kit.text(pilot)
        assert max(map(len, kit.lines(pilot))) <= 80
        await pilot.press("N", *"Free stuff", "enter")
        lab = await rule_stage.lab_ready(pilot)
        assert "id: free-stuff" in lab.area.text
        assert lab.checked is not None
        assert not lab.checked.problems
        await pilot.press("ctrl+s")
        await kit.until(pilot, lambda: "Saved as version 1" in kit.text(pilot), "the version")
        assert (community.with_suffix(".rules") / "free-stuff.yaml").exists()


async def test_nobody_syncs_is_said_where_rules_are_to_judge(house: Path) -> None:
    """A rule that judges nothing must not look as if it did."""
    app = kit.console(house)
    async with app.run_test(size=(100, 24)) as pilot:
        await to_rules(pilot)
        assert "! nobody syncs: not judging" in kit.lines(pilot)[0]


async def test_a_file_that_cannot_be_read_is_listed_with_the_reason(house: Path) -> None:
    """First of all, and Enter opens it as it stands."""
    (house.with_suffix(".rules") / "bad.yaml").write_text("id: [\n", encoding="utf-8")
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await to_rules(pilot)
        assert "! broken" in kit.lines(pilot)[3]
        assert "bad.yaml" in kit.lines(pilot)[3]
        assert screen.meant_rule() is None
        await pilot.press("l")
        assert "no rule that is saved" in kit.lines(pilot)[-1]
        await pilot.press("enter")
        lab = await rule_stage.lab_ready(pilot)
        assert lab.area.text == "id: [\n"
        assert lab.trouble.text.strip().startswith("!")


async def test_what_other_hands_write_appears_by_itself(house: Path) -> None:
    """A file that is saved in another window, without any key here."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        (house.with_suffix(".rules") / "scam.yaml").write_text(SCAM, encoding="utf-8")
        await kit.until(pilot, lambda: "Scams" in kit.text(pilot), "the new rule")


async def test_going_live_shows_the_evidence_and_asks(house: Path) -> None:
    """Without a yes nothing is live; with it the version is, and what was seen is kept with it."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await to_rules(pilot)
        await pilot.press("end")
        await pilot.press("l")
        await kit.until(pilot, lambda: "y let it act from now on" in kit.text(pilot), "the question")
        assert "on each hit it will: hold, escalate mara" in kit.text(pilot)
        assert "1 of " in kit.text(pilot)
        assert "left waiting" in kit.text(pilot)
        await pilot.press("enter", "n")
        await kit.settled(pilot)
        assert ruling.rule_state(desk_at(house), "passwords").effective == "draft"
        await pilot.press("l")
        await kit.until(pilot, lambda: "y let it act from now on" in kit.text(pilot), "the question")
        await pilot.press("y")
        await kit.until(pilot, lambda: "is live" in kit.lines(pilot)[-1], "the answer")
        desk = desk_at(house)
        assert ruling.rule_state(desk, "passwords").effective == "live"
        evidence = ruling.versions(desk, "passwords")[0].evidence
        assert (evidence["by"], evidence["hits"], evidence["waiting"]) == ("mara", 1, 1)
        row = screen.list.row
        assert row is not None
        assert row.ident == "passwords"


async def test_who_may_not_set_rules_live_hears_who_may(house: Path) -> None:
    """Before anything is looked for."""
    (house.with_suffix(".rules") / "house.yaml").write_text("may set live: [bob, eve]\n", encoding="utf-8")
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        await pilot.press("l")
        await kit.until(pilot, lambda: "Only bob, eve may set rules live" in kit.lines(pilot)[-1], "who may")
        assert "You are mara" in kit.lines(pilot)[-1]


async def test_a_rule_is_paused_with_a_reason_and_judges_in_the_shadow_again(house: Path) -> None:
    """`p` asks why; `s` takes it back into the shadow."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        await pilot.press("p", *"too many", "enter")
        await kit.until(pilot, lambda: "is paused: too many" in kit.lines(pilot)[-1], "the pause")
        await kit.until(pilot, lambda: "! paused" in kit.text(pilot), "the list")
        assert ruling.rule_state(desk_at(house), "advertising").paused_why == "too many"
        await pilot.press("s")
        await kit.until(pilot, lambda: "judges in the shadow" in kit.lines(pilot)[-1], "the shadow")
        assert ruling.rule_state(desk_at(house), "advertising").effective == "shadow"


async def test_a_new_rule_that_was_never_saved_is_found_again(house: Path) -> None:
    """Esc says that it is kept; it stands in the list, and Enter goes on with it."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        await pilot.press("N", *"Half", "enter")
        lab = await rule_stage.lab_ready(pilot)
        lab.area.insert("# mine\n")
        await pilot.press("escape")
        await kit.until(pilot, lambda: "kept as a draft" in kit.lines(pilot)[-1], "the word")
        await kit.until(pilot, lambda: "✎ not saved" in kit.text(pilot), "the line")
        assert not (house.with_suffix(".rules") / "half.yaml").exists()
        assert [each.message for each in rule_texts.drafts(desk_at(house))] == ["half.yaml"]
        await pilot.press("home", "enter")
        lab = await rule_stage.lab_ready(pilot)
        assert lab.area.text.startswith("# mine\n")


async def test_versions_tell_who_changed_what_and_lead_back(house: Path) -> None:
    """The newest first, with what each changed; going back asks, and makes a new version."""
    desk = desk_at(house, "bob")
    file = rule_texts.read_file(desk, "advertising.yaml")
    rule_texts.save(desk, file, file.text.replace("real followers", "followers"))
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        await pilot.press("v")
        await kit.settled(pilot)
        shown = kit.text(pilot)
        assert "v2" in kit.lines(pilot)[3]
        assert "bob" in kit.lines(pilot)[3]
        assert " - " in shown
        assert " + " in shown
        await pilot.press("r")
        assert "newest version already" in kit.lines(pilot)[-1]
        await pilot.press("b")
        await kit.settled(pilot)
        await kit.until(pilot, lambda: "bob" in kit.text(pilot), "the blame")
        await pilot.press("escape", "down", "enter")
        await kit.settled(pilot)
        await kit.until(pilot, lambda: "v1 → v2" in kit.lines(pilot)[0], "the difference")
        await pilot.press("escape", "r")
        await kit.until(pilot, lambda: "only the text" in kit.text(pilot), "the question")
        assert "It judges in the shadow then" in kit.text(pilot)
        await pilot.press("1")
        await kit.until(pilot, lambda: "The text of v1 is version 3 now" in kit.lines(pilot)[-1], "the answer")
        assert "real followers" in rule_texts.read_file(desk, "advertising.yaml").text


async def test_the_hits_of_a_rule_show_the_words_and_open_what_was_hit(house: Path) -> None:
    """In brackets; Enter is the conversation, where the same hit is told at the message."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        await pilot.press("h")
        await kit.settled(pilot)
        assert "[real followers]" in kit.text(pilot)
        await pilot.press("t")
        assert "did nothing there" in kit.lines(pilot)[-1]
        await pilot.press("W")
        await kit.until(pilot, lambda: "1 rule hits this, 2 not" in kit.lines(pilot)[0], "the explanation")
        assert "✓ Advertising" in kit.text(pilot)
        assert "✗ Where is my parcel" in kit.text(pilot)
        await pilot.press("escape", "enter")
        await kit.until(pilot, lambda: "rule advertising v1 hits this in the shadow" in kit.text(pilot), "the mark")


async def test_what_the_rules_did_is_told_in_sum(house: Path) -> None:
    """And Enter on a rule opens it."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        await pilot.press("d")
        await kit.until(pilot, lambda: "Advertising" in kit.text(pilot) and "3 hits" in kit.text(pilot), "the digest")
        await pilot.press("down", "enter")
        await kit.until(pilot, lambda: isinstance(app.screen, LabScreen), "the lab")


async def test_the_lab_can_be_left_before_anything_is_read(house: Path) -> None:
    """Nothing is kept of nothing."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot)
        await pilot.press("escape")
        await kit.until(pilot, lambda: not isinstance(app.screen, LabScreen), "the list")
        assert rule_texts.drafts(desk_at(house)) == []
        await kit.until(pilot, lambda: rule_stage.benches[-1].closed, "the end of the process")
        assert not lab.is_attached


async def test_rules_are_taken_over_from_automoderator_after_a_look(house: Path, tmp_path: Path) -> None:
    """What would become of each is told first; `w` writes them, and all are drafts."""
    config = tmp_path / "automod.yaml"
    config.write_text(
        '---\n# Spam\ntitle+body (includes): ["buy followers"]\naction: remove\n---\nbdoy: [x]\naction: remove\n',
        encoding="utf-8",
    )
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        await pilot.press("I", *str(config), "enter")
        await kit.until(pilot, lambda: "w writes 1 rule into automod/" in kit.text(pilot), "the look")
        assert "✗ not translated" in kit.text(pilot)
        assert not (house.with_suffix(".rules") / "automod").exists()
        await pilot.press("w")
        await kit.until(pilot, lambda: "1 rule written; all are drafts" in kit.text(pilot), "the files")
        await pilot.press("w")
        assert "nothing new" in kit.lines(pilot)[-1]
        await pilot.press("escape")
        await kit.until(pilot, lambda: "Spam" in kit.text(pilot), "the list")
        assert {state.effective for state in ruling.listing(desk_at(house)) if state.path.startswith("automod/")} == {
            "draft"
        }


async def test_a_file_that_is_not_there_is_told(house: Path) -> None:
    """And nothing else happens."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        await pilot.press("I", *"/nowhere/a.yaml", "enter")
        await kit.until(pilot, lambda: "cannot be read" in kit.text(pilot), "the word")


async def test_w_in_the_queue_and_in_a_conversation_says_which_rules(house: Path) -> None:
    """Of the message under the cursor; Enter on a rule opens the lab."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await kit.ready(pilot)
        await pilot.press("W")
        await kit.until(pilot, lambda: "rules hit this, 3 not" in kit.lines(pilot)[0], "the explanation")
        await pilot.press("escape")
        app.open_conversation("blog", "release-2-1", "c221")
        await kit.until(pilot, lambda: "rule advertising v1 hits this in the shadow" in kit.text(pilot), "the mark")
        assert "“Visit our shop”" in kit.text(pilot)
        await pilot.press("W")
        await kit.until(pilot, lambda: "1 rule hits this, 2 not" in kit.lines(pilot)[0], "the explanation")
        shown = kit.text(pilot)
        assert "→ “Visit our shop”, “premium frames”" in shown
        assert "✗ Somebody asks for passwords" in shown
        await pilot.press("down", "down", "enter")
        await kit.until(pilot, lambda: isinstance(app.screen, LabScreen), "the lab")
        await rule_stage.lab_ready(pilot)


PROPOSING = """\
id: rude
name: Rude
status: shadow
select:
  words:
    body: [idiots]
do:
  - suggest close: rude
  - escalate: bob
"""


def proposing(house: Path) -> None:
    """A live rule, and two messages that it hits."""
    desk = desk_at(house)
    rule_texts.save(desk, rule_texts.File("rude.yaml", ""), PROPOSING)
    ruling.go_live(desk, "rude", 1, {"hits": 0})
    judging = Judging(desk.rules, undo_delay=0)
    judging.attach(desk.db, kit.NOW)
    told = [
        Message(
            source="blog", id=f"x{n}", conversation="release-2-1", author=Author(id=f"x{n}", name=f"Rude {n}"),
            created_at=to_datetime(kit.NOW), observed_at=to_datetime(kit.NOW), text=f"idiots, {n}", visibility="public",
        )
        for n in range(2)
    ]  # fmt: skip
    ingest(desk.db, told, kit.NOW)
    judging.leave(desk.db, kit.NOW)
    desk.close()


async def test_what_rules_propose_is_decided_one_by_one_or_all_that_are_marked(house: Path) -> None:
    """Declined at the cursor, accepted together; the ask is closed with the rule's reason."""
    proposing(house)
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await to_rules(pilot)
        await kit.until(pilot, lambda: screen.folder is not None and screen.folder.proposals == 4, "the count")
        assert "P 4 proposed" in kit.text(pilot)
        await pilot.press("P")
        await kit.settled(pilot)
        assert kit.text(pilot).count("suggest close rude") >= 2
        await pilot.press("x", "x")
        assert "2 marked: a and d act on these" in kit.lines(pilot)[0]
        await pilot.press("d")
        await kit.until(pilot, lambda: "2 declined." in kit.lines(pilot)[-1], "the word")
        assert "marked" not in kit.lines(pilot)[0]
        await kit.until(pilot, lambda: len(ruling.proposals(desk_at(house))) == 2, "the rest")
        await kit.settled(pilot)
        await pilot.press("a")
        await kit.until(pilot, lambda: "1 accepted." in kit.lines(pilot)[-1], "the word")
        assert len(ruling.proposals(desk_at(house))) == 1


async def test_what_a_rule_did_is_taken_back_from_its_hits(house: Path) -> None:
    """What was only proposed is declined by that."""
    proposing(house)
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_rules(pilot)
        for _ in range(4):
            if "rude v1" in kit.text(pilot):
                break
            await pilot.press("j")
        await pilot.press("h")
        await kit.settled(pilot)
        assert "[idiots]" in kit.text(pilot)
        assert "proposed" in kit.text(pilot)
        await pilot.press("t")
        await kit.until(pilot, lambda: "taken back" in kit.lines(pilot)[-1], "the word")
        assert len(ruling.proposals(desk_at(house))) == 2
