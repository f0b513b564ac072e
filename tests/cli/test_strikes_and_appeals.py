"""`strikes` and `appeals`, on the demo's places, which live in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.desk import demo, moderating
from modconsole.desk.desk import Desk
from modconsole.sync import registry
from tests.cli.conftest import Cli
from tests.desk.house import furnish


@pytest.fixture(autouse=True)
def _filled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo, with places of its own, and rules."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})
    desk = Desk(home / "home" / "modconsole.db")
    demo.fill(desk)
    furnish(desk)
    desk.close()


def test_a_strike_is_given_told_listed_and_taken_back(cli: Cli) -> None:
    """With the rule, and until when."""
    said = cli("strikes", "give", "forum", "p412", "--rule", "rude", "--reason", "twice now")
    assert said.code == 0
    assert said.out.startswith("Mateus Andrade has 1 strike in force. It counts until ")
    (given,) = cli("strikes", "--json").document["strikes"]
    assert (given["person"]["id"], given["rule"], given["version"], given["in_force"], given["by"]) == (
        "mateus",
        "rude",
        1,
        True,
        "ann",
    )
    listed = cli("strikes").out
    assert given["id"] in listed
    assert "twice now" in listed
    shown = cli("strikes", "show", "forum", "mateus").out
    assert "1 in force." in shown
    assert "One more: With 2 strikes you may be muted for 7 days." in shown
    assert cli("strikes", "take-back", given["id"]).out == "Taken back. 0 in force.\n"
    assert cli("strikes").out == "No strikes are in force.\n"
    assert "taken back by ann" in cli("strikes", "--all").out
    assert cli("strikes", "take-back", given["id"]).code == 2


def test_what_the_ladder_proposes_is_told_with_what_accepts_it(cli: Cli) -> None:
    """It is not done by itself."""
    cli("strikes", "give", "forum", "p412")
    assert cli("strikes", "give", "forum", "p412").code == 2
    document = cli("strikes", "give", "forum", "p412", "--insist", "--json").document
    assert (document["strikes_in_force"], document["rung"]) == (
        2,
        {"strikes": 2, "action": "mute for 7 days", "automatic": False},
    )
    assert (document["proposal"]["state"], document["proposal"]["seconds"]) == ("proposed", 604_800.0)
    said = cli("strikes", "give", "forum", "p412", "--insist").out
    assert "Proposed by the ladder: ban for 30 days (3 strikes in force; it could not be done by itself: " in said


def test_how_long_a_strike_counts_can_be_said(cli: Cli) -> None:
    """As a length of time, not as a time."""
    document = cli("strikes", "give", "forum", "p412", "--for", "1d", "--json").document
    assert document["expires_at"][:10] > document["at"][:10]
    assert cli("strikes", "give", "forum", "p412", "--for", "2030-01-01T00:00:00Z").code == 64


def test_a_warning_in_the_rules_words_becomes_a_draft(cli: Cli) -> None:
    """Which a person sends."""
    said = cli("strikes", "give", "forum", "p412", "--rule", "rude", "--draft").out
    assert "A warning is in your draft of a reply to forum p412." in said
    assert cli("strikes", "give", "forum", "p412", "--draft", "--insist").code == 64


def test_an_appeal_is_opened_shown_and_reversed(cli: Cli) -> None:
    """What was done is undone on the platform, and the strike no longer counts."""
    cli("moderate", "hide", "forum", "p412", "--reason", "rude")
    cli("strikes", "give", "forum", "p412", "--reason", "rude")
    opened = cli("appeals", "open", "forum", "p412", "--text", "It was a joke.")
    assert opened.out.startswith("The appeal is open.")
    (appeal,) = cli("appeals", "--json").document["appeals"]
    assert "It was a joke." in cli("appeals").out
    shown = cli("appeals", "show", appeal["id"]).out
    assert "stands     hide on message by ann" in shown
    assert "stands     strike by ann" in shown
    document = cli("appeals", "show", appeal["id"], "--json").document
    assert [act["act"] for act in document["stands"]["acts"]] == ["hide"]
    said = cli("appeals", "reverse", appeal["id"], "--answer", "You are right.", "--draft")
    assert (said.code, said.out.splitlines()[0]) == (0, "Reversed.")
    assert "hide on message p412 was undone." in said.out
    assert "no longer counts" in said.out
    assert "The answer is in your draft of a reply." in said.out
    assert cli("appeals").out == "No appeal waits for a decision.\n"
    assert "reversed by ann" in cli("appeals", "--all").out
    assert cli("strikes", "--json").document["strikes"] == []


def test_an_appeal_is_upheld_and_the_decision_undone(cli: Cli) -> None:
    """By the one undo."""
    appeal = cli("appeals", "open", "forum", "p412", "--json").document
    assert cli("appeals", "uphold", appeal["id"]).out.startswith("What was done stands.")
    assert cli("undo", appeal["id"]).out.startswith("Taken back: appeal upheld on forum p412.")
    assert cli("appeals", "show", appeal["id"], "--json").document["state"] == "open"
    said = cli("appeals", "uphold", appeal["id"], "--draft").out
    assert "The answer was not put into a draft" in said
    cli("undo", appeal["id"])
    assert cli("undo").out.startswith("Taken back: appeal on forum p412.")
    assert cli("appeals", "--all", "--json").document["appeals"][0]["state"] == "withdrawn"


def test_what_a_platform_will_not_take_back_is_told_and_is_exit_code_one(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is reversed."""
    from modconsole.connectors.demo import DemoConnector
    from modconsole.errors import Refused

    cli("moderate", "hide", "forum", "p412")
    appeal = cli("appeals", "open", "forum", "p412", "--json").document

    def refuse(*_: object) -> None:
        raise Refused("The forum said no.")

    monkeypatch.setattr(DemoConnector, "act", refuse)
    said = cli("appeals", "reverse", appeal["id"])
    assert said.code == 1
    assert "! hide: The forum said no." in said.out


def test_strikes_and_appeals_are_in_the_journal(cli: Cli) -> None:
    """With everything else that we did."""
    cli("strikes", "give", "forum", "p412", "--rule", "rude")
    cli("appeals", "open", "forum", "p412", "--text", "why?")
    acts = cli("journal", "--mine", "--json").document["acts"]
    assert [(act["act"], act["text"]) for act in acts] == [
        ("reopen", "appeal"),
        ("appeal", "why?"),
        ("strike", "rule rude"),
    ]
