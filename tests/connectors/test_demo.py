"""The demo's community at its start: every status and badge is there, and nothing else surprises."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from modconsole.connectors import demo
from modconsole.connectors.demo_community import span, stable_uuid
from modconsole.domain import exchange
from modconsole.domain.ask import STATUSES, Ask
from modconsole.domain.records import Conversation, Coverage, Decision, Message, Reaction, Record, Send, Source
from modconsole.domain.times import DAY, HOUR, MINUTE, SECOND, parse, to_instant
from modconsole.domain.world import answer

NOW = parse("2026-11-21T22:10:00Z")
STARTS = [NOW + day * DAY for day in range(7)] + [parse("2026-03-29T01:30:00Z"), parse("2026-10-25T01:30:00Z")]
"""Every day of the week, and the nights in which Berlin changes its clocks."""


def everything() -> list[Record]:
    return list(demo.records(NOW))


def messages() -> dict[tuple[str, str], Message]:
    return {(record.source, record.id): record for record in everything() if isinstance(record, Message)}


def asks(now: int = NOW) -> dict[str, Ask]:
    """The asks by "source/conversation/person"; nobody in the demo asks in two threads of one conversation."""
    found = answer(demo.records(now), now)
    named = {f"{ask.source}/{ask.conversation}/{ask.person}": ask for ask in found}
    assert len(named) == len(found)
    return named


EXPECTED = {
    "blog/release-2-1/imani": ("waiting", {"bot only", "new"}),
    "blog/release-2-1/tane": ("waiting", {"found late", "new"}),
    "blog/release-2-1/bernd": ("waiting", {"answered by community"}),
    "blog/release-2-1/olena": ("waiting", {"new"}),
    "blog/release-2-1/priya": ("waiting", {"edited", "new"}),
    "blog/release-2-1/zoe": ("waiting", {"edited"}),
    "blog/release-2-1/pete": ("held", set[str]()),
    "blog/release-2-1/carol": ("withdrawn", set[str]()),
    "blog/release-2-1/seo1": ("closed", set[str]()),
    "blog/release-2-1/yusuf": ("snoozed", set[str]()),
    "blog/kits/soren": ("promised", set[str]()),
    "blog/kits/dana": ("answered", set[str]()),
    "blog/paper/gone": ("closed", set[str]()),
    "forum/t41/mateus": ("waiting", {"answered by community", "new"}),
    "forum/t44/giorgos": ("unknown", set[str]()),
    "forum/t48/lin": ("answered", set[str]()),
    "forum/t49/arvid": ("waiting", set[str]()),
    "forum/t50/dev": ("waiting", set[str]()),
    "masto/s130/m-bea": ("waiting", {"send failed"}),
    "masto/s140/m-ravi": ("sending", {"unconfirmed", "new"}),
    "masto/s150/m-wanjiru": ("sending", {"new"}),
    "masto/s160/m-itzel": ("answered_privately", set[str]()),
    "matrix/!ama:harbour.example/@ama:coast.example": ("sending", {"unconfirmed", "new"}),
    "matrix/!noor:harbour.example/@noor:harbour.example": ("waiting", {"new"}),
    "insta/d-shop/ig-shop": ("held", set[str]()),
}


@pytest.mark.parametrize("now", STARTS)
def test_every_status_occurs_whenever_the_demo_is_started(now: int) -> None:
    """No weekday and no change of clocks takes a status away, so that a picture can be made on any day."""
    assert {ask.status for ask in asks(now).values()} == set(STATUSES)


@pytest.mark.parametrize("now", STARTS)
def test_who_stands_where_does_not_depend_on_the_day_of_the_start(now: int) -> None:
    """Statuses and badges are those of the usual start on every other day."""
    usual = {name: (ask.status, ask.badges) for name, ask in asks().items()}
    assert {name: (ask.status, ask.badges) for name, ask in asks(now).items()} == usual


def test_each_person_stands_where_the_walk_through_says() -> None:
    """The people whom docs/demo.md names have the status and the badges given there."""
    standing = asks()
    found = {name: (standing[name].status, set(standing[name].badges)) for name in EXPECTED}
    assert found == EXPECTED


def test_every_badge_occurs() -> None:
    """Each small word that can stand beside an ask stands beside at least one."""
    badges = Counter(badge for ask in asks().values() for badge in ask.badges)
    wanted = {"bot only", "new", "edited", "found late", "answered by community", "send failed", "unconfirmed"}
    assert set(badges) >= wanted


def test_backlog_overdue_claims_suggestions_and_a_closing_window_occur() -> None:
    """What the queue shows beside statuses and badges is there too."""
    everyone = asks()
    assert sum(ask.backlog and ask.status == "waiting" for ask in everyone.values()) == 6
    overdue = [ask for ask in everyone.values() if ask.due_at and ask.due_at < NOW and not ask.backlog]
    assert len(overdue) >= 8
    assert everyone["blog/release-2-1/hamid"].claimed_by == "jonas"
    reasons = {ask.suggestion.reason for ask in everyone.values() if ask.suggestion}
    assert {"no reply needed", "answered by community"} <= reasons
    kim = everyone["insta/d-kim/ig-kim"]
    assert kim.reply_until == NOW + 55 * MINUTE


def test_the_closing_window_comes_before_everything_that_is_only_overdue() -> None:
    """Kim, whose window ends in 55 minutes, stands right behind the troubled sends."""
    order = answer(demo.records(NOW), NOW)
    troubled = [ask for ask in order if ask.trouble]
    assert len(troubled) == 3
    assert order[: len(troubled)] == troubled
    assert order[len(troubled)].person == "ig-kim"


def test_an_edit_after_our_answer_waits_since_the_edit() -> None:
    """Priya added a question five hours ago to a comment that had been answered."""
    assert asks()["blog/release-2-1/priya"].waiting_since == NOW - 5 * HOUR


def test_a_promise_whose_date_has_come_waits_since_the_original_time() -> None:
    """Mateus was promised an answer until two hours ago, and has waited since he opened the topic."""
    assert asks()["forum/t41/mateus"].waiting_since == NOW - 3 * DAY - 8 * HOUR


def test_a_deleted_answer_of_ours_gives_back_the_original_wait() -> None:
    """Jonas deleted what he had told Olena, so she waits since her comment."""
    assert asks()["blog/release-2-1/olena"].waiting_since == NOW - DAY - 20 * HOUR


def test_a_snooze_that_the_person_ended_by_writing_no_longer_stands() -> None:
    """Devika was snoozed for two days and wrote again."""
    assert asks()["forum/t50/dev"].status == "waiting"


def test_the_same_person_asks_the_same_on_two_platforms() -> None:
    """Solveig has one handle and one question in two places, and waits in both."""
    twins = [message for message in messages().values() if message.author.handle == "@solveig@fjord.example"]
    assert {message.source for message in twins} == {"blog", "masto"}
    plain = {re.sub(r"<[^>]+>|@lanternfish ", "", message.text) for message in twins}
    assert len(plain) == 1
    standing = asks()
    assert standing["blog/kits/solveig"].status == standing["masto/s115/m-solveig"].status == "waiting"


def test_one_source_cannot_vouch_and_says_why() -> None:
    """The chat has not been seen for three hours, since its server answers 502."""
    looks = [record for record in everything() if isinstance(record, Coverage) and record.conversation is None]
    stale = [look for look in looks if to_instant(look.checked_at) < NOW - HOUR and look.source != "blog"]
    assert [(look.source, to_instant(look.checked_at)) for look in stale] == [("matrix", NOW - 3 * HOUR - 10 * MINUTE)]
    assert stale[0].gap is not None
    assert "502" in (stale[0].gap.why or "")


def test_the_hostile_specimen_is_hostile() -> None:
    """Escape sequences, markup, a link, a direction override and a bell stand in one text, and some in a display name."""
    evil = messages()["masto", "s120"]
    assert all(
        sign in evil.text for sign in ("\x1b[2J", "\x1b]0;", "\x07", "[@click=", "[/nonsense]", "\u202e", "\u200b")
    )
    assert all(sign in (evil.author.name or "") for sign in ("\x1b[31m", "\u202e", "[@click="))


def test_it_is_a_small_community_of_several_kinds() -> None:
    """Five sources, four kinds of conversation, people, pages and bots of ours, 150 to 250 messages, many scripts."""
    found = everything()
    assert len(messages()) in range(150, 251)
    kinds = {record.kind for record in found if isinstance(record, Conversation)}
    assert kinds == {"comments", "forum", "dm", "group_dm"}
    sources = [record for record in found if isinstance(record, Source)]
    assert [source.id for source in sources] == list(demo.SOURCES)
    assert {source.platform for source in sources} == set(demo.PLATFORMS)
    assert {source.answer for source in sources} == {"everyone", "opener", "addressed"}
    assert {us.kind for source in sources for us in source.identities or ()} == {"person", "page", "bot"}
    text = "".join(message.text for message in messages().values())
    for script in (
        "\u0430-\u044f",
        "\u3041-\u3093",
        "\uac00-\ud7a3",
        "\u0621-\u064a",
        "\u0995-\u09b9",
        "\u0c05-\u0c39",
    ):
        assert re.search(f"[{script}]", text), script


def test_no_address_in_it_can_exist() -> None:
    """Every address is under the top level domain that is reserved for examples (RFC 2606)."""
    text = msgspec.json.encode(everything()).decode()
    hosts = re.findall(r"https?://([^/\"\s\]<]+)", text)
    assert len(hosts) > 40
    assert {host for host in hosts if not host.endswith(".example")} == set()


def test_the_same_start_gives_the_same_records_and_a_later_one_moves_them() -> None:
    """Everything is relative to the start, taken to the whole second."""
    assert everything() == list(demo.records(NOW + SECOND - 1))
    first = next(record for record in demo.records(NOW + DAY) if isinstance(record, Message))
    usual = next(record for record in everything() if isinstance(record, Message))
    assert to_instant(first.created_at) - to_instant(usual.created_at) == DAY


def test_all_that_is_referred_to_is_there() -> None:
    """Parents, mentions, and what decisions, sends and reactions are about exist in the same source."""
    said = messages()
    people = {(message.source, message.author.id) for message in said.values()}
    people |= {(r.id, us.id) for r in everything() if isinstance(r, Source) for us in r.identities or ()}
    for record in everything():
        match record:
            case Message():
                assert record.parent is None or (record.source, record.parent) in said, record.id
                assert {(record.source, person) for person in record.mentions or ()} <= people, record.id
            case Decision():
                assert (record.source, record.through) in said, record.through
                assert (record.source, record.person) in people, record.person
            case Send():
                assert (record.source, record.through) in said, record.through
                assert record.reply_to is None or (record.source, record.reply_to) in said, record.reply_to
            case Reaction():
                assert (record.source, record.message) in said, record.message
            case _:
                pass


def test_nothing_was_said_or_done_in_the_future() -> None:
    """Only what is still to come lies ahead: reply windows, snoozes, promises."""
    for record in everything():
        for key in ("created_at", "edited_at", "state_at", "observed_at", "at", "checked_at", "opened_at"):
            moment = getattr(record, key, None)
            assert not isinstance(moment, datetime) or to_instant(moment) <= NOW, record


def test_a_message_is_later_than_its_parent() -> None:
    """The written times are those of a conversation."""
    said = messages()
    for message in said.values():
        if message.parent:
            assert message.created_at >= said[message.source, message.parent].created_at, message.id


def test_ids_of_decisions_and_sends_are_uuids_of_version_7_in_order_of_time() -> None:
    """They look as those that the product makes, and sort by time."""
    acts = [record for record in everything() if isinstance(record, Decision | Send)]
    assert len({act.id for act in acts}) == len(acts) > 15
    assert {uuid.UUID(act.id).version for act in acts} == {7}
    by_time = sorted(acts, key=lambda act: act.at)
    assert [act.at for act in sorted(acts, key=lambda act: act.id)] == [act.at for act in by_time]


def test_it_survives_the_exchange_format() -> None:
    """Written as exchange lines and read again, the demo is the same."""
    lines = [exchange.encode(record) for record in everything()]
    again = [exchange.encode(exchange.decode(line)) for line in lines]
    assert [json.loads(line) for line in again] == [json.loads(line) for line in lines]
    assert answer(map(exchange.decode, lines), NOW) == answer(everything(), NOW)


@pytest.mark.parametrize(("text", "micros"), [("-1d 2h", -26 * HOUR), ("+45s", 45 * SECOND), ("-2w", -14 * DAY)])
def test_a_relative_time_is_read_as_one_sum(text: str, micros: int) -> None:
    """One sign holds for all parts."""
    assert span(text) == micros


@pytest.mark.parametrize("text", ["1d", "-1d-2h", "-", "+5y", "2026-11-21T22:10:00Z"])
def test_what_is_no_relative_time_is_refused(text: str) -> None:
    """A slip in the data is found when it is read, not when it is shown."""
    with pytest.raises(ValueError, match="relative time"):
        span(text)


def test_a_stable_uuid_depends_on_label_and_time_only() -> None:
    """The same label at the same time is the same decision; another label is another one."""
    at = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
    assert stable_uuid("a", at) == stable_uuid("a", at)
    assert len({stable_uuid("a", at), stable_uuid("b", at), stable_uuid("a", at + 1)}) == 3


def test_the_walk_through_tells_the_truth() -> None:
    """Each row of the table in docs/demo.md names a person, a source and the status that this person has there."""
    page = Path(__file__).parents[2] / "docs" / "demo.md"
    rows = re.findall(r"^\| ([^|]+) \| (\w+) \| (\w+) \| [^|]+ \|$", page.read_text("utf-8"), re.MULTILINE)
    names = {(source, message.author.id): message.author.name for (source, _), message in messages().items()}
    standing: dict[tuple[str | None, str], set[str]] = {}
    for ask in asks().values():
        standing.setdefault((names[ask.source, ask.person], ask.source), set()).add(ask.status)
    told = [row for row in rows if row[0] != "who"]
    assert {status for _, _, status in told} == set(STATUSES)
    wrong = [row for row in told if row[2] not in standing.get((row[0], row[1]), set())]
    assert wrong == []
