"""`sync`, `sweep`, `outbox`."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modconsole.cli import people
from modconsole.cli.call import NOW, Call, Until, command
from modconsole.domain.safetext import for_terminal

if TYPE_CHECKING:
    from modconsole.desk.outgoing import Outgoing, OutgoingAct
    from modconsole.reports.receipt import Receipt
    from modconsole.sync.reports import Event, Result


@command("sync")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--full", is_flag=True, help="Walk everything that exists there, not only what is new.")
@click.option("--watch", "watching", is_flag=True, help="Go on until stopped.")
@click.option(
    "--log", type=click.Path(dir_okay=False), metavar="FILE", help="With --watch: write the log there instead."
)
@click.option("--verbose", is_flag=True, help="With --watch: log each turn of each source, too.")
@click.option("--until-eof", is_flag=True, help="With --watch: end when standard input does.")
def sync_(
    call: Call,
    sources: tuple[str, ...],
    full: bool,
    watching: bool,
    log: str | None,
    verbose: bool,
    until_eof: bool,
) -> int:
    """Bring in what is new, and send what is due.

    Of all sources with a sign-in, or of those named. Where another process syncs this database already, it is asked to. Exit code
    2 where a source failed.
    """
    from modconsole.desk import sweep

    desk = call.desk()
    if watching:
        if call.as_json or sources or full:
            raise click.UsageError("--watch syncs everything for ever: it goes with no source, --full or --json.")
        _log(log, verbose)
        stop = _until_stopped()
        if until_eof:
            from modconsole.desk import beside

            beside.end_with_input(stop)
        sweep.watch(desk, stop, listener=lambda event: _narrate(call, event))
        return 0
    if log or verbose or until_eof:
        raise click.UsageError("--log, --verbose and --until-eof go with --watch.")
    with call.progress() as tell:
        results = sweep.sync(desk, sources or None, full=full, listener=lambda event: tell(_words(event)))
    if call.as_json:
        call.document({"sources": [_result(result) for result in results]})
    else:
        for result in results:
            call.say(_line(result))
        if not results:
            call.say("No source is synced. `modconsole sources add` signs in to one.")
    return 2 if sweep.failed(results) else 0


def _until_stopped() -> threading.Event:
    """Set by SIGTERM, SIGHUP and Ctrl-C: a service manager ends the sync as gently as a person does."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


