"""`waiting`, `why`, `inbox`, `search`, `journal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from modconsole.cli import people
from modconsole.cli.call import NOW, Call, command, json_pieces

if TYPE_CHECKING:
    from modconsole.desk.documents import Waiting
    from modconsole.store.queue import QueueRow

LIMIT = click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="At most so many."
)


@command("waiting")
@click.argument("query", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Also who is not waiting: answered, closed, snoozed, …")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many; all of them by default.")
@NOW
def waiting_(call: Call, query: tuple[str, ...], every: bool, limit: int | None, now: int | None) -> int:
    """Who is waiting, in queue order.

    QUERY limits it, as is:overdue in:blog from:@ann older:8h. Without --all: the statuses waiting, sending and unknown.
    """
    return print_queue(call, " ".join(query), every=every, limit=limit, now=now)


def print_queue(
    call: Call, query: str = "", *, every: bool = False, limit: int | None = None, now: int | None = None
) -> int:
    """Print the queue for people, or as the JSON document."""
    from modconsole.desk import documents

    lines: list[str] = []
    with documents.moment(call.desk(), now) as desk:
        found = documents.waiting(desk, query, every=every, limit=limit)
        # printed when the moment is over: a reader that is slow to take it must not hold up the database
        if call.as_json:
            asks = (documents.ask(row) for row in found.rows)
            lines = list(json_pieces(documents.waiting_head(found), "asks", asks))
        else:
            rows = list(found.rows)
    if call.as_json:
        for piece in lines:
            click.echo(piece, nl=False)
        click.echo()
    else:
        _show_queue(call, found, rows)
    return 0


def _show_queue(call: Call, found: Waiting, rows: list[QueueRow]) -> None:
    if rows:
        people.table(
            ("wait", "due", "status", "who", "where", "message", "what they said"),
            [_queue_line(row, found.now) for row in rows],
            right=frozenset({0}),
            whole=frozenset({5}),
        )
        call.say()
    counts = " · ".join(f"{n:,} {status.replace('_', ' ')}" for status, n in found.counts.items() if n)
    call.say(counts or "No asks.")
    if len(rows) < found.listed:
        call.say(f"{found.listed - len(rows):,} more are not shown.")
    unsure = [state for state in found.coverage if state.state != "fresh"]
    for state in unsure:
        call.say(f"cannot say: {state.source.name}: {state.why}. Asks may be missing.")


def _queue_line(row: QueueRow, now: int) -> tuple[str, ...]:
    words = [*row.badges, *(["backlog"] if row.backlog else []), *([f"● {row.claimed_by}"] if row.claimed_by else [])]
    called = people.who(row.person, row.handle, row.name)
    return (
        people.age(row.waiting_since, now) if row.waiting_since is not None else "",
        people.due(row.due_at, now) if row.due_at is not None else "",
        row.status.replace("_", " "),
        f"{called} ({', '.join(words)})" if words else called,
        f"{row.source_name} · {row.title}" if row.title else row.source_name,
        f"{row.source} {row.latest}",
        row.text,
    )


@command("why")
@click.argument("source")
@click.argument("message")
@NOW
def why_(call: Call, source: str, message: str, now: int | None) -> int:
    """Why somebody waits, or does not: the proof.

    It works for every message, and in reverse too: why is this not in the queue.
    """
    from modconsole.desk import documents

    with documents.moment(call.desk(), now) as desk:
        proof, document = documents.why(desk, source, message)
    if call.as_json:
        call.document(document)
        return 0
    since = f" since {people.local(proof.waiting_since)}" if proof.waiting_since is not None else ""
    call.say(f"{proof.status.replace('_', ' ')}{since}")
    if proof.item and proof.item != proof.status:
        call.say(f"  this message: {proof.item.replace('_', ' ')}")
    for entry in proof.because:
        named = f"decision {entry.decision}" if entry.decision is not None else f"message {entry.message}"
        call.say(f"  · {people.local(entry.at)}  {named}  {entry.effect}: {entry.reason}")
    if proof.ask is not None and proof.ask.due_at is not None:
        call.say(f"  due {people.local(proof.ask.due_at)}")
    return 0


@command("inbox")
@click.argument("words", nargs=-1)
@click.option("--source", default="", metavar="SOURCE", help="Of this source only.")
@LIMIT
def inbox_(call: Call, words: tuple[str, ...], source: str, limit: int) -> int:
    """All conversations, newest first.

    With WORDS, those in which they occur.
    """
    from modconsole.desk import documents
    from modconsole.desk.views import InboxPager

    with documents.moment(call.desk(), None) as desk:
        pager = InboxPager(desk, " ".join(words), source=source)
        rows, total, now = pager.first(limit), pager.count(), desk.now()
    if call.as_json:
        call.document({"total": total, "conversations": [documents.conversation(row) for row in rows]})
        return 0
    people.table(
        ("last", "waiting", "messages", "where", "who", "what was said last"),
        [
            (
                people.age(row.last_at, now) if row.message else "",
                f"{row.open_asks:,}" if row.open_asks else "",
                f"{row.messages:,}",
                f"{row.source_name} · {row.title or row.conversation}",
                ("us: " if row.ours else "") + people.who(row.author, row.handle, row.name),
                row.text,
            )
            for row in rows
        ],
        right=frozenset({0, 1, 2}),
    )
    call.say(f"{len(rows):,} of {total:,} conversations")
    return 0


@command("search")
@click.argument("words", nargs=-1, required=True)
@click.option("--source", default="", metavar="SOURCE", help="In this source only.")
@LIMIT
def search_(call: Call, words: tuple[str, ...], source: str, limit: int) -> int:
    """Messages that hold all the words.

    The last word may go on: "hel" finds "hello". Exit code 1 where nothing is found.
    """
    from modconsole.desk import documents, views

    with documents.moment(call.desk(), None) as desk:
        hits = views.search(desk, " ".join(words), limit, source=source)
        now = desk.now()
    if call.as_json:
        call.document({"hits": [documents.hit(found) for found in hits]})
    elif hits:
        people.table(
            ("age", "who", "where", "message", "text"),
            [
                (
                    people.age(found.created, now),
                    people.who(found.author, found.handle, found.name),
                    found.title or found.conversation,
                    f"{found.source} {found.message}",
                    found.text,
                )
                for found in hits
            ],
            right=frozenset({0}),
            whole=frozenset({3}),
        )
    else:
        call.say("Nothing found.")
    return 0 if hits else 1


@command("journal")
@click.option("--mine", is_flag=True, help="My own acts only.")
@LIMIT
def journal_(call: Call, mine: bool, limit: int) -> int:
    """What we did, newest first."""
    from modconsole.desk import documents, views

    with documents.moment(call.desk(), None) as desk:
        done = views.journal_of(desk, limit, mine=mine)
    if call.as_json:
        acts: list[dict[str, Any]] = [documents.done(each) for each in done]
        call.document({"acts": acts})
        return 0
    people.table(
        ("when", "who", "act", "on", "id", ""),
        [
            (
                people.local(each.at),
                each.by,
                f"{each.what}{' (undone)' if each.undone else f' ({each.state})' if each.state else ''}",
                f"{each.source} {each.through or each.conversation}",
                each.id,
                each.text,
            )
            for each in done
        ],
        whole=frozenset({3, 4}),
    )
    return 0
