"""A lower room loads no higher one, and nothing heavy that it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

ROOMS = {
    "domain": ("domain.world", "domain.exchange", "domain.query", "domain.hours", "domain.suggest"),
    "store": ("store.lists", "store.queue", "store.export", "store.verify", "store.outbox", "store.marks"),
    "desk": ("desk.asks", "desk.views"),
}
HEAVY = ("textual", "rich", "httpx", "sqlite_utils", "keyring", "selectolax", "rapidfuzz", "markdown_it")


def loaded_by(*modules: str) -> set[str]:
    """The top-level names of all modules that a fresh interpreter has loaded after importing some."""
    code = f"import sys, {', '.join('modconsole.' + m for m in modules)}; print(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_lower_room_loads_nothing_heavy(room: str) -> None:
    """The command line starts in a blink, and a server without a terminal needs no Textual."""
    loaded = loaded_by(*ROOMS[room])
    assert "modconsole" in loaded
    assert not loaded & set(HEAVY)


def test_the_domain_needs_no_database() -> None:
    """Who is waiting can be answered from records alone."""
    assert "sqlite3" not in loaded_by(*ROOMS["domain"])
