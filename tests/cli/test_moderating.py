"""`acts` and `moderate`, on the demo's places, which live in this process."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modconsole.desk import demo, moderating
from modconsole.desk.desk import Desk
from modconsole.store.db import Db
from modconsole.sync import registry
from tests.cli.conftest import Cli


@pytest.fixture(autouse=True)
def _filled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo, with places of its own."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})
    desk = Desk(home / "home" / "modconsole.db")
    demo.fill(desk)
    desk.close()


def hurry(home: Path) -> None:
    """The time to call something off is over."""
    with Db(home / "home" / "modconsole.db") as db:
        db.run("update moderation set not_before = 0")


def test_what_can_be_done_is_listed_with_sentences(cli: Cli) -> None:
    """What it does there, how it is taken back, what it takes; and why not, where it cannot be done."""
    out = cli("acts", "forum").out
    assert "message · hide: Hides the post until its author has edited it. Taken back: shown again." in out
    assert "message · report: Flags the post" in out
    assert "Cannot be taken back. (needs label; takes reason; labels: spam, off topic, rude, something else)" in out
    assert "person · ban: Suspends the account" in out
    assert "NOT NOW: This account lacks the right to suspend people (an administrator)." in out
    only = cli("acts", "forum", "--person", "mateus").out.splitlines()
    assert {line.partition(" ")[0] for line in only} == {"person"}


def test_what_fits_a_message_is_listed_with_what_was_done_to_it(cli: Cli) -> None:
    """A held comment can be approved and not held; then it is the other way round."""
    before = cli("acts", "blog", "c222", "--json").document
    assert [act["act"] for act in before["acts"] if act["on"] == "message"] == ["approve", "spam", "remove"]
    assert before["done"] == []
    done = cli("moderate", "approve", "blog", "c222", "--reason", "fine", "--json").document
    assert (done["was"], done["became"], done["status"], done["state"]) == ("held", "live", "waiting", "done")
    after = cli("acts", "blog", "c222", "--json").document
    assert [act["act"] for act in after["acts"] if act["on"] == "message"] == ["hold", "spam", "remove"]
    assert [(act["id"], act["reason"], act["undone"]) for act in after["done"]] == [(done["id"], "fine", False)]
    assert "Done so far:" in cli("acts", "blog", "c222").out


def test_an_act_on_a_message_is_told_and_taken_back(cli: Cli) -> None:
    """With the word of the first release too."""
    said = cli("moderate", "trash", "blog", "c203")
    assert (said.code, said.out) == (0, "The message was live and is removed.\n")
    assert cli("journal", "--json").document["acts"][0]["act"] == "remove"
    assert cli("undo").out == "Taken back: remove on blog c203. The ask is now waiting.\n"
    assert cli("acts", "blog", "c203", "--json").document["done"][0]["undone"] is True


def test_a_person_is_named_by_what_they_wrote_or_by_their_id(cli: Cli) -> None:
    """With an end and a reason; the undo says whom it was about."""
    done = cli("moderate", "mute", "forum", "p412", "--on", "person", "--until", "7d", "--reason", "rude", "--json")
    assert done.code == 0
    assert (done.document["on"], done.document["target"], done.document["message"]) == ("person", "mateus", "p412")
    (act,) = cli("journal", "--limit", "1", "--json").document["acts"]
    assert (act["act"], act["on"], act["person"], act["text"]) == ("mute", "person", "mateus", "rude")
    assert act["until"] == done.document["until"] is not None
    assert cli("undo").out == "Taken back: mute on forum mateus. The ask is now waiting.\n"
    assert cli("moderate", "mute", "forum", "--person", "kofi").out == "Done: mute person kofi.\n"
    assert "kofi" in cli("acts", "forum", "--person", "kofi").out


def test_a_conversation_is_locked_and_labelled(cli: Cli) -> None:
    """By a message in it, or by its id; a label as the platform spells it."""
    assert cli("moderate", "lock", "forum", "p412", "--on", "conversation").out == "Done: lock conversation t41.\n"
    assert (
        cli("moderate", "label", "forum", "--conversation", "t41", "--label", "BUG", "--json").document["label"]
        == "bug"
    )
    wrong = cli("moderate", "label", "forum", "--conversation", "t41", "--label", "ugly")
    assert wrong.code == 64
    assert "There are: bug, solved, waiting for parts." in wrong.err


def test_what_cannot_be_taken_back_needs_a_yes_and_is_done_by_the_next_sync(cli: Cli, home: Path) -> None:
    """Until then it is in the outbox, and undo calls it off."""
    words = ("moderate", "report", "masto", "s101", "--label", "spam")
    refused = cli(*words)
    assert refused.code == 64
    assert "It cannot be taken back. Say --yes" in refused.err
    said = cli(*words, "--yes")
    assert re.fullmatch(r"It is done by the first sync after \d+ s; `modconsole undo` calls it off\.\n", said.out)
    (act,) = cli("outbox", "--json").document["acts"]
    assert (act["act"], act["state"], act["due_at"] is None) == ("report", "queued", False)
    assert cli("undo").out == "Called off: report on masto s101. The ask is now waiting.\n"
    assert cli("outbox", "--json").document["acts"][0]["state"] == "cancelled"
    cli(*words, "--yes")
    hurry(home)
    assert "1 act carried out" in cli("sync", "masto").out
    late = cli("undo", cli("journal", "--json").document["acts"][0]["id"])
    assert late.code == 2
    assert "cannot be taken back" in late.err


def test_an_act_of_which_nobody_knows_is_tried_again_or_let_go_in_the_outbox(cli: Cli, home: Path) -> None:
    """`retry` does it again, `take-back` lets it go."""
    for person in ("mateus", "kofi"):
        cli("moderate", "mute", "forum", "--person", person)
    with Db(home / "home" / "modconsole.db") as db:
        db.run("update moderation set state = 'unsure', trouble = 'Lost.'")
    kofi, mateus = cli("outbox", "--json").document["acts"]
    assert "Lost." in cli("outbox").out
    assert cli("outbox", "retry", kofi["id"]).out == "mute: done.\n"
    assert cli("outbox", "take-back", mateus["id"]).out == "Called off: mute.\n"
    assert [act["state"] for act in cli("journal", "--limit", "2", "--json").document["acts"]] == ["done", "cancelled"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["moderate", "ban", "forum", "--person", "mateus", "--reason", "x"], 2, "does not let this account"),
        (["moderate", "sing", "forum", "p412"], 2, "has no act 'sing' for a message"),
        (["moderate", "mute", "forum", "p412"], 2, "has no act 'mute' for a message"),
        (["moderate", "mute", "forum"], 64, "Name a MESSAGE"),
        (["moderate", "mute", "forum", "p412", "--on", "person", "--person", "kofi"], 64, "Name one thing"),
        (["moderate", "mute", "forum", "--person", "kofi", "--conversation", "t41"], 64, "Name one thing"),
        (["moderate", "remove", "blog", "nope"], 2, "no message 'nope'"),
        (["moderate", "remove", "nope", "c203"], 2, "no message 'c203' in source 'nope'"),
        (["moderate", "mute", "forum", "--person", "kofi", "--until", "soon"], 64, "no time"),
        (["moderate", "mute", "forum", "--person", "kofi", "--until", "2020-01-01T00:00:00Z"], 64, "end in the past"),
        (["acts", "forum", "nope"], 2, "no message 'nope'"),
    ],
)
def test_what_cannot_be_done_says_why(cli: Cli, words: list[str], code: int, said: str) -> None:
    """On standard error, and nothing on standard output."""
    result = cli(*words)
    assert (result.code, result.out) == (code, "")
    assert said in result.err


def test_an_act_because_of_a_rule_has_its_words_as_the_reason_and_can_leave_a_notice(cli: Cli, home: Path) -> None:
    """The same words for members everywhere; a reason that is given wins."""
    done = cli("moderate", "hold", "blog", "c203", "--rule", "advertising", "--notice")
    assert done.out.endswith("A notice is in your draft of a reply to blog c203.\n")
    (act,) = cli("journal", "--limit", "1", "--json").document["acts"]
    assert act["text"].startswith("Please do not advertise here.")
    draft = Desk(home / "home" / "modconsole.db").db.value("select text from draft where message = 'c203'")
    assert draft.startswith("Your comment of ")
    assert "is held until a moderator has read it." in draft
    assert cli("moderate", "hide", "forum", "p412", "--rule", "advertising", "--reason", "mine").code == 0
    assert cli("journal", "--limit", "1", "--json").document["acts"][0]["text"] == "mine"
    assert cli("moderate", "hold", "blog", "c214", "--notice").code == 64
    assert cli("moderate", "hold", "blog", "c214", "--rule", "nothing").code == 2
