"""The rule lab: what is wrong while it is written, what it would hit, and that nothing that was written is lost."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual import events

from modconsole.desk import rule_texts, ruling
from modconsole.desk.rule_trials import Found
from modconsole.screens.conversation import ConversationScreen
from modconsole.screens.rule_dialogs import ConflictDialog
from modconsole.screens.rule_lab import LabScreen
from modconsole.screens.rules import RulesScreen
from tests.screens import kit, rule_stage
from tests.screens.rule_stage import SCAM, desk_at, hit, to_lab


@pytest.fixture
def house(house: Path) -> Path:
    """The demo with one rule more."""
    (house.with_suffix(".rules") / "scam.yaml").write_text(SCAM, encoding="utf-8")
    return house


def on_file(house: Path, name: str = "scam.yaml") -> str:
    """What a rule file says."""
    return (house.with_suffix(".rules") / name).read_text("utf-8")


async def test_what_is_wrong_is_said_with_its_line_and_ctrl_n_goes_there(house: Path, bench: object) -> None:
    """A sign stands beside the line; when it is right again, the sign goes."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        assert "it can be read" in lab.trouble.text
        assert lab.area.signs == "11✓"
        lab.area.at_line(7)
        lab.area.replace("bdoy", (6, 4), (6, 8))
        await kit.until(pilot, lambda: "bdoy" in lab.trouble.text, "the problem")
        assert "Did you mean `body`?" in lab.trouble.text
        assert "7!" in lab.area.signs
        assert any(line.startswith(" 7!") for line in kit.lines(pilot))
        lab.area.at_line(1)
        await pilot.press("ctrl+n")
        assert lab.area.line == 7
        lab.area.replace("body", (6, 4), (6, 8))
        await kit.until(pilot, lambda: lab.area.signs == "11✓", "the end of the problem")


async def test_an_example_that_fails_is_marked_and_says_why(house: Path, bench: object) -> None:
    """Also when the rule can be read."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        lab.area.insert("  - miss: the lanternfish\n", lab.area.document.end)
        await kit.until(pilot, lambda: "12✗" in lab.area.signs, "the sign")
        assert "line 12: must miss" in lab.trouble.text
        await pilot.press("ctrl+n")
        assert lab.area.line == 12


async def test_the_rule_is_tried_as_it_stands_against_the_last_version(
    house: Path, bench: list[rule_stage.Bench]
) -> None:
    """What is typed is tried; what it is compared with is the version that is saved."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        await kit.until(pilot, lambda: bench[-1].asked, "the first trial")
        assert bench[-1].asked == [(SCAM, "", "")]
        lab.area.replace("airdrop", (6, 11), (6, 22))
        await kit.until(pilot, lambda: len(bench[-1].asked) > 1, "another trial")
        assert bench[-1].asked[-1] == (SCAM.replace("[lanternfish]", "[airdrop]"), SCAM, "v1")
        await pilot.press("ctrl+s")
        await kit.until(pilot, lambda: "Saved as version 2" in kit.lines(pilot)[-1], "the version")
        assert bench[-1].asked[-1][1:] == (SCAM, "v1")


