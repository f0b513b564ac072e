"""`appeals`: list, show, open, uphold, reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from modconsole.cli import people
from modconsole.cli.acting import MESSAGE, SOURCE
from modconsole.cli.call import Call, command, read_text
from modconsole.cli.looking import LIMIT
from modconsole.cli.sources import WithList

if TYPE_CHECKING:
    from modconsole.desk.appeals import Decided

IDENT = click.argument("appeal", metavar="ID")
ANSWER = click.option(
    "--answer", default="", metavar="TEXT", help="What the member is told, or why; - for standard input."
)
DRAFT = click.option("--draft", is_flag=True, help="Put the answer into your draft of a reply to the message.")


@click.group("appeals", cls=WithList)
def appeals_() -> None:
    """Members who say that we were wrong."""


@command("list")
@click.option("--all", "every", is_flag=True, help="Also those that were decided, newest first.")
@LIMIT
def list_(call: Call, every: bool, limit: int) -> int:
    """Appeals that wait for a decision, oldest first."""
    from modconsole.desk import appeals, member_documents

    desk = call.desk()
    found = appeals.listing(desk, limit, every=every)
    if call.as_json:
        call.document({"open": appeals.open_count(desk), "appeals": [member_documents.appeal(each) for each in found]})
        return 0
    if not found:
        call.say("No appeals." if every else "No appeal waits for a decision.")
        return 0
    people.table(
        ("opened", "by", "member", "about", "state", "id", "what they say"),
        [
            (
                people.local(each.at),
                each.by,
                people.who(each.person, each.handle, each.name),
                f"{each.source} {each.message}",
                each.state if each.decided_by is None else f"{each.state} by {each.decided_by}",
                each.id,
                each.text or each.said,
            )
            for each in found
        ],
        whole=frozenset({3, 5}),
    )
    return 0


@command("show")
@IDENT
def show_(call: Call, appeal: str) -> int:
    """What an appeal is about: the message, what was done and still stands, which a reversal takes back."""
    from modconsole.desk import appeals, member_documents

    desk = call.desk()
    found = appeals.case(desk, appeal)
    if call.as_json:
        call.document(member_documents.case(found, desk.now()))
        return 0
    each = found.appeal
    call.say(
        f"{people.who(each.person, each.handle, each.name)} about {each.source} {each.message} ({each.message_state})"
    )
    call.say(f"  opened     {people.local(each.at)} by {each.by}")
    call.say(f"  state      {each.state}{f' by {each.decided_by}' if each.decided_by else ''}")
    for label, text in (("message", each.said), ("they say", each.text), ("answer", each.answer)):
        if text:
            call.say(f"  {label:<10} {' '.join(text.split())}")
    for act in found.acts:
        call.say(
            f"  stands     {act.act} on {act.on} by {act.by}, {people.local(act.at)}{': ' if act.reason else ''}{act.reason}"
        )
    for given in found.strikes:
        call.say(
            f"  stands     strike by {given.by}, {people.local(given.at)}{': ' if given.reason else ''}{given.reason}"
        )
    if not found.acts and not found.strikes:
        call.say("  stands     nothing: there is nothing to take back")
    return 0


@command("open")
@SOURCE
@MESSAGE
@click.option("--text", default="", metavar="TEXT", help="What they say, or - for standard input.")
@click.option("--written", nargs=2, metavar="SOURCE MESSAGE", help="The message in which they appeal.")
@click.option("--act", metavar="ID", help="About this act only; `modconsole acts` lists them.")
@click.option("--strike", metavar="ID", help="About this strike only.")
def open_(
    call: Call,
    source: str,
    message: str,
    text: str,
    written: tuple[str, str] | None,
    act: str | None,
    strike: str | None,
) -> int:
    """Open an appeal of the author of MESSAGE, about what was done because of it.

    Their ask is open again: what answered or closed it before no longer counts. `modconsole undo` withdraws the appeal.
    """
    from modconsole.desk import appeals, member_documents

    opened = appeals.open_appeal(
        call.desk(), source, message, text=read_text(text), act=act, strike=strike, written=written or None
    )
    if call.as_json:
        call.document({**member_documents.appeal(opened.appeal), "status": opened.status})
        return 0
    status = f" The ask is now {opened.status.replace('_', ' ')}." if opened.status else ""
    call.say(f"The appeal is open.{status}")
    call.say(f"`modconsole appeals show {opened.appeal.id}` shows what it is about.")
    return 0


def _decide(call: Call, ident: str, decision: Literal["upheld", "reversed"], answer: str, draft: bool) -> int:
    from modconsole.desk import appeals, member_documents

    desk = call.desk()
    done = appeals.decide(desk, ident, decision, answer=read_text(answer))
    drafted = draft and appeals.draft_answer(desk, done.appeal)
    if call.as_json:
        call.document(member_documents.decided(done, desk.now()))
    else:
        _told(call, done)
        if drafted:
            call.say("The answer is in your draft of a reply.")
        elif draft:
            call.say("The answer was not put into a draft: there is none, or you have begun a reply there.")
    return 1 if done.trouble else 0


def _told(call: Call, done: Decided) -> None:
    call.say("What was done stands." if done.appeal.state == "upheld" else "Reversed.")
    for act in done.acts:
        call.say(f"  {act.act} on {act.on} {act.target} was {'called off' if act.state == 'cancelled' else 'undone'}.")
    for given in done.strikes:
        call.say(f"  The strike of {people.local(given.at)} no longer counts.")
    for each in done.trouble:
        call.say(f"  ! {each}")
    if done.status:
        call.say(f"The ask is now {done.status.replace('_', ' ')}.")


@command("uphold")
@IDENT
@ANSWER
@DRAFT
def uphold_(call: Call, appeal: str, answer: str, draft: bool) -> int:
    """Decide that what was done stands."""
    return _decide(call, appeal, "upheld", answer, draft)


@command("reverse")
@IDENT
@ANSWER
@DRAFT
def reverse_(call: Call, appeal: str, answer: str, draft: bool) -> int:
    """Decide that we were wrong: what was done is undone on the platform, strikes no longer count, the rule was wrong.

    Exit code 1 where something cannot be taken back; it says what.
    """
    return _decide(call, appeal, "reversed", answer, draft)


for _each in (list_, show_, open_, uphold_, reverse_):
    appeals_.add_command(_each)
del _each
