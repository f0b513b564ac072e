"""A database that a running platform is enrolled in, and what sync and a moderator do with it; for any platform."""

from __future__ import annotations

import contextlib
import time
import uuid
from pathlib import Path
from typing import Any

from modconsole.connectors.base import Connector
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Message, Send
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import SignInError
from modconsole.store import lists, marks, outbox
from modconsole.store.db import Db
from modconsole.store.marks import AccountRow
from modconsole.store.outbox import OutboxRow
from modconsole.store.verify import verify
from modconsole.sync import registry
from modconsole.sync.engine import Engine
from modconsole.sync.enroll import enroll
from modconsole.sync.push import Pusher
from modconsole.sync.reports import Result
from tests.contract.driver import Driver

SOURCE = "place"


class Clock:
    """The real time, and what a test adds to it, so that nobody waits for a pause to pass."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1000 + self.ahead

    def skip(self, seconds: float) -> None:
        """Let time pass for us, not for the platform."""
        self.ahead += int(seconds * SECOND)


class Place:
    """One source in one database."""

    def __init__(self, driver: Driver, path: Path, *, url: str | None = None) -> None:
        self.driver = driver
        self.path = path
        self.clock = Clock()
        self.db = Db(path)
        self.account = AccountRow(source=SOURCE, platform=driver.platform, settings=driver.settings(url), paused=False)
        connector = self.connector(settings=driver.settings())
        self.who = connector.check()
        connector.close()
        answer: Any = driver.answer or registry.info(driver.platform).answer
        enroll(
            self.db,
            SOURCE,
            driver.platform,
            self.account.settings,
            self.who,
            self.clock(),
            answer=answer,
            kind="person",
        )

    def close(self) -> None:
        """End it; the caches must be right."""
        assert verify(self.db, self.clock()) == []
        self.db.close()

    def connector(self, *, settings: dict[str, Any] | None = None, credentials: Credentials | None = None) -> Connector:
        """A connector of the moderator's own, as the desk opens one."""
        account = self.account
        if settings is not None:
            account = AccountRow(source=SOURCE, platform=account.platform, settings=settings, paused=False)
        return registry.open_connector(account, credentials or self.driver.credentials(), self.clock)

    def sync(self, *, full: bool = False, credentials: Credentials | None = None) -> Result:
        """One run of `modconsole sync`."""
        given = credentials or self.driver.credentials()
        engine = Engine(self.path, "test", clock=self.clock, secrets=lambda _: given)
        (result,) = engine.run_once(full=full)
        return result

    def synced(self, *, full: bool = False) -> Result:
        """A run that must come to its end."""
        result = self.sync(full=full)
        assert (result.outcome, result.error) == ("ok", "")
        return result

    def push(self) -> None:
        """One round over the outbox alone, whatever becomes of it."""
        connector = self.connector()
        with contextlib.suppress(SignInError):
            Pusher(self.db, connector, SOURCE, self.clock).run()
        connector.close()

    def reply(self, to: str, text: str) -> str:
        """Queue a reply; gives its id."""
        found = self.message(to)
        send = Send(
            id=str(uuid.uuid4()),
            at=to_datetime(self.clock()),
            by="mod",
            source=SOURCE,
            conversation=found.conversation,
            through=to,
            text=text,
            state="queued",
            reply_to=to,
        )
        outbox.queue(self.db, send, self.clock(), self.clock())
        return send.id

    def sent(self, ident: str) -> OutboxRow:
        """A reply as the outbox has it."""
        row = outbox.get(self.db, ident)
        assert row is not None
        return row

    def message(self, ident: str) -> Message:
        """A message as the store has it."""
        found = lists.message(self.db, SOURCE, ident)
        assert found is not None, f"{ident} is not stored"
        return found.message

    def stored(self) -> dict[str, tuple[str, str]]:
        """All messages that we believe to be live: native id → author and conversation."""
        found = self.db.rows(
            "select m.native, p.native, c.native from message m join person p on p.id = m.person join conversation c"
            " on c.id = m.conversation join source s on s.id = m.source where s.native = ? and ifnull(m.state, 'live') = 'live'",
            (SOURCE,),
        )
        return {row[0]: (row[1], row[2]) for row in found}

    def copies(self, ident: str) -> int:
        """How often a message is stored."""
        return int(self.db.value("select count(*) from message where native = ?", (ident,)))

    def status(self, message: str) -> str:
        """How the ask stands that a message belongs to; empty where there is none."""
        found = self.db.value(
            "select k.status from ask k, json_each(k.messages) j where j.value = ?1 union all select k.status from ask k"
            " where k.latest = ?1 limit 1",
            (message,),
        )
        return str(found or "")

    def db_position(self) -> dict[str, Any]:
        """Where the next sync goes on."""
        return marks.position(self.db, SOURCE)

    def known(self) -> marks.Again:
        """What the next sync would look at again."""
        return marks.known(self.db, SOURCE, self.clock(), full=False)
