"""What an edit changed: the pieces put together again are the two texts."""

from __future__ import annotations

import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from modconsole.domain.difference import MOST, changes

TEXTS = st.text(alphabet="ab \n.é漢", max_size=60)


@given(TEXTS, TEXTS)
def test_the_pieces_are_the_two_texts(old: str, new: str) -> None:
    """Without what came they are the old one, without what went the new one; and no two neighbours are of one kind."""
    pieces = changes(old, new)
    assert "".join(text for kind, text in pieces if kind != "new") == old
    assert "".join(text for kind, text in pieces if kind != "gone") == new
    assert all(one[0] != other[0] for one, other in itertools.pairwise(pieces))


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    """One piece, or none of an empty text."""
    assert changes(text, text) == ([("same", text)] if text else [])


def test_what_went_is_told_before_what_came() -> None:
    """As a person would say it."""
    assert changes("And on Windows?", "And on macOS?") == [
        ("same", "And on "), ("gone", "Windows"), ("new", "macOS"), ("same", "?")
    ]  # fmt: skip


def test_texts_made_to_be_slow_are_not() -> None:
    """Fifty thousand words that are all alike, twice: what is beyond the limit counts as one word."""
    began = time.perf_counter()
    pieces = changes("a " * 50_000, "b a " * 25_000)
    assert time.perf_counter() - began < 5
    assert "".join(text for kind, text in pieces if kind != "gone") == "b a " * 25_000
    assert MOST * 2 < 100_000
