"""How long a reply may be, and how it is counted."""

from __future__ import annotations

from modconsole.desk.platforms import limit


def test_wordpress_counts_bytes_of_what_is_sent() -> None:
    """Markup that has to be escaped takes more."""
    found = limit("wordpress")
    assert (found.most, found.unit, found.used("aé<")) == (65_525, "bytes", 1 + 2 + 4)


def test_the_demos_platforms_count_characters() -> None:
    """Each as its script says; one has no limit."""
    assert [(limit(f"demo-{name}").most) for name in ("masto", "insta", "blog")] == [500, 1000, None]
    assert limit("demo-masto").used("日本") == 2


def test_an_unknown_platform_has_no_known_limit() -> None:
    """And counting still works."""
    assert (limit("carrier-pigeon").most, limit("carrier-pigeon").used("abc")) == (None, 3)
