"""The JSON documents have the shapes that the exchange format's page gives them, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from modconsole.cli.root import COMMANDS
from modconsole.domain.ask import STATUSES
from tests.cli.conftest import Cli, write
from tests.scenarios.story import Story

Status = Literal[
    "waiting",
    "promised",
    "snoozed",
    "sending",
    "held",
    "unknown",
    "answered",
    "answered_privately",
    "closed",
    "withdrawn",
]
Time = Annotated[datetime, Meta(tz=True)]
NOW = "2026-03-05T12:00:00Z"


class Person(Struct, forbid_unknown_fields=True):
    id: str
    handle: str | None
    name: str | None


class Suggestion(Struct, forbid_unknown_fields=True):
    act: str
    reason: str


class Ask(Struct, forbid_unknown_fields=True):
    source: str
    conversation: str
    thread: str
    person: Person
    status: Status
    waiting_since: Time | None
    due_at: Time | None
    messages: list[str]
    badges: list[str]
    backlog: bool
    claimed_by: str | None
    suggestion: Suggestion | None


class Gap(Struct, forbid_unknown_fields=True, rename={"begins": "from", "ends": "to"}):
    conversation: str | None
    why: str
    since: Time
    begins: Time | None
    ends: Time | None


class Look(Struct, forbid_unknown_fields=True):
    source: str
    state: Literal["fresh", "stale", "failed"]
    checked_at: Time | None
    complete_through: Time | None
    why: str | None
    last_full_walk: Time | None
    rate_limited_until: Time | None
    gaps: list[Gap]
    conversation_gaps: int
    set_aside: int


class Waiting(Struct, forbid_unknown_fields=True):
    now: Time
    counts: dict[Status, int]
    coverage: list[Look]
    asks: list[Ask]


class ByMessage(Struct, forbid_unknown_fields=True):
    message: str
    effect: Literal["covers", "does not cover"]
    reason: str


class ByDecision(Struct, forbid_unknown_fields=True):
    decision: str
    effect: Literal["covers", "does not cover"]
    reason: str


class Why(Struct, forbid_unknown_fields=True):
    status: str
    waiting_since: Time | None
    because: list[Any]
    gap: Gap | None


class Done(Struct, forbid_unknown_fields=True):
    id: str
    status: str


class Imported(Struct):
    records: int
    new: int
    changed: int
    unchanged: int
    bad: int


def community() -> Story:
    """Somebody who waits, somebody who was answered, somebody who was closed, and a gap."""
    return (
        Story()
        .message("m1", "ann", "9:00")
        .message("m2", "bob", "9:10")
        .reply("r2", "9:30", under="m2")
        .message("m3", "carol", "9:40")
        .decide("close", "10:00", "m3", person="carol", reason="thanks")
        .look("11:00", complete_through="10:59", whole_source=True)
    )


@pytest.fixture
def filled(cli: Cli, tmp_path: Path) -> Cli:
    """The command line with that community in its database."""
    assert cli("import", str(write(tmp_path / "c.jsonl", community().records))).code == 0
    return cli


def test_waiting_has_the_shape_of_the_specification(filled: Cli) -> None:
    """Every key is there and no other; counts are of all asks, whatever is listed."""
    said = filled("waiting", "--json", "--now", NOW)
    found = msgspec.json.decode(said.out, type=Waiting)
    assert said.code == 0
    assert found.now == datetime.fromisoformat(NOW)
    assert [(ask.person.id, ask.status, ask.messages) for ask in found.asks] == [("ann", "waiting", ["m1"])]
    assert {status: n for status, n in found.counts.items() if n} == {"waiting": 1, "answered": 1, "closed": 1}
    assert [look.state for look in found.coverage] == ["fresh"]


def test_with_all_the_list_is_what_the_counters_count(filled: Cli) -> None:
    """Every counter equals the length of the list it counts."""
    found = msgspec.json.decode(filled("waiting", "--all", "--json").out, type=Waiting)
    assert Counter(ask.status for ask in found.asks) == Counter(found.counts)
    assert set(found.counts) == set(STATUSES)


def test_a_query_limits_the_list_and_the_counts(filled: Cli) -> None:
    """Counts are of all asks that match the query."""
    found = msgspec.json.decode(filled("waiting", "from:bob", "--json").out, type=Waiting)
    assert found.asks == []
    assert {status: n for status, n in found.counts.items() if n} == {"answered": 1}


@pytest.mark.parametrize(
    ("message", "status"), [("m1", "waiting"), ("m2", "answered"), ("m3", "closed"), ("r2", "not asking")]
)
def test_why_has_the_shape_of_the_specification(filled: Cli, message: str, status: str) -> None:
    """Each entry names a message or a decision, never both."""
    said = filled("why", "blog", message, "--json")
    found = msgspec.json.decode(said.out, type=Why)
    assert found.status == status
    for entry in found.because:
        msgspec.convert(entry, ByMessage if "message" in entry else ByDecision)
    assert (found.waiting_since is not None) == (status == "waiting")


def test_the_proof_names_what_covers(filled: Cli) -> None:
    """Our reply for one, the decision for the other."""
    effects = {
        message: [e for e in filled("why", "blog", message, "--json").document["because"] if e["effect"] == "covers"]
        for message in ("m2", "m3")
    }
    assert [entry["message"] for entry in effects["m2"]] == ["r2"]
    assert effects["m3"][0]["decision"].startswith("0000")


def test_an_act_says_its_id_and_the_status_after_it(filled: Cli) -> None:
    """And undo brings the ask back."""
    closed = msgspec.json.decode(filled("close", "blog", "m1", "--reason", "spam", "--json").out, type=Done)
    assert closed.status == "closed"
    assert filled("waiting", "--json").document["asks"] == []
    undone = msgspec.json.decode(filled("undo", closed.id, "--json").out, type=Done)
    assert (undone.id, undone.status) == (closed.id, "waiting")


def test_import_counts_what_it_did(cli: Cli, tmp_path: Path) -> None:
    """Records are new, changed or unchanged; a second time all are unchanged."""
    file = str(write(tmp_path / "c.jsonl", community().records))
    first = msgspec.json.decode(cli("import", file, "--json").out, type=Imported)
    again = msgspec.json.decode(cli("import", file, "--json").out, type=Imported)
    assert (first.records, first.new, first.bad) == (8, 8, 0)
    assert (again.records, again.unchanged) == (8, 8)


@pytest.mark.parametrize(
    "words",
    [
        ["waiting"],
        ["waiting", "--all"],
        ["why", "blog", "m1"],
        ["inbox"],
        ["search", "about"],
        ["journal"],
        ["verify"],
        ["export"],
        ["outbox"],
        ["sources"],
        ["sources", "list"],
        ["sources", "identities", "list", "blog"],
        ["sources", "identities", "add", "blog", "ann", "--yes"],
        ["sweep"],
        ["sync"],
        ["keys"],
        ["reply", "blog", "m1", "--text", "Hello"],
        ["claim", "blog", "m1"],
        ["release", "blog", "m1"],
        ["assign", "blog", "m1", "--to", "bob"],
        ["snooze", "blog", "m1", "--until", "8h"],
        ["unsnooze", "blog", "m1"],
        ["reopen", "blog", "m3"],
        ["note", "blog", "m1", "--text", "see above"],
        ["tag", "blog", "m1", "bug", "arm"],
        ["untag", "blog", "m1", "bug"],
        ["promise", "blog", "r2", "--until", "2030-01-01T00:00:00Z"],
        ["link", "blog", "m1", "--to", "r2"],
    ],
    ids=" ".join,
)
def test_json_is_one_document_in_ascii_and_nothing_else(filled: Cli, words: list[str]) -> None:
    """On standard output there is the document alone, and standard error is silent where it is no terminal."""
    said = filled(*words, "--json")
    assert isinstance(json.loads(said.out), dict | list)
    assert all(" " <= char <= "~" or char == "\n" for char in said.out)
    assert said.err == ""
    assert said.code in (0, 1, 2) if words[0] == "sweep" else said.code == 0


def test_every_command_is_there_and_says_what_it_does(cli: Cli) -> None:
    """The list of `--help` is what the commands say of themselves."""
    listed = cli("--help").out
    for name, (_, text) in COMMANDS.items():
        own = cli(name, "--help").out
        assert text.rstrip(".") in " ".join(own.split()), name
        assert name in listed
