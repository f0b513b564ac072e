"""Pulls of a subreddit: what each lane finds, what a list hides, and what a pull vouches for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.connectors.reddit_server import Pulled, Stand, standing

from modconsole.connectors import reddit_pull
from modconsole.connectors.base import Known, Page
from modconsole.connectors.reddit_lists import OVERLAP
from modconsole.domain.records import Message
from modconsole.domain.times import to_datetime
from modconsole.errors import RateLimited, Unreachable


@pytest.fixture
def stand() -> Iterator[Stand]:
    """A Reddit that runs."""
    with standing() as made:
        yield made


def test_a_first_pull_brings_everything_that_there_is(stand: Stand) -> None:
    """Posts, comments, modmail and private messages, with authors and words as they are."""
    asked = stand.post_as_stranger("and black tea?")
    stand.reply_natively(asked, "that too")
    stand.place.modmail("cat", "tea", "why was I banned?")
    stand.place.letter("dan", "us", "psst")
    found = Pulled(stand, stand.connector())
    assert found.whole() == stand.truth()
    assert found.messages[asked].parent == stand.question.name
    assert found.gap == ""


def test_a_second_pull_asks_little_and_brings_what_is_new(stand: Stand) -> None:
    """One page of each list, and of the conversations at most the latest once more."""
    for number in range(150):
        stand.place.tick(20)
        stand.post_as_stranger(f"number {number}")
    for _ in range(3):
        stand.place.letter("dan", "us", "psst")
        stand.place.modmail("cat", "tea", "help")
        stand.place.tick(OVERLAP)
    connector = stand.connector()
    position = Pulled(stand, connector).position
    new = stand.post_as_stranger("new")
    stand.place.requests.clear()
    assert new in Pulled(stand, connector, Known(position=position)).messages
    asked = stand.place.requests
    assert asked.count("GET /r/tea/comments") == 1
    assert (
        len([each for each in asked if each.startswith(("GET /message/messages/", "GET /api/mod/conversations/"))]) == 2
    )
    assert len(asked) <= 20


def test_our_own_replies_from_elsewhere_come_in_their_lane(stand: Stand) -> None:
    """Also where the subreddit's list does not show them."""
    asked = stand.post_as_stranger("hello?")
    reply = stand.place.comment("us", asked, "hello!", listed=False).name
    letter = stand.place.letter("us", "dan", "we wrote").name
    found = Pulled(stand, stand.connector())
    assert found.lanes(reply) == ["own"]
    assert found.messages[letter].author.id == stand.us.native


def test_what_no_list_tells_is_found_in_the_thread_with_its_own_time(stand: Stand) -> None:
    """Found late: the comment was there all the time."""
    connector = stand.connector()
    missed = stand.unannounced("nobody hears me")
    written = stand.place.items[missed].created
    position = Pulled(stand, connector).position
    stand.place.tick(86_400)
    assert missed not in Pulled(stand, connector, Known(position=position)).messages
    found = Pulled(stand, connector, Known(position=position, conversations=(stand.question.name,)))
    assert found.lanes(missed) == ["threads"]
    assert found.messages[missed].created_at == to_datetime(int(written * 1_000_000))


def test_edits_come_with_their_time(stand: Stand) -> None:
    """An old comment's, too: Reddit lists what was edited."""
    asked = stand.post_as_stranger("and black tea?")
    connector = stand.connector()
    position = Pulled(stand, connector).position
    for number in range(120):
        stand.place.tick(OVERLAP)
        stand.post_as_stranger(f"later {number}")
    stand.edit(asked, "and white tea?")
    found = Pulled(stand, connector, Known(position=position))
    assert found.messages[asked].text == "and white tea?"
    assert found.messages[asked].edited_at == to_datetime(stand.clock())


def test_a_deleted_comment_is_gone_when_it_is_asked_for(stand: Stand) -> None:
    """By its name, or where answers still stand below it; nothing else is."""
    asked, other, kept = (stand.post_as_stranger(text) for text in ("one", "two", "three"))
    stand.reply_natively(other, "answered")
    connector = stand.connector()
    position = Pulled(stand, connector).position
    stand.delete(asked)
    stand.delete(other)
    found = Pulled(stand, connector, Known(position=position, recent=(asked, kept)))
    assert found.gone == {asked}
    found = Pulled(stand, connector, Known(position=position, conversations=(stand.question.name,)))
    assert found.gone == {other}


def test_what_stays_of_somebody_who_left_is_gone(stand: Stand) -> None:
    """There is nobody left to answer."""
    asked = stand.post_as_stranger("bye", by="leaver")
    stand.place.leave("leaver")
    assert Pulled(stand, stand.connector(), Known(recent=(asked,))).gone == {asked}


