"""The Mastodon connector against a running double of Mastodon: reading, finding what was never announced, edits, deletions."""

from __future__ import annotations

import time

import pytest
import stamina
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.mastodon import Person
from tests.servers.mastodon_kit import Kit, now
from tests.servers.mastodon_mirror import Mirror

from modconsole.connectors.base import Account, Connector, Known
from modconsole.connectors.signing import Credentials
from modconsole.domain.times import to_instant
from modconsole.errors import RateLimited, SignInError, Unreachable

pytestmark = pytest.mark.server


# ---------------------------------------------------------------------- who we are


def test_check_says_who_we_are_and_what_is_synced(fedi: Kit) -> None:
    """An ordinary account lacks nothing; its name is complete with the server's."""
    connector: Connector = fedi.connector
    domain = f"localhost:{fedi.server.port}"
    assert connector.check() == Account(
        id=fedi.us.id,
        name=fedi.us.name,
        handle=f"@{fedi.us.name}@{domain}",
        site_name="Mastodon Mock",
        site_url=fedi.server.url,
        syncs=("mentions of this account, and replies below its posts", "its own posts and replies", "direct messages"),
    )


def test_staff_are_told_that_reports_are_read(fedi: Kit) -> None:
    """The permissions of the role decide."""
    connector = fedi.signed_in(fedi.server.person("mod", admin=True))
    assert "reported posts, for staff" in connector.check().syncs
    assert {info.act for info in connector.acts()} > {"ban", "hide", "acknowledge"}


def test_an_ordinary_account_is_offered_no_acts_of_staff(fedi: Kit) -> None:
    """What the role does not allow is not offered."""
    offered = {(info.act, info.on) for info in fedi.connector.acts()}
    assert ("mute", "person") in offered
    assert not offered & {("ban", "person"), ("acknowledge", "message")}


def test_a_wrong_token_is_told_and_kept_out_of_the_error(fedi: Kit) -> None:
    """Final until somebody signs in again."""
    nobody = Person("0", "nobody", "not-a-token-of-anybody")
    connector = fedi.signed_in(nobody)
    for call in (connector.check, lambda: list(connector.pull(Known(), 1))):
        with pytest.raises(SignInError) as caught:
            call()
        assert "token" in str(caught.value)
        assert "not-a-token-of-anybody" not in str(caught.value)


def test_a_token_that_is_revoked_ends_the_sign_in(fedi: Kit) -> None:
    """Mastodon's tokens live until they are revoked."""
    fedi.mirror.pull()
    fedi.server.request("POST", "/oauth/revoke", by=fedi.us, data={"token": fedi.us.token})
    with pytest.raises(SignInError):
        fedi.mirror.pull()


def test_a_sign_in_that_somebody_renewed_in_the_meantime_is_taken_over(fedi: Kit) -> None:
    """The kept secret is read again before the source is given up."""
    kept = fedi.us.token
    connector = fedi.signed_in(credentials=Credentials("old", load=lambda: kept))
    assert connector.check().id == fedi.us.id


# ---------------------------------------------------------------------- discovery, own, threads


def test_a_mention_below_our_post_comes_with_its_thread(fedi: Kit) -> None:
    """The root is a message too; parent, mentions, text and time are the server's."""
    post = fedi.server.post(fedi.us, "What do you think?")
    answer = fedi.server.reply(fedi.alice, post, f"@{fedi.us.name} I like <it>")
    fedi.mirror.pull()
    found = fedi.mirror.messages[answer]
    assert (found.conversation, found.parent, found.mentions) == (post, post, [fedi.us.id])
    assert (found.author.id, found.author.handle) == (fedi.alice.id, fedi.alice.name)
    assert "I like &lt;it&gt;" in found.text
    assert (found.format, found.visibility, found.state) == ("html", "public", "live")
    seen = fedi.server.status(fedi.us, answer)
    assert seen is not None
    assert found.created_at.isoformat() == seen["created_at"]
    thread = fedi.mirror.conversations[post]
    assert (thread.kind, thread.opened_by, thread.title) == ("comments", fedi.us.id, "What do you think?")
    assert fedi.mirror.lanes() == ["queues", "own", "threads", "discovery", "coverage"]


