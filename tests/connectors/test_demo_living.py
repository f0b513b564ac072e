"""The living side of the demo: what comes in as time goes by, what it does with replies and moderation, and when it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any

import pytest

from modconsole.connectors import demo, demo_acts
from modconsole.connectors.acts import Act, Order, Target
from modconsole.connectors.base import Connector, Known, Outgoing, Page
from modconsole.connectors.demo_community import script
from modconsole.connectors.demo_community.stream import Stream, questions
from modconsole.domain import likeness, suggest
from modconsole.domain.ask import Ask
from modconsole.domain.records import Author, Conversation, Coverage, Message, Record
from modconsole.domain.times import DAY, HOUR, MINUTE, SECOND, parse, to_instant
from modconsole.domain.world import answer
from modconsole.errors import Duplicate, Gone, NotFound, OutcomeUnknown, Refused, Unreachable

START = parse("2026-11-21T22:10:00Z")


class Play:
    """One source, a clock that is set by hand, and everything that was seen so far."""

    def __init__(self, source: str, *, start: int = START, seed: int = 1) -> None:
        self.source, self.now = source, start
        self.connector = demo.open_place(source, start=start, clock=lambda: self.now, seed=seed)
        self.position: dict[str, Any] = {}
        self.seen: list[Record] = [r for r in demo.records(start) if getattr(r, "source", None) == source]
        self.seen += [r for r in demo.records(start) if getattr(r, "id", None) == source]

    def look(self, *, full: bool = False) -> list[Message]:
        """Pull once; the new messages."""
        found: list[Record] = []
        for page in self.connector.pull(Known(position=self.position), self.now, full=full):
            found += page.records
            self.position = json.loads(json.dumps(page.position))
        self.seen += found
        return [record for record in found if isinstance(record, Message)]

    def at(self, seconds: float) -> list[Message]:
        """Set the clock to so many seconds after the start, and look."""
        self.now = START + int(seconds * SECOND)
        return self.look()

    def reply(self, conversation: str, to: str | None, text: str, key: str = "k1") -> Message:
        return self.connector.send(Outgoing(key=key, conversation=conversation, reply_to=to, text=text))

    def ask(self, person: str) -> Ask:
        return next(ask for ask in answer(self.seen, self.now) if ask.person == person)


@pytest.fixture
def blog() -> Play:
    play = Play("blog")
    play.look()
    return play


def order(target: str, act: Act, on: Target = "message", **given: Any) -> Order:
    """An order for an act."""
    return Order(str(uuid.uuid4()), act, on, target, **given)


def acted(play: Play, message: str, act: Act) -> Message:
    """A message as it stands after an act."""
    (record,) = play.connector.act(order(message, act)).records
    assert isinstance(record, Message)
    return record


def ids(messages: list[Message]) -> list[str]:
    return [message.id for message in messages]


def test_each_source_keeps_the_contract_of_a_connector() -> None:
    """A connector, an account that is one of our identities, and a platform of its own for each source."""
    for source in demo.SOURCES:
        play = Play(source)
        connector: Connector = play.connector
        account = connector.check()
        assert account.id in {r.author.id for r in play.seen if isinstance(r, Message)}
        assert demo.PLATFORMS[connector.platform] == source
        connector.close()


def test_an_unknown_source_is_refused_by_name() -> None:
    """The error lists the sources that there are."""
    with pytest.raises(NotFound, match="blog, forum"):
        demo.open_place("usenet", start=START, clock=lambda: START)


def test_the_first_look_gives_what_the_records_hold() -> None:
    """Without a position the whole source comes, and looking again at once gives nothing."""
    play = Play("forum")
    known = {record.id for record in play.seen if isinstance(record, Message)}
    assert set(ids(play.look())) == known
    assert play.look() == []


def test_a_first_look_changes_nobodys_standing() -> None:
    """What is imported and then pulled is the same, so the answer stays the same."""
    for source in set(demo.SOURCES) - {"matrix"}:
        play = Play(source)
        before = answer(play.seen, START)
        play.look()
        assert answer(play.seen, START) == before


def test_a_comment_an_edit_and_a_deletion_arrive_in_the_first_minute(blog: Play) -> None:
    """At 20 s somebody writes, at 45 s somebody edits, at 60 s somebody deletes."""
    assert ids(blog.at(19)) == []
    assert ids(blog.at(20)) == ["c205b"]
    assert blog.ask("ngoc").badges == ("new",)
    (edited,) = blog.at(45)
    assert edited.id == "c225"
    assert "how many days" in edited.text
    assert "edited" in blog.ask("ngoc").badges
    masto = Play("masto")
    masto.look()
    assert masto.ask("m-omar").status == "waiting"
    assert [(message.id, message.state) for message in masto.at(60)] == [("s180", "deleted")]
    assert masto.ask("m-omar").status == "withdrawn"


def test_a_small_edit_leaves_a_snooze_alone(blog: Play) -> None:
    """Yusuf's exclamation mark at 130 s is listed and changes nothing."""
    before = blog.ask("yusuf")
    assert "c227" in ids(blog.at(130))
    assert (blog.ask("yusuf").status, blog.ask("yusuf").until) == (before.status, before.until)
    assert before.status == "snoozed"


