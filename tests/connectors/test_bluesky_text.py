"""Texts, keys and times of the AT Protocol, as the connector makes and reads them."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modconsole.connectors.bluesky_text import (
    bumped,
    earlier_of,
    facets,
    fitting,
    graphemes,
    is_did,
    is_handle,
    place,
    post_place,
    read_time,
    send_key,
    tid,
    tid_instant,
    written,
)
from modconsole.domain.ids import new_id
from modconsole.domain.times import HOUR, SECOND, parse, to_instant
from modconsole.errors import Refused

NOW = parse("2026-11-21T22:00:00Z")
ANN = "did:plc:" + "a" * 24


def spans(text: str) -> list[tuple[bytes, str]]:
    """What each facet covers, cut out of the text's bytes, and the word for it."""
    found = facets(text, lambda handle: ANN if handle == "ann.test" else None)
    data = text.encode()
    return [
        (data[f["index"]["byteStart"] : f["index"]["byteEnd"]], f["features"][0]["$type"].partition("#")[2])
        for f in found
    ]


def test_facets_count_bytes_not_letters() -> None:
    """Each offset cuts the UTF-8 text exactly where its word begins and ends."""
    text = "Grüße 👩‍👩‍👧 @ann.test: siehe https://example.com/ä?q=1. Und #Käse!"
    assert spans(text) == [
        (b"@ann.test", "mention"),
        ("https://example.com/ä?q=1".encode(), "link"),
        ("#Käse".encode(), "tag"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail me@ann.test now", []),
        ("@nobody.test hello", []),
        ("(@ann.test)", [(b"@ann.test", "mention")]),
        ("see (https://en.wikipedia.org/wiki/A_(b)).", [(b"https://en.wikipedia.org/wiki/A_(b)", "link")]),
        ("https://x.test/#frag is one thing", [(b"https://x.test/#frag", "link")]),
        ("#1 is a number, #a1 a tag", [(b"#a1", "tag")]),
        ("javascript:alert(1) is no link", []),
    ],
)
def test_only_what_is_meant_becomes_a_facet(text: str, expected: list[tuple[bytes, str]]) -> None:
    """Mail addresses, unknown handles, numbers and other schemes stay text; a bracket belongs to its sentence."""
    assert spans(text) == expected


@given(st.text(alphabet=st.sampled_from("aß👍🏽é \n@#:/.()h") | st.characters(codec="utf-8"), max_size=80))
def test_facets_never_overlap_and_always_cut_whole_letters(text: str) -> None:
    """Whatever is written: in order, apart, and each a decodable piece."""
    end = 0
    for one in facets(text, lambda _: ANN):
        begin, stop = one["index"]["byteStart"], one["index"]["byteEnd"]
        assert end <= begin < stop
        text.encode()[begin:stop].decode()
        end = stop


@pytest.mark.parametrize(
    ("text", "letters"),
    [("", 0), ("abc", 3), ("e\u0301", 1), ("👩‍👩‍👧‍👦", 1), ("🇩🇪🇫🇷", 2), ("👍🏽x", 2), ("\r\n", 1), ("각", 1)],
)
def test_letters_are_counted_as_a_person_sees_them(text: str, letters: int) -> None:
    """Clusters, not code points: a family is one letter."""
    assert graphemes(text) == letters


def test_both_limits_hold() -> None:
    """300 letters of three bytes fit; one letter more, or 3,000 bytes in few letters, do not."""
    assert fitting("é" * 300, 300, 3_000) == "é" * 300
    for text in ("é" * 301, "👩‍👩‍👧‍👦" * 125):
        with pytest.raises(Refused) as caught:
            fitting(text, 300, 3_000)
        assert caught.value.code == "too_long"
        assert "Bluesky takes" in caught.value.message
    with pytest.raises(Refused) as caught:
        fitting(" \r\n ", 300, 3_000)
    assert caught.value.code == "empty"
    assert fitting(" a\r\nb ", 300, 3_000) == "a\nb"


