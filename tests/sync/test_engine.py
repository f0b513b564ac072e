"""The engine: who syncs, whose turn it is, and what wakes it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from threading import Event as Flag
from typing import Any

import pytest

from modconsole.connectors.base import Connector, Known, Page
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Source
from modconsole.errors import NotFound, RateLimited, SignInError, Unreachable
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.marks import AccountRow
from modconsole.sync.engine import Engine
from modconsole.sync.lease import NAME, Lease
from modconsole.sync.reports import Event, Finished, Holder, Result
from tests.sync import platforms
from tests.sync.desk import Bench
from tests.sync.double import SOURCE, Double


def until(true: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Poll until it is true; fails with the words of `what`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


class World:
    """A bench whose engine opens doubles, and the time that passes only when a test says so."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.events: list[Event] = []
        self.opened: list[Double] = []
        self.secret: Callable[[AccountRow], Credentials] = lambda _: Credentials("secret")
        self.threads: list[tuple[threading.Thread, Flag]] = []
        self.looks = 0

    def engine(self, label: str = "one", **options: Any) -> Engine:
        """An engine over the bench's database."""
        return Engine(
            self.bench.path,
            label,
            clock=self.bench.place.clock,
            secrets=lambda account: self.secret(account),
            listener=self.events.append,
            opener=options.pop("opener", self.open),
            wait=options.pop("wait", self._wait),
            tick=0.005,
            **options,
        )

    def open(self, account: AccountRow, credentials: Credentials, clock: object) -> Connector:
        self.opened.append(Double(self.bench.place))
        return self.opened[-1]

    def watch(self, engine: Engine) -> Flag:
        """Let an engine watch in a thread of its own; gives the flag that ends it."""
        stop = Flag()
        thread = threading.Thread(target=engine.watch, args=(stop,), daemon=True)
        thread.start()
        self.threads.append((thread, stop))
        return stop

    def _wait(self, flag: Flag, seconds: float) -> None:
        self.looks += 1
        flag.wait(seconds)

    def looks_again(self) -> None:
        """Give the engines time to do what they should not: until they have looked at what is due several times more."""
        enough = self.looks + 6
        until(lambda: self.looks >= enough, "the engines go round")

    def finished(self) -> list[Result]:
        """The results of all turns so far."""
        return [event.result for event in list(self.events) if isinstance(event, Finished)]

    def wait_turns(self, n: int) -> None:
        until(lambda: len(self.finished()) >= n, f"{n} turns, there were {len(self.finished())}")

    def end(self) -> None:
        for thread, stop in self.threads:
            stop.set()
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """The double is a platform with a secret and the usual times."""
    platforms.add(monkeypatch, "double", lambda *_, **__: pytest.fail("the opener is given"))


@pytest.fixture
def world(bench: Bench) -> Iterator[World]:
    """Everything, ended at the end."""
    made = World(bench)
    yield made
    made.end()
    bench.check()


def add_source(bench: Bench, name: str) -> None:
    """Another source that is synced."""
    ingest(bench.db, [Source(id=name, platform="double")], bench.place.now)
    marks.save_account(bench.db, name, "double", {})


# ---------------------------------------------------------------------- once


def test_one_turn_of_every_source(world: World) -> None:
    """Results by name; the lease is free afterwards."""
    world.bench.place.write("Hello?")
    (result,) = world.engine().run_once()
    assert (result.source, result.outcome, result.full) == (SOURCE, "ok", True)
    assert world.bench.status() == "waiting"
    assert marks.holder(world.bench.db, NAME, world.bench.place.now) == ""
    assert world.opened[0].closed


def test_a_wrong_sign_in_stops_only_its_source(world: World) -> None:
    """The others are synced."""
    add_source(world.bench, "other")

    def secret(account: AccountRow) -> Credentials:
        if account.source == "other":
            raise SignInError("There is no password for it.", hint="Sign in.")
        return Credentials("secret")

    world.secret = secret
    other, place = world.engine().run_once()
    assert (other.source, other.outcome, other.kind, other.hint) == ("other", "failed", "SignInError", "Sign in.")
    assert place.outcome == "ok"


def test_an_unknown_source_is_named(world: World) -> None:
    """Nothing is synced by guessing."""
    with pytest.raises(NotFound, match="nowhere"):
        world.engine().run_once(["nowhere"])


def test_a_paused_source_is_left_out_unless_named(world: World) -> None:
    """A person who names it means it."""
    marks.pause(world.bench.db, SOURCE, True)
    assert world.engine().run_once() == []
    assert world.engine().run_once([SOURCE])[0].outcome == "ok"


def test_a_stop_ends_a_run_between_pages(world: World) -> None:
    """Cancelled is not failed."""
    stop = Flag()
    stop.set()
    (result,) = world.engine().run_once(stop=stop)
    assert result.outcome == "cancelled"
    assert world.bench.source().failure is None


