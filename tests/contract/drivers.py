"""Which drivers there are, and how each is started; once for each test process."""

from __future__ import annotations

import functools
from importlib import import_module

import pytest

from tests.contract.driver import Driver

DRIVERS: dict[str, str] = {
    "bluesky": "tests.contract.bluesky_driver",
    "discourse": "tests.contract.discourse_driver",
    "guestbook": "tests.contract.guestbook_driver",
    "mastodon": "tests.contract.mastodon_driver",
    "matrix": "tests.contract.matrix_driver",
    "reddit": "tests.contract.reddit_driver",
    "wordpress": "tests.contract.wordpress_driver",
    "youtube": "tests.contract.youtube_driver",
}
"""Platform → module with a function `make() -> Driver`; it may skip with its reason."""

RUNNING: tuple[str, ...] = ("wordpress", "mastodon", "bluesky", "matrix", "reddit")
"""Those behind which a server runs that a fault proxy can stand before."""


@functools.cache
def _running(name: str) -> Driver | str:
    try:
        made: Driver = import_module(DRIVERS[name]).make()
    except pytest.skip.Exception as skipped:
        return str(skipped)
    return made


def running(name: str) -> Driver:
    """The driver of a platform, started when first asked for; skips where its server cannot be had."""
    found = _running(name)
    if isinstance(found, str):
        pytest.skip(found)
    return found
