"""The rule lab: a process that tries the rule that was written last."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modconsole.desk import lab as lab_module
from modconsole.desk import lab_events, lab_work
from modconsole.desk.desk import Desk
from modconsole.desk.lab import Lab
from modconsole.desk.lab_events import Done, Event, Failed, Hits, Problems, Progress, Ready, Request
from modconsole.store.ingest import ingest
from tests.scenarios.story import story

COMMENTS = 3_000


def document(words: str, more: str = "") -> str:
    """A rule as it is typed."""
    return f"id: tried\nname: Tried\nselect:\n  words:\n    {words}\n{more}do: [flag]\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk at some thousand comments; each tenth has the word, and what an expression can run wild on."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2] / "src"))
    found = Desk(tmp_path / "m.db", who="ann")
    told = story()
    for n in range(COMMENTS):
        told = told.message(
            str(n), f"p{n % 7}", "10:00", f"comment {n} {'airdrop ' + 'e' * 60 + ' end' if n % 10 == 0 else ''}"
        )
    ingest(found.db, told.records, found.now())
    yield found
    found.close()


@pytest.fixture
def lab(desk: Desk) -> Iterator[Lab]:
    """The lab at that desk."""
    found = Lab(desk)
    yield found
    found.close()


def until(lab: Lab, true: Callable[[list[Event]], bool], seconds: float = 30.0) -> list[Event]:
    """Everything that came until it is true of all that came."""
    found: list[Event] = []
    deadline = time.monotonic() + seconds
    while not true(found):
        assert time.monotonic() < deadline, found[-3:]
        found += lab.poll()
        time.sleep(0.002)
    return found


def ended(found: list[Event]) -> bool:
    """Whether a trial has come to its end."""
    return any(isinstance(each, Done | Failed) or (isinstance(each, Problems) and not each.usable) for each in found)


def test_a_rule_is_tried_problems_first_then_hits_then_all_of_it(lab: Lab) -> None:
    """Each event carries the number of the trial; the first hits come before the report."""
    number = lab.try_text(document("body (word): [airdrop]"), limit=5)
    found = [each for each in until(lab, ended) if not (isinstance(each, Progress) and each.copying)]
    assert {each.generation for each in found} == {number}
    assert isinstance(found[0], Problems)
    assert found[0].usable
    hits = [hit for each in found if isinstance(each, Hits) for hit in each.hits]
    done = found[-1]
    assert isinstance(done, Done)
    assert (
        [hit.message for hit in hits]
        == [hit.message for hit in done.report.first]
        == ["2990", "2980", "2970", "2960", "2950"]
    )
    assert (done.report.hits, done.report.of) == (COMMENTS // 10, COMMENTS)
    told = [each for each in found if isinstance(each, Progress)]
    assert (told[-1].done, told[-1].of, told[-1].hits) == (COMMENTS, COMMENTS, COMMENTS // 10)


def test_what_is_no_rule_is_said_with_its_place_and_nothing_else_comes(lab: Lab) -> None:
    """While it is typed, it is wrong most of the time."""
    lab.try_text(document("bodie (word): [airdrop]"))
    found = until(lab, ended)
    (said,) = [each for each in found if isinstance(each, Problems)]
    assert not said.usable
    assert [(each.line, "body" in each.hint) for each in said.problems if not each.warning] == [(5, True)]
    assert not any(isinstance(each, Hits | Done) for each in found)


def test_a_newer_rule_takes_the_place_of_the_older_and_only_it_is_heard_of(lab: Lab) -> None:
    """Typed as fast as one likes, the last one counts."""
    for words in ("comment", "com", "comm", "airdro", "airdrop"):
        last = lab.try_text(document(f"body (substring): [{words}]"))
    found = until(lab, ended)
    assert {each.generation for each in found if not isinstance(each, Progress)} == {last}
    done = found[-1]
    assert isinstance(done, Done)
    assert done.report.hits == COMMENTS // 10


def test_a_rule_that_takes_long_is_let_go_of_at_once(lab: Lab) -> None:
    """Expressions that run wild on hundreds of messages: the next rule does not wait for them."""
    until(lab, lambda found: any(isinstance(each, Progress) and each.done == each.of for each in found))
    times: list[float] = []
    for _ in range(5):
        lab.try_text(document("body (regex): ['(?:e|ee)+(?!.)']"))
        until(lab, lambda found: any(isinstance(each, Problems) for each in found))
        time.sleep(0.15)
        lab.ended_in = None
        lab.try_text(document("body (word): [zxq]"))
        until(lab, ended)
        assert lab.ended_in is not None
        times.append(lab.ended_in)
    assert sorted(times)[2] < 0.06  # an expression holds the interpreter for its own limit at most
    assert max(times) < 0.5


def test_what_was_cancelled_is_heard_of_no_more_and_the_next_rule_is_tried(lab: Lab) -> None:
    """Nothing of it comes, not even its end."""
    lab.try_text(document("body (word): [airdrop]"))
    lab.cancel()
    number = lab.try_text(document("body (word): [zxq]"))
    found = until(lab, ended)
    assert {each.generation for each in found if not isinstance(each, Progress)} == {number}


def test_it_compares_with_the_other_version_and_with_the_rules_of_the_folder(desk: Desk) -> None:
    """What it would add and lose, and who else hits the same."""
    desk.rules.mkdir()
    (desk.rules / "lists.yaml").write_text("drops: [airdrop]\n")
    (desk.rules / "other.yaml").write_text(document("body (word): [airdrop]").replace("tried", "other"))
    lab = Lab(desk)
    lab.try_text(document("body (word): ['list:drops']"), document("body (word): [zxq]"))
    done = until(lab, ended)[-1]
    assert isinstance(done, Done)
    assert (done.report.added, done.report.lost) == (COMMENTS // 10, 0)
    assert [(each.rule, each.hits) for each in done.report.overlaps] == [("other", COMMENTS // 10)]
    lab.close()


def test_what_came_in_meanwhile_is_found(desk: Desk, lab: Lab) -> None:
    """By a colleague, or by the sync: the next trial sees it."""
    lab.try_text(document("body (word): [brandnew]"))
    first = until(lab, ended)[-1]
    ingest(desk.db, story().message("new", "eve", "11:00", "a brandnew comment").records, desk.now())
    lab.try_text(document("body (word): [brandnew]"))
    second = until(lab, ended)[-1]
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert (first.report.hits, second.report.hits) == (0, 1)


def test_whoever_waits_is_told_that_something_came(desk: Desk) -> None:
    """So that a screen need not look again and again."""
    came = threading.Event()
    lab = Lab(desk, told=came.set)
    lab.try_text(document("body (word): [airdrop]"))
    assert came.wait(30)
    lab.close()


def test_a_process_that_died_says_so_and_is_started_again_by_the_next_rule(lab: Lab) -> None:
    """Whatever killed it."""
    lab.try_text(document("body (word): [airdrop]"))
    until(lab, ended)
    os.kill(lab._process.pid, signal.SIGKILL)
    said = until(lab, lambda found: any(isinstance(each, Failed) for each in found))[-1]
    assert isinstance(said, Failed)
    assert said.hint
    lab.try_text(document("body (word): [airdrop]"))
    assert isinstance(until(lab, ended)[-1], Done)


def test_closing_ends_the_process_and_can_be_done_twice(desk: Desk) -> None:
    """Also while a rule is tried."""
    lab = Lab(desk)
    lab.try_text(document("body (regex): ['(?:e|ee)+(?!.)']"))
    lab.close()
    assert not lab.running
    lab.close()
    assert lab.try_text("x") == 2


def test_the_process_ends_with_whoever_started_it(desk: Desk) -> None:
    """Not even a console that is killed leaves it behind: its input ends."""
    lab = Lab(desk)
    lab.try_text(document("body (word): [airdrop]"))
    until(lab, ended)
    assert lab._process.stdin is not None
    lab._process.stdin.close()
    lab._closed = True
    assert lab._process.wait(10) == 0


def test_a_database_that_cannot_be_read_is_said_with_what_to_do(desk: Desk) -> None:
    """The folder of the copy is a file."""
    desk.path.with_suffix(".texts").write_text("")
    lab = Lab(desk)
    lab.try_text(document("body (word): [airdrop]"))
    said = until(lab, ended)[-1]
    assert isinstance(said, Failed)
    assert "texts" in said.words
    assert said.hint
    lab.close()


# -- the worker, in this process ----------------------------------------------------------------------------------------------


def answers(desk: Desk, *asked: bytes) -> list[Event]:
    """What a worker says to some lines."""
    told = io.BytesIO()
    before = signal.getsignal(signal.SIGUSR1)
    try:
        lab_work.Worker(desk, io.BytesIO(b"".join(asked)), told).serve()
    finally:
        signal.signal(signal.SIGUSR1, before)
    return [lab_events.event(line) for line in told.getvalue().splitlines()]


def test_a_line_that_is_no_request_is_passed_over(desk: Desk) -> None:
    """Nobody else should write there; nothing falls over when somebody does."""
    found = answers(desk, b"what?\n", b"{}\n", b"\xff\n")
    assert all(isinstance(each, Progress | Ready) for each in found)


def test_words_of_strangers_come_through_as_they_are(desk: Desk) -> None:
    """Raw: who shows them makes them inert."""
    hit = lab_events.event(lab_events.line(Failed(generation=1, words="\x1b[31m\u202e\x00")))
    assert isinstance(hit, Failed)
    assert hit.words == "\x1b[31m\u202e\x00"
    assert lab_events.request(lab_events.line(Request(generation=1, text="\x1b"))) == Request(generation=1, text="\x1b")


def test_progress_is_told_now_and_then_and_at_the_end(desk: Desk) -> None:
    """Not with every step: somebody has to read it."""
    said: list[Event] = []

    class Silent(lab_work.Worker):
        def _say(self, event: Event) -> None:
            said.append(event)

    paced = lab_work._Paced(Silent(desk, io.BytesIO(), io.BytesIO()), 3)
    for n in range(1, 101):
        paced(n, 100, n)
    assert [each.done for each in said if isinstance(each, Progress)][-1] == 100
    assert len(said) < 20


def test_the_process_is_a_command_of_its_own_that_nobody_sees(desk: Desk) -> None:
    """It is hidden, and knows the database and the rules of the desk."""
    words = lab_module.command(desk.path, desk.rules)
    assert words[1:] == ["-m", "modconsole", "--db", str(desk.path), "rules", "lab", "--rules", str(desk.rules)]
