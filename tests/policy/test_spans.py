"""Lengths of time, instants and comparisons are read as people write them, and as nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modconsole.domain.times import DAY, HOUR, MINUTE, SECOND, parse
from modconsole.policy.spans import LONGEST, compared, instant, span, spell, whole


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("7 days", 7 * DAY),
        ("1 day", DAY),
        ("8h", 8 * HOUR),
        ("90 minutes", 90 * MINUTE),
        (" 2 Weeks ", 14 * DAY),
        ("1 month", 30 * DAY),
        ("1 year", 365 * DAY),
        ("1.5 days", 36 * HOUR),
        ("1 day 12 hours", 36 * HOUR),
        ("1 day, 30 min and 5 s", DAY + 30 * MINUTE + 5 * SECOND),
    ],
)
def test_a_length_of_time_is_read(text: str, length: int) -> None:
    """In any unit, short or in full, one or several together."""
    assert span(text) == length


@pytest.mark.parametrize(
    "text",
    ["", "7", "days", "7 dayss", "-7 days", "seven days", "0 days", "200 years", "7 days ago", "1e3 s", "٣ days"],
)
def test_what_is_no_length_of_time_is_none(text: str) -> None:
    """Nothing is guessed."""
    assert span(text) is None


@settings(deadline=None)
@given(st.integers(1, LONGEST))
def test_a_length_that_is_spelled_is_read_again(microseconds: int) -> None:
    """To the microsecond."""
    assert span(spell(microseconds)) == microseconds


def test_days_begin_in_utc_and_times_need_an_offset() -> None:
    """A rule expires at the same moment for everybody."""
    assert instant("2027-01-31") == parse("2027-01-31T00:00:00Z")
    assert instant("2027-01-31 18:00:00+01:00") == parse("2027-01-31T17:00:00Z")
    for text in ("2027-01-31T18:00", "31.1.2027", "2027-02-30", "tomorrow", "", "20270131", "0000-00-00"):
        assert instant(text) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("5", (None, "5")),
        ("> 5", (">", "5")),
        ("<=5", ("<=", "5")),
        ("== 7 days", ("=", "7 days")),
        (" ≥ 2 ", (">=", "2")),
        ("=> 2", (">=", "2")),
        ("<", ("<", "")),
        ("", (None, "")),
        ("5 <", (None, "5 <")),
    ],
)
def test_an_operator_stands_in_front(text: str, parts: tuple[str | None, str]) -> None:
    """In any of its spellings."""
    assert compared(text) == parts


def test_a_whole_number_is_one_that_is_meant() -> None:
    """No fractions, no digits of other scripts, nothing that no counter reaches."""
    assert [whole(text) for text in ("5", " -3 ", "1000000000")] == [5, -3, 1_000_000_000]
    assert [whole(text) for text in ("5.0", "٣", "1_000", "99999999999", "", "0x1")] == [None] * 6
