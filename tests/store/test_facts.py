"""What the tables answer to the questions of rules, against the plain reading of each question over the records."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modconsole.domain import world
from modconsole.domain.ask import OPEN
from modconsole.domain.facts import COUNTED, FACTS, OPS, Counter, Fact, Question
from modconsole.domain.likeness import normalised, plain
from modconsole.domain.records import (
    Attachment,
    Author,
    Conversation,
    ConversationKind,
    Decision,
    Identity,
    Message,
    Record,
    Source,
    State,
)
from modconsole.domain.times import DAY, HOUR, MINUTE, to_datetime, to_instant, to_text
from modconsole.store.db import Db
from modconsole.store.facts import ask
from modconsole.store.ingest import ingest
from tests.store.test_plans import plan

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
NOW = to_instant(START + timedelta(hours=30))
CONVERSATION_KINDS: list[ConversationKind] = ["comments", "forum", "dm", "group_dm"]
STATES: list[State | None] = [None, None, "live", "held", "hidden", "spam", "removed", "deleted"]
SPANS = [0, MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR, DAY]
TEXTS = [
    "hello",
    "Hello!",
    "see https://a.example/x and www.b.example",
    "only www.b.example/x.",
    "",
    "nul\x00in the middle",
    '<p>hello <a href="https://c.example/">here</a> <a class="u-url mention" href="https://m.example/@x">@x</a></p>',
    "<b>hello</b>",
]
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
LINKS = dict(zip(TEXTS, (0, 0, 2, 1, 0, 0, 1, 0), strict=True))
"""How many links a person sees in each text: the mention of somebody is none."""


class Told(msgspec.Struct):
    """A made-up world: its records, and strikes as (person, at, expires, undone)."""

    records: list[Record]
    strikes: list[tuple[str, int, int | None, bool]]

    def messages(self) -> list[Message]:
        """The current version of each message, in the order in which they were stored."""
        latest: dict[str, Message] = {}
        for record in self.records:
            if isinstance(record, Message):
                known = latest.get(record.id)
                latest[record.id] = record if known is None or _observed(record) >= _observed(known) else known
        return list(latest.values())


def _observed(message: Message) -> datetime:
    assert message.observed_at is not None
    return message.observed_at


@st.composite
def worlds(draw: st.DrawFn) -> Told:
    """A few people in two conversations within an hour."""
    records: list[Record] = [
        Source(
            id="blog",
            platform="Place",
            name="The Blog",
            identities=[Identity(id="us"), Identity(id="robo", kind="bot")],
        )
    ]
    for name in ("c1", "c2"):
        if draw(st.booleans()):
            opened = START + timedelta(minutes=draw(st.integers(-5, 5))) if draw(st.booleans()) else None
            kind: ConversationKind = draw(st.sampled_from(CONVERSATION_KINDS))
            opener = draw(st.sampled_from([None, None, "ann", "bob", "somebody else"]))
            records.append(Conversation(source="blog", id=name, kind=kind, opened_at=opened, opened_by=opener))
    count = draw(st.integers(1, 9))
    names = draw(st.sampled_from([[f"m{n}" for n in range(count)], ["c1", *(f"m{n}" for n in range(1, count))]]))
    for n, name in enumerate(names):
        text = draw(st.sampled_from(TEXTS))
        minute = draw(st.integers(0, 12)) * 5
        at = START + timedelta(minutes=minute)
        extra: dict[str, Any] = {}
        if draw(st.booleans()):
            extra["language"] = draw(st.sampled_from(["de", "de-AT", "EN", ["en", "fr"], 7]))
        if draw(st.booleans()):
            extra["account_created_at"] = draw(
                st.sampled_from([to_text(to_instant(at) - span) for span in SPANS] + ["some day", 5])
            )
        state: State | None = draw(
            st.sampled_from([None, None, "live", "held", "hidden", "spam", "removed", "deleted"])
        )
        dated = draw(st.booleans())
        message = Message(
            source="blog",
            id=name,
            conversation=draw(st.sampled_from(["c1", "c2"])),
            author=Author(
                id=draw(st.sampled_from(["us", "ann", "bob", "robo", "tin"])),
                kind=draw(st.sampled_from([None, None, "bot", "person"])),
            ),
            created_at=at,
            observed_at=at,
            text=text,
            format="html" if text.startswith("<") else None,
            parent=draw(st.sampled_from([None, *names[:n], "c1", "c2", "elsewhere"])),
            mentions=draw(st.sampled_from([None, ["us"], ["us", "bob"]])),
            visibility=draw(st.sampled_from([None, "public", "followers", "private", "unlisted"])),
            state=state,
            state_at=at + timedelta(minutes=draw(st.integers(0, 30))) if state and dated else None,
            edited_at=at if draw(st.integers(0, 4)) == 0 else None,
            attachments=[Attachment(url="https://a.example/p")] * draw(st.integers(0, 2)) or None,
            extra=extra or None,
        )
        records.append(message)
        if draw(st.integers(0, 3)) == 0:
            later = at + timedelta(minutes=1)
            other = draw(st.sampled_from([text, "hello", "another"]))
            records.append(
                msgspec.structs.replace(
                    message,
                    text=other,
                    format=message.format if other == text else None,
                    observed_at=later,
                    state="live",
                    state_at=None,
                )
            )
    for n in range(draw(st.integers(0, 4))):
        records.append(
            Decision(
                id=f"00000000-0000-7000-8000-00000000000{n}",
                at=START + timedelta(minutes=draw(st.integers(0, 60))),
                by="mod",
                act=draw(st.sampled_from(["tag", "tag", "untag"])),
                source="blog",
                conversation=draw(st.sampled_from(["c1", "c2"])),
                person=draw(st.sampled_from([None, "ann", "bob"])),
                tags=[draw(st.sampled_from(["vip", "VIP", "troll"]))],
                undone_at=START + timedelta(hours=2) if draw(st.integers(0, 4)) == 0 else None,
            )
        )
    strikes = [
        (
            draw(st.sampled_from(["ann", "bob"])),
            NOW - draw(st.sampled_from([-HOUR, HOUR, DAY])),
            draw(st.sampled_from([None, NOW - 1, NOW, NOW + HOUR])),
            draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    return Told(records, strikes)


@st.composite
def questions(draw: st.DrawFn, name: str) -> Fact:
    """A question about one fact."""
    known = FACTS[name]
    op = draw(st.sampled_from(OPS))
    if known.kind == "flag":
        return Fact(name=name, flag=draw(st.booleans()))
    if known.kind == "span":
        return Fact(name=name, op=op, number=draw(st.sampled_from(SPANS)))
    if known.kind == "number":
        return Fact(name=name, op=op, number=draw(st.integers(0, 12 if name == "length" else 4)))
    choices = {
        "author tags": ("vip", "troll"),
        "source": ("blog", "the blog", "elsewhere"),
        "platform": ("place", "other"),
        "language": ("de", "en", "fr", "de-at"),
        "written at": ("Mon 10:00-10:30", "Mon 11:20-12:00 Europe/Berlin", "Tue 00:00-24:00"),
    }.get(name, known.words)
    words = draw(st.lists(st.sampled_from(choices), min_size=1, max_size=2, unique=True))
    return Fact(name=name, words=tuple(words))


@st.composite
def counters(draw: st.DrawFn, counted: str) -> Counter:
    """A question about what an author did before."""
    return Counter(
        counted=counted,  # type: ignore[arg-type]
        within=draw(st.sampled_from(SPANS)),
        op=draw(st.sampled_from(OPS)),
        number=draw(st.integers(0, 4)),
        here=draw(st.booleans()),
    )


# -- the plain reading ----------------------------------------------------------------------------------------------------------


class Oracle:
    """The answers, from the records alone, as slowly and plainly as can be."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.every = told.messages()
        self.merged = world.merge(told.records)
        self.cases = {case.id: case for case in world.cases(self.merged)}
        self.asks = world.answer(told.records, NOW)
        self.texts: dict[str, set[str]] = {}
        for record in told.records:
            if isinstance(record, Message):
                self.texts.setdefault(record.id, set()).add(record.text)

    def holds(self, question: Question, at: int) -> bool:
        """Whether a question holds for the message that was stored at a place."""
        if isinstance(question, Counter):
            return COMPARE[question.op](self._count(question, at), question.number)
        value = getattr(self, "_" + question.name.replace(" ", "_"))(at)
        kind = FACTS[question.name].kind
        if kind == "flag":
            return value is not None and bool(value) is question.flag
        if kind in ("span", "number"):
            return value is not None and COMPARE[question.op](value, question.number)
        if question.name == "language":
            return any(each == word or each.startswith(word + "-") for each in value for word in question.words)
        if question.name == "written at":
            return any(self._within(value, words) for words in question.words)
        said = {each.casefold() for each in value}
        return any(word.casefold() in said for word in question.words)

    def _before(self, at: int, **same: Any) -> Iterator[Message]:
        """What was written before a message, by the same author or in the same conversation."""
        here = self.every[at]
        for other, message in enumerate(self.every):
            if same.get("author") and message.author.id != here.author.id:
                continue
            if same.get("conversation") and message.conversation != here.conversation:
                continue
            if (message.created_at, other) < (here.created_at, at):
                yield message

    def _count(self, counter: Counter, at: int) -> int:
        here = self.every[at]
        found = [*self._before(at, author=True, conversation=counter.here), here]
        since = to_instant(here.created_at) - counter.within
        found = [message for message in found if to_instant(message.created_at) >= since]
        if counter.counted == "messages":
            return len(found)
        if counter.counted == "conversations":
            return len({message.conversation for message in found})
        if counter.counted == "links":
            return sum(bool(LINKS.get(message.text, 0)) for message in found)
        if counter.counted == "duplicates":
            words = self._words(here)
            return sum(self._words(message) == words for message in found) if words else 1
        down = ("removed", "spam", "hidden", "deleted")
        return sum(
            message.state in down and (message.state_at or message.created_at) <= here.created_at for message in found
        )

    def _words(self, message: Message) -> str:
        return normalised(message.text, message.format or "text")

    def _author_is(self, at: int) -> list[str]:
        author = self.every[at].author
        return ["us"] if author.id in ("us", "robo") else ["bot"] if author.kind == "bot" else ["member"]

    def _author_first(self, at: int) -> bool:
        return not list(self._before(at, author=True))

    def _author_age(self, at: int) -> int:
        created = to_instant(self.every[at].created_at)
        return max((created - to_instant(each.created_at) for each in self._before(at, author=True)), default=0)

    def _account_age(self, at: int) -> int | None:
        said = (self.every[at].extra or {}).get("account_created_at")
        if not isinstance(said, str) or not said.startswith("20"):
            return None
        return to_instant(self.every[at].created_at) - to_instant(datetime.fromisoformat(said))

    def _author_messages(self, at: int) -> int:
        return len(list(self._before(at, author=True)))

    def _author_strikes(self, at: int) -> int:
        return sum(
            person == self.every[at].author.id and not undone and since <= NOW and (until is None or until > NOW)
            for person, since, until, undone in self.told.strikes
        )

    def _author_tags(self, at: int) -> set[str]:
        person = self.every[at].author.id
        asked = {each.conversation for each in self.asks if each.person == person}
        rulings = sorted(
            (
                each
                for each in self.merged.decisions.values()
                if each.conversation in asked and each.person in (None, person) and each.undone_at is None
            ),
            key=lambda each: (each.at, each.id),
        )
        tags: dict[str, set[str]] = {}
        for each in rulings:
            held = tags.setdefault(each.conversation, set())
            if each.act == "tag":
                held |= set(each.tags or ())
            else:
                held -= set(each.tags or ())
        return {tag.casefold() for held in tags.values() for tag in held}

    def _source(self, at: int) -> list[str]:
        return ["blog", "the blog"]

    def _platform(self, at: int) -> list[str]:
        return ["place"]

    def _thread_kind(self, at: int) -> list[str]:
        return [self.cases[self.every[at].conversation].kind]

    def _thread_age(self, at: int) -> int:
        here = self.every[at]
        described = self.merged.conversations.get(("blog", here.conversation))
        since = described.opened_at if described is not None and described.opened_at is not None else None
        first = min(each.created_at for each in self.every if each.conversation == here.conversation)
        return to_instant(here.created_at) - to_instant(since or first)

    def _thread_messages(self, at: int) -> int:
        return len(list(self._before(at, conversation=True)))

    def _opening(self, at: int) -> Message | None:
        """The message that opened the conversation of a message; None where that is none, or is not known."""
        conversation = self.every[at].conversation
        here = [(each.created_at, n) for n, each in enumerate(self.every) if each.conversation == conversation]
        first = self.every[min(here)[1]]
        return first if first.id == conversation or self.cases[conversation].kind == "forum" else None

    def _author_opened(self, at: int) -> bool | None:
        here = self.every[at]
        described = self.merged.conversations.get(("blog", here.conversation))
        opening = self._opening(at)
        opener = described.opened_by if described is not None else None
        opener = opener or (opening.author.id if opening is not None else None)
        return None if opener is None else here.author.id == opener

    def _answers_the_opening(self, at: int) -> bool:
        here, opening = self.every[at], self._opening(at)
        return here.parent in (None, here.conversation, *([opening.id] if opening is not None else []))

    def _top_level(self, at: int) -> bool:
        return self.every[at].parent is None

    def _answers_us(self, at: int) -> bool:
        parent = self.every[at].parent
        return any(each.id == parent and each.author.id in ("us", "robo") for each in self.every)

    def _state(self, at: int) -> list[str]:
        return [self.every[at].state or "live"]

    def _private(self, at: int) -> bool:
        private = self.every[at].visibility in ("followers", "private")
        return private or self.cases[self.every[at].conversation].kind in ("dm", "group_dm")

    def _edited(self, at: int) -> bool:
        return self.every[at].edited_at is not None or len(self.texts[self.every[at].id]) > 1

    def _language(self, at: int) -> list[str]:
        said = (self.every[at].extra or {}).get("language")
        return [each.lower() for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)]

    def _plain(self, message: Message) -> str:
        return plain(message.text, message.format or "text")

    def _length(self, at: int) -> int:
        return len(self._plain(self.every[at]))

    def _links(self, at: int) -> int:
        return LINKS.get(self.every[at].text, 0)

    def _mentions(self, at: int) -> int:
        return len(self.every[at].mentions or ())

    def _attachments(self, at: int) -> int:
        return len(self.every[at].attachments or ())

    def _written_at(self, at: int) -> datetime:
        return self.every[at].created_at

    def _within(self, moment: datetime, words: str) -> bool:
        minute = moment.hour * 60 + moment.minute
        monday = moment.weekday() == 0
        return {
            "Mon 10:00-10:30": monday and 600 <= minute < 630,
            "Mon 11:20-12:00 Europe/Berlin": monday and 620 <= minute < 660,  # an hour ahead of UTC in winter
            "Tue 00:00-24:00": moment.weekday() == 1,
        }[words]

    def _waiting(self, at: int) -> int | None:
        here = self.every[at]
        since = [
            each.waiting_since
            for each in self.asks
            if each.status in OPEN
            and each.waiting_since is not None
            and (each.conversation, each.person) == (here.conversation, here.author.id)
            and here.id in each.messages
        ]
        return NOW - min(since) if since else None