def test_what_a_filter_took_is_held_until_somebody_decides(stand: Stand) -> None:
    """AutoModerator's and Reddit's own look like removals; only the queue tells that they wait."""
    held, spam, removed = (stand.post_as_stranger(text) for text in ("held", "spam", "removed"))
    stand.place.remove(stand.place.items[held], "AutoModerator", "filter")
    stand.place.remove(stand.place.items[spam], "Reddit", "reddit")
    stand.place.remove(stand.place.items[removed], "mate", "mod")
    connector = stand.connector()
    found = Pulled(stand, connector)
    assert {native: found.messages[native].state for native in (held, spam, removed)} == {
        held: "held",
        spam: "held",
        removed: "removed",
    }
    assert found.lanes(held) == ["queues"]
    stand.place.remove(stand.place.items[spam], "mate", "spam")
    again = Pulled(stand, connector, Known(position=found.position, queued=(held, spam)))
    assert again.messages[spam].state == "spam"
    assert again.messages[spam].state_at is not None


def test_a_comment_that_was_approved_lives_again_with_its_own_time(stand: Stand) -> None:
    """Leaving a queue is announced nowhere."""
    held = stand.post_as_stranger("held")
    item = stand.place.items[held]
    stand.place.remove(item, "AutoModerator", "filter")
    connector = stand.connector()
    position = Pulled(stand, connector).position
    stand.place.tick(86_400)
    item.taken, item.verdict, item.approved = None, "", "mate"
    found = Pulled(stand, connector, Known(position=position, queued=(held,)))
    assert found.messages[held].state == "live"
    assert found.messages[held].created_at == to_datetime(int(item.created * 1_000_000))


def test_reported_comments_are_live_and_say_how_often(stand: Stand) -> None:
    """A report takes nobody out of the queue of those who wait."""
    asked = stand.post_as_stranger("reported")
    stand.place.items[asked].reports = 3
    found = Pulled(stand, stand.connector())
    assert found.messages[asked].state == "live"
    assert found.messages[asked].extra == {"reports": 3}


def test_a_reply_of_ours_that_a_filter_took_is_seen_as_such(stand: Stand) -> None:
    """In our own list it looks as if nothing had happened: moderators see more."""
    reply = stand.reply_natively(stand.post_as_stranger("hello?"), "buy tea at …")
    stand.place.remove(stand.place.items[reply], "Reddit", "reddit")
    connector = stand.connector()
    assert Pulled(stand, connector).messages[reply].state == "held"
    read = connector.read(reply)
    assert read is not None
    assert read.state == "held"


def test_every_folder_of_modmail_is_read(stand: Stand) -> None:
    """`all` leaves most of them out."""
    for folder in ("all", "archived", "appeals", "filtered"):
        stand.place.modmail("cat", "tea", folder).folder = folder
    stand.place.modmail("mate", "tea", "among us", internal=True)
    messages = Pulled(stand, stand.connector()).messages.values()
    assert {m.text for m in messages if m.kind == "group_dm"} == {"all", "archived", "appeals", "filtered", "among us"}
    assert [m.visibility for m in messages if m.text == "among us"] == ["internal"]


def test_only_modmail_that_changed_is_read_again(stand: Stand) -> None:
    """An answer in an old conversation brings it back; its neighbours stay where they are."""
    talks = []
    for number in range(3):
        stand.place.tick(OVERLAP * 2)
        talks.append(stand.place.modmail(f"person{number}", "tea", f"question {number}"))
    connector = stand.connector()
    position = Pulled(stand, connector).position
    stand.place.tick(OVERLAP * 2)
    stand.place.add_mail(talks[0], "person0", "still there?")
    stand.place.requests.clear()
    found = Pulled(stand, connector, Known(position=position))
    told = [m.text for m in found.messages.values() if m.kind == "group_dm"]
    assert told == ["question 0", "still there?", "question 2"]
    assert stand.place.requests.count(f"GET /api/mod/conversations/{talks[0].ident}") == 1


def test_replies_and_mentions_elsewhere_are_read_in_full(stand: Stand) -> None:
    """The inbox shows half a comment; its post and state are asked for."""
    stand.place.subreddit("coffee")
    post = stand.place.post("eve", "coffee", "Tea people?")
    named = stand.place.comment("eve", post, "what says u/us?").name
    connector = stand.connector()
    found = Pulled(stand, connector)
    assert found.messages[named].mentions == [stand.us.native]
    assert found.conversations[post.name].title == "Tea people?"
    assert named not in Pulled(stand, stand.connector(elsewhere=False)).messages


def test_a_vanished_anchor_loses_nothing(stand: Stand) -> None:
    """Behind an item that is gone Reddit lists nothing, as if the list had ended."""
    names = [stand.post_as_stranger(f"number {number}") for number in range(250)]
    last_of_first_page = names[-100]
    connector = stand.connector()
    pages = connector.pull(Known(), stand.clock())
    found: set[str] = set()
    for page in pages:
        found.update(record.id for record in page.records if isinstance(record, Message))
        if len(found) > 50 and not stand.place.items[last_of_first_page].deleted:
            stand.delete(last_of_first_page)
    assert found >= set(names)


