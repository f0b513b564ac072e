"""The lanes of the YouTube connector, against a double that is checked by Google's discovery document."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.connectors.youtube_double import US, Refusal, YouTubeDouble
from tests.connectors.youtube_kit import Clock, Mirror, hours_ago, settle

from modconsole.connectors.base import Known
from modconsole.connectors.youtube_quota import RESERVE
from modconsole.domain.records import Conversation, Message
from modconsole.domain.times import DAY, SECOND, to_datetime
from modconsole.errors import RateLimited, Refused, SignInError, Unreachable


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tube(clock: Clock) -> Iterator[YouTubeDouble]:
    with YouTubeDouble(clock) as double:
        yield double


@pytest.fixture
def mirror(tube: YouTubeDouble, clock: Clock) -> Iterator[Mirror]:
    made = Mirror(tube, clock)
    yield made
    made.close()


def test_a_full_walk_brings_everything_with_threads_states_and_titles(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Videos are conversations, top comments begin threads, replies name them as their parent."""
    ann, bob = tube.person("ann"), tube.person("bob")
    first, second = tube.video("Lanternfish 2.1"), tube.video("Night dive")
    top = tube.comment(first, ann, "Does it run on the first board?")
    reply = tube.comment(first, bob, "@ann it does", reply_to=top)
    held = tube.comment(second, bob, "a link", status="heldForReview")
    spam = tube.comment(second, bob, "more links", status="likelySpam")
    mirror.sync(full=True)
    mirror.agrees()
    assert mirror.messages[reply].parent == top
    assert mirror.messages[reply].mentions == [ann]
    assert mirror.messages[top].author.handle == "ann"
    assert (mirror.state(held), mirror.state(spam)) == ("held", "spam")
    titles = {r.id: r.title for r in mirror.records if isinstance(r, Conversation)}
    assert titles == {f"video:{first}": "Lanternfish 2.1", f"video:{second}": "Night dive"}
    assert mirror.coverage.gap is None
    assert mirror.coverage.complete_through == to_datetime(mirror.clock() - 120 * SECOND)


def test_many_pages_and_long_threads_are_read_whole(tube: YouTubeDouble, mirror: Mirror) -> None:
    """A page has a hundred threads, and only five replies come along with one."""
    video = tube.video("Long")
    ann = tube.person("ann")
    tops = [tube.comment(video, ann, f"comment {n}", at=hours_ago(mirror.clock, n / 10)) for n in range(230)]
    for n in range(130):
        tube.comment(video, tube.person(f"p{n}"), f"reply {n}", reply_to=tops[200], at=hours_ago(mirror.clock, n / 100))
    mirror.sync(full=True)
    assert len(mirror.messages) == 360
    mirror.agrees()
    assert mirror.gap(video) is None


def test_new_comments_and_our_native_replies_come_in(tube: YouTubeDouble, mirror: Mirror) -> None:
    """What was written in YouTube's own app counts: the person no longer waits."""
    video, ann = tube.video("Tides"), tube.person("ann")
    mirror.sync(full=True)
    mirror.clock.skip(300)
    top = tube.comment(video, ann, "When is the next one?")
    mirror.clock.skip(300)
    mirror.sync()
    assert [ask.messages for ask in mirror.asks()] == [(top,)]
    tube.reply_as_us(top, "On Sunday.")
    mirror.clock.skip(300)
    mirror.sync()
    assert mirror.asks() == []


def test_a_late_reply_to_an_old_thread_is_found_with_its_own_time(tube: YouTubeDouble, mirror: Mirror) -> None:
    """It brings no thread to the top, and no list announces it: only reading the conversation again finds it."""
    video, ann, bob = tube.video("Old"), tube.person("ann"), tube.person("bob")
    old = tube.comment(video, ann, "first!", at=hours_ago(mirror.clock, 24 * 300))
    for n in range(250):
        tube.comment(video, bob, f"newer {n}", at=hours_ago(mirror.clock, 24 + n))
    mirror.sync(full=True)
    mirror.clock.skip(600)
    written = mirror.clock()
    late = tube.comment(video, bob, "Is this still so?", reply_to=old)
    mirror.clock.skip(600)
    pages = mirror.sync()
    lanes = {
        page.lane for page in pages for record in page.records if isinstance(record, Message) and record.id == late
    }
    assert lanes == {"threads"}
    assert mirror.messages[late].created_at == to_datetime(written)
    assert late in {ident for ask in mirror.asks() for ident in ask.messages}


