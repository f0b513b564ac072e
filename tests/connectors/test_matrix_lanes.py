"""The Matrix connector over homeservers that are not Synapse: a double that keeps the documented shapes and nothing
more.

It bundles no edits, names nobody who took a message away, and breaks where it is told to. What the specification says
of each shape: client-server API, "Syncing", "Event replacements", "Redactions", "Server discovery".
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
import stamina

from modconsole.connectors.base import Known, Outgoing, Page
from modconsole.connectors.http import Answer
from modconsole.connectors.matrix import Matrix, connect
from modconsole.connectors.matrix_api import CODES, refine, session_of
from modconsole.connectors.matrix_site import checked_address, discover, sign_in
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Coverage, Message, Reaction
from modconsole.errors import Gone, InputError, OutcomeUnknown, RateLimited, Refused, SignInError, Unreachable

US, ROOM = "@crew:example.org", "!harbour:example.org"
HOME = "https://matrix.example.org"
AT = 1_700_000_000_000


@pytest.fixture(autouse=True)
def _at_once() -> Iterator[None]:
    """Tries as always, without the pauses between them."""
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


def said(number: int, body: str, **more: Any) -> dict[str, Any]:
    """A message."""
    return {
        "type": "m.room.message",
        "sender": "@ann:example.org",
        "event_id": f"${number}",
        "origin_server_ts": AT + number,
        "content": {"msgtype": "m.text", "body": body},
        **more,
    }


def replacing(number: int, target: int, body: str) -> dict[str, Any]:
    """A replacement."""
    new = {"msgtype": "m.text", "body": body}
    relation = {"rel_type": "m.replace", "event_id": f"${target}"}
    return said(number, "*", content={**new, "m.new_content": new, "m.relates_to": relation})


def redacting(number: int, target: int, by: str = "@ann:example.org") -> dict[str, Any]:
    """A redaction."""
    return said(number, "", type="m.room.redaction", sender=by, redacts=f"${target}", content={})


class Home:
    """A homeserver with one room: `sync` are its answers in turn, `history` its events oldest first, a page holds
    `per_page`."""

    def __init__(self) -> None:
        self.syncs: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.per_page = 3
        self.requests: list[str] = []
        self.other: dict[str, Callable[[httpx.Request], httpx.Response]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/_matrix/client")
        self.requests.append(f"{request.method} {path}")
        for part, answer in self.other.items():
            if part in path:
                return answer(request)
        if path.endswith("/whoami"):
            return httpx.Response(200, json={"user_id": US})
        if path.endswith("/sync"):
            empty = {"next_batch": f"s{len(self.requests)}"}
            return httpx.Response(200, json=self.syncs.pop(0) if self.syncs else empty)
        if path.endswith("/messages"):
            return self._page(dict(request.url.params))
        if "/event/" in path:
            found = [e for e in self.history if e["event_id"] == path.rsplit("/", 1)[1]]
            if found:
                return httpx.Response(200, json=found[0])
        return httpx.Response(404, json={"errcode": "M_NOT_FOUND", "error": "no"})

    def _page(self, query: dict[str, str]) -> httpx.Response:
        """Newest first; `end` as long as there is more, which may turn out to be an empty page."""
        start = int(query["from"][1:]) if "from" in query else len(self.history)
        stop = int(query["to"][1:]) if "to" in query else 0
        end = max(start - self.per_page, stop)
        chunk = self.history[end:start][::-1]
        body: dict[str, Any] = {"chunk": chunk, "start": f"t{start}"}
        return httpx.Response(200, json={**body, "end": f"t{end}"} if chunk else body)

    def room(self, events: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """An answer of a sync that tells of the room."""
        timeline = {"events": events, "limited": False, **more}
        part = {"timeline": timeline, "state": {"events": [CREATE]}, "summary": {"m.joined_member_count": 5}}
        return {"next_batch": f"s{len(self.history)}", "rooms": {"join": {ROOM: part}}}

    def connector(self) -> Matrix:
        """The connector, signed in here."""
        return connect({"homeserver": HOME}, Credentials("token"), source="chat", transport=httpx.MockTransport(self))


CREATE = {**said(0, ""), "type": "m.room.create", "state_key": "", "content": {"room_version": "10"}}


class Store:
    """The latest of everything that pulls have brought."""

    def __init__(self, home: Home) -> None:
        self.connector = home.connector()
        self.messages: dict[str, Message] = {}
        self.gaps: dict[str | None, str] = {}
        self.position: dict[str, Any] = {}
        self.pages: list[Page] = []
        self.reactions: list[Reaction] = []

    def pull(self, *, full: bool = False, stop_after: int = 99, **known: Any) -> Store:
        """One pull, cut off after so many pages."""
        self.pages = []
        for page in self.connector.pull(Known(position=self.position, **known), 1_900_000_000_000_000, full=full):
            self.pages.append(page)
            for record in page.records:
                if isinstance(record, Message):
                    self.messages[record.id.split("/")[1]] = record
                elif isinstance(record, Coverage):
                    self.gaps[record.conversation] = (record.gap.why or "") if record.gap is not None else ""
                elif isinstance(record, Reaction):
                    self.reactions.append(record)
            self.position = json.loads(json.dumps(page.position))
            if len(self.pages) >= stop_after:
                break
        return self

    def texts(self) -> dict[str, str]:
        """What stands there."""
        return {ident: m.text for ident, m in self.messages.items()}


# ---------------------------------------------------------------------- lanes


def test_edits_that_are_not_bundled_are_applied_on_whatever_page_they_come() -> None:
    """In one timeline, in another than their message, and in a walk back, where they come first."""
    home = Home()
    home.history = [CREATE, said(1, "one"), said(2, "two"), said(3, "three"), replacing(4, 3, "THREE")]
    home.syncs = [home.room(home.history[3:], prev_batch="t3", limited=True)]
    store = Store(home).pull()
    assert store.texts() == {"$1": "one", "$2": "two", "$3": "THREE"}
    home.history += [replacing(5, 1, "ONE"), said(6, "six"), replacing(7, 1, "ONE AGAIN")]
    home.syncs = [home.room(home.history[5:], prev_batch="t5")]
    store.pull()
    assert store.texts()["$1"] == "ONE AGAIN"
    store = Store(home)
    home.syncs = [home.room([])]
    store.pull()
    store.pull(full=True)
    assert store.texts() == {"$1": "ONE AGAIN", "$2": "two", "$3": "THREE", "$6": "six"}


def test_what_was_taken_away_is_so_also_where_the_event_does_not_say_by_whom() -> None:
    """The redaction's own event says it."""
    home = Home()
    empty: dict[str, Any] = {"content": {}}
    home.history = [CREATE, said(1, "", **empty), redacting(2, 1, by="@mod:example.org"), said(3, "three")]
    home.syncs = [home.room(home.history[1:])]
    store = Store(home).pull()
    assert (store.messages["$1"].state, store.messages["$3"].state) == ("removed", None)
    home.history[3] = said(3, "", **empty)
    home.history.append(redacting(4, 3))
    home.syncs = [home.room(home.history[4:], prev_batch="t4")]
    store.pull()
    assert store.messages["$3"].state == "deleted"
    assert store.pages[0].poison == ()


