"""Words in disguise, as people and generators of "fancy text" write them to get past filters; the same ones on every run."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from typing import Final

CYRILLIC: Final = dict(zip("aceijhopsxykdqwg", "асеіјһорѕхукԁԛԝԍ", strict=True))
CYRILLIC_CAPITALS: Final = dict(zip("abcehijkmopstxyd", "АВСЕНІЈКМОРЅТХУԀ", strict=True))
GREEK: Final = dict(zip("aeiknopqtuvxyw", "αειкηορԛτυνχγω", strict=True)) | {"k": "κ", "q": "q"}
GREEK_CAPITALS: Final = dict(zip("abehikmnoptxyz", "ΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", strict=True))
ARMENIAN: Final = dict(zip("ghnoqsuwf", "ցհոօզտսաք", strict=True)) | {"s": "ѕ", "w": "ԝ", "f": "f"}
SMALL_CAPITALS: Final = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
CHEROKEE: Final = dict(zip("abcdeghijklmprstvwyz", "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᎩᏃ", strict=True))
CANADIAN: Final = dict(zip("abcdefhjlmnpqrsuvwz", "ᗩᗷᑕᗪᗴᖴᕼᒍᒪᗰᑎᑭᑫᖇᔕᑌᐯᗯᘔ", strict=True))
CURLED: Final = dict(zip("abcdefghijklmnoprstuwy", "ąҍçժҽƒցհìʝҟӀʍղօքɾʂէմավ", strict=True))
STROKED: Final = dict(zip("abcdeghijklortuyz", "ⱥƀȼđɇǥħɨɉꝁłøɍŧʉɏƶ", strict=True))
INVISIBLE: Final = "\u200b\u200c\u200d\u2060\u00ad\ufeff\u180e\u034f\ufe0f\u2063\u3164"
STYLES: Final = (
    "MATHEMATICAL BOLD", "MATHEMATICAL ITALIC", "MATHEMATICAL BOLD ITALIC", "MATHEMATICAL SCRIPT",
    "MATHEMATICAL BOLD SCRIPT", "MATHEMATICAL FRAKTUR", "MATHEMATICAL DOUBLE-STRUCK", "MATHEMATICAL BOLD FRAKTUR",
    "MATHEMATICAL SANS-SERIF", "MATHEMATICAL SANS-SERIF BOLD", "MATHEMATICAL SANS-SERIF ITALIC",
    "MATHEMATICAL SANS-SERIF BOLD ITALIC", "MATHEMATICAL MONOSPACE",
)  # fmt: skip
Disguise = Callable[[str, random.Random], str]


def swapped(table: dict[str, str]) -> Disguise:
    """Every letter for which there is one is replaced."""
    return lambda word, chance: "".join(table.get(char, char) for char in word)


def mixed(word: str, chance: random.Random) -> str:
    """Each letter from another alphabet, or left."""
    tables: tuple[dict[str, str], ...] = (
        CYRILLIC,
        CYRILLIC_CAPITALS,
        GREEK,
        GREEK_CAPITALS,
        SMALL_CAPITALS,
        CHEROKEE,
        STROKED,
        {},
    )
    return "".join(chance.choice(tables).get(char, char) for char in word)


def one(word: str, chance: random.Random) -> str:
    """A single letter is replaced: the quietest disguise."""
    at = chance.choice([n for n, char in enumerate(word) if char in CYRILLIC] or [0])
    return word[:at] + CYRILLIC.get(word[at], word[at] + "\u200b") + word[at + 1 :]


def invisible(word: str, chance: random.Random) -> str:
    """Characters that nobody sees between the letters."""
    return word[0] + "".join(chance.choice(INVISIBLE) + char for char in word[1:])


def full_width(word: str, chance: random.Random) -> str:
    """As wide as East Asian characters."""
    return "".join(chr(ord(char) + 0xFEE0) for char in word)


def styled(word: str, chance: random.Random) -> str:
    """Letters of mathematics, all of one style."""
    style, size = chance.choice(STYLES), chance.choice(("SMALL", "CAPITAL"))
    found = []
    for char in word:
        try:
            found.append(unicodedata.lookup(f"{style} {size} {char.upper()}"))
        except KeyError:  # some were in Unicode before, under names of their own
            found.append(unicodedata.lookup(f"MATHEMATICAL BOLD {size} {char.upper()}"))
    return "".join(found)


def boxed(word: str, chance: random.Random) -> str:
    """Letters in circles and boxes."""
    kind = chance.choice(("CIRCLED", "SQUARED", "NEGATIVE CIRCLED", "NEGATIVE SQUARED", "PARENTHESIZED"))
    return "".join(unicodedata.lookup(f"{kind} LATIN CAPITAL LETTER {char.upper()}") for char in word)


def stacked(word: str, chance: random.Random) -> str:
    """Combining marks over and under, one to five on each letter."""
    return "".join(
        char + "".join(chr(chance.randint(0x300, 0x36F)) for _ in range(chance.randint(1, 5))) for char in word
    )


def accented(word: str, chance: random.Random) -> str:
    """Letters with accents, as one character each."""
    marks = "\u0301\u0300\u0302\u0308\u0303\u0323\u030c"
    return "".join(unicodedata.normalize("NFC", char + chance.choice(marks)) for char in word)


DISGUISES: Final[dict[str, Disguise]] = {
    "one Cyrillic letter": one,
    "Cyrillic": swapped(CYRILLIC),
    "Cyrillic capitals": swapped(CYRILLIC_CAPITALS),
    "Greek": swapped(GREEK),
    "Greek capitals": swapped(GREEK_CAPITALS),
    "Armenian": swapped(ARMENIAN),
    "mixed alphabets": mixed,
    "small capitals": swapped(SMALL_CAPITALS),
    "Cherokee": swapped(CHEROKEE),
    "Canadian syllabics": swapped(CANADIAN),
    "curled": swapped(CURLED),
    "stroked": swapped(STROKED),
    "zero-width": invisible,
    "full-width": full_width,
    "mathematical": styled,
    "in circles and boxes": boxed,
    "combining marks": stacked,
    "accents": accented,
}
