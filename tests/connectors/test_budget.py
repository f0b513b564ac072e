"""The share of a platform's requests that is kept for replies."""

from __future__ import annotations

import httpx
import pytest

from modconsole.connectors.budget import Budget, Window
from modconsole.connectors.http import Answer, Http
from modconsole.errors import RateLimited


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_reading_stops_where_the_share_of_the_replies_begins() -> None:
    """A tenth of the window is kept; what is urgent may use it up."""
    clock = Clock()
    budget = Budget(0.1, seconds=clock)
    budget.note(Window(left=12, limit=100, seconds=60))
    budget.spend(urgent=False, host="m.example")
    budget.spend(urgent=False, host="m.example")
    with pytest.raises(RateLimited) as caught:
        budget.spend(urgent=False, host="m.example")
    assert (caught.value.retry_after, "10 requests" in str(caught.value)) == (60, True)
    for _ in range(10):
        budget.spend(urgent=True, host="m.example")
    assert budget.left() == 0
    budget.spend(urgent=True, host="m.example")  # the platform may say no itself


def test_a_window_that_is_over_says_nothing_any_more() -> None:
    """Then reading goes on, until the platform tells of the next one."""
    clock = Clock()
    budget = Budget(5, seconds=clock)
    budget.note(Window(left=0, seconds=30))
    with pytest.raises(RateLimited):
        budget.spend(urgent=False, host="m.example")
    clock.now = 30
    budget.spend(urgent=False, host="m.example")
    assert budget.left() is None


def window(answer: Answer) -> Window | None:
    left = answer.headers.get("x-left")
    return Window(int(left), 60) if left is not None else None


def test_a_connection_learns_what_is_left_and_lets_replies_through() -> None:
    """Within `background` reads stop, without a request; writes and urgent reads are made."""
    made: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        made.append(request.method)
        return httpx.Response(200, headers={"x-left": "3"}, json=[])

    http = Http("https://m.example", budget=Budget(5), window=window, transport=httpx.MockTransport(handler), wait=0)
    http.read("https://m.example/a", None, Answer.json)
    with http.background(), pytest.raises(RateLimited):
        http.read("https://m.example/a", None, Answer.json)
    with http.background():
        http.write("POST", "https://m.example/a", {})
    http.read("https://m.example/a", None, Answer.json)
    assert made == ["GET", "POST", "GET"]
