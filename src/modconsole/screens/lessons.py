"""What an empty list says: what that means, and what to do. Nobody waits only where every source can vouch for it."""

from __future__ import annotations

from modconsole.desk.views import Header
from modconsole.domain.safetext import Safe, fill, join, line, literal
from modconsole.errors import ModConsoleError
from modconsole.screens.base import vouched
from modconsole.screens.wording import clock
from modconsole.widgets.plain import Piece

NEWLINE = literal("\n")


def page(title: Safe, *lines: Safe | tuple[Safe, Safe]) -> list[Piece]:
    """A title and lines below it; a pair is a command or a key, and what it does."""
    pieces: list[Piece] = [(title, "strong"), (NEWLINE, "")]
    for each in lines:
        pieces.append((NEWLINE, ""))
        if isinstance(each, tuple):
            pieces += [(fill("  {:<25}", each[0]), "accent"), (each[1], "dim")]
        else:
            pieces.append((each, ""))
    return pieces


BEGIN = (
    (literal("modconsole demo"), literal("a small made-up community to try things on")),
    (literal("modconsole sources add"), literal("connect a place where your community talks")),
    (literal("modconsole import FILE"), literal("read conversations from an exchange file")),
)


def no_database(error: ModConsoleError) -> list[Piece]:
    """There is no database that can be read."""
    return page(
        literal("There is nothing here yet"),
        line(error.message),
        literal(""),
        literal("To begin, leave with ctrl+q and run one of these:"),
        *BEGIN,
        literal(""),
        literal("This screen fills by itself as soon as there is something to show."),
    )


def no_sources() -> list[Piece]:
    """The database is there, and empty."""
    return page(
        literal("No source is connected yet"),
        literal("A source is one account or site that you look after. To add one, here:"),
        (literal("6, then a"), literal("connect a place where your community talks")),
        literal("or leave with ctrl+q and run one of these:"),
        *BEGIN,
        literal(""),
        literal("This screen fills by itself as soon as there is something to show."),
    )


def first_source() -> list[Piece]:
    """The list of sources is empty."""
    return page(
        literal("No source is connected yet"),
        literal("A source is one account or site that you look after: a blog, a forum, an"),
        literal("inbox. What people write there comes in here, and the queue says who has"),
        literal("not had a reply."),
        literal(""),
        (literal("a"), literal("add one, step by step: nothing is stored before")),
        (literal(""), literal("the end, and nothing is sent")),
        literal(""),
        literal("What was written before is its backlog, counted apart."),
        literal("From the command line: modconsole sources add, or modconsole import FILE."),
    )


def first_rule(folder: str) -> list[Piece]:
    """The list of rules is empty."""
    return page(
        literal("There are no rules yet"),
        literal("A rule says which messages it means, and what to do about them:"),
        literal("hold spam, tag what is urgent, show a person what they should see."),
        literal(""),
        (literal("N"), literal("write the first one, from a short example")),
        (literal("I"), literal("read an AutoModerator file, as drafts")),
        literal(""),
        literal("While you write, the lab shows what it would hit of all that is"),
        literal("stored. Then let it judge in the shadow, where it counts and does"),
        literal("nothing; only when you say so does it act. Whatever a rule does"),
        literal("can be explained, and taken back."),
        literal(""),
        fill("Rules are files: {}", line(folder, 200)),
    )


def no_match(limit: str) -> list[Piece]:
    """The limit fits nothing."""
    return page(
        join([literal("Nothing fits "), line(limit)]),
        literal("Others may be waiting: this is only a part of the queue."),
        (literal("esc"), literal("take the limit away")),
        (literal("/"), literal("change it")),
    )


def nobody(header: Header | None, view: str, now: int) -> list[Piece]:
    """The list is empty, and nothing limits it."""
    if header is None:
        return []
    rest: list[Safe | tuple[Safe, Safe]] = []
    sending, promised = header.counts.get("sending", 0), header.counts.get("promised", 0)
    snoozed, held = header.counts.get("snoozed", 0), header.counts.get("held", 0)
    if sending:
        rest.append(fill("{} have a reply on its way that has not been seen there yet.", sending))
    if promised:
        rest.append(fill("{} were promised an answer, and come back in time.", promised))
    if snoozed:
        rest.append(fill("{} are snoozed.", snoozed))
    if held:
        rest.append(fill("{} are held until somebody decides about their message.", held))
    if header.backlog and view == "tonight":
        rest.append(fill("{} from before the sources were connected are in the backlog: tab.", header.backlog))
    if vouched(header):
        return page(literal("Nobody waits"), literal("Every source has been seen completely."), *rest)
    doubts = []
    for each in header.sources:
        if each.state == "fresh" and not each.source.paused:
            continue
        seen = each.complete_through if each.complete_through is not None else each.checked_at
        since = join([literal("since "), clock(seen, now)]) if seen is not None else literal("ever")
        why = literal("it is paused") if each.source.paused else line(each.why)
        doubts.append(
            join([literal("  "), line(each.source.id), literal(": no complete look "), since, literal(", "), why])
        )
    return page(
        literal("Nobody is known to wait"),
        literal("But somebody may: these sources cannot vouch for what they show."),
        *doubts,
        literal(""),
        *rest,
        (literal("6"), literal("the sources, and what to do about them")),
        (literal("R"), literal("look at all of them now")),
    )
