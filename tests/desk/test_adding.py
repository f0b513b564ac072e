"""Adding a source without a screen: steps, errors, back, and nothing stored before the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modconsole.config.secrets import Secrets
from modconsole.connectors.base import Account
from modconsole.desk import adding, composing, sweep
from modconsole.desk.adding import Adding, WrongAnswers
from modconsole.desk.desk import Desk
from modconsole.domain.records import Source
from modconsole.errors import InputError, NotFound, SignInError, StoreError, Unreachable
from modconsole.store import marks, queue
from modconsole.store.ingest import ingest
from modconsole.sync import enroll
from modconsole.sync.engine import Engine
from tests.desk.conftest import Clock
from tests.tools import village as platform
from tests.tools.village import CODE, SECRET, Village


@pytest.fixture
def village(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Village:
    """A platform whose sign-in takes two steps, and secrets of a home of its own."""
    monkeypatch.setenv("MODCONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODCONSOLE_KEYRING", "off")
    return platform.register(monkeypatch.setattr)


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Desk:
    """A desk at a database that does not exist yet."""
    return Desk(tmp_path / "m.db", who="ann", clock=clock)


def signed(desk: Desk, **given: Any) -> Adding:
    """A flow whose questions are answered."""
    flow = Adding(desk, "village", **given)
    flow.answer({"server": "village.example"})
    flow.answer({"code": CODE})
    return flow


def stored(desk: Desk, tmp_path: Path) -> list[str]:
    """Everything that is on the disk."""
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())


def test_a_source_is_added_step_by_step_and_its_first_sync_is_asked_for(
    village: Village, desk: Desk, tmp_path: Path, clock: Clock
) -> None:
    """Until the last step there is neither a database nor a secret."""
    flow = Adding(desk, "village")
    assert flow.step is not None
    assert [each.name for each in flow.step.fields] == ["server", "scope"]
    flow.answer({"server": " village.example "})
    assert flow.step.url.startswith("https://village.example/oauth")
    assert flow.number == 2
    flow.answer({"code": CODE})
    assert flow.step is None
    found = flow.check()
    assert (found.known, found.account) == (False, village.account)
    assert stored(desk, tmp_path) == []
    added = flow.finish(flow.choices({"target-hours": "8", "us:us:2": "bot"}))
    assert (added.source, added.name, added.identity.id) == ("village.example", "The Village", "us:1")
    assert added.missing == village.account.missing
    record = marks.described(desk.db, "village.example")
    assert record is not None
    assert (record.target_hours, record.answer, record.url) == (8.0, "addressed", "https://village.example")
    assert [(each.id, each.kind) for each in record.identities or []] == [("us:1", None), ("us:2", "bot")]
    account = marks.account(desk.db, "village.example")
    assert account is not None
    assert account.settings == {
        "server": "village.example",
        "scope": "read and write",
        "identity": "us:1",
        "missing": list(village.account.missing),
    }
    assert Secrets().get("village.example") == SECRET
    assert SECRET.encode() not in desk.path.read_bytes()
    assert marks.asked_for(desk.db) == {("village.example", False): 1}


def test_what_was_written_before_is_backlog(village: Village, desk: Desk, clock: Clock) -> None:
    """Since the moment of adding, in whole seconds as platforms tell them; or since when somebody says."""
    flow = signed(desk)
    found = flow.check()
    assert found.record.connected_at is not None
    assert int(found.record.connected_at.timestamp()) * 1_000_000 == clock.now
    assert flow.choices({"backlog": "none"}).connected_at is None


def test_the_composer_knows_as_whom_a_reply_goes_out(village: Village, desk: Desk) -> None:
    """Of several people who are us, the one who signed in."""
    flow = signed(desk)
    flow.check()
    flow.finish(flow.choices({"us:us:3": "person"}))
    engine = Engine(desk.path, "test", clock=desk.clock, secrets=sweep.credentials_of)
    assert [result.outcome for result in engine.run_once()] == ["ok"]
    (ask,) = queue.page(desk.db, desk.now(), 10)
    assert composing.begin(desk, ask).identities == ["Acme Team"]


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({}, {"server": "This is needed."}),
        ({"server": "  "}, {"server": "This is needed."}),
        ({"server": "a.example", "scope": "everything"}, {"scope": "One of: read, read and write."}),
        (
            {"server": "a\x1b[2J.example"},
            {"server": "There are characters in this that cannot be seen: copy it again."},
        ),
        ({"server": "a" * 10_001}, {"server": "This is too long: 10,001 characters."}),
    ],
)
def test_answers_that_cannot_be_right_are_named_by_their_fields(
    village: Village, desk: Desk, answers: dict[str, str], wrong: dict[str, str]
) -> None:
    """Before the platform is asked anything."""
    flow = Adding(desk, "village")
    with pytest.raises(WrongAnswers) as caught:
        flow.answer(answers)
    assert caught.value.fields == wrong
    assert (flow.number, village.begun) == (1, 1)


def test_an_answer_that_the_platform_refuses_asks_the_same_step_again(village: Village, desk: Desk) -> None:
    """With an address of its own, since the platform's sign-in began anew."""
    flow = Adding(desk, "village")
    with pytest.raises(InputError, match="is no server"):
        flow.answer({"server": "village"})
    assert flow.number == 1
    flow.answer({"server": "village.example"})
    assert flow.step is not None
    before = flow.step.url
    with pytest.raises(SignInError, match="does not take this code"):
        flow.answer({"code": "wrong"})
    assert flow.step is not None
    assert flow.number == 2
    assert flow.step.url != before
    flow.answer({"code": CODE})
    assert flow.step is None


