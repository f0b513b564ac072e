"""Statuses as records, replies on their way, and what stands in answers: without any server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.connectors.mastodon_kin import BEGIN, Kin

from modconsole.connectors import mastodon
from modconsole.connectors.base import Outgoing
from modconsole.connectors.http import Answer
from modconsole.connectors.mastodon_answers import older, pause, window
from modconsole.connectors.mastodon_api import Instance
from modconsole.connectors.mastodon_map import Status, conversation, kind, message
from modconsole.connectors.mastodon_offer import ACTS
from modconsole.connectors.mastodon_send import counted, draft, key, named, same_text
from modconsole.connectors.mastodon_signin import NEEDED, address, missing, sign_in
from modconsole.connectors.mastodon_threads import Pool
from modconsole.connectors.signing import Credentials
from modconsole.domain.exchange import decode, encode
from modconsole.domain.lengths import length
from modconsole.domain.records import Message
from modconsole.errors import InputError, Refused

NOW = 1_800_000_000_000_000

PLAIN: dict[str, Any] = {
    "id": "2",
    "account": {"id": "7", "acct": "ann@other.example", "username": "ann", "display_name": "Ann", "bot": False},
    "created_at": "2026-03-01T12:00:00.000Z",
    "content": "<p>Hello</p>",
    "visibility": "public",
}


def status(**fields: Any) -> Status:
    """A status of Ann's, with these fields."""
    return msgspec.convert({**PLAIN, **fields}, Status)


# ---------------------------------------------------------------------- records


def test_a_status_becomes_a_message_with_all_that_the_format_has_a_place_for() -> None:
    """And the record can be written and read again."""
    found = message(
        status(
            in_reply_to_id="1",
            spoiler_text="Food",
            edited_at="2026-03-01T13:00:00Z",
            url="https://other.example/@ann/2",
            mentions=[{"id": "9", "acct": "us", "username": "us"}],
            quote={"state": "accepted", "quoted_status": {"id": "5"}},
            media_attachments=[{"type": "image", "url": "https://other.example/a.png", "description": "A cake"}],
        ),
        "fedi",
        "1",
        NOW,
    )
    again = decode(encode(found))
    assert isinstance(again, Message)
    assert (again.id, again.conversation, again.parent, again.quotes, again.mentions) == ("2", "1", "1", "5", ["9"])
    assert (again.author.id, again.author.handle, again.author.name) == ("7", "ann@other.example", "Ann")
    assert (again.title, again.text, again.format, again.visibility) == ("Food", "<p>Hello</p>", "html", "public")
    assert again.created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert again.edited_at == datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert again.attachments is not None
    assert (again.attachments[0].kind, again.attachments[0].alt) == ("image", "A cake")


@pytest.mark.parametrize(
    ("word", "means"),
    [
        *(("public", "public"), ("unlisted", "unlisted"), ("private", "followers"), ("direct", "private")),
        *(("local", "unlisted"), ("mutuals_only", "followers"), ("something new", "followers")),
    ],
)
def test_an_audience_is_never_told_larger_than_it_is(word: str, means: str) -> None:
    """A word that is not known counts as followers."""
    assert message(status(visibility=word), "fedi", "2", NOW).visibility == means


@pytest.mark.parametrize(
    ("quote", "quoted"),
    [
        ({"state": "accepted", "quoted_status": {"id": "5"}}, "5"),
        ({"state": "accepted", "quoted_status_id": "5"}, "5"),
        ({"id": "5", "content": "whole"}, "5"),
        ({"state": "revoked", "quoted_status": None}, None),
        (None, None),
    ],
)
def test_what_is_quoted_is_found_in_each_servers_form(quote: dict[str, Any] | None, quoted: str | None) -> None:
    """Mastodon gives the status or its id, Pleroma the status itself, and a revoked quote nothing."""
    assert message(status(quote=quote), "fedi", "2", NOW).quotes == quoted


def test_what_only_rules_ask_about_comes_along() -> None:
    """The language, and since when the account is there; nothing where the server does not say."""
    account = {**PLAIN["account"], "created_at": "2026-02-27T00:00:00.000Z"}
    found = message(status(account=account, language="de"), "here", "2", NOW)
    assert found.extra == {"language": "de", "account_created_at": "2026-02-27T00:00:00.000Z"}
    assert message(status(), "here", "2", NOW).extra is None


