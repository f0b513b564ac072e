"""Signing in: what a platform asks for, step by step, and credentials that are renewed once, whoever needs them first.

A connector's `sign_in` is a generator of `Step`s. Whoever asks (a form of the console, a prompt of the command line) sends the
answers back by field name; the generator ends with `SignedIn`. So a platform with a password has one step, and one with OAuth
has two: where to go, and the code that came back. Nothing is stored before the end.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from modconsole.connectors.writes import aside
from modconsole.domain.records import Answer


@dataclass(frozen=True)
class Field:
    """One thing to ask for. `name` is also the option of the command line (`--set NAME=VALUE`)."""

    name: str
    label: str
    hint: str = ""
    secret: bool = False
    required: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One screen of questions. `url` is an address that the person must open, as for OAuth; it may be long."""

    title: str
    fields: tuple[Field, ...]
    text: str = ""
    url: str = ""


@dataclass(frozen=True)
class SignedIn:
    """How the place is reached from now on. `settings` go to the database, `secret` never does."""

    settings: dict[str, Any]
    secret: str
    suggested_source: str
    """What to call the source where nobody says otherwise: as short as is unambiguous, like a host name or `@us@host`."""


SignIn = Generator[Step, Mapping[str, str], SignedIn]


class Credentials:
    """The secret of one source, and the way to replace it.

    `load` and `save` reach the place where it is kept; `lock` is held by one process at a time. Without them (tests, a
    sign-in that is not finished) the secret lives in memory.
    """

    def __init__(
        self,
        secret: str,
        *,
        load: Callable[[], str] | None = None,
        save: Callable[[str], object] | None = None,
        lock: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.secret = secret
        self._load = load
        self._save = save
        self._lock = lock

    def __repr__(self) -> str:
        return "Credentials(…)"

    def renew(self, used: str, fetch: Callable[[str], str]) -> str:
        """The secret to go on with after `used` was refused as expired.

        Single-flight: under the lock the kept secret is read again; where somebody has renewed it in the meantime, theirs is
        given back and no request is made. Else `fetch(kept)` gets a new one, which is kept before it is used: a refresh token
        that was spent and then lost would sign the source out.
        """
        with self._lock():
            kept = self._load() if self._load is not None else self.secret
            if kept == used:
                with aside():
                    kept = fetch(kept)
                if self._save is not None:
                    self._save(kept)
            self.secret = kept
            return kept


@dataclass(frozen=True)
class Can:
    """One line of the capability table: whether, and how, in a few words for the docs."""

    level: Literal["yes", "partly", "no"]
    how: str = ""


NO = Can("no")


@dataclass(frozen=True)
class PlatformInfo:
    """What a connector module says of its platform under the name `PLATFORM`; made without a request and without httpx.

    Times in seconds. The `Can`s are the generated table of `docs/platforms.md`; the contract suite holds the connector to them.
    """

    name: str
    title: str
    about: str
    """What is synced, in one sentence: shown when somebody picks a platform."""
    incremental: Can
    full_thread: Can
    direct_messages: Can
    own_replies: Can
    """Whether replies made in the platform's own apps are seen."""
    edits: Can
    deletions: Can
    idempotent_send: Can
    reply_window: Can = NO
    tested: Literal["real server", "double", "published schema", "documented shapes"] = "published schema"
    """What the connector has been run against."""
    answer: Answer | None = None
    """Whom we answer there where nobody says otherwise; None is the rule for each kind of conversation."""
    interval: float = 60.0
    settles: float = 30.0
    """How long after an attempt a reply that arrived may stay invisible to a look (consistency delay, slow requests)."""
    secret: bool = True
    """Whether there is a secret to sign in with."""