def test_a_mention_in_somebody_elses_thread_is_placed_below_its_root(fedi: Kit) -> None:
    """A status names its parent only: the root is climbed to, and the whole thread is read."""
    root = fedi.server.post(fedi.bob, "My day")
    first = fedi.server.reply(fedi.alice, root, "mine too")
    second = fedi.server.reply(fedi.bob, first, f"ask @{fedi.us.name}")
    beside = fedi.server.reply(fedi.alice, root, "and something else")
    fedi.mirror.pull()
    assert fedi.mirror.thread(root) == {root, first, second, beside}


def test_a_reply_that_mentions_nobody_is_found_late_with_its_own_time(fedi: Kit) -> None:
    """No notification ever tells of it: only the thread, read again, has it."""
    post = fedi.server.post(fedi.us, "An announcement")
    fedi.server.reply(fedi.alice, post, f"@{fedi.us.name} hello")
    fedi.mirror.pull()
    silent = fedi.server.reply(fedi.bob, post, "and I have a question, without naming anybody")
    deeper = fedi.server.reply(fedi.bob, silent, "are you there?")
    told = fedi.server.api("GET", "/api/v1/notifications", by=fedi.us)
    assert silent not in [one["status"]["id"] for one in told]
    written = fedi.server.status(fedi.us, silent)
    time.sleep(0.05)  # so that a time of finding would be another one
    fedi.mirror.pull()
    assert written is not None
    for late in (silent, deeper):
        assert fedi.mirror.first_seen[late] == "threads"
        assert fedi.mirror.messages[late].conversation == post
    assert fedi.mirror.messages[silent].created_at.isoformat() == written["created_at"]
    assert fedi.mirror.coverage is not None


def test_our_replies_from_other_apps_come_by_themselves(fedi: Kit) -> None:
    """A reply written in Mastodon's own app is in the list of our posts."""
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} how?")
    fedi.mirror.pull()
    native = fedi.server.reply(fedi.us, ask, f"@{fedi.alice.name} like this")
    fedi.mirror.pull()
    found = fedi.mirror.messages[native]
    assert (found.author.id, found.parent, found.conversation) == (fedi.us.id, ask, ask)
    assert fedi.mirror.first_seen[native] == "own"


def test_boosts_are_no_messages(fedi: Kit) -> None:
    """What somebody else wrote is not ours because we boosted it."""
    theirs = fedi.server.post(fedi.alice, "worth sharing")
    fedi.server.api("POST", f"/api/v1/statuses/{theirs}/reblog", by=fedi.us)
    ours = fedi.server.post(fedi.us, "and mine")
    assert set(fedi.mirror.pull().ids()) == {ours}


def test_a_pull_without_news_asks_little_and_tells_nothing(fedi: Kit) -> None:
    """Since the last pull nothing was written: the lists end at once."""
    for number in range(5):
        fedi.server.post(fedi.us, f"Post {number}")
    fedi.mirror.pull()
    asked = len(fedi.transports[0].answers)
    pages = list(fedi.connector.pull(Known(position=fedi.mirror.position), fedi.mirror.now))
    assert [page.records for page in pages[:-1]] == [()] * (len(pages) - 1)
    # who we are, policy, requests, own, mentions, conversations
    assert len(fedi.transports[0].answers) - asked == 6, fedi.transports[0].paths()[asked:]


# ---------------------------------------------------------------------- edits, deletions, roots


def test_an_edit_comes_with_the_time_of_the_edit(fedi: Kit) -> None:
    """Mastodon dates edits; the text is the new one."""
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} first version")
    fedi.mirror.pull()
    assert fedi.mirror.messages[ask].edited_at is None
    fedi.server.edit(fedi.alice, ask, f"@{fedi.us.name} second version")
    fedi.mirror.pull()
    found, seen = fedi.mirror.messages[ask], fedi.server.status(fedi.us, ask)
    assert "second version" in found.text
    assert seen is not None
    assert found.edited_at is not None
    assert found.edited_at.isoformat() == seen["edited_at"]


