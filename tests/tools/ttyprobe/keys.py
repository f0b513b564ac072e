# ruff: noqa: UP031
"""Bytes that a terminal sends for keys."""

from __future__ import annotations

import re

from tests.tools.ttyprobe.profiles import ProbeError

_CSI_LETTER = {
    "up": "A",
    "down": "B",
    "right": "C",
    "left": "D",
    "home": "H",
    "end": "F",
    "f1": "P",
    "f2": "Q",
    "f3": "R",
    "f4": "S",
}
_CSI_TILDE = {
    "ins": 2,
    "insert": 2,
    "del": 3,
    "delete": 3,
    "pgup": 5,
    "pageup": 5,
    "pgdn": 6,
    "pagedown": 6,
    "f5": 15,
    "f6": 17,
    "f7": 18,
    "f8": 19,
    "f9": 20,
    "f10": 21,
    "f11": 23,
    "f12": 24,
}
_CONTROL = {
    "enter": ("\r", 13),
    "cr": ("\r", 13),
    "tab": ("\t", 9),
    "esc": ("\x1b", 27),
    "escape": ("\x1b", 27),
    "bs": ("\x7f", 127),
    "backspace": ("\x7f", 127),
    "space": (" ", 32),
    "lt": ("<", 60),
}
_MODS = {"s": 1, "a": 2, "m": 2, "c": 4, "shift": 1, "alt": 2, "ctrl": 4}
_KEY = re.compile(r"<(?P<name>[^<> ]+)>|(?P<char>.)", re.S)


def split_keys(text: str) -> list[str]:
    """``"gg<Down><C-x>"`` -> ``["g", "g", "<Down>", "<C-x>"]``."""
    return [m.group(0) for m in _KEY.finditer(text)]


def encode_key(key: str, *, app_cursor: bool = False, kitty: int = 0) -> bytes:
    """Bytes a terminal sends for ``key`` given the modes the program asked for."""
    if not (key.startswith("<") and key.endswith(">") and len(key) > 2):
        char, mods = key, 0
        if kitty & 8 and len(char) == 1 and char >= " ":
            return _kitty_text(char, mods, kitty)
        return char.encode()
    name = key[1:-1]
    mods = 0
    while len(name) > 2 and "-" in name[1:-1]:
        mod, _, rest = name.partition("-")
        if mod.lower() not in _MODS:
            break
        mods |= _MODS[mod.lower()]
        name = rest
    low = name.lower()
    if low in _CSI_LETTER:
        letter = _CSI_LETTER[low]
        if mods:
            return b"\x1b[1;%d%s" % (mods + 1, letter.encode())
        if letter in "PQRS":
            return b"\x1bO" + letter.encode()
        return (b"\x1bO" if app_cursor else b"\x1b[") + letter.encode()
    if low in _CSI_TILDE:
        tail = b";%d~" % (mods + 1) if mods else b"~"
        return b"\x1b[%d" % _CSI_TILDE[low] + tail
    if low in _CONTROL:
        legacy, code = _CONTROL[low]
        if kitty & 8 and low not in ("space", "lt"):
            return b"\x1b[%d%su" % (code, b";%d" % (mods + 1) if mods else b"")
        if kitty & 8:
            return _kitty_text(legacy, mods, kitty)
        if kitty & 1 and (low.startswith("esc") or mods):
            return b"\x1b[%d%su" % (code, b";%d" % (mods + 1) if mods else b"")
        if low == "tab" and mods & 1:
            return b"\x1b[Z"
        return (b"\x1b" if mods & 2 else b"") + legacy.encode()
    if len(name) != 1:
        raise ProbeError("unknown key %r" % key)
    if kitty & 8 or (kitty & 1 and mods & 6):
        return _kitty_text(name, mods, kitty)
    data = name.upper() if mods & 1 else name
    if mods & 4:
        data = chr(ord(data.upper()) & 0x1F)
    return (b"\x1b" if mods & 2 else b"") + data.encode()


def _kitty_text(char: str, mods: int, flags: int) -> bytes:
    base = char.lower()
    if char != base:
        mods |= 1
    elif mods & 1:
        char = char.upper()
    text = ";%d" % ord(char) if flags & 16 and not mods & 6 else ""
    mod = str(mods + 1) if mods else ""
    middle = ";" + mod if mod or text else ""
    return ("\x1b[%d%s%su" % (ord(base), middle, text)).encode()
