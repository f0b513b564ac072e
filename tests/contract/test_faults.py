"""The fault run: everything that can go wrong between us and a server, five hundred times, and nothing is lost or doubled.

People write, moderators answer, and meanwhile the sync is killed with SIGKILL at random instants and a proxy breaks connections,
answers and pages by a seed. After every step no reply may be on the server twice, and none that is there may be called queued or
failed. At the end, with the faults gone, every message is stored once and every reply is there exactly once.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.chaos import Chaos, Nursery
from tests.contract.driver import Driver
from tests.contract.drivers import RUNNING, running
from tests.contract.place import SOURCE, Place

FAULTS = 500
"""How many faults at least each server is put through."""
ROUNDS = 60
"""In each of them people write, moderators answer, and three syncs run into trouble."""
SEED = 20261121


@pytest.mark.parametrize("name", RUNNING)
def test_no_fault_loses_or_doubles_anything(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """At least five hundred faults, by a seed; the counts are in the report of the run."""
    driver = running(name)
    with Chaos(driver.port, SEED) as proxy:
        place = Place(driver, tmp_path / "m.db", url=proxy.url)
        with Nursery(place.path, driver.platform, driver.credentials().secret) as nursery:
            run = Run(place, driver, proxy, nursery)
            run.trouble()
            run.peace()
        counts = run.report()
        place.close()
    record_property("fault run", f"{name}: {counts}")
    assert sum(proxy.faults.values()) + run.kills >= FAULTS, counts


class Run:
    """One platform's way through the faults."""

    def __init__(self, place: Place, driver: Driver, proxy: Chaos, nursery: Nursery) -> None:
        self.place = place
        self.driver = driver
        self.proxy = proxy
        self.nursery = nursery
        self.random = random.Random(SEED)
        self.spots = [driver.spot() for _ in range(2)]
        self.written: dict[str, str] = {}
        """Message → its spot."""
        self.replies: dict[str, tuple[str, str]] = {}
        """Send → its text and the spot."""
        self.kills = 0
        self.skews = 0
        self.shown: Counter[str] = Counter()

    def trouble(self) -> None:
        """The rounds, until there were faults enough."""
        rounds = 0
        while rounds < ROUNDS or (sum(self.proxy.faults.values()) + self.kills < FAULTS and rounds < 10 * ROUNDS):
            rounds += 1
            self.proxy.rate = 0.0
            if rounds <= ROUNDS:
                self._people_write(rounds)
            self.proxy.rate = self.random.choice((0.1, 0.3, 0.6))
            self._moderators_answer(rounds)
            for _ in range(3):
                self._sync()
            self._nothing_is_claimed_wrongly()

    def _people_write(self, number: int) -> None:
        spot = self.random.choice(self.spots)
        earlier = [ident for ident, there in self.written.items() if there == spot]
        parent = self.random.choice(earlier) if earlier and self.random.random() < 0.3 else None
        by = self.random.choice(("ann", "bob"))
        self.written[self.driver.post(spot, f"Message {number} of {by}", by=by, parent=parent)] = spot

    def _moderators_answer(self, number: int) -> None:
        known = self.place.stored()
        answered = {text for text, _ in self.replies.values()}
        for ident, spot in self.written.items():
            text = f"Reply to {ident} in round {number}"
            if ident in known and not any(old.startswith(f"Reply to {ident} in") for old in answered):
                self.replies[self.place.reply(ident, text)] = (text, spot)
                return

    def _sync(self) -> None:
        """One sync: half of them are killed, and our clock is sometimes wrong by minutes, either way."""
        skew = self.random.choice((0, 0, 0, -180, 240))
        self.skews += bool(skew)
        kill = self.random.uniform(0.0, 0.5) ** 2 if self.random.random() < 0.5 else None
        self.proxy.forget()
        self.kills += self.nursery.run(
            self.place.clock.ahead + skew * 1_000_000, full=self.random.random() < 0.1, kill_after=kill
        )
        self.proxy.rest()
        self.place.clock.skip(self.random.choice((2, 20, 70)))

    def _there(self) -> Counter[str]:
        """How often each text of ours is on the server."""
        self.driver.settle()
        found: Counter[str] = Counter()
        for spot in self.spots:
            for entry in self.driver.truth(spot).values():
                if entry.author == self.driver.us:
                    found.update(text for text, _ in self.replies.values() if text in entry.text)
        return found

    def _nothing_is_claimed_wrongly(self) -> None:
        """Never twice; what is confirmed is there; what is there is not called queued or failed."""
        there = self._there()
        for send, (text, _) in self.replies.items():
            row = self.place.sent(send)
            state = row.state
            assert there[text] <= 1, (text, there[text])
            if state == "confirmed":
                assert there[text] == 1, text
            if there[text]:
                assert state in ("sending", "sent", "unsure", "confirmed"), row
            if state in ("unsure", "sending"):
                self.shown[state] += 1

    def peace(self) -> None:
        """The faults are gone: it comes right by itself."""
        self.proxy.rate = 0.0
        self.place.clock.skip(300)  # a 429 that met a clock minutes ahead puts the next read off by those minutes
        for _ in range(40):
            self.proxy.forget()
            self.nursery.run(self.place.clock.ahead)
            self._nothing_is_claimed_wrongly()
            if all(self.place.sent(send).state == "confirmed" for send in self.replies):
                break
            self.place.clock.skip(120)
        self.nursery.run(self.place.clock.ahead, full=True)
        states = Counter(self.place.sent(send).state for send in self.replies)
        assert states == {"confirmed": len(self.replies)}, states
        there = self._there()
        assert all(there[text] == 1 for text, _ in self.replies.values())
        for spot in self.spots:
            for ident in self.driver.truth(spot):
                assert self.place.copies(ident) == 1, ident
        assert self.written.keys() <= self.place.stored().keys()
        failure = self.place.db.value(
            "select failure from mark m join source s on s.id = m.source where s.native = ?", (SOURCE,)
        )
        assert failure is None

    def report(self) -> str:
        """What it went through, in words."""
        faults = ", ".join(f"{n} {kind}" for kind, n in sorted(self.proxy.faults.items()))
        return (
            f"{sum(self.proxy.faults.values()) + self.kills} faults ({self.kills} SIGKILL, {faults};"
            f" {sum(self.proxy.writes.values())} of them met a write), {self.skews} syncs with a wrong clock,"
            f" {len(self.written)} messages, {len(self.replies)} replies; outcomes shown as unknown meanwhile:"
            f" {sum(self.shown.values())}"
        )
