"""Where an account's homeserver is, and how one signs in there.

The address is found from the server name, the part of a Matrix id behind the colon, through
`/.well-known/matrix/client` (client-server API, "Server discovery"). Nothing here carries a credential but the sign-in
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from modconsole.connectors.addresses import safe
from modconsole.connectors.http import Answer, Http
from modconsole.connectors.matrix_api import Api, Session, refine
from modconsole.connectors.matrix_map import within, words
from modconsole.connectors.signing import Credentials, Field, SignedIn, SignIn, Step
from modconsole.errors import InputError, PlatformError, Refused, SignInError

if TYPE_CHECKING:
    import httpx

DEVICE = "modconsole"
"""What our session is called in the list of sessions that every Matrix client shows."""


def checked_address(address: str) -> str:
    """A homeserver's address, complete, without a slash at its end, and safe to send a password to.

    https is required; plain http is accepted on loopback only. Raises `InputError` otherwise, without repeating a
    password that somebody put into the address.
    """
    parts = safe(address, what="homeserver", example="example.org, or as @us:example.org")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def discover(place: str, transport: httpx.BaseTransport | None = None) -> str:
    """The address of the homeserver behind a server name, a Matrix id or an address.

    Raises `InputError` for what cannot be one, `Refused` where there is no Matrix homeserver, `Unreachable`.
    """
    text = place.strip()
    if text.startswith("@"):
        text = text.partition(":")[2]
    address = checked_address(text)
    found = _well_known(address, transport)
    for candidate in dict.fromkeys((found, address) if found else (address,)):
        if _is_homeserver(candidate, transport):
            return candidate
    raise Refused(
        f"No Matrix homeserver was found at {urlsplit(address).hostname}.",
        hint="Give the part of your Matrix id behind the colon, or the homeserver's own address.",
        code="no_homeserver",
    )


def _well_known(address: str, transport: httpx.BaseTransport | None) -> str:
    """The address that the server names, or empty. Anything but a good answer means that there is none to be named."""
    web = Http(address, transport=transport, attempts=2)
    try:
        said = web.read(f"{address}/.well-known/matrix/client", None, Answer.json)
    except PlatformError as error:
        if error.retryable:
            raise
        return ""
    finally:
        web.close()
    base = words(within(said, "m.homeserver", "base_url"))
    return checked_address(base) if base else ""


def _is_homeserver(address: str, transport: httpx.BaseTransport | None) -> bool:
    web = Http(address, transport=transport, attempts=2)
    try:
        said = web.read(f"{address}/_matrix/client/versions", None, Answer.json)
    except PlatformError as error:
        if error.retryable:
            raise
        return False
    finally:
        web.close()
    return isinstance(within(said, "versions"), list)


def takes_passwords(address: str, transport: httpx.BaseTransport | None) -> bool:
    """Whether one can sign in with a user name and a password, or only through a web page."""
    web = Http(address, refine=refine, transport=transport)
    try:
        said = web.read(f"{address}/_matrix/client/v3/login", None, Answer.json)
    finally:
        web.close()
    flows = within(said, "flows")
    return isinstance(flows, list) and any(within(flow, "type") == "m.login.password" for flow in flows)


def login(address: str, user: str, password: str, transport: httpx.BaseTransport | None) -> tuple[str, Session]:
    """A session of our own: our Matrix id, and the session. Raises `SignInError` where name or password are wrong."""
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
        "initial_device_display_name": DEVICE,
        "refresh_token": True,
    }
    web = Http(address, refine=refine, transport=transport)
    try:
        answer = web.write("POST", f"{address}/_matrix/client/v3/login", body)
    except Refused as error:
        if error.code != "M_FORBIDDEN":
            raise
        raise SignInError("The homeserver did not accept the user name and password.", hint="Try again.") from None
    finally:
        web.close()
    said = answer.json()
    us, token = words(within(said, "user_id")), words(within(said, "access_token"))
    if not us or not token:
        raise SignInError("The homeserver gave no session.", hint="Sign in with an access token instead.")
    return us, Session(token, words(within(said, "refresh_token")), words(within(said, "device_id")))


def sign_in(clock: Callable[[], int], transport: httpx.BaseTransport | None = None) -> SignIn:
    """Ask for the homeserver, then for name and password, or for an access token; see `signing.SignIn`."""
    answers = yield Step(
        title="Where is the account?",
        fields=(Field("homeserver", "Homeserver", hint="example.org, or your whole Matrix id: @us:example.org"),),
    )
    place = answers.get("homeserver", "")
    address = discover(place, transport)
    password = takes_passwords(address, transport)
    answers = yield _how(place, password=password)
    token = answers.get("token", "").strip()
    if token:
        api = Api(address, Credentials(token), transport)
        try:
            who = api.who()
        finally:
            api.http.close()
        us, session = who.user_id, Session(token, device=who.device_id)
    elif password and answers.get("user", "").strip() and answers.get("password", ""):
        us, session = login(address, answers["user"].strip(), answers["password"], transport)
    else:
        raise InputError(
            "There is nothing to sign in with.", hint="Give a user name and a password, or an access token."
        )
    return SignedIn({"homeserver": address, "user": us}, session.secret(), us)


def _how(place: str, *, password: bool) -> Step:
    """The second step: what the homeserver takes."""
    token = Field(
        "token",
        "Access token",
        hint="from another client; in Element under Settings, Help & About, Advanced",
        secret=True,
        required=not password,
    )
    if not password:
        return Step(
            title="An access token",
            fields=(token,),
            text="This homeserver signs people in on a web page only. Make a session there, and give its access token.",
        )
    named = place.strip() if place.strip().startswith("@") else ""
    fields = (
        Field("user", "User name", hint="@us:example.org, or the part before the colon", required=False, default=named),
        Field("password", "Password", hint="used once, for a session of modconsole's own", secret=True, required=False),
        token,
    )
    return Step(
        title="How do you sign in?", fields=fields, text="With user name and password, or with an access token."
    )


def checked_settings(settings: Mapping[str, Any]) -> tuple[str, str]:
    """Homeserver and Matrix id of a source's settings. Raises `InputError`."""
    homeserver, user = settings.get("homeserver"), settings.get("user", "")
    if not isinstance(homeserver, str) or not isinstance(user, str):
        raise InputError("A Matrix source needs the setting `homeserver`.", hint="Add the source again.")
    return checked_address(homeserver), user