def test_whoever_syncs_already_is_asked_to(world: World) -> None:
    """A second program does not sync beside the first: it asks, and gives back what came of it."""
    world.watch(world.engine("console"))
    world.wait_turns(1)
    world.bench.place.write("New here")
    world.bench.place.tick()
    (result,) = world.engine("command line").run_once()
    assert result.outcome == "ok"
    assert world.bench.status() == "waiting"
    world.bench.place.trouble["page"] = [Unreachable("Down.", hint="Wait.")]
    world.bench.place.tick()
    (result,) = world.engine("command line").run_once()
    assert (result.outcome, result.error, result.hint) == ("failed", "Down.", "Wait.")
    world.bench.place.tick()
    (result,) = world.engine("command line").run_once(full=True)
    assert result.outcome == "ok"
    world.wait_turns(4)
    assert [turn.full for turn in world.finished()] == [True, False, False, True]


def test_who_does_not_answer_in_time_is_named(world: World) -> None:
    """The lease is held, and nothing comes of the request: the result says who has it."""
    clock = world.bench.place.clock
    assert Lease("somebody@elsewhere", clock, 1000).hold(world.bench.db) == ""
    stop = Flag()
    waited = []

    def wait(_: Flag, seconds: float) -> None:
        waited.append(seconds)
        world.bench.place.tick(10)

    (result,) = world.engine(wait=wait).run_once(stop=stop, patience=60)
    assert result.outcome == "skipped"
    assert "somebody@elsewhere" in result.error
    assert len(waited) == 7


# ---------------------------------------------------------------------- for ever


def test_a_source_is_looked_at_again_after_its_interval(world: World) -> None:
    """And not before."""
    world.watch(world.engine())
    world.wait_turns(1)
    world.bench.place.tick(59)
    marks.ask_for_sync(world.bench.db, SOURCE)
    world.wait_turns(2)
    world.bench.place.tick(59)
    world.looks_again()
    assert len(world.finished()) == 2
    world.bench.place.tick(2)
    world.wait_turns(3)


def test_an_accounts_own_interval_counts(world: World) -> None:
    """A busy site is looked at every five seconds, if somebody wants that; a change is taken up while it runs."""
    world.watch(world.engine())
    world.wait_turns(1)
    marks.save_account(world.bench.db, SOURCE, "double", {"interval": 5})
    world.wait_turns(2)
    world.bench.place.tick(6)
    world.wait_turns(3)


def test_a_reply_wakes_it_when_its_time_has_come(world: World) -> None:
    """Queued by somebody else, with an undo delay: sent when that is over, whatever the interval, and nothing is pulled."""
    asked = world.bench.place.write("Well?")
    world.watch(world.engine())
    world.wait_turns(1)
    send = world.bench.reply(asked, "Well.", delay=10)
    pages = world.bench.place.asked.count("page")
    world.looks_again()
    assert world.bench.place.sends == 0
    world.bench.place.tick(11)
    until(lambda: world.bench.state(send) == "confirmed", "the reply is confirmed")
    assert world.bench.place.asked.count("page") == pages


def test_a_failing_source_is_tried_less_and_less(world: World) -> None:
    """Twice as long each time; and at once when its account was changed."""
    world.bench.place.trouble["page"] = [Unreachable("Down.")] * 9
    world.watch(world.engine())
    world.wait_turns(1)
    gaps = []
    for n in range(2, 6):
        before = world.bench.place.now
        while len(world.finished()) < n:
            world.bench.place.tick(20)
            time.sleep(0.02)
        gaps.append((world.bench.place.now - before) / 60_000_000)
    assert gaps[0] >= 1.9
    assert gaps[1] >= 3.9
    assert gaps[2] >= 7.9
    assert gaps[3] <= 16
    marks.save_account(world.bench.db, SOURCE, "double", {"url": "changed"})
    world.wait_turns(6)


def test_a_second_engine_only_watches_and_takes_over(world: World) -> None:
    """Never two: the second begins when the first has let go."""
    first = world.watch(world.engine("first"))
    world.wait_turns(1)
    world.watch(world.engine("second"))
    until(lambda: Holder(label="first", ours=False) in world.events, "the second sees who syncs")
    world.bench.place.tick(25)
    world.looks_again()
    labels = {event.label for event in world.events if isinstance(event, Holder) and event.ours}
    assert labels == {"first"}
    assert marks.holder(world.bench.db, NAME, world.bench.place.now) == "first"
    first.set()
    until(lambda: Holder(label="second", ours=True) in world.events, "the second takes over")


def test_a_lease_that_runs_out_is_taken_over(world: World) -> None:
    """Whoever held it hangs, on another machine: after thirty seconds it is free."""
    clock = world.bench.place.clock
    gone = Lease("gone", clock)
    gone.holder = "another-machine 1 x"
    assert gone.hold(world.bench.db) == ""
    world.watch(world.engine("heir"))
    until(lambda: Holder(label="gone", ours=False) in world.events, "it sees who has it")
    assert world.finished() == []
    world.bench.place.tick(31)
    world.wait_turns(1)