def test_an_old_comment_that_is_approved_waits_since_it_was_written(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Approval leaves id and time as they were, far below the mark: leaving the queue is what shows it."""
    video, ann, other = tube.video("Held"), tube.person("ann"), tube.video("Other")
    held = tube.comment(video, ann, "A question", at=hours_ago(mirror.clock, 48), status="heldForReview")
    tube.comment(other, ann, "something else")
    mirror.sync(full=True)
    assert mirror.state(held) == "held"
    tube.in_studio(held, "published")
    mirror.clock.skip(300)
    known = Known(queued=(held,), position=mirror.position)  # nobody asks for the conversation
    mirror.sync(known=known)
    assert mirror.state(held) == "live"
    assert {ask.waiting_since for ask in mirror.asks()} >= {hours_ago(mirror.clock, 48) - 300 * SECOND}


def test_a_held_reply_below_a_public_comment_is_seen_as_held(tube: YouTubeDouble, mirror: Mirror) -> None:
    """A thread stands in the queue for any of its replies; the others in it keep their own state."""
    video, ann, bob = tube.video("Mixed"), tube.person("ann"), tube.person("bob")
    top = tube.comment(video, ann, "public")
    held = tube.comment(video, bob, "held", reply_to=top, status="heldForReview")
    mirror.sync(full=True)
    assert (mirror.state(top), mirror.state(held)) == ("live", "held")
    assert mirror.gap(video) is None  # it is counted among the replies, and not missing


@pytest.mark.parametrize("counted", [True, False])
def test_a_held_reply_that_no_list_shows_is_a_gap(tube: YouTubeDouble, mirror: Mirror, counted: bool) -> None:
    """Its thread stands in the queue, and among what comes along it is not: somebody should look on YouTube."""
    video, ann = tube.video("Deep"), tube.person("ann")
    tube.lists_held_replies = False
    top = tube.comment(video, ann, "public", at=hours_ago(mirror.clock, 9))
    held = tube.comment(video, ann, "held", reply_to=top, at=hours_ago(mirror.clock, 8), status="heldForReview")
    for n in range(6):
        tube.comment(video, ann, f"r{n}", reply_to=top)
    tube.extra_count = 0 if counted else -1
    mirror.sync(full=True)
    assert held not in mirror.messages
    assert mirror.gap(video) is not None
    tube.in_studio(held, "published")
    tube.extra_count = 0
    mirror.clock.skip(300)
    mirror.sync()
    assert mirror.state(held) == "live"
    assert mirror.gap(video) is None


def test_edits_are_seen_with_youtubes_own_time(tube: YouTubeDouble, mirror: Mirror) -> None:
    """`updatedAt` says when; the first time of writing stays."""
    video, ann = tube.video("Edits"), tube.person("ann")
    top = tube.comment(video, ann, "Helo")
    mirror.sync(full=True)
    mirror.clock.skip(7200)
    tube.edit(top, "Hello, and why?")
    edited = mirror.clock()
    mirror.clock.skip(300)
    mirror.sync()
    assert mirror.messages[top].text == "Hello, and why?"
    assert mirror.messages[top].edited_at == to_datetime(edited)


def test_an_edit_outside_every_list_that_was_read_is_found_by_id(tube: YouTubeDouble, mirror: Mirror) -> None:
    """A reply that somebody waits in is looked up, also where its conversation is not read again."""
    video, ann = tube.video("Edits"), tube.person("ann")
    tops = [tube.comment(video, ann, f"c{n}", at=hours_ago(mirror.clock, 24 + n)) for n in range(250)]
    mirror.sync(full=True)
    mirror.clock.skip(7200)
    tube.edit(tops[220], "now with a question?")
    mirror.clock.skip(300)
    mirror.sync(known=Known(waiting=(tops[220],), position=mirror.position))
    assert mirror.messages[tops[220]].text == "now with a question?"


def test_what_was_deleted_is_gone_and_what_is_only_missing_from_a_list_is_not(
    tube: YouTubeDouble, mirror: Mirror
) -> None:
    """Absence proves nothing: each id is looked up, twice."""
    video, ann = tube.video("Deleted"), tube.person("ann")
    kept, lost = tube.comment(video, ann, "stays"), tube.comment(video, ann, "goes")
    mirror.sync(full=True)
    tube.delete(lost)
    mirror.clock.skip(300)
    mirror.sync()
    assert (mirror.state(kept), mirror.state(lost)) == ("live", "gone")


def test_what_was_rejected_in_studio_is_removed_at_the_second_look(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Rejected comments exist and are listed nowhere; a list can miss one by chance, so one look is not enough."""
    video, ann, bob = tube.video("Rejected"), tube.person("ann"), tube.person("bob")
    top = tube.comment(video, ann, "rude")
    below = tube.comment(video, bob, "indeed", reply_to=top)
    other = tube.comment(video, bob, "kind")
    mirror.sync(full=True)
    mirror.clock.skip(1200)
    tube.in_studio(top, "rejected")
    mirror.sync()
    assert mirror.state(top) == "live"
    mirror.clock.skip(300)
    mirror.sync()
    assert (mirror.state(top), mirror.state(below), mirror.state(other)) == ("removed", "hidden", "live")
    tube.in_studio(top, "published")
    mirror.clock.skip(300)
    mirror.sync()
    assert (mirror.state(top), mirror.state(below)) == ("live", "live")


def test_a_walk_goes_on_after_a_crash_at_any_page(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Whatever page a run dies after, nothing is lost and the next run finishes it."""
    video, ann = tube.video("Crash"), tube.person("ann")
    for n in range(350):
        tube.comment(video, ann, f"c{n}", at=hours_ago(mirror.clock, n))
    pull = mirror.connector.pull(mirror.known(), mirror.clock(), full=True)
    for _ in range(4):
        mirror.take(next(pull))
    pull.close()  # type: ignore[attr-defined]
    assert 100 < len(mirror.messages) < 350
    newer = tube.comment(video, ann, "in the meantime")
    mirror.connector = mirror.connect()
    mirror.sync(full=True)
    assert newer in mirror.messages
    mirror.agrees()


def test_a_place_in_a_list_that_youtube_forgot_is_read_from_the_start(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Page tokens end; the mark stays where it was."""
    video, ann = tube.video("Token"), tube.person("ann")
    for n in range(150):
        tube.comment(video, ann, f"c{n}", at=hours_ago(mirror.clock, n))
    pull = mirror.connector.pull(mirror.known(), mirror.clock(), full=True)
    for _ in range(3):
        mirror.take(next(pull))
    pull.close()  # type: ignore[attr-defined]
    mirror.position["full"]["cursor"] = "stale"
    mirror.sync(full=True)
    mirror.agrees()


def test_a_run_of_a_quiet_channel_costs_six_units(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Two queues, two pages of discovery, one video and its title: 1,728 a day at one run in five minutes."""
    video, ann = tube.video("Quiet"), tube.person("ann")
    for n in range(150):
        tube.comment(video, ann, f"c{n}", at=hours_ago(mirror.clock, 30 + n))
    mirror.sync(full=True)
    settle(mirror)
    mirror.connector = mirror.connect()
    before = tube.used
    mirror.sync()
    assert tube.used - before <= 7
    assert mirror.position["quota"]["used"] == tube.used


def test_the_count_of_units_survives_a_restart_and_ends_with_the_day(tube: YouTubeDouble, mirror: Mirror) -> None:
    """It is in the position; the day turns at midnight in Los Angeles, wherever we are."""
    tube.comment(tube.video("V"), tube.person("ann"), "hi")
    mirror.sync(full=True)
    spent = tube.used
    mirror.connector = mirror.connect()
    mirror.sync()
    assert mirror.position["quota"] == {"day": "2026-11-21", "used": tube.used}
    assert tube.used > spent
    mirror.clock.skip(12 * 3600)
    before = tube.used
    mirror.sync()
    assert mirror.position["quota"] == {"day": "2026-11-22", "used": tube.used - before}


def test_reading_stops_before_the_share_for_replies(tube: YouTubeDouble, mirror: Mirror, clock: Clock) -> None:
    """Old threads are not read again then, the coverage says so, and a reply still goes out."""
    video, ann = tube.video("Busy"), tube.person("ann")
    top = tube.comment(video, ann, "Hello?")
    mirror.sync(full=True)
    mirror.position["quota"]["used"] = 10_000 - int(10_000 * RESERVE) - 4
    mirror.connector = mirror.connect()
    mirror.clock.skip(300)
    mirror.sync()
    assert mirror.coverage.gap is not None
    assert "quota" in str(mirror.coverage.gap.why)
    used = tube.used
    mirror.clock.skip(300)
    with pytest.raises(RateLimited) as limited:
        mirror.sync()
    assert limited.value.retry_after == pytest.approx(12 * 3600 - 600)
    assert tube.used == used
    assert mirror.connector.read(top) is not None


def test_when_youtube_says_that_the_quota_is_used_up_nothing_is_asked_until_midnight(
    tube: YouTubeDouble, mirror: Mirror
) -> None:
    """Others may use the same project; the platform has the last word."""
    tube.comment(tube.video("V"), tube.person("ann"), "hi")
    tube.limit = 0
    with pytest.raises(RateLimited) as limited:
        mirror.sync(full=True)
    assert limited.value.retry_after == pytest.approx(12 * 3600)
    asked = len(tube.calls)
    with pytest.raises(RateLimited):
        mirror.sync(full=True)
    assert len(tube.calls) == asked
    tube.limit = 10_000
    mirror.clock.skip(12 * 3600)
    mirror.sync(full=True)
    mirror.agrees()


def test_conversations_take_turns_where_the_quota_is_short(tube: YouTubeDouble, mirror: Mirror) -> None:
    """The most urgent is read every time, the others in turn; the coverage reaches no further than the oldest reading."""
    ann = tube.person("ann")
    videos = [tube.video(f"V{n}") for n in range(40)]
    for n, video in enumerate(videos):
        tube.comment(video, ann, "hi", at=hours_ago(mirror.clock, 100 + n))
    mirror.sync(full=True)
    mirror.connector.quota.limit = 4_000
    mirror.position["quota"]["used"] = mirror.connector.quota.used = 2_700
    began = mirror.clock()
    first = None
    reads: list[set[str]] = []
    for _ in range(12):
        mirror.clock.skip(300)
        pages = mirror.sync()
        read = {r.conversation for p in pages if p.lane == "threads" for r in p.records if isinstance(r, Message)}
        first = first or mirror.coverage.complete_through
        reads.append(read)
    assert all(f"video:{videos[0]}" in read for read in reads)
    assert len(set().union(*reads)) == 40
    assert max(len(read) for read in reads) < 40
    assert first is not None
    assert first <= to_datetime(began)


def test_a_long_conversation_is_read_over_several_runs(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Where one run may not spend enough for all of it, the next goes on in the middle, and the late reply is found."""
    video, ann = tube.video("Endless"), tube.person("ann")
    tops = [tube.comment(video, ann, f"c{n}", at=hours_ago(mirror.clock, 100 + n)) for n in range(1200)]
    mirror.sync(full=True)
    late = tube.comment(video, tube.person("bob"), "late", reply_to=tops[-1])
    mirror.connector.quota.limit = 1_000
    mirror.connector.quota.used = 790
    mirror.clock.skip(300)
    mirror.sync(known=Known(conversations=(f"video:{video}",), position={**mirror.position, "quota": None}))
    assert late not in mirror.messages
    assert mirror.position["reading"]["conversation"] == f"video:{video}"
    mirror.connector.quota.limit = 10_000
    settle(mirror, 3)
    assert late in mirror.messages
    assert "reading" not in mirror.position


def test_comments_switched_off_and_private_videos_are_gaps(tube: YouTubeDouble, mirror: Mirror) -> None:
    """What was there cannot be vouched for; once it can be read again, the gap heals."""
    video, ann = tube.video("Off"), tube.person("ann")
    tube.comment(video, ann, "hi")
    mirror.sync(full=True)
    tube.videos[video] = ("Off", True)
    mirror.clock.skip(300)
    mirror.sync()
    assert "switched off" in str(mirror.gap(video))
    tube.videos[video] = ("Off", False)
    mirror.clock.skip(300)
    mirror.sync()
    assert mirror.gap(video) is None


def test_a_video_that_shows_no_comments_says_nothing_about_one(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Neither that it is gone nor that it was rejected; asked for it alone, it is hidden."""
    video, ann = tube.video("Private"), tube.person("ann")
    top = tube.comment(video, ann, "hi")
    held = tube.comment(video, ann, "hm", status="heldForReview")
    below = tube.comment(video, ann, "and?", reply_to=top)
    mirror.sync(full=True)
    mirror.clock.skip(1200)
    tube.edit(below, "and why?")
    tube.videos[video] = ("Private", True)
    settle(mirror)
    assert (mirror.state(top), mirror.state(held), mirror.state(below)) == ("live", "held", "live")
    now = mirror.connector.read(top)
    assert now is not None
    assert now.state == "hidden"
    tube.videos[video] = ("Private", False)
    settle(mirror)
    mirror.agrees()


def test_a_thread_that_goes_while_it_is_read_stops_nothing(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Nor does it leave a gap behind once it is seen to be gone."""
    video, ann = tube.video("Going"), tube.person("ann")
    top = tube.comment(video, ann, "hi")
    for n in range(8):
        tube.comment(video, ann, f"r{n}", reply_to=top)
    other = tube.comment(video, ann, "stays")
    tube.fail("comments.list", 404, "commentNotFound")
    mirror.sync(full=True)
    assert "more replies" in str(mirror.gap(video))
    tube.delete(top)
    mirror.clock.skip(300)
    mirror.sync()
    assert mirror.gap(video) is None
    assert (mirror.state(top), mirror.state(other)) == ("gone", "live")


def test_page_tokens_that_never_work_are_an_error_and_no_circle(tube: YouTubeDouble, mirror: Mirror) -> None:
    """From the start again, once."""
    video, ann = tube.video("Token"), tube.person("ann")
    for n in range(150):
        tube.comment(video, ann, f"c{n}", at=hours_ago(mirror.clock, n))
    original = type(tube)._commentThreads_list

    def listing(query: dict[str, str], body: object) -> dict[str, Any]:
        if "pageToken" in query:
            raise Refusal(400, "invalidPageToken")
        return original(tube, query, body)

    tube._commentThreads_list = listing  # type: ignore[method-assign]
    with pytest.raises(Refused) as refused:
        mirror.sync(full=True)
    assert refused.value.code == "invalidPageToken"
    assert len(tube.calls) < 10


def test_a_walk_over_two_days_vouches_for_what_it_saw_when_it_saw_it(tube: YouTubeDouble, mirror: Mirror) -> None:
    """What came below old threads in between is not promised to be known."""
    video, ann = tube.video("Long"), tube.person("ann")
    for n in range(350):
        tube.comment(video, ann, f"c{n}", at=hours_ago(mirror.clock, n))
    began = mirror.clock()
    mirror.connector.quota.limit = 6
    with pytest.raises(RateLimited):
        mirror.sync(full=True)
    mirror.connector.quota.limit = 10_000
    mirror.clock.skip(24 * 3600)
    mirror.sync(full=True)
    mirror.agrees()
    assert mirror.coverage.complete_through == to_datetime(began - 120 * SECOND)


def test_replies_that_are_counted_and_not_shown_are_a_gap(tube: YouTubeDouble, mirror: Mirror) -> None:
    """A truncated thread is never taken for a complete one."""
    video, ann = tube.video("Short"), tube.person("ann")
    tube.comment(video, ann, "hi")
    tube.extra_count = 2
    mirror.sync(full=True)
    assert "more replies" in str(mirror.gap(video))
    tube.extra_count = 0
    mirror.clock.skip(300)
    mirror.sync()
    assert mirror.gap(video) is None


def test_without_the_right_to_moderate_the_queues_are_a_gap(tube: YouTubeDouble, mirror: Mirror) -> None:
    """What is held stays unseen, and the source says so; everything else comes in."""
    video, ann = tube.video("V"), tube.person("ann")
    top = tube.comment(video, ann, "hi")
    tube.may_moderate = False
    mirror.sync(full=True)
    assert mirror.coverage.gap is not None
    assert "held" in str(mirror.coverage.gap.why)
    assert mirror.state(top) == "live"
    assert "held" in mirror.connector.check().missing[0]


def test_a_token_that_ran_out_is_renewed_once_and_kept(tube: YouTubeDouble, mirror: Mirror) -> None:
    """The run goes on as if nothing had been; the new token is in the kept secret."""
    tube.comment(tube.video("V"), tube.person("ann"), "hi")
    before = mirror.credentials.secret
    tube.expire()
    mirror.sync(full=True)
    mirror.agrees()
    assert mirror.credentials.secret != before
    assert len(tube.access_tokens) == 1


def test_a_sign_in_that_google_ended_says_what_to_do(tube: YouTubeDouble, mirror: Mirror) -> None:
    """A project in testing loses its sign-ins after seven days: the error names that."""
    tube.revoke()
    with pytest.raises(SignInError) as error:
        mirror.sync(full=True)
    assert "testing" in error.value.hint
    assert "refresh-1" not in str(error.value)


def test_an_item_that_cannot_be_understood_is_set_aside(tube: YouTubeDouble, mirror: Mirror) -> None:
    """The rest of the page is kept."""
    video, ann, bob = tube.video("V"), tube.person("ann"), tube.person("bob")
    good, bad = tube.comment(video, ann, "hi"), tube.comment(video, bob, "odd")
    tube.rows[bad].status = "underInvestigation"
    tube._commentThreads_list = _odd(tube, bad)  # type: ignore[assignment]
    mirror.sync(full=True)
    assert good in mirror.messages
    assert bad not in mirror.messages
    assert mirror.poison[0][0].startswith("a thread of YouTube that is not as documented")
    assert bad.encode() in mirror.poison[0][1]
    tube.wrong.clear()


def _odd(tube: YouTubeDouble, bad: str) -> Callable[[dict[str, str], object], dict[str, Any]]:
    """A list in which one item has lost its time."""
    original = type(tube)._commentThreads_list

    def listing(query: dict[str, str], body: object) -> dict[str, Any]:
        tube.rows[bad].status = query.get("moderationStatus", "published")
        found = original(tube, query, body)
        for item in found["items"]:
            if item["id"] == bad:
                del item["snippet"]["topLevelComment"]["snippet"]["publishedAt"]
        return found

    return listing


@pytest.mark.parametrize("body", [b'{"items": [', b"<html>busy</html>", b"[]"])
def test_half_an_answer_is_asked_for_again(tube: YouTubeDouble, mirror: Mirror, body: bytes) -> None:
    """Reads are repeated; what was cut off counts for nothing."""
    top = tube.comment(tube.video("V"), tube.person("ann"), "hi")
    tube.fail("commentThreads.list", body=body)
    mirror.sync(full=True)
    assert mirror.state(top) == "live"


def test_retry_after_is_honoured(tube: YouTubeDouble, mirror: Mirror) -> None:
    """A rate limit is no failure of the source, and says for how long."""
    tube.fail("commentThreads.list", 429, "rateLimitExceeded", headers={"Retry-After": "7"})
    with pytest.raises(RateLimited) as limited:
        mirror.sync(full=True)
    assert limited.value.retry_after == 7
    for _ in range(3):
        tube.fail("commentThreads.list", 503, "backendError")
    with pytest.raises(Unreachable):
        mirror.sync(full=True)


def test_rows_that_shift_while_pages_are_read_lose_nothing(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Deleting what was read moves the rest up by a row, over the page's edge: the next run has what that hid."""
    video, ann = tube.video("Shift"), tube.person("ann")
    rows = [tube.comment(video, ann, f"c{n}", at=hours_ago(mirror.clock, 1 + n)) for n in range(220)]
    pull = mirror.connector.pull(mirror.known(), mirror.clock(), full=True)
    for page in pull:
        mirror.take(page)
        if page.lane == "full" and rows[0] in tube.rows:
            tube.delete(rows[0])
    assert rows[100] not in mirror.messages
    mirror.clock.skip(300)
    mirror.sync()
    assert mirror.state(rows[100]) == "live"
    assert mirror.state(rows[0]) == "gone"
    mirror.agrees()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_there_and_wherever_runs_end_it_is_all_here_at_last(
    tube: YouTubeDouble, mirror: Mirror, seed: int
) -> None:
    """People write, edit and delete, moderators act, runs die after any page; then it is quiet, and both sides agree."""
    chance = random.Random(seed)
    videos = [tube.video(f"V{n}") for n in range(3)]
    people = [tube.person(f"p{n}") for n in range(5)]
    mirror.sync(full=True)
    for _ in range(25):
        for _ in range(chance.randint(1, 12)):
            happens(tube, chance, videos, people)
            mirror.clock.skip(chance.choice((1, 40, 900)))
        full = chance.random() < 0.15
        pull = mirror.connector.pull(mirror.known(full=full), mirror.clock(), full=full)
        ends = chance.choice((1, 2, 4, 100))
        for number, page in enumerate(pull, start=1):
            mirror.take(page)
            if number == ends:
                break
        pull.close()  # type: ignore[attr-defined]
    mirror.clock.skip(1200)
    mirror.sync(full=True)
    mirror.clock.skip(300)
    settle(mirror)
    mirror.agrees()
    assert len(mirror.messages) > 40
    assert all(mirror.gap(video) is None for video in videos)


def happens(tube: YouTubeDouble, chance: random.Random, videos: list[str], people: list[str]) -> None:
    """One thing that somebody does on YouTube."""
    there = list(tube.rows)
    what = chance.choice(("comment", "comment", "reply", "reply", "ours", "edit", "delete", "status"))
    if what == "comment" or not there:
        status = chance.choice(("published", "published", "heldForReview", "likelySpam"))
        tube.comment(chance.choice(videos), chance.choice(people), f"text {chance.random()}", status=status)
        return
    row = tube.rows[chance.choice(there)]
    if what == "reply":
        who = tube.rows[chance.choice(there)].name
        tube.comment(row.video, chance.choice(people), f"{who} text {chance.random()}", reply_to=row.id)
    elif what == "ours":
        tube.reply_as_us(row.id, f"answer {chance.random()}")
    elif what == "edit":
        tube.edit(row.id, f"edited {chance.random()}")
    elif what == "delete" and chance.random() < 0.5:
        tube.delete(row.id)
    elif what == "status":
        tube.in_studio(row.id, chance.choice(("published", "heldForReview", "rejected", "published")))


def test_a_conversation_is_described_anew_when_its_title_changes(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Titles are believed for a day."""
    video = tube.video("Before")
    tube.comment(video, tube.person("ann"), "hi")
    mirror.sync(full=True)
    tube.videos[video] = ("After", False)
    mirror.clock.skip(DAY / SECOND + 1)
    mirror.sync()
    described = [r for r in mirror.records if isinstance(r, Conversation)]
    assert (described[0].title, described[-1].title) == ("Before", "After")
    assert described[-1].opened_by == US