async def test_a_text_that_is_no_rule_is_not_tried_and_says_so(house: Path, bench: list[rule_stage.Bench]) -> None:
    """The hits that stand there are said to be of the text before."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        await kit.until(pilot, lambda: bench[-1].asked, "the first trial")
        bench[-1].give(Found(scanned=9, of=9, done=True, hits=1, first=(hit(1),)))
        await kit.until(pilot, lambda: "1 hit of 9" in kit.text(pilot), "the hit")
        lab.area.insert("x: [\n", (0, 0))
        await kit.until(pilot, lambda: "below: the text before" in kit.text(pilot), "the word")
        assert bench[-1].cancelled
        assert len(bench[-1].asked) == 1
        await pilot.press("tab")
        await pilot.pause()
        assert "below: the text before" in kit.text(pilot)
        assert "[lanternfish]" in kit.text(pilot)
        await pilot.press("tab", "ctrl+z")
        await kit.until(pilot, lambda: len(bench[-1].asked) == 2, "another trial")
        bench[-1].give(Found(scanned=9, of=9, done=True, hits=1, first=(hit(1),)))
        await kit.until(pilot, lambda: "1 hit of 9" in kit.text(pilot), "the hit")


async def test_a_check_that_comes_late_is_dropped(
    house: Path, bench: list[rule_stage.Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said is of the text that stands there."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        real, hold, held = rule_texts.check, threading.Event(), threading.Event()

        def slow(text: str, path: str, rules: rule_texts.RuleSet) -> rule_texts.Checked:
            if "first" in text:
                held.set()
                hold.wait(10)
            return real(text, path, rules)

        monkeypatch.setattr(rule_texts, "check", slow)
        lab.area.insert("first: 1\n", (0, 0))
        await kit.until(pilot, held.is_set, "the slow check")
        lab.area.replace("why: 1\n", (0, 0), (1, 0))
        await kit.until(pilot, lambda: lab.area.signs == "12✓", "the second check")
        hold.set()
        await kit.until(pilot, lambda: not lab.working, "the end of the first")
        await kit.settled(pilot)
        assert "first" not in lab.trouble.text
        assert lab.area.signs == "12✓"


async def test_hits_are_shown_as_they_come_and_the_cursor_stays_on_its_hit(
    house: Path, bench: list[rule_stage.Bench]
) -> None:
    """With how far it has come; at the end with what it means."""
    app = kit.console(house)
    async with app.run_test(size=(120, 40)) as pilot:
        lab = await to_lab(pilot, "scam")
        await kit.until(pilot, lambda: bench[-1].asked, "the first trial")
        bench[-1].give(Found(scanned=500, of=1000, hits=3, first=(hit(1), hit(2), hit(3))))
        await kit.until(pilot, lambda: "50 % looked through" in kit.text(pilot), "the progress")
        await pilot.press("tab", "down")
        assert lab.trial.row is not None
        assert lab.trial.row.hit is not None
        assert lab.trial.row.hit.ident == 2
        assert "Person 2 · blog" in kit.text(pilot)
        kept = hit(4, decided="kept")
        bench[-1].give(
            Found(
                scanned=1000,
                of=1000,
                done=True,
                hits=4,
                against="v1",
                added=1,
                lost=0,
                waiting=2,
                decided={"removed": 1, "kept": 1, "open": 2},
                precision=0.5,
                first=(kept, hit(1), hit(2), hit(3)),
                overlaps=(("advertising", 2),),
            )
        )
        await kit.until(pilot, lambda: "4 hits of 1,000" in kit.text(pilot), "the end")
        shown = kit.text(pilot)
        for each in (
            "against v1: +1 −0",
            "precision 50.0 %",
            "moderators kept these",
            "✗ kept",
            "also hit by: advertising 2",
        ):
            assert each in shown
        assert "2 people would have been left waiting" in shown
        assert lab.trial.row is not None
        assert lab.trial.row.hit is not None
        assert lab.trial.row.hit.ident == 2


async def test_a_hit_becomes_an_example_and_ctrl_z_takes_it_back(house: Path, bench: list[rule_stage.Bench]) -> None:
    """`+` must hit, `-` must miss; nothing is saved by that."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        await pilot.press("tab", "+")
        assert "no hit under the cursor" in kit.lines(pilot)[-1]
        bench[-1].give(Found(scanned=9, of=9, done=True, hits=1, first=(hit(1, "Our: lanternfish\nis fine"),)))
        await kit.until(pilot, lambda: "1 hit of 9" in kit.text(pilot), "the hit")
        await pilot.press("-")
        await kit.until(pilot, lambda: "must miss" in kit.lines(pilot)[-1], "the word")
        checked = rule_texts.check(lab.area.text, "scam.yaml", rule_texts.RuleSet())
        assert [(each.text, each.hit) for each in checked.rules[0].examples] == [
            ("a lanternfish", True),
            ("Our: lanternfish\nis fine", False),
        ]
        assert on_file(house) == SCAM
        await pilot.press("tab", "ctrl+z")
        assert lab.area.text == SCAM


