"""`reply`, `close`, `snooze` and the other acts on an ask; `undo`.

Each is `modconsole ACT SOURCE MESSAGE`: on the ask of that message's author in its thread, *through* that message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from modconsole.cli.call import Call, Until, command, read_text

if TYPE_CHECKING:
    from modconsole.desk.asks import Acted
    from modconsole.desk.desk import Desk

SOURCE = click.argument("source")
MESSAGE = click.argument("message")
REASON = click.option("--reason", default="", metavar="WORDS", help="Why; shown in the journal and with the ask.")
TEXT = click.option("--text", required=True, metavar="TEXT", help="The text, or - for standard input.")
UNTIL = click.option("--until", type=Until(), metavar="TIME", help="A time, or a length of time as 8h or 3d.")


def _instant(desk: Desk, until: tuple[str, int] | None) -> int | None:
    """The instant that an `--until` means."""
    if until is None:
        return None
    return desk.now() + until[1] if until[0] == "span" else until[1]


def _act(call: Call, act: Callable[[Desk], Acted], told: str) -> int:
    """Carry out an act and tell what became of the ask."""
    from modconsole.desk import documents

    desk = call.desk()
    done = act(desk)
    if call.as_json:
        call.document(documents.acted(done))
        return 0
    status = done.status.replace("_", " ")
    call.say(f"{told} {'The ask is now ' + status + '.' if status else ''}".rstrip())
    if done.goes_out_at is not None:
        seconds = max(0, done.goes_out_at - desk.now()) // 1_000_000
        call.say(f"It goes out with the first sync after {seconds} s; `modconsole undo` takes it back.")
    call.narrate(f"id {done.id}")
    return 0


@command("reply")
@SOURCE
@MESSAGE
@TEXT
@click.option(
    "--through", metavar="MESSAGE", help="The newest message you have seen; newer ones stay open. Default: MESSAGE."
)
@click.option("--insist", is_flag=True, help="Send although somebody else has answered, or is answering.")
def reply_(call: Call, source: str, message: str, text: str, through: str | None, insist: bool) -> int:
    """Reply to a message.

    The reply goes out with the next sync, at the earliest after the undo delay. Exit code 2 when somebody else has answered in
    the meantime, unless --insist.
    """
    from modconsole.desk import asks

    words = read_text(text)
    return _act(
        call,
        lambda desk: asks.reply(desk, source, message, words, through=through, insist=insist),
        "The reply is queued.",
    )


@command("close")
@SOURCE
@MESSAGE
@REASON
def close_(call: Call, source: str, message: str, reason: str) -> int:
    """Close an ask without a reply. It is never counted as answered."""
    from modconsole.desk import asks

    return _act(call, lambda desk: asks.close(desk, source, message, reason=reason), "Closed.")


@command("reopen")
@SOURCE
@MESSAGE
@REASON
def reopen_(call: Call, source: str, message: str, reason: str) -> int:
    """Say that an answer or a closing was not enough: the ask waits again, since its original time."""
    from modconsole.desk import asks

    return _act(call, lambda desk: asks.reopen(desk, source, message, reason=reason), "Reopened.")


@command("snooze")
@SOURCE
@MESSAGE
@UNTIL
@REASON
def snooze_(call: Call, source: str, message: str, until: tuple[str, int] | None, reason: str) -> int:
    """Put an ask out of sight for a time, or until they write.

    When the person writes again the ask is back at once, whatever the time.
    """
    from modconsole.desk import asks

    return _act(
        call, lambda desk: asks.snooze(desk, source, message, until=_instant(desk, until), reason=reason), "Snoozed."
    )


@command("unsnooze")
@SOURCE
@MESSAGE
def unsnooze_(call: Call, source: str, message: str) -> int:
    """Bring a snoozed ask back."""
    from modconsole.desk import asks

    return _act(call, lambda desk: asks.unsnooze(desk, source, message), "The snooze has ended.")


@command("claim")
@SOURCE
@MESSAGE
@UNTIL
@click.option("--take-over", is_flag=True, help="Claim it although somebody else has.")
def claim_(call: Call, source: str, message: str, until: tuple[str, int] | None, take_over: bool) -> int:
    """Say that you take an ask on. It stays in the queue, and the claim ends by itself."""
    from modconsole.desk import asks

    return _act(
        call,
        lambda desk: asks.claim(desk, source, message, until=_instant(desk, until), take_over=take_over),
        "Claimed.",
    )


@command("release")
@SOURCE
@MESSAGE
def release_(call: Call, source: str, message: str) -> int:
    """Let go of a claim."""
    from modconsole.desk import asks

    return _act(call, lambda desk: asks.release(desk, source, message), "Released.")


@command("assign")
@SOURCE
@MESSAGE
@click.option("--to", required=True, metavar="NAME", help="Whom to give it to.")
def assign_(call: Call, source: str, message: str, to: str) -> int:
    """Give an ask to somebody. It stays in the team's queue."""
    from modconsole.desk import asks

    return _act(call, lambda desk: asks.assign(desk, source, message, to), f"Assigned to {to}.")