def test_a_deleted_reply_is_gone_once_the_server_says_so(fedi: Kit) -> None:
    """What is missing from its thread is asked for by its id; only that answer counts."""
    post = fedi.server.post(fedi.us, "A post")
    stays, goes = (fedi.server.reply(fedi.alice, post, f"@{fedi.us.name} {word}") for word in ("stays", "goes"))
    fedi.mirror.pull()
    fedi.server.delete(fedi.alice, goes)
    fedi.mirror.pull()
    assert fedi.mirror.messages[goes].state == "deleted"
    assert fedi.mirror.thread(post) == {post, stays}
    assert "goes" in fedi.mirror.messages[goes].text


def test_what_is_left_of_a_thread_whose_root_was_deleted_is_placed_anew(fedi: Kit) -> None:
    """The conversation is then named by the topmost post that can be seen, so that it can still be read."""
    root = fedi.server.post(fedi.alice, "Root")
    middle = fedi.server.reply(fedi.bob, root, f"@{fedi.us.name} what about this?")
    leaf = fedi.server.reply(fedi.us, middle, f"@{fedi.bob.name} this")
    fedi.mirror.pull()
    assert fedi.mirror.thread(root) == {root, middle, leaf}
    fedi.server.delete(fedi.alice, root)
    fedi.mirror.pull().pull()
    assert fedi.mirror.messages[root].state == "deleted"
    assert fedi.mirror.thread(middle) == {middle, leaf}


# ---------------------------------------------------------------------- direct messages


def test_a_direct_message_of_two_is_a_dm_and_of_more_a_group(fedi: Kit) -> None:
    """Kind and title come from who takes part; the visibility is private."""
    two = fedi.server.direct(fedi.alice, f"@{fedi.us.name} between us")
    more = fedi.server.direct(fedi.alice, f"@{fedi.us.name} @{fedi.bob.name} among us")
    fedi.mirror.pull()
    assert fedi.mirror.conversations[two].kind == "dm"
    assert fedi.mirror.conversations[more].kind == "group_dm"
    assert fedi.mirror.conversations[two].title == f"@{fedi.alice.name}, @{fedi.us.name}"
    assert fedi.mirror.messages[two].visibility == "private"


def test_a_direct_message_that_was_written_on_is_read_on(fedi: Kit) -> None:
    """Both sides of it, whoever wrote last, with the parents."""
    first = fedi.server.direct(fedi.alice, f"@{fedi.us.name} hello")
    fedi.mirror.pull()
    second = fedi.server.reply(fedi.us, first, f"@{fedi.alice.name} hello!", visibility="direct")
    third = fedi.server.reply(fedi.alice, second, f"@{fedi.us.name} a question", visibility="direct")
    fedi.mirror.pull()
    assert fedi.mirror.thread(first) == {first, second, third}
    assert fedi.mirror.conversations[first].kind == "dm"


def test_a_private_answer_to_a_public_post_is_a_conversation_of_its_own(fedi: Kit) -> None:
    """Otherwise an answer in private would count in public, and be shown there."""
    post = fedi.server.post(fedi.us, "In public")
    private = fedi.server.reply(fedi.alice, post, f"@{fedi.us.name} not for everybody", visibility="direct")
    answer = fedi.server.reply(fedi.us, private, f"@{fedi.alice.name} I see", visibility="direct")
    open_one = fedi.server.reply(fedi.bob, post, "for everybody")
    fedi.mirror.pull()
    assert fedi.mirror.thread(post) == {post, open_one}
    assert fedi.mirror.thread(private) == {private, answer}
    assert (fedi.mirror.conversations[post].kind, fedi.mirror.conversations[private].kind) == ("comments", "dm")
    assert fedi.mirror.messages[private].parent == post


# ---------------------------------------------------------------------- many pages, crashes, full walks