def test_a_bot_is_one() -> None:
    """Its words ask nothing of anybody."""
    assert message(status(account={**PLAIN["account"], "bot": True}), "fedi", "2", NOW).author.kind == "bot"


def test_a_conversation_is_called_by_its_first_words_or_by_who_takes_part() -> None:
    """The warning comes before the words it hides."""
    long = " ".join(["word"] * 40)
    assert (
        conversation("2", [status(content=f"<p>{long}</p><p>more</p>")], "fedi", NOW).title
        == " ".join(["word"] * 14) + "…"
    )
    assert conversation("2", [status(spoiler_text="Food", content="<p>Cake</p>")], "fedi", NOW).title == "Food"
    mentions = [{"id": "9", "acct": "us", "username": "us"}]
    direct = conversation("2", [status(visibility="direct", mentions=mentions)], "fedi", NOW)
    assert (direct.title, direct.kind) == ("@ann@other.example, @us", "dm")
    assert kind([status(visibility="direct", mentions=[{"id": str(n)} for n in (8, 9)])]) == "group_dm"


def test_a_conversation_whose_root_is_not_at_hand_has_no_opener() -> None:
    """Nothing is made up of what is not known."""
    found = conversation("1", [status(in_reply_to_id="1")], "fedi", NOW)
    assert (found.id, found.opened_by, found.opened_at, found.url) == ("1", None, None, None)


# ---------------------------------------------------------------------- threads


@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=30), st.randoms(use_true_random=False)
)
def test_a_status_belongs_to_the_topmost_of_its_own_audience(tree: list[tuple[int, bool]], dice: Any) -> None:
    """Whatever the order in which statuses become known: the answer is that of climbing with everything at hand."""
    statuses = {}
    for number, (above, direct) in enumerate(tree):
        parent = str(above % number) if number and above < 25 else None
        statuses[str(number)] = status(
            id=str(number), in_reply_to_id=parent, visibility="direct" if direct else "public"
        )

    def climbed(ident: str) -> str:
        above = statuses[ident].in_reply_to_id
        if above is None or statuses[above].direct != statuses[ident].direct:
            return ident
        return climbed(above)

    pool, order = Pool(), list(statuses)
    dice.shuffle(order)
    for ident in order:
        pool.add([statuses[ident]])
        assert pool.root(ident) in (None, climbed(ident))
    assert {ident: pool.root(ident) for ident in statuses} == {ident: climbed(ident) for ident in statuses}


def test_a_circle_of_answers_is_cut() -> None:
    """No server should send one; one that does must not hang us."""
    pool = Pool()
    pool.add([status(id="1", in_reply_to_id="2"), status(id="2", in_reply_to_id="1")])
    assert pool.root("1") in ("1", "2")
    assert pool.missing("1") is None


# ---------------------------------------------------------------------- replies


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("Hello", 5),
        ("see https://example.com/a/very/long/path?with=query&and=more now", 4 + 23 + 4),
        ("(https://example.com/a)", 25),
        ("@ann@other.example hi", len("@ann hi")),
        ("mail ann@other.example", 22),
        ("👩‍👩‍👧‍👦 é", 3),
    ],
)
def test_a_text_is_counted_as_mastodon_counts_it(text: str, size: int) -> None:
    """Grapheme clusters; an address is 23, and the server's name behind a handle counts nothing."""
    assert length(counted(text), "graphemes") == size


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Bob and @carol@other.example.", {"bob", "carol@other.example"}),
        ("@bob@kin.example", {"bob"}),
        ("mail@other.example /@bob https://other.example/@carol", set()),
        ("(@bob) @bob's @bob_", {"bob", "bob_"}),
    ],
)
def test_handles_are_found_as_mastodon_finds_them(text: str, names: set[str]) -> None:
    """Not in addresses, nor in the middle of a word; ours with and without the server's name are the same."""
    assert named(text, "kin.example") == names
    assert key("Bob@KIN.example", "kin.example") == "bob"


