"""Which code points the gate of `safetext` lets through, drops, or replaces, and why. Tables only.

Sources: the Unicode Character Database (general categories Cc, Cf, Cs, Co, Cn, Zl, Zp; East Asian Width), UAX #9 for
the characters that change direction, UTS #51 for emoji sequences, UTR #36 for what is used to deceive. The widths were
compared, code point by code point, with Rich 15's tables, wcwidth 0.9 and tmux 3.3a.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MARKS: Final = 3
"""Marks on one base that are kept; living orthographies need at most three, "zalgo" text uses dozens."""

_CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0))
_SURROGATES: Final = range(0xD800, 0xE000)
_JOINERS: Final = (0x200C, 0x200D)
_VARIATION: Final = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_KEYCAP: Final = 0x20E3

_UNSEEN_RANGES: Final = (
    (0x00AD, 0x00AD),  # soft hyphen: shown by some terminals, not by others
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian selectors and separator
    (0x200B, 0x200B),  # zero-width space
    (0x200E, 0x200F),  # direction marks
    (0x202A, 0x202E),  # embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates, and what is reserved between
    (0x3164, 0x3164),  # Hangul filler
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
    (0xFFF0, 0xFFFB),  # interlinear annotation, and what is reserved before it
    (0x13430, 0x1343F),  # Egyptian hieroglyph format controls
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical beams and slurs
    (0xE0000, 0xE00FF),  # tags
    (0xE01F0, 0xE0FFF),  # default ignorable, reserved
)
_UNSEEN: Final = tuple(code for low, high in _UNSEEN_RANGES for code in range(low, high + 1))

_UNSTABLE: Final = (
    *range(0x2630, 0x2638),  # trigrams: narrow up to Unicode 15, wide from 16 on
    *range(0x268A, 0x2690),
    *range(0x4DC0, 0x4E00),
    *range(0x1D300, 0x1D357),
    *range(0x1D360, 0x1D377),
)

NEW_EMOJI: Final = (
    # Emoji of Unicode 15, which Python 3.11 (Unicode 14) calls unassigned; all of them are two cells wide.
    0x1F6DC,
    *range(0x1FA75, 0x1FA78),
    *(0x1FA87, 0x1FA88, 0x1FAAD, 0x1FAAE, 0x1FAAF, 0x1FABB, 0x1FABC, 0x1FABD, 0x1FABF),
    *(0x1FACE, 0x1FACF, 0x1FADA, 0x1FADB, 0x1FAE8, 0x1FAF7, 0x1FAF8),
)

_SPACES: Final = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x2800)

_LINES: Final = {0x0A: "\n", 0x0B: "\n", 0x0C: "\n", 0x0D: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}


def _file() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys((*_CONTROLS, *_SURROGATES), "\ufffd")
    table.update(dict.fromkeys(_UNSEEN))
    table.update(_LINES)
    table[0x09] = "    "
    return table


def _screen() -> dict[int, str | None]:
    table = _file()
    table.update(dict.fromkeys((*_JOINERS, *_VARIATION, *_SKIN_TONES, _KEYCAP)))
    table.update(dict.fromkeys(_UNSTABLE, "\ufffd"))
    table.update(dict.fromkeys(_SPACES, " "))
    table.update({0x1F1E6 + at: chr(ord("A") + at) for at in range(26)})  # flags become letters
    table[0x3000] = "  "
    return table


FILE: Final = _file()
"""For `str.translate`: files and the clipboard."""

SCREEN: Final = _screen()
"""For `str.translate`: screens and terminals."""

HIDDEN: Final = re.compile(
    "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f"
    + "".join(f"{chr(low)}-{chr(high)}" for low, high in _UNSEEN_RANGES)
    + "]"
)
"""What a moderator should hear of; joiners apart, which only count beside Latin text."""

MAY_HAVE_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u1dff\u20d0-\u20ff\u2cef-\u2cf1\u2d7f-\u2dff\u302a-\u302f"
    "\u3099-\u309a\ua66f-\uabff\ud7b0-\ud7ff\ufb1e\ufe00-\ufe2f\U00010000-\U0001efff\U000e0000-\U0010ffff]"
)
"""A coarse net: text without any of these has no mark, so that Latin, Cyrillic, Greek, Chinese, Japanese, Korean and
emoji take the short way. It may hold letters that are no marks; a test compares it with the Unicode database."""


def is_mark(char: str) -> bool:
    """Whether `char` takes no cell of its own: general categories Mn, Mc, Me, and joining Hangul letters.

    Rich, wcwidth and terminals that know grapheme clusters count Mc (spacing marks of Indic scripts) as 0 cells, glibc
    and xterm as 1. Dropping them would make those scripts unreadable, so they stay, counted as Textual counts them, and
    the screen writer sets the cursor anew behind each such cluster.
    """
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7fb"
