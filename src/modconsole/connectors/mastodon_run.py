"""What one pull of a Mastodon account knows while it runs, and how it makes pages of what it met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from modconsole.connectors.base import Known, Page
from modconsole.connectors.mastodon_api import Api, Me
from modconsole.connectors.mastodon_map import Status, conversation, message
from modconsole.connectors.mastodon_threads import Pool, resolve
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import Gone, Refused

T = TypeVar("T")

SETTLING = 30 * SECOND
"""How far behind the server's clock a pull vouches: notifications are made by jobs, after the status was stored."""


class Queues:
    """Who and what waits for a decision on the server: senders whose notifications are filtered, statuses that were
    reported."""

    def __init__(self) -> None:
        self.senders: set[str] = set()
        self.reported: set[str] = set()

    def holds(self, status: Status, us: str) -> bool:
        """Whether a person must decide first: it was reported, or its author is filtered and addresses us."""
        if status.account.id == us:
            return False
        if status.id in self.reported:
            return True
        return status.account.id in self.senders and (status.direct or us in status.mentioned())


class Run:
    """One pull. Nothing is kept for the next one but what the pages' positions say."""

    def __init__(self, api: Api, us: Me, source: str, known: Known, now: int, *, full: bool) -> None:
        self.api = api
        self.us = us
        self.source = source
        self.known = known
        self.now = now
        self.full = full
        self.position: dict[str, Any] = dict(known.position)
        self.pool = Pool()
        self.queues = Queues()
        self.told: set[str] = set()
        """Statuses that a page of this pull has given."""
        self.read: set[str] = set()
        """Conversations that were read whole."""
        self.dead: set[str] = set()
        """Ids that were told to be gone."""
        self.gaps: list[str] = []
        self.began: float | None = None

    # ------------------------------------------------------------------ asking

    def ask(self, call: Callable[[], T]) -> T:
        """One or several requests, leaving the replies' share of the rate limit alone."""
        with self.api.http.background():
            return call()

    def allowed(self, call: Callable[[], T], gap: str = "") -> T | None:
        """The answer; None where the server has no such thing (404), and with a gap where we may not ask for it."""
        try:
            return self.ask(call)
        except Gone:
            return None
        except Refused:
            self.gap(gap)
            return None

    def gap(self, why: str) -> None:
        """Something that the whole source cannot vouch for, once."""
        if why and why not in self.gaps:
            self.gaps.append(why)

    def names(self, key: str) -> list[str]:
        """A list of ids in the position; empty where it makes no sense."""
        stored = self.position.get(key)
        return [ident for ident in stored if isinstance(ident, str)] if isinstance(stored, list) else []

    def put(self, key: str, names: Iterable[str]) -> None:
        """Keep a list of ids in the position, each once; an empty one is left out."""
        kept = list(dict.fromkeys(names))
        self.position.pop(key, None)
        if kept:
            self.position[key] = kept

    # ------------------------------------------------------------------ pages

    def page(
        self,
        lane: str,
        records: Iterable[Record] = (),
        *,
        done: int = 0,
        complete: bool = False,
        gone: Iterable[str] = (),
        poison: Iterable[tuple[str, bytes]] = (),
    ) -> Page:
        """A page, with the position as it is now."""
        return Page(
            tuple(records),
            dict(self.position),
            lane,
            done=done,
            complete=complete,
            gone=tuple(gone),
            poison=tuple(poison),
        )

    def records(self, statuses: Iterable[Status]) -> list[Record]:
        """Statuses as records, after their conversations, with the parents that were looked up to place them."""
        mine = [status for status in statuses if status.reblog is None]
        self.pool.add(mine)
        idents = [status.id for status in mine]
        self.ask(lambda: resolve(self.api, self.pool, idents))
        roots = {
            ident: root
            for ident in dict.fromkeys([*idents, *self._parents(idents)])
            if (root := self.pool.root(ident)) is not None
        }
        found: list[Record] = [
            conversation(root, self.pool.of(root), self.source, self.now) for root in dict.fromkeys(roots.values())
        ]
        for ident, root in roots.items():
            status = self.pool.statuses[ident]
            if status.direct:
                self.position["direct"] = True
            held = self.queues.holds(status, self.us.id)
            found.append(message(status, self.source, root, self.now, held=held))
            self.told.add(ident)
        return found

    def _parents(self, idents: Iterable[str]) -> Iterator[str]:
        """What lies above these and was not told yet."""
        for ident in idents:
            above, climbed = self.pool.statuses[ident].in_reply_to_id, {ident}
            while above is not None and above in self.pool.statuses:
                if above in climbed or above in self.told:
                    break
                yield above
                climbed.add(above)
                above = self.pool.statuses[above].in_reply_to_id

    def look(self, root: str, why: str) -> list[Record]:
        """What a look at one conversation can vouch for. Told where there is a gap, and once where there is none any
        more."""
        open_gaps = self.names("gaps")
        if not why and root not in open_gaps:
            return []
        self.put("gaps", [*(ident for ident in open_gaps if ident != root), *([root] if why else [])])
        moment = to_datetime(self.now)
        return [
            Coverage(
                source=self.source,
                conversation=root,
                checked_at=moment,
                gap=Gap(why=why) if why else None,
                observed_at=moment,
            )
        ]

    def coverage(self) -> Page:
        """What this pull vouches for: the server's clock at its beginning, less `SETTLING`."""
        through = int(self.began * SECOND) if self.began is not None else self.now
        coverage = Coverage(
            source=self.source,
            checked_at=to_datetime(self.now),
            complete_through=to_datetime(through - SETTLING),
            gap=Gap(why="; ".join(self.gaps)) if self.gaps else None,
            observed_at=to_datetime(self.now),
        )
        return self.page("coverage", [coverage], complete=True)
