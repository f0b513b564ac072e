"""A connector module that somebody else might bring: what an entry point leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modconsole.connectors.base import Connector
from modconsole.connectors.signing import Credentials
from modconsole.errors import SignInError
from tests.sync import platforms
from tests.sync.double import Double, Place

PLACE = Place()
PLATFORM = platforms.info("myspace")
sign_in = platforms.sign_in


def connect(settings: Mapping[str, Any], credentials: Credentials, *, source: str, clock: object) -> Connector:
    """A connector that knows one password."""
    if credentials.secret != "right":
        raise SignInError("The password is wrong.")
    return Double(PLACE)
