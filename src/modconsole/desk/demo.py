"""The demo's database: a community that we wrote, or real direct messages at size."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from modconsole.connectors import chitchat, demo
from modconsole.desk import ruling
from modconsole.desk.desk import Desk
from modconsole.desk.files import BATCH, bulk
from modconsole.store import marks
from modconsole.store.ingest import Ingest, ingest
from modconsole.sync.judging import Judging


def fill(desk: Desk) -> None:
    """The made-up community, as it is when the demo begins, with its living feed."""
    now = desk.now()
    write_rules(desk)
    judging = Judging(desk.rules, undo_delay=desk.undo_delay, acts=False)
    judging.attach(desk.db, now)
    ingest(desk.db, list(demo.records(now)), now)
    judging.leave(desk.db, now)
    for platform, source in demo.PLATFORMS.items():
        marks.save_account(desk.db, source, platform, {"place": source, "start": now})


def write_rules(desk: Desk) -> None:
    """The community's own rules, in the folder of the desk: two that judge in the shadow, and one that is still a draft.

    What is there already is left alone.
    """
    for name, text in demo.rules().items():
        if not (desk.rules / name).exists():
            ruling.write_file(desk.rules / name, text)


RECORDS = 258_145 + 7_168 + 1
"""What `fill_real` stores: messages, conversations and their source."""


def fill_real(desk: Desk, told: Callable[[int, int], None] = lambda done, of: None) -> None:
    """258,145 real direct messages. Raises `NotFound` with the command that installs them, where they are not.

    `told` is called after each batch with how many records are stored, and of how many.
    """
    records = chitchat.records()
    done = 0
    with bulk(desk) as db:
        into = Ingest(db)
        while batch := list(itertools.islice(records, BATCH)):
            into.batch(batch, desk.now())
            done += len(batch)
            told(done, RECORDS)