class _Inert(logging.Formatter):
    """Log lines that nothing in them can turn into commands to a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return str(for_terminal(super().format(record)))


LOG_BYTES = 1_000_000
"""A log file is turned over at this size; three old ones are kept."""


def _log(file: str | None, verbose: bool) -> None:
    """A sync that goes on for ever says what goes wrong, whoever reads it: a person or a service's journal.

    What is logged names sources, counts and what went wrong, at either level; never a text, a name of a person or a secret.
    """
    from logging.handlers import RotatingFileHandler

    from modconsole.config import paths

    handler: logging.Handler = logging.StreamHandler()
    if file is not None:
        path = Path(file).expanduser()
        if not path.parent.is_dir():
            paths.private_folder(path.parent)
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8", delay=True)
    handler.setFormatter(_Inert("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("modconsole")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose else logging.WARNING)


def _narrate(call: Call, event: Event) -> None:
    from modconsole.sync.reports import Finished, Step

    if isinstance(event, Finished):
        result = event.result
        if result.outcome != "ok" or result.new or result.changed or result.steps:
            call.narrate(_line(result))
    elif isinstance(event, Step) and event.words:
        call.narrate(f"{event.source}: {event.what} {event.state}: {event.words}")


def _words(event: Event) -> str:
    from modconsole.sync.reports import Holder, Progress, Step

    if isinstance(event, Progress):
        total = f" of {event.total:,}" if event.total is not None else ""
        return f"{event.source}: {event.lane}: {event.done:,}{total}"
    if isinstance(event, Step):
        return f"{event.source}: {event.what} {event.state}"
    if isinstance(event, Holder):
        return "" if event.ours else f"{event.label} syncs this database; it was asked to."
    return f"{event.source}: done"


def _line(result: Result) -> str:
    if result.outcome != "ok":
        return f"{result.source}: {result.outcome}: {result.error} {result.hint}".rstrip()
    parts = [f"{result.new:,} new", f"{result.changed:,} changed"]
    parts += [f"{result.gone:,} gone"] if result.gone else []
    parts += [f"{result.sent():,} sent"] if any(step.what == "reply" for step in result.steps) else []
    acts = sum(1 for step in result.steps if step.what != "reply" and step.state == "done")
    parts += [f"{acts:,} acts carried out" if acts > 1 else "1 act carried out"] if acts else []
    parts += [f"{result.set_aside:,} could not be read and were set aside"] if result.set_aside else []
    return f"{result.source}: {', '.join(parts)}"


def _result(result: Result) -> dict[str, Any]:
    return {
        "source": result.source,
        "outcome": result.outcome,
        "full": result.full,
        "records": result.records,
        "new": result.new,
        "changed": result.changed,
        "gone": result.gone,
        "set_aside": result.set_aside,
        "sent": result.sent(),
        "error": result.error or None,
        "hint": result.hint or None,
    }


@command("sweep")
@click.option(
    "--since",
    type=Until(),
    default="1d",
    show_default=True,
    metavar="TIME",
    help="What the receipt counts: a time, or a span.",
)
@click.option("--no-sync", is_flag=True, help="Judge what is stored, without asking the platforms.")
@NOW
def sweep_(call: Call, since: tuple[str, int], no_sync: bool, now: int | None) -> int:
    """The nightly reply sweep: sync, walk, receipt.

    Exit code 0: every source is fresh and nobody waits past the target. 1: somebody does. 2: it cannot be said, and why; this
    wins over 1. With --now nothing is synced.
    """
    from modconsole.desk import documents, sweep, views
    from modconsole.reports import receipt

    desk = call.desk()
    trouble: dict[str, str] = {}
    if not no_sync and now is None:
        with call.progress() as tell:
            results = sweep.sync(desk, full=True, listener=lambda event: tell(_words(event)))
        trouble = {result.source: result.error or result.outcome for result in results if result.outcome != "ok"}
    with documents.moment(desk, now) as fixed:
        at = fixed.now()
        vouched = [
            receipt.Vouched(
                source=state.source,
                fresh=state.state == "fresh" and state.source.id not in trouble,
                why=state.why or trouble.get(state.source.id, ""),
            )
            for state in views.coverage(fixed)
        ]
        begin = at - since[1] if since[0] == "span" else since[1]
        found = receipt.make(fixed.db, vouched, since=begin, until=at, by=desk.who)
    if call.as_json:
        call.document(receipt.document(found))
    else:
        _show(call, found, receipt.verdict(found))
    return found.outcome


def _show(call: Call, found: Receipt, verdict: str) -> None:
    length = found.until - found.since
    call.say(
        f"Sweep of {people.local(found.until)} · {found.by} · the last {people.age(found.until - length, found.until)}"
    )
    for line in found.sources:
        if not line.fresh:
            call.say(f"  {line.name}   CANNOT SAY   {line.why}")
            continue
        complete = f"complete to {people.local(line.complete_through)}" if line.complete_through else "imported"
        parts = [f"{line.items:,} items", f"{line.people:,} people", f"{line.answered:,} answered"]
        parts += [f"{line.promised:,} promised"] if line.promised else []
        parts += [f"{line.overdue:,} past the target"] if line.overdue else []
        call.say(f"  {line.name}   {complete}   {'   '.join(parts)}")
    reasons = ", ".join(f"{reason or 'no reason given'} {n:,}" for reason, n in found.closed.items())
    closed = f"closed without reply {sum(found.closed.values()):,}" + (f" ({reasons})" if reasons else "")
    backlog = sum(line.backlog_overdue for line in found.sources)
    call.say(f"  {closed} · carried over {found.carried_over:,} · held {found.counts['held']:,}")
    if backlog:
        call.say(f"  of those past the target {backlog:,} are backlog, from before their source was connected")
    call.say(f"{verdict}  (exit {found.outcome})")


@command("outbox")
@click.argument("act", type=click.Choice(["list", "retry", "take-back"]), default="list", required=False)
@click.argument("ident", required=False, metavar="[ID]")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="At most so many.")
def outbox_(call: Call, act: str, ident: str | None, limit: int) -> int:
    """What is on its way: replies, and acts that cannot be taken back or of which nobody knows whether they arrived.

    `retry ID` puts a failed reply back in line, or does an act again that is unsure or failed. `take-back ID` takes one back
    before it goes out; the words of a reply are kept as a draft.
    """
    from modconsole.desk import outgoing

    desk = call.desk()
    if act == "list":
        if ident is not None:
            raise click.UsageError("`outbox list` takes no id.")
        _show_outbox(call, outgoing.OutboxPager(desk).first(limit))
        return 0
    if ident is None:
        raise click.UsageError(f"`outbox {act}` needs the id of a reply or an act.")
    if act == "retry":
        done = outgoing.retry(desk, ident)
        status: str = done.state if done is not None else "queued"
        said = f"{done.act}: done." if done is not None else "It is tried again with the next sync."
    else:
        undone = outgoing.take_back(desk, ident)
        status = undone.status
        said = "Taken back; its words are a draft." if undone.what == "reply" else f"Called off: {undone.what}."
    if call.as_json:
        call.document({"id": ident, "status": status})
    else:
        call.say(said)
    return 0


def _show_outbox(call: Call, found: list[Outgoing | OutgoingAct]) -> None:
    from modconsole.desk import documents
    from modconsole.desk.outgoing import OutgoingAct

    if call.as_json:
        call.document(
            {
                "sends": [documents.sending(each.send) for each in found if not isinstance(each, OutgoingAct)],
                "acts": [documents.moderated(each.act) for each in found if isinstance(each, OutgoingAct)],
            }
        )
        return
    rows: list[tuple[str, ...]] = []
    for each in found:
        if isinstance(each, OutgoingAct):
            act = each.act
            said = f"{act.act} {act.on} {act.target}"
            rows.append((people.local(act.at), act.by, act.state, act.source, act.id, act.trouble, said))
        else:
            send = each.send
            what = (send.id, send.trouble or "", send.text)
            rows.append((people.local(send.at), send.by, send.state, send.source, *what))
    people.table(("when", "who", "state", "source", "id", "trouble", "text"), rows, whole=frozenset({4}))
