"""Pictures of the rules: the list, the lab with and without room, what is wrong, the evidence, versions, hits, explanations.

Each test says what one should see. The lab's process is a double that says the same every time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from modconsole.desk import rule_texts
from modconsole.desk.rule_trials import Found
from modconsole.screens.rule_dialogs import EvidenceDialog
from tests.screens import kit, rule_stage
from tests.screens.rule_stage import desk_at, hit, lab_ready, to_lab, to_rules

Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Awaitable[None]]
SMALL, WIDE = (80, 24), (120, 40)

FOUND = Found(
    scanned=1_000_000,
    of=1_000_000,
    seconds=0.19,
    done=True,
    hits=1_204,
    against="v1",
    added=14,
    lost=3,
    decided={"removed": 1_167, "kept": 31, "open": 6},
    precision=0.974,
    waiting=2,
    overlaps=(("parcels", 12),),
    skipped=1,
    first=(
        hit(1, "Do you make the lanternfish for people who cannot see?", waiting=True),
        hit(2, "our charity gives away one lanternfish", decided="kept"),
        hit(3, "no lanternfish here, sorry", decided="kept", channels=("lookalike",)),
        hit(4, "FREE LANTERNFISH click here", decided="removed", changed="added"),
        hit(5, "the lanternfish of my neighbour", changed="lost"),
        hit(6, "cheap lanternfish " * 9, decided="removed"),
    ),
)


@pytest.fixture
def house(house: Path) -> Path:
    """The demo with its rules, of which the first has a second version, by bob."""
    desk = desk_at(house, "bob")
    file = rule_texts.read_file(desk, "advertising.yaml")
    rule_texts.save(desk, file, file.text.replace("real followers", "followers"))
    desk.close()
    return house


def pressing(*pressed: str) -> Before:
    """The list of rules, then some keys."""

    async def before(pilot: Pilot[Any]) -> None:
        await to_rules(pilot)
        await kit.settled(pilot)
        for key in pressed:
            await pilot.press(key)
            await kit.settled(pilot)

    return before


def in_lab(found: Found | None, *pressed: str, insert: tuple[int, str] | None = None) -> Before:
    """The lab of the first rule with what its double found, then a text put in at a line, then some keys."""

    async def before(pilot: Pilot[Any]) -> None:
        lab = await to_lab(pilot)
        await kit.until(pilot, lambda: rule_stage.benches and rule_stage.benches[-1].asked, "the first trial")
        if found is not None:
            rule_stage.benches[-1].give(found)
            await kit.until(pilot, lambda: lab.trial.found is not None, "what was found")
        if insert is not None:
            lab.area.insert(insert[1], (insert[0] - 1, 0))
            await kit.until(pilot, lambda: lab.checked is not None and lab.checked.problems, "the problem")
        for key in pressed:
            await pilot.press(key)
            await kit.settled(pilot)
        await kit.until(pilot, lambda: not lab.working, "rest")

    return before


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x40"])
def test_list(snap_compare: Compare, house: Path, size: tuple[int, int]) -> None:
    """You should see three rules, two in the shadow with what they hit today, a draft, and below what the first one does."""
    assert snap_compare(kit.console(house), terminal_size=size, run_before=pressing())


def test_no_rules(snap_compare: Compare, community: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see what a rule is, N and I with what they do, and in which order a rule gets to act."""
    monkeypatch.setattr("modconsole.desk.ruling.rules_folder", lambda _desk: Path("/home/mara/modconsole.rules"))
    monkeypatch.setattr(
        "modconsole.screens.rules.ruling.rules_folder", lambda _desk: Path("/home/mara/modconsole.rules")
    )
    assert snap_compare(kit.console(community), terminal_size=SMALL, run_before=pressing())


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x40"])
def test_lab(snap_compare: Compare, house: Path, size: tuple[int, int]) -> None:
    """You should see the text with numbers and a tick at each example; the hits below it, or beside it, with the words in
    brackets, first who would have been left waiting, then what moderators kept."""
    assert snap_compare(kit.console(house), terminal_size=size, run_before=in_lab(FOUND))