def test_more_mentions_than_a_page_holds_all_come(fedi: Kit) -> None:
    """Neither the first walk nor a later one, whose new items fill several pages above the mark, skips any."""
    fedi.connector._api.per_page = 3
    before = {fedi.server.post(fedi.alice, f"@{fedi.us.name} number {n}") for n in range(7)}
    assert set(fedi.mirror.pull().messages) == before
    later = {fedi.server.post(fedi.bob, f"@{fedi.us.name} later {n}") for n in range(8)}
    later |= {fedi.server.direct(fedi.bob, f"@{fedi.us.name} psst {n}") for n in range(4)}
    later |= {fedi.server.post(fedi.us, f"ours {n}") for n in range(5)}
    fedi.mirror.pull()
    assert set(fedi.mirror.messages) == before | later
    assert fedi.mirror.first_seen[min(later)] == "discovery"


@pytest.mark.parametrize("pages", [1, 2, 3, 4, 5, 6])
def test_a_pull_that_ends_after_any_page_loses_nothing(fedi: Kit, pages: int) -> None:
    """The next one goes on: the mark moves only at the end of a walk, and a thread that was to be read is kept in mind."""
    fedi.connector._api.per_page = 3
    posts = [fedi.server.post(fedi.us, f"Post {n}") for n in range(3)]
    expected = set(posts)
    for post in posts:
        expected.add(fedi.server.reply(fedi.alice, post, f"@{fedi.us.name} yes"))
        expected.add(fedi.server.reply(fedi.bob, post, "quietly"))
    expected |= {fedi.server.post(fedi.alice, f"@{fedi.us.name} {n}") for n in range(4)}
    expected.add(fedi.server.direct(fedi.bob, f"@{fedi.us.name} psst"))
    fedi.mirror.pull(stop_after=pages)
    assert fedi.mirror.coverage is None
    fedi.mirror.conversations.clear()  # what the store would name to be read again must not be what saves it
    fedi.mirror.pull()
    assert set(fedi.mirror.messages) == expected


def test_a_full_walk_brings_everything_and_finds_what_is_gone(fedi: Kit) -> None:
    """Even what lies far behind the marks."""
    post = fedi.server.post(fedi.us, "Old")
    kept, lost = (fedi.server.reply(fedi.alice, post, f"@{fedi.us.name} {word}") for word in ("kept", "lost"))
    fedi.mirror.pull()
    fedi.server.delete(fedi.alice, lost)
    fedi.server.edit(fedi.alice, kept, f"@{fedi.us.name} kept and changed")
    fedi.mirror.pull(full=True)
    assert fedi.mirror.messages[lost].state == "deleted"
    assert "kept and changed" in fedi.mirror.messages[kept].text
    assert {m.id: m.text for m in fedi.mirror.messages.values() if m.state != "deleted"} == fedi.truth()
    assert not [key for key in fedi.mirror.position if key.startswith("full_")]


def test_a_full_walk_that_was_interrupted_goes_on(fedi: Kit) -> None:
    """A list that it was through is not walked again from its end, and everything is there in the end."""
    fedi.connector._api.per_page = 3
    expected = {fedi.server.post(fedi.us, f"Post {n}") for n in range(5)}
    expected |= {fedi.server.post(fedi.alice, f"@{fedi.us.name} {n}") for n in range(5)}
    fedi.mirror.pull(full=True, stop_after=4)
    assert fedi.mirror.position["full_own"] == "done"
    fedi.mirror.pull(full=True)
    assert set(fedi.mirror.messages) == expected
    assert "full_own" not in fedi.mirror.position


# ---------------------------------------------------------------------- queues


def test_what_a_filtered_sender_writes_to_us_is_held_until_they_are_approved(fedi: Kit) -> None:
    """The policy keeps their notifications back: they are found all the same, and wait for a decision."""
    fedi.server.policy(fedi.us, for_not_following="filter")
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} are you there?")
    assert fedi.server.api("GET", "/api/v1/notifications", by=fedi.us) == []
    fedi.mirror.pull()
    assert fedi.mirror.messages[ask].state == "held"
    assert fedi.mirror.why() == ""
    requests = fedi.server.api("GET", "/api/v1/notifications/requests", by=fedi.us)
    fedi.server.api("POST", f"/api/v1/notifications/requests/{requests[0]['id']}/accept", by=fedi.us)
    fedi.mirror.pull()
    assert fedi.mirror.messages[ask].state == "live"