@pytest.mark.parametrize("source", demo.SOURCES)
def test_the_stream_never_says_the_same_twice_in_a_row(source: str) -> None:
    """In a day of messages no text follows itself, and all are by people of that source."""
    events = Stream(source, START, 1).until(START + DAY)
    texts = [event.record.text for event in events if isinstance(event.record, Message)]
    assert len(texts) > 80
    assert all(first != second for first, second in pairwise(texts))
    assert len(set(texts)) > 60
    assert len({e.record.id for e in events if isinstance(e.record, Message)}) == len(texts)


@pytest.mark.parametrize("seed", range(20))
def test_a_question_never_follows_itself_where_a_round_begins_anew(seed: int) -> None:
    """Six questions, shuffled for each round: the first of a round is not the last of the one before."""
    asked = list(islice(questions("blog", seed, "ja"), 120))
    assert all(first != second for first, second in pairwise(asked))
    assert set(Counter(asked).values()) == {20}


@pytest.mark.parametrize("source", demo.SOURCES)
def test_the_stream_slows_down(source: str) -> None:
    """A demo left open for two days has less than three hundred messages of a source waiting."""
    stream = Stream(source, START, 1)
    assert 3 <= len(authors(stream.until(START + 15 * MINUTE))) <= 6
    assert len(authors(stream.until(START + 2 * DAY))) < 300


def authors(events: list[Any]) -> list[Author]:
    return [event.record.author for event in events if isinstance(event.record, Message)]


def test_the_stream_depends_on_start_and_seed_alone() -> None:
    """Asked in one step or in many it is the same; another seed gives another stream."""
    whole = Stream("blog", START, 1).until(START + HOUR)
    steps = Stream("blog", START, 1)
    for minute in range(61):
        grown = steps.until(START + minute * MINUTE)
    assert grown == whole
    assert Stream("blog", START, 2).until(START + HOUR) != whole


def test_people_of_the_stream_have_one_source_each() -> None:
    """Nobody of the stream appears as a possible duplicate by accident."""
    names = [{a.name for a in authors(Stream(source, START, 1).until(START + DAY))} for source in demo.SOURCES]
    assert len(set().union(*names)) == sum(map(len, names)) >= 15


def test_direct_messages_of_the_stream_have_a_reply_window_of_a_day() -> None:
    """Somebody who writes again opens the window again."""
    play = Play("insta")
    play.look()
    play.at(3 * 3600)
    windows = [r for r in play.seen if isinstance(r, Conversation) and r.observed_at and r.reply_until]
    assert len(windows) > 10
    for place in windows:
        assert place.reply_until is not None
        assert place.observed_at is not None
        assert DAY <= to_instant(place.reply_until) - to_instant(place.observed_at) < DAY + SECOND


def test_who_writes_again_opens_the_window_again() -> None:
    """Valentina writes at 35 s; the new window counts whichever of the two descriptions is read first."""
    play = Play("insta")
    play.look()
    play.at(35)
    for seen in (play.seen, play.seen[::-1]):
        ask = next(ask for ask in answer(seen, play.now) if ask.person == "ig-val")
        assert ask.reply_until == START + 35 * SECOND + DAY


def test_a_reply_is_not_lost_when_the_clock_was_set_back(blog: Play) -> None:
    """What we do becomes visible after what has been looked at, so it comes with the next look, once."""
    blog.at(50)
    again = Play("blog")
    again.now, again.position = START + 10 * SECOND, blog.position
    assert again.look() == []
    reply = again.reply("release-2-1", "c205", "Here is how.")
    again.now = START + 51 * SECOND
    assert ids(again.look()) == [reply.id]
    assert again.look() == []


