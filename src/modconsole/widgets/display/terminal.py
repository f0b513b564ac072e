"""What must be right before the console starts, and what is left behind when it has ended, however it ended.

    prepare_environment()                       # before Textual is imported
    from modconsole.app import ModConsole
    sys.exit(run_console(ModConsole(...)))

Facts, found with Textual 8.2.8: SIGTERM and SIGHUP end the process with the alternate screen, mouse reports and the
kitty keyboard on, so that the shell is unusable; `App.run` returns as if nothing had happened after a crash, so that
the exit status says 0; the traceback it prints shows local variables, and with them private messages; `TERM=dumb` gets
full colours and escape sequences; inside GNU screen with `COLORTERM` inherited, colours come out as black on black;
with `NO_COLOR` one gets greys (the screen writer of `mixin` takes them away, too).
"""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from modconsole.errors import UsageError

if TYPE_CHECKING:
    from types import FrameType

    from textual.app import App

RESET: Final = (
    "\x1b[?2026l"  # an unfinished synchronized update would keep the terminal from showing anything
    "\x1b[<u"  # kitty keyboard: before the alternate screen is left, each screen has its own
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2048l"
    "\x1b[0m\x1b[r\x1b[?7h\x1b[?1049l\x1b[?25h"
)
"""Takes back everything that Textual switches on."""

GRACE: Final = 2.0
"""Seconds in which the app can end by itself after a signal; then it is ended."""

ENDING: Final = (signal.SIGTERM, signal.SIGHUP)

UNUSABLE: Final = ("", "dumb", "unknown")


def prepare_environment(environ: MutableMapping[str, str] | None = None) -> None:
    """Set what Textual reads when it is imported. Raises UsageError where no screen can be shown.

    Call it before anything of Textual is imported; what the user has set is left as it is.
    """
    environ = os.environ if environ is None else environ
    term = environ.get("TERM", "")
    if term.lower() in UNUSABLE:
        raise UsageError(
            f"This terminal cannot show screens (TERM={term or 'is not set'}).",
            hint="Set TERM to what it is, for example TERM=xterm-256color, or use the commands: modconsole --help.",
        )
    if "STY" in environ or term.startswith("screen"):
        environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")  # nothing moves by itself, and a scroll is one frame


def require_terminal() -> None:
    """UsageError unless somebody sits before a terminal: Textual reads standard input and writes standard error."""
    for stream, name in ((sys.__stdin__, "standard input"), (sys.__stderr__, "standard error")):
        if stream is None or not stream.isatty():
            raise UsageError(
                f"The console needs a terminal, and {name} is none.",
                hint="Start it from a terminal, or use the commands: modconsole --help.",
            )


def run_console(app: App[Any]) -> int:
    """Run the app and give the exit status: its return code, or 128 + n after signal n.

    The terminal is as it was afterwards. A signal ends the app in the ordinary way, so that it can finish what it is
    writing; an app that does not end within `GRACE` seconds is ended by force, with the terminal restored.
    """
    app._fatal_error = lambda: _fatal_error(app)  # type: ignore[method-assign]
    with _signals_end(app) as ended_by:
        app.run()
    if ended_by:
        return 128 + ended_by[0]
    return app.return_code or 0


@contextmanager
def _signals_end(app: App[Any]) -> Iterator[list[int]]:
    """SIGTERM and SIGHUP end the app; the list then holds the signal's number."""
    ended_by: list[int] = []
    forces: list[threading.Timer] = []
    restore = _restorer()

    def end(number: int, _frame: FrameType | None) -> None:
        if ended_by:
            return
        ended_by.append(number)
        force = threading.Timer(GRACE, _force, (restore, number))
        force.daemon = True
        force.start()
        forces.append(force)
        loop = getattr(app, "_loop", None)
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(_exit, app, number)
        else:
            _force(restore, number)

    before = {number: signal.signal(number, end) for number in ENDING}
    try:
        yield ended_by
    finally:
        for force in forces:
            force.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(app: App[Any], number: int) -> None:
    app.exit(return_code=128 + number)


def _restorer() -> Callable[[], None]:
    """Puts the terminal's settings back as they are now, and takes back what was switched on in it.

    For an app that is still in the alternate screen. After an ordinary end it must not run: taking back the kitty
    keyboard once more would take it from the shell.
    """
    stdin, stderr = 0, 2
    try:
        settings: list[Any] | None = termios.tcgetattr(stdin)
    except termios.error:
        settings = None

    def restore() -> None:
        with suppress(OSError):
            os.set_blocking(stderr, False)  # a terminal that is gone or stopped must not hold us here
            os.write(stderr, RESET.encode())
        with suppress(OSError):
            os.set_blocking(stderr, True)
        if settings is not None:
            with suppress(termios.error):
                termios.tcsetattr(stdin, termios.TCSANOW, settings)

    return restore


def _force(restore: Callable[[], None], number: int) -> None:
    restore()
    os._exit(128 + number)


def _fatal_error(app: App[Any]) -> None:
    """After an error of ours: a traceback without the values of variables, which are private messages."""
    from rich.segment import Segments
    from rich.traceback import Traceback

    traceback = Traceback(show_locals=False, width=None, max_frames=12)
    app._exit_renderables.append(Segments(app.console.render(traceback, app.console.options)))
    app._close_messages_no_wait()
