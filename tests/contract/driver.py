"""What the contract suite needs of a platform: to be the people there, and to know the truth about what is there.

A driver stands for a running server (a real one, or a double of one), not for our connector: it never goes through it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from modconsole.connectors.signing import Credentials


@dataclass(frozen=True)
class There:
    """One live message on the server: who wrote it (as our records name authors), and its text without markup."""

    author: str
    text: str


class Driver(ABC):
    """One running platform. A *spot* is a place of its own for a test: a post, a topic, a video, a room."""

    platform: ClassVar[str]
    """The name under which the registry knows the connector."""
    answer: ClassVar[str | None] = None
    """Whom the source answers, where the platform's own default does not fit the driver."""
    real: ClassVar[bool] = False
    """Whether it is a server that answers over a socket, so that a proxy can stand before it."""
    edits: ClassVar[bool] = True
    deletes: ClassVar[bool] = True

    @property
    @abstractmethod
    def us(self) -> str:
        """Our author id."""

    @abstractmethod
    def settings(self, url: str | None = None) -> dict[str, Any]:
        """The settings of a source, with the server's address replaced by `url` where one is given."""

    @abstractmethod
    def credentials(self) -> Credentials:
        """A sign-in that works."""

    @abstractmethod
    def wrong_credentials(self) -> Credentials:
        """A sign-in that the server refuses."""

    @property
    def port(self) -> int:
        """Where the server listens on loopback, for a proxy; only of real ones."""
        raise NotImplementedError

    @abstractmethod
    def spot(self) -> str:
        """A new place in which people can write and we can answer."""

    @abstractmethod
    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        """Somebody writes to us there; gives the native id. `by` is "ann" or "bob"; without a parent it stands for itself."""

    @abstractmethod
    def native(self, spot: str, text: str, parent: str) -> str:
        """We answer in the platform's own app."""

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        """Its author changes a text; gives the id that the message has now."""
        raise NotImplementedError

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        """Its author deletes a message."""
        raise NotImplementedError

    @abstractmethod
    def unannounced(self, spot: str, text: str, parent: str) -> str:
        """An item below `parent` that the platform announces nowhere: only reading the whole thread shows it."""

    @abstractmethod
    def truth(self, spot: str) -> dict[str, There]:
        """All live messages of a spot by native id, read from the server itself."""

    @abstractmethod
    def settle(self) -> None:
        """Wait until what was written is visible to everybody, by polling; where it always is, at once."""