def test_an_empty_page_is_not_the_end_of_a_history() -> None:
    """Only an absent `end` is: pages whose events are all filtered are empty."""
    home = Home()
    home.history = [CREATE, said(1, "one")]
    home.syncs = [home.room([], prev_batch="t9", limited=True)]
    pages = [{"chunk": [], "end": "t5"}, {"chunk": [], "end": "t2"}, {"chunk": home.history[::-1]}]
    home.other["/messages"] = lambda _: httpx.Response(200, json=pages.pop(0))
    store = Store(home).pull()
    assert store.texts() == {"$1": "one"}
    assert store.gaps[ROOM] == ""


def test_a_history_token_that_is_no_longer_taken_starts_from_the_newest() -> None:
    """The gap is read all the same."""
    home = Home()
    home.history = [CREATE, *(said(n, f"number {n}") for n in range(1, 9))]
    home.syncs = [home.room(home.history[7:], prev_batch="gone", limited=True)]

    def refuses(request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        if query.get("from") == "gone":
            return httpx.Response(400, json={"errcode": "M_INVALID_PARAM", "error": "no such token"})
        return home._page(query)

    home.other["/messages"] = refuses
    store = Store(home).pull()
    assert set(store.texts()) == {f"${n}" for n in range(1, 9)}
    assert store.gaps[ROOM] == ""


def test_a_history_that_is_refused_is_a_gap_and_stops_nothing() -> None:
    """The timeline's own events are kept, and the source says that a room is not given whole."""
    home = Home()
    home.syncs = [home.room([said(8, "eight")], prev_batch="t7", limited=True)]
    home.other["/messages"] = lambda _: httpx.Response(403, json={"errcode": "M_FORBIDDEN", "error": "no"})
    store = Store(home).pull()
    assert store.texts() == {"$8": "eight"}
    assert "does not give" in store.gaps[ROOM]
    assert "does not give everything" in store.gaps[None]


def test_the_mark_moves_only_with_what_was_stored() -> None:
    """A pull that dies after any page goes on there, and a run without news changes nothing."""
    for dies_after in range(1, 6):
        home = Home()
        home.history = [CREATE, *(said(n, f"number {n}") for n in range(1, 12))]
        first = home.room(home.history[10:], prev_batch="t10", limited=True)
        home.syncs = [first]
        store = Store(home).pull(stop_after=dies_after)
        store.pull()
        assert set(store.texts()) == {f"${n}" for n in range(1, 12)}, dies_after
        assert store.gaps[ROOM] == ""


def test_events_that_cannot_be_understood_are_set_aside_with_their_payload() -> None:
    """The rest of the page is kept, and the pull comes to its end."""
    home = Home()
    broken: list[Any] = [
        5,
        {"type": 7},
        said(2, "", content={"body": 5}),
        said(3, "no sender", sender=""),
        said(4, "no id", event_id=""),
        said(5, "no time", origin_server_ts="yesterday"),
        said(6, "no such time", origin_server_ts=10**17),
    ]
    home.syncs = [home.room([*broken, said(1, "good")])]
    store = Store(home).pull()
    assert store.texts() == {"$1": "good"}
    poison = [raw for page in store.pages for _, raw in page.poison]
    assert sorted(map(str, map(json.loads, poison))) == sorted(map(str, broken))
    assert store.pages[-1].lane == "coverage"


def test_half_an_answer_is_asked_for_again_and_never_taken_for_all() -> None:
    """A truncated sync moves no mark."""
    home = Home()
    whole = json.dumps(home.room([said(1, "one")])).encode()
    bodies = [whole[:60], whole]
    home.other["/sync"] = lambda _: httpx.Response(200, content=bodies.pop(0) if bodies else b'{"next_batch": "s9"}')
    assert Store(home).pull().texts() == {"$1": "one"}
    home.other["/sync"] = lambda _: httpx.Response(200, content=b"<html>Log in to the network</html>")
    with pytest.raises(Unreachable):
        Store(home).pull()


def test_late_lookups_are_bounded_and_absence_is_not_deletion() -> None:
    """What a conversation's pages did not hold is looked up by id; what the homeserver refuses is no news."""
    home = Home()
    home.history = [CREATE, said(1, "one")]
    home.syncs = [home.room(home.history[1:])]
    store = Store(home).pull()
    home.other["/event/$there"] = lambda _: httpx.Response(200, json={**said(7, "there"), "event_id": "$there"})
    home.other["/event/$hidden"] = lambda _: httpx.Response(403, json={"errcode": "M_FORBIDDEN"})
    waiting = tuple(f"{ROOM}/${name}" for name in ("1", "there", "hidden", "gone", *(f"x{n}" for n in range(80))))
    home.requests.clear()
    store.pull(waiting=(*waiting, "elsewhere/$y", f"{ROOM}/invite"), conversations=(ROOM, "!unknown:x"))
    gone = [ident for page in store.pages if page.lane == "threads" for ident in page.gone]
    assert store.texts() == {"$1": "one", "$there": "there"}
    assert f"{ROOM}/$gone" in gone
    assert f"{ROOM}/$hidden" not in gone
    assert sum("/event/" in request for request in home.requests) <= 60


def test_conversations_take_turns_and_the_urgent_are_never_left_out() -> None:
    """Fifteen each time, and of the rest ten, from where the last run ended."""
    home = Home()
    home.history = [CREATE]
    rooms = [f"!r{n:02}:x" for n in range(40)]
    part = {"timeline": {"events": [], "limited": False}, "state": {"events": [CREATE]}}
    home.syncs = [{"next_batch": "s1", "rooms": {"join": dict.fromkeys(rooms, part)}}]
    store = Store(home).pull()
    read: list[list[str]] = []
    for _ in range(3):
        home.requests.clear()
        store.pull(conversations=tuple(rooms))
        read.append([r.split("/")[3] for r in home.requests if r.endswith("/messages")])
    assert [turn[:15] for turn in read] == [rooms[:15]] * 3
    assert [turn[15:] for turn in read] == [rooms[15:25], rooms[25:35], rooms[35:] + rooms[15:20]]


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_code_is_the_error_that_it_means(code: str) -> None:
    """Whatever its status below 500; a server's failure says nothing of what was done."""
    answer = Answer(403, {}, json.dumps({"errcode": code, "error": "private words"}).encode())
    found = refine(answer)
    assert type(found) is CODES[code][0]
    assert "private words" not in str(found)
    assert refine(Answer(502, {}, answer.body)) is None


def test_an_unknown_code_is_a_refusal_with_its_name() -> None:
    """And an answer without one is judged by its status."""
    found = refine(Answer(400, {}, b'{"errcode": "ORG.EXAMPLE_NO", "error": "x"}'))
    assert isinstance(found, Refused)
    assert found.code == "ORG.EXAMPLE_NO"
    for body in (b"", b"[]", b'{"errcode": 5}', b'{"errcode": "<b>x</b>"}'):
        assert refine(Answer(400, {}, body)) is None


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "9"}, b'{"retry_after_ms": 1000}', 9.0),
        ({}, b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1500}', 1.5),
        ({}, b'{"retry_after_ms": 5}', 1.0),
        ({}, b'{"retry_after_ms": 1e12}', 3600.0),
        ({}, b'{"retry_after_ms": "soon"}', 60.0),
        ({}, b"", 60.0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], body: bytes, seconds: float) -> None:
    """The header counts before the older field; between a second and an hour."""
    found = refine(Answer(429, headers, body))
    assert isinstance(found, RateLimited)
    assert found.retry_after == seconds


