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
from tests.servers import mastodon as mastodon_server
from tests.servers import mastodon_types
from tests.servers import matrix as matrix_server
from tests.servers.bluesky import Bluesky
from tests.servers.faultproxy import FaultProxy
from tests.servers.mastodon import Mastodon
from tests.servers.mastodon_kit import Kit
from tests.servers.matrix import Synapse
from tests.servers.wordpress import WordPress, missing


def _needed(why: str) -> None:
    """Skip, or fail where nothing may be skipped, if a server cannot run here: `why` says so, or is empty."""
    if why and os.environ.get("MODCONSOLE_NO_SKIP") == "1":
        pytest.fail(why)
    if why:
        pytest.skip(why)


@functools.cache
def _running() -> WordPress:
    """The one site of this process (each worker of pytest-xdist is a process of its own)."""
    site = WordPress()
    atexit.register(site.remove)
    return site.start()


@pytest.fixture(scope="session")
def wordpress() -> WordPress:
    """A real WordPress on loopback with admin, two editors, an author and two subscribers."""
    _needed(missing())
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
def _homeserver() -> Synapse:
    """The one homeserver of this process."""
    server = Synapse()
    atexit.register(server.remove)
    return server.start()


@pytest.fixture(scope="session")
def matrix() -> Synapse:
    """A real Matrix homeserver on loopback with an administrator, us (crew), a colleague (mod) and three strangers."""
    _needed(matrix_server.missing())
    return _homeserver()


@pytest.fixture
def matrix_proxy(matrix: Synapse) -> Iterator[FaultProxy]:
    """A proxy in front of the homeserver that breaks on demand."""
    with FaultProxy(matrix.port) as proxy:
        yield proxy


@functools.cache
def _running_mastodon() -> Mastodon:
    """The one double of Mastodon of this process."""
    server = Mastodon()
    atexit.register(server.remove)
    return server.start()


@pytest.fixture(scope="session")
def mastodon() -> Mastodon:
    """A stateful double of Mastodon on loopback, without anybody's account yet."""
    _needed(mastodon_server.missing())
    return _running_mastodon()


@pytest.fixture
def mastodon_proxy(mastodon: Mastodon) -> Iterator[FaultProxy]:
    """A proxy in front of the double of Mastodon that breaks on demand."""
    with FaultProxy(mastodon.port) as proxy:
        yield proxy


@pytest.fixture
def fedi(mastodon: Mastodon) -> Iterator[Kit]:
    """New accounts on the double of Mastodon; after the test, everything that travelled must have been as it is typed."""
    _needed(mastodon_types.missing())
    kit = Kit.on(mastodon)
    yield kit
    if wrong := kit.close():
        pytest.fail("\n".join(dict.fromkeys(wrong)))


@functools.cache
def running_bluesky() -> Bluesky:
    """The one network of this process."""
    network = Bluesky()
    atexit.register(network.remove)
    return network.start()


@pytest.fixture(scope="session")
def bluesky() -> Bluesky:
    """A whole Bluesky on loopback, without anybody."""
    _needed(bluesky_net.missing())
    return running_bluesky()
