"""docs/exchange.md is the reference of the exchange format: every key is on it, and its examples are true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import fields

from modconsole.connectors import demo
from modconsole.domain import exchange, hours
from modconsole.domain.ask import STATUSES
from modconsole.domain.records import SEND_STATES, Attachment, Author, Gap, Identity, Message, Record
from modconsole.domain.times import parse, to_text
from modconsole.domain.world import answer

PAGE = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text("utf-8")
GUIDE = (Path(__file__).parents[2] / "docs" / "guide.md").read_text("utf-8")
BLOCKS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


def section(name: str) -> str:
    found = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


@pytest.mark.parametrize("form", get_args(Record), ids=lambda form: form.__name__.lower())
def test_every_key_of_a_record_is_on_the_page(form: Any) -> None:
    """A key that is added to a record has to be explained where that record is."""
    general = PAGE.split("## `source`")[0]
    text = section(form.__name__.lower()) + (general if form is not Message else "")
    # `extra` is not a key of the line: it is where the reader keeps the keys that it does not know
    keys = [field.encode_name for field in fields(form) if field.name != "extra"]
    assert [key for key in keys if f"`{key}`" not in text] == []


@pytest.mark.parametrize(
    ("form", "where"), [(Identity, "source"), (Author, "message"), (Attachment, "message"), (Gap, "coverage")]
)
def test_every_key_inside_a_record_is_on_the_page(form: Any, where: str) -> None:
    """So have the keys of the objects inside records."""
    text = section(where)
    assert [key for key in form.__struct_encode_fields__ if f"`{key}`" not in text] == []


@pytest.mark.parametrize("form", [*get_args(Record), Identity, Author])
def test_required_keys_carry_a_star(form: Any) -> None:
    """Exactly the keys that the reader insists on are marked as required."""
    where = {"identity": "source", "author": "message"}.get(form.__name__.lower(), form.__name__.lower())
    text = section(where)
    if form in (Identity, Author):
        text = next(line for line in text.splitlines() if line.startswith(("| `identities`", "| ★ `author`")))
        text = text.split("|")[2]
    starred = set(re.findall(r"★ `(\w+)`", text))
    required = {field.encode_name for field in fields(form) if field.required}
    # the `id` of an author or an identity is starred within the section of its record
    assert starred - {"id"} == required - {"id"}
    assert "id" in starred or "id" not in required


def test_the_first_example_can_be_imported_and_says_who_waits() -> None:
    """Imani waits, since a bot's greeting covers nothing."""
    records = [exchange.decode(line.encode()) for line in BLOCKS[0].strip().splitlines()]
    (ask,) = answer(records, parse("2026-11-21T22:10:00Z"))
    assert (ask.status, ask.person, ask.badges) == ("waiting", "imani", ("bot only", "new"))


def test_the_example_of_an_answer_is_that_of_the_demo() -> None:
    """The ask shown is the one that the demo has when it is started at that time."""
    told = json.loads(BLOCKS[1])
    now = parse(told["now"])
    found = answer(demo.records(now), now)
    assert told["counts"] == {status: sum(ask.status == status for ask in found) for status in told["counts"]}
    (shown,) = told["asks"]
    ask = next(ask for ask in found if ask.person == shown["person"]["id"])
    assert ask.waiting_since is not None
    assert ask.due_at is not None
    assert (to_text(ask.waiting_since), to_text(ask.due_at)) == (shown["waiting_since"], shown["due_at"])
    assert (list(ask.messages), list(ask.badges), ask.thread) == (shown["messages"], shown["badges"], shown["thread"])


def test_the_spellings_of_business_hours_are_read() -> None:
    """What the page shows, the program takes: one stretch, and two."""
    spelled = re.findall(r"`(Mon-Fri [^`]+)`", section("source"))
    assert [len(hours.parse(text)) for text in spelled] == [1, 2]


def test_every_state_of_a_send_is_on_the_page() -> None:
    """All of them, since other programs have to know what they may read."""
    assert [state for state in SEND_STATES if f"`{state}`" not in section("send")] == []


@pytest.mark.parametrize("word", ["import", "export", "waiting", "why", "sweep", "verify", "reply", "close", "snooze"])
def test_the_guide_names_every_command_of_the_format(word: str) -> None:
    """The commands that speak the format are in the guide's overview."""
    assert re.search(rf"^\| .*\b{word}\b", GUIDE, re.MULTILINE)


def test_the_guides_table_of_statuses_is_complete_and_true() -> None:
    """Each status is explained, with somebody of the demo who has it."""
    table = GUIDE.split("### Where an ask can stand")[1].split("###")[0]
    rows = re.findall(r"^\| ([a-z ]+) \| [^|]+ \| ([^|]+) \|$", table, re.MULTILINE)[1:]
    assert {status.replace(" ", "_") for status, _ in rows} == set(STATUSES)
    now = parse("2026-11-21T22:10:00Z")
    names = {r.author.id: r.author.name or "" for r in demo.records(now) if isinstance(r, Message)}
    found = {(ask.status, names[ask.person].casefold()) for ask in answer(demo.records(now), now)}
    for status, who in rows:
        wanted = (status.replace(" ", "_"), who.casefold())
        assert any(s == wanted[0] and name.startswith(wanted[1]) for s, name in found), wanted
