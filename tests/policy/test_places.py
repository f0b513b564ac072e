"""Addresses within a text, where rules look for links and domains."""

from __future__ import annotations

import time

import pytest

from modconsole.policy.places import addresses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.example/x?y=1, ok", ["https://a.example/x?y=1"]),
        ("(http://a.example/b_(c))", ["http://a.example/b_(c)"]),
        ("www.example.org!!", ["www.example.org"]),
        ("join t.me/x or discord.gg/abc.", ["t.me/x", "discord.gg/abc"]),
        ("e.g. this and/or that, file.py, me@example.org/x", []),
        ('<a href="https://a.example">', ["https://a.example"]),
    ],
)
def test_what_is_an_address(text: str, found: list[str]) -> None:
    """With a scheme, with www, or a host with a path; without what the sentence has around it."""
    assert [each.text for each in addresses(text)] == found
    assert all(text[each.start : each.end] == each.text for each in addresses(text))


@pytest.mark.parametrize(
    "text", ["https://x" + ")" * 300_000, "a" * 300_000 + "/", "a." * 150_000 + "/", "https://" * 40_000]
)
def test_addresses_take_linear_time(text: str) -> None:
    """No text makes looking for them slow: a third of a megabyte takes less than half a second."""
    began = time.process_time()
    addresses(text)
    assert time.process_time() - began < 0.5