async def test_enter_on_a_hit_opens_its_conversation_and_esc_comes_back(
    house: Path, bench: list[rule_stage.Bench]
) -> None:
    """To the same hit."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        bench[-1].give(Found(scanned=9, of=9, done=True, hits=2, first=(hit(1), hit(2))))
        await kit.until(pilot, lambda: "2 hits of 9" in kit.text(pilot), "the hits")
        await pilot.press("tab", "down", "enter")
        await kit.until(pilot, lambda: isinstance(app.screen, ConversationScreen), "the conversation")
        await kit.until(pilot, lambda: "Does 2.1 run on the first board" in kit.text(pilot), "the message")
        await pilot.press("escape")
        await kit.until(pilot, lambda: app.screen is lab, "the lab")
        assert lab.trial.row is not None
        assert lab.trial.row.hit is not None
        assert lab.trial.row.hit.ident == 2


async def test_escape_keeps_what_was_written_and_says_so(house: Path, bench: object) -> None:
    """The file is as it was; the list says that there is a draft; Enter goes on with it."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        lab.area.insert("# mine\n", (0, 0))
        await kit.until(pilot, lambda: "✎ not saved" in kit.lines(pilot)[0], "the sign")
        await pilot.press("escape")
        await kit.until(pilot, lambda: isinstance(app.screen, RulesScreen), "the list")
        assert "kept as a draft" in kit.lines(pilot)[-1]
        await kit.until(pilot, lambda: "✎ draft" in kit.text(pilot), "the sign")
        assert on_file(house) == SCAM
        lab = await to_lab(pilot, "scam")
        assert lab.area.text == "# mine\n" + SCAM
        assert "Your draft of" in kit.lines(pilot)[-1]
        await pilot.press("ctrl+s")
        await kit.until(pilot, lambda: "Saved as version" in kit.lines(pilot)[-1], "the version")
        assert on_file(house) == "# mine\n" + SCAM
        assert rule_texts.draft(desk_at(house), "scam.yaml") is None


async def test_what_is_written_is_a_draft_half_a_second_later(house: Path, bench: object) -> None:
    """Without any further key, for a terminal may go away."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        lab.area.insert("# mine\n", (0, 0))
        await kit.until(pilot, lambda: rule_texts.draft(desk_at(house), "scam.yaml") is not None, "the draft")
        await pilot.press("ctrl+z")
        await kit.until(pilot, lambda: rule_texts.draft(desk_at(house), "scam.yaml") is None, "the end of the draft")


@pytest.mark.parametrize(("answer", "kept"), [("1", "# mine\n" + SCAM), ("2", "# theirs\n"), ("escape", "# theirs\n")])
async def test_a_file_that_changed_meanwhile_is_not_written_over_without_a_yes(
    house: Path, bench: object, answer: str, kept: str
) -> None:
    """What differs stands beside the question; what I wrote is there whatever is answered."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        lab.area.insert("# mine\n", (0, 0))
        (house.with_suffix(".rules") / "scam.yaml").write_text("# theirs\n" + SCAM, encoding="utf-8")
        await pilot.press("ctrl+s")
        await kit.until(pilot, lambda: isinstance(app.screen, ConflictDialog), "the question")
        await pilot.pause()
        assert " - # theirs" in kit.text(pilot)
        assert " + # mine" in kit.text(pilot)
        await pilot.press(answer)
        await kit.settled(pilot)
        await kit.until(pilot, lambda: app.screen is lab and not lab.working, "the lab")
        assert on_file(house).startswith(kept)
        if answer == "2":
            assert lab.area.text == "# theirs\n" + SCAM
            await pilot.press("ctrl+z")
        assert lab.area.text == "# mine\n" + SCAM


async def test_a_draft_of_a_file_that_changed_meanwhile_says_so(house: Path, bench: object) -> None:
    """And saving it asks."""
    file = rule_texts.read_file(desk_at(house), "scam.yaml")
    rule_texts.keep_draft(desk_at(house), "scam.yaml", "# mine\n" + SCAM, seen=file.digest)
    (house.with_suffix(".rules") / "scam.yaml").write_text("# theirs\n" + SCAM, encoding="utf-8")
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_lab(pilot, "scam")
        assert "The file has changed since" in kit.lines(pilot)[-1]
        await pilot.press("ctrl+s")
        await kit.until(pilot, lambda: isinstance(app.screen, ConflictDialog), "the question")


async def test_a_text_that_cannot_be_used_is_saved_and_says_so(house: Path, bench: object) -> None:
    """The rule is broken then."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        lab.area.replace("bdoy", (6, 4), (6, 8))
        await pilot.press("ctrl+s")
        await kit.until(pilot, lambda: "it cannot be used as it stands" in kit.lines(pilot)[-1], "the word")
        assert "! broken" in kit.lines(pilot)[0]
        assert ruling.rule_state(desk_at(house), "scam").effective == "broken"


async def test_going_live_needs_what_is_saved(house: Path, bench: object) -> None:
    """What goes live is a version."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        lab.area.insert("# mine\n", (0, 0))
        await pilot.press("tab", "l")
        assert "Save it first" in kit.lines(pilot)[-1]