def test_a_dead_holder_on_this_machine_is_seen_at_once(world: World) -> None:
    """Nobody waits for the lease of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    dead = Lease("dead", world.bench.place.clock)
    dead.holder = dead.holder.replace(f" {os.getpid()} ", f" {process.pid} ")
    assert dead.hold(world.bench.db) == ""
    assert Lease("heir", world.bench.place.clock).hold(world.bench.db) == ""


def test_a_living_holder_keeps_it(world: World) -> None:
    """Process ids of other machines mean nothing here, and this very process lives."""
    assert Lease("first", world.bench.place.clock).hold(world.bench.db) == ""
    assert Lease("second", world.bench.place.clock).hold(world.bench.db) == "first"


class Slow(Double):
    """A platform whose second page takes until a flag is set."""

    def __init__(self, bench: Bench, go: Flag) -> None:
        super().__init__(bench.place)
        self.go = go
        self.reached = Flag()

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        pages = super().pull(known, now, full=full)
        yield next(pages)
        self.reached.set()
        assert self.go.wait(10)
        yield from pages


def test_who_loses_the_lease_stops(world: World) -> None:
    """It slept past its end, and somebody else syncs now: the run ends at the next page, and sends nothing."""
    for n in range(7):
        world.bench.place.write(f"Question {n}", by=f"p{n}")
    go = Flag()
    slow = Slow(world.bench, go)
    world.watch(world.engine("sleeper", opener=lambda *_: slow))
    until(slow.reached.is_set, "the first page")
    with Db(world.bench.path) as db, db.write():
        db.run("update lease set holder = 'x', label = 'winner', until = ?", (world.bench.place.now + 10**9,))
    world.bench.reply("m1", "Not by me")
    world.bench.place.tick(11)
    until(lambda: Holder(label="winner", ours=False) in world.events, "it notices")
    go.set()
    world.wait_turns(1)
    assert world.finished()[0].outcome == "cancelled"
    assert world.bench.place.sends == 0
    assert marks.holder(world.bench.db, NAME, world.bench.place.now) == "winner"


def test_sources_are_looked_at_side_by_side(world: World) -> None:
    """A slow one keeps nobody waiting."""
    add_source(world.bench, "other")
    go = Flag()
    slow = Slow(world.bench, go)

    def opener(account: AccountRow, *_: object) -> Connector:
        return slow if account.source == "other" else Double(world.bench.place)

    world.bench.place.write("Hello?")
    world.watch(world.engine(opener=opener))
    world.wait_turns(1)
    assert world.finished()[0].source == SOURCE
    go.set()
    world.wait_turns(2)


def test_an_end_does_not_wait_for_a_slow_server(world: World) -> None:
    """After the grace it ends all the same, and keeps the lease from nobody but the living."""
    go = Flag()
    slow = Slow(world.bench, go)
    world.bench.place.write("Hello?")

    def wait(flag: Flag, seconds: float) -> None:
        flag.wait(seconds)
        if stop.is_set():
            world.bench.place.tick(1)

    stop = world.watch(world.engine(opener=lambda *_: slow, wait=wait, grace=3))
    until(slow.reached.is_set, "the first page")
    stop.set()
    world.threads[0][0].join(5)
    assert not world.threads[0][0].is_alive()
    go.set()
    world.wait_turns(1)
    assert world.finished()[0].outcome == "cancelled"


def test_a_listener_that_fails_stops_nothing(world: World, bench: Bench) -> None:
    """A screen's trouble is its own."""

    def listener(_: Event) -> None:
        raise ValueError

    engine = Engine(
        bench.path,
        "x",
        clock=bench.place.clock,
        secrets=lambda _: Credentials(""),
        listener=listener,
        opener=world.open,
    )
    assert engine.run_once()[0].outcome == "ok"


def test_a_platform_that_asked_to_be_left_alone_is_not_read_by_the_next_process_either(world: World) -> None:
    """As cron's next run is: the time that it gave is kept, replies are tried all the same, and then reading goes on."""
    world.bench.place.trouble["page"] = [RateLimited("Slow down.", retry_after=600)]
    (first,) = world.engine().run_once()
    assert (first.kind, first.retry_after) == ("RateLimited", 600)
    pages = world.bench.place.asked.count("page")
    world.bench.place.tick(300)
    (again,) = world.engine().run_once()
    assert (again.kind, again.retryable) == ("RateLimited", True)
    assert 250 < again.retry_after <= 300
    assert world.bench.place.asked.count("page") == pages
    world.bench.place.tick(301)
    (late,) = world.engine().run_once()
    assert late.outcome == "ok"
