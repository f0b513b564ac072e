"""`receive`: a web server for signed deliveries from custom platforms, and the secrets they sign with."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from modconsole.cli.call import Call, command
from modconsole.cli.syncing import _log, _until_stopped

if TYPE_CHECKING:
    from modconsole.desk.receiving import Made


@command("receive")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes any that is free."
)
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1_000, max=100_000_000),
    default=5 * 1024 * 1024,
    show_default=True,
    metavar="N",
    help="The largest delivery.",
)
@click.option("--add", "added", metavar="SOURCE", help="Let a source write to us: makes its secret and shows it, once.")
@click.option("--rotate", metavar="SOURCE", help="Make another secret; those before go on being taken.")
@click.option("--retire", metavar="SOURCE", help="Take only the newest secret from now on.")
@click.option("--remove", metavar="SOURCE", help="Let a source write no more. What it brought stays.")
@click.option(
    "--platform", default="custom", show_default=True, metavar="WORD", help="With --add: what kind of place it is."
)
@click.option("--name", metavar="NAME", help="With --add: its name for people.")
@click.option(
    "--us", multiple=True, metavar="AUTHOR", help="With --add: an author id that is us there; may be repeated."
)
@click.option(
    "--fresh-within",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="MINUTES",
    help="With --add: how long its own coverage holds until it counts as stale.",
)
def receive_(
    call: Call,
    host: str,
    port: int,
    max_bytes: int,
    added: str | None,
    rotate: str | None,
    retire: str | None,
    remove: str | None,
    platform: str,
    name: str | None,
    us: tuple[str, ...],
    fresh_within: float,
) -> int:
    """Take signed deliveries of exchange records from custom platforms.

    A delivery is a POST to /hook/SOURCE, signed after the Standard Webhooks specification with the source's secret.
    It is answered with 2xx when it is stored. Without --add, --rotate, --retire or --remove the server runs until it
    is stopped.
    """
    from modconsole.desk import receiving

    chosen = [each for each in (added, rotate, retire, remove) if each is not None]
    if len(chosen) > 1:
        raise click.UsageError("--add, --rotate, --retire and --remove are done one at a time.")
    if added is not None:
        desk = call.desk(create=True)
        made = receiving.add(desk, added, platform=platform, name=name, us=us, fresh_within=fresh_within)
        return _shown(call, added, made)
    if rotate is not None:
        return _shown(call, rotate, receiving.rotate(call.desk(), rotate))
    if retire is not None:
        count = receiving.retire(call.desk(), retire)
        if call.as_json:
            call.document({"source": retire, "retired": count})
        else:
            call.say(f"{retire}: {count} older {'secret is' if count == 1 else 'secrets are'} no longer taken.")
        return 0
    if remove is not None:
        receiving.remove(call.desk(), remove)
        if call.as_json:
            call.document({"source": remove, "removed": True})
        else:
            call.say(f"{remove} writes to us no more; what it brought stays.")
        return 0
    return _serve(call, host, port, max_bytes)


def _shown(call: Call, source: str, made: Made) -> int:
    """A new secret, shown this once."""
    secret, kept = made
    if call.as_json:
        call.document({"source": source, "secret": secret, "secret_kept_in": kept.place})
        return 0
    call.say(f"The secret of {source}, which is not shown again:")
    call.say()
    call.say(f"    {secret}")
    call.say()
    call.say(f"It is kept in {kept.name}. Deliveries go to /hook/{quote(source, safe='')} of `modconsole receive`.")
    return 0


def _serve(call: Call, host: str, port: int, max_bytes: int) -> int:
    from modconsole.desk import receiving

    desk = call.desk()
    sources = [each.source for each in receiving.receivers(desk)]

    def listening(url: str) -> None:
        if call.as_json:
            call.document({"url": url, "sources": sources})
        call.say(f"Receiving at {url}hook/SOURCE for {', '.join(sources) or 'nobody yet'}.")
        if host not in ("127.0.0.1", "::1", "localhost"):
            call.warn(
                "Others can reach this address. Deliveries are signed, not secret: put a server with TLS before it."
            )

    _log(None, False)
    receiving.serve(desk, host, port, _until_stopped(), listening, max_bytes=max_bytes)
    return 0