def test_a_list_that_breaks_off_moves_no_mark(stand: Stand) -> None:
    """All anchors gone: the walk says so, and begins again from the top."""
    stand.post_as_stranger("old")
    connector = stand.connector()
    position = Pulled(stand, connector).position
    stand.place.tick(OVERLAP * 2)
    names = [stand.post_as_stranger(f"number {number}") for number in range(250)]
    gaps: list[Page] = []
    pages = connector.pull(Known(position=position), stand.clock())
    for page in pages:
        if page.lane == "discovery" and not gaps:
            for name in names[-100:-97]:
                stand.delete(name)
            gaps.append(page)
        last = page
    assert last.position["comments:tea"]["walk"] == position["comments:tea"]["walk"]
    assert Pulled(stand, connector, Known(position=last.position)).messages.keys() >= set(names) - set(names[-100:-97])


def test_more_than_a_list_holds_is_a_gap_until_everything_was_read(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Downtime longer than Reddit's window: what fell out of it is found by a full walk only."""
    connector = stand.connector()
    stand.post_as_stranger("before")
    position = Pulled(stand, connector).position
    stand.place.tick(OVERLAP * 2)
    stand.place.window = 300
    monkeypatch.setattr(reddit_pull, "WINDOW", 300)
    lost = stand.post_as_stranger("in the middle")
    for number in range(300):
        stand.post_as_stranger(f"number {number}")
    found = Pulled(stand, connector, Known(position=position))
    assert lost not in found.messages
    gap = found.looks[None].gap
    assert gap is not None
    assert "300 items" in found.gap
    assert gap.since is not None
    assert gap.since <= to_datetime(int(stand.place.items[lost].created * 1_000_000)) <= (gap.until or gap.since)
    assert Pulled(stand, connector, Known(position=found.position)).gap != ""
    full = Pulled(stand, connector, Known(position=found.position, conversations=(stand.question.name,)), full=True)
    assert lost in full.messages
    assert full.gap == ""
    assert Pulled(stand, connector, Known(position=full.position)).gap == ""


def test_a_full_walk_goes_on_where_it_was_cut_off(stand: Stand) -> None:
    """It reads the threads by their age, and no thread twice."""
    posts = [stand.place.post("ann", "tea", f"post {n}").name for n in range(6)]
    for name in posts:
        stand.place.comment("bob", name, f"below {name}", listed=False)
    connector = stand.connector()
    threads = 0
    for page in connector.pull(Known(), stand.clock(), full=True):
        position = page.position
        threads += page.lane == "threads"
        if threads == 3:
            break
    stand.place.requests.clear()
    rest = Pulled(stand, connector, Known(position=position), full=True)
    read = [each for each in stand.place.requests if each.startswith("GET /comments/")]
    assert len(read) == 4
    assert {m.text for m in rest.messages.values() if m.parent} == {f"below {name}" for name in posts[:3]}
    assert "full:threads" not in rest.position


def test_ordinary_pulls_take_their_turn_through_the_conversations(stand: Stand) -> None:
    """The first ten each time, of the others ten more."""
    posts = tuple(stand.place.post("ann", "tea", f"post {n}").name for n in range(35))
    connector = stand.connector()
    position: dict[str, object] = {}
    seen: list[set[str]] = []
    for _ in range(3):
        found = Pulled(stand, connector, Known(position=position, conversations=posts))
        position = found.position
        seen.append({look for look in found.looks if look})
    assert all(set(posts[:10]) <= each for each in seen)
    assert set().union(*seen) == set(posts)


def test_a_crash_between_two_pages_repeats_a_page_and_loses_none(stand: Stand) -> None:
    """Wherever a pull ends, the next one from its position brings the rest."""
    for number in range(101):
        stand.post_as_stranger(f"number {number}")
    stand.place.letter("dan", "us", "psst")
    stand.place.modmail("cat", "tea", "help")
    connector = stand.connector()
    total = len(Pulled(stand, connector).pages)
    for end in range(1, total):
        position: dict[str, object] = {}
        found: dict[str, Message] = {}
        for number, page in enumerate(connector.pull(Known(), stand.clock()), 1):
            position = page.position
            found |= {r.id: r for r in page.records if isinstance(r, Message)}
            if number == end:
                break
        found |= Pulled(stand, connector, Known(position=position)).messages
        assert found.keys() == stand.truth().keys()


def test_an_item_that_makes_no_sense_is_set_aside_alone(stand: Stand) -> None:
    """The rest of its page is kept."""
    good = stand.post_as_stranger("good")
    shown = stand.place.shown(stand.place.items[good], stand.us)
    bad = {"kind": "t1", "data": {"name": "t1_bad", "created_utc": 1.0, "body": 7}}
    from tests.connectors.reddit_double import listing, text_of

    stand.place.trouble["GET /r/tea/comments"] = [text_of(listing([bad, shown]))]
    found = Pulled(stand, stand.connector())
    assert good in found.messages
    assert [payload for _, payload in found.poison] == [text_of(bad)]


def test_half_a_document_is_asked_for_again(stand: Stand) -> None:
    """A truncated answer proves nothing."""
    asked = stand.post_as_stranger("hello?")
    stand.place.trouble["GET /r/tea/comments"] = [b'{"kind": "Listing", "data": {"children": [', 503]
    assert asked in Pulled(stand, stand.connector()).messages


def test_an_empty_answer_moves_no_mark_back(stand: Stand) -> None:
    """And the next pull brings what it hid."""
    from tests.connectors.reddit_double import listing, text_of

    stand.post_as_stranger("one")
    connector = stand.connector()
    position = Pulled(stand, connector).position
    new = stand.post_as_stranger("two")
    stand.place.trouble["GET /r/tea/comments"] = [text_of(listing([]))]
    empty = Pulled(stand, connector, Known(position=position))
    assert empty.position["comments:tea"] == position["comments:tea"]
    assert new in Pulled(stand, connector, Known(position=empty.position)).messages


def test_a_subreddit_that_is_not_shown_is_a_gap_and_stops_nothing(stand: Stand) -> None:
    """The others are read."""
    stand.place.subreddit("secret", private=True)
    asked = stand.post_as_stranger("hello?")
    found = Pulled(stand, stand.connector(subreddits=["secret", "tea"]))
    assert asked in found.messages
    assert "comments of r/secret cannot be read" in found.gap
    assert "no moderator of r/secret" in found.gap


def test_rights_that_are_missing_are_said(stand: Stand) -> None:
    """Each with what it hides; what hides nothing is no gap."""
    stand.place.subreddits["tea"].mods["us"] = ["flair"]
    stand.place.scope = "identity read history privatemessages mysubreddits submit"
    connector = stand.connector()
    missing = connector.check().missing
    assert any(each.startswith("no right `posts` in r/tea") for each in missing)
    assert any(each.startswith("no permission `modposts`") for each in missing)
    gap = Pulled(stand, connector).gap
    assert "no right `mail` in r/tea" in gap
    assert "modposts" not in gap
    assert [info.act for info in connector.acts()] == ["report", "label", "unlabel", "label"]


def test_reading_stops_where_only_the_replies_share_is_left(stand: Stand) -> None:
    """A person's reply still goes out."""
    asked = stand.post_as_stranger("hello?")
    stand.place.left = 60.0
    connector = stand.connector()
    with pytest.raises(RateLimited) as caught:
        Pulled(stand, connector)
    assert 1 <= caught.value.retry_after <= 600
    from modconsole.connectors.base import Outgoing

    assert connector.send(Outgoing("k", stand.question.name, asked, "hello!")).text == "hello!"


def test_too_many_requests_say_when_to_go_on(stand: Stand) -> None:
    """By `Retry-After` or, where that is missing, by the end of the window."""
    connector = stand.connector()
    stand.place.trouble["GET /r/tea/about/modqueue"] = [
        (429, {"Retry-After": "4"}),
        (429, {"x-ratelimit-reset": "250"}),
    ]
    waits = []
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            Pulled(stand, connector)
        waits.append(caught.value.retry_after)
    assert waits == [4.0, 250.0]


def test_what_is_vouched_for_ends_before_reddits_clock(stand: Stand) -> None:
    """Lists lag behind, and our clock may be wrong."""
    connector = stand.connector()
    stand.post_as_stranger("hello?")
    pages = list(connector.pull(Known(), stand.clock() + 3_600_000_000))
    look = pages[-1].records[0]
    through = getattr(look, "complete_through", None)
    assert through == to_datetime((int(stand.place.now) - 120) * 1_000_000)


def test_a_server_that_fails_is_out_of_reach(stand: Stand) -> None:
    """After a few tries."""
    stand.place.trouble["GET /api/v1/me"] = [500] * 3
    with pytest.raises(Unreachable):
        Pulled(stand, stand.connector())


def test_a_pull_keeps_to_reddits_own_settings_of_a_known_position(stand: Stand) -> None:
    """A position that makes no sense is read again, and breaks nothing."""
    asked = stand.post_as_stranger("hello?")
    broken = {
        "comments:tea": {"walk": 7},
        "posts:tea": "x",
        "lost:comments:tea": {"since": "?"},
        "threads": {},
        "own": [],
    }
    known = replace(Known(), position=dict(broken))
    assert asked in Pulled(stand, stand.connector(), known).messages
