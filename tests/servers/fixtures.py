"""Fixtures for tests against real servers. Import them into a `conftest.py`; a server runs once per test process.

Where a server's files are missing, the tests skip and say which script fetches them; with `MODCONSOLE_NO_SKIP=1`, as
in CI, that is an error instead.
"""

from __future__ import annotations

import atexit
import functools
import os
from collections.abc import Iterator

import pytest
from tests.servers import bluesky as bluesky_net
from tests.servers.bluesky import Bluesky
from tests.servers.faultproxy import FaultProxy
from tests.servers.wordpress import WordPress, missing


@functools.cache
def _running() -> WordPress:
    """The one site of this process (each worker of pytest-xdist is a process of its own)."""
    site = WordPress()
    atexit.register(site.remove)
    return site.start()


@pytest.fixture(scope="session")
def wordpress() -> WordPress:
    """A real WordPress on loopback with admin, two editors, an author and two subscribers."""
    why = missing()
    if why and os.environ.get("MODCONSOLE_NO_SKIP") == "1":
        pytest.fail(why)
    if why:
        pytest.skip(why)
    return _running()


@pytest.fixture
def wp_post(wordpress: WordPress) -> int:
    """A post that no other test uses."""
    return wordpress.post("A post of its own")


@pytest.fixture
def wp_proxy(wordpress: WordPress) -> Iterator[FaultProxy]:
    """A proxy in front of WordPress that breaks on demand."""
    with FaultProxy(wordpress.port) as proxy:
        yield proxy


@functools.cache
def running_bluesky() -> Bluesky:
    """The one network of this process."""
    network = Bluesky()
    atexit.register(network.remove)
    return network.start()


@pytest.fixture(scope="session")
def bluesky() -> Bluesky:
    """A whole Bluesky on loopback, without anybody."""
    why = bluesky_net.missing()
    if why and os.environ.get("MODCONSOLE_NO_SKIP") == "1":
        pytest.fail(why)
    if why:
        pytest.skip(why)
    return running_bluesky()
