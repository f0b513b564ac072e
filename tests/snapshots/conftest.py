"""Pictures are taken of the demo's community, by a clock that stands still, in UTC, without the machine's settings."""

from __future__ import annotations

from tests.screens.conftest import (
    _same_place_and_person,
    bench,
    clock,
    community,
    community_template,
    house,
    house_template,
)

__all__ = [
    "_same_place_and_person",
    "bench",
    "clock",
    "community",
    "community_template",
    "house",
    "house_template",
]
