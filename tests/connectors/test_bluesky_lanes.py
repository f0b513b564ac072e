"""One pull after the other: nothing is skipped, whatever is cut off, refused, garbled or hidden on the way."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import stamina
from tests.connectors.bluesky_sky import ANN, BOB, NOW, US, Look, Sky, error, jwt, signed_in

from modconsole.connectors import bluesky_lists, bluesky_pull, bluesky_read
from modconsole.connectors.base import Known
from modconsole.connectors.bluesky_api import Tokens
from modconsole.connectors.signing import Credentials
from modconsole.domain.times import HOUR, MINUTE, SECOND, to_instant
from modconsole.errors import RateLimited, SignInError, Unreachable


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """Repeats of a read come at once."""
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


@pytest.fixture
def sky() -> Iterator[Sky]:
    """Nobody has written anything. What goes through it must keep the lexicons."""
    made = Sky()
    yield made
    assert made.checked.wrong == []


def test_a_pull_goes_through_all_lanes_and_vouches_at_the_end(sky: Sky) -> None:
    """Our thread, a reply that was announced and one that was not; all of it once."""
    root = sky.post(US, "A thread")
    told = sky.post(ANN, "Told", parent=root)
    silent = sky.post(BOB, "Not told", parent=told, notify=False)
    look = Look(signed_in(sky)).pull()
    assert sorted(look.new()) == sorted([root, told, silent])
    assert [page.lane for page in look.pages if page.complete] == [
        "discovery",
        "queues",
        "discovery",
        "own",
        "threads",
        "coverage",
    ]
    assert look.gap() == ""
    assert look.coverage is not None
    assert look.coverage.complete_through is not None
    assert to_instant(look.coverage.complete_through) == look.now - bluesky_pull.SETTLING
    assert look.conversations[root].title == "A thread"


def test_notifications_of_one_millisecond_are_not_skipped(sky: Sky) -> None:
    """The platform's cursor leaves out what has the time of a page's last item."""
    sky.page = 3
    root = sky.post(US, "A thread", at=NOW - HOUR)
    wanted = [sky.post(ANN, f"Number {n}", parent=root, at=NOW - MINUTE + (n // 4) * SECOND) for n in range(12)]
    sky.deepest = 0  # the thread shows nothing: they come from the notifications alone
    look = Look(signed_in(sky))
    look.pull(conversations=())
    missing = set(wanted) - look.messages.keys()
    assert len(missing) <= 3 * (4 - sky.page)  # more of one millisecond than a page holds cannot be listed at all
    sky.page = 4
    assert set(wanted) <= Look(signed_in(sky)).pull().messages.keys()


def test_a_walk_that_is_cut_off_anywhere_skips_nothing(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any number of pages, and then again, until it ends: every notification has come, and the mark is at the top."""
    monkeypatch.setattr(bluesky_pull, "HEAD", 0)
    monkeypatch.setattr(bluesky_pull, "TURN", 0)
    monkeypatch.setattr(bluesky_lists, "OVERLAP", 0)
    sky.page = 5
    sky.deepest = 0
    root = sky.post(US, "A thread", at=NOW - 3 * HOUR)
    for stop in range(1, 8):
        wanted = {sky.post(ANN, f"Number {n}", parent=root) for n in range(23)}
        look = Look(signed_in(sky), now=NOW)
        look.pull(stop_after=stop)
        late = sky.post(BOB, "Late", parent=root)
        for _ in range(5):
            look.pull()
        assert wanted | {late} <= look.messages.keys(), stop
        # What lies on the mark is read again, for more may have come in that millisecond.
        assert set(look.new()) <= {root, late}
        assert "cursor" not in look.position["notifications"]


