"""What a source can vouch for, in full: gaps with their reasons and since when, what was set aside, and asking again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modconsole.connectors.base import Account
from modconsole.desk import adding, covering, documents, explain, sources, views
from modconsole.desk.desk import Desk
from modconsole.domain.records import Coverage, Gap, Identity
from modconsole.errors import NotFound
from modconsole.store import marks
from modconsole.store.ingest import ingest
from tests.desk.conftest import Clock
from tests.scenarios.story import Story, moment, when
from tests.tools import village as platform
from tests.tools.village import CODE


def look(at: str, why: str | None = None, conversation: str | None = None, **gap: str) -> Coverage:
    """A look at the blog, with a gap if there is a reason."""
    stretch = {name: moment(each) for name, each in gap.items()}
    return Coverage(
        source="blog",
        checked_at=moment(at),
        complete_through=moment(at),
        conversation=conversation,
        gap=Gap(why=why, **stretch) if why is not None else None,
    )


@pytest.fixture
def desk(sit: Callable[..., Desk]) -> Desk:
    """A post with a question."""
    return sit(Story().message("m1", "ann", "9:00").reply("r1", "9:30", under="m1"))


def told(desk: Desk, *looks: Coverage) -> covering.Detail:
    ingest(desk.db, list(looks), desk.now())
    return covering.detail(desk, "blog")


def test_each_reason_of_a_gap_stands_since_the_first_look_that_had_it(desk: Desk) -> None:
    """Several reasons of one look are told apart, whenever each began."""
    found = told(
        desk,
        look("9:00", "no right to see held comments"),
        look("9:10"),
        look("9:20", "no right to see held comments"),
        look("9:30", "no right to see held comments; 2 items could not be read"),
        look("9:40", "no right to see held comments; 2 items could not be read"),
    )
    assert [(gap.why, gap.since) for gap in found.gaps] == [
        ("no right to see held comments", when("9:20")),
        ("2 items could not be read", when("9:30")),
    ]


def test_a_look_without_a_gap_heals(desk: Desk) -> None:
    """The source's, and one conversation's, each for itself."""
    found = told(desk, look("9:00", "down", since="8:00", until="8:50"), look("9:05", "truncated", "post"))
    assert [(gap.begins, gap.ends) for gap in found.gaps] == [(when("8:00"), when("8:50"))]
    assert [(gap.conversation, gap.why, gap.since) for gap in found.conversations] == [
        ("post", "truncated", when("9:05"))
    ]
    found = told(desk, look("9:10"))
    assert (found.gaps, len(found.conversations)) == ([], 1)
    found = told(desk, look("9:20", None, "post"))
    assert (found.conversations, found.state.source.gaps) == ([], 0)


def test_of_many_gaps_a_part_is_listed_and_all_are_counted(desk: Desk) -> None:
    """The ones found last first."""
    ingest(desk.db, [look(f"9:{minute}", "truncated", f"t{minute}") for minute in range(10, 40)], desk.now())
    found = covering.detail(desk, "blog", listed=5)
    assert [gap.conversation for gap in found.conversations] == ["t39", "t38", "t37", "t36", "t35"]
    assert found.state.source.gaps == 30


def test_a_gap_of_a_conversation_is_told_with_it_and_with_every_proof(desk: Desk) -> None:
    """Whoever reads the conversation, or asks why, hears that not all of it is there."""
    ingest(desk.db, [look("9:40", "the server shows 40 of 90 replies", "post")], desk.now())
    seen = views.conversation(desk, "blog", "post").gap
    assert seen is not None
    assert (seen.why, seen.since) == ("the server shows 40 of 90 replies", when("9:40"))
    explained = explain.explain(desk, "blog", "m1")
    assert explained.gap == seen
    _, document = documents.why(desk, "blog", "m1")
    assert document["gap"]["why"] == seen.why
    assert document["status"] == "unknown"
    ingest(desk.db, [look("9:50", None, "post")], desk.now())
    assert views.conversation(desk, "blog", "post").gap is None
    assert documents.why(desk, "blog", "m1")[1]["gap"] is None


def test_the_answer_to_who_waits_carries_every_gap_with_its_reason(desk: Desk) -> None:
    """Watermark, last full walk, and how long the platform wants to be left alone."""
    ingest(desk.db, [look("9:40", "filtered by you"), look("9:41", "truncated", "post")], desk.now())
    marks.synced(desk.db, "blog", when("9:40"), when("9:42"), walked=True)
    marks.failed(desk.db, "blog", when("9:45"), "too many requests", "", when("9:55"))
    (found,) = documents.waiting_head(documents.waiting(desk))["coverage"]
    assert [(gap["conversation"], gap["why"]) for gap in found["gaps"]] == [
        (None, "filtered by you"),
        ("post", "truncated"),
    ]
    assert found["last_full_walk"] == "2026-03-02T09:40:00Z"
    assert found["rate_limited_until"] == "2026-03-02T09:55:00Z"
    assert (found["complete_through"], found["conversation_gaps"]) == ("2026-03-02T09:40:00Z", 1)
    marks.synced(desk.db, "blog", when("9:56"), when("9:56"), walked=False)
    (found,) = documents.waiting_head(documents.waiting(desk))["coverage"]
    assert found["rate_limited_until"] is None


def test_what_was_set_aside_is_listed_and_can_be_read(desk: Desk) -> None:
    """With why, since when, and how much it is; only by its own source's name."""
    marks.poison(desk.db, "blog", when("9:50"), "it has no author", b'{"id": 7, "text": "\xff"}')
    (item,) = covering.detail(desk, "blog").set_aside
    assert (item.why, item.at, item.size) == ("it has no author", when("9:50"), 22)
    assert covering.payload(desk, "blog", item.ident) == '{"id": 7, "text": "\ufffd"}'
    with pytest.raises(NotFound):
        covering.payload(desk, "forum", item.ident)


