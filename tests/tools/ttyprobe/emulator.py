# ruff: noqa: UP031
"""Bytes in, screen and replies out, with the evidence of what was asked of the terminal."""

from __future__ import annotations

import codecs
import collections
import re
from collections.abc import Callable

import pyte
import pyte.screens

from tests.tools.ttyprobe.profiles import Profile
from tests.tools.ttyprobe.screen import _Screen

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<csi>(?:\x1b\[|\x9b)(?P<pfx>[<=>?]?)(?P<par>[0-9:;]*)(?P<mid>[ -/]*)(?P<fin>[@-~]))"
    r"|(?P<str>(?:\x1b(?P<kind>[\]PX^_])|(?P<ckind>[\x9d\x90\x98\x9e\x9f]))"
    r"(?P<body>[^\x1b\x07\x9c]*(?:\x1b(?!\\)[^\x1b\x07\x9c]*)*)(?:\x07|\x1b\\|\x9c))"
    r"|(?P<esc>\x1b[ -/]*[0-OQ-WYZ\\`-~])"
    r"|(?P<ctl>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
)
_BROKEN_CSI = re.compile(r"(?:\x1b\[|\x9b)[<=>?]?[0-9:;]*[ -/]*[^0-9:; -/@-~<=>?]")
_C1_STRING = {"\x9d": "]", "\x90": "P", "\x98": "X", "\x9e": "^", "\x9f": "_"}
_PYTE_CSI = frozenset("@ABCDEFGHJKLMPXadefgr`")


