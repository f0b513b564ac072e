"""The Mastodon connector on servers of other habits: the same in the end, and where something cannot be seen, it is said."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stamina
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.mastodon_kin import BEGIN, GOTOSOCIAL, HOLLO, MASTODON, SERVERS, TAKAHE, Habits, Kin
from tests.servers.mastodon_mirror import Mirror

from modconsole.connectors import mastodon_reread, mastodon_threads
from modconsole.connectors.base import Known, Outgoing
from modconsole.connectors.mastodon_api import BATCH
from modconsole.errors import OutcomeUnknown, RateLimited, Refused, SignInError, Unreachable


def mirror(server: Kin) -> Mirror:
    """An empty store of what the server's connector brings."""
    return Mirror(server.connector(), server.now())


# ---------------------------------------------------------------------- the same story everywhere


@pytest.mark.parametrize("name", SERVERS)
def test_the_same_story_is_told_by_every_server(name: str) -> None:
    """Mentions, a reply that nobody announced, our native answer, direct messages, an edit and a deletion, over several pages."""
    server = Kin(SERVERS[name])
    post = server.post("us", "Our post")
    mentions = [server.post("ann", f"@us number {n}", to=post) for n in range(7)]
    store = mirror(server).pull()
    silent = server.post("bob", "not announced", to=mentions[2])
    native = server.post("us", "@ann here", to=mentions[0])
    direct = server.post("ann", "@us psst", visibility="direct")
    answered = server.post("us", "@ann what?", to=direct, visibility="direct")
    server.edit(mentions[1], "@us changed")
    server.delete(mentions[3])
    store.pull()
    assert store.thread(post) == {post, *mentions, silent, native} - {mentions[3]}
    assert store.thread(direct) == {direct, answered}
    assert store.conversations[direct].kind == "dm"
    assert "changed" in store.messages[mentions[1]].text
    assert store.messages[mentions[1]].edited_at is not None
    assert store.messages[mentions[3]].state == "deleted"
    assert store.first_seen[silent] == "threads"
    told = server.statuses[silent]["created_at"]
    assert store.messages[silent].created_at.isoformat() == told
    store.pull(full=True)
    assert {i for i, m in store.messages.items() if m.state != "deleted"} == set(server.statuses)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(SERVERS)), st.integers(0, 1 << 30))
def test_whatever_happens_in_whatever_order_nothing_is_missing_in_the_end(name: str, seed: int) -> None:
    """Posts, answers, direct messages, edits and deletions, between pulls that may end after any page.

    What is ours, what names us and what hangs below either is there once, as the server has it; what is gone is gone.
    """
    dice = random.Random(seed)
    server = Kin(SERVERS[name])
    store = mirror(server)
    for _ in range(dice.randint(2, 5)):
        for _ in range(dice.randint(0, 8)):
            _something(server, dice)
        store.pull(stop_after=dice.choice([None, 1, 2, 3, 5]), full=dice.random() < 0.2)
    for _ in range(3):
        store.pull(waiting=tuple(store.messages))
    ours = {
        ident
        for ident, status in server.statuses.items()
        if status["account"]["username"] == "us" and (server.habits.own_direct or status["visibility"] != "direct")
    }
    told = {one["of"] for one in server.notifications}
    assert ours | told <= set(store.messages)
    below = {ident for ident in server.statuses if set(server.above(ident)) & set(store.messages)}
    assert below <= set(store.messages)
    for ident, message in store.messages.items():
        there = server.statuses.get(ident)
        assert (there is None) == (message.state == "deleted"), ident
        assert there is None or there["content"] == message.text


def _something(server: Kin, dice: random.Random) -> None:
    """One thing that people do."""
    there = list(server.statuses)
    by, visibility = dice.choice(["us", "ann", "bob"]), dice.choice(["public", "public", "direct"])
    named = "@ann" if by == "us" else dice.choice(["@us", "@us", "nobody"])
    kind = dice.choice(["post", "answer", "answer", "edit", "delete"])
    if kind == "post" or not there:
        server.post(by, f"{named} word {server.ticks}", visibility=visibility)
    elif kind == "answer":
        server.post(by, f"{named} answer {server.ticks}", to=dice.choice(there), visibility=visibility)
    elif kind == "edit":
        server.edit(dice.choice(there), f"@us edit {server.ticks}")
    elif dice.random() < 0.5:
        server.delete(dice.choice(there))


