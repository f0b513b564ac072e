"""The laws of the specification as properties of made-up worlds, and the product against the oracle on the same worlds."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modconsole.domain import likeness
from modconsole.domain.ask import OPEN, STATUSES, WITH_SINCE, Ask
from modconsole.domain.records import (
    Act,
    Author,
    Conversation,
    Coverage,
    Decision,
    Message,
    Reaction,
    Record,
    Send,
    Source,
)
from modconsole.domain.times import to_instant
from modconsole.domain.world import answer, explain
from tests.scenarios import oracle, oracle_text
from tests.scenarios.generate import LAST, START, make_now, make_world, nows, worlds

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
MADE = 50_000 if THOROUGH else 8_000

lawful = settings(
    derandomize=not THOROUGH,
    max_examples=2_000 if THOROUGH else 300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

Facts = tuple[str, str, str, str, str, int | None, tuple[str, ...], str]
dice = st.randoms(use_true_random=False)
LETTERS = "aaabbcdeéẞßﬁＡİ０1 \t\u3000.,¿—_+\u0301\u200b"


def facts(ask: Ask) -> Facts:
    """What the specification says about an ask."""
    key = (ask.source, ask.conversation, ask.thread, ask.person)
    return (*key, ask.status, ask.waiting_since, ask.messages, ask.trouble)


def queue(asks: list[Ask]) -> tuple[list[Facts], list[Facts]]:
    """The open asks in queue order, and the others in an order of no meaning."""
    return [facts(a) for a in asks if a.status in OPEN], sorted(facts(a) for a in asks if a.status not in OPEN)


def uncovered(asks: list[Ask]) -> set[tuple[str, str]]:
    """Every item that waits for something."""
    return {(a.source, native) for a in asks for native in a.messages}


def messages(records: list[Record]) -> list[Message]:
    """The message records of a world."""
    return [r for r in records if isinstance(r, Message)]


@lawful
@given(worlds, nows)
def test_the_product_answers_as_the_oracle_does(records: list[Record], now: int) -> None:
    """Status, time, messages, trouble and queue order are those of the naive reading of the text."""
    assert queue(answer(records, now)) == queue(oracle.answer(records, now))


@pytest.mark.parametrize("part", range(5))
def test_the_product_answers_as_the_oracle_does_on_many_worlds(part: int) -> None:
    """The same on worlds that plain dice made: more of them in the time, and each named by its seed."""
    for seed in range(part * MADE // 5, (part + 1) * MADE // 5):
        thrown = Random(seed)
        records, now = make_world(thrown), make_now(thrown)
        assert queue(answer(records, now)) == queue(oracle.answer(records, now)), f"seed {seed}"


def test_the_made_up_worlds_hold_every_status() -> None:
    """What never happens in a made-up world is never compared."""
    seen: Counter[str] = Counter()
    for seed in range(1_500):
        thrown = Random(seed)
        for ask in oracle.answer(make_world(thrown), make_now(thrown)):
            seen.update([ask.status, ask.trouble])
    assert min(seen[status] for status in (*STATUSES, "failed", "unconfirmed")) >= 3, seen


@lawful
@given(worlds, nows, dice)
def test_law_1_neither_order_nor_repetition_of_records_matters(records: list[Record], now: int, thrown: Random) -> None:
    """Descriptions without `observed_at` are the stated exception, and are not shuffled among each other."""
    expected = answer(records, now)
    moved = [*records, *(records[thrown.randrange(len(records))] for _ in range(3))]
    thrown.shuffle(moved)
    assert answer(moved, now) == expected


@lawful
@given(worlds, nows)
def test_law_2_each_conversation_is_answered_by_itself(records: list[Record], now: int) -> None:
    """What keeps the answer incrementally may recompute one conversation: others bear on it only where something names them."""
    whole = answer(records, now)
    for source, room in sorted({(m.source, m.conversation) for m in messages(records)}):
        named = {room}
        for r in records:
            if isinstance(r, Decision | Send) and (r.source, r.conversation) == (source, room):
                named.add(r.to or "" if isinstance(r, Decision) else r.message or "")
        rooms = named | {m.conversation for m in messages(records) if m.source == source and m.id in named}
        part = [r for r in records if _source_of(r) == source and _room_of(r, room) in rooms]
        assert [facts(a) for a in answer(part, now) if a.conversation == room] == [
            facts(a) for a in whole if (a.source, a.conversation) == (source, room)
        ]


def _source_of(record: Record) -> str:
    return record.id if isinstance(record, Source) else record.source


def _room_of(record: Record, default: str) -> str:
    """The conversation that a record is about; the default for those that are about a whole source, or none."""
    if isinstance(record, Message | Decision | Coverage):
        return record.conversation or default
    return record.id if isinstance(record, Conversation) else default


def always_ours(records: list[Record], source: str, author: str) -> bool:
    """Whether every description of a source has an author among our identities."""
    described = [r for r in records if isinstance(r, Source) and r.id == source]
    return bool(described) and all(author in [i.id for i in r.identities or []] for r in described)


def _noise(records: list[Record], thrown: Random) -> Record:
    """A record that never covers anything."""
    near = messages(records)[thrown.randrange(len(messages(records)))]
    late = START + timedelta(minutes=30 * (LAST + thrown.randrange(9)))
    acts: list[Act] = ["note", "claim", "release", "assign", "tag", "untag", "snooze"]
    which = thrown.randrange(3)
    if which == 0:
        return Reaction(source=near.source, message=near.id, author=Author(id="us"), name="like", at=near.created_at)
    if which == 1:
        return Message(
            source=near.source,
            id="said by a bot",
            conversation=near.conversation,
            author=Author(id="bot", kind="bot"),
            created_at=late,
            text="We have received your message.",
            parent=[None, near.id][thrown.randrange(2)],
            mentions=[None, [near.author.id]][thrown.randrange(2)],
            quotes=[None, near.id][thrown.randrange(2)],
        )
    return Decision(
        id="00000000-0000-7000-8000-0000000fffff",
        at=late,
        by="mod",
        act=acts[thrown.randrange(len(acts))],
        source=near.source,
        conversation=near.conversation,
        through=[None, near.id][thrown.randrange(2)],
    )


@lawful
@given(worlds, nows, dice)
def test_law_3_what_is_no_reply_never_covers(records: list[Record], now: int, thrown: Random) -> None:
    """A reaction, note, claim, snooze or bot message leaves every uncovered item uncovered."""
    more = _noise(records, thrown)
    before, after = answer(records, now), answer([*records, more], now)
    assert uncovered(before) == uncovered(after)
    if not (isinstance(more, Decision) and more.act == "snooze"):
        assert [facts(a) for a in after] == [facts(a) for a in before]


@lawful
@given(worlds, nows, dice)
def test_law_4_deleting_our_reply_never_shortens_a_wait(records: list[Record], now: int, thrown: Random) -> None:
    """Nothing that waited stops waiting, and nothing waits since later."""
    ours = [m for m in messages(records) if always_ours(records, m.source, m.author.id)]
    if not ours:
        return
    gone = ours[thrown.randrange(len(ours))]
    deleted = msgspec.structs.replace(gone, state="deleted", observed_at=START + timedelta(days=99))
    before, after = answer(records, now), answer([*records, deleted], now)
    assert uncovered(before) <= uncovered(after)
    since = {facts(a)[:4]: a.waiting_since for a in after}
    for ask in before:
        if ask.waiting_since is not None:
            longer = since[facts(ask)[:4]]
            assert longer is not None
            assert longer <= ask.waiting_since


@lawful
@given(worlds, nows, dice)
def test_law_4_it_gives_back_exactly_the_state_without_that_reply(
    records: list[Record], now: int, thrown: Random
) -> None:
    """A new reply of ours that is deleted leaves no trace."""
    near = messages(records)[thrown.randrange(len(messages(records)))]
    reply = Message(
        source=near.source,
        id="our reply",
        conversation=near.conversation,
        author=Author(id="us"),
        created_at=START + timedelta(minutes=30 * (LAST + thrown.randrange(9))),
        text="An answer.",
        parent=[None, near.id][thrown.randrange(2)],
        mentions=[None, [near.author.id]][thrown.randrange(2)],
    )
    if not always_ours(records, near.source, "us"):
        return
    deleted = msgspec.structs.replace(reply, state="deleted", state_at=reply.created_at)
    assert [facts(a) for a in answer([*records, deleted, reply], now)] == [facts(a) for a in answer(records, now)]


@lawful
@given(worlds, nows)
def test_law_5_one_ask_for_each_person_and_one_status_for_each_item(records: list[Record], now: int) -> None:
    """Every item that asks belongs to exactly one ask and has exactly one status."""
    asks = answer(records, now)
    keys = [facts(a)[:4] for a in asks]
    assert len(keys) == len(set(keys))
    listed = Counter((a.source, native) for a in asks for native in a.messages)
    assert max(listed.values(), default=1) == 1
    having = set()
    for source, native in sorted({(m.source, m.id) for m in messages(records)}):
        proof = explain(records, source, native, now)
        if proof.item == "not asking":
            assert (source, native) not in listed
            continue
        assert proof.item in STATUSES
        assert (proof.item == "waiting") is ((source, native) in listed)
        assert proof.ask is not None
        having.add(facts(proof.ask)[:4])
    assert having == set(keys)


@lawful
@given(worlds, nows)
def test_law_6_no_wait_starts_later_than_its_earliest_uncovered_item(records: list[Record], now: int) -> None:
    """It starts with an item of the ask: when that was written, or with the edit that made it ask again."""
    moments: dict[tuple[str, str], list[int]] = {}
    for m in messages(records):
        times = moments.setdefault((m.source, m.id), [to_instant(m.created_at)])
        times += [to_instant(moment) for moment in (m.edited_at, m.observed_at) if moment is not None]
    versions = Counter((m.source, m.id) for m in messages(records))
    for ask in answer(records, now):
        assert (ask.waiting_since is not None) is (ask.status in WITH_SINCE)
        if ask.waiting_since is None:
            assert ask.messages == ()
            continue
        keys = [(ask.source, native) for native in ask.messages]
        assert ask.waiting_since in [moment for key in keys for moment in moments[key]]
        for key in keys:
            latest = moments[key][0] if versions[key] == 1 else max(moments[key])
            assert ask.waiting_since <= latest


@lawful
@given(worlds, nows)
def test_law_7_every_count_is_the_length_of_its_list(records: list[Record], now: int) -> None:
    """The statuses share the list out: no ask is counted twice, none is left out, and the open ones come first."""
    asks = answer(records, now)
    counts = Counter(a.status for a in asks)
    assert set(counts) <= set(STATUSES)
    assert sum(counts[status] for status in STATUSES) == len(asks)
    first = sum(counts[status] for status in OPEN)
    assert all(a.status in OPEN for a in asks[:first])


@lawful
@given(worlds, nows)
def test_every_proof_agrees_with_the_answer(records: list[Record], now: int) -> None:
    """Its status and time are the ask's, and what it calls a cover is what ended the wait."""
    asks = {facts(a)[:4]: a for a in answer(records, now)}
    for source, native in sorted({(m.source, m.id) for m in messages(records)}):
        proof = explain(records, source, native, now)
        covers = [b for b in proof.because if b.effect == "covers"]
        if proof.ask is None:
            assert (proof.status, proof.waiting_since, covers) == ("not asking", None, [])
            continue
        ask = asks[facts(proof.ask)[:4]]
        assert (proof.status, proof.waiting_since) == (ask.status, ask.waiting_since)
        if proof.item == "answered":
            assert any(b.message is not None for b in covers)
        elif proof.item == "answered_privately":
            assert any(b.decision is not None for b in covers)
        elif proof.item in ("waiting", "held", "withdrawn"):
            edited = any("asks again" in b.reason for b in proof.because)
            assert edited or not covers


@lawful
@given(st.text(LETTERS, max_size=30), st.text(LETTERS, max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_the_product_compares_texts_as_the_oracle_does(one: str, other: str, dropped: list[int]) -> None:
    """Any two texts, and a text with a few letters dropped: at nine tenths a letter decides."""
    shorter = "".join(letter for i, letter in enumerate(one) if i not in dropped)
    for text in (other, shorter):
        assert likeness.differ(one, text) == oracle_text.differ(one, "text", text, "text")
