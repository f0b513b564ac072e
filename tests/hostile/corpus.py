"""Texts that try to drive a terminal, Textual, or a person: the hostile corpus, and what must not come of it.

Each payload is a text as a stranger may send it, as a message, a name, a title or a link; `PAYLOADS` names them. Show
them anywhere, and then ask `assert_inert(session)`: the terminal must have seen nothing but text and colours.
`assert_inert_output` asks the same of what a command wrote.

A payload contains `S<` and `>E` around its poison, so that a test can see that it was shown at all.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tests.tools.ttyprobe import Session

BEL, ESC, ST, C1_ST = "\x07", "\x1b", "\x1b\\", "\x9c"

PAYLOADS: Final[dict[str, str]] = {
    # what a terminal obeys
    "title, ended by bell": f"S<{ESC}]0;PWNED{BEL}>E",
    "title, ended by string terminator": f"S<{ESC}]2;PWNED{ST}>E",
    "title, C1": f"S<\x9d0;PWNED{C1_ST}>E",
    "clipboard": f"S<{ESC}]52;c;UFdORUQ={ST}>E",
    "hyperlink": f"S<{ESC}]8;;http://evil.example/{ST}click{ESC}]8;;{ST}>E",
    "working directory": f"S<{ESC}]7;file:///etc{ST}>E",
    "notification": f"S<{ESC}]9;PWNED{BEL}{ESC}]777;notify;a;b{BEL}>E",
    "image": f"S<{ESC}]1337;File=inline=1:AAAA{BEL}{ESC}_Gf=100;AAAA{ST}>E",
    "clear and home": f"S<{ESC}[2J{ESC}[H{ESC}[?1049l{ESC}c>E",
    "scroll region": f"S<{ESC}[3;5r{ESC}[10S>E",
    "modes": f"S<{ESC}[?1000l{ESC}[?25h{ESC}[?2004l{ESC}[<9u>E",
    "colours": f"S<{ESC}[31;42mred{ESC}[8mhidden>E",
    "line drawing": f"S<{ESC}(0lqqk\x0e>E",
    "unfinished sequence": f"S<>E{ESC}[",
    "unfinished string": f"S<>E{ESC}]0;",
    "unfinished update": f"S<{ESC}[?2026h>E",
    # what a terminal answers, as key presses
    "query: background": f"S<{ESC}]11;?{ST}>E",
    "query: background, C1": f"S<\x9d11;?{C1_ST}>E",
    "query: palette": f"S<{ESC}]4;1;?{ST}>E",
    "query: cursor": f"S<{ESC}[6n{ESC}[?6n>E",
    "query: cursor, C1": "S<\x9b6n>E",
    "query: device": f"S<{ESC}[c{ESC}[>c{ESC}[=c>E",
    "query: version": f"S<{ESC}[>q>E",
    "query: status": f"S<{ESC}[5n>E",
    "query: window": f"S<{ESC}[18t{ESC}[14t{ESC}[21t>E",
    "query: setting": f"S<{ESC}P$qm{ST}{ESC}P+q544e{ST}>E",
    "query: setting, C1": f"S<\x90$qm{C1_ST}>E",
    "query: mode": f"S<{ESC}[?2026$p>E",
    "query: keyboard": f"S<{ESC}[?u>E",
    # controls
    "bell, backspace, shift out, delete, nul": "S<\x07\x08\x08\x0e\x7f\x00>E",
    "carriage return over the line": "S<harmless\rPWNED>E",
    "form feed and vertical tab": "S<a\x0cb\x0bc>E",
    "all C0": "S<" + "".join(map(chr, range(0x20))) + ">E",
    "all C1": "S<" + "".join(map(chr, range(0x7F, 0xA0))) + ">E",
    # markup
    "markup": "S<A[bold red]B[/]C>E",
    "closing tag without an opening": "S<x[/nope]y>E",
    "closing tag, escaped": "S<x\\[/]y>E",
    "broken tags": "S<[=x][$][#zz][b>E[",
    "action": "S<[@click=app.pwn]CLICKME[/]>E",
    "action with arguments": "S<[@click='app.pwn()']CLICKME[/]>E",
    "link tag": "S<[link=http://evil.example/]CLICKME[/link]>E",
    "variables": "S<$primary $v [$error]>E",
    "emoji names": "S<:smile: :boom:>E",
    "trailing backslash": "S<x>E\\",
    "Markdown": "S<![i](http://evil.example/x.png) [CLICKME](app.pwn) <script>x</script>>E",
    # deceiving a person
    "direction override": "S<\u202egpj.exe\u202c>E",
    "direction isolates": "S<\u2066a\u2067b\u2068c\u2069>E",
    "direction marks": "S<a\u200eb\u200fc\u061cd>E",
    "zero width": "S<a\u200bb\ufeffc\u2060d\u00ade>E",
    "tag characters": "S<a" + "".join(chr(0xE0000 + ord(c)) for c in "hidden") + "b>E",
    "Hangul fillers": "S<a\u3164\uffa0\u115f\u1160b>E",
    "stacked marks": "S<" + "a\u0301\u0316" * 3 + "a" + "\u0335" * 500 + ">E",
    "mark without a base": "\u0301\u0301S<x>E",
    "line separators": "S<a\u2028b\u2029c\x85d>E",
    # width and encoding traps
    "emoji sequences": "S<1\ufe0f\u20e3 "
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea>E",
    "wide": "S<\u65e5\u672c\u8a9e\uff21\u3000\U0001f680\U0001faf8>E",
    "unstable width": "S<\u2630\u268a\u4dc0\U0001d300\u1bc9d>E",
    "Indic and Thai": "S<\u0928\u092e\u0938\u094d\u0924\u0947 "
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u1019\u103c\u1014\u103a>E",
    "right to left": "S<\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea>E",
    "surrogate": "S<\ud800\udfff>E",
    "noncharacters and private": "S<\uffff\ufffe\U0010ffff\ue000\U000f0000>E",
    "percent and braces": "S<%s %d %(x)s {} {0} {x!r} ${HOME} `id`>E",
    # size
    "one very long line": "S<" + "x" * 200_000 + ">E",
    "very many lines": "S<" + "\n" * 50_000 + ">E",
    "very many brackets": "S<" + "[" * 100_000 + ">E",
    "a word without spaces": "S<" + "\u65e5" * 50_000 + ">E",
}  # fmt: skip

OURS: Final = re.compile(r"DECRQM (2026|2048)|KITTY \?")
"""Questions that Textual itself asks at the start."""

POINTER: Final = re.compile(r"22;(default|pointer|text|grab|grabbing)")
"""The shape of the mouse pointer, which Textual sets itself."""

OUR_MODES: Final = {7, 25, 1000, 1003, 1004, 1006, 1015, 1049, 2004, 2026, 2048}

LEFT_OUT: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def assert_inert(session: Session, *, paced: bool = False) -> None:
    """The terminal has seen text and colours alone, whatever was shown; the program is still there.

    With `paced`, questions for the cursor's position are the screen writer's own; better run with
    `MODCONSOLE_DISPLAY=diff`, where there are none.
    """
    terminal = session.terminal
    questions = [asked for asked in terminal.queries if not OURS.fullmatch(asked) and not (paced and asked == "DSR 6")]
    assert questions == [], questions
    strings = [sent for sent in terminal.osc if not POINTER.fullmatch(sent)]
    assert strings == [], strings
    assert terminal.strings == [], terminal.strings
    assert not terminal.controls, terminal.controls
    assert not terminal.unknown, terminal.unknown
    assert terminal.title == "", terminal.title
    assert terminal.bells == 0, terminal.bells
    assert terminal.modes <= OUR_MODES, terminal.modes - OUR_MODES
    assert 1049 in terminal.modes
    shown = {char for row in terminal.visible for cell in row for char in cell.data}
    assert {char for char in shown if unicodedata.category(char) in LEFT_OUT} == set()
    assert session.proc.poll() is None


def assert_inert_output(output: bytes | str, *, styled: bool = False) -> None:
    """What a command wrote for people holds no control but newlines, and colours only where it is `styled`."""
    text = output.decode("utf-8") if isinstance(output, bytes) else output
    if styled:
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    bad = sorted({char for char in text if unicodedata.category(char) in LEFT_OUT and char not in "\n"})
    assert bad == [], [f"U+{ord(char):04X}" for char in bad]
