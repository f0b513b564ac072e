"""Runs the console on a database, for the tests in a pseudo-terminal: `python -m tests.screens.run_console DB HOME`.

`CRASH` makes `tab` in the queue raise an error of ours, whose words are private; `AT` is the instant of a clock that stands
still.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from modconsole.app import run
from modconsole.desk.desk import Desk
from modconsole.screens.queue import QueueScreen


def _crash(_screen: QueueScreen) -> None:
    raise ValueError("what a stranger wrote")


if __name__ == "__main__":
    if "CRASH" in os.environ:
        setattr(QueueScreen, "action_next_view", _crash)  # noqa: B010 - mypy would not have it
    at = int(os.environ["AT"])
    sys.exit(run(Desk(sys.argv[1], who="mara", clock=lambda: at, create=False), home=Path(sys.argv[2])))