# -- the comparison -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Db]:
    """One database; each example is taken back."""
    with Db(tmp_path_factory.mktemp("facts") / "m.db") as made:
        yield made


def _same(db: Db, told: Told, question: Question) -> None:
    oracle = Oracle(told)
    with db.pretend():
        ingest(db, told.records, NOW)
        for n, (person, at, until, undone) in enumerate(told.strikes):
            db.run(
                "insert into strike (id, person, at, by, expires_at, undone_at, seq)"
                " select ?, id, ?, 'mod', ?, ?, 1 from person where native = ?",
                (str(n), at, until, NOW if undone else None, person),
            )
        rows = dict(db.rows("select native, id from message"))
        ids = [rows[message.id] for message in oracle.every]
        assert ids == sorted(ids)
        found = ask(db, question, ids, NOW)
    assert found == {ident for at, ident in enumerate(ids) if oracle.holds(question, at)}


@pytest.mark.parametrize("name", FACTS)
def test_each_fact_is_what_its_words_say(db: Db, name: str) -> None:
    """The tables answer as the plain reading of the records does."""

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(told=worlds(), question=questions(name))
    def check(told: Told, question: Fact) -> None:
        _same(db, told, question)

    check()


@pytest.mark.parametrize("counted", COUNTED)
def test_each_counter_counts_what_its_words_say(db: Db, counted: str) -> None:
    """The author's own, within the time, the message itself included."""

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(told=worlds(), question=counters(counted))
    def check(told: Told, question: Counter) -> None:
        _same(db, told, question)

    check()


