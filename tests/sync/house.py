"""A house with rules, beside the small desk of these tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modconsole.domain.times import SECOND
from modconsole.store import rule_acts, rules, verdicts
from modconsole.store.acts import Moderated, listing
from modconsole.store.rule_acts import Placed, State
from modconsole.store.verdicts import Hit
from modconsole.sync import rulebook
from modconsole.sync.judging import Judging
from modconsole.sync.reports import Result
from tests.sync.desk import Bench

GRACE = 10 * SECOND
EVERY: list[State] = ["queued", "done", "proposed", "accepted", "declined", "noted", "superseded", "undone"]


def text(
    ident: str, do: str = "hide", *, status: str = "live", words: str = "[spam]", more: str = "", **keys: Any
) -> str:
    """A rule's document. `more` are lines of its own; `do` is one action, or several with `;` between them."""
    actions = "".join(f"  - {each.strip()}\n" for each in do.split(";"))
    lines = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"id: {ident}\nstatus: {status}\n{lines}select:\n  words:\n    body (word): {words}\n{more}do:\n{actions}"


class House:
    """Rule files beside a bench; `turn` syncs and judges."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder
        folder.mkdir()
        self.judging = Judging(folder, undo_delay=GRACE)

    def write(self, ident: str, *args: Any, **keys: Any) -> None:
        """A rule file as it stands from now on."""
        (self.folder / f"{ident}.yaml").write_text(text(ident, *args, **keys))

    def live(self, ident: str, *args: Any, **keys: Any) -> None:
        """A rule that a person has set live just now."""
        self.write(ident, *args, **keys)
        self.approve(ident)

    def approve(self, ident: str) -> None:
        """Somebody with the right sets the version live that the file has now."""
        db, now = self.bench.db, self.bench.place.tick()
        rulebook.record(db, self.judging.book.read(), now)
        row = rules.rule(db, ident)
        assert row is not None
        rules.set_live(db, ident, row.version, "ann", now, {"hits": 1})

    def anew(self) -> None:
        """The program is started again."""
        self.judging = Judging(self.folder, undo_delay=GRACE)

    def turn(self, **options: Any) -> Result:
        """One turn, judged."""
        return self.bench.turn(judging=self.judging, **options)

    def later(self, seconds: float = 20) -> Result:
        """A turn after the undo delay."""
        self.bench.place.tick(seconds)
        return self.turn()

    # -- what one sees ---------------------------------------------------------------------------------------------------------

    def hits(self, rule: str = "spam") -> list[Hit]:
        """What a rule hit, oldest first."""
        return verdicts.hits(self.bench.db, rule, 1_000)[::-1]

    def hit(self, rule: str = "spam") -> list[str]:
        """Which messages, in their order."""
        return [each.message for each in self.hits(rule) if each.settled is None]

    def acts(self) -> list[Placed]:
        """What rules did, in order."""
        return rule_acts.since(self.bench.db, 0, EVERY)

    def did(self) -> list[tuple[str, str, str, str]]:
        """The same in short: rule, action, message, state."""
        return [(each.act.rule, each.act.action, each.native, each.act.state) for each in self.acts()]

    def state(self, message: str) -> str:
        """The state that a message has on the platform."""
        return str(self.bench.place.messages[message].state)

    def moderated(self) -> list[Moderated]:
        """The acts on the platform, newest first."""
        return listing(self.bench.db, 100)
