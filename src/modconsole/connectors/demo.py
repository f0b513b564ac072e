"""The demo: a platform that is not there, with a community that we wrote (`demo_community`).

`records(now)` is what a database holds when the demo begins: five sources in which every status and every badge occurs.
`open_place(source, ...)` is the living side of one of them. It keeps the contract of `base` without network, account or
clock:

- **The feed.** A page holds what became visible between two looks: scripted lines in the first minutes, then an endless
  stream. It is a pure function of start and seed; what *we* did (replies, moderation) is remembered in the position,
  which the engine stores, so that a demo can be closed and opened again. Pages before the last repeat the old position:
  a crash between two pages repeats them.
- **Replies.** A reply is stored and comes back with the next look. Sending the same key twice gives the same message.
  Half a minute later the person may say thank you, once.
- **Trouble, on purpose.** A locked topic refuses; a direct message past its window refuses; one topic takes the reply
  and loses the answer (`OutcomeUnknown`; `find` sees it); the chat server answers 502 for the first five minutes.

A clock is given to a place because a platform has one of its own: `send` and `act` are not told the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import Any

from modconsole.connectors.demo_community import SOURCES, script
from modconsole.connectors.demo_place import DemoConnector, whole
from modconsole.connectors.signing import Can, Credentials, Field, PlatformInfo, SignedIn, SignIn, Step
from modconsole.domain.records import Record
from modconsole.errors import NotFound

__all__ = ["PLATFORM", "PLATFORMS", "SOURCES", "DemoConnector", "connect", "open_place", "records", "rules", "sign_in"]

PLATFORMS: dict[str, str] = {f"demo-{source}": source for source in SOURCES}
"""Platform name → source id: each source of the demo stands for a platform of its own."""


def records(now: int) -> Iterator[Record]:
    """All that is known when the demo begins at the instant `now` (taken to the whole second), source by source."""
    start = whole(now)
    for source in SOURCES:
        yield from script(source).history(start)


def rules() -> dict[str, str]:
    """The rules of the community: the texts of their files, by name."""
    folder = resources.files("modconsole.connectors.demo_community") / "rules"
    return {each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".yaml")}


PLATFORM = PlatformInfo(
    name="demo",
    title="Demo",
    about="A made-up community that lives in this program, to try everything on.",
    incremental=Can("yes"),
    full_thread=Can("yes"),
    direct_messages=Can("yes"),
    own_replies=Can("yes"),
    edits=Can("yes", "at once, with every look"),
    deletions=Can("yes"),
    idempotent_send=Can("yes"),
    interval=3.0,
    settles=1.0,
    secret=False,
)


def connect(
    settings: Mapping[str, Any], credentials: Credentials, *, source: str, clock: Callable[[], int]
) -> DemoConnector:
    """A place of the demo, by its settings `place` (default: the source's name), `start` (an instant) and `seed`."""
    start, seed = settings.get("start"), settings.get("seed", 1)
    return open_place(
        settings.get("place", source), start=start if isinstance(start, int) else clock(), clock=clock, seed=seed
    )


def sign_in(clock: Callable[[], int]) -> SignIn:
    """Nothing is asked: `modconsole demo` sets the places up."""
    answers = yield Step("The demo", (Field("place", "Place", choices=SOURCES),))
    return SignedIn({"place": answers["place"], "start": clock()}, "", answers["place"])


def open_place(source: str, *, start: int, clock: Callable[[], int], seed: int = 1) -> DemoConnector:
    """The connector of one of `SOURCES`. `start` is the instant given to `records`; `clock` tells the platform's time.

    A position with an earlier start, as an engine gives it back, wins over `start`. Raises `NotFound` for any other
    source.
    """
    if source not in SOURCES:
        raise NotFound(f"The demo has no source {source!r}.", hint=f"It has {', '.join(SOURCES)}.")
    return DemoConnector(source, start=start, clock=clock, seed=seed)
