"""Platforms and their connectors, a new source, and the demo through the engine."""

from __future__ import annotations

import uuid
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from modconsole.connectors import demo
from modconsole.connectors.base import Account
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Send
from modconsole.domain.times import HOUR, SECOND, to_datetime
from modconsole.errors import InputError, SignInError
from modconsole.store import lists, marks, outbox, places, queue
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.marks import AccountRow
from modconsole.store.verify import verify
from modconsole.sync import registry
from modconsole.sync.engine import Engine
from modconsole.sync.enroll import check, enroll
from tests.sync import myspace, platforms
from tests.sync.desk import Bench
from tests.sync.double import US, Double


def account(platform: str) -> AccountRow:
    return AccountRow(source="s", platform=platform, settings={}, paused=False)


def test_ours_are_known_and_an_unknown_one_is_answered_with_the_names() -> None:
    """A platform that nobody brings is named, and so are those that there are."""
    assert registry.info("wordpress").secret
    assert not registry.info("demo-blog").secret
    with pytest.raises(InputError, match=r"'myspace'.*wordpress"):
        registry.info("myspace")
    with pytest.raises(InputError):
        registry.open_connector(account("myspace"), Credentials(""), lambda: 0)


def added(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> None:
    """Let packages with these entry points be installed."""
    found = [EntryPoint(name, value, registry.GROUP) for name, value in entries]
    monkeypatch.setattr(registry, "entry_points", lambda **params: EntryPoints(found).select(**params))


def test_an_entry_point_adds_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed beside us, it is there; what it cannot do is take the place of one of ours."""
    added(monkeypatch, ("myspace", "tests.sync.myspace"), ("wordpress", "tests.sync.myspace"))
    assert registry.names() == [*registry.BUILT_IN, "myspace"]
    opened = registry.open_connector(account("myspace"), Credentials("right"), lambda: 0)
    assert isinstance(opened, Double)
    assert "Myspace" in [info.title for info in registry.infos()]
    with pytest.raises(InputError, match="url"):
        registry.open_connector(account("wordpress"), Credentials("right"), lambda: 0)


@pytest.mark.parametrize(
    ("value", "said"), [("tests.sync.nowhere", "could not be loaded"), ("tests.sync.desk", "lacks PLATFORM, connect")]
)
def test_an_entry_point_that_leads_nowhere_is_told_and_left_out(
    monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    """Somebody else's broken package stops its own platform, and no list of platforms."""
    added(monkeypatch, ("broken", value))
    with pytest.raises(InputError, match=said):
        registry.info("broken")
    assert [info.name for info in registry.infos()] == list(registry.BUILT_IN)


def test_a_sign_in_is_verified_before_anything_is_stored(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who we are comes from the platform; a wrong one says so."""
    platforms.add(monkeypatch, "double", myspace.connect)
    with pytest.raises(SignInError):
        check("new", "double", {}, Credentials("wrong"), bench.place.clock)
    assert check("new", "double", {}, Credentials("right"), bench.place.clock) == Account(id=US, name="Us")


def test_enrolling_again_keeps_what_was_set(bench: Bench) -> None:
    """Since when it is ours, its target and its other identities stay; the account's name is written down once."""
    us = Account(id="user:1", name="Ann", handle="ann", site_name="Blog", site_url="https://blog.example")
    first = enroll(bench.db, "blog", "wordpress", {"url": "a"}, us, bench.place.now, target_hours=4)
    other = Account(id="user:2", name="Bob", site_name="The Blog", site_url="https://blog.example")
    again = enroll(bench.db, "blog", "wordpress", {"url": "b"}, other, bench.place.now + HOUR)
    assert (again.connected_at, again.target_hours, again.name) == (first.connected_at, 4, "The Blog")
    assert [identity.id for identity in again.identities or []] == ["user:2", "user:1"]
    found = {row.source: row.settings for row in marks.accounts(bench.db)}
    assert found["blog"] == {"url": "b"}


class Demo:
    """The demo's sources in a database, with a clock that a test moves."""

    def __init__(self, path: Path) -> None:
        self.now = 1_795_299_000 * SECOND
        self.path = path
        self.db = Db(path)
        ingest(self.db, demo.records(self.now), self.now)
        for source in demo.SOURCES:
            marks.save_account(self.db, source, f"demo-{source}", {"start": self.now})
        self.engine = self.begin()

    def begin(self) -> Engine:
        """The program, started anew."""
        return Engine(self.path, "demo", clock=lambda: self.now, secrets=lambda _: pytest.fail("there is no secret"))

    def sync(self) -> dict[str, str]:
        """All sources once, by an engine that remembers nothing."""
        self.now += SECOND
        results = {result.source: result.error for result in self.begin().run_once()}
        assert verify(self.db, self.now) == []
        return results

    def reply(self, source: str, to: str, text: str) -> str:
        found = lists.message(self.db, source, to)
        assert found is not None
        send = Send(
            id=str(uuid.uuid4()),
            at=to_datetime(self.now),
            by="mod",
            source=source,
            conversation=found.message.conversation,
            through=to,
            text=text,
            state="queued",
            reply_to=to,
        )
        outbox.queue(self.db, send, self.now, self.now)
        return send.id

    def state(self, ident: str) -> str:
        row = outbox.get(self.db, ident)
        assert row is not None
        return str(row.state)


def test_the_demo_lives_through_the_engine(tmp_path: Path) -> None:
    """The feed comes in, a reply is confirmed and survives a restart, and the source that is down says so until it is up."""
    play = Demo(tmp_path / "demo.db")
    first = play.sync()
    assert "502" in first.pop("matrix")
    assert set(first.values()) == {""}
    before = play.db.value("select count(*) from message")
    play.now += 60 * SECOND
    play.sync()
    assert play.db.value("select count(*) from message") > before
    ask = next(row for row in queue.page(play.db, play.now, 100) if row.source == "blog" and row.status == "waiting")
    send = play.reply("blog", ask.latest, "Thank you for asking.")
    play.sync()
    assert play.state(send) == "confirmed"
    answered = queue.one(play.db, play.now, ask.source, ask.conversation, ask.thread, ask.person)
    assert answered is not None
    assert answered.status == "answered"
    play.now += 400 * SECOND
    assert set(play.sync().values()) == {""}
    sources = {row.id: row for row in places.sources(play.db)}
    assert all(row.checked_at is not None and row.checked_at > play.now - SECOND for row in sources.values())
    assert sources["matrix"].gap is None
    again = play.reply("blog", ask.latest, "And once more.")
    play.sync()
    assert play.state(again) == "confirmed"
    rows = {outbox.get(play.db, ident).message for ident in (send, again)}  # type: ignore[union-attr]
    assert len(rows) == 2
    play.db.close()