@pytest.mark.usefixtures("bench")
def test_lab_at_the_hits(snap_compare: Compare, house: Path) -> None:
    """You should see more of the hits than of the text, the bar at the second one, and + and - among the keys."""
    assert snap_compare(kit.console(house), terminal_size=SMALL, run_before=in_lab(FOUND, "tab", "j"))


@pytest.mark.usefixtures("bench")
def test_lab_with_a_problem(snap_compare: Compare, house: Path) -> None:
    """You should see a ! at line 7, below the text what is wrong there, and that the hits are of the text before."""
    before = in_lab(FOUND, "ctrl+n", insert=(7, "selct:\n"))
    assert snap_compare(kit.console(house), terminal_size=SMALL, run_before=before)


@pytest.mark.usefixtures("bench")
def test_lab_at_work(snap_compare: Compare, house: Path) -> None:
    """You should see how far it has come, and the first hits already."""
    found = Found(scanned=420_000, of=1_000_000, seconds=0.08, hits=503, first=FOUND.first[:3])
    assert snap_compare(kit.console(house), terminal_size=SMALL, run_before=in_lab(found))


@pytest.mark.usefixtures("bench")
def test_example(snap_compare: Compare, house: Path) -> None:
    """You should see that the hit was written into the tests, that it is not saved, and that one example fails."""
    assert snap_compare(kit.console(house), terminal_size=WIDE, run_before=in_lab(FOUND, "tab", "-"))


@pytest.mark.usefixtures("bench")
def test_evidence(snap_compare: Compare, house: Path) -> None:
    """You should see what it would do on a hit, how many were hit, what moderators did with them, and y and n."""

    async def before(pilot: Pilot[Any]) -> None:
        await pressing("l")(pilot)
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, EvidenceDialog), "the question")
        await kit.until(pilot, lambda: getattr(pilot.app.screen, "ready", False), "the evidence")

    assert snap_compare(kit.console(house), terminal_size=SMALL, run_before=before)


@pytest.mark.usefixtures("bench")
def test_versions(snap_compare: Compare, house: Path) -> None:
    """You should see two versions, the newest by bob, and below the line that went and the line that came."""
    assert snap_compare(kit.console(house), terminal_size=SMALL, run_before=pressing("v"))


@pytest.mark.usefixtures("bench")
def test_hits(snap_compare: Compare, house: Path) -> None:
    """You should see three hits in the shadow with the words in brackets, and below which item of the rule found them."""
    assert snap_compare(kit.console(house), terminal_size=SMALL, run_before=pressing("h"))


@pytest.mark.usefixtures("bench")
def test_explanation(snap_compare: Compare, house: Path) -> None:
    """You should see the message with its words in brackets, the rule that hits it with ticks and crosses, and the others."""
    assert snap_compare(kit.console(house), terminal_size=WIDE, run_before=pressing("h", "W"))


@pytest.mark.usefixtures("bench")
def test_conversation(snap_compare: Compare, house: Path) -> None:
    """You should see below the spam which rule hits it, by which words, and that W says why."""

    async def before(pilot: Pilot[Any]) -> None:
        await kit.ready(pilot)
        pilot.app.open_conversation("blog", "release-2-1", "c221")  # type: ignore[attr-defined]
        await kit.until(pilot, lambda: "W why" in kit.text(pilot), "the mark")

    assert snap_compare(kit.console(house), terminal_size=SMALL, run_before=before)


@pytest.mark.usefixtures("bench")
def test_draft(snap_compare: Compare, house: Path) -> None:
    """You should see a rule that was never saved, where it stands in the list, and what Enter does."""

    async def before(pilot: Pilot[Any]) -> None:
        await pressing("N", *"Half", "enter")(pilot)
        lab = await lab_ready(pilot)
        lab.area.insert("# mine\n")
        await pilot.press("escape")
        await kit.settled(pilot)
        await kit.until(pilot, lambda: "✎ not saved" in kit.text(pilot), "the line")

    assert snap_compare(kit.console(house), terminal_size=SMALL, run_before=before)
