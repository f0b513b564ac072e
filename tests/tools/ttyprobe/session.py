# ruff: noqa: UP031
"""A program running under the probe."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import queue
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tools.ttyprobe.emulator import Terminal
from tests.tools.ttyprobe.keys import encode_key, split_keys
from tests.tools.ttyprobe.link import LINKS, Link, _Channel
from tests.tools.ttyprobe.process import ProcTree, _become_subreaper
from tests.tools.ttyprobe.profiles import PROFILES, ProbeError, Profile, __version__, now
from tests.tools.ttyprobe.stats import _ms, summarise


@dataclass
class KeyResult:
    """What one key press (or one burst) did.  Times are ms from the key press."""

    label: str
    key: str
    first_ms: float | None  # first changed cell on the user's screen
    settled_ms: float | None  # last changed cell
    echo_ms: float | None  # first byte of any kind from the program
    bytes: int  # written by the program
    zbytes: int  # the same after streaming zlib (ssh -C)
    writes: int  # pty reads it arrived in (a proxy for packets)
    frames: int  # distinct visible changes
    cells: int
    rows: int
    cpu_ms: float
    presses: int = 1

    def as_dict(self) -> dict[str, Any]:
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in self.__dict__.items()}


class Session:
    """A program running under the probe.  Use as a context manager."""

    def __init__(
        self,
        command: Sequence[str] | str,
        *,
        size: tuple[int, int] = (80, 24),
        term: str = "xterm-256color",
        colorterm: str | None = "truecolor",
        env: dict[str, str | None] | None = None,
        cwd: str | None = None,
        link: Link | str = "local",
        profile: Profile | str = "modern",
        quiet: float = 0.15,
        timeout: float = 20.0,
        cast: str | Path | None = None,
        keep_output: bool = False,
    ) -> None:
        self.command = shlex.split(command) if isinstance(command, str) else list(command)
        self.size = size
        self.link = LINKS[link] if isinstance(link, str) else link
        self.profile = PROFILES[profile] if isinstance(profile, str) else profile
        self.quiet, self.timeout = quiet, timeout
        self.results: list[KeyResult] = []
        self.waits: list[dict[str, Any]] = []
        self.marks: dict[str, float] = {}
        self.bytes_out = self.bytes_in = self.zbytes_out = 0
        self.reads = self.frames = 0
        self.first_byte: float | None = None
        self.first_paint: float | None = None
        self.last_change = self.last_byte = 0.0
        self.exit_code: int | None = None
        self.output = bytearray() if keep_output else None
        self._cells = self._rows = 0
        self._first_change: float | None = None
        self._first_echo: float | None = None
        self._eof = False
        self._cast = open(cast, "w") if cast else None  # noqa: SIM115
        self._zlib = zlib.compressobj(6)
        self._queue: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        half = self.link.rtt / 2
        self._down = _Channel(self.link.rate, half, self.link.overhead, self.link.mtu)
        self._up = _Channel(self.link.up_rate, half, self.link.overhead, self.link.mtu)
        self._gate = threading.Event()
        self._gate.set()
        self.terminal = Terminal(*size, self.profile, reply=self._reply)
        self.env = self._environment(env or {}, term, colorterm)
        sys.setswitchinterval(0.0005)
        _become_subreaper()
        self._spawn(cwd)

    @staticmethod
    def _environment(extra: dict[str, str | None], term: str, colorterm: str | None) -> dict[str, str]:
        drop = (
            "COLORTERM",
            "NO_COLOR",
            "TERM_PROGRAM",
            "TERM_PROGRAM_VERSION",
            "TMUX",
            "TMUX_PANE",
            "STY",
            "LINES",
            "COLUMNS",
            "WT_SESSION",
            "KITTY_WINDOW_ID",
        )
        env = {k: v for k, v in os.environ.items() if k not in drop}
        env["TERM"] = term
        env.setdefault("LANG", "C.UTF-8")
        env["LC_ALL"] = env.get("LC_ALL") or "C.UTF-8"
        if colorterm:
            env["COLORTERM"] = colorterm
        for key, value in extra.items():
            if value is None:
                env.pop(key, None)
            else:
                env[key] = str(value)
        return env

    def _spawn(self, cwd: str | None) -> None:
        self.master, slave = os.openpty()
        self._winsize()

        def child() -> None:
            # Whoever runs the tests in the background has interrupts ignored, and children inherit that; a terminal has not.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.t0 = now()
        try:
            self.proc = subprocess.Popen(
                self.command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=cwd,
                env=self.env,
                preexec_fn=child,
                close_fds=True,
            )
        except OSError as error:
            os.close(self.master)
            raise ProbeError("cannot start %r: %s" % (self.command, error)) from error
        finally:
            os.close(slave)
        self.tree = ProcTree(self.proc.pid)
        self._sampled = 0.0
        self._closed = False
        if self._cast:
            json.dump(
                {"version": 2, "width": self.size[0], "height": self.size[1], "env": {"TERM": self.env["TERM"]}},
                self._cast,
            )
            self._cast.write("\n")
        self._reader = threading.Thread(target=self._read_loop, daemon=True)
        self._reader.start()

    def _winsize(self) -> None:
        columns, lines = self.size
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, columns * 10, lines * 20))

    def _read_loop(self) -> None:
        """Only stamps and queues, so that time stamps do not wait for pyte."""
        while True:
            self._gate.wait()
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            self._queue.put((now(), data))
            if not data:
                return

    # -- the pump ------------------------------------------------------------
    def _reply(self, data: bytes) -> None:
        self._up.push(data, now())

    def _send(self, data: bytes) -> None:
        self.bytes_in += len(data)
        self._up.push(data, now())
        self._deliver_up(now())

    def _deliver_up(self, t: float) -> None:
        for _when, data in self._up.pop(t):
            view = memoryview(data)
            while view:
                try:
                    _, writable, _ = select.select([], [self.master], [], 1.0)
                    if not writable:
                        return
                    view = view[os.write(self.master, view) :]
                except OSError:
                    return

    def _deliver_down(self, t: float) -> None:
        for when, data in self._down.pop(t):
            self.last_byte = when
            if self.first_byte is None:
                self.first_byte = when
            if self._first_echo is None:
                self._first_echo = when
            if self._cast:
                json.dump([round(when - self.t0, 4), "o", data.decode("utf-8", "replace")], self._cast)
                self._cast.write("\n")
            self.terminal.feed(data)
            cells, rows = self.terminal.commit()
            if cells:
                self.frames += 1
                self._cells += cells
                self._rows += rows
                self.last_change = when
                if self._first_change is None:
                    self._first_change = when
                if self.first_paint is None:
                    self.first_paint = when

    def _pump(self, deadline: float) -> None:
        """Let time pass until ``deadline`` or until something has happened."""
        t = now()
        if t - self._sampled > 0.25:
            self.tree.sample()
            self._sampled = t
        due = [d for d in (self._down.due(), self._up.due(), deadline) if d is not None]
        wait = max(0.0, min(min(due) - now(), 0.25))
        items = []
        try:
            items.append(self._queue.get(timeout=wait) if wait else self._queue.get_nowait())
            while True:
                items.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        for when, data in items:
            if not data:
                self._eof = True
                continue
            self.bytes_out += len(data)
            self.reads += 1
            if self.output is not None:
                self.output += data
            self.zbytes_out += len(self._zlib.compress(data)) + len(self._zlib.flush(zlib.Z_SYNC_FLUSH))
            self._down.push(data, when)
        if self._down.in_flight > self.link.window:
            self._gate.clear()
        else:
            self._gate.set()
        t = now()
        self._deliver_down(t)
        self._deliver_up(t)

    @property
    def finished(self) -> bool:
        return self._eof and not self._down.items

    def _busy(self) -> bool:
        return bool(self._down.items or self._up.items)

    # -- waiting ---------------------------------------------------------------
    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass while the terminal goes on working."""
        end = now() + seconds
        while now() < end:
            self._pump(end)

    def settle(self, quiet: float | None = None, timeout: float | None = None) -> float:
        """Wait until no byte came for ``quiet`` s.  Returns s from start to the
        last visible change."""
        quiet = self.quiet if quiet is None else quiet
        start = now()
        end = start + (self.timeout if timeout is None else timeout)
        while True:
            t = now()
            idle_from = max(self.last_byte, start)
            if (not self._busy() and t - idle_from >= quiet) or self.finished:
                return self.last_change - self.t0
            if t >= end:
                raise ProbeError("screen not quiet after %.1f s" % (t - start))
            self._pump(min(end, idle_from + quiet))

    def wait_text(
        self,
        text: str,
        *,
        timeout: float | None = None,
        regex: bool = False,
        gone: bool = False,
        label: str | None = None,
    ) -> float:
        """Wait until ``text`` is (or, with ``gone``, is no longer) on the screen.
        Returns seconds since the wait began; also recorded, from exec, in waits."""
        start = now()
        end = start + (self.timeout if timeout is None else timeout)
        pattern = re.compile(text if regex else re.escape(text))
        seen_frame = -1
        while True:
            if self.frames != seen_frame:
                seen_frame = self.frames
                if bool(pattern.search("\n".join(self.terminal.text()))) != gone:
                    when = max(self.last_change, start)
                    self.waits.append(
                        {"label": label or text, "ms": _ms(when - self.t0), "after_ms": _ms(when - start)}
                    )
                    return when - start
            if now() >= end or self.finished:
                raise ProbeError(
                    "%r %s after %.1f s; screen:\n%s"
                    % (text, "still there" if gone else "not seen", now() - start, self.screen_text())
                )
            self._pump(end)

    def wait_exit(self, timeout: float | None = None) -> int:
        end = now() + (self.timeout if timeout is None else timeout)
        while now() < end:
            if self.proc.poll() is not None and self.finished:
                self.exit_code = self.proc.returncode
                self.marks["exit_ms"] = _ms(max(self.last_byte, self.t0) - self.t0)
                return self.exit_code
            self._pump(min(end, now() + 0.02))
        raise ProbeError("program still running")

    # -- input -------------------------------------------------------------------
    def _encode(self, key: str) -> bytes:
        return encode_key(key, app_cursor=1 in self.terminal.modes, kitty=self.terminal.kitty_flags)

    def send(self, keys: str) -> None:
        """Send keys at once, unmeasured.  ``<Enter>``, ``<C-x>`` etc. are names."""
        for key in split_keys(keys):
            self._send(self._encode(key))

    def send_raw(self, data: bytes) -> None:
        self._send(data)

    def _measure(
        self,
        label: str,
        name: str,
        act: Callable[[], int],
        *,
        quiet: float | None,
        nochange: float | None,
        until: str | None = None,
        timeout: float | None = None,
    ) -> KeyResult:
        quiet = self.quiet if quiet is None else quiet
        nochange = max(0.5, 4 * quiet) if nochange is None else nochange
        nochange += self.link.rtt
        self._pump(now())
        cpu0 = self.tree.sample()
        bytes0, z0, reads0, frames0 = (self.bytes_out, self.zbytes_out, self.reads, self.frames)
        self._cells = self._rows = 0
        self._first_change = self._first_echo = None
        t = now()
        presses = act()
        sent = now()
        end = t + (self.timeout if timeout is None else timeout)
        pattern = re.compile(re.escape(until)) if until else None
        seen_text = pattern is None
        while True:
            if not seen_text and pattern is not None and self._first_change is not None:
                seen_text = bool(pattern.search("\n".join(self.terminal.text())))
                if seen_text:
                    self.marks["until:" + (until or "")] = _ms(self.last_change - t)
            idle_from = max(self.last_byte, sent)
            tick = now()
            if not self._busy() and seen_text:
                if self._first_change is not None and tick - idle_from >= quiet:
                    break
                if self._first_change is None and tick - sent >= nochange and tick - idle_from >= quiet:
                    break
            if tick >= end or self.finished:
                if not seen_text:
                    raise ProbeError("%r not seen after %s; screen:\n%s" % (until, name, self.screen_text()))
                break
            self._pump(min(end, max(idle_from + quiet, tick + 0.001)))
        first = self._first_change
        result = KeyResult(
            label=label,
            key=name,
            first_ms=_ms(first - t) if first is not None else None,
            settled_ms=_ms(self.last_change - t) if first is not None else None,
            echo_ms=_ms(self._first_echo - t) if self._first_echo is not None else None,
            bytes=self.bytes_out - bytes0,
            zbytes=self.zbytes_out - z0,
            writes=self.reads - reads0,
            frames=self.frames - frames0,
            cells=self._cells,
            rows=self._rows,
            cpu_ms=(self.tree.sample() - cpu0) * 1000,
            presses=presses,
        )
        self.results.append(result)
        return result

    def key(
        self,
        key: str,
        *,
        label: str | None = None,
        repeat: int = 1,
        quiet: float | None = None,
        nochange: float | None = None,
        until: str | None = None,
        timeout: float | None = None,
    ) -> KeyResult:
        """Press one key, wait for the screen to settle, record.  ``repeat`` does it
        again that many times (each one recorded).  ``key`` may be several keys
        (``"gg"``): they are pressed together.  ``until`` is a text that must be
        on the screen before the key counts as settled."""
        result = None
        for _ in range(repeat):

            def act() -> int:
                keys = split_keys(key)
                for one in keys:
                    self._send(self._encode(one))
                return len(keys)

            result = self._measure(label or key, key, act, quiet=quiet, nochange=nochange, until=until, timeout=timeout)
        assert result is not None
        return result

    def hold(
        self,
        key: str,
        count: int,
        rate: float = 30.0,
        *,
        label: str | None = None,
        quiet: float | None = None,
        timeout: float | None = None,
    ) -> KeyResult:
        """Hold a key down: ``count`` presses at ``rate`` per second, then settle.
        ``settled_ms`` is counted from the *last* press: how far the screen lags."""
        last_press = [0.0]

        def act() -> int:
            start = now()
            for i in range(count):
                while now() < start + i / rate:
                    self._pump(start + i / rate)
                last_press[0] = now()
                self._send(self._encode(key))
            return count

        begin = now()
        result = self._measure(label or "hold " + key, key, act, quiet=quiet, nochange=None, timeout=timeout)
        if result.settled_ms is not None:
            result.settled_ms = max(0.0, result.settled_ms - _ms(last_press[0] - begin))
        return result

    def paste(self, text: str, *, label: str = "paste", **options: Any) -> KeyResult:
        data = text.encode()
        if 2004 in self.terminal.modes:
            data = b"\x1b[200~" + data + b"\x1b[201~"

        def act() -> int:
            self._send(data)
            return 1

        options.setdefault("quiet", None)
        options.setdefault("nochange", None)
        return self._measure(label, "<paste>", act, **options)

    def mouse(self, action: str, x: int, y: int, *, label: str | None = None, **options: Any) -> KeyResult:
        """``action``: click, move, wheel-up, wheel-down.  0-based cell position."""
        pixel = 1016 in self.terminal.modes
        px, py = (x * 10 + 5, y * 20 + 10) if pixel else (x + 1, y + 1)
        seqs = {
            "click": ["0;%d;%dM", "0;%d;%dm"],
            "move": ["35;%d;%dM"],
            "wheel-up": ["64;%d;%dM"],
            "wheel-down": ["65;%d;%dM"],
        }[action]

        def act() -> int:
            for seq in seqs:
                self._send(("\x1b[<" + seq % (px, py)).encode())
            return 1

        options.setdefault("quiet", None)
        options.setdefault("nochange", None)
        return self._measure(label or action, action, act, **options)

    def resize(self, columns: int, lines: int, *, label: str = "resize", **options: Any) -> KeyResult:
        def act() -> int:
            self.size = (columns, lines)
            self.terminal.resize(columns, lines)
            self._winsize()
            if 2048 in self.terminal.modes:
                self._send(b"\x1b[48;%d;%d;%d;%dt" % (lines, columns, lines * 20, columns * 10))
            return 1

        options.setdefault("quiet", None)
        options.setdefault("nochange", None)
        return self._measure(label, "<resize %dx%d>" % (columns, lines), act, **options)

    # -- output --------------------------------------------------------------------
    def screen_text(self) -> str:
        return "\n".join(self.terminal.text()) + "\n"

    def png(self, path: str | Path, *, font_size: int = 16, theme: str = "dark") -> None:
        from tests.tools.ttyprobe.png import render_png

        render_png(self.terminal, path, font_size=font_size, theme=theme)

    def result(self) -> dict[str, Any]:
        """Everything measured so far, ready for JSON."""
        cpu = self.tree.sample()
        wall = now() - self.t0
        term = self.terminal
        startup = {
            "first_byte_ms": _ms(self.first_byte - self.t0) if self.first_byte else None,
            "first_paint_ms": _ms(self.first_paint - self.t0) if self.first_paint else None,
            **self.marks,
        }
        return {
            "ttyprobe": __version__,
            "command": self.command,
            "size": list(self.size),
            "term": self.env["TERM"],
            "profile": self.profile.name,
            "link": self.link.as_dict(),
            "quiet_ms": self.quiet * 1000,
            "startup": startup,
            "waits": self.waits,
            "keys": [r.as_dict() for r in self.results],
            "summary": summarise([r.as_dict() for r in self.results]),
            "totals": {
                "bytes_out": self.bytes_out,
                "zbytes_out": self.zbytes_out,
                "bytes_in": self.bytes_in,
                "frames": self.frames,
                "sync_frames": term.sync_frames,
                "peak_rss_kb": self.tree.peak_rss_kb,
                "rss_kb": self.tree.last_rss_kb,
                "peak_processes": self.tree.peak_processes,
                "cpu_s": round(cpu, 3),
                "wall_s": round(wall, 3),
                "exit": self.exit_code if self.exit_code is not None else self.proc.poll(),
            },
            "terminal": {
                "title": term.title,
                "queries": term.queries,
                "osc": term.osc[:50],
                "kitty_flags": term.kitty_flags,
                "modes": sorted(term.modes),
                "colour_sgr": dict(term.sgr_kinds),
                "controls": dict(term.controls),
                "unknown": dict(term.unknown),
                "bells": term.bells,
                "strings": [k + ":" + b[:80] for k, b in term.strings[:20]],
            },
        }

    # -- end ---------------------------------------------------------------------
    def close(self) -> None:
        """End the program and whatever it started.  Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self.tree.sample()
        steps = [(signal.SIGHUP, 0.3), (signal.SIGTERM, 0.7), (signal.SIGKILL, 1.0)]
        for number, patience in steps:
            for pid in self.tree.pids():
                if pid != os.getpid():
                    with contextlib.suppress(OSError):
                        os.kill(pid, number)
            end = now() + patience
            while now() < end:
                self._pump(now() + 0.02)
                self._reap()
                if self.proc.poll() is not None and not self._alive():
                    break
            else:
                continue
            break
        self._gate.set()
        if self.exit_code is None:
            self.exit_code = self.proc.poll()
        with contextlib.suppress(OSError):
            os.close(self.master)
        if self._cast:
            self._cast.close()
            self._cast = None

    def _alive(self) -> bool:
        for pid in self.tree.pids():
            try:
                with open("/proc/%d/stat" % pid) as handle:
                    if handle.read().rpartition(")")[2].split()[0] not in "ZX":
                        return True
            except OSError:
                continue
        return False

    def _reap(self) -> None:
        """Collect adopted orphans (never somebody else's children)."""
        for pid in self.tree.known - {self.proc.pid}:
            with contextlib.suppress(ChildProcessError, OSError):
                os.waitpid(pid, os.WNOHANG)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
