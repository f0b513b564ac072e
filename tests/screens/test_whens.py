"""Times as a person types them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modconsole.domain.times import HOUR, to_text
from modconsole.errors import InputError
from modconsole.screens import whens
from tests.scenarios.story import when
from tests.screens.stage import utc

NOW = when("13:00")  # a Monday


@pytest.fixture(autouse=True)
def _utc() -> None:
    utc()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2h", "2026-03-02T15:00:00Z"),
        ("1d 2h", "2026-03-03T15:00:00Z"),
        ("90min", "2026-03-02T14:30:00Z"),
        ("16:30", "2026-03-02T16:30:00Z"),
        ("9:00", "2026-03-03T09:00:00Z"),
        ("tonight", "2026-03-02T19:00:00Z"),
        ("tomorrow", "2026-03-03T09:00:00Z"),
        ("Fri 10:00", "2026-03-06T10:00:00Z"),
        ("friday", "2026-03-06T09:00:00Z"),
        ("mon", "2026-03-09T09:00:00Z"),
        ("2026-12-01", "2026-12-01T09:00:00Z"),
        ("2026-12-01 08:15", "2026-12-01T08:15:00Z"),
        ("2026-12-01T08:15:00+02:00", "2026-12-01T06:15:00Z"),
    ],
)
def test_it_is_understood_as_it_is_meant(typed: str, meant: str) -> None:
    """On a Monday at one o'clock."""
    assert to_text(whens.parse(typed, NOW)) == meant


@pytest.mark.parametrize(
    "typed", ["", "soon", "25:00", "frodo 9:00", "2020-01-01", "0h", "h", "99999w", "12:00:", "mon mon"]
)
def test_what_is_no_time_to_come_is_refused(typed: str) -> None:
    """With how to write one."""
    with pytest.raises(InputError):
        whens.parse(typed, NOW)


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_time_to_come_or_an_error_of_ours(typed: str) -> None:
    """Never a crash, never the past."""
    with contextlib.suppress(InputError):
        assert whens.parse(typed, NOW) > NOW


@given(st.integers(when("1 0:00"), when("60 0:00")))
def test_the_usual_answers_are_still_to_come(now: int) -> None:
    """At every minute of every day."""
    assert now < whens.tonight(now) <= now + 24 * HOUR
    assert now < whens.tomorrow(now) <= now + 34 * HOUR
    assert now < whens.next_week(now) <= now + 8 * 24 * HOUR
