"""Which connector speaks to which platform.

A connector module is imported when its platform is first used: httpx costs more to import than everything else. Others can add
platforms: an entry point of the group `modconsole.connectors`, named as the platform, that leads to a module (or an object) with
the three names of the contract of `modconsole.connectors.base`:

    PLATFORM: PlatformInfo
    connect(settings, credentials, *, source, clock) -> Connector
    sign_in(clock) -> SignIn

Ours win over an entry point of the same name. How to write one: `docs/connectors.md`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast

from modconsole.connectors.base import Connector
from modconsole.connectors.signing import Credentials, PlatformInfo, SignIn
from modconsole.errors import InputError
from modconsole.store.marks import AccountRow
from modconsole.sync.reports import Clock

GROUP = "modconsole.connectors"

BUILT_IN: tuple[str, ...] = ("wordpress", "mastodon", "bluesky", "matrix", "discourse", "reddit", "youtube")
"""The platforms that we bring, each a module of `modconsole.connectors`. `demo` is one too, and stands for each `demo-…`."""


class Module(Protocol):
    """What a connector module offers."""

    PLATFORM: PlatformInfo

    def connect(self, settings: Mapping[str, Any], credentials: Credentials, *, source: str, clock: Clock) -> Connector:
        """A connector for one source, made without a request."""
        ...

    def sign_in(self, clock: Clock) -> SignIn:
        """The questions of the sign-in, step by step."""
        ...


def names() -> list[str]:
    """The names of all platforms that can be signed in to, ours first."""
    return [*BUILT_IN, *sorted({entry.name for entry in entry_points(group=GROUP)} - set(BUILT_IN))]


def module(name: str) -> Module:
    """A platform's connector module. Raises `InputError` with the names that there are, or where one cannot be loaded."""
    found = "demo" if name.startswith("demo-") else name
    if found == "demo" or found in BUILT_IN:
        return cast("Module", import_module(f"modconsole.connectors.{found}"))
    added = next(iter(entry_points(group=GROUP, name=name)), None)
    if added is not None:
        return _loaded(added)
    raise InputError(f"There is no connector for {name!r}.", hint=f"There are connectors for {', '.join(names())}.")


def _loaded(entry: EntryPoint) -> Module:
    """Somebody else's connector. Whatever goes wrong in it is told as what it is."""
    try:
        loaded = entry.load()
    except Exception as error:
        raise InputError(
            f"The connector for {entry.name!r} could not be loaded ({type(error).__name__}).",
            hint=f"It comes from {entry.value!r}: ask whoever wrote it.",
        ) from error
    missing = [each for each in ("PLATFORM", "connect", "sign_in") if not hasattr(loaded, each)]
    if missing:
        raise InputError(
            f"The connector for {entry.name!r} lacks {', '.join(missing)}.",
            hint="`docs/connectors.md` says what a connector needs.",
        )
    return cast("Module", loaded)


def info(name: str) -> PlatformInfo:
    """What a platform's connector says of it. Raises `InputError`."""
    return module(name).PLATFORM


def infos() -> list[PlatformInfo]:
    """What can be signed in to; a connector of somebody else's that cannot be loaded is left out."""
    found = []
    for name in names():
        try:
            found.append(info(name))
        except InputError:
            continue
    return found


_living: dict[tuple[str, int, int], Connector] = {}
"""The demo's places, which live in this process: whoever acts on one must meet the one that sync looks at."""
_living_lock = threading.Lock()


def open_connector(account: AccountRow, credentials: Credentials, clock: Clock) -> Connector:
    """A connector for an account; no request is made yet. Raises `InputError` for settings that cannot work."""
    made = module(account.platform)

    def connect() -> Connector:
        return made.connect(account.settings, credentials, source=account.source, clock=clock)

    start = account.settings.get("start")
    if not account.platform.startswith("demo-") or not isinstance(start, int):
        return connect()
    key = (account.settings.get("place", account.source), start, account.settings.get("seed", 1))
    with _living_lock:
        if key not in _living:
            _living[key] = connect()
        return _living[key]


Opener = Callable[[AccountRow, Credentials, Clock], Connector]
