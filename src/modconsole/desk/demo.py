"""The demo's database: a community that we wrote, or real direct messages at size."""

from __future__ import annotations

import itertools

from modconsole.connectors import chitchat, demo
from modconsole.desk.desk import Desk
from modconsole.desk.files import BATCH, bulk
from modconsole.store import marks
from modconsole.store.ingest import Ingest, ingest


def fill(desk: Desk) -> None:
    """The made-up community, as it is when the demo begins, with its living feed."""
    now = desk.now()
    ingest(desk.db, list(demo.records(now)), now)
    for platform, source in demo.PLATFORMS.items():
        marks.save_account(desk.db, source, platform, {"place": source, "start": now})


def fill_real(desk: Desk) -> None:
    """258,145 real direct messages. Raises `NotFound` with the command that installs them, where they are not."""
    records = chitchat.records()
    with bulk(desk) as db:
        into = Ingest(db)
        while batch := list(itertools.islice(records, BATCH)):
            into.batch(batch, desk.now())