def test_a_policy_that_drops_is_a_gap(fedi: Kit) -> None:
    """What is never made cannot be read: the coverage says whom that is about."""
    fedi.server.policy(fedi.us, for_new_accounts="drop")
    fedi.mirror.pull()
    assert "new accounts" in fedi.mirror.why()


def test_a_reported_post_is_held_for_staff_until_the_report_is_resolved(fedi: Kit) -> None:
    """Whoever moderates the server sees it, with the thread that it stands in."""
    mod = fedi.server.person("mod", admin=True)
    root = fedi.server.post(fedi.alice, "A thread")
    bad = fedi.server.reply(fedi.bob, root, "buy my things")
    report = fedi.server.report(fedi.alice, fedi.bob.id, bad)
    mirror = Mirror(fedi.signed_in(mod), now()).pull()
    assert (mirror.messages[bad].state, mirror.messages[bad].conversation) == ("held", root)
    fedi.server.api("POST", f"/api/v1/admin/reports/{report}/resolve", by=mod)
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
    fedi: Kit, mastodon_proxy: FaultProxy, headers: dict[str, str], seconds: int
) -> None:
    """Mastodon gives no `Retry-After`: the window's end does, as an ISO time or in seconds since 1970."""
    began = time.time()
    words = {"iso": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(began + 90)), "epoch": str(int(began + 90))}
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(began))
    sent = {"Date": date, **{name: value.format(**words) for name, value in headers.items()}}
    connector = fedi.signed_in(url=mastodon_proxy.url)
    mastodon_proxy.fail(Fault("status", "GET", "/notifications?", code=429, headers=sent))
    with pytest.raises(RateLimited) as caught:
        list(connector.pull(Known(), fedi.mirror.now))
    assert seconds - 2 <= caught.value.retry_after <= seconds + 2


@pytest.mark.parametrize("kind", ["malformed", "truncated", "drop_before", "drop_after"])
def test_a_broken_answer_is_asked_for_again(fedi: Kit, mastodon_proxy: FaultProxy, kind: str) -> None:
    """Half a page is no page: once the server answers, everything is there."""
    post = fedi.server.post(fedi.us, "A post")
    answer = fedi.server.reply(fedi.alice, post, f"@{fedi.us.name} yes")
    connector = fedi.signed_in(url=mastodon_proxy.url)
    for path in ("/notifications?", "/context", "/statuses?"):
        mastodon_proxy.fail(Fault(kind, "GET", path))  # type: ignore[arg-type]
    with stamina.set_testing(True, attempts=3):  # as often as ever, without the pauses
        mirror = Mirror(connector, now()).pull()
    assert set(mirror.messages) == {post, answer}
    assert mirror.coverage is not None


def test_a_server_that_stays_down_is_told_and_loses_nothing(fedi: Kit, mastodon_proxy: FaultProxy) -> None:
    """What was stored until then stays; the next pull brings the rest."""
    post = fedi.server.post(fedi.us, "A post")
    answer = fedi.server.reply(fedi.alice, post, f"@{fedi.us.name} yes")
    mirror = Mirror(fedi.signed_in(url=mastodon_proxy.url), fedi.mirror.now)
    mastodon_proxy.fail(Fault("status", "GET", "/context", times=3, code=502))
    with stamina.set_testing(True, attempts=3), pytest.raises(Unreachable):
        mirror.pull()
    assert mirror.coverage is None
    mirror.pull()
    assert set(mirror.messages) == {post, answer}


def test_coverage_lags_behind_the_servers_clock_a_little(fedi: Kit) -> None:
    """Notifications are made by jobs: what is that young may not be there yet."""
    before = time.time_ns() // 1000
    fedi.mirror.pull()
    assert fedi.mirror.coverage is not None
    assert fedi.mirror.coverage.complete_through is not None
    assert before - 40_000_000 < to_instant(fedi.mirror.coverage.complete_through) < before