@given(st.integers(min_value=0, max_value=(1 << 53) - 1), st.integers(min_value=0, max_value=1023))
def test_a_tid_holds_its_instant_and_sorts_by_it(instant: int, clock: int) -> None:
    """Thirteen letters, the first of which leaves the sign bit empty; later is greater."""
    key = tid(instant, clock)
    assert len(key) == 13
    assert key[0] in "234567abcdefghij"
    assert tid_instant(key) == instant
    assert tid(instant + 1, 0) > key or instant + 1 == 1 << 53


def test_a_known_tid_is_read_as_the_network_reads_it() -> None:
    """A post of the test network, created at 2026-11-21T23:44:53.638Z by its server."""
    instant = tid_instant("3n2ubtciftc2r")
    assert instant is not None
    assert abs(instant - parse("2026-11-21T23:44:53.638Z")) < SECOND
    assert tid_instant("self") is None
    assert tid_instant("zzzzzzzzzzzzz") is None


def test_a_send_has_one_key_however_often_it_is_tried() -> None:
    """From a UUID of version 7 the time is its own; of another one the first try's; two sends never share one."""
    for send in (new_id(NOW), str(uuid.uuid4()), "not a uuid"):
        assert send_key(send, NOW) == send_key(send, NOW)
    seven = new_id(NOW)
    assert send_key(seven, NOW) == send_key(seven, NOW + HOUR)
    made = tid_instant(send_key(seven, 0))
    assert made is not None
    assert 0 <= made - NOW < SECOND
    assert len({send_key(str(uuid.uuid4()), NOW) for _ in range(200)}) == 200


def test_a_time_in_the_future_counts_as_the_platforms() -> None:
    """The earlier of what the author claims and what the platform saw, which is how it sorts."""
    seen = "2026-11-21T21:00:00.000Z"
    assert to_instant(earlier_of("2099-01-01T00:00:00Z", seen, NOW)) == parse(seen)
    assert to_instant(earlier_of("2026-11-20T21:00:00+02:00", seen, NOW)) == parse("2026-11-20T19:00:00Z")
    assert to_instant(earlier_of("yesterday", seen, NOW)) == parse(seen)
    assert to_instant(earlier_of(None, None, NOW)) == NOW
    assert to_instant(earlier_of("2026-11-21T22:30:00Z", None, NOW)) == NOW + HOUR // 2
    assert to_instant(earlier_of("2099-01-01T00:00:00Z", None, NOW)) == NOW
    assert to_instant(earlier_of("0001-01-01T00:00:00Z", seen, NOW)) == parse(seen)


def test_the_cursor_of_a_time_is_taken_a_millisecond_later() -> None:
    """What lies in the same millisecond is read again instead of skipped; other cursors stay as they are."""
    assert bumped("2026-11-21T23:45:29.289Z") == "2026-11-21T23:45:29.290Z"
    assert bumped("2026-11-21T23:59:59.999Z") == "2026-11-22T00:00:00.000Z"
    assert bumped("1795305128095::1") == "1795305128095::1"


def test_times_are_written_as_records_hold_them() -> None:
    """Three digits of a second, in UTC."""
    assert written(NOW + 7_999) == "2026-11-21T22:00:00.007Z"
    assert read_time(written(NOW)) == read_time("2026-11-21T23:00:00+01:00")


def test_addresses_by_handle_are_no_ids() -> None:
    """A handle can change hands; only the DID names an author."""
    uri = f"at://{ANN}/app.bsky.feed.post/3n2ubtciftc2r"
    found = place(uri)
    assert found is not None
    assert (found.did, found.key, str(found)) == (ANN, "3n2ubtciftc2r", uri)
    assert post_place(f"at://{ANN}/app.bsky.graph.block/3n2ubtciftc2r") is None
    for wrong in ("at://ann.test/app.bsky.feed.post/1", uri + "/more", "https://bsky.app", uri + "?x"):
        assert place(wrong) is None


def test_names_are_checked_before_they_are_used() -> None:
    """DIDs of the two methods, handles as domain names in lower case."""
    assert is_did(ANN)
    assert is_did("did:web:example.com")
    assert not is_did("did:plc:short")
    assert is_handle("ann.bsky.social")
    for wrong in ("ann", "Ann.test", "-a.test", "a..test", "a.1", "a." + "b" * 64):
        assert not is_handle(wrong)
