"""The real conversations of chitchat-dataset: the rules on a small file of our own, and the facts on the real one."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from modconsole.connectors import chitchat
from modconsole.domain import exchange
from modconsole.domain.records import Conversation, Message, Record, Source
from modconsole.domain.times import parse, to_instant
from modconsole.domain.world import answer
from modconsole.errors import InputError, NotFound

real = pytest.mark.skipif(
    importlib.util.find_spec(chitchat.PACKAGE) is None,
    reason="the package chitchat-dataset is not installed (the extra `real`)",
)


def said(sender: str, text: str, at: str) -> dict[str, str]:
    return {"text": text, "timestamp": at, "sender": sender}


def talk(*turns: list[dict[str, str]], **keys: Any) -> dict[str, Any]:
    return {"messages": list(turns), "start": "2018-05-03T01:38:01Z", "ratings": {"witty": "1", "int": 5}, **keys}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Fifty conversations of `helper` with one person each, and a few odd ones."""
    talks = {
        f"c{number}": talk(
            [said(f"p{number}", "Hello?", "2018-05-02T19:38:15Z")], [said("helper", "Hi!", "2018-05-02T19:38:20Z")]
        )
        for number in range(50)
    }
    talks["open"] = talk(
        [said("ann", "Is anybody there?", "2018-05-02T19:38:15"), said("ann", "  ", "2018-05-02T19:38:15")],
        prompt="What keeps you up?",
    )
    talks["three"] = talk(
        [said("ann", "One", "2018-05-02T10:00:00Z")],
        [said("bob", "Two", "2018-05-02T10:00:01+02:00")],
        [said("cleo", "Three", "2018-05-02T10:00:02Z")],
        prompt="",
    )
    path = tmp_path / "dataset.json"
    path.write_bytes(msgspec.json.encode(talks))
    return path


def of(found: list[Record], conversation: str) -> list[Message]:
    return [r for r in found if isinstance(r, Message) and r.conversation == conversation]


def place(found: list[Record], conversation: str) -> Conversation:
    return next(r for r in found if isinstance(r, Conversation) and r.id == conversation)


def test_us_is_who_took_part_in_fifty_conversations(small: Path) -> None:
    """The account with exactly fifty is one of us, and nobody else."""
    source = next(chitchat.records(small))
    assert isinstance(source, Source)
    assert [identity.id for identity in source.identities or ()] == ["helper"]


def test_one_conversation_fewer_and_nobody_is_us(small: Path) -> None:
    """Forty-nine are not enough."""
    talks = msgspec.json.decode(small.read_bytes())
    del talks["c0"]
    small.write_bytes(msgspec.json.encode(talks))
    source = next(chitchat.records(small))
    assert isinstance(source, Source)
    assert source.identities == []


def test_ids_are_the_conversation_and_the_number_in_the_file(small: Path) -> None:
    """Messages of one second keep the order of the file through the number in their id."""
    found = list(chitchat.records(small))
    assert [(m.id, m.text) for m in of(found, "open")] == [("open:1", "Is anybody there?"), ("open:2", "  ")]


def test_both_spellings_of_a_time_are_read(small: Path) -> None:
    """With Z, with an offset, and without either, which is UTC."""
    found = list(chitchat.records(small))
    assert to_instant(of(found, "open")[0].created_at) == parse("2018-05-02T19:38:15Z")
    assert to_instant(of(found, "c1")[0].created_at) == parse("2018-05-02T19:38:15Z")
    assert to_instant(of(found, "three")[1].created_at) == parse("2018-05-02T08:00:01Z")


def test_a_conversation_is_direct_unless_more_than_two_take_part(small: Path) -> None:
    """One writer whom nobody answered, and two, make a direct message; three a group."""
    found = list(chitchat.records(small))
    kinds = {name: place(found, name).kind for name in ("open", "c1", "three")}
    assert kinds == {"open": "dm", "c1": "dm", "three": "group_dm"}


def test_the_prompt_is_the_title_where_there_is_one(small: Path) -> None:
    """A missing prompt and an empty one give no title."""
    found = list(chitchat.records(small))
    assert [place(found, name).title for name in ("open", "c1", "three")] == ["What keeps you up?", None, None]


def test_who_was_not_answered_waits(small: Path) -> None:
    """Fifty people were answered by the helper; the others wait, each in each conversation."""
    asks = answer(chitchat.records(small), parse("2018-06-01T00:00:00Z"))
    assert Counter(ask.status for ask in asks) == {"answered": 50, "waiting": 4}
    assert {ask.messages for ask in asks if ask.conversation == "open"} == {("open:1", "open:2")}