@pytest.mark.parametrize(
    ("shown", "typed", "same"),
    [
        ('<p><span class="h-card"><a href="x">@<span>ann</span></a></span> Hello</p>', "Hello", True),
        ("<p>@ann Two<br />lines</p><p>and one</p>", "Two\nlines\n\nand one", True),
        (
            '<p><a href="https://example.com/a?b=1&amp;c=2">https://example.com/a?b=1&amp;c=2</a></p>',
            "https://example.com/a?b=1&c=2",
            True,
        ),
        ("<p>“Quoted” — so</p>", '"Quoted" - so', True),
        ("<p>@ann Yes</p>", "No", False),
        ("<p>@ann @bob</p>", "@ann @bob", True),
        ("<p>@ann</p>", "@bob", False),
        ("<p></p>", "Hello", False),
    ],
)
def test_a_reply_is_recognised_in_what_the_server_made_of_it(shown: str, typed: str, same: bool) -> None:
    """Names are added and shortened, lines become paragraphs, addresses links."""
    assert same_text(shown, typed) is same


def drafted(text: str, parent: Status) -> dict[str, Any]:
    """What would be sent as an answer."""
    server = Kin()
    api = server.connector()._api
    return draft(Outgoing("key", parent.id, parent.id, text), parent, api.me(), api)


def test_an_answer_to_ourselves_names_nobody() -> None:
    """Going on in one's own thread."""
    ours = status(account={"id": "a-us", "acct": "us", "username": "us"})
    assert drafted("And then", ours)["status"] == "And then"


def test_a_direct_answer_says_to_whom_it_may_go() -> None:
    """The server then refuses what would go to anybody else, should it find more names in the text than we did."""
    mentions = [{"id": "a-us", "acct": "us", "username": "us"}, {"id": "8", "acct": "bob", "username": "bob"}]
    direct = status(visibility="direct", mentions=mentions)
    assert drafted("Yes", direct)["allowed_mentions"] == ["7"]
    assert drafted("Yes, @bob", direct)["allowed_mentions"] == ["7", "8"]
    assert "allowed_mentions" not in drafted("Yes", status())
    with pytest.raises(Refused) as caught:
        drafted("Yes, @carol@other.example", direct)
    assert caught.value.code == "widens"


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_reply_is_refused(text: str) -> None:
    """A name alone is no answer."""
    with pytest.raises(Refused) as caught:
        drafted(text, status())
    assert caught.value.code == "empty"


# ---------------------------------------------------------------------- answers


def answer(**headers: str) -> Answer:
    """An answer with these headers, `_` for `-`."""
    date = BEGIN.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return Answer(200, {"date": date, **{name.replace("_", "-"): value for name, value in headers.items()}}, b"{}")


def test_the_window_of_the_limit_is_read_in_each_servers_form() -> None:
    """ISO time, seconds since 1970, or seconds left; measured by the server's clock, not by ours."""
    for ends in ("2026-03-01T12:01:30.000Z", str(int(BEGIN.timestamp()) + 90), "90"):
        found = window(answer(x_ratelimit_limit="300", x_ratelimit_remaining="17", x_ratelimit_reset=ends))
        assert found is not None
        assert (found.left, found.limit, found.seconds) == (17, 300, 90.0)
    assert window(answer()) is None
    assert window(answer(x_ratelimit_remaining="17", x_ratelimit_reset="tomorrow")) is None
    assert window(answer(x_ratelimit_remaining="many", x_ratelimit_reset="90")) is None


def test_a_pause_is_never_for_ever_and_never_nothing() -> None:
    """A window that ended already, or a year from now."""
    assert pause(answer(x_ratelimit_reset="2026-03-01T11:00:00Z")) == 1.0
    assert pause(answer(x_ratelimit_reset="2027-03-01T11:00:00Z")) == 3600.0


