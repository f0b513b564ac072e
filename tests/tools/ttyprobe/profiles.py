# ruff: noqa: UP031
"""What the emulated terminal admits to: which queries get an answer, and what it says."""

from __future__ import annotations

import time
from dataclasses import dataclass

__version__ = "1.0"


now = time.monotonic


class ProbeError(Exception):
    """A wait timed out, an expectation failed, or the program went away."""


@dataclass(frozen=True)
class Profile:
    """What the emulated terminal admits to.  ``modes`` are DECRQM answers."""

    name: str
    answers: bool = True  # False: a terminal that never replies
    da1: str = "\x1b[?62;22c"
    da2: str = "\x1b[>1;4000;0c"
    xtversion: str | None = "ttyprobe(%s)" % __version__
    kitty_keyboard: bool = False
    modes: frozenset[int] = frozenset()  # DEC private modes it recognises
    colours: bool = True  # answers OSC 4/10/11/12 queries
    fg: str = "rgb:d0d0/d0d0/d0d0"
    bg: str = "rgb:1010/1010/1010"


_XTERM_MODES = frozenset({1, 5, 6, 7, 12, 25, 47, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1047, 1048, 1049, 2004})

PROFILES: dict[str, Profile] = {
    p.name: p
    for p in (
        # kitty / ghostty / foot / WezTerm class
        Profile("modern", kitty_keyboard=True, modes=_XTERM_MODES | {2026, 2027, 2031}),
        # as above plus in-band resize (2048) and pixel mouse (1016), like ghostty
        Profile("modern-inband", kitty_keyboard=True, modes=_XTERM_MODES | {1016, 2026, 2027, 2031, 2048}),
        # xterm / VTE class: no kitty keyboard, no synchronized output
        Profile(
            "xterm",
            xtversion="XTerm(379)",
            da1="\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c",
            da2="\x1b[>41;379;0c",
            modes=_XTERM_MODES,
        ),
        # inside tmux 3.3: answers DA, no DECRQM, no kitty keyboard
        Profile("tmux", xtversion="tmux 3.3a", da1="\x1b[?1;2c", da2="\x1b[>84;0;0c", colours=False),
        # answers nothing at all: a program that waits for replies shows its timeouts
        Profile("mute", answers=False),
    )
}