def test_multiplied_copies_are_apart_and_earlier(small: Path) -> None:
    """Each copy has ids and people of its own and shares only who is us; nothing of it is later than the original."""
    found = list(chitchat.records(small, multiply=3))
    messages = [record for record in found if isinstance(record, Message)]
    assert len(messages) == len({message.id for message in messages}) == 3 * 105
    assert {record.author.id for record in of(found, "c7~2")} == {"p7~2", "helper"}
    shift = of(found, "c7")[0].created_at - of(found, "c7~2")[0].created_at
    assert shift == 2 * chitchat.COPY_SHIFT > timedelta(0)
    assert [m.id for m in of(found, "open~1")] == ["open~1:1", "open~1:2"]
    asks = Counter(ask.status for ask in answer(found, parse("2018-06-01T00:00:00Z")))
    assert asks == {"answered": 150, "waiting": 12}


def test_a_written_file_is_the_exchange_format(small: Path, tmp_path: Path) -> None:
    """Read line by line it gives the same records, and the summary counts them."""
    target = tmp_path / "out.jsonl"
    assert chitchat.write_jsonl(target, data=small, multiply=2) == (104, 210)
    lines = target.read_bytes().splitlines()
    again = [msgspec.json.decode(exchange.encode(exchange.decode(line))) for line in lines]
    assert again == [msgspec.json.decode(exchange.encode(record)) for record in chitchat.records(small, multiply=2)]


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the real conversations without the extra is told how to get them."""
    monkeypatch.setattr(chitchat, "PACKAGE", "chitchat_dataset_that_is_not_there")
    with pytest.raises(NotFound) as missing:
        next(chitchat.records())
    assert "pip install 'modconsole[real]'" in missing.value.hint


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"c1": {"messages": [[{"text": 1}]]}}'])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    """The error names the file, and never shows a traceback."""
    path = tmp_path / "dataset.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"dataset\.json"):
        list(chitchat.records(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Also where the package's file was taken away between finding and reading it."""
    with pytest.raises(InputError, match="cannot be read"):
        next(chitchat.records(tmp_path / "none.json"))


def test_less_than_one_copy_is_refused(small: Path) -> None:
    """Nothing multiplied by zero is a slip, not a wish."""
    with pytest.raises(InputError, match="must be 1 or more"):
        next(chitchat.records(small, multiply=0))


@real
def test_the_real_set_is_complete_and_as_described() -> None:
    """The counts of the module's docstring, one by one."""
    count: Counter[str] = Counter()
    sides: Counter[tuple[bool, int]] = Counter()
    us: set[str] = set()
    people: set[str] = set()
    before: Message | None = None
    lines: set[tuple[str, Any, str]] = set()
    everyone: set[str] = set()

    def finish() -> None:
        if people:
            sides[bool(people - us), len(people & us)] += 1
            count["one writer"] += len(people) == 1

    for record in chitchat.records():
        if isinstance(record, Source):
            us = {identity.id for identity in record.identities or ()}
        elif isinstance(record, Conversation):
            finish()
            people, lines, before = set(), set(), None
            count["conversations"] += 1
            count["no title"] += record.title is None
            count["groups"] += record.kind == "group_dm"
        elif isinstance(record, Message):
            line = (record.author.id, record.created_at, record.text)
            count["messages"] += 1
            count["empty"] += not record.text.strip()
            count["repeated"] += line in lines
            count["same second"] += before is not None and before.created_at == record.created_at
            count["backwards"] += before is not None and before.created_at > record.created_at
            people.add(record.author.id)
            everyone.add(record.author.id)
            lines.add(line)
            before = record
    finish()
    assert count == {
        "conversations": 7168,
        "messages": 258_145,
        "empty": 33,
        "repeated": 749,
        "same second": 7157,
        "no title": 243,
        "one writer": 3150,
    } | {"groups": 0, "backwards": 0}
    assert (len(us), len(everyone)) == (33, 1315)
    assert (sides[False, 1], sides[False, 2]) == (1971, 1074)
    assert sum(n for (_, ours), n in sides.items() if not ours) == 2491


@real
def test_reading_the_real_set_imports_nothing_of_the_package() -> None:
    """Its module would load everything into dictionaries."""
    next(chitchat.records())
    assert chitchat.PACKAGE not in sys.modules