@pytest.mark.parametrize(
    ("link", "names", "cursor"),
    [
        (
            '<https://a.example/x?max_id=5&types[]=mention>; rel="next", <https://a.example/x?min_id=9>; rel="prev"',
            ["9", "6"],
            "5",
        ),
        ('<https://a.example/x?min_id=9>; rel="prev"', ["9", "6"], None),
        ("", ["9", "6"], "6"),
        ("", [], None),
        ('<https://a.example/x?older_than=2026-03-01>; rel="next"', ["9", "6"], "6"),
    ],
)
def test_the_cursor_comes_from_the_links_or_from_the_last_item(link: str, names: list[str], cursor: str | None) -> None:
    """No link to what is older, though there are links, is the end; Hollo's link has another cursor in it."""
    assert older(answer(**({"link": link} if link else {})), names) == cursor


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("4.5.2", (4, 5)),
        ("4.6.0-alpha.3+glitch", (4, 6)),
        ("4.1.0 (compatible; Akkoma 3.10)", (0, 0)),
        ("takahe/0.11.0", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_only_mastodons_own_version_is_taken_for_one(version: str, release: tuple[int, int]) -> None:
    """Others name themselves in front of it or behind it."""
    assert Instance(version=version).release == release


# ---------------------------------------------------------------------- signing in


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("mastodon.example", "https://mastodon.example"),
        ("@us@mastodon.example", "https://mastodon.example"),
        ("us@mastodon.example", "https://mastodon.example"),
        ("https://mastodon.example/@us", "https://mastodon.example"),
        (" https://mastodon.example:8443/ ", "https://mastodon.example:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_a_server_is_found_in_whatever_names_it(text: str, url: str) -> None:
    """Its host, an address in it, or a name of somebody there."""
    assert address(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://mastodon.example",
        "ftp://mastodon.example",
        "https://us:word@mastodon.example",
        "not a host",
        "https://",
    ],
)
def test_an_address_that_is_none_or_unsafe_is_refused_without_repeating_it(text: str) -> None:
    """A token must not travel readable, and a password does not belong there."""
    with pytest.raises(InputError) as caught:
        address(text)
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize(
    ("announced", "staff", "wanted"),
    [
        ([*NEEDED, "profile"], "no", set(NEEDED)),
        (["read", "write", "follow", "push"], "no", {"read", "write", "follow"}),
        (["read", "write", "follow", "push"], "yes", {"read", "write", "follow", "admin:read", "admin:write"}),
        (None, "no", {"read", "write", "follow"}),
    ],
)
def test_fine_scopes_are_asked_for_where_the_server_announces_them(
    announced: list[str] | None, staff: str, wanted: set[str]
) -> None:
    """Else the broad ones, which every server understands; those of staff only when wanted."""
    server = Kin()
    told = {"scopes_supported": announced, "code_challenge_methods_supported": []}
    server.instead[".well-known"] = lambda request: server.said(told) if announced else server.none()
    server.instead["/api/v1/apps"] = lambda request: server.said({"client_id": "c", "client_secret": "s"})
    flow = sign_in(server.now, httpx.MockTransport(server.answer))
    next(flow)
    step = flow.send({"url": "kin.example", "how": "browser", "staff": staff})
    query = httpx.URL(step.url).params
    assert set(query["scope"].split()) == wanted
    assert "code_challenge" not in query
    flow.close()


def test_a_scope_is_contained_in_a_broader_one() -> None:
    """As Mastodon has it: `admin:read` contains `admin:read:reports`."""
    assert missing(["read", "write", "follow", "admin:read"], staff=True) == (
        "no scope admin:write:reports: reports cannot be resolved",
        "no scope admin:write:accounts: nobody can be limited or suspended",
    )


# ---------------------------------------------------------------------- the offer


def test_each_act_says_what_it_does_here_in_one_sentence() -> None:
    """Present tense, with a full stop; no act on one kind of thing twice."""
    assert len({(info.act, info.on) for info in ACTS}) == len(ACTS)
    for info in ACTS:
        assert info.does.endswith(".")
        assert info.needs <= info.takes


@pytest.mark.parametrize("settings", [{}, {"url": 7}, {"url": "http://mastodon.example"}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    """Before anything is asked."""
    with pytest.raises(InputError):
        mastodon.connect(settings, Credentials("secret"), source="fedi")


def test_a_connector_shows_no_secret() -> None:
    """Not in a traceback either."""
    found = mastodon.connect({"url": "mastodon.example"}, Credentials("very-secret"), source="fedi")
    assert "very-secret" not in f"{found!r} {vars(found)!r}"
