"""Who somebody is on the AT Protocol, and which server keeps their account.

A handle is a name, a DID the identity: the directory has a document for each DID that names the handle and the
account's own server (PDS). Both directions must agree, or the handle is not that account's ("Handle" in the protocol's
specification). A password goes to the server that the directory names, over https and to nowhere else; plain http is
taken for this machine only, and only where the directory is on this machine as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from modconsole.connectors.addresses import safe
from modconsole.connectors.bluesky_api import error_name
from modconsole.connectors.bluesky_text import is_did, is_handle
from modconsole.connectors.http import Answer, Http, is_loopback, unreadable
from modconsole.errors import Gone, InputError, PlatformError, Refused, SignInError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

DIRECTORY = "https://plc.directory"
"""Where the documents of `did:plc` identities are."""
RESOLVER = "https://public.api.bsky.app"
"""Who tells the DID of a handle: Bluesky's public interface, which looks at DNS and at the handle's own web site for us."""


class Service(msgspec.Struct, rename="camel"):
    """One service of a DID document."""

    id: str = ""
    type: str = ""
    service_endpoint: Any = None


class Document(msgspec.Struct, rename="camel"):
    """What we need of a DID document."""

    id: str
    also_known_as: list[str] = msgspec.field(default_factory=list)
    service: list[Service] = msgspec.field(default_factory=list)


class Home(msgspec.Struct, frozen=True):
    """An account and the server that keeps it."""

    did: str
    handle: str
    pds: str


def checked_address(address: str, *, local: bool = True) -> str:
    """The address of a service, safe to send a password or a token to. `local` allows plain http to this machine.

    Raises `InputError` without repeating what may be a password.
    """
    parts = safe(address, what="server", example="https://pds.example", local=local)
    return f"{parts.scheme}://{parts.netloc}"


def identifier(text: str) -> str:
    """A handle or DID as it was typed, made plain: without `@`, in lower case. Raises `InputError`."""
    name = "".join(c for c in text.strip() if c.isprintable() and ord(c) not in range(0x200B, 0x2070))
    name = name.removeprefix("at://").removeprefix("@")
    if is_did(name):
        return name
    name = name.lower()
    if not is_handle(name):
        raise InputError("This is no handle and no DID.", hint="Write the handle in full, as ann.bsky.social.")
    return name


def find_home(
    name: str, *, directory: str = DIRECTORY, resolver: str = RESOLVER, transport: httpx.BaseTransport | None = None
) -> Home:
    """The account behind a handle or DID, and its server.

    Raises `SignInError` where there is no such account, `InputError` where its server cannot be used safely.
    """
    wanted = identifier(name)
    directory, resolver = checked_address(directory), checked_address(resolver)
    did = wanted if is_did(wanted) else _did_of(wanted, resolver, transport)
    document = _document(did, directory, transport)
    handles = [known.removeprefix("at://").lower() for known in document.also_known_as if known.startswith("at://")]
    if document.id != did or (wanted != did and wanted not in handles):
        raise SignInError(f"{wanted} and the account behind it do not name each other.", hint="Use the account's DID.")
    for service in document.service:
        if service.id.endswith("#atproto_pds") and isinstance(service.service_endpoint, str):
            local = is_loopback(urlsplit(directory).hostname or "")
            handle = wanted if wanted != did else next(iter(handles), did)
            return Home(did, handle, checked_address(service.service_endpoint, local=local))
    raise SignInError(f"The directory names no server for {wanted}.", hint="Is the account deleted?")


def _did_of(handle: str, resolver: str, transport: httpx.BaseTransport | None) -> str:
    try:
        found = _ask(
            f"{resolver}/xrpc/com.atproto.identity.resolveHandle", {"handle": handle}, dict[str, Any], transport
        )
    except (Refused, Gone):
        found = {}
    did = found.get("did")
    if not isinstance(did, str) or not is_did(did):
        raise SignInError(f"Nobody has the handle {handle}.", hint="Write it in full, as ann.bsky.social.")
    return did


def _document(did: str, directory: str, transport: httpx.BaseTransport | None) -> Document:
    """The DID document: from the directory, or for `did:web` from the name's own web site."""
    method, name = did.split(":")[1:3]
    address = f"{directory}/{did}" if method == "plc" else f"https://{name}/.well-known/did.json"
    try:
        return _ask(address, None, Document, transport)
    except (Refused, Gone):
        raise SignInError("There is no such account.", hint="Look at the handle or DID again.") from None


def _ask(address: str, query: dict[str, str] | None, kind: type[T], transport: httpx.BaseTransport | None) -> T:
    http = Http(address, refine=_refine, transport=transport)

    def parse(answer: Answer) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(http.host, writing=False) from None

    try:
        return http.read(address, query, parse)
    finally:
        http.close()


def _refine(answer: Answer) -> PlatformError | None:
    """Not found is an answer here, whatever the status: the directory says 404 or 410, a resolver 400."""
    return Gone("There is no such account.") if answer.status in (400, 404, 410) or error_name(answer) else None