def test_what_is_new_does_not_wait_for_an_old_walk(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long history is read over several runs; each looks at the newest page first."""
    monkeypatch.setattr(bluesky_lists, "WALK_PAGES", 2)
    monkeypatch.setattr(bluesky_lists, "OVERLAP", 0)
    sky.page = 4
    root = sky.post(US, "A thread", at=NOW - 3 * HOUR)
    for n in range(20):
        sky.post(ANN, f"Number {n}", parent=root)
    look = Look(signed_in(sky)).pull()
    assert "older notifications are still being read" in look.gap()
    assert look.coverage is not None
    assert look.coverage.complete_through is None
    other = sky.post(US, "Another thread", at=NOW - 2 * HOUR)
    new = sky.post(BOB, "Hello?", parent=other, at=NOW)
    assert new in look.pull().new()
    for _ in range(4):
        look.pull()
    assert look.gap() == ""


def test_a_cursor_that_is_no_longer_taken_begins_the_walk_again(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark stays; nothing is lost."""
    monkeypatch.setattr(bluesky_lists, "WALK_PAGES", 2)
    monkeypatch.setattr(bluesky_lists, "OVERLAP", 0)
    sky.page = 3
    root = sky.post(US, "A thread", at=NOW - 3 * HOUR)
    wanted = {sky.post(ANN, f"Number {n}", parent=root) for n in range(12)}
    look = Look(signed_in(sky)).pull()
    assert "cursor" in look.position["notifications"]
    name = "app.bsky.notification.listNotifications"
    sky.answers = [
        (name, sky._listNotifications({}, None)),
        (name, error("InvalidRequest", message="Malformed cursor")),
    ]
    for _ in range(6):
        look.pull()
    assert wanted <= look.messages.keys()
    assert look.gap() == ""


def test_a_list_that_ends_before_the_old_mark_is_a_gap_until_a_full_walk(sky: Sky) -> None:
    """We were away for longer than Bluesky keeps notifications."""
    root = sky.post(US, "A thread", at=NOW - 90 * HOUR)
    sky.post(ANN, "Long ago", parent=root, at=NOW - 80 * HOUR)
    look = Look(signed_in(sky)).pull()
    assert look.gap() == ""
    sky.notifications.clear()
    for n in range(130):
        sky.post(ANN, f"Number {n}", parent=root, at=NOW - 5 * HOUR + n * SECOND)
    assert "no longer lists" in look.pull().gap()
    assert "no longer lists" in look.pull().gap()
    assert look.coverage is not None
    assert look.coverage.gap is not None
    assert look.coverage.gap.since is not None
    assert look.pull(full=True).gap() == ""


def test_an_empty_answer_moves_no_mark(sky: Sky) -> None:
    """Filters empty pages, and outages empty lists."""
    root = sky.post(US, "A thread")
    sky.post(ANN, "Question", parent=root)
    look = Look(signed_in(sky)).pull()
    before = dict(look.position["notifications"])
    sky.answers = [("app.bsky.notification.listNotifications", (200, {"notifications": []}))]
    assert look.pull().position["notifications"] == before


def test_an_item_of_another_shape_is_set_aside_and_the_rest_kept(sky: Sky) -> None:
    """In each list; with why, and the raw item, and once each."""
    root = sky.post(US, "A thread")
    good = sky.post(ANN, "Good", parent=root)
    bad = sky.post(ANN, "Bad", parent=root)
    sky.posts[bad]["record"]["text"] = {"not": "a text"}
    sky.notifications.append({"uri": 7, "reason": "reply", "indexedAt": "2026-11-21T21:30:00.000Z"})
    look = Look(signed_in(sky)).pull()
    assert good in look.messages
    assert bad not in look.messages
    why = look.poison()
    assert any("a notification has another shape" in one for one in why)
    assert any("a post has another shape than published ($.record.text)" in one for one in why)
    raw = [raw for page in look.pages for _, raw in page.poison]
    assert any(b"not" in one for one in raw)
    sky.checked.wrong.clear()  # broken on purpose


@pytest.mark.parametrize("body", [b"", b'{"thread": ', b"<html>Sign in</html>", b"\xff\xfe"])
def test_an_answer_that_cannot_be_read_is_asked_for_again_and_then_said(sky: Sky, body: bytes) -> None:
    """Half a document or a login page is no empty list."""
    sky.post(US, "A thread")
    name = "app.bsky.notification.listNotifications"
    sky.checked.inner = sky
    connector = signed_in(sky)
    connector.api.http._transport = sky  # past the check: such an answer has no lexicon
    sky.answers = [(name, (200, body))] * 2
    assert Look(connector).pull().gap() == ""
    sky.answers = [(name, (200, body))] * 3
    with pytest.raises(Unreachable):
        Look(connector).pull()


def test_a_thread_is_read_below_the_depth_that_the_server_gives(sky: Sky) -> None:
    """Branch by branch, from where it was cut."""
    sky.deepest = 2
    at = root = sky.post(US, "0")
    for n in range(1, 12):
        at = sky.post(ANN if n % 2 else BOB, str(n), parent=at, notify=n == 1)
    look = Look(signed_in(sky)).pull()
    assert sorted(int(m.text) for m in look.messages.values()) == list(range(12))
    assert look.gaps[root] == ""


def test_a_thread_with_more_branches_than_are_read_is_a_gap(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how many; the next look that reads all of them heals it."""
    monkeypatch.setattr(bluesky_read, "BRANCHES", 3)
    sky.deepest = 1
    root = sky.post(US, "A thread")
    for n in range(6):
        sky.post(BOB, "below", parent=sky.post(ANN, str(n), parent=root), notify=False)
    look = Look(signed_in(sky)).pull()
    assert "4 branches are too deep" in look.gaps[root] or "branches are too deep" in look.gaps[root]
    sky.deepest = 9
    assert look.pull().gaps[root] == ""


def test_a_post_behind_a_block_is_a_gap_of_its_thread(sky: Sky) -> None:
    """We cannot see it, nor what was written below it."""
    root = sky.post(US, "A thread")
    sky.post(ANN, "Seen", parent=root)
    behind = sky.post(BOB, "Unseen", parent=root, notify=False)
    sky.posts[behind]["blocked"] = True
    look = Look(signed_in(sky)).pull()
    assert "hidden from us by a block" in look.gaps[root]
    assert behind not in look.messages
    del sky.posts[behind]["blocked"]
    look.pull()
    assert (look.gaps[root], look.messages[behind].text) == ("", "Unseen")


def test_what_is_missing_is_asked_for_by_its_address_before_it_is_gone(sky: Sky) -> None:
    """Deleted: gone. Still in its author's repository: a gap, and no news. Its account is silent: no news either."""
    root = sky.post(US, "A thread")
    deleted, hidden = sky.post(ANN, "Deleted", parent=root), sky.post(BOB, "Hidden", parent=root)
    look = Look(signed_in(sky)).pull()
    shown = {uri: sky.posts.pop(uri) for uri in (deleted, hidden)}
    record = {"uri": hidden, "cid": shown[hidden]["cid"], "value": shown[hidden]["record"]}
    sky.answers = [
        ("com.atproto.repo.getRecord", error("RecordNotFound")),
        ("com.atproto.repo.getRecord", (200, record)),
    ]
    look.pull(waiting=(deleted, hidden))
    assert look.gone() == [deleted]
    assert look.state(hidden) == "live"
    assert "still exists is not shown" in look.gaps[root]
    sky.answers = [("com.atproto.repo.getRecord", error("InvalidRequest", message="Could not find repo"))]
    assert look.pull(waiting=(hidden,)).gone() == []
    sky.answers = [
        ("com.atproto.repo.getRecord", error("InvalidRequest", message="Could not find repo")),
        ("app.bsky.actor.getProfile", error("AccountDeactivated")),
    ]
    assert look.pull(waiting=(hidden,)).gone() == [hidden]


def test_a_branch_below_a_deleted_post_is_still_read(sky: Sky) -> None:
    """It is in no thread any more: what we know of it leads to the rest."""
    root = sky.post(US, "A thread")
    asked = sky.post(ANN, "Question", parent=root)
    ours = sky.post(US, "Answer", parent=asked)
    look = Look(signed_in(sky)).pull()
    del sky.posts[asked]
    below = sky.post(BOB, "And another thing", parent=ours, notify=False)
    look.pull(waiting=(ours, asked))
    assert look.gone() == [asked]
    assert look.messages[below].conversation == root


def test_a_thread_whose_first_post_is_gone_says_so(sky: Sky) -> None:
    """The post is deleted; replies are still read by their addresses."""
    root = sky.post(US, "A thread")
    asked = sky.post(ANN, "Question", parent=root)
    look = Look(signed_in(sky)).pull()
    gone = sky.posts.pop(root)
    look.pull(waiting=(asked,))
    assert look.state(root) == "deleted"
    assert look.state(asked) == "live"
    assert "first post is gone" in look.gaps[root]
    sky.posts[root] = gone
    look.pull()
    assert (look.state(root), look.gaps[root]) == ("live", "")


def test_conversations_take_turns_but_the_urgent_come_every_time(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of the list in each run, the others in order, and from the beginning after the end; all on a full walk."""
    monkeypatch.setattr(bluesky_pull, "HEAD", 2)
    monkeypatch.setattr(bluesky_pull, "TURN", 3)
    roots = tuple(sky.post(ANN, f"Thread {n}", at=NOW - 200 * HOUR + n) for n in range(9))
    connector = signed_in(sky)
    position: dict[str, object] = {}

    def read(full: bool = False) -> list[str]:
        sky.asked.clear()
        nonlocal position
        for page in connector.pull(Known(conversations=roots, position=position), NOW, full=full):
            position = page.position
        return [query["uri"][0] for name, query, _ in sky.asked if name.endswith("getPostThread")]

    assert read() == [*roots[:2], *roots[2:5]]
    assert read() == [*roots[:2], *roots[5:8]]
    assert read() == [*roots[:2], roots[8]]
    assert read() == [*roots[:2], *roots[2:5]]
    assert read(full=True) == list(roots)


def test_a_full_walk_that_a_rate_limit_cuts_off_goes_on_where_it_was(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a large account would never see the end of one."""
    monkeypatch.setattr(bluesky_pull, "BATCH", 1)
    roots = tuple(sky.post(ANN, f"Thread {n}", at=NOW - 200 * HOUR + n) for n in range(6))
    connector = signed_in(sky)
    position: dict[str, object] = {}
    name = "app.bsky.feed.getPostThread"
    sky.answers = [(name, sky._getPostThread({"uri": [root], "depth": ["9"]}, None)) for root in roots[:3]]
    sky.answers.append((name, error("RateLimitExceeded", 429)))

    def walk() -> None:
        nonlocal position
        for page in connector.pull(Known(conversations=roots, position=position), NOW, full=True):
            position = page.position

    with pytest.raises(RateLimited):
        walk()
    sky.asked.clear()
    walk()
    assert [query["uri"][0] for called, query, _ in sky.asked if called == name] == list(roots[3:])
    assert "walk" not in position


def test_direct_messages_come_once_and_requests_with_them(sky: Sky) -> None:
    """Read down to the mark; a second look brings nothing; what is added later comes alone."""
    first = sky.message("c1", ANN, "Hello", at=NOW - HOUR)
    asked = sky.message("c2", ANN, "May I?", at=NOW - HOUR + SECOND, status="request")
    look = Look(signed_in(sky)).pull()
    assert sorted(look.new()) == sorted([first, asked])
    assert look.conversations["dm:c2"].kind == "dm"
    more = sky.message("c1", ANN, "More", at=NOW)
    assert more in look.pull().new()
    assert look.messages[more].visibility == "private"


def test_a_password_without_messages_reads_the_rest_and_says_what_is_missing(sky: Sky) -> None:
    """A gap of the source and a missing right; switched off on purpose it is neither."""
    root = sky.post(US, "A thread")
    refused = error("InvalidToken", message="Bad token method")
    sky.answers = [("chat.bsky.convo.getLog", refused)]
    look = Look(signed_in(sky)).pull()
    assert "may not read or write direct messages" in look.gap()
    assert root in look.messages
    assert sky.tokens.count("refresh") == 0  # the token is good: it is not renewed for nothing
    sky.asked.clear()
    assert Look(signed_in(sky, messages=False)).pull().gap() == ""
    assert not [name for name, _, _ in sky.asked if name.startswith("chat.")]
    sky.access.add(jwt("com.atproto.appPass"))
    connector = signed_in(sky)
    connector.api._credentials.secret = Tokens("pass-word", jwt("com.atproto.appPass"), "refresh").text()
    assert any("direct messages" in one for one in connector.check().missing)


def test_an_expired_token_is_renewed_once_and_kept_before_it_is_used(sky: Sky) -> None:
    """400 `ExpiredToken`: from the refresh token, and the new ones are saved together with the password."""
    sky.post(US, "A thread")
    sky.access = {"another"}
    kept: list[str] = []
    connector = signed_in(sky)
    connector.api._credentials = Credentials(Tokens("pass-word", "good", "refresh").text(), save=kept.append)
    assert Look(connector).pull().gap() == ""
    assert [name for name, _, _ in sky.asked if name.startswith("com.atproto.server")] == [
        "com.atproto.server.refreshSession"
    ]
    (saved,) = kept
    assert Tokens("pass-word", next(iter(sky.access)), "refresh").text() == saved


def test_a_spent_refresh_token_falls_back_to_the_app_password(sky: Sky) -> None:
    """And where that was revoked as well, the source stops and says what to do, without repeating it."""
    sky.access = set()
    connector = signed_in(sky)
    connector.api._credentials = Credentials(Tokens("pass-word", "old", "spent").text())
    assert connector.check().id == US
    sky.access, sky.password = set(), "changed"
    connector.api._credentials = Credentials(Tokens("pass-word", "old", "spent").text())
    with pytest.raises(SignInError) as caught:
        connector.check()
    assert "app password" in caught.value.hint
    assert "pass-word" not in str(caught.value)


def test_an_app_password_alone_is_enough(sky: Sky) -> None:
    """As it is given in an environment variable: the first need makes the session."""
    connector = signed_in(sky)
    connector.api._credentials = Credentials("pass-word")
    assert connector.check().id == US


def test_the_replies_share_of_the_rate_limit_is_left_alone(sky: Sky) -> None:
    """With the last tenth of the window left a pull stops and says when it goes on; a reply still goes out."""
    root = sky.post(US, "A thread")
    sky.headers = {
        "ratelimit-limit": "3000",
        "ratelimit-remaining": "200",
        "ratelimit-reset": str(NOW // SECOND + 120),
        "date": "Sat, 21 Nov 2026 22:00:00 GMT",
    }
    connector = signed_in(sky)
    with pytest.raises(RateLimited) as caught:
        Look(connector).pull()
    assert 1 <= caught.value.retry_after <= 120
    assert connector.read(root) is not None


def test_too_many_requests_say_when_to_come_back(sky: Sky) -> None:
    """`Retry-After` counts; without one, as from some servers, the end of the window does."""
    name = "com.atproto.repo.listRecords"
    sky.headers = {"ratelimit-reset": str(NOW // SECOND + 77), "date": "Sat, 21 Nov 2026 22:00:00 GMT"}
    sky.answers = [(name, error("RateLimitExceeded", 429))]
    with pytest.raises(RateLimited) as caught:
        Look(signed_in(sky)).pull()
    assert caught.value.retry_after == 77
    sky.headers = {"retry-after": "5"}
    sky.answers = [(name, error("RateLimitExceeded", 429))]
    with pytest.raises(RateLimited) as caught:
        Look(signed_in(sky)).pull()
    assert caught.value.retry_after == 5


def test_a_connection_that_breaks_is_tried_again(sky: Sky) -> None:
    """Twice lost and once got is no failure; three times lost is."""
    name = "com.atproto.repo.listRecords"
    sky.answers = [(name, httpx.ReadError("reset"))] * 2
    assert Look(signed_in(sky)).pull().gap() == ""
    sky.answers = [(name, httpx.ReadError("reset"))] * 3
    with pytest.raises(Unreachable):
        Look(signed_in(sky)).pull()
