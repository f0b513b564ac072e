"""A running platform, and a database that it is enrolled in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.driver import Driver
from tests.contract.drivers import DRIVERS, running
from tests.contract.place import Place


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> Driver:
    """Each platform in turn."""
    return running(request.param)


@pytest.fixture
def place(driver: Driver, tmp_path: Path) -> Iterator[Place]:
    """The platform, enrolled and looked at once."""
    made = Place(driver, tmp_path / "m.db")
    made.synced()
    yield made
    made.close()