def test_a_session_is_read_from_what_is_kept() -> None:
    """JSON, or a token alone; nothing, or half of one, says what to do."""
    assert session_of(" token ").access_token == "token"
    kept = session_of('{"access_token": "a", "refresh_token": "r", "device": "D"}')
    assert (kept.access_token, kept.refresh_token, kept.device) == ("a", "r", "D")
    assert session_of(kept.secret()) == kept
    for broken in ("", "{", '{"token": "a"}'):
        with pytest.raises(InputError) as caught:
            session_of(broken)
        assert "Sign in" in caught.value.hint


def test_a_look_into_a_room_that_is_closed_to_us_says_that_it_does_not_know() -> None:
    """The reply may be there: nobody may send it again on a guess."""
    home = Home()
    home.other["/messages"] = lambda _: httpx.Response(403, json={"errcode": "M_FORBIDDEN"})
    with pytest.raises(OutcomeUnknown):
        home.connector().find(Outgoing("k", ROOM, f"{ROOM}/$1", "Hello", AT * 1000), frozenset())


def test_settings_that_cannot_work_say_so() -> None:
    """Before any request."""
    for settings in ({}, {"homeserver": 5}, {"homeserver": "http://example.org"}, {"homeserver": "ftp://example.org"}):
        with pytest.raises(InputError):
            connect(settings, Credentials("token"))
    with pytest.raises(InputError):
        connect({"homeserver": HOME}, Credentials(""))


