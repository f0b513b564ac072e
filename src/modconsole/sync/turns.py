"""Whose turn it is: which sources are meant, how often each is looked at, and what came of those that another process syncs."""

from __future__ import annotations

from collections.abc import Iterable

from modconsole.errors import InputError, NotFound
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.store.marks import AccountRow
from modconsole.sync import registry
from modconsole.sync.reports import Result


def interval(account: AccountRow) -> float:
    """Seconds between two looks at a source: the account's setting `interval`, else the platform's own."""
    chosen = account.settings.get("interval")
    if isinstance(chosen, int | float) and chosen > 0:
        return float(chosen)
    return times(account)[0]


def times(account: AccountRow) -> tuple[float, float]:
    """Interval and settling time of an account's platform, in seconds; the usual ones where its connector cannot be had:
    opening it will say so."""
    try:
        info = registry.info(account.platform)
    except InputError:
        return 60.0, 30.0
    return info.interval, info.settles


def chosen(db: Db, sources: Iterable[str] | None) -> list[AccountRow]:
    accounts = {account.source: account for account in marks.accounts(db)}
    if sources is None:
        return [account for account in accounts.values() if not account.paused]
    wanted = list(dict.fromkeys(sources))
    for source in wanted:
        if source not in accounts:
            raise NotFound(f"{source!r} is not a source that is synced.", hint="`modconsole sources list` shows them.")
    return [accounts[source] for source in sorted(wanted)]


def theirs(db: Db, source: str, full: bool, began: int, holder: str) -> Result:
    """What somebody else's sync of a source came to since an instant."""
    mark = marks.mark(db, source)
    result = Result(source=source, full=full)
    done = mark.walked_at if full else mark.synced_at
    if done is not None and done >= began:
        return result
    if mark.failure is not None and mark.tried_at is not None and mark.tried_at >= began:
        result.outcome, result.error, result.hint = "failed", mark.failure, mark.hint or ""
        return result
    result.outcome, result.error = "skipped", f"{holder} syncs this database, and has not come to this source yet."
    result.hint = "It was asked to. Look again in a moment."
    return result
