"""Conversations read whole, and statuses looked up by id: what no list announces is found here.

How much one ordinary pull reads is bounded (`HEAD`, `TURN`, `LOOKUPS`), so that a pull a minute stays within 300
requests in five minutes; what is left over comes next time, by turns whose place is in the position. A full walk reads
everything, and goes on where it was interrupted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from modconsole.connectors.base import Page
from modconsole.connectors.mastodon_api import BATCH
from modconsole.connectors.mastodon_map import Status
from modconsole.connectors.mastodon_run import Run
from modconsole.connectors.mastodon_threads import cut
from modconsole.errors import Gone, Refused

HEAD = 12
"""Conversations that every ordinary pull reads: the most urgent."""
TURN = 12
"""Of all others, how many one pull reads, turning."""
LOOKUPS = 10
"""Requests for lookups by id in one ordinary pull, for each reason to look."""
SCARCE = 100
"""With fewer requests left in the server's window, only what is urgent is read again."""
AT_ONCE = BATCH - 1


def todo(run: Run) -> Iterator[Page]:
    """The conversations that something new was found in, each read whole, now. They are kept in the position until they
    were."""
    while pending := run.names("todo"):
        run.put("todo", pending[1:])
        yield from thread(run, pending[0])


def threads(run: Run) -> Iterator[Page]:
    """The conversations that the store names: on a full walk all of them, else the urgent ones and some others."""
    wanted = [ident for ident in run.known.conversations if ident not in run.read]
    if run.full:
        wanted = _rest(run, sorted(wanted), "full_threads")
    else:
        left = run.api.http.budget.left() if run.api.http.budget is not None else None
        most = TURN if left is None or left > SCARCE else 0
        wanted = [*wanted[:HEAD], *_turn(run, wanted[HEAD:], "turn", most)]
    for some in _chunks(wanted):
        unknown = [ident for ident in some if ident not in run.pool.statuses]
        run.pool.add(_statuses(run, unknown).values())
        for root in some:
            if run.full:
                run.position["full_threads"] = root
            yield from thread(run, root)
    run.position.pop("full_threads", None)


def thread(run: Run, root: str) -> Iterator[Page]:
    """One conversation: its root and everything below it. What lies above it, or beside its audience, comes along."""
    if root in run.read:
        return
    run.read.add(root)
    try:
        if root not in run.pool.statuses:
            run.pool.add([run.ask(lambda: run.api.status(root))])
        context = run.ask(lambda: run.api.context(root))
    except Gone:
        run.dead.add(root)
        yield run.page("threads", gone=[root])
        return
    except Refused:
        yield run.page("threads", run.look(root, "the server does not show this thread to the account"))
        return
    run.pool.add([*context.ancestors, *context.descendants])
    top = run.pool.statuses[root]
    while (above := run.pool.missing(root)) is not None:
        run.pool.absent.add(above)
    run.pool.hang(context.descendants, top)
    records = run.records([top, *context.ancestors, *context.descendants])
    if context.fetching:
        run.put("later", [*run.names("later"), root])
    records += run.look(root, cut(context))
    yield run.page("threads", records, done=len(context.descendants) + 1, poison=context.poison)


def again(run: Run) -> Iterator[Page]:
    """What the store asks about and was not met: does it exist, and how does it stand?"""
    known = run.known
    if run.full:
        wanted = _unmet(run, [*known.waiting, *known.queued, *known.recent, *known.live])
        for some in _chunks(_rest(run, sorted(wanted), "full_again")):
            run.position["full_again"] = some[-1]
            yield _looked_up(run, some)
        run.position.pop("full_again", None)
        return
    most = LOOKUPS * (AT_ONCE if run.api.batches else 1)
    for name in ("waiting", "queued", "recent"):
        for some in _chunks(_turn(run, _unmet(run, getattr(known, name)), f"again_{name}", most)):
            yield _looked_up(run, some)


def _unmet(run: Run, idents: Iterable[str]) -> list[str]:
    return [ident for ident in dict.fromkeys(idents) if ident not in run.told and ident not in run.dead]


def _looked_up(run: Run, idents: Sequence[str]) -> Page:
    """A page of these, each asked for by itself where it did not come with the others: only that answer makes it
    gone."""
    found = _statuses(run, idents)
    gone = []
    for ident in idents:
        if ident in found:
            continue
        try:
            found[ident] = run.ask(lambda asked=ident: run.api.status(asked))  # type: ignore[misc]
        except Gone:
            gone.append(ident)
        except Refused:
            continue  # that we may not see it is no news about it
    run.dead.update(gone)
    return run.page("again", run.records(found.values()), done=len(idents), gone=gone)


def _statuses(run: Run, idents: Sequence[str]) -> dict[str, Status]:
    return run.ask(lambda: run.api.statuses(idents)) if idents and run.api.batches is not False else {}


def _turn(run: Run, idents: list[str], key: str, most: int) -> list[str]:
    """As many of these as one pull looks at, beginning behind where the last one stopped."""
    if len(idents) <= most:
        run.position.pop(key, None)
        return idents
    ordered = sorted(idents)
    stored = run.position.get(key)
    beyond = [ident for ident in ordered if isinstance(stored, str) and ident > stored]
    turn = (beyond or ordered)[:most]
    if turn:
        run.position[key] = turn[-1]
    return turn


def _rest(run: Run, ordered: list[str], key: str) -> list[str]:
    """What a full walk that was interrupted has not looked at yet."""
    stored = run.position.get(key)
    return [ident for ident in ordered if ident >= stored] if isinstance(stored, str) else ordered


def _chunks(idents: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(idents), AT_ONCE):
        yield idents[start : start + AT_ONCE]
