"""A database and a platform for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.desk import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A fresh database beside an empty platform."""
    made = Bench(tmp_path / "m.db")
    yield made
    made.close()