# ---------------------------------------------------------------------- discovery of the homeserver


def web(pages: Mapping[str, Any]) -> httpx.MockTransport:
    """A web of pages: a page is a JSON body, a status, or an error."""

    def handler(request: httpx.Request) -> httpx.Response:
        found = pages.get(str(request.url), 404)
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found) if isinstance(found, int) else httpx.Response(200, json=found)

    return httpx.MockTransport(handler)


VERSIONS = {"versions": ["v1.11"]}
KNOWN = "https://example.org/.well-known/matrix/client"


@pytest.mark.parametrize("place", ["example.org", "@ann:example.org", "https://example.org/", " example.org "])
def test_a_homeserver_is_found_through_its_well_known_address(place: str) -> None:
    """From a server name, a Matrix id, or the site's address."""
    pages = {KNOWN: {"m.homeserver": {"base_url": f"{HOME}/"}}, f"{HOME}/_matrix/client/versions": VERSIONS}
    assert discover(place, web(pages)) == HOME


def test_without_a_well_known_address_the_place_itself_is_asked() -> None:
    """And where there is nothing, that is said; a network that is down is no proof."""
    own = {"https://example.org/_matrix/client/versions": VERSIONS}
    assert discover("example.org", web(own)) == "https://example.org"
    other: tuple[Any, ...] = ([], {"m.homeserver": 5}, 404, 403)
    for nonsense in other:
        assert discover("example.org", web({**own, KNOWN: nonsense})) == "https://example.org"
    with pytest.raises(Refused):
        discover("example.org", web({"https://example.org/_matrix/client/versions": {"hello": "world"}}))
    with pytest.raises(Unreachable):
        discover("example.org", web({KNOWN: httpx.ConnectError("down")}))


