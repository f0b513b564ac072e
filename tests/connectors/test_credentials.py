"""A token that has run out is renewed once, whoever needs it first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from modconsole.connectors.http import Answer, Http
from modconsole.connectors.signing import Credentials
from modconsole.errors import OutcomeUnknown, SignInError


class Shelf:
    """Where a secret is kept, for several programs at once."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.guard = threading.Lock()
        self.fetched: list[str] = []

    @contextmanager
    def lock(self) -> Iterator[None]:
        with self.guard:
            yield

    def save(self, secret: str) -> None:
        self.secret = secret

    def open(self) -> Credentials:
        return Credentials(self.secret, load=lambda: self.secret, save=self.save, lock=self.lock)

    def fetch(self, used: str) -> str:
        """The platform's side: each token can be spent once."""
        assert used not in self.fetched
        self.fetched.append(used)
        return f"{used}+"


def test_many_that_find_a_token_expired_renew_it_once() -> None:
    """Refresh tokens that are spent twice sign the account out: eight threads make one request."""
    shelf = Shelf("one")
    everybody = [shelf.open() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda mine: mine.renew("one", shelf.fetch), everybody))
    assert (set(found), shelf.fetched, shelf.secret) == ({"one+"}, ["one"], "one+")


def test_a_secret_that_was_renewed_elsewhere_is_taken_over_without_a_request() -> None:
    """As when the console and the nightly sweep share a source."""
    shelf = Shelf("one")
    console, sweep = shelf.open(), shelf.open()
    assert sweep.renew("one", shelf.fetch) == "one+"
    assert console.renew("one", shelf.fetch) == "one+"
    assert console.renew("one+", shelf.fetch) == "one++"
    assert shelf.fetched == ["one", "one+"]


def test_credentials_do_not_show_what_they_are() -> None:
    """Not in a log, a traceback or a debugger's list."""
    assert "hunter2" not in repr(Credentials("hunter2"))


def connection(answers: list[httpx.Response], renewals: list[str], seen: list[str]) -> Http:
    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return answers.pop(0)

    def renew() -> None:
        renewals.append("renewed")

    return Http(
        "https://m.example",
        headers=lambda: {"Authorization": f"Bearer {len(renewals)}"},
        expired=lambda answer: answer.status == 401,
        renew=renew,
        transport=httpx.MockTransport(handler),
        wait=0,
    )


def test_a_write_that_met_an_expired_token_is_made_again_once() -> None:
    """401 says that nothing was done."""
    renewals: list[str] = []
    seen: list[str] = []
    http = connection([httpx.Response(401), httpx.Response(200, json={"id": 1})], renewals, seen)
    assert http.write("POST", "https://m.example/a", {}).json() == {"id": 1}
    assert seen == ["Bearer 0", "Bearer 1"]


def test_a_renewed_token_that_is_refused_as_well_stops_the_source() -> None:
    """No loop: the person has to sign in again."""
    renewals: list[str] = []
    seen: list[str] = []
    http = connection([httpx.Response(401), httpx.Response(401)], renewals, seen)
    with pytest.raises(SignInError):
        http.read("https://m.example/a", None, Answer.json)
    assert (len(seen), renewals) == (2, ["renewed"])


def test_a_write_whose_second_try_is_lost_is_unknown() -> None:
    """After the renewal it is an attempt like any other."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "old":
            return httpx.Response(401)
        raise httpx.ReadError("lost")

    token = ["old"]
    http = Http(
        "https://m.example",
        headers=lambda: {"Authorization": token[0]},
        expired=lambda answer: answer.status == 401,
        renew=lambda: token.__setitem__(0, "new"),
        transport=httpx.MockTransport(handler),
    )
    with pytest.raises(OutcomeUnknown):
        http.write("POST", "https://m.example/a", {})