# ---------------------------------------------------------------------- what cannot be seen is said


@pytest.mark.parametrize("habits", [TAKAHE, HOLLO], ids=["Takahē", "Hollo"])
def test_a_server_that_lists_no_direct_messages_is_a_gap(habits: Habits) -> None:
    """An empty list proves nothing: once a direct message was seen, the list is known to lack it."""
    server = Kin(habits)
    server.post("ann", "@us hello")
    store = mirror(server).pull()
    assert store.why() == ""
    direct = server.post("ann", "@us psst", visibility="direct")
    store.pull()
    assert direct in store.messages
    assert "lists no direct messages" in store.why()
    assert "lists no direct messages" in store.pull().why()


def test_a_thread_that_the_server_cuts_off_is_a_gap_until_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The most that Mastodon gives are 4,096 answers: then the end may be missing."""
    server = Kin()
    post = server.post("us", "Our post")
    answers = [server.post("ann", f"@us {n}", to=post) for n in range(4)]
    monkeypatch.setattr(mastodon_threads, "CONTEXT_CAP", 4)
    store = mirror(server).pull()
    gap = store.looks[post].gap
    assert gap is not None
    assert "longer than" in (gap.why or "")
    server.delete(answers[0])
    store.pull()
    assert store.looks[post].gap is None
    store.looks.clear()
    assert store.pull().looks == {}  # told once, not with every pull


def test_a_thread_that_is_still_being_fetched_is_a_gap_and_is_read_again_soon() -> None:
    """Mastodon 4.5 gets missing replies from other servers in the background, and says so."""
    server = Kin()
    post = server.post("us", "Our post")
    server.post("ann", "@us yes", to=post)
    server.fetching.add(post)
    store = mirror(server).pull()
    assert store.looks[post].gap is not None
    server.fetching.clear()
    late = server.post("eve", "from elsewhere, without a name", to=post)
    store.conversations.clear()  # the store does not ask for it: the connector remembers
    store.pull()
    assert late in store.messages
    assert store.looks[post].gap is None


def test_a_thread_that_we_may_not_read_is_a_gap() -> None:
    """It is not taken for deleted."""
    server = Kin()
    post = server.post("us", "Our post")
    server.post("ann", "@us yes", to=post)
    store = mirror(server).pull()
    server.instead["/context"] = lambda request: server.said({"error": "This action is not allowed"}, 403)
    store.pull()
    assert store.looks[post].gap is not None
    assert {message.state for message in store.messages.values()} == {"live"}


def test_what_hangs_below_somebody_who_is_hidden_stays_in_its_thread() -> None:
    """A thread leaves out those that we block or mute; answers to them have a parent that nobody shows."""
    server = Kin()
    post = server.post("us", "Our post")
    rude = server.post("rude", "@us no", to=post)
    below = server.post("ann", "do not mind them", to=rude)
    deeper = server.post("bob", "@us right", to=below)
    server.hidden.add("rude")
    server.notifications = [one for one in server.notifications if one["of"] != rude]
    store = mirror(server).pull()
    assert store.thread(post) == {post, below, deeper}


def test_a_direct_answer_to_a_hidden_post_is_not_put_into_the_public_thread() -> None:
    """Its audience is another one."""
    server = Kin()
    post = server.post("us", "Our post")
    rude = server.post("rude", "@us no", to=post)
    private = server.post("us", "@ann look at that", to=rude, visibility="direct")
    server.hidden.add("rude")
    server.notifications.clear()
    server.delete(rude)
    store = mirror(server).pull()
    assert store.messages[private].conversation == private
    assert store.conversations[private].kind == "dm"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/notifications?", "mentions are not seen"),
        ("/statuses?since", ""),
        ("/accounts/a-us/statuses", "replies made elsewhere"),
    ],
)
def test_a_permission_that_is_missing_is_a_gap_and_stops_nothing_else(path: str, words: str) -> None:
    """A token without the scope is answered 403."""
    server = Kin()
    post = server.post("us", "Our post")
    answer = server.post("ann", "@us yes", to=post)
    error = {"error": "This action is outside the authorized scopes"}
    server.instead[path] = lambda request: server.said(error, 403)
    store = mirror(server).pull()
    assert words in store.why()
    assert store.messages.keys() & {post, answer}


def test_missing_scopes_are_named_with_what_they_hide() -> None:
    """As the sign-in was told; broad scopes contain the fine ones."""
    account = Kin().connector(scopes=["read", "write:statuses", "follow"]).check()
    assert [line.split(":")[0] + ":" + line.split(":")[1] for line in account.missing] == [
        "no scope write:notifications",
        "no scope write:reports",
        "no scope write:conversations",
    ]
    assert Kin().connector(scopes=["read", "write", "follow"]).check().missing == ()
    assert (
        Kin()
        .connector(scopes=["profile", "write", "follow"])
        .check()
        .missing[0]
        .startswith("no scope read:notifications")
    )


def test_quotes_are_asked_for_only_where_they_are_known() -> None:
    """To a type that it does not know, Takahē answers with an error."""
    for name, habits in SERVERS.items():
        server = Kin(habits)
        mirror(server).pull()
        asked = [path for path in server.asked if "/notifications?" in path]
        assert ["quote" in path for path in asked] == [name == "Mastodon"] * len(asked)


def test_notifications_of_other_types_are_passed_over() -> None:
    """A server may give all of them, whatever was asked for."""
    server = Kin(GOTOSOCIAL)
    server.post("ann", "@us hello")
    elsewhere = server.post("ann", "not for us")
    one = {"id": "9999", "type": "status", "created_at": server.moment().isoformat(), "of": elsewhere}
    server.notifications.append({**one, "account": server.account("ann")})
    assert elsewhere not in mirror(server).pull().messages


# ---------------------------------------------------------------------- tokens, limits, odd answers


@pytest.mark.parametrize("name", SERVERS)
def test_a_bad_token_is_told_apart_on_every_server(name: str) -> None:
    """401 with JSON or text, 400 with text, 403: it is the sign-in."""
    connector = Kin(SERVERS[name]).connector(secret="wrong")
    with pytest.raises(SignInError):
        connector.check()
    with pytest.raises(SignInError):
        list(connector.pull(Known(), 0))


def test_a_place_without_the_interface_is_told() -> None:
    """No sign-in would help there."""
    server = Kin()
    server.instead["verify_credentials"] = lambda request: server.none()
    with pytest.raises(Refused, match="no Mastodon interface"):
        server.connector().check()


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"X-RateLimit-Reset": (BEGIN + timedelta(seconds=91)).isoformat()}, 90),
        (429, {"X-RateLimit-Reset": str(int(BEGIN.timestamp()) + 91)}, 90),
        (429, {"X-RateLimit-Reset": "90"}, 90),
        (429, {"Retry-After": "7", "X-RateLimit-Reset": "90"}, 7),
        (429, {"X-RateLimit-Reset": "soon"}, 60),
        (429, {}, 60),
        (503, {"Retry-After": "30"}, 30),
    ],
)
def test_each_servers_way_to_say_later_is_understood(status: int, headers: dict[str, str], seconds: float) -> None:
    """GoToSocial gives no `Retry-After` with 429, and 503 with one when it is busy."""
    server = Kin(GOTOSOCIAL)
    server.post("ann", "@us hello")
    server.instead["/notifications?"] = lambda request: server.said({"error": "later"}, status, headers)
    with pytest.raises(RateLimited) as caught:
        mirror(server).pull()
    assert caught.value.retry_after == pytest.approx(seconds, abs=0.01)


def test_reading_leaves_the_replies_their_share_of_the_limit() -> None:
    """With few requests left, a pull waits; a reply does not."""
    server = Kin()
    ask = server.post("ann", "@us hello")
    end = (BEGIN + timedelta(seconds=200)).isoformat()
    server.headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "20", "X-RateLimit-Reset": end}
    connector = server.connector()
    connector.check()
    with pytest.raises(RateLimited) as caught:
        list(connector.pull(Known(), server.now()))
    assert caught.value.retry_after > 100
    assert connector.send(Outgoing("key", ask, ask, "Hello")).parent == ask


def test_a_scarce_limit_leaves_only_the_urgent_threads_to_be_read_again() -> None:
    """Reconciling must not use up what discovery needs."""
    server = Kin(replace(MASTODON, limit=40))
    roots = [server.post("us", f"Post {n}") for n in range(mastodon_reread.HEAD + 3)]
    store = mirror(server).pull()
    end = (BEGIN + timedelta(seconds=2000)).isoformat()
    server.headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "90", "X-RateLimit-Reset": end}
    del server.asked[:]
    store.pull()
    assert len([path for path in server.asked if path.endswith("/context")]) == mastodon_reread.HEAD < len(roots)


@pytest.mark.parametrize(
    "damage",
    [
        {"created_at": "yesterday"},
        {"created_at": "2026-03-01T12:00:00"},
        {"account": {"id": 5, "username": "ann"}},
        {"id": 7},
        {"mentions": "ann"},
    ],
    ids=["no time", "no zone", "no author's id", "id no text", "mentions no list"],
)
def test_what_cannot_be_understood_is_set_aside_and_the_rest_kept(damage: dict[str, Any]) -> None:
    """One item of a thread and of a list, with the payload as it came."""
    server = Kin(replace(MASTODON, limit=40))
    post = server.post("us", "Our post")
    good, bad = (server.post("ann", f"@us {word}", to=post) for word in ("good", "bad"))
    server.statuses[bad].update(damage)
    store = mirror(server).pull()
    assert set(store.messages) == {post, good}
    poison = [found for page in store.pages for found in page.poison]
    assert {why for why, _ in poison} == {
        "a status that is not as Mastodon documents it",
        "a notification that is not as Mastodon documents it",
    }
    assert all(b"bad" in payload for _, payload in poison)
    assert store.coverage is not None


def test_half_a_list_is_asked_for_again_and_given_up_in_the_end() -> None:
    """A page that is cut off, or a login page, is no page."""
    server = Kin()
    server.post("ann", "@us hello")
    half = iter([httpx.Response(200, text='[{"id": "1"'), httpx.Response(200, text="<html>Log in</html>")])
    server.instead["/notifications?"] = lambda request: next(half, None)
    with stamina.set_testing(True, attempts=3):
        assert len(mirror(server).pull().messages) == 1
    server.instead["/notifications?"] = lambda request: httpx.Response(200, text="<html>Log in</html>")
    with stamina.set_testing(True, attempts=3), pytest.raises(Unreachable):
        mirror(server).pull()


def test_a_list_that_does_not_move_is_given_up() -> None:
    """A cache before the server may give one page for ever; once would be forgiven."""
    server = Kin()
    for number in range(8):
        server.post("ann", f"@us {number}")
    first: list[httpx.Response] = []

    def same(request: httpx.Request) -> httpx.Response | None:
        if not first:
            hook = server.instead.pop("/notifications?")
            first.append(server.answer(request))
            server.instead["/notifications?"] = hook
        return httpx.Response(200, content=first[0].content, headers=first[0].headers)

    server.instead["/notifications?"] = same
    store = mirror(server)
    with pytest.raises(Unreachable, match="again and again"):
        store.pull()
    assert store.coverage is None
    server.instead.clear()
    assert set(store.pull().messages) == set(server.statuses)


def test_an_id_is_opaque_and_leads_nowhere_else() -> None:
    """Whoever gave it might have put a path into it."""
    server = Kin()
    for ident in ("../../oauth/token", "a/b", "..", "a?b=c#d"):
        assert server.connector().read(ident) is None
    asked = [path.removeprefix("GET ") for path in server.asked if "verify_credentials" not in path]
    assert asked == [
        "/api/v1/statuses/..%2F..%2Foauth%2Ftoken",
        "/api/v1/statuses/a%2Fb",
        "/api/v1/statuses/%2E%2E",
        "/api/v1/statuses/a%3Fb%3Dc%23d",
    ]


# ---------------------------------------------------------------------- sending where keys are not honoured


def test_a_server_that_ignores_the_key_would_post_twice_and_is_looked_at_first() -> None:
    """GoToSocial takes the header and does nothing with it: only looking prevents a second post."""
    server = Kin(GOTOSOCIAL)
    ask = server.post("ann", "@us hello")
    connector = server.connector()
    wanted = Outgoing("key", ask, ask, "Hello yourself", attempted_at=server.now())

    def lost(request: httpx.Request) -> httpx.Response:
        server.instead.clear()
        server.answer(request)
        raise httpx.ReadError("gone", request=request)

    server.instead["POST /api/v1/statuses"] = lost
    with pytest.raises(OutcomeUnknown):
        connector.send(wanted)
    found = connector.find(wanted, frozenset())
    assert found is not None
    assert found.id == list(server.statuses)[-1]
    connector.send(wanted)
    assert len(server.statuses) == 3


# ---------------------------------------------------------------------- how much is asked and kept


def test_what_is_remembered_of_direct_messages_does_not_grow() -> None:
    """Only rows that the next walk comes to again are kept in the position."""
    server = Kin(replace(MASTODON, limit=40))
    for _ in range(30):
        server.post("ann", "@us psst", visibility="direct")
        server.ticks += 24 * 3600
    store = mirror(server).pull()
    assert len(store.messages) == 30
    assert len(store.position["rows"]) <= 2
    assert "walked" not in store.position


def test_what_is_looked_up_is_bounded_and_comes_by_turns() -> None:
    """Of a thousand things to look at again, one pull looks at some, and the next ones at the others."""
    server = Kin(replace(MASTODON, limit=40))
    connector = server.connector()
    lost = [f"gone-{n:04d}" for n in range(400)]
    position: dict[str, Any] = {}
    gone: list[str] = []
    rounds = 0
    while len(set(gone)) < len(lost):
        del server.asked[:]
        for page in connector.pull(Known(recent=tuple(lost), position=position), server.now()):
            position = page.position
            gone += page.gone
        rounds += 1
        assert len(server.asked) < 8 + 2 * mastodon_reread.LOOKUPS * BATCH
    assert 2 <= rounds <= 40


def test_conversations_are_read_again_by_turns_the_urgent_ones_always() -> None:
    """Each is read again in the end, however many there are."""
    server = Kin(replace(MASTODON, limit=40))
    roots = [server.post("us", f"Post {n}") for n in range(60)]
    connector = server.connector()
    position: dict[str, Any] = {}
    for page in connector.pull(Known(), server.now()):
        position = page.position
    read: list[str] = []
    for _ in range(4):
        del server.asked[:]
        for page in connector.pull(Known(conversations=tuple(roots), position=position), server.now()):
            position = page.position
        again = [path.split("/")[-2] for path in server.asked if path.endswith("/context")]
        assert set(roots[: mastodon_reread.HEAD]) <= set(again)
        assert len(again) == mastodon_reread.HEAD + mastodon_reread.TURN
        read += again
    assert set(read) == set(roots)


def test_a_first_pull_places_answers_with_few_questions() -> None:
    """Parents are asked for many at once, level by level, and not thread by thread."""
    server = Kin(replace(MASTODON, limit=40))
    roots = [server.post("ann", f"Thread {n}") for n in range(20)]
    middles = [server.post("bob", "middle", to=root) for root in roots]
    answers = [server.post("us", "@bob ours", to=middle) for middle in middles]
    store = mirror(server)
    store.pull(stop_after=2)
    assert set(answers) <= set(store.messages)
    assert {store.messages[answer].conversation for answer in answers} == set(roots)
    assert len([path for path in server.asked if "id%5B%5D" in path]) <= 6
    assert not [path for path in server.asked if path.endswith("/context")]