def test_more_messages_than_one_statement_takes_are_asked_about_in_portions(db: Db) -> None:
    """Nothing is lost or asked twice at the seams."""
    records: list[Record] = [
        Message(
            source="blog",
            id=f"m{n}",
            conversation="c",
            author=Author(id="ann"),
            created_at=to_datetime(NOW + n),
            text="a" * (n % 3),
        )
        for n in range(5_001)
    ]
    with db.pretend():
        ingest(db, records, NOW)
        ids = [row[0] for row in db.rows("select id from message order by id")]
        assert len(ask(db, Fact(name="length", op=">", number=1), ids, NOW)) == 1_667
        assert ask(db, Fact(name="length", op=">", number=1), [], NOW) == set()


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (Fact(name="author first"), "message_by (person=? AND created_at<?)"),
        (Fact(name="author age", op="<", number=1), "message_by (person=?)"),
        (Fact(name="author messages", op="<", number=1), "message_by (person=? AND created_at<?)"),
        (Fact(name="thread messages", op="<", number=1), "message_in (conversation=? AND created_at<?)"),
        (Fact(name="author opened"), "message_in (conversation=?)"),
        (Fact(name="answers the opening"), "message_in (conversation=?)"),
        (Fact(name="author strikes", op="<", number=1), "strike_of (person=? AND at<?)"),
        (Fact(name="author tags", words=("a",)), "ask_person (person=? AND source=?)"),
        (
            Counter(counted="messages", within=DAY, op=">", number=5),
            "message_by (person=? AND created_at>? AND created_at<?)",
        ),
        (
            Counter(counted="messages", within=DAY, op=">", number=5, here=True),
            "message_in (conversation=? AND created_at>? AND created_at<?)",
        ),
        (Counter(counted="deletions", within=DAY, op=">", number=5), "message_down (person=?"),
        (Counter(counted="deletions", within=DAY, op=">", number=5, here=True), "message_down (person=?"),
        (Counter(counted="conversations", within=DAY, op=">", number=5), "message_by (person=? AND created_at>?"),
        (Counter(counted="duplicates", within=DAY, op=">", number=5), "message_by (person=? AND created_at>?"),
        (
            Counter(counted="links", within=DAY, op=">", number=5, here=True),
            "message_in (conversation=? AND created_at>?",
        ),
    ],
    ids=str,
)
def test_what_an_author_did_is_looked_up_by_an_index(db: Db, question: Question, index: str) -> None:
    """A question about one message does not go through all messages."""
    told = Message(
        source="blog", id="m", conversation="c", author=Author(id="ann"), created_at=START, observed_at=START, text="a"
    )
    with db.pretend():
        ingest(db, [told], NOW)
        ids = [row[0] for row in db.rows("select id from message")]
        steps = plan(db, lambda: ask(db, question, ids, NOW))
    assert any(index in step for step in steps), steps
    assert not any(step.startswith(("SCAN o", "SCAN message")) for step in steps), steps
