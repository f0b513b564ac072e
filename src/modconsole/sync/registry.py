"""Which connector speaks to which platform.

A connector module is imported when its platform is first used: httpx costs more to import than everything else. Others can add
platforms: an entry point of the group `modconsole.connectors`, named as the platform, that leads to a module (or an object) with

    connect(settings, secret, *, source, clock) -> Connector

which keeps the contract of `modconsole.connectors.base`. Ours win over an entry point of the same name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol

from msgspec import Struct

from modconsole.connectors.base import Connector
from modconsole.errors import InputError
from modconsole.store.marks import AccountRow
from modconsole.sync.reports import Clock

GROUP = "modconsole.connectors"


class Connect(Protocol):
    """What a connector module offers under the name `connect`."""

    def __call__(self, settings: Mapping[str, Any], secret: str, *, source: str, clock: Clock) -> Connector:
        """A connector for one source, made without a request."""
        ...


class Platform(Struct, frozen=True, kw_only=True):
    """A platform as sync sees it. Times are in seconds."""

    name: str
    load: Callable[[], Connect]
    interval: float = 60.0
    """How often a source is looked at."""
    settles: float = 30.0
    """How long after an attempt a reply that arrived may stay invisible to a look (consistency delay, slow requests)."""
    secret: bool = True
    """Whether there is a secret to sign in with."""


def _wordpress() -> Connect:
    found: Connect = import_module("modconsole.connectors.wordpress").connect
    return found


_living: dict[tuple[str, int, int], Connector] = {}
"""The demo's places, which live in this process: whoever acts on one must meet the one that sync looks at."""
_living_lock = threading.Lock()


def _demo() -> Connect:
    module = import_module("modconsole.connectors.demo")

    def connect(settings: Mapping[str, Any], secret: str, *, source: str, clock: Clock) -> Connector:
        start = settings.get("start")
        place, seed = settings.get("place", source), settings.get("seed", 1)
        if not isinstance(start, int):
            return module.connect(place, start=clock(), clock=clock, seed=seed)  # type: ignore[no-any-return]
        with _living_lock:
            found = _living.get((place, start, seed))
            if found is None:
                found = _living[place, start, seed] = module.connect(place, start=start, clock=clock, seed=seed)
        return found

    return connect


BUILT_IN: dict[str, Platform] = {
    "wordpress": Platform(name="wordpress", load=_wordpress, settles=60.0),
    "demo": Platform(name="demo", load=_demo, interval=3.0, settles=1.0, secret=False),
}
"""The platforms that we bring. `demo` stands for each `demo-…` platform too."""


def platform(name: str) -> Platform:
    """A platform by its name. Raises `InputError` with the names that there are."""
    found = BUILT_IN.get("demo" if name.startswith("demo-") else name)
    if found is not None:
        return found
    added = next(iter(entry_points(group=GROUP, name=name)), None)
    if added is not None:
        return Platform(name=name, load=lambda: _connect_of(added.load()))
    raise InputError(f"There is no connector for {name!r}.", hint=f"There are connectors for {', '.join(names())}.")


def platform_or_default(name: str) -> Platform:
    """Like `platform`, with the usual times for one that is not installed: opening it will say so."""
    try:
        return platform(name)
    except InputError as error:
        missing = error

        def load() -> Connect:
            raise missing

        return Platform(name=name, load=load)


def names() -> list[str]:
    """The names of all platforms, ours first."""
    added = sorted({entry.name for entry in entry_points(group=GROUP)} - BUILT_IN.keys())
    return [*BUILT_IN, *added]


def _connect_of(loaded: Any) -> Connect:
    found: Connect = getattr(loaded, "connect", loaded)
    return found


def open_connector(account: AccountRow, secret: str, clock: Clock) -> Connector:
    """A connector for an account; no request is made yet. Raises `InputError` for settings that cannot work."""
    connect = platform(account.platform).load()
    return connect(account.settings, secret, source=account.source, clock=clock)
