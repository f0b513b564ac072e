"""Where a password or a token may travel: one rule for every platform whose address a person gives."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from modconsole.connectors.http import is_loopback
from modconsole.errors import InputError


def safe(address: str, *, what: str, example: str, carries: str = "password", local: bool = True) -> SplitResult:
    """The parts of an address, complete with its scheme, to which a secret may go: https, or with `local` this very machine.

    `what` says what is there, as "site"; `carries` which secret travels; `example` how an address is written. Raises
    `InputError`, without repeating a password that somebody put into the address.
    """
    text = address.strip()
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or not re.fullmatch(r"[\w.:-]+", host):
        raise InputError(f"This is not the address of a {what}.", hint=f"Write it as {example}.")
    if parts.username is not None or parts.password is not None:
        raise InputError("A name or password does not belong into the address.", hint="Give them when you are asked.")
    if parts.scheme not in ("http", "https"):
        raise InputError(f"A {what}'s address begins with https, not with {parts.scheme}.")
    if parts.scheme == "http" and not (local and is_loopback(host)):
        raise InputError(
            f"The {carries} would travel to {host} readable for everybody on the way.",
            hint="Use its https address; plain http is accepted for this machine only.",
        )
    return parts