@command("promise")
@SOURCE
@MESSAGE
@click.option("--until", required=True, type=Until(), metavar="TIME", help="A time, or a length of time as 8h or 3d.")
def promise_(call: Call, source: str, message: str, until: tuple[str, int]) -> int:
    """Make a reply of ours a holding reply, with a date.

    MESSAGE is our reply. From the date on the ask waits again, since its original time.
    """
    from modconsole.desk import asks

    def act(desk: Desk) -> Acted:
        at = _instant(desk, until)
        assert at is not None
        return asks.promise(desk, source, message, until=at)

    return _act(call, act, "Promised.")


@command("note")
@SOURCE
@MESSAGE
@TEXT
def note_(call: Call, source: str, message: str, text: str) -> int:
    """Write an internal note. Nobody outside sees it, and it answers nothing."""
    from modconsole.desk import asks

    words = read_text(text)
    return _act(call, lambda desk: asks.note(desk, source, message, words), "Noted.")


@command("tag")
@SOURCE
@MESSAGE
@click.argument("tags", nargs=-1, required=True)
def tag_(call: Call, source: str, message: str, tags: tuple[str, ...]) -> int:
    """Put tags on an ask."""
    from modconsole.desk import asks

    return _act(call, lambda desk: asks.tag(desk, source, message, list(tags)), "Tagged.")


@command("untag")
@SOURCE
@MESSAGE
@click.argument("tags", nargs=-1, required=True)
def untag_(call: Call, source: str, message: str, tags: tuple[str, ...]) -> int:
    """Take tags off an ask."""
    from modconsole.desk import asks

    return _act(call, lambda desk: asks.tag(desk, source, message, list(tags), remove=True), "Untagged.")


@command("link")
@SOURCE
@MESSAGE
@click.option("--to", required=True, metavar="ID", help="The direct message of ours that answers, or its conversation.")
def link_(call: Call, source: str, message: str, to: str) -> int:
    """Link the direct message that answers an ask."""
    from modconsole.desk import asks

    return _act(call, lambda desk: asks.link(desk, source, message, to), "Linked.")


@command("undo")
@click.argument("ident", required=False, metavar="[ID]")
@click.option("--retract", is_flag=True, help="Also take a reply off the platform that is there already.")
def undo_(call: Call, ident: str | None, retract: bool) -> int:
    """Take back your last act, or a certain one.

    ID is what the act printed, or its first letters. The words of a reply that is taken back are kept as a draft. What was
    done on a platform is taken back there.
    """
    from modconsole.desk import undoing

    undone = undoing.undo(call.desk(), ident, retract=retract)
    if call.as_json:
        document: dict[str, Any] = {"id": undone.id, "status": undone.status}
        call.document(document)
        return 0
    named = undone.person or undone.message
    on = f" on {undone.source} {named}" if named is not None else ""
    status = f" The ask is now {undone.status.replace('_', ' ')}." if undone.status else ""
    call.say(f"{'Called off' if undone.cancelled else 'Taken back'}: {undone.what}{on}.{status}")
    return 0