def test_pages_before_the_last_keep_the_old_position() -> None:
    """Whoever is killed between two pages of a long absence sees all of it again."""
    play = Play("masto")
    play.look()
    play.now = START + DAY
    every = list(play.connector.pull(Known(position=play.position), play.now))
    pages = [page for page in every if page.lane != "coverage"]
    assert len(pages) > 1
    assert [page.position for page in pages[:-1]] == [play.position] * (len(pages) - 1)
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    again = list(play.connector.pull(Known(position=pages[0].position), play.now))
    assert records_of(again) == records_of(every)
    (look,) = records_of(list(play.connector.pull(Known(position=pages[-1].position), play.now)))
    assert isinstance(look, Coverage)


def records_of(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def test_a_full_walk_gives_everything_as_it_stands(blog: Play) -> None:
    """One version of each message, the current one."""
    blog.at(120)
    walked = blog.look(full=True)
    assert len(ids(walked)) == len(set(ids(walked)))
    assert next(message for message in walked if message.id == "c225").edited_at is not None
    assert set(ids(walked)) == {record.id for record in blog.seen if isinstance(record, Message)}


def test_a_reply_is_answered_once_it_is_seen(blog: Play) -> None:
    """It can be read back at once, comes with the next look, and ends the wait."""
    reply = blog.reply("release-2-1", "c205", "Hold the left button while it starts, Imani: that is the slow waveform.")
    assert blog.connector.read(reply.id) == reply
    assert blog.ask("imani").status == "waiting"
    blog.now += SECOND
    assert ids(blog.look()) == [reply.id]
    assert blog.ask("imani").status == "answered"


def test_the_same_key_never_makes_a_second_reply(blog: Play) -> None:
    """A repeated send gives the message of the first; the same words under another key are a duplicate."""
    first = blog.reply("release-2-1", "c205", "Here is how.")
    assert blog.reply("release-2-1", "c205", "Here is how.") == first
    with pytest.raises(Duplicate):
        blog.reply("release-2-1", "c205", "Here is how.", key="k2")
    blog.now += SECOND
    assert ids(blog.look()) == [first.id]


def thanked(source: str = "blog", conversation: str = "release-2-1", to: str = "c205") -> Iterator[Play]:
    """Plays in which the person said thank you to our reply, and in which not."""
    for seed in range(1, 12):
        play = Play(source, seed=seed)
        play.look()
        play.reply(conversation, to, "Here is how it works.")
        yield play


def test_some_people_say_thank_you_half_a_minute_later() -> None:
    """The thank-you waits, with a suggestion to close it; not everybody says it."""
    outcomes = set()
    for play in thanked():
        play.at(29)
        assert play.ask("imani").status == "answered"
        said = [message for message in play.at(31) if message.author.id == "imani"]
        outcomes.add(len(said))
        if said:
            assert said[0].id == "blog-r1-thanks"
            ask = play.ask("imani")
            assert ask.status == "waiting"
            assert ask.suggestion is not None
            assert ask.suggestion.reason == "no reply needed"
    assert outcomes == {0, 1}


def test_most_thank_yous_are_recognised_as_such() -> None:
    """The words that people of the demo thank with are mostly words of thanks alone; a few say more and are left to a person."""
    words = [(words, source) for source in demo.SOURCES for words in script(source).thanks.values()]
    plain = [likeness.plain(text, "html" if source == "masto" else "text") for text, source in words]
    recognised = sum(map(suggest.is_thanks, plain))
    assert 0.6 * len(plain) < recognised < len(plain)


def test_nobody_says_thank_you_twice_in_a_conversation() -> None:
    """A second reply to the same person is taken in silence, so that thanking comes to an end."""
    for play in thanked():
        play.at(40)
        play.reply("release-2-1", "c203", "And one more thing.", key="k2")
        assert [m for m in play.at(90) if m.author.id == "imani"] == []


def test_somebody_of_the_stream_says_thank_you_too() -> None:
    """Also in a direct message, where the reply has no parent."""
    said = []
    for seed in range(1, 12):
        play = Play("insta", seed=seed)
        play.look()
        play.now = START + 20 * MINUTE
        first = next(message for message in play.look() if message.id == "insta-n1")
        play.reply(first.conversation, None, "Of course!")
        play.now += MINUTE
        said += [m for m in play.look() if m.id.endswith("-thanks") and m.author.id == first.author.id]
    assert len(said) in range(4, 11)


def test_a_demo_that_was_closed_goes_on_where_it_stopped(blog: Play) -> None:
    """Replies and moderation come back from the position; nothing is seen twice or lost."""
    reply = blog.reply("release-2-1", "c205", "Here is how.")
    acted(blog, "c222", "approve")
    assert blog.connector.act(order("release-2-1", "lock", on="conversation")).undo is not None
    blog.at(100)
    again = Play("blog", start=START + HOUR)
    again.now, again.position = START + 100 * SECOND, blog.position
    assert again.look() == []
    assert again.connector.read(reply.id) == reply
    approved = again.connector.read("c222")
    assert approved is not None
    assert approved.state == "live"
    again.now = blog.now = START + HOUR
    assert again.look() == blog.look()
    assert again.connector.act(order("release-2-1", "unlock", on="conversation")).undo is not None
    with pytest.raises(Duplicate):
        again.reply("release-2-1", "c205", "Here is how.", key="k2")


def test_what_the_first_release_remembered_of_moderation_is_still_known(blog: Play) -> None:
    """Its positions held time, message and state."""
    blog.at(100)
    again = Play("blog", start=START)
    again.now = START + 100 * SECOND
    again.position = {**blog.position, "acts": [[START + SECOND, "c222", "live"]]}
    again.look()
    approved = again.connector.read("c222")
    assert approved is not None
    assert approved.state == "live"


@pytest.mark.parametrize(
    ("source", "conversation", "to", "text", "code"),
    [
        ("forum", "t47", "p473", "Let us look at your log.", "topic_closed"),
        ("insta", "d-thabo", "i32", "Yes, in Braamfontein.", "outside_window"),
        ("masto", "s100", "s101", "x" * 501, "too_long"),
        ("masto", "s100", "s101", " \n", "empty"),
    ],
)
def test_what_a_platform_does_not_take_is_refused(
    source: str, conversation: str, to: str, text: str, code: str
) -> None:
    """A locked topic, a window that is over, a text that is too long or empty: final, and nothing is there afterwards."""
    play = Play(source)
    play.look()
    with pytest.raises(Refused) as refusal:
        play.reply(conversation, to, text)
    assert refusal.value.code == code
    assert refusal.value.hint
    play.now += SECOND
    assert play.look() == []


def test_a_reply_to_what_is_gone_is_refused(blog: Play) -> None:
    """A comment that its author deleted, and one that never was."""
    for target in ("c223", "nowhere"):
        with pytest.raises(Gone):
            blog.reply("release-2-1", target, "Four screws are on their way.")


def test_a_lost_answer_is_found_by_looking() -> None:
    """In the flaky topic the first reply arrives although the sender is not told; it is there once."""
    play = Play("forum")
    play.look()
    reply = Outgoing(key="k1", conversation="t42", reply_to="p422", text="Here is one to copy.")
    assert play.connector.find(reply, frozenset()) is None
    with pytest.raises(OutcomeUnknown):
        play.connector.send(reply)
    found = play.connector.find(reply, frozenset())
    assert found is not None
    assert play.connector.find(reply, frozenset({found.id})) is None
    assert play.connector.send(reply) == found
    play.now += SECOND
    assert ids(play.look()) == [found.id]
    assert play.reply("t42", "p422", "And a second one.", key="k2").id != found.id


def test_the_chat_is_down_for_five_minutes_and_then_tells_what_was_missed() -> None:
    """Looks and sends fail as unreachable, which is retryable; afterwards the messages of the silence are there."""
    play = Play("matrix")
    for seconds in (0, 299):
        play.now = START + seconds * SECOND
        with pytest.raises(Unreachable, match="502"):
            play.look()
        with pytest.raises(Unreachable):
            play.reply("!noor:harbour.example", "$o01", "Here is the key.")
    play.now = START + 302 * SECOND
    assert {"$m15", "$m16", "$o01"} <= set(ids(play.look()))
    play.reply("!noor:harbour.example", "$o01", "Here is the key.")


def test_an_approved_comment_waits_since_its_original_time(blog: Play) -> None:
    """Pete's comment is held; approving it makes him wait since he wrote."""
    assert blog.ask("pete").status == "held"
    approved = acted(blog, "c222", "approve")
    assert approved.state == "live"
    assert blog.connector.read("c222") == approved
    blog.now += SECOND
    assert blog.look() == [approved]
    assert blog.ask("pete").waiting_since == START - 8 * HOUR


@pytest.mark.parametrize(("act", "state"), [("hold", "held"), ("spam", "spam"), ("remove", "removed")])
def test_moderation_acts_give_their_state_and_lead_back(blog: Play, act: Act, state: str) -> None:
    """Each act has the state that the exchange format names; its undo is the order that the place gave for it."""
    done = blog.connector.act(order("c227", act))
    (after,) = done.records
    assert isinstance(after, Message)
    assert (after.state, blog.connector.act(order("c227", act)).note) == (state, "It was so already.")
    assert done.undo is not None
    (back,) = blog.connector.act(order("c227", done.undo.act, undoing=done.undo.token)).records
    assert isinstance(back, Message)
    assert back.state == "live"


def test_restore_leads_out_of_the_trash_to_where_it_was(blog: Play) -> None:
    """A held comment that was removed is held again, not shown to everybody."""
    acted(blog, "c222", "remove")
    assert acted(blog, "c222", "restore").state == "held"


def test_a_later_edit_does_not_bring_a_removed_comment_back(blog: Play) -> None:
    """Ngọc's edit at 45 s changes the text of a comment that we removed, and not its state."""
    acted(blog, "c225", "remove")
    (edited,) = [message for message in blog.at(46) if "how many days" in message.text]
    assert edited.state == "removed"


def test_moderation_that_a_place_does_not_have_or_does_not_let_us_do_is_refused(blog: Play) -> None:
    """A post elsewhere cannot be removed by us, nobody may be suspended, and what its author deleted cannot be approved."""
    masto, forum = Play("masto"), Play("forum")
    for play, refused in ((masto, order("s101", "remove")), (forum, order("tomasz", "ban", on="person"))):
        play.look()
        with pytest.raises(Refused):
            play.connector.act(refused)
    for gone in (
        order("c223", "approve"),
        order("nobody", "ban", on="person"),
        order("t99", "lock", on="conversation"),
    ):
        with pytest.raises(Gone):
            blog.connector.act(gone)


def test_what_this_account_may_is_what_the_place_has_without_what_needs_a_right(blog: Play) -> None:
    """So that a menu can say which right is missing."""
    assert blog.connector.acts() == blog.connector.capabilities.acts
    forum = Play("forum").connector
    missing = set(forum.capabilities.acts) - set(forum.acts())
    assert {(info.act, info.on) for info in missing} == {("ban", "person"), ("unban", "person")}
    assert all(info.right for info in missing)


def test_a_locked_topic_takes_no_reply_until_it_is_unlocked(blog: Play) -> None:
    """By us, or from the beginning, as the forum's topic about batteries."""
    done = blog.connector.act(order("release-2-1", "lock", on="conversation"))
    with pytest.raises(Refused, match="locked"):
        blog.reply("release-2-1", "c205", "Here is how.")
    assert done.undo is not None
    blog.connector.act(order("release-2-1", done.undo.act, on="conversation", undoing=done.undo.token))
    assert blog.reply("release-2-1", "c205", "Here is how.")
    forum = Play("forum")
    forum.look()
    forum.connector.act(order("t47", "unlock", on="conversation"))
    assert forum.reply("t47", "p473", "Let us look at your log.")


@pytest.mark.parametrize(
    ("until", "back", "seen"), [(None, False, False), (START + 10 * SECOND, False, True), (None, True, True)]
)
def test_who_is_banned_writes_nothing_new_until_the_ban_is_over_or_taken_back(
    blog: Play, until: int | None, back: bool, seen: bool
) -> None:
    """김하늘 writes after twenty seconds; what was said before the ban stays."""
    blog.at(1)
    done = blog.connector.act(order("eun", "ban", on="person", until=until))
    assert done.undo is not None
    if back:
        blog.connector.act(order("eun", done.undo.act, on="person", undoing=done.undo.token))
    assert ("c205b" in ids(blog.at(30))) == seen
    assert any(message.author.id == "eun" for message in blog.look(full=True))


def test_what_was_said_when_somebody_is_banned_stays_said() -> None:
    """Even in the very moment in which the demo begins, before anybody has looked."""
    play = Play("blog")
    play.connector.act(order("eun", "ban", on="person"))
    assert any(message.author.id == "eun" for message in play.look())


@pytest.mark.parametrize("source", demo.SOURCES)
def test_every_act_of_every_place_says_what_it_does(source: str) -> None:
    """One sentence; what needs something takes it; and what is taken back is taken back by an act of the place."""
    infos = demo.open_place(source, start=START, clock=lambda: START).capabilities.acts
    assert infos
    assert len({(info.act, info.on) for info in infos}) == len(infos)
    for info in infos:
        assert info.does.endswith("."), info
        assert info.needs <= info.takes, info
        opposite = demo_acts.OPPOSITE.get(info.act)
        assert opposite is None or any(each.act == opposite and each.on == info.on for each in infos), info


def test_the_demo_needs_no_http() -> None:
    """The program starts on a machine without a network library loaded: the demo brings none in."""
    code = "import sys, modconsole.connectors.demo; print('httpx' in sys.modules or 'socket' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