def test_how_much_there_is_of_a_source(desk: Desk) -> None:
    """Messages of every state, people, and what somebody must decide about."""
    ingest(desk.db, Story().message("m2", "bob", "9:50", state="held").records, desk.now())
    holds = covering.detail(desk, "blog").holdings
    assert (holds.messages, holds.conversations, holds.people, holds.held) == (3, 1, 3, 1)


def test_the_platform_can_be_asked_again_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    """A right that was given since is no longer missing, and one that was taken away is."""
    monkeypatch.setenv("MODCONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODCONSOLE_KEYRING", "off")
    village = platform.register(monkeypatch.setattr)
    desk = Desk(tmp_path / "m.db", clock=clock)
    flow = adding.Adding(desk, "village")
    flow.answer({"server": "village.example"})
    flow.answer({"code": CODE})
    flow.check()
    flow.finish(flow.choices({"source": "v"}))
    assert covering.detail(desk, "v").missing == list(village.account.missing)
    village.account = Account(id="us:1", name="Acme", missing=("moderate: nothing can be hidden",))
    assert covering.check(desk, "v") == ["moderate: nothing can be hidden"]
    assert covering.detail(desk, "v").missing == ["moderate: nothing can be hidden"]
    assert covering.detail(desk, "v").identity == "us:1"
    with pytest.raises(NotFound):
        covering.check(desk, "nowhere")


def test_a_change_of_the_target_shows_whose_time_it_moves_and_moves_it(desk: Desk) -> None:
    """Only of asks that are open: who waits is the same, so it is told apart from what matters more."""
    ingest(desk.db, Story().message("m2", "bob", "11:00").records, desk.now())
    planned = sources.changed(desk, "blog", {"target-hours": "2"})
    (change,) = planned.changes
    assert change.before is not None
    assert change.after is not None
    assert (change.person, change.later) == ("bob", True)
    assert (change.before.due_at, change.after.due_at) == (when("11:00") + 24 * 3600 * 10**6, when("13:00"))
    assert sources.described(desk, "blog").target_hours is None
    sources.carry_out(desk, planned)
    assert sources.described(desk, "blog").target_hours == 2


def test_a_change_of_who_is_us_shows_who_would_no_longer_wait(desk: Desk) -> None:
    """By the very code that would change it; the backlog's beginning is shown too."""
    ingest(desk.db, Story().message("m2", "bob", "11:00").message("h", "zoe", "11:10", under="m2").records, desk.now())
    offered = {each.name for each in sources.questions(desk, "blog")}
    assert {"name", "others", "backlog", "target-hours", "hours", "answer", "fresh-within"} <= offered
    assert "source" not in offered
    planned = sources.changed(desk, "blog", {"others": "zoe"})
    stands = {
        each.person: (each.before and each.before.status, each.after and each.after.status) for each in planned.changes
    }
    assert stands == {"bob": ("waiting", "answered"), "zoe": ("waiting", None)}
    assert all(not each.later for each in planned.changes)
    backlog = sources.changed(desk, "blog", {"backlog": "2026-03-02T11:05:00Z"})
    assert [(each.person, each.later) for each in backlog.changes] == [("bob", True)]
    assert sources.with_identity(planned.record, Identity(id="zoe")).identities is not None


def test_of_looks_that_say_the_same_the_first_and_the_last_are_kept(desk: Desk) -> None:
    """A thread that is read every minute would else fill the database; what stands, and since when, is the same."""

    def synced(*looks: Coverage) -> list[tuple[int, str | None]]:
        for each in looks:
            marks.store_page(desk.db, "blog", [each], {}, desk.now())
        return [
            (row[0], row[1])
            for row in desk.db.rows("select checked_at, gap_why from coverage where conversation = 'post' order by 1")
        ]

    minutes = [look(f"9:{minute}", "truncated", "post") for minute in range(10, 30)]
    assert synced(*minutes) == [(when("9:10"), "truncated"), (when("9:29"), "truncated")]
    found = covering.detail(desk, "blog")
    assert [(gap.why, gap.since) for gap in found.conversations] == [("truncated", when("9:10"))]
    healed = [look(f"9:{minute}", None, "post") for minute in range(30, 40)]
    again = [look(f"9:{minute}", "hidden", "post") for minute in range(40, 50)]
    assert synced(*healed, *again) == [
        (when("9:10"), "truncated"),
        (when("9:29"), "truncated"),
        (when("9:30"), None),
        (when("9:39"), None),
        (when("9:40"), "hidden"),
        (when("9:49"), "hidden"),
    ]
    found = covering.detail(desk, "blog")
    assert [(gap.why, gap.since) for gap in found.conversations] == [("hidden", when("9:40"))]


def test_a_look_that_says_nothing_new_leaves_the_asks_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of threads are read in a minute: only those of which something else is known are judged again."""
    from modconsole.store import ingest as module

    touched: list[set[int]] = []
    real = vars(module)["refresh"]

    def refresh(db: object, conversations: set[int], now: int) -> int:
        touched.append(set(conversations))
        return int(real(db, conversations, now))

    monkeypatch.setattr(module, "refresh", refresh)
    for at, why in (("9:40", "truncated"), ("9:41", "truncated"), ("9:42", None), ("9:43", None), ("9:44", "hidden")):
        ingest(desk.db, [look(at, why, "post")], desk.now())
    assert [bool(each) for each in touched] == [True, False, True, False, True]
    assert documents.why(desk, "blog", "m1")[1]["status"] == "unknown"