def test_one_can_go_back_from_every_step(village: Village, desk: Desk) -> None:
    """What was answered stands there, but for secrets; before the first step there is nothing."""
    flow = signed(desk)
    flow.check()
    assert flow.back()
    assert (flow.number, flow.found) == (2, None)
    assert flow.back()
    assert flow.step is not None
    assert flow.preset(flow.step.fields[0]) == "village.example"
    assert not flow.back()
    assert flow.number == 1


def test_going_back_where_the_platform_no_longer_takes_an_answer_stops_at_that_step(
    village: Village, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked again, instead of failing."""
    flow = signed(desk)
    refused = False

    def sign_in(clock: Any) -> Any:
        nonlocal refused
        asked = Village.sign_in(village, clock)
        answers = yield next(asked)
        refused = True
        raise Unreachable(f"{answers['server']} does not answer.")

    monkeypatch.setattr(village, "sign_in", sign_in)
    assert flow.back()
    assert (flow.number, refused) == (1, True)


def test_a_connector_that_fails_by_itself_is_told_as_that(
    village: Village, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as a crash of ours, and with none of its own words, which may hold a secret."""

    def sign_in(clock: Any) -> Any:
        asked = Village.sign_in(village, clock)
        yield next(asked)
        raise KeyError("token=abc")

    monkeypatch.setattr(village, "sign_in", sign_in)
    flow = Adding(desk, "village")
    with pytest.raises(InputError, match="nobody foresaw") as caught:
        flow.answer({"server": "village.example"})
    assert "abc" not in str(caught.value)
    assert flow.number == 1


def test_leaving_at_any_point_leaves_nothing(village: Village, desk: Desk, tmp_path: Path) -> None:
    """No database, no secret."""
    for answered in range(3):
        flow = Adding(desk, "village")
        for answers in ({"server": "village.example"}, {"code": CODE})[:answered]:
            flow.answer(answers)
        if flow.step is None:
            flow.check()
        flow.cancel()
    assert stored(desk, tmp_path) == []


def test_a_secret_that_was_renewed_on_the_way_is_the_one_that_is_kept(village: Village, desk: Desk) -> None:
    """The one before was spent."""
    village.renews = "a-newer-token"
    flow = signed(desk)
    flow.check()
    flow.finish(flow.choices({}))
    assert Secrets().get("village.example") == "a-newer-token"


def test_signing_in_again_keeps_everything_else(village: Village, desk: Desk, clock: Clock) -> None:
    """Settings, identities, backlog, what somebody set by hand, and where the sync goes on."""
    flow = signed(desk)
    flow.check()
    flow.finish(flow.choices({"name": "Our village", "hours": "Mon-Fri 9-17 UTC", "us:us:2": "bot", "source": "v"}))
    before = marks.described(desk.db, "v")
    assert before is not None
    account = marks.account(desk.db, "v")
    assert account is not None
    marks.save_account(desk.db, "v", "village", {**account.settings, "interval": 5, "scope": "read"})
    marks.store_page(desk.db, "v", [], {"at": 7}, clock.now)
    clock.set("15:00")
    again = adding.again(desk, "v")
    assert again.step is not None
    assert [again.preset(field) for field in again.step.fields] == ["village.example", "read"]
    again.answer({"server": "village.example"})
    again.answer({"code": CODE})
    found = again.check()
    assert (found.known, found.was, found.record.id) == (True, "", "v")
    added = again.finish(again.choices({}))
    assert added.renewed
    after = marks.described(desk.db, "v")
    assert after is not None
    for name in ("name", "hours", "connected_at", "identities", "answer", "target_hours"):
        assert getattr(after, name) == getattr(before, name), name
    settings = marks.account(desk.db, "v")
    assert settings is not None
    assert (settings.settings["interval"], settings.settings["scope"]) == (5, "read and write")
    assert marks.position(desk.db, "v") == {"at": 7}


def test_signing_in_as_somebody_else_is_said_and_both_are_us(village: Village, desk: Desk) -> None:
    """Replies go out under the new one from now on."""
    flow = signed(desk)
    flow.check()
    flow.finish(flow.choices({"source": "v"}))
    village.account = Account(id="us:9", name="Nia")
    again = signed(desk, source="v")
    assert again.check().was == "us:1"
    again.finish(again.choices({}))
    record = marks.described(desk.db, "v")
    assert record is not None
    assert {each.id for each in record.identities or []} == {"us:1", "us:9"}
    account = marks.account(desk.db, "v")
    assert account is not None
    assert account.settings["identity"] == "us:9"


def test_a_second_account_on_the_same_host_gets_a_name_of_its_own(village: Village, desk: Desk) -> None:
    """The same account is the place that is here already; a name that is taken is refused."""
    flow = signed(desk)
    flow.check()
    flow.finish(flow.choices({}))
    same = signed(desk)
    assert (same.check().known, same.check().record.id) == (True, "village.example")
    village.account = Account(id="us:9", name="Nia")
    other = signed(desk)
    assert (other.check().known, other.check().record.id) == (False, "village.example-2")
    with pytest.raises(WrongAnswers, match="There is a source of this name already"):
        other.choices({"source": "village.example"})


def test_a_source_that_was_imported_can_be_signed_in_to(village: Village, desk: Desk) -> None:
    """What was imported stays, and is synced from now on."""
    ingest(desk.db, [Source(id="old", platform="village", target_hours=3.0)], desk.now())
    flow = adding.again(desk, "old")
    flow.answer({"server": "village.example"})
    flow.answer({"code": CODE})
    assert flow.check().known
    flow.finish(flow.choices({}))
    record = marks.described(desk.db, "old")
    assert record is not None
    assert (record.target_hours, [each.id for each in record.identities or []]) == (3.0, ["us:1"])
    assert marks.has_account(desk.db, "old")
    with pytest.raises(NotFound):
        adding.again(desk, "nowhere")


def test_where_the_source_cannot_be_stored_the_secret_is_as_it_was(
    village: Village, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gone where there was none, the old one where there was."""

    def fails(*_: Any) -> None:
        raise StoreError("The disk is full.")

    flow = signed(desk)
    flow.check()
    with monkeypatch.context() as broken:
        broken.setattr(enroll, "store", fails)
        with pytest.raises(StoreError):
            flow.finish(flow.choices({}))
    assert Secrets().get("village.example") is None
    flow.finish(flow.choices({}))
    village.renews = "a-newer-token"
    again = signed(desk)
    again.check()
    monkeypatch.setattr(enroll, "store", fails)
    with pytest.raises(StoreError):
        again.finish(again.choices({}))
    assert Secrets().get("village.example") == SECRET


def test_nothing_can_be_stored_that_was_not_verified(village: Village, desk: Desk) -> None:
    """Neither before the questions are answered, nor before the platform has said who we are."""
    with pytest.raises(InputError, match="not complete"):
        Adding(desk, "village").check()
    flow = signed(desk)
    with pytest.raises(InputError, match="not been verified"):
        flow.finish(Source(id="x", platform="village"))


def test_every_platform_says_what_it_asks_first_without_being_asked(village: Village) -> None:
    """Also those that we bring: what a form shows needs no network."""
    for info in adding.platforms():
        step = adding.first_step(info.name)
        assert step is not None, info.name
        assert step.title
        assert step.fields, info.name
    assert "village" in [info.name for info in adding.platforms()]
