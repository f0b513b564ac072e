"""One pull of a Mastodon account, lane by lane.

- `queues`     whose notifications the account's policy keeps back, and what was reported (for staff): what such people
               address to us, and what was reported, counts as held until somebody has decided.
- `own`        what we wrote, wherever we wrote it: our native replies, and the roots of our threads. It comes before
               `discovery`, because most mentions answer one of ours, whose conversation is known then.
- `discovery`  notifications of mentions and quotes, filtered ones among them; and the list of direct messages.
- `threads`    each conversation in which one of these lanes found something, at once and whole; then those that the
               store names (`mastodon_reread`). A reply that mentions nobody is announced nowhere and is found here.
- `again`      what the store asks about and no thread has shown: looked up by id. Only the answer 404 to that makes a
               message gone.

A thread that something new was found in stays in the position (`todo`) until it was read, so that a crash in between
skips none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from modconsole.connectors.base import Page
from modconsole.connectors.mastodon_api import MANAGE_REPORTS, WANTED, Listing
from modconsole.connectors.mastodon_map import Status
from modconsole.connectors.mastodon_reread import again, threads, todo
from modconsole.connectors.mastodon_run import Run
from modconsole.connectors.mastodon_walk import OVERLAP, Lane
from modconsole.domain.times import DAY, to_instant
from modconsole.errors import Unreachable

T = TypeVar("T")

DONE = "done"
"""In the position of a list: a full walk that is not finished has been through it."""
PATIENCE = 3
"""How often the same page may come in the place of the next one."""
QUEUE_PAGES = 5
"""Pages of requests, and of reports, that an ordinary pull reads."""

DROPPED = {
    "for_not_following": "people we do not follow",
    "for_not_followers": "people who do not follow us",
    "for_new_accounts": "new accounts",
    "for_private_mentions": "unasked direct messages",
    "for_limited_accounts": "limited accounts",
}
"""Of the fields of a notification policy, whom each is about."""


@dataclass(frozen=True)
class Found:
    """What one page of a list brought: statuses, each with the instant by which the list is ordered."""

    page: Listing[Any]
    statuses: list[tuple[datetime, Status]]
    times: list[datetime]


def pages(run: Run) -> Iterator[Page]:
    """All lanes in order, and at the end the coverage."""
    run.put("todo", [*run.names("todo"), *run.names("later")])
    run.position.pop("later", None)
    yield queues(run)
    yield from todo(run)
    yield from _walk(run, "own", "own", _own)
    yield from _walk(run, "mentions", "discovery", _mentions)
    yield from _walk(run, "dms", "discovery", _conversations, overlap=DAY)
    yield from threads(run)
    yield from again(run)
    for name in ("own", "mentions", "dms"):
        run.position.pop(f"full_{name}", None)
    yield run.coverage()


# ---------------------------------------------------------------------- queues


def queues(run: Run) -> Page:
    """Senders whose notifications are kept back, and reports; with the statuses that the server gives along."""
    policy = run.allowed(run.api.policy)
    if policy is not None:
        dropped = [words for name, words in DROPPED.items() if getattr(policy, name) == "drop"]
        if dropped:
            run.gap(f"the account's policy drops notifications of {', '.join(dropped)}: they are never made")
    requests = _queue(run, run.api.requests, "no permission for notifications: filtered senders stay unknown")
    run.queues.senders = {request.account.id for page in requests for request in page.items}
    found = [r.last_status for page in requests for r in page.items if r.last_status is not None]
    poison = [bad for page in requests for bad in page.poison]
    if run.us.may(MANAGE_REPORTS):
        reports = _queue(run, run.api.reports, "no permission for reports, although the role has it")
        reported = [status for page in reports for report in page.items for status in report.statuses]
        run.queues.reported = {status.id for status in reported}
        found += reported
        poison += [bad for page in reports for bad in page.poison]
    before = set(run.names("queued"))
    fresh = [status for status in found if status.id not in before]
    records = run.records(fresh)
    run.put("queued", (status.id for status in found))
    _to_read(run, [status.id for status in fresh])
    return run.page("queues", records, done=len(found), complete=True, poison=poison)


def _to_read(run: Run, idents: list[str]) -> None:
    """Keep in mind to read the conversations of these. One that was read already, without this status, is read again."""
    roots = [root for ident in idents if (root := run.pool.root(ident)) is not None and not _alone(run, ident, root)]
    run.read.difference_update(roots)
    run.put("todo", [*run.names("todo"), *roots])


def _queue(run: Run, ask: Callable[[list[tuple[str, str]]], Listing[T]], gap: str) -> list[Listing[T]]:
    """A queue from its top, as many pages as are read of one."""
    found: list[Listing[T]] = []
    query: list[tuple[str, str]] = []
    while run.full or len(found) < QUEUE_PAGES:
        page = run.allowed(lambda asked=query: ask(asked), gap)  # type: ignore[misc]
        if page is None:
            break
        found.append(page)
        if page.following is None or not page.items:
            break
        query = [("max_id", page.following)]
    return found


# ---------------------------------------------------------------------- lists, newest first


def _walk(
    run: Run, name: str, lane: str, ask: Callable[[Run, Lane], Found | None], overlap: int = OVERLAP
) -> Iterator[Page]:
    """A list from its top down to the mark (to its end on a full walk), and after each page the threads that it
    touched.

    A full walk that was interrupted goes on where it was; a list that it has been through is read from its mark, as
    ever. Rows older than the mark were seen by the walk that set it; what has become of them since, `threads` and
    `again` find out.
    """
    full = run.full and run.position.get(f"full_{name}") != DONE
    key = f"full_{name}" if full else name
    place = Lane.of(run.position, key, overlap)
    done, stuck = False, 0
    while not done:
        found = ask(run, place)
        if found is None:
            return
        if run.began is None:
            run.began = found.page.server_time
        floor = place.walk.mark - overlap if place.walk.mark is not None else None
        fresh = [status for moment, status in found.statuses if floor is None or to_instant(moment) >= floor]
        unseen = [status.id for status in fresh if status.id not in run.told]
        records = run.records(fresh)
        _to_read(run, unseen)
        stuck = stuck + 1 if found.page.following is not None and found.page.following == place.walk.cursor else 0
        if stuck > PATIENCE:
            raise Unreachable(f"{run.api.http.host} gives the same page of a list again and again.")
        done = place.met(found.page, [to_instant(moment) for moment in found.times])
        run.position[key] = place.json()
        if done and full:
            run.position[name], run.position[key] = run.position[key], DONE
        if done and name == "dms":
            run.position["rows"] = run.position.pop("walked", {})
        yield run.page(lane, records, done=len(fresh), complete=done, poison=found.page.poison)
        yield from todo(run)


def _alone(run: Run, ident: str, root: str) -> bool:
    """Whether a status is a thread that nobody has answered. Of direct messages the answers are not counted."""
    status = run.pool.statuses[ident]
    return ident == root and status.replies_count == 0 and not status.direct


def _own(run: Run, lane: Lane) -> Found | None:
    """What we wrote, in whatever app."""
    gap = "no permission to read statuses: replies made elsewhere are not seen"
    page = run.allowed(lambda: run.api.own(run.us.id, lane.query()), gap)
    if page is None:
        return None
    mine = [(status.created_at, status) for status in page.items if status.reblog is None]
    return Found(page, mine, [status.created_at for status in page.items])


def _mentions(run: Run, lane: Lane) -> Found | None:
    gap = "no permission for notifications: mentions are not seen"
    page = run.allowed(lambda: run.api.mentions(lane.query()), gap)
    if page is None:
        return None
    told = [(one.created_at, one.status) for one in page.items if one.status is not None and one.type in WANTED]
    return Found(page, told, [one.created_at for one in page.items])


def _conversations(run: Run, lane: Lane) -> Found | None:
    """Direct messages. A row is told when its last status is another one than before: rows move up as they are written
    in.

    The list is ordered by internal numbers, so the cursor comes from the links and no floor is given. An empty answer
    is no proof that there are no direct messages: Takahē's list is always empty.
    """
    query = [pair for pair in lane.query() if pair[0] != "since_id"]
    page = run.allowed(lambda: run.api.conversations(query))
    if lane.walk.cursor is None and (page is None or not (page.items or page.poison)) and run.position.get("direct"):
        run.gap("the server lists no direct messages: only those that mention this account are seen")
    if page is None:
        return None
    rows = {row.id: row.last_status for row in page.items if row.last_status is not None}
    stored, walked = run.position.get("rows"), run.position.get("walked")
    before = stored if isinstance(stored, dict) else {}
    kept = walked if isinstance(walked, dict) and lane.walk.cursor is not None else {}
    newest = max((to_instant(status.created_at) for status in rows.values()), default=0)
    floor = max(newest, lane.walk.top or 0) - lane.overlap  # what is older, the next walk does not come to
    recent = {ident: status.id for ident, status in rows.items() if to_instant(status.created_at) >= floor}
    run.position["walked"] = {**kept, **recent}
    fresh = [(status.created_at, status) for ident, status in rows.items() if before.get(ident) != status.id]
    times = [status.created_at for status in rows.values()]
    return Found(page, fresh, times)
