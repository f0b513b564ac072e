"""What can be chosen about a source, in words and back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from modconsole.desk import choices
from modconsole.desk.choices import WrongAnswers, chosen, fields, texts
from modconsole.domain.records import Identity, Source
from modconsole.domain.times import to_datetime, to_text
from tests.scenarios.story import when

NOW = when("12:00")
BOT = Identity(id="us:2", name="Acme Bot")


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Days begin where the machine is."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    os.environ.setdefault("TZ", "UTC")
    time.tzset()


def source(**given: Any) -> Source:
    return Source(id="blog", platform="village", identities=[Identity(id="us:1", name="Acme")], **given)


def test_what_was_not_changed_stays_exactly_as_it_was() -> None:
    """Also where its spelling holds less than the record, as seconds of the backlog's beginning."""
    record = source(
        connected_at=to_datetime(NOW - 12_345_678),
        target_hours=7.25,
        hours="Mon-Fri 09:00-17:00 Europe/Berlin",
        answer="opener",
        fresh_within=20.0,
    )
    assert chosen(record, texts(record), NOW) == record
    assert chosen(record, {}, NOW) == record


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("now", "2026-03-02T12:00:00Z"),
        ("none", None),
        ("", None),
        ("2d", "2026-02-28T12:00:00Z"),
        ("2026-01-05", "2026-01-04T23:00:00Z"),
        ("2026-01-05 09:30", "2026-01-05T08:30:00Z"),
        ("2026-01-05T09:30:00+01:00", "2026-01-05T08:30:00Z"),
    ],
)
def test_backlog_begins_when_somebody_says(typed: str, instant: str | None) -> None:
    """A word, a stretch of time, a day or a time on this machine's clock, or a time with an offset."""
    found = chosen(source(connected_at=to_datetime(NOW - 1)), {"backlog": typed}, NOW).connected_at
    assert (to_text(int(found.timestamp()) * 1_000_000) if found is not None else None) == instant


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("backlog", "tomorrow", "Write now, none, 30d"),
        ("backlog", "2027-01-01", "still to come"),
        ("backlog", "999999w", "too long ago"),
        ("target-hours", "0", "above zero"),
        ("target-hours", "soon", "above zero"),
        ("hours", "nine to five", "no stretch of business hours"),
        ("fresh-within", "-3", "above zero"),
        ("answer", "nobody", "One of: usual, everyone"),
        ("source", "my blog", "Without spaces"),
        ("source", "-blog", "no minus"),
        ("us:us:1", "king", "One of: not us, person"),
    ],
)
def test_what_cannot_be_is_said_of_its_own_field(name: str, typed: str, said: str) -> None:
    """And no other field is blamed."""
    with pytest.raises(WrongAnswers) as caught:
        chosen(source(), {name: typed, "name": "Fine"}, NOW)
    assert list(caught.value.fields) == [name]
    assert said in caught.value.fields[name]


def test_nobody_is_us_but_who_was_named() -> None:
    """Whom the platform suggests is offered, and stays out until somebody says so."""
    offered = {each.name: each for each in fields(source(), [BOT], new=True)}
    assert offered["us:us:2"].choices[0] == choices.NOT_US
    assert texts(source(), [BOT])["us:us:2"] == choices.NOT_US
    kept = chosen(source(), {}, NOW, [BOT]).identities or []
    assert [each.id for each in kept] == ["us:1"]
    added = chosen(source(), {"us:us:2": "bot that counts", "us:us:1": "page"}, NOW, [BOT]).identities or []
    assert [(each.id, each.name, each.kind, each.counts) for each in added] == [
        ("us:1", "Acme", "page", None),
        ("us:2", "Acme Bot", "bot", True),
    ]
    gone = chosen(source(), {"us:us:1": "not us"}, NOW)
    assert gone.identities is None


@pytest.mark.parametrize(
    ("typed", "ident", "kind"),
    [
        ("user:7", "user:7", "person"),
        ("user:7:bot", "user:7", "bot"),
        ("@ann:matrix.example:page", "@ann:matrix.example", "page"),
        ("bot", "bot", "person"),
    ],
)
def test_an_id_may_have_colons_and_its_kind_stands_behind_the_last(typed: str, ident: str, kind: str) -> None:
    """As Matrix and WordPress write ids."""
    found = choices.identity_of(typed)
    assert (found.id, found.kind) == (ident, kind)


def test_an_id_that_is_typed_keeps_the_name_that_the_platform_gave() -> None:
    """Several stand with commas between them."""
    found = chosen(source(), {"others": "us:2:bot, us:9"}, NOW, [BOT]).identities or []
    assert [(each.id, each.name, each.kind) for each in found[1:]] == [
        ("us:2", "Acme Bot", "bot"),
        ("us:9", None, "person"),
    ]
