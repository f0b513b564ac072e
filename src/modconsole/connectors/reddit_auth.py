"""Signing in to Reddit: OAuth with a client id of one's own, by a browser or by a password, and access tokens that last an hour.

Reddit gives out client ids on application, to people and not to programs: there is none in here. An app of the type *script* may
sign in with the password of its owner; every type can send its owner to a browser, whose last address brings the code. The secret
that is kept is the whole `Grant` as JSON; `Credentials.renew` sees to it that an access token is renewed once, whoever needs it.

Sources: Reddit's OAuth2 wiki (reddit-archive/reddit), the Data API wiki for the user agent, and the recorded answers.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from modconsole import __version__
from modconsole.connectors.http import Answer, Http, is_loopback
from modconsole.connectors.signing import Credentials, Field, Step
from modconsole.domain.times import SECOND
from modconsole.errors import InputError, OutcomeUnknown, SignInError, Unreachable

if TYPE_CHECKING:
    import httpx

SITE = "https://www.reddit.com"
"""Where tokens are given out and people sign in."""
INTERFACE = "https://oauth.reddit.com"
"""Where everything else is asked, with a token."""
REDIRECT = "http://localhost:8080"
EARLY = 60 * SECOND
"""How long before its end an access token is not used any more."""

SCOPES: dict[str, str] = {
    "identity": "who we are cannot be asked",
    "read": "posts and comments cannot be read",
    "history": "our own comments cannot be listed",
    "mysubreddits": "which subreddits we moderate cannot be asked",
    "submit": "nothing can be answered in public",
    "privatemessages": "private messages and mentions cannot be read or answered",
    "modmail": "modmail cannot be read or answered",
    "modposts": "nothing can be approved, removed or locked",
    "modcontributors": "nobody can be banned or muted",
    "modnote": "people cannot be given notes",
    "modflair": "posts cannot be given flair",
    "report": "nothing can be reported",
    "flair": "the flairs that there are cannot be asked",
}
"""What is asked for, each with what cannot be done without it."""

_AGAIN = "Sign in again under the source's settings."


class Grant(Struct, omit_defaults=True):
    """What the secret of a source holds: what tokens are got with, and the token of the hour."""

    refresh: str = ""
    client_secret: str = ""
    password: str = ""
    access: str = ""
    expires: int = 0
    """Instant at which the access token ends, by our clock."""
    scope: str = ""

    def text(self) -> str:
        """As it is kept."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def of(cls, secret: str) -> Grant:
        """From what is kept. Raises `SignInError` for anything else."""
        try:
            return msgspec.json.decode(secret, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SignInError("The sign-in to Reddit is not complete.", hint=_AGAIN) from None


class _Token(Struct):
    """The answer of the token address; a wrong code is answered 200, with an `error`."""

    access_token: str = ""
    expires_in: float = 3600.0
    scope: str = ""
    refresh_token: str = ""
    error: str | int = ""


def user_agent(user: str) -> str:
    """What Reddit's rules want a program to call itself: platform, name, version, and whom to ask about it."""
    return f"{sys.platform}:modconsole:v{__version__} (by /u/{user})"


def place(settings: Mapping[str, object], key: str, usual: str) -> str:
    """Where requests go: Reddit, or something on this very machine that stands for it. A token goes nowhere else."""
    given = settings.get(key)
    if given is None or given == usual:
        return usual
    if isinstance(given, str) and is_loopback(urlsplit(given).hostname or ""):
        return given.rstrip("/")
    raise InputError(f"The setting `{key}` of a Reddit source can only be an address of this machine.")


class Session:
    """Tokens for one account, got when they are needed. Not for several threads at once."""

    def __init__(
        self,
        client_id: str,
        user: str,
        credentials: Credentials,
        clock: Callable[[], int],
        *,
        site: str = SITE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.user = user
        self.agent = user_agent(user)
        self._client_id = client_id
        self._credentials = credentials
        self._clock = clock
        self._site = site
        self._transport = transport

    def headers(self) -> Mapping[str, str]:
        """What goes with each request: a token that has not run out by our clock."""
        grant = Grant.of(self._credentials.secret)
        if not grant.access or grant.expires - EARLY <= self._clock():
            self.renew()
            grant = Grant.of(self._credentials.secret)
        return {"Authorization": f"bearer {grant.access}"}

    def renew(self) -> None:
        """Get a new token, unless somebody has one already. Raises `SignInError` where Reddit gives none."""
        self._credentials.renew(self._credentials.secret, lambda kept: self._fetched(Grant.of(kept)).text())

    def scopes(self) -> frozenset[str]:
        """What the token may be used for; `*` is everything."""
        self.headers()
        return frozenset(Grant.of(self._credentials.secret).scope.split())

    def _fetched(self, grant: Grant) -> Grant:
        if grant.refresh:
            return self.asked(grant, {"grant_type": "refresh_token", "refresh_token": grant.refresh})
        if grant.password:
            return self.asked(grant, {"grant_type": "password", "username": self.user, "password": grant.password})
        raise SignInError("The sign-in to Reddit has run out.", hint=_AGAIN)

    def asked(self, grant: Grant, form: Mapping[str, str]) -> Grant:
        """Ask for a token. A refresh token that comes with it replaces the one before."""
        web = Http(
            self._site,
            sign_in=(self._client_id, grant.client_secret),
            user_agent=self.agent,
            transport=self._transport,
            refine=_refused,
        )
        began = self._clock()
        try:
            answer = web.write("POST", f"{self._site}/api/v1/access_token", form=form)
        except OutcomeUnknown:  # a token more or less does nothing: it can be asked for again
            raise Unreachable("Reddit gave no token, and no reason.") from None
        finally:
            web.close()
        token = _decoded(answer)
        return replace(
            grant,
            access=token.access_token,
            expires=began + int(token.expires_in * SECOND),
            scope=token.scope,
            refresh=token.refresh_token or grant.refresh,
        )


def _decoded(answer: Answer) -> _Token:
    try:
        token = msgspec.json.decode(answer.body, type=_Token)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreachable(
            "Reddit answered with something that is no token.", hint="Is something in front of it?"
        ) from None
    if not token.access_token:
        raise _no_token()
    return token


def _refused(answer: Answer) -> SignInError | None:
    if answer.status == 401:
        return SignInError(
            "Reddit does not know this client id and secret.",
            hint="Look at both under reddit.com/prefs/apps, and sign in again.",
        )
    return _no_token() if answer.status == 400 else None


def _no_token() -> SignInError:
    return SignInError(
        "Reddit did not accept the sign-in.",
        hint=f"The access was revoked, the code used already, or the password is wrong. {_AGAIN}",
    )


APP = Step(
    title="Sign in to Reddit",
    text=(
        "Reddit wants an app of your own: apply for access to the Data API, then make one under reddit.com/prefs/apps."
        " A *script* app can sign in with your password, unless you have a second factor; every app can use the browser."
    ),
    fields=(
        Field("user", "Your Reddit user name", hint="without u/"),
        Field("client_id", "Client id of the app", hint="the short code below its name"),
        Field("client_secret", "Secret of the app", hint="an installed app has none", secret=True, required=False),
        Field("way", "Sign in by", default="browser", choices=("browser", "password")),
        Field(
            "redirect", "Redirect uri of the app", hint="exactly as it is set there", default=REDIRECT, required=False
        ),
    ),
)
PASSWORD = Step(
    title="Your Reddit password",
    text="It is kept with the source's secret, since a new token is needed every hour.",
    fields=(Field("password", "Password", secret=True),),
)


def browser(client_id: str, redirect: str, *, site: str = SITE) -> tuple[Step, str]:
    """The question for the code, and the word by which the answer is known to be to our question."""
    state = secrets.token_urlsafe(16)
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "state": state,
        "redirect_uri": redirect,
        "duration": "permanent",
        "scope": " ".join(SCOPES),
    }
    step = Step(
        title="Allow it in the browser",
        text=(
            "Open this address, sign in as the account that shall answer, and allow it. The browser then goes to a page"
            " that may not load: copy its whole address from the address bar."
        ),
        url=f"{site}/api/v1/authorize?{urlencode(asked)}",
        fields=(Field("code", "The address that the browser ended at", hint="or the code in it", secret=True),),
    )
    return step, state


def code_in(answer: str, state: str) -> str:
    """The code from what was pasted: a whole address, or the code alone. Raises `InputError`."""
    text = answer.strip()
    if "=" not in text:
        return text.removesuffix("#_")
    given = parse_qs(urlsplit(text).query or text)
    if "error" in given:
        raise InputError("Reddit says that access was not allowed.", hint="Begin again, and press Allow.")
    if given.get("state", [state])[0] != state:
        raise InputError("This address is from another sign-in.", hint="Begin again, and paste the newest one.")
    if not given.get("code"):
        raise InputError("There is no code in this address.", hint="It holds `code=`.")
    return given["code"][0].removesuffix("#_")