def test_a_well_known_address_leads_no_password_into_the_clear() -> None:
    """https, or this machine."""
    with pytest.raises(InputError):
        discover("example.org", web({KNOWN: {"m.homeserver": {"base_url": "http://matrix.example.org"}}}))
    for wrong in ("", "http://example.org", "https://ann:pw@example.org", "gopher://example.org"):
        with pytest.raises(InputError) as caught:
            checked_address(wrong)
        assert "pw" not in str(caught.value)
    assert checked_address("http://127.0.0.1:8008/") == "http://127.0.0.1:8008"


def test_a_homeserver_that_takes_no_passwords_asks_for_a_token() -> None:
    """As those do that sign people in on a web page."""
    pages = {
        "https://example.org/_matrix/client/versions": VERSIONS,
        "https://example.org/_matrix/client/v3/login": {"flows": [{"type": "m.login.sso"}, 5]},
        "https://example.org/_matrix/client/v3/account/whoami": {"user_id": US, "device_id": "D"},
    }
    run = sign_in(lambda: 0, web(pages))
    next(run)
    step = run.send({"homeserver": "@ann:example.org"})
    assert [(field.name, field.required) for field in step.fields] == [("token", True)]
    with pytest.raises(StopIteration) as end:
        run.send({"token": "pasted"})
    assert end.value.value.settings == {"homeserver": "https://example.org", "user": US}


def test_a_login_that_gives_no_session_is_no_sign_in() -> None:
    """An answer of 200 without a token."""
    pages = {
        "https://example.org/_matrix/client/versions": VERSIONS,
        "https://example.org/_matrix/client/v3/login": {"flows": [{"type": "m.login.password"}], "user_id": US},
    }
    run = sign_in(lambda: 0, web(pages))
    next(run)
    run.send({"homeserver": "example.org"})
    with pytest.raises(SignInError):
        run.send({"user": "crew", "password": "secret words"})


def test_a_message_that_the_homeserver_does_not_have_is_none() -> None:
    """And one that may not be seen is a refusal, not an absence."""
    home = Home()
    assert home.connector().read(f"{ROOM}/$none") is None
    home.other["/event/"] = lambda _: httpx.Response(403, json={"errcode": "M_FORBIDDEN"})
    with pytest.raises(Refused):
        home.connector().read(f"{ROOM}/$none")
    with pytest.raises(Gone):
        Home().connector().send(Outgoing("k", ROOM, f"{ROOM}/$none", "Hello"))


def test_importing_the_connector_imports_nothing_heavy() -> None:
    """The command line starts in a blink; a connector is made before it is used."""
    code = (
        "import sys, modconsole.connectors.matrix as m; from modconsole.connectors.signing import Credentials;"
        "m.connect({'homeserver': 'https://example.org'}, Credentials('token'));"
        "sys.exit('httpx' in sys.modules or 'stamina' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
