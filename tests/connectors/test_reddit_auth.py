"""Signing in to Reddit, and tokens that last an hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.connectors.reddit_server import CLIENT, SECRET, Pulled, Stand, standing

from modconsole.connectors import reddit
from modconsole.connectors.base import Known
from modconsole.connectors.reddit_auth import Grant, code_in, place, user_agent
from modconsole.connectors.signing import Credentials, SignedIn, SignIn, Step
from modconsole.errors import InputError, SignInError, Unreachable

if TYPE_CHECKING:
    import httpx


@pytest.fixture
def stand() -> Iterator[Stand]:
    """A Reddit that runs."""
    with standing() as made:
        yield made


def here(stand: Stand) -> httpx.BaseTransport:
    """A transport on which reddit.com is the double."""
    import httpx

    class Diverted(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            assert request.url.host in ("www.reddit.com", "oauth.reddit.com")
            assert request.url.scheme == "https"
            request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=stand.server.server_address[1])
            return super().handle_request(request)

    return Diverted()


APP = {
    "user": "u/us",
    "client_id": CLIENT,
    "client_secret": SECRET,
    "way": "browser",
    "redirect": "http://localhost:8080",
}


def finished(questions: SignIn, answers: dict[str, str]) -> SignedIn:
    """The end of a sign-in after its last answers."""
    with pytest.raises(StopIteration) as end:
        questions.send(answers)
    signed: SignedIn = end.value.value
    return signed


def test_the_browser_brings_a_code_and_the_code_a_sign_in_that_lasts(stand: Stand) -> None:
    """The address asks for everything that is needed, for good; what was pasted is the address that came back."""
    questions = reddit.sign_in(stand.clock, here(stand))
    next(questions)
    step = questions.send(APP)
    address = urlsplit(step.url)
    asked = {key: value[0] for key, value in parse_qs(address.query).items()}
    assert (address.netloc, address.path) == ("www.reddit.com", "/api/v1/authorize")
    assert (asked["client_id"], asked["duration"], asked["response_type"]) == (CLIENT, "permanent", "code")
    assert {"modmail", "modposts", "submit", "read"} <= set(asked["scope"].split())
    stand.place.codes["abc"] = stand.us
    which = questions.send({"code": f"http://localhost:8080/?state={asked['state']}&code=abc#_"})
    assert [field.default for field in which.fields] == ["tea", "yes"]
    signed = finished(questions, {"subreddits": "tea", "elsewhere": "no"})
    assert signed.settings == {"client_id": CLIENT, "user": "us", "subreddits": ["tea"], "elsewhere": False}
    assert signed.suggested_source == "r/tea"
    assert Grant.of(signed.secret).refresh.startswith("refresh-")
    connector = reddit.connect(signed.settings, Credentials(signed.secret), clock=stand.clock, transport=here(stand))
    assert connector.check().name == "us"
    connector.close()


def test_a_script_may_sign_in_with_its_owners_password(stand: Stand) -> None:
    """Which is kept, for there is nothing else to get a new token with."""
    questions = reddit.sign_in(stand.clock, here(stand))
    next(questions)
    assert questions.send({**APP, "way": "password"}).fields[0].secret
    assert isinstance(questions.send({"password": "hunter2"}), Step)
    signed = finished(questions, {"subreddits": "tea, coffee"})
    assert signed.suggested_source == "u/us"
    assert signed.settings["elsewhere"] is True
    stand.place.tokens.clear()
    connector = reddit.connect(signed.settings, Credentials(signed.secret), clock=stand.clock, transport=here(stand))
    assert connector.check().id == stand.us.native
    connector.close()


@pytest.mark.parametrize(
    ("app", "password"),
    [({"way": "password"}, "swordfish"), ({"way": "password", "client_secret": "swordfish"}, "hunter2")],
)
def test_a_wrong_password_or_secret_is_said(stand: Stand, app: dict[str, str], password: str) -> None:
    """Reddit answers the one with 200 and an error, the other with 401."""
    questions = reddit.sign_in(stand.clock, here(stand))
    next(questions)
    questions.send({**APP, **app})
    with pytest.raises(SignInError) as caught:
        questions.send({"password": password})
    assert password not in str(caught.value)


@pytest.mark.parametrize("pasted", ["abc#_", " abc ", "http://localhost:8080/?state=s&code=abc#_", "?code=abc"])
def test_the_code_is_found_in_what_was_pasted(pasted: str) -> None:
    """The code alone, or the whole address, with the tail that Reddit hangs on it."""
    assert code_in(pasted, "s") == "abc"


@pytest.mark.parametrize(
    "pasted", ["http://localhost/?state=other&code=abc", "http://localhost/?state=s&error=access_denied", "x=y"]
)
def test_an_address_without_our_code_is_refused(pasted: str) -> None:
    """From another sign-in, refused on Reddit, or something else."""
    with pytest.raises(InputError):
        code_in(pasted, "s")


def test_a_token_is_renewed_before_it_runs_out(stand: Stand) -> None:
    """And what was got is kept, so that the next run needs none."""
    credentials = Credentials(stand.secret)
    connector = reddit.connect(stand.settings, credentials, clock=stand.clock)
    connector.check()
    connector.check()
    assert stand.place.token_requests == 1
    stand.place.tick(3_590)
    connector.check()
    assert stand.place.token_requests == 2
    assert Grant.of(credentials.secret).refresh == "our-refresh-token"
    connector.close()


def test_a_token_that_reddit_refuses_is_renewed_once_and_the_request_made_again(stand: Stand) -> None:
    """A revoked token is worth nothing, whatever our clock says."""
    connector = stand.connector()
    connector.check()
    stand.place.tokens.clear()
    asked = stand.post_as_stranger("hello?")
    assert asked in Pulled(stand, connector).messages
    assert stand.place.token_requests == 2


def test_a_token_that_somebody_else_has_got_is_taken_over(stand: Stand) -> None:
    """Two processes with one secret ask Reddit once."""
    kept = [stand.secret]

    def shared() -> Credentials:
        return Credentials(kept[0], load=lambda: kept[0], save=lambda new: kept.__setitem__(0, new))

    one, other = (reddit.connect(stand.settings, shared(), clock=stand.clock) for _ in range(2))
    one.check()
    other.check()
    assert stand.place.token_requests == 1
    one.close()
    other.close()


def test_an_access_that_was_revoked_wants_a_new_sign_in(stand: Stand) -> None:
    """And says what to do."""
    stand.place.refresh.clear()
    with pytest.raises(SignInError) as caught:
        Pulled(stand, stand.connector(), Known())
    assert "Sign in again" in str(caught.value)
    assert "our-refresh-token" not in str(caught.value)


def test_a_token_that_reddit_will_not_accept_at_all_is_a_wrong_sign_in(stand: Stand) -> None:
    """401 twice: once more is enough."""
    stand.place.trouble["GET /api/v1/me"] = [401, 401]
    with pytest.raises(SignInError):
        stand.connector().check()
    assert stand.place.token_requests == 2


@pytest.mark.parametrize("fault", ["cut", "drop", 503, b"<html>"])
def test_a_token_that_does_not_come_is_asked_for_later(stand: Stand, fault: object) -> None:
    """Nothing was done that could not be done again."""
    connector = stand.connector()
    stand.place.trouble["POST /api/v1/access_token"] = [fault] * 3
    with pytest.raises(Unreachable):
        connector.check()
    stand.place.trouble.clear()
    assert connector.check().name == "us"


def test_requests_say_who_asks_as_reddit_wants_it() -> None:
    """Platform, name, version, and the account to write to."""
    platform, name, rest = user_agent("us").split(":")
    assert platform
    assert name == "modconsole"
    assert rest.startswith("v")
    assert rest.endswith(" (by /u/us)")


def test_a_token_goes_nowhere_but_to_reddit() -> None:
    """Or to this machine, for tests."""
    assert place({}, "site", "https://www.reddit.com") == "https://www.reddit.com"
    assert place({"site": "http://127.0.0.1:1/"}, "site", "https://www.reddit.com") == "http://127.0.0.1:1"
    with pytest.raises(InputError):
        place({"site": "https://reddit.example"}, "site", "https://www.reddit.com")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"client_id": "x", "user": "us"},
        {"client_id": "x", "user": "us", "subreddits": "a/../b"},
        {"user": "us", "subreddits": ["tea"]},
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(settings: dict[str, object]) -> None:
    """Without a request."""
    with pytest.raises(InputError):
        reddit.connect(settings, Credentials(Grant(refresh="r").text()))


def test_no_secret_is_shown(stand: Stand) -> None:
    """Neither by the connector nor by what it is made of."""
    connector = stand.connector()
    assert "our-refresh-token" not in repr(connector)
    assert SECRET not in repr(connector)
    with pytest.raises(SignInError):
        Grant.of("hunter2")
