"""Whatever is killed wherever: every reply is on the platform exactly once, or its row says where it stands; nothing is lost."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modconsole.domain.waiting import derive
from modconsole.errors import RateLimited, Unreachable
from modconsole.store import outbox
from modconsole.store.cases import Loader
from tests.sync.desk import Bench
from tests.sync.double import SOURCE, US, Killed, lost

_TROUBLE: dict[str, list[object]] = {
    "send": [Killed(), ("after", Killed()), lost(applied=True), lost(applied=False), Unreachable("Down."), None],
    "find": [Killed(), Unreachable("Down."), None],
    "read": [Killed(), Unreachable("Down."), RateLimited("Slow."), None],
    "page": [Killed(), Unreachable("Down."), None],
}

_step = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(["ann", "bob"])),
    st.tuples(st.just("reply"), st.sampled_from(["Yes.", "No.", "See you."])),
    st.tuples(st.just("edit"), st.just("")),
    st.tuples(st.just("turn"), st.sampled_from(["", "full"])),
    st.tuples(st.just("wait"), st.sampled_from(["1", "20", "100"])),
    st.tuples(st.just("hide"), st.just("")),
    st.sampled_from([("trouble", f"{call} {n}") for call, every in _TROUBLE.items() for n in range(len(every))]),
)


def _do(bench: Bench, what: str, how: str, asked: list[str], replies: dict[str, str]) -> None:
    place = bench.place
    if what == "write":
        asked.append(place.write(f"Question {len(asked)} of {how}", by=how))
    elif what == "reply" and asked:
        stored = [i for i in asked if bench.db.value("select 1 from message where native = ?", (i,))]
        if stored:
            replies[bench.reply(stored[-1], how)] = how
    elif what == "edit" and asked:
        place.edit(asked[0], f"Another question altogether, number {place.now}")
    elif what == "turn":
        try:
            bench.turn(full=how == "full")
        except Killed:
            bench.check()
    elif what == "wait":
        place.tick(float(how))
    elif what == "hide":
        place.hides = not place.hides
    elif what == "trouble":
        call, n = how.split()
        place.trouble.setdefault(call, []).append(_TROUBLE[call][int(n)])


def _there(bench: Bench, replies: dict[str, str]) -> None:
    """What holds at any moment: no reply is there more often than it was written, and no two rows claim one message."""
    written = Counter((bench.send(i).reply_to, text) for i, text in replies.items())
    there = Counter((m.parent, m.text) for m in bench.place.messages.values() if m.author.id == US)
    assert all(there[key] <= written[key] for key in there), (there, written)
    claimed = [row.message for i in replies if (row := bench.send(i)).message is not None]
    assert len(claimed) == len(set(claimed))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_step, max_size=40))
def test_every_reply_is_there_exactly_once_in_the_end(steps: list[tuple[str, str]]) -> None:
    """Kills, lost answers, outages and invisible replies in any order; once the trouble is over, everything is in its place."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "m.db", per_page=2)
        asked: list[str] = []
        replies: dict[str, str] = {}
        try:
            for what, how in steps:
                _do(bench, what, how, asked, replies)
                _there(bench, replies)
            bench.place.trouble.clear()
            bench.place.hides = False
            for _ in range(12):
                bench.place.now = max(bench.place.tick(1), outbox.next_due(bench.db) or 0)
                bench.turn()
            bench.turn(full=True)
            _settled(bench, asked, replies)
        finally:
            bench.close()


def _settled(bench: Bench, asked: list[str], replies: dict[str, str]) -> None:
    place = bench.place
    for ident, text in replies.items():
        row = bench.send(ident)
        if row.state == "failed":  # the platform had it and hid it for an hour: a person was told
            assert row.trouble
            assert row.message is not None
        else:
            assert row.state == "confirmed", row
            assert place.messages[row.message or ""].text == text
    written = Counter((bench.send(i).reply_to, text) for i, text in replies.items())
    there = Counter((m.parent, m.text) for m in place.messages.values() if m.author.id == US)
    assert there == written
    stored = {row[0] for row in bench.db.rows("select native from message")}
    assert stored == set(place.messages)
    for native in asked:
        assert bench.text(native) == place.messages[native].text


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 11), min_size=1, max_size=30), st.integers(1, 5))
def test_pages_twice_and_in_any_order_come_to_the_same(order: list[int], per_page: int) -> None:
    """A platform whose feed repeats and shuffles itself: the answer is the one of the orderly feed."""
    answers = []
    for shuffled in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder) / "m.db", per_page=per_page)
            try:
                parent: str | None = None
                for n in range(12):
                    parent = bench.place.write(f"Number {n}", by=US if n % 5 == 4 else f"p{n % 3}", parent=parent)
                if shuffled:
                    bench.place.order = [f"m{n + 1}" for n in (*order, *range(11, -1, -1), *order)]
                bench.place.now = 1_700_001_000_000_000
                bench.turn()
                case = Loader(bench.db).case(1).case
                answers.append([(a.person, a.status, a.waiting_since) for a in derive(case, bench.place.now).asks])
                assert bench.db.value("select count(*) from message") == 12
            finally:
                bench.close()
    assert answers[0] == answers[1]
    assert SOURCE
