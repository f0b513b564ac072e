"""What tests of the rule screens need: the demo with its rules, and a bench that says what a test gives it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from modconsole.app import ModConsoleApp
from modconsole.desk import demo
from modconsole.desk.desk import Desk
from modconsole.desk.rule_trials import Found, Hit
from modconsole.screens.rule_lab import LabScreen
from modconsole.screens.rules import RulesScreen
from tests.screens import kit

SCAM = """\
id: scam
name: Scams
status: shadow
owner: mara
select:
  words:
    body: [lanternfish]
do:
  - hold
tests:
  - hit: a lanternfish
"""


def house(folder: Path) -> Path:
    """The demo's community with its rules, judged by them; not to be changed."""
    desk = Desk(folder / "modconsole.db", who="mara", clock=kit.Clock(), rules=folder / "modconsole.rules")
    demo.fill(desk)
    with desk.db.write():
        desk.db.run("update rule_day set micros = 8 * judged")  # the same on every machine
    desk.db.conn.execute("pragma wal_checkpoint(truncate)")
    desk.close()
    return desk.path


def copied(template: Path, folder: Path) -> Path:
    """The same, of one's own."""
    shutil.copytree(template.with_suffix(".rules"), folder / "modconsole.rules")
    return Path(shutil.copy(template, folder / "modconsole.db"))


def desk_at(path: Path, who: str = "mara") -> Desk:
    """A desk beside the console."""
    return Desk(path, who=who, clock=kit.Clock(), create=False)


class Bench:
    """Takes the place of the process: it keeps what it was asked, and says what it is given."""

    def __init__(self, _desk: Desk, told: Callable[[], None]) -> None:
        self._told = told
        self.asked: list[tuple[str, str, str]] = []
        self.cancelled = 0
        self.closed = False
        self._found: Found | None = None
        benches.append(self)

    def try_text(self, text: str, against: str, label: str) -> None:
        """As the real one."""
        self.asked.append((text, against, label))

    def poll(self) -> Found | None:
        """As the real one."""
        found, self._found = self._found, None
        return found

    def cancel(self) -> None:
        """As the real one."""
        self.cancelled += 1

    def close(self) -> None:
        """As the real one."""
        self.closed = True

    def give(self, found: Found) -> None:
        """Say this."""
        self._found = found
        self._told()


benches: list[Bench] = []
"""Those that were made, in order."""


def hit(ident: int, text: str = "a lanternfish here", **given: object) -> Hit:
    """A hit on `lanternfish`, in the demo's first blog thread."""
    at = text.lower().index("lanternfish")
    values: dict[str, object] = {
        "at": kit.NOW - ident * 1_000_000, "source": "blog", "message": "c203", "conversation": "release-2-1",
        "name": f"Person {ident}", "spans": ((at, at + 11),), "decided": "open",
    }  # fmt: skip
    return Hit(ident=ident, text=text, **{**values, **given})  # type: ignore[arg-type]


async def to_rules(pilot: Pilot[int]) -> RulesScreen:
    """The list of rules, read."""
    await kit.ready(pilot)
    await pilot.press("3")
    await kit.settled(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, RulesScreen)
    await kit.until(pilot, lambda: screen.folder is not None, "the folder")
    return screen


async def to_lab(pilot: Pilot[int], rule: str = "advertising") -> LabScreen:
    """The lab with one rule, checked."""
    screen = await to_rules(pilot)
    row = next(each for each in (screen.folder.lines if screen.folder else ()) if each.ident == rule)
    screen.opened(row)
    await pilot.pause()
    return await lab_ready(pilot)


async def lab_ready(pilot: Pilot[int]) -> LabScreen:
    """The lab that is shown, with its text read and checked."""
    lab = pilot.app.screen
    assert isinstance(lab, LabScreen)
    await kit.until(pilot, lambda: lab.checked is not None and not lab.working, "the lab")
    return lab


def console(path: Path, **options: object) -> ModConsoleApp:
    """The console of mara."""
    return kit.console(path, **options)  # type: ignore[arg-type]