class Terminal:
    """Bytes in, screen and replies out.  Knows nothing about ptys or time.

    ``reply`` is called with what the terminal would send back to the program.
    """

    def __init__(
        self, columns: int, lines: int, profile: Profile, reply: Callable[[bytes], None] = lambda _data: None
    ) -> None:
        self.profile = profile
        self.reply_cb = reply
        self.screen = _Screen(columns, lines)
        self.stream = pyte.Stream(self.screen)
        self.stream.use_utf8 = False  # keep ESC ( 0 line drawing working
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""
        self.modes: set[int] = {7, 25}
        self.kitty_stack: list[int] = []
        self.title = ""
        self.cursor_style = 0
        self.last_char = " "
        self.sync = False
        self.sync_frames = 0
        # evidence, for tests and for security checks
        self.queries: list[str] = []
        self.osc: list[str] = []
        self.strings: list[tuple[str, str]] = []
        self.unknown: collections.Counter[str] = collections.Counter()
        self.controls: collections.Counter[str] = collections.Counter()
        self.sgr_kinds: collections.Counter[str] = collections.Counter()
        self.bells = 0
        self.visible: list[tuple[pyte.screens.Char, ...]] = []
        self._snapshot_all()

    # -- visible picture ---------------------------------------------------
    def _snapshot_all(self) -> None:
        self.visible = [self.screen.row(y) for y in range(self.screen.lines)]
        self.screen.dirty.clear()

    def commit(self) -> tuple[int, int]:
        """Make what was drawn visible; return (cells, rows) that changed."""
        if self.sync:
            return 0, 0
        cells = rows = 0
        for y in sorted(self.screen.dirty):
            if y >= self.screen.lines:
                continue
            new, old = self.screen.row(y), self.visible[y]
            if new != old:
                cells += sum(a != b for a, b in zip(new, old, strict=False))
                rows += 1
                self.visible[y] = new
        self.screen.dirty.clear()
        return cells, rows

    @property
    def cursor(self) -> tuple[int, int, bool]:
        return self.screen.cursor.x, self.screen.cursor.y, 25 in self.modes

    def text(self) -> list[str]:
        return ["".join(ch.data for ch in row).rstrip() for row in self.visible]

    # -- input -------------------------------------------------------------
    def feed(self, data: bytes) -> None:
        buf = self.pending + self.decoder.decode(data)
        pos, end = 0, len(buf)
        while pos < end:
            match = _TOKEN.match(buf, pos)
            if match is None:
                broken = _BROKEN_CSI.match(buf, pos)
                if broken is not None:  # a CSI that cannot become valid
                    self.unknown["broken-csi"] += 1
                    pos = broken.end() - 1
                    continue
                if end - pos > 4_000_000:  # an unterminated string: give up on it
                    self.unknown["unterminated"] += 1
                    pos += 1
                    continue
                break  # incomplete: wait for more
            pos = match.end()
            if match["text"] is not None:
                self.stream.feed(match["text"])
                self.last_char = match["text"][-1]
            elif match["csi"] is not None:
                self._csi(match["pfx"], match["par"], match["mid"], match["fin"])
            elif match["esc"] is not None:
                self._esc(match["esc"][1:])
            elif match["str"] is not None:
                self._string(match["kind"] or _C1_STRING[match["ckind"]], match["body"])
            else:
                self._control(match["ctl"])
        self.pending = buf[pos:]

    def _control(self, ch: str) -> None:
        if ch == "\x07":
            self.bells += 1
        elif ch in "\b\t\n\v\f\r\x0e\x0f":
            self.stream.feed(ch)
        elif ch == "\x84":
            self.screen.index()
        elif ch == "\x85":
            self.screen.linefeed()
            self.screen.carriage_return()
        elif ch == "\x8d":
            self.screen.reverse_index()
        if ch not in "\b\t\n\r":
            self.controls["%02x" % ord(ch)] += 1

    def _esc(self, body: str) -> None:
        if body in ("D", "E", "H", "M", "7", "8", "#8") or (len(body) == 2 and body[0] in "()"):
            self.stream.feed("\x1b" + body)
        elif body == "c":
            self.screen.leave_alt()
            self.screen.reset()
            self.modes = {7, 25}
            self.kitty_stack.clear()
        elif body not in ("=", ">", "\\") and body[0] not in "%*+-./":
            self.unknown["ESC " + body] += 1

    def _string(self, kind: str, body: str) -> None:
        if kind == "]":
            self.osc.append(body[:400])
            code, _, rest = body.partition(";")
            if code in ("0", "2"):
                self.title = rest
            elif code in ("10", "11", "12") and rest == "?" and self.profile.colours:
                value = self.profile.bg if code == "11" else self.profile.fg
                self._reply("OSC %s ?" % code, "\x1b]%s;%s\x1b\\" % (code, value))
            elif code == "4" and rest.endswith("?") and self.profile.colours:
                index = rest.split(";")[0]
                self._reply("OSC 4 ?", "\x1b]4;%s;rgb:8080/8080/8080\x1b\\" % index)
            return
        self.strings.append((kind, body[:400]))
        if kind == "P" and body.startswith("$q"):  # DECRQSS
            answer = {"m": "1$r0m", " q": "1$r1 q"}.get(body[2:], "0$r")
            self._reply("DECRQSS " + body[2:], "\x1bP%s\x1b\\" % answer)
        elif kind == "P" and body.startswith("+q"):  # XTGETTCAP
            self._reply("XTGETTCAP", "\x1bP0+r%s\x1b\\" % body[2:])

    def _reply(self, what: str, data: str) -> None:
        self.queries.append(what)
        if self.profile.answers:
            self.reply_cb(data.encode())

    def _csi(self, pfx: str, par: str, mid: str, fin: str) -> None:
        if pfx == "" and mid == "":
            if fin == "m":
                clean = self._clean_sgr(par)
                if clean is not None:
                    self.stream.feed("\x1b[%sm" % clean)
                return
            if fin in _PYTE_CSI:
                self.stream.feed("\x1b[%s%s" % (par.replace(":", ";"), fin))
                return
        params = [int(p) if p.isdigit() else 0 for p in re.split("[;:]", par)] if par else []
        first = params[0] if params else 0
        key = pfx + mid + fin
        if key in ("h", "l"):
            if first == 4:
                self.stream.feed("\x1b[4%s" % fin)
        elif key in ("?h", "?l"):
            for mode in params:
                self._mode(mode, fin == "h")
        elif key in ("?J", "?K"):
            self.stream.feed("\x1b[%s%s" % (par, fin))
        elif key == "s":
            self.screen.save_cursor()
        elif key == "b":
            self.stream.feed(self.last_char * min(max(first, 1), 10_000))
        elif key in ("S", "T") and len(params) <= 1:
            self.screen.scroll(max(first, 1), up=fin == "S")
        elif key == "Z":
            for _ in range(max(first, 1)):
                stops = [s for s in self.screen.tabstops if s < self.screen.cursor.x]
                self.screen.cursor.x = max(stops, default=0)
        elif key == "I":
            for _ in range(max(first, 1)):
                self.screen.tab()
        elif key == "c" and first == 0:
            self._reply("DA1", self.profile.da1)
        elif key == ">c" and first == 0:
            self._reply("DA2", self.profile.da2)
        elif key == "=c" and first == 0:
            self._reply("DA3", "\x1bP!|00000000\x1b\\")
        elif key == "n" and first == 5:
            self._reply("DSR 5", "\x1b[0n")
        elif key in ("n", "?n") and first == 6:
            x, y, _ = self.cursor
            mark = "?" if pfx else ""
            self._reply("DSR 6", "\x1b[%s%d;%dR" % (mark, y + 1, min(x + 1, self.screen.columns)))
        elif key == "?n" and first == 996:
            self._reply("DSR 996", "\x1b[?997;1n")
        elif key == ">q":
            if self.profile.xtversion:
                self._reply("XTVERSION", "\x1bP>|%s\x1b\\" % self.profile.xtversion)
            else:
                self.queries.append("XTVERSION")
        elif key == "?$p":
            self._decrqm(first)
        elif key == "$p":
            self._reply("DECRQM ansi %d" % first, "\x1b[%d;0$y" % first)
        elif fin == "u" and mid == "" and pfx:
            self._kitty(pfx, params)
        elif key == "u":
            self.screen.restore_cursor()
        elif key == "t":
            lines, columns = self.screen.lines, self.screen.columns
            if first == 14:
                self._reply("XTWINOPS 14", "\x1b[4;%d;%dt" % (lines * 20, columns * 10))
            elif first == 16:
                self._reply("XTWINOPS 16", "\x1b[6;20;10t")
            elif first == 18:
                self._reply("XTWINOPS 18", "\x1b[8;%d;%dt" % (lines, columns))
        elif key == " q":
            self.cursor_style = first
        elif key == "!p":
            self.stream.feed("\x1b[m\x1b[r")
        elif key == "?S":  # sixel geometry query
            self._reply("XTSMGRAPHICS", "\x1b[?%d;3;0S" % first)
        elif key in (">m", "?m", ">t", ">T", ">f", ">n", "?r", "?s", "q", "i", "x"):
            pass  # known, of no visible effect
        else:
            self.unknown["CSI %s%s" % (pfx + mid, fin)] += 1

    def _decrqm(self, mode: int) -> None:
        state = 0 if mode not in self.profile.modes else 1 if mode in self.modes else 2
        self._reply("DECRQM %d" % mode, "\x1b[?%d;%d$y" % (mode, state))

    def _mode(self, mode: int, on: bool) -> None:
        (self.modes.add if on else self.modes.discard)(mode)
        if mode in (47, 1047, 1049):
            if on:
                if mode == 1049:
                    self.screen.save_cursor()
                self.screen.enter_alt()
            else:
                self.screen.leave_alt()
                if mode == 1049:
                    self.screen.restore_cursor()
        elif mode == 2026:
            if not on and self.sync:
                self.sync_frames += 1
            self.sync = on and 2026 in self.profile.modes
        elif mode in (5, 6, 7):
            self.stream.feed("\x1b[?%d%s" % (mode, "h" if on else "l"))

    def _kitty(self, pfx: str, params: list[int]) -> None:
        if not self.profile.kitty_keyboard:
            if pfx == "?":
                self.queries.append("KITTY ?")
            return
        first = params[0] if params else 0
        if pfx == "?":
            self._reply("KITTY ?", "\x1b[?%du" % self.kitty_flags)
        elif pfx == ">":
            self.kitty_stack.append(first)
        elif pfx == "<":
            for _ in range(max(first, 1)):
                if self.kitty_stack:
                    self.kitty_stack.pop()
        elif pfx == "=":
            how = params[1] if len(params) > 1 else 1
            old = self.kitty_flags
            new = {1: first, 2: old | first, 3: old & ~first}.get(how, old)
            if self.kitty_stack:
                self.kitty_stack[-1] = new
            else:
                self.kitty_stack.append(new)

    @property
    def kitty_flags(self) -> int:
        return self.kitty_stack[-1] if self.kitty_stack else 0

    def _clean_sgr(self, par: str) -> str | None:
        """Reduce an SGR to what pyte understands, and count colour kinds."""
        groups = [g.split(":") for g in par.split(";")]
        out: list[str] = []
        i = 0
        while i < len(groups):
            group = groups[i]
            i += 1
            code = int(group[0]) if group[0].isdigit() else 0
            if code in (38, 48, 58):
                if len(group) > 1:  # colon form
                    sub = list(group[1:])
                    if sub[0] == "2" and len(sub) >= 5:
                        sub = ["2", *sub[-3:]]
                else:  # semicolon form
                    kind = groups[i][0] if i < len(groups) else ""
                    n = 4 if kind == "2" else 2
                    sub = [g[0] or "0" for g in groups[i : i + n]]
                    i += n
                self.sgr_kinds["rgb" if sub[:1] == ["2"] else "256"] += 1
                if code != 58:
                    out += [str(code), *sub]
            elif code == 59 or code == 21 or code == 53 or code == 55:
                continue
            elif code == 2:
                self.sgr_kinds["dim"] += 1
            elif code == 4 and len(group) > 1:
                out.append("24" if group[1] == "0" else "4")
            else:
                if 30 <= code <= 37 or 40 <= code <= 47:
                    self.sgr_kinds["8"] += 1
                elif 90 <= code <= 97 or 100 <= code <= 107:
                    self.sgr_kinds["16"] += 1
                out.append(str(code))
        return ";".join(out) if out else None

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines=lines, columns=columns)
        self._snapshot_all()
