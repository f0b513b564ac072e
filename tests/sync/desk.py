"""A small desk for the tests of sync: one database, one place, and somebody who replies."""

from __future__ import annotations

import uuid
from pathlib import Path
from threading import Event as Flag
from typing import Any

from modconsole.domain.records import Identity, Send, Source
from modconsole.domain.times import HOUR, to_datetime
from modconsole.store import lists, marks, outbox, places, queue
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.outbox import OutboxRow
from modconsole.store.queue import QueueRow
from modconsole.store.verify import verify
from modconsole.sync.job import Turn
from modconsole.sync.push import Pushed, Pusher
from modconsole.sync.reports import Result
from tests.sync.double import SOURCE, US, Double, Place


class Bench:
    """A database beside a platform. `turn` syncs as the engine does; `verify` has found nothing wrong after each."""

    def __init__(self, path: Path, *, per_page: int = 3) -> None:
        self.path = path
        self.place = Place()
        self.db = Db(path)
        self.per_page = per_page
        self.connector = Double(self.place, per_page=per_page)
        moment = to_datetime(self.place.now - HOUR)
        identities = [Identity(id=US, name="Us", kind="person")]
        source = Source(
            id=SOURCE, platform="double", name="Place", connected_at=moment, identities=identities, observed_at=moment
        )
        ingest(self.db, [source], self.place.now)
        marks.save_account(self.db, SOURCE, "double", {})

    def close(self) -> None:
        self.db.close()

    # -- what a moderator does -----------------------------------------------------------------------------------------------

    def reply(self, to: str, text: str, *, delay: float = 0.0) -> str:
        """Queue a reply to a message; gives its id."""
        now = self.place.tick()
        send = Send(
            id=str(uuid.uuid4()),
            at=to_datetime(now),
            by="mod",
            source=SOURCE,
            conversation="talk",
            through=to,
            text=text,
            state="queued",
            reply_to=to,
        )
        outbox.queue(self.db, send, now + int(delay * 1_000_000), now)
        return send.id

    # -- what sync does ------------------------------------------------------------------------------------------------------

    def turn(self, **options: Any) -> Result:
        """One turn over the source."""
        self.place.tick()
        turn = Turn(
            source=SOURCE,
            connect=lambda _: self.connector,
            clock=options.pop("clock", self.place.clock),
            stop=options.pop("stop", Flag()),
            listener=options.pop("listener", lambda _: None),
            guard=lambda _: None,
            settles=30.0,
            **options,
        )
        result = turn.run(self.db)
        self.check()
        return result

    def push(self, **options: Any) -> Pushed:
        """One round over the outbox."""
        self.place.tick()
        pushed = Pusher(self.db, self.connector, SOURCE, self.place.clock, **options).run()
        self.check()
        return pushed

    # -- what one sees -------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """The cache is what follows from the messages."""
        assert verify(self.db, self.place.now) == []

    def send(self, ident: str) -> OutboxRow:
        """A reply in the outbox."""
        row = outbox.get(self.db, ident)
        assert row is not None
        return row

    def state(self, ident: str) -> str:
        return str(self.send(ident).state)

    def asks(self) -> list[QueueRow]:
        """All asks, whatever their status."""
        return queue.page(self.db, self.place.now, 100, every=True)

    def status(self, message: str = "") -> str:
        """The status of the only ask, or of the one whose latest item is `message`."""
        found = [ask for ask in self.asks() if not message or ask.latest == message]
        assert len(found) == 1, found
        return found[0].status

    def text(self, message: str) -> str:
        """What is stored of a message."""
        found = lists.message(self.db, SOURCE, message)
        assert found is not None
        return found.message.text

    def source(self) -> places.SourceRow:
        """The source as the screens see it."""
        return places.sources(self.db)[0]
