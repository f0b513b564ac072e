"""The Mastodon connector against a running double of Mastodon: reading, finding what was never announced, edits, deletions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.mastodon import Mastodon, Person
from tests.servers.mastodon_mirror import Mirror, Recording

from modconsole.connectors import mastodon as connector_module
from modconsole.connectors.base import Account, Connector, Known
from modconsole.connectors.mastodon import connect
from modconsole.connectors.signing import Credentials
from modconsole.domain.times import to_instant
from modconsole.errors import RateLimited, SignInError, Unreachable

pytestmark = pytest.mark.server


OPENED: list[connector_module.Mastodon] = []


def signed_in(
    server: Mastodon, person: Person, *, url: str = "", credentials: Credentials | None = None
) -> connector_module.Mastodon:
    """The connector, as somebody."""
    OPENED.append(connect({"url": url or server.url}, credentials or Credentials(person.token), source="fedi"))
    return OPENED[-1]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Every connector that a test opened is closed after it."""
    yield
    while OPENED:
        OPENED.pop().close()


@dataclass
class Place:
    """Our account on the double, two others, the connector and what it has brought."""

    server: Mastodon
    us: Person
    alice: Person
    bob: Person
    connector: connector_module.Mastodon
    mirror: Mirror


@pytest.fixture
def place(mastodon: Mastodon) -> Place:
    """Fresh accounts and an empty store."""
    us, alice, bob = mastodon.person("us"), mastodon.person("alice"), mastodon.person("bob")
    connector = signed_in(mastodon, us)
    return Place(mastodon, us, alice, bob, connector, Mirror(connector, time.time_ns() // 1000))


# ---------------------------------------------------------------------- who we are


def test_check_says_who_we_are_and_what_is_synced(place: Place) -> None:
    """An ordinary account lacks nothing; its name is complete with the server's."""
    connector: Connector = place.connector
    domain = f"localhost:{place.server.port}"
    assert connector.check() == Account(
        id=place.us.id,
        name=place.us.name,
        handle=f"@{place.us.name}@{domain}",
        site_name="Mastodon Mock",
        site_url=place.server.url,
        syncs=("mentions of this account, and replies below its posts", "its own posts and replies", "direct messages"),
    )


def test_staff_are_told_that_reports_are_read(mastodon: Mastodon) -> None:
    """The permissions of the role decide."""
    connector = signed_in(mastodon, mastodon.person("mod", admin=True))
    assert "reported posts, for staff" in connector.check().syncs
    assert {info.act for info in connector.acts()} > {"ban", "hide", "acknowledge"}


def test_an_ordinary_account_is_offered_no_acts_of_staff(place: Place) -> None:
    """What the role does not allow is not offered."""
    offered = {(info.act, info.on) for info in place.connector.acts()}
    assert ("mute", "person") in offered
    assert not offered & {("ban", "person"), ("acknowledge", "message")}


def test_a_wrong_token_is_told_and_kept_out_of_the_error(mastodon: Mastodon) -> None:
    """Final until somebody signs in again."""
    nobody = Person("0", "nobody", "not-a-token-of-anybody")
    connector = signed_in(mastodon, nobody)
    for call in (connector.check, lambda: list(connector.pull(Known(), 1))):
        with pytest.raises(SignInError) as caught:
            call()
        assert "token" in str(caught.value)
        assert "not-a-token-of-anybody" not in str(caught.value)


def test_a_token_that_is_revoked_ends_the_sign_in(place: Place) -> None:
    """Mastodon's tokens live until they are revoked."""
    place.mirror.pull()
    place.server.request("POST", "/oauth/revoke", by=place.us, data={"token": place.us.token})
    with pytest.raises(SignInError):
        place.mirror.pull()


def test_a_sign_in_that_somebody_renewed_in_the_meantime_is_taken_over(place: Place) -> None:
    """The kept secret is read again before the source is given up."""
    kept = place.us.token
    connector = signed_in(place.server, place.us, credentials=Credentials("old", load=lambda: kept))
    assert connector.check().id == place.us.id


# ---------------------------------------------------------------------- discovery, own, threads


def test_a_mention_below_our_post_comes_with_its_thread(place: Place) -> None:
    """The root is a message too; parent, mentions, text and time are the server's."""
    post = place.server.post(place.us, "What do you think?")
    answer = place.server.reply(place.alice, post, f"@{place.us.name} I like <it>")
    place.mirror.pull()
    found = place.mirror.messages[answer]
    assert (found.conversation, found.parent, found.mentions) == (post, post, [place.us.id])
    assert (found.author.id, found.author.handle) == (place.alice.id, place.alice.name)
    assert "I like &lt;it&gt;" in found.text
    assert (found.format, found.visibility, found.state) == ("html", "public", "live")
    seen = place.server.status(place.us, answer)
    assert seen is not None
    assert found.created_at.isoformat() == seen["created_at"]
    thread = place.mirror.conversations[post]
    assert (thread.kind, thread.opened_by, thread.title) == ("comments", place.us.id, "What do you think?")
    assert place.mirror.lanes() == ["queues", "own", "threads", "discovery", "coverage"]


def test_a_mention_in_somebody_elses_thread_is_placed_below_its_root(place: Place) -> None:
    """A status names its parent only: the root is climbed to, and the whole thread is read."""
    root = place.server.post(place.bob, "My day")
    first = place.server.reply(place.alice, root, "mine too")
    second = place.server.reply(place.bob, first, f"ask @{place.us.name}")
    beside = place.server.reply(place.alice, root, "and something else")
    place.mirror.pull()
    assert place.mirror.thread(root) == {root, first, second, beside}


def test_a_reply_that_mentions_nobody_is_found_late_with_its_own_time(place: Place) -> None:
    """No notification ever tells of it: only the thread, read again, has it."""
    post = place.server.post(place.us, "An announcement")
    place.server.reply(place.alice, post, f"@{place.us.name} hello")
    place.mirror.pull()
    silent = place.server.reply(place.bob, post, "and I have a question, without naming anybody")
    deeper = place.server.reply(place.bob, silent, "are you there?")
    told = place.server.api("GET", "/api/v1/notifications", by=place.us)
    assert silent not in [one["status"]["id"] for one in told]
    written = place.server.status(place.us, silent)
    time.sleep(0.05)  # so that a time of finding would be another one
    place.mirror.pull()
    assert written is not None
    for late in (silent, deeper):
        assert place.mirror.first_seen[late] == "threads"
        assert place.mirror.messages[late].conversation == post
    assert place.mirror.messages[silent].created_at.isoformat() == written["created_at"]
    assert place.mirror.coverage is not None


def test_our_replies_from_other_apps_come_by_themselves(place: Place) -> None:
    """A reply written in Mastodon's own app is in the list of our posts."""
    ask = place.server.post(place.alice, f"@{place.us.name} how?")
    place.mirror.pull()
    native = place.server.reply(place.us, ask, f"@{place.alice.name} like this")
    place.mirror.pull()
    found = place.mirror.messages[native]
    assert (found.author.id, found.parent, found.conversation) == (place.us.id, ask, ask)
    assert place.mirror.first_seen[native] == "own"


def test_boosts_are_no_messages(place: Place) -> None:
    """What somebody else wrote is not ours because we boosted it."""
    theirs = place.server.post(place.alice, "worth sharing")
    place.server.api("POST", f"/api/v1/statuses/{theirs}/reblog", by=place.us)
    ours = place.server.post(place.us, "and mine")
    assert set(place.mirror.pull().ids()) == {ours}


def test_a_pull_without_news_asks_little_and_tells_nothing(place: Place) -> None:
    """Since the last pull nothing was written: the lists end at once."""
    for number in range(5):
        place.server.post(place.us, f"Post {number}")
    transport = Recording()
    connector = connect({"url": place.server.url}, Credentials(place.us.token), source="fedi", transport=transport)
    OPENED.append(connector)
    mirror = Mirror(connector, place.mirror.now).pull()
    del transport.answers[:]
    known = Known(position=mirror.position)
    pages = list(connector.pull(known, mirror.now))
    assert [page.records for page in pages[:-1]] == [()] * (len(pages) - 1)
    assert len(transport.answers) == 6, transport.paths()  # who we are, policy, requests, own, mentions, conversations


# ---------------------------------------------------------------------- edits, deletions, roots


def test_an_edit_comes_with_the_time_of_the_edit(place: Place) -> None:
    """Mastodon dates edits; the text is the new one."""
    ask = place.server.post(place.alice, f"@{place.us.name} first version")
    place.mirror.pull()
    assert place.mirror.messages[ask].edited_at is None
    place.server.edit(place.alice, ask, f"@{place.us.name} second version")
    place.mirror.pull()
    found, seen = place.mirror.messages[ask], place.server.status(place.us, ask)
    assert "second version" in found.text
    assert seen is not None
    assert found.edited_at is not None
    assert found.edited_at.isoformat() == seen["edited_at"]


def test_a_deleted_reply_is_gone_once_the_server_says_so(place: Place) -> None:
    """What is missing from its thread is asked for by its id; only that answer counts."""
    post = place.server.post(place.us, "A post")
    stays, goes = (place.server.reply(place.alice, post, f"@{place.us.name} {word}") for word in ("stays", "goes"))
    place.mirror.pull()
    place.server.delete(place.alice, goes)
    place.mirror.pull()
    assert place.mirror.messages[goes].state == "deleted"
    assert place.mirror.thread(post) == {post, stays}
    assert "goes" in place.mirror.messages[goes].text


def test_what_is_left_of_a_thread_whose_root_was_deleted_is_placed_anew(place: Place) -> None:
    """The conversation is then named by the topmost post that can be seen, so that it can still be read."""
    root = place.server.post(place.alice, "Root")
    middle = place.server.reply(place.bob, root, f"@{place.us.name} what about this?")
    leaf = place.server.reply(place.us, middle, f"@{place.bob.name} this")
    place.mirror.pull()
    assert place.mirror.thread(root) == {root, middle, leaf}
    place.server.delete(place.alice, root)
    place.mirror.pull().pull()
    assert place.mirror.messages[root].state == "deleted"
    assert place.mirror.thread(middle) == {middle, leaf}


# ---------------------------------------------------------------------- direct messages


def test_a_direct_message_of_two_is_a_dm_and_of_more_a_group(place: Place) -> None:
    """Kind and title come from who takes part; the visibility is private."""
    two = place.server.direct(place.alice, f"@{place.us.name} between us")
    more = place.server.direct(place.alice, f"@{place.us.name} @{place.bob.name} among us")
    place.mirror.pull()
    assert place.mirror.conversations[two].kind == "dm"
    assert place.mirror.conversations[more].kind == "group_dm"
    assert place.mirror.conversations[two].title == f"@{place.alice.name}, @{place.us.name}"
    assert place.mirror.messages[two].visibility == "private"


def test_a_direct_message_that_was_written_on_is_read_on(place: Place) -> None:
    """Both sides of it, whoever wrote last, with the parents."""
    first = place.server.direct(place.alice, f"@{place.us.name} hello")
    place.mirror.pull()
    second = place.server.reply(place.us, first, f"@{place.alice.name} hello!", visibility="direct")
    third = place.server.reply(place.alice, second, f"@{place.us.name} a question", visibility="direct")
    place.mirror.pull()
    assert place.mirror.thread(first) == {first, second, third}
    assert place.mirror.conversations[first].kind == "dm"


def test_a_private_answer_to_a_public_post_is_a_conversation_of_its_own(place: Place) -> None:
    """Otherwise an answer in private would count in public, and be shown there."""
    post = place.server.post(place.us, "In public")
    private = place.server.reply(place.alice, post, f"@{place.us.name} not for everybody", visibility="direct")
    answer = place.server.reply(place.us, private, f"@{place.alice.name} I see", visibility="direct")
    open_one = place.server.reply(place.bob, post, "for everybody")
    place.mirror.pull()
    assert place.mirror.thread(post) == {post, open_one}
    assert place.mirror.thread(private) == {private, answer}
    assert (place.mirror.conversations[post].kind, place.mirror.conversations[private].kind) == ("comments", "dm")
    assert place.mirror.messages[private].parent == post


# ---------------------------------------------------------------------- many pages, crashes, full walks


def test_more_mentions_than_a_page_holds_all_come(place: Place) -> None:
    """Neither the first walk nor a later one, whose new items fill several pages above the mark, skips any."""
    place.connector._api.per_page = 3
    before = {place.server.post(place.alice, f"@{place.us.name} number {n}") for n in range(7)}
    assert set(place.mirror.pull().messages) == before
    later = {place.server.post(place.bob, f"@{place.us.name} later {n}") for n in range(8)}
    later |= {place.server.direct(place.bob, f"@{place.us.name} psst {n}") for n in range(4)}
    later |= {place.server.post(place.us, f"ours {n}") for n in range(5)}
    place.mirror.pull()
    assert set(place.mirror.messages) == before | later
    assert place.mirror.first_seen[min(later)] == "discovery"


@pytest.mark.parametrize("pages", [1, 2, 3, 4, 5, 6])
def test_a_pull_that_ends_after_any_page_loses_nothing(place: Place, pages: int) -> None:
    """The next one goes on: the mark moves only at the end of a walk, and a thread that was to be read is kept in mind."""
    place.connector._api.per_page = 3
    posts = [place.server.post(place.us, f"Post {n}") for n in range(3)]
    expected = set(posts)
    for post in posts:
        expected.add(place.server.reply(place.alice, post, f"@{place.us.name} yes"))
        expected.add(place.server.reply(place.bob, post, "quietly"))
    expected |= {place.server.post(place.alice, f"@{place.us.name} {n}") for n in range(4)}
    expected.add(place.server.direct(place.bob, f"@{place.us.name} psst"))
    place.mirror.pull(stop_after=pages)
    assert place.mirror.coverage is None
    place.mirror.conversations.clear()  # what the store would name to be read again must not be what saves it
    place.mirror.pull()
    assert set(place.mirror.messages) == expected


def test_a_full_walk_brings_everything_and_finds_what_is_gone(place: Place) -> None:
    """Even what lies far behind the marks."""
    post = place.server.post(place.us, "Old")
    kept, lost = (place.server.reply(place.alice, post, f"@{place.us.name} {word}") for word in ("kept", "lost"))
    place.mirror.pull()
    place.server.delete(place.alice, lost)
    place.server.edit(place.alice, kept, f"@{place.us.name} kept and changed")
    place.mirror.pull(full=True)
    assert place.mirror.messages[lost].state == "deleted"
    assert "kept and changed" in place.mirror.messages[kept].text
    assert not [key for key in place.mirror.position if key.startswith("full_")]


def test_a_full_walk_that_was_interrupted_goes_on(place: Place) -> None:
    """A list that it was through is not walked again from its end, and everything is there in the end."""
    place.connector._api.per_page = 3
    expected = {place.server.post(place.us, f"Post {n}") for n in range(5)}
    expected |= {place.server.post(place.alice, f"@{place.us.name} {n}") for n in range(5)}
    place.mirror.pull(full=True, stop_after=4)
    assert place.mirror.position["full_own"] == "done"
    place.mirror.pull(full=True)
    assert set(place.mirror.messages) == expected
    assert "full_own" not in place.mirror.position


# ---------------------------------------------------------------------- queues


def test_what_a_filtered_sender_writes_to_us_is_held_until_they_are_approved(place: Place) -> None:
    """The policy keeps their notifications back: they are found all the same, and wait for a decision."""
    place.server.policy(place.us, for_not_following="filter")
    ask = place.server.post(place.alice, f"@{place.us.name} are you there?")
    assert place.server.api("GET", "/api/v1/notifications", by=place.us) == []
    place.mirror.pull()
    assert place.mirror.messages[ask].state == "held"
    assert place.mirror.why() == ""
    requests = place.server.api("GET", "/api/v1/notifications/requests", by=place.us)
    place.server.api("POST", f"/api/v1/notifications/requests/{requests[0]['id']}/accept", by=place.us)
    place.mirror.pull()
    assert place.mirror.messages[ask].state == "live"


def test_a_policy_that_drops_is_a_gap(place: Place) -> None:
    """What is never made cannot be read: the coverage says whom that is about."""
    place.server.policy(place.us, for_new_accounts="drop")
    place.mirror.pull()
    assert "new accounts" in place.mirror.why()


def test_a_reported_post_is_held_for_staff_until_the_report_is_resolved(mastodon: Mastodon) -> None:
    """Whoever moderates the server sees it, with the thread that it stands in."""
    mod, alice, bob = mastodon.person("mod", admin=True), mastodon.person("alice"), mastodon.person("bob")
    root = mastodon.post(alice, "A thread")
    bad = mastodon.reply(bob, root, "buy my things")
    report = mastodon.report(alice, bob.id, bad)
    mirror = Mirror(signed_in(mastodon, mod), time.time_ns() // 1000).pull()
    assert (mirror.messages[bad].state, mirror.messages[bad].conversation) == ("held", root)
    mastodon.api("POST", f"/api/v1/admin/reports/{report}/resolve", by=mod)
    mirror.pull()
    assert mirror.messages[bad].state == "live"


# ---------------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "{iso}"}, 90),
        ({"X-RateLimit-Reset": "{epoch}"}, 90),
        ({"Retry-After": "7", "X-RateLimit-Reset": "{iso}"}, 7),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(
    place: Place, mastodon_proxy: FaultProxy, headers: dict[str, str], seconds: int
) -> None:
    """Mastodon gives no `Retry-After`: the window's end does, as an ISO time or in seconds since 1970."""
    began = time.time()
    words = {"iso": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(began + 90)), "epoch": str(int(began + 90))}
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(began))
    sent = {"Date": date, **{name: value.format(**words) for name, value in headers.items()}}
    connector = signed_in(place.server, place.us, url=mastodon_proxy.url)
    mastodon_proxy.fail(Fault("status", "GET", "/notifications?", code=429, headers=sent))
    with pytest.raises(RateLimited) as caught:
        list(connector.pull(Known(), place.mirror.now))
    assert seconds - 2 <= caught.value.retry_after <= seconds + 2


@pytest.mark.parametrize("kind", ["malformed", "truncated", "drop_before", "drop_after"])
def test_a_broken_answer_is_asked_for_again(place: Place, mastodon_proxy: FaultProxy, kind: str) -> None:
    """Half a page is no page: once the server answers, everything is there."""
    post = place.server.post(place.us, "A post")
    answer = place.server.reply(place.alice, post, f"@{place.us.name} yes")
    connector = signed_in(place.server, place.us, url=mastodon_proxy.url)
    for path in ("/notifications?", "/context", "/statuses?"):
        mastodon_proxy.fail(Fault(kind, "GET", path))  # type: ignore[arg-type]
    mirror = Mirror(connector, place.mirror.now).pull()
    assert set(mirror.messages) == {post, answer}
    assert mirror.coverage is not None


def test_a_server_that_stays_down_is_told_and_loses_nothing(place: Place, mastodon_proxy: FaultProxy) -> None:
    """What was stored until then stays; the next pull brings the rest."""
    post = place.server.post(place.us, "A post")
    answer = place.server.reply(place.alice, post, f"@{place.us.name} yes")
    mirror = Mirror(signed_in(place.server, place.us, url=mastodon_proxy.url), place.mirror.now)
    mastodon_proxy.fail(Fault("status", "GET", "/context", times=3, code=502))
    with pytest.raises(Unreachable):
        mirror.pull()
    assert mirror.coverage is None
    mirror.pull()
    assert set(mirror.messages) == {post, answer}


def test_coverage_lags_behind_the_servers_clock_a_little(place: Place) -> None:
    """Notifications are made by jobs: what is that young may not be there yet."""
    before = time.time_ns() // 1000
    place.mirror.pull()
    assert place.mirror.coverage is not None
    assert place.mirror.coverage.complete_through is not None
    assert before - 40_000_000 < to_instant(place.mirror.coverage.complete_through) < before
