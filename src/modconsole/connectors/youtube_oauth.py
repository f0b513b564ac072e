"""Signing in to YouTube: OAuth 2.0 for installed apps, with a Google Cloud project of the user's own.

Google's flow for devices without a browser would be handier over SSH, but it gives out only a few scopes, and
`youtube.force-ssl`, without which no method of comments can be called, is not among them. So: the loopback redirect
with PKCE (RFC 8252 §7.3, RFC 7636). Nobody listens at that address; the browser shows an error, and the address it
ended at, which holds the code, is pasted here. That works from any machine, as over SSH.

Tokens live for an hour, the refresh token until it is revoked or unused for six months; of a project in "testing" for 7 days
(developers.google.com/identity/protocols/oauth2, "Refresh token expiration").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from msgspec import Struct

from modconsole.connectors.http import Answer, Http
from modconsole.connectors.signing import Field, Step
from modconsole.errors import InputError, OutcomeUnknown, PlatformError, SignInError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Generator

    import httpx

AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
REDIRECT = "http://127.0.0.1:47123/"
"""Where the browser is sent with the code. Desktop clients may name any port of the loopback address."""

EXPIRED = (
    "Sign in again with `modconsole sources add youtube`. If this happens every week, your Google Cloud project is in testing:"
    " publish it (Google Auth Platform, Audience), for the sign-ins of a project in testing end after 7 days."
)

_PROJECT = (
    "YouTube is read with a Google Cloud project of your own, which has its own daily quota. In console.cloud.google.com make"
    " a project, switch on the YouTube Data API v3, publish the consent screen, and make an OAuth client of type Desktop app."
)
_BROWSER = (
    "Open the address in any browser and choose the channel. Google then sends the browser to a page on 127.0.0.1 that cannot be"
    " shown: that is right. Copy the whole address of that page."
)


class Secret(Struct, kw_only=True):
    """What is kept for one source, as one line of JSON."""

    client_id: str
    client_secret: str
    refresh_token: str
    access_token: str = ""

    @classmethod
    def read(cls, kept: str) -> Secret:
        """The parts of a kept secret. Raises `SignInError` for one that is none."""
        try:
            return msgspec.json.decode(kept, type=cls)
        except msgspec.DecodeError:
            raise SignInError(
                "The sign-in to YouTube that is kept here cannot be read.", hint="Sign in again."
            ) from None

    def written(self) -> str:
        """The line to keep."""
        return msgspec.json.encode(self).decode()


class Tokens(Struct):
    """Google's answer to a code or a refresh token."""

    access_token: str
    refresh_token: str = ""
    scope: str = ""


def refreshed(kept: str, token_url: str, transport: httpx.BaseTransport | None) -> str:
    """A kept secret with a fresh access token. Raises `SignInError` where Google no longer honours the refresh token.

    Google's refresh tokens are not spent by their use, so a lost answer costs nothing.
    """
    secret = Secret.read(kept)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": secret.refresh_token,
        "client_id": secret.client_id,
        "client_secret": secret.client_secret,
    }
    tokens = _tokens(form, token_url, transport)
    secret.access_token = tokens.access_token
    secret.refresh_token = tokens.refresh_token or secret.refresh_token
    return secret.written()


def authorized(
    token_url: str, transport: httpx.BaseTransport | None, random: Callable[[int], bytes] = secrets.token_bytes
) -> Generator[Step, Mapping[str, str], Secret]:
    """The two steps of a sign-in: the project's client, then the browser. Ends with a secret that works."""
    project = yield Step(
        "A Google Cloud project of your own",
        (
            Field("client_id", "Client ID", "ends with .apps.googleusercontent.com"),
            Field("client_secret", "Client secret", secret=True),
        ),
        text=_PROJECT,
    )
    client, client_secret = project.get("client_id", "").strip(), project.get("client_secret", "").strip()
    if not client or not client_secret:
        raise InputError("Client ID and client secret are needed.", hint="Both are shown where the client was made.")
    verifier, state = _text(random(48)), _text(random(18))
    query = {
        "client_id": client,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": SCOPE,
        "access_type": "offline",
        "prompt": "consent",  # without it Google gives a refresh token only the first time
        "code_challenge": _text(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        "state": state,
    }
    answer = yield Step(
        "Allow it in a browser",
        (Field("address", "Address of the page that the browser ended at", "http://127.0.0.1:47123/?…", secret=True),),
        text=_BROWSER,
        url=f"{AUTHORIZE}?{urlencode(query)}",
    )
    form = {
        "grant_type": "authorization_code",
        "code": code_of(answer.get("address", ""), state),
        "client_id": client,
        "client_secret": client_secret,
        "code_verifier": verifier,
        "redirect_uri": REDIRECT,
    }
    tokens = _tokens(form, token_url, transport)
    if SCOPE not in tokens.scope.split():
        raise SignInError(
            "Google gave a sign-in that does not reach comments.", hint="Leave the tick at the permission it asks for."
        )
    if not tokens.refresh_token:
        raise SignInError("Google gave a sign-in for an hour only.", hint="Is the client one of type Desktop app?")
    return Secret(
        client_id=client,
        client_secret=client_secret,
        refresh_token=tokens.refresh_token,
        access_token=tokens.access_token,
    )


def code_of(pasted: str, state: str) -> str:
    """The code in the address that a browser ended at. Raises `SignInError` for an address of anything else."""
    query = parse_qs(urlsplit(pasted.strip()).query)
    if "error" in query:
        raise SignInError("The permission was not given.", hint="Try again and allow it.")
    code = query.get("code", [""])[0]
    if not code:
        raise SignInError(
            "There is no code in that address.", hint="Copy the whole address, with everything after the `?`."
        )
    if not hmac.compare_digest(query.get("state", [""])[0].encode(), state.encode()):
        raise SignInError(
            "That address belongs to another sign-in.", hint="Open the address of this one, and try again."
        )
    return code


def _tokens(form: dict[str, Any], token_url: str, transport: httpx.BaseTransport | None) -> Tokens:
    http = Http(token_url, refine=_refused, transport=transport)
    try:
        answer = http.write("POST", token_url, form=form)
    except OutcomeUnknown:
        raise Unreachable(f"{http.host} did not answer.", hint="Try again.") from None
    finally:
        http.close()
    try:
        return msgspec.json.decode(answer.body, type=Tokens)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreachable(f"{http.host} answered with something unreadable.", hint="Try again.") from None


def _refused(answer: Answer) -> PlatformError | None:
    """What Google's word for a refused token means (RFC 6749 §5.2)."""
    body = answer.json()
    word = body.get("error") if isinstance(body, dict) else None
    if word == "invalid_grant":
        return SignInError("Google no longer honours this sign-in.", hint=EXPIRED)
    if word in ("invalid_client", "unauthorized_client"):
        return SignInError(
            "Google does not know this client, or its secret has changed.", hint="Copy both anew, and sign in again."
        )
    return None


def _text(data: bytes) -> str:
    """Base64 for addresses, without padding (RFC 7636 §4)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