async def test_a_large_paste_is_taken_as_it_is_and_can_be_read(house: Path, bench: object) -> None:
    """Two hundred lines, with words of all scripts and what would act on a terminal."""
    words = "\n".join(f"      - word{n} 単語 слово \u0645\u0631\u062d\u0628\u0627" for n in range(200))
    rule = f"id: big\nname: Big \x1b]0;owned\x07\nselect:\n  words:\n    body:\n{words}\ndo: [flag]\n"
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        await pilot.press("ctrl+a")
        lab.area.select_all()
        app.post_message(events.Paste(rule))
        await kit.until(pilot, lambda: "big" in kit.lines(pilot)[0], "the rule")
        assert "it can be read" in lab.trouble.text
        assert lab.area.text == rule.replace("\x1b", "\ufffd").replace("\x07", "\ufffd")
        assert not any("\x1b" in line for line in kit.lines(pilot))


async def test_a_file_with_what_cannot_be_seen_says_so_and_is_left_alone(house: Path, bench: object) -> None:
    """Looking at it changes nothing."""
    text = SCAM.replace("Scams", "Sc\u202eams")
    (house.with_suffix(".rules") / "scam.yaml").write_text(text, encoding="utf-8")
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_lab(pilot, "scam.yaml")
        assert "invisible or no text" in kit.lines(pilot)[-1]
        await pilot.press("escape")
        await kit.until(pilot, lambda: isinstance(app.screen, RulesScreen), "the list")
        assert on_file(house) == text
        assert rule_texts.drafts(desk_at(house)) == []


async def test_of_several_rules_in_a_file_the_one_at_the_cursor_is_tried(
    house: Path, bench: list[rule_stage.Bench]
) -> None:
    """The header says which it is, and keys act on that one."""
    other = SCAM.replace("scam", "other").replace("Scams", "Others")
    (house.with_suffix(".rules") / "scam.yaml").write_text(SCAM + "---\n" + other, encoding="utf-8")
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        await kit.until(pilot, lambda: bench[-1].asked, "the first trial")
        lab.area.at_line(14)
        await kit.until(pilot, lambda: "other" in kit.lines(pilot)[0], "the other one")
        assert bench[-1].asked[-1][0] == "---\n" + other
        await kit.until(pilot, lambda: lab.state is not None and lab.state.id == "other", "its state")


async def test_the_panes_stand_side_by_side_where_there_is_room(house: Path, bench: object) -> None:
    """And one above the other where there is not, the one with the keys with more room; resizing moves nothing."""
    app = kit.console(house)
    async with app.run_test(size=(80, 24)) as pilot:
        lab = await to_lab(pilot, "scam")
        assert lab.trial.list.region.y > lab.area.region.y
        high = lab.area.region.height
        await pilot.press("tab")
        await pilot.pause()
        assert lab.area.region.height < high
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert lab.trial.list.region.x > lab.area.region.x
        assert lab.trial.list.region.y < lab.area.region.bottom
        assert lab.trial.list.has_focus
        await pilot.resize_terminal(40, 12)
        await pilot.pause()
        assert lab.area.region.height > 0
        assert lab.trial.list.region.height > 0


async def test_the_process_finds_what_is_stored_and_ends_with_the_screen(house: Path) -> None:
    """The real one, over the demo's messages."""
    app = kit.console(house)
    async with app.run_test(size=(120, 40)) as pilot:
        lab = await to_lab(pilot, "scam")
        await kit.until(pilot, lambda: lab.trial.found is not None and lab.trial.found.done, "what it found")
        found = lab.trial.found
        assert found is not None
        assert found.hits >= len(found.first) > 5
        assert "[lanternfish]" in kit.text(pilot).lower()
        bench = lab.trial._bench
        assert bench is not None
        lab.area.replace("svalbard", (6, 11), (6, 22))
        await kit.until(pilot, lambda: "[svalbard]" in kit.text(pilot).lower(), "the other hits")
        await kit.until(pilot, lambda: "against v1: +" in kit.text(pilot), "the comparison")
        await pilot.press("escape")
        await kit.until(pilot, lambda: not isinstance(app.screen, LabScreen), "the list")
        await kit.until(pilot, lambda: not bench._lab.running, "the end of the process")
