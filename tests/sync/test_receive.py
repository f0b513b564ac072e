"""What is taken from a delivery: all of it or nothing, and only what is its source's to write."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from modconsole.connectors.webhook import Delivery, Reply
from modconsole.domain.records import Source
from modconsole.domain.times import HOUR, MINUTE, to_datetime, to_text
from modconsole.errors import InputError
from modconsole.store import marks, places, received
from modconsole.store.db import Db
from modconsole.sync import receive

NOW = 1_795_000_000_000_000
ADDED = NOW - HOUR


@pytest.fixture
def db(tmp_path: Path) -> Db:
    made = Db(tmp_path / "m.db")
    received.add(made, Source(id="shop", platform="custom", connected_at=to_datetime(ADDED)), 60.0, ADDED)
    return made


def message(ident: str, **more: Any) -> dict[str, Any]:
    base = {"type": "message", "source": "shop", "id": ident, "conversation": "c", "author": {"id": "ann"}}
    return {**base, "created_at": to_text(NOW - MINUTE), "text": "hi", **more}


def lines(*records: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


def take(db: Db, body: bytes, ident: str = "d1", source: str = "shop") -> Reply:
    return receive.take(db, Delivery(source, ident, body), lambda: NOW)


def stored(db: Db) -> list[str]:
    return [row[0] for row in db.rows("select native from message order by native")]


ONE = message("1")
TWO = message("2")


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (lines(ONE), ["1"]),
        (lines(ONE, TWO), ["1", "2"]),
        (b"\n\r\n" + lines(ONE) + b"\r\n\n" + lines(TWO) + b"\n", ["1", "2"]),
        (json.dumps([ONE, TWO]).encode(), ["1", "2"]),
        (json.dumps([ONE, TWO], indent=2).encode(), ["1", "2"]),
        (json.dumps(ONE, indent=2).encode(), ["1"]),
        (b"\xef\xbb\xbf" + lines(ONE), ["1"]),
    ],
)
def test_lines_a_list_and_a_single_record_are_taken(db: Db, body: bytes, ids: list[str]) -> None:
    """However a sender likes to write them."""
    reply = take(db, body)
    assert reply == Reply(200, {"status": "stored", "records": len(ids), "new": len(ids), "changed": 0, "unchanged": 0})
    assert stored(db) == ids


def test_the_same_delivery_again_changes_nothing(db: Db) -> None:
    """Whatever is in it the second time: its id says that it is the same."""
    take(db, lines(ONE))
    assert take(db, lines(TWO)) == Reply(200, {"status": "received before"})
    assert stored(db) == ["1"]


def test_one_bad_record_keeps_everything_out(db: Db) -> None:
    """The answer names its line, its key, and what was expected; mended, it is taken under the same id."""
    bad = message("2")
    del bad["created_at"]
    reply = take(db, lines(ONE, bad, message("3", state="odd")) + b"\n{")
    assert reply.status == 422
    assert [(e["line"], e.get("key", "")) for e in reply.body["errors"]] == [(2, "created_at"), (3, "state"), (4, "")]
    assert "one of live" in reply.body["errors"][1]["problem"]
    assert stored(db) == []
    assert take(db, lines(ONE, TWO)).status == 200


def test_in_a_list_the_place_is_told(db: Db) -> None:
    """A list may be one line."""
    reply = take(db, json.dumps([ONE, {"type": "message"}, 3]).encode())
    assert [error["record"] for error in reply.body["errors"]] == [2, 3]
    assert stored(db) == []


def test_of_many_errors_the_first_are_told_and_all_are_counted(db: Db) -> None:
    """An answer stays small."""
    reply = take(db, b"\n".join([b"nonsense"] * 1000))
    assert len(reply.body["errors"]) == receive.SHOWN_ERRORS
    assert reply.body["message"].startswith("1,000 bad records")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"[]",
        b"3",
        b"null",
        b"\xff\xfe",
        gzip.compress(lines(ONE)),
        b"[" * 100_000,
        b"{" * 10,
        b"[{}",
        b'"x"',
    ],
)
def test_what_holds_no_record_is_refused(db: Db, body: bytes) -> None:
    """Whatever it is, it is an answer and no failure."""
    reply = take(db, body)
    assert (reply.status, reply.body["error"]) == (422, "records")
    json.dumps(reply.body)
    assert db.value("select count(*) from received") == 0


@pytest.mark.parametrize(
    ("record", "key"),
    [
        ({**ONE, "source": "bank"}, "source"),
        ({"type": "source", "id": "bank", "platform": "custom"}, "id"),
        ({"type": "conversation", "source": "bank", "id": "c", "kind": "comments"}, "source"),
        ({"type": "coverage", "source": "bank", "checked_at": to_text(NOW)}, "source"),
        (
            {
                "type": "reaction",
                "source": "bank",
                "message": "1",
                "author": {"id": "a"},
                "name": "x",
                "at": to_text(NOW),
            },
            "source",
        ),
        (
            {
                "type": "decision",
                "id": "0193a6b2-0000-7000-8000-000000000000",
                "at": to_text(NOW),
                "by": "mallory",
                "act": "close",
                "source": "shop",
                "conversation": "c",
            },
            "type",
        ),
        (
            {
                "type": "send",
                "id": "0193a6b2-0000-7000-8000-000000000000",
                "at": to_text(NOW),
                "by": "mallory",
                "source": "shop",
                "conversation": "c",
                "through": "1",
                "text": "x",
                "state": "queued",
            },
            "type",
        ),
    ],
)
def test_a_source_writes_only_what_is_its_own(db: Db, record: dict[str, Any], key: str) -> None:
    """Nothing of another source, nothing that we do; and nothing else of such a delivery either."""
    reply = take(db, lines(ONE, record))
    assert reply.status == 403
    assert [(error["line"], error["key"]) for error in reply.body["errors"]] == [(2, key)]
    assert stored(db) == []
    assert db.value("select count(*) from source") == 1
    assert db.value("select count(*) from decision") == db.value("select count(*) from send") == 0


def test_what_a_source_says_of_itself_leaves_ours_alone(db: Db) -> None:
    """Name and identities are its own; since when we look after it, and when it is stale, are not forgotten."""
    about = {"type": "source", "id": "shop", "platform": "store", "name": "The shop", "identities": [{"id": "mara"}]}
    assert take(db, lines(about)).status == 200
    found = marks.described(db, "shop")
    assert found is not None
    assert (found.platform, found.name, found.connected_at) == ("store", "The shop", to_datetime(ADDED))
    assert found.fresh_within == 60
    assert take(db, lines({**about, "fresh_within": 5.0}), "d2").status == 200
    found = marks.described(db, "shop")
    assert found is not None
    assert found.fresh_within == 5


def test_a_source_vouches_only_by_its_own_coverage(db: Db) -> None:
    """Messages alone prove nothing: something may not have been sent."""
    take(db, lines(ONE))
    (row,) = places.sources(db)
    assert (row.checked_at, row.complete_through) == (None, None)
    look = {"type": "coverage", "source": "shop", "checked_at": to_text(NOW), "complete_through": to_text(NOW - MINUTE)}
    take(db, lines(look), "d2")
    (row,) = places.sources(db)
    assert (row.checked_at, row.complete_through) == (NOW, NOW - MINUTE)


def test_a_source_that_may_not_write_stores_nothing(db: Db) -> None:
    """It may have been removed while its delivery was on its way."""
    assert take(db, lines({**ONE, "source": "bank"}), source="bank").status == 401
    assert stored(db) == []


def test_a_time_that_is_none_keeps_everything_out(db: Db) -> None:
    """As one beyond the calendar."""
    reply = take(db, lines(ONE, message("2", created_at="9999-12-31T23:59:59-23:59")))
    assert reply.status == 422
    assert stored(db) == []


def test_a_value_that_no_database_takes_is_the_senders_to_mend(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sending it again would never help."""

    def fails(*args: object) -> None:
        raise InputError("no")

    monkeypatch.setattr(received, "store", fails)
    assert take(db, lines(ONE)).status == 422


def test_a_database_that_is_busy_asks_to_send_again(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the sender's fault, and nothing was stored."""
    other = Db(db.path)
    db.conn.execute("pragma busy_timeout = 10")
    with other.write():
        reply = take(db, lines(ONE))
    assert (reply.status, reply.body["error"]) == (503, "store")
    assert take(db, lines(ONE)).status == 200
