"""Signing in to a Mastodon server: with a token that somebody made there, or by allowing modconsole in the browser.

In the browser: modconsole registers itself as an application (`POST /api/v1/apps`), the person opens the address that
is shown, allows it, and copies the code that the server shows (the redirect `urn:ietf:wg:oauth:2.0:oob`). Where the
server announces it, the code is bound to this very sign-in (PKCE, Mastodon 4.3 and later), so that a code that is seen
on the way is worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from msgspec import Struct, field

from modconsole.connectors.addresses import safe
from modconsole.connectors.http import Http
from modconsole.connectors.mastodon_answers import refine, window
from modconsole.connectors.mastodon_api import Api
from modconsole.connectors.signing import Field, SignedIn, SignIn, Step
from modconsole.errors import Gone, InputError, Refused, SignInError

if TYPE_CHECKING:
    import httpx

OOB = "urn:ietf:wg:oauth:2.0:oob"
"""The redirect that shows the code instead of leading anywhere (Mastodon's documentation, `client/token`)."""
BROAD = ("read", "write", "follow")
"""What servers understand that announce no finer scopes: Mastodon before 4.3, Takahē, GoToSocial before 0.19."""

NEEDED: dict[str, str] = {
    "read:accounts": "who we are stays unknown",
    "read:notifications": "mentions are not seen",
    "read:statuses": "threads, direct messages and replies made elsewhere are not seen",
    "read:follows": "how we stand to somebody is not known, so nobody can be muted or blocked",
    "write:statuses": "nothing can be answered or deleted",
    "write:notifications": "filtered senders cannot be approved",
    "write:mutes": "nobody can be muted",
    "write:blocks": "nobody can be blocked",
    "write:reports": "nothing can be reported",
    "write:conversations": "no thread can be muted",
    "write:follows": "no request to follow us can be approved",
}
"""The scopes that modconsole uses, and what is missing without each."""
STAFF: dict[str, str] = {
    "admin:read:reports": "reports are not seen",
    "admin:write:reports": "reports cannot be resolved",
    "admin:read:accounts": "nobody can be limited or suspended",
    "admin:write:accounts": "nobody can be limited or suspended",
}
"""The scopes of staff."""

BROWSER, TOKEN = "browser", "token"

FORM = Step(
    title="Sign in to a Mastodon server",
    text="Also for GoToSocial, Takahē, Pleroma, Akkoma and Hollo.",
    fields=(
        Field("url", "Address of the server", hint="mastodon.example, or @you@mastodon.example"),
        Field(
            "how",
            "How to sign in",
            hint="allow it in the browser, or paste a token",
            default=BROWSER,
            choices=(BROWSER, TOKEN),
        ),
        Field(
            "staff",
            "Do you moderate this server?",
            hint="then reports are read too",
            default="no",
            choices=("no", "yes"),
        ),
    ),
)


class _App(Struct):
    client_id: str
    client_secret: str = ""


class _Token(Struct):
    access_token: str
    scope: str | None = None


class _Server(Struct):
    """What a server says of its sign-in (`/.well-known/oauth-authorization-server`, Mastodon 4.3 and later)."""

    scopes_supported: list[str] = field(default_factory=list)
    code_challenge_methods_supported: list[str] = field(default_factory=list)


class _Application(Struct):
    scopes: list[str] | None = None


def address(text: str) -> str:
    """The address of a server, from whatever names it: a host, an address, or `@name@host`.

    https is required, since the token travels with each request; plain http is accepted for this machine. Raises
    `InputError`.
    """
    wanted = text.strip()
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", wanted):
        wanted = f"https://{wanted.rpartition('@')[2]}"
    parts = safe(wanted, what="server", example="mastodon.example", carries="token")
    return f"{parts.scheme}://{parts.netloc}"


def caller(url: str, transport: httpx.BaseTransport | None, token: Callable[[], str] | None = None) -> Api:
    """Calls without a token, or with one."""
    headers = (lambda: {"Authorization": f"Bearer {token()}"}) if token is not None else None
    return Api(Http(url, headers=headers, refine=refine, window=window, transport=transport))


def sign_in(clock: Callable[[], int], transport: httpx.BaseTransport | None = None) -> SignIn:
    """Ask for the server, then for a token, or for the code that it shows once modconsole was allowed there."""
    answers = yield FORM
    url = address(answers["url"])
    staff = answers.get("staff", "no") == "yes"
    wanted = [*NEEDED, *(STAFF if staff else ())]
    scopes: list[str] = []
    if answers.get("how", BROWSER) == TOKEN:
        given = yield _paste(url, wanted)
        secret = given["token"].strip()
    else:
        secret, scopes = yield from _in_browser(url, staff, wanted, transport)
    if not secret:
        raise InputError("The token is missing.", hint="Copy it from the server's page.")
    return _signed_in(url, secret, scopes, transport)


def _paste(url: str, wanted: Iterable[str]) -> Step:
    return Step(
        title="Paste an access token",
        text=f"On the server: Preferences, Development, New application. Scopes: {' '.join(wanted)}.",
        fields=(Field("token", "Access token", secret=True),),
        url=f"{url}/settings/applications/new",
    )


def _in_browser(
    url: str, staff: bool, wanted: list[str], transport: httpx.BaseTransport | None
) -> Any:  # a generator that ends with the token and its scopes
    api = caller(url, transport)
    try:
        scopes, pkce = _offered(api, wanted, staff)
        app = _register(api, scopes)
        verifier = secrets.token_urlsafe(48)
        asked = {"response_type": "code", "client_id": app.client_id, "redirect_uri": OOB, "scope": " ".join(scopes)}
        if pkce:
            digest = hashlib.sha256(verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            asked.update(code_challenge=challenge, code_challenge_method="S256")
        given = yield Step(
            title="Allow modconsole on the server",
            text="Open the address, allow modconsole there, and copy the code that is shown.",
            fields=(Field("code", "Code", secret=True),),
            url=f"{url}/oauth/authorize?{urlencode(asked)}",
        )
        token = _exchange(api, app, given["code"].strip(), scopes, verifier if pkce else "")
        return token.access_token, (token.scope or " ".join(scopes)).split()
    finally:
        api.http.close()


def _offered(api: Api, wanted: list[str], staff: bool) -> tuple[list[str], bool]:
    """The scopes to ask for, and whether the server binds codes to sign-ins: as it announces, or else the broad
    ones."""
    try:
        server = api.get("/.well-known/oauth-authorization-server", _Server)
    except (Gone, Refused):
        server = _Server()
    known = set(server.scopes_supported)
    scopes = list(wanted) if known.issuperset(wanted) else [*BROAD, *(("admin:read", "admin:write") if staff else ())]
    return scopes, "S256" in server.code_challenge_methods_supported


def _register(api: Api, scopes: list[str]) -> _App:
    """Make modconsole known to the server; each sign-in is an application of its own, which can be revoked alone."""
    body = {"client_name": "modconsole", "redirect_uris": OOB, "scopes": " ".join(scopes)}
    try:
        answer = api.write("POST", "/api/v1/apps", body)
    except Gone:
        raise Refused(
            f"There is no Mastodon interface at {api.http.host}.", hint="Check the address of the server."
        ) from None
    return api.decode(answer, _App, writing=True)


def _exchange(api: Api, app: _App, code: str, scopes: list[str], verifier: str) -> _Token:
    """The token for a code. A code is good once and for ten minutes."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uri": OOB,
        "scope": " ".join(scopes),
    }
    if verifier:
        form["code_verifier"] = verifier
    try:
        answer = api.http.write("POST", api.url("/oauth/token"), form=form)
    except (Refused, Gone, SignInError):
        raise SignInError(
            f"{api.http.host} did not accept the code.", hint="Begin again: a code is good once, and for minutes."
        ) from None
    return api.decode(answer, _Token, writing=True)


def _signed_in(url: str, secret: str, scopes: list[str], transport: httpx.BaseTransport | None) -> SignedIn:
    """What is kept: the address, and which scopes were allowed where the server told them."""
    api = caller(url, transport, lambda: secret)
    try:
        me = api.me()
        here = api.instance().name or urlsplit(url).netloc
    finally:
        api.http.close()
    settings: dict[str, Any] = {"url": url}
    if scopes:
        settings["scopes"] = scopes
    return SignedIn(settings, secret, f"@{me.username or me.acct}@{here}")


def missing(granted: Iterable[str], *, staff: bool) -> tuple[str, ...]:
    """The scopes that a token lacks, each with what that hides. `read` covers every `read:…`, `follow` what it once
    meant."""
    have = set(granted)
    if "profile" in have:
        have.add("read:accounts")
    if "follow" in have:
        have.update(f"{verb}:{what}" for verb in ("read", "write") for what in ("follows", "blocks", "mutes"))
    needed = {**NEEDED, **(STAFF if staff else {})}
    return tuple(f"no scope {scope}: {why}" for scope, why in needed.items() if not _covers(have, scope))


def _covers(have: set[str], scope: str) -> bool:
    """Whether a scope was granted, or one that contains it: `admin:read` contains `admin:read:reports`, and `admin`
    both."""
    parts = scope.split(":")
    return any(":".join(parts[:end]) in have for end in range(1, len(parts) + 1))


def granted(api: Api, told: object) -> list[str] | None:
    """The scopes of our token: as the sign-in was told, or as the server says of the application; None where neither
    says."""
    if isinstance(told, list) and told:
        return [str(scope) for scope in told]
    try:
        return api.get("/api/v1/apps/verify_credentials", _Application).scopes or None
    except (Gone, Refused, SignInError):
        return None  # a token that belongs to no application, or a server before 4.3
