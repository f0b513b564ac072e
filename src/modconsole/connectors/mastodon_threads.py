"""Which conversation a status belongs to: found by climbing from answer to parent, with as few questions as possible.

A status names its parent and not its root. What was met in a pull is kept in a `Pool`; parents that are not in it are
asked for, many at once, level by level, and where a server cannot give many at once, by the thread around the status. A
parent that cannot be seen (deleted, of another server and never fetched, not for us) ends the climb: the topmost status
that we can see names the conversation, so that it can be read again by that name.
"""

from __future__ import annotations

from collections.abc import Iterable

from modconsole.connectors.mastodon_api import CONTEXT_CAP, Api, Context
from modconsole.connectors.mastodon_map import Status
from modconsole.errors import Gone, Refused

LEVELS = 5
"""Levels of parents that are asked for many at once; above that, the thread around the status is cheaper."""


class Pool:
    """The statuses met in one pull, and what is known of how they hang together."""

    def __init__(self) -> None:
        self.statuses: dict[str, Status] = {}
        self.absent: set[str] = set()
        """Parents that were asked for and cannot be seen."""
        self._roots: dict[str, str] = {}
        self._members: dict[str, dict[str, None]] = {}

    def add(self, statuses: Iterable[Status]) -> None:
        """Take statuses in; one met again stands for itself as it was seen last. Boosts are no statuses of their
        own."""
        self.statuses.update((status.id, status) for status in statuses if status.reblog is None)

    def root(self, ident: str) -> str | None:
        """The conversation of a status in the pool; None while a parent is neither known nor known to be absent."""
        chain: list[str] = []
        current = self.statuses[ident]
        while True:
            if current.id in self._roots:
                found = self._roots[current.id]
                break
            chain.append(current.id)
            above = current.in_reply_to_id
            if above is None or above in self.absent or above in chain:
                found = current.id
                break
            parent = self.statuses.get(above)
            if parent is None:
                return None
            if parent.direct != current.direct:
                found = current.id
                break
            current = parent
        self._put(chain, found)
        return found

    def _put(self, idents: Iterable[str], root: str) -> None:
        for ident in idents:
            self._roots[ident] = root
            self._members.setdefault(root, {})[ident] = None

    def missing(self, ident: str) -> str | None:
        """The parent that must be known before the conversation of a status is."""
        current, seen = self.statuses[ident], {ident}
        while (above := current.in_reply_to_id) is not None and above not in seen:
            if above not in self.statuses:
                return above if above not in self.absent else None
            seen.add(above)
            current = self.statuses[above]
        return None

    def hang(self, statuses: Iterable[Status], root: Status) -> None:
        """Say of statuses read below `root` whose parent is not shown (of somebody we block, say) that they belong
        there too."""
        for status in statuses:
            above = status.in_reply_to_id
            if status.id not in self._roots and above is not None and above not in self.statuses:
                same = status.direct == root.direct
                self._put([status.id], (self.root(root.id) or root.id) if same else status.id)

    def of(self, root: str) -> list[Status]:
        """All statuses of a conversation that were met."""
        return [self.statuses[ident] for ident in self._members.get(root, {})]


def resolve(api: Api, pool: Pool, idents: Iterable[str]) -> None:
    """Find the conversations of statuses in the pool, asking for parents where need be."""
    open_ones = [ident for ident in dict.fromkeys(idents) if pool.root(ident) is None]
    for _ in range(LEVELS):
        wanted = {above: ident for ident in open_ones if (above := pool.missing(ident)) is not None}
        if not wanted or api.batches is False:
            break
        found = api.statuses(wanted, sure=next(iter(wanted.values())))
        pool.add(found.values())
        pool.absent.update(wanted.keys() - found.keys())
        open_ones = [ident for ident in open_ones if pool.root(ident) is None]
    for ident in open_ones:
        if pool.root(ident) is None:
            climb(api, pool, ident)


def climb(api: Api, pool: Pool, ident: str) -> Context | None:
    """Read the thread around a status; None where it cannot be read. Whatever parent is not in it cannot be seen."""
    try:
        context = api.context(ident)
    except (Gone, Refused):
        context = None
    if context is not None:
        pool.add([*context.ancestors, *context.descendants])
    while (above := pool.missing(ident)) is not None:
        pool.absent.add(above)
    return context


def cut(context: Context) -> str:
    """Why a thread that was read may lack something, in words; empty where there is no sign of it."""
    if len(context.ancestors) >= CONTEXT_CAP or len(context.descendants) >= CONTEXT_CAP:
        return f"the thread is longer than the {CONTEXT_CAP:,} posts that the server gives"
    if context.fetching:
        return "the server is still fetching replies from other servers"
    return ""
