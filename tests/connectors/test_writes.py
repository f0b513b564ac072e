"""What comes after a write, and what it may be called: whatever a connector's author thought of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

import modconsole
from modconsole.connectors import writes
from modconsole.connectors.acts import Done, Order
from modconsole.connectors.base import Connector, Outgoing
from modconsole.connectors.http import Answer, Http
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Record
from modconsole.errors import (
    Gone,
    InputError,
    ModConsoleError,
    NotDone,
    OutcomeUnknown,
    RateLimited,
    Refused,
    SignInError,
    Unreachable,
)

REPLY = Outgoing("1b4e28ba-2fa1-41d2-883f-0016d3cca427", "post:1", None, "Yes.")
ORDER = Order("1b4e28ba-2fa1-41d2-883f-0016d3cca427", "hide", "message", "1")
Steps = Callable[[Http], object]


class Careless:
    """A connector that takes steps and lets every error out as it comes."""

    def __init__(self, steps: Steps, http: Http) -> None:
        self._steps = steps
        self._http = http

    def send(self, reply: Outgoing) -> Record:
        """Take the steps."""
        return cast("Record", self._steps(self._http))

    def act(self, order: Order) -> Done:
        """Take the steps."""
        return cast("Done", self._steps(self._http))


@contextmanager
def place(write: int | Exception, read: int | Exception, **given: Any) -> Iterator[Http]:
    """A platform that answers every POST in one way, and every GET in another."""

    def handler(request: httpx.Request) -> httpx.Response:
        answer = write if request.method == "POST" else read
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, json={"id": 1})

    http = Http("https://place.example/", transport=httpx.MockTransport(handler), attempts=1, wait=0, **given)
    yield http
    http.close()


def careless(steps: Steps, http: Http) -> Connector:
    """A connector of those steps."""
    return cast("Connector", Careless(steps, http))


def write(http: Http) -> Answer:
    """Change something."""
    return http.write("POST", "https://place.example/replies", {})


def read(http: Http) -> Answer:
    """Ask something."""
    return http.read("https://place.example/me", None, lambda answer: answer)


def write_then_read(http: Http) -> Answer:
    """What goes wrong so easily."""
    write(http)
    return read(http)


def both(connector: Connector) -> tuple[Callable[[], object], Callable[[], object]]:
    """Its send and its act, as sync calls them."""
    return (lambda: writes.send(connector, REPLY)), (lambda: writes.act(connector, ORDER))


@pytest.mark.parametrize("after", [401, 403, 404, 409, 410, 429, 500, httpx.ConnectError("no"), httpx.ReadError("no")])
def test_a_read_that_fails_after_a_write_leaves_a_doubt(after: int | Exception) -> None:
    """Whatever it fails with, it says nothing of the write."""
    with place(200, after) as http:
        for call in both(careless(write_then_read, http)):
            with pytest.raises(OutcomeUnknown):
                call()


@pytest.mark.parametrize(
    ("status", "kind"), [(401, SignInError), (403, Refused), (404, Gone), (429, RateLimited), (500, Unreachable)]
)
def test_a_read_that_fails_before_the_write_is_what_it_is(status: int, kind: type[ModConsoleError]) -> None:
    """Nothing was sent, and it is sent again later."""

    def read_then_write(http: Http) -> Answer:
        read(http)
        return write(http)

    with place(200, status) as http:
        for call in both(careless(read_then_write, http)):
            with pytest.raises(kind) as caught:
                call()
            assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(401, SignInError), (403, Refused), (404, Gone), (429, RateLimited), (500, OutcomeUnknown)]
)
def test_what_the_platform_says_of_the_write_itself_is_kept(status: int, kind: type[ModConsoleError]) -> None:
    """A refusal is one, though the write was made."""
    with place(status, 200) as http:
        for call in both(careless(write_then_read, http)):
            with pytest.raises(kind) as caught:
                call()
            assert type(caught.value) is kind


def test_a_refusal_that_comes_with_200_is_one_where_it_is_checked() -> None:
    """`check` is part of the write; what is raised after it is not."""

    def no(_: Answer) -> None:
        raise Refused("no", code="no")

    def checked(http: Http) -> Answer:
        return http.write("POST", "https://place.example/replies", {}, check=no)

    def later(http: Http) -> None:
        no(write(http))

    with place(200, 200) as http:
        with pytest.raises(Refused):
            writes.send(careless(checked, http), REPLY)
        with pytest.raises(OutcomeUnknown):
            writes.send(careless(later, http), REPLY)


def test_after_a_refusal_a_question_that_fails_leaves_a_doubt() -> None:
    """The refusal may mean that it is there already: that was what was asked."""

    def ask_why(http: Http) -> Answer:
        try:
            return write(http)
        except Refused:
            return read(http)

    with place(409, 429) as http:
        for call in both(careless(ask_why, http)):
            with pytest.raises(OutcomeUnknown):
                call()


def test_after_a_write_that_was_never_sent_nothing_is_in_doubt() -> None:
    """No connection, no write."""

    def try_then_ask(http: Http) -> Answer:
        try:
            return write(http)
        except Unreachable:
            return read(http)

    with place(httpx.ConnectError("no"), 429) as http, pytest.raises(RateLimited):
        writes.send(careless(try_then_ask, http), REPLY)


def test_our_own_errors_after_a_write_leave_a_doubt_too() -> None:
    """As of a record that cannot be made of what came back."""

    def spell(http: Http) -> None:
        write(http)
        raise InputError("This is no id.")

    with place(200, 200) as http:
        for call in both(careless(spell, http)):
            with pytest.raises(OutcomeUnknown):
                call()


def test_an_act_may_say_that_it_is_not_done_and_a_reply_may_not() -> None:
    """An act that is done twice is done once; a reply that is sent twice is there twice."""

    def lost(http: Http) -> None:
        try:
            write(http)
        except OutcomeUnknown:
            raise NotDone("It is not done.") from None

    with place(httpx.ReadError("no"), 200) as http:
        with pytest.raises(NotDone):
            writes.act(careless(lost, http), ORDER)
        with pytest.raises(OutcomeUnknown):
            writes.send(careless(lost, http), REPLY)


def test_a_token_that_is_renewed_on_the_way_is_no_write() -> None:
    """Neither where the request finds it out, nor where it is known before."""

    def renew() -> None:
        with place(200, 200) as elsewhere:
            Credentials("old").renew("old", lambda _: str(write(elsewhere).status))

    with place(401, 200, expired=lambda answer: answer.status == 401, renew=renew) as http, pytest.raises(SignInError):
        writes.send(careless(write, http), REPLY)

    def renew_then_ask(http: Http) -> Answer:
        renew()
        return read(http)

    with place(200, 500) as http, pytest.raises(Unreachable):
        writes.send(careless(renew_then_ask, http), REPLY)


def test_outside_a_send_errors_are_what_they_are() -> None:
    """What one send wrote is forgotten when it is over."""
    with place(200, 429) as http:
        with pytest.raises(OutcomeUnknown):
            writes.send(careless(write_then_read, http), REPLY)
        with pytest.raises(RateLimited):
            write_then_read(http)
        with pytest.raises(RateLimited):
            writes.send(careless(read, http), REPLY)


def test_nobody_lets_a_connector_write_but_through_here() -> None:
    """In all of modconsole, `send` and `act` of a connector are called in one place."""
    found = {
        path.name
        for path in Path(modconsole.__file__).parent.rglob("*.py")
        if re.search(r"\bconnector\.(send|act)\(", path.read_text(encoding="utf-8"))
    }
    assert found == {"writes.py"}
