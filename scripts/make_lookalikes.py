"""Write `src/modconsole/policy/_lookalikes.py`: which characters look like which.

The source is the confusables table of the Unicode security data (UTS #39), as the PyPI package `confusable_homoglyphs` carries
it (`confusables.json`). What is added here are letters that the names of the Unicode Character Database tell apart only by
their shape (small capitals, letters with a stroke), and a few that generators of "fancy text" use.

    python -m pip install confusable_homoglyphs==3.3.1
    python -m scripts.make_lookalikes [--json FILE]

The table is for text that has been decomposed and has lost its marks. It names no ASCII character: what looks alike in ASCII
(0 and O, 1 and l) is the leet channel's, and what NFKD settles needs no entry.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

import regex

TARGET = Path(__file__).resolve().parents[1] / "src" / "modconsole" / "policy" / "_lookalikes.py"
NAMED = re.compile(
    r"LATIN LETTER SMALL CAPITAL ([A-Z])(?: WITH .*)?"
    r"|LATIN (?:SMALL|CAPITAL) LETTER (?:BARRED |DOTLESS |SCRIPT |OPEN |AFRICAN )?([A-Z])(?: WITH .*)?"
    r"|(?:CROSSED )?NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])"
    r"|PARENTHESIZED LATIN (?:SMALL|CAPITAL) LETTER ([A-Z])"
)
OVERRIDES = {
    # Quotation marks are one character to a writer; the security data makes two of them.
    **dict.fromkeys("“”„‟〝〞＂", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    # Capital iota and its like are I to a reader, and lower case settles that.
    **dict.fromkeys("ΙІⲒꓲᛁ", "i"),
    # Letters that the styles of generators use and the security data lacks.
    **dict.fromkeys("ᗩ", "a"),
    **dict.fromkeys("ᗪ", "d"),
    **dict.fromkeys("ᗰ", "m"),
    **dict.fromkeys("ᑎп", "n"),
    **dict.fromkeys("ᑭ", "p"),
    **dict.fromkeys("ᑫ", "q"),
    **dict.fromkeys("ᖇя", "r"),
    **dict.fromkeys("ᔕ", "s"),
    **dict.fromkeys("ᗯшωѡ", "w"),
    **dict.fromkeys("ᘔζ", "z"),
    **dict.fromkeys("и", "u"),
    **dict.fromkeys("ð", "d"),
    **dict.fromkeys("η", "n"),
    **dict.fromkeys("μ", "u"),
    **dict.fromkeys("εєΣЗз", "e"),
    **dict.fromkeys("βьъБб", "b"),
    **dict.fromkeys("Ӏӏ", "l"),
    **dict.fromkeys("χ", "x"),
    **dict.fromkeys("κĸ", "k"),
    **dict.fromkeys("τ", "t"),
    **dict.fromkeys("ι", "i"),
}
SEQUENCES = {"rn": "m", "vv": "w", "VV": "W", "uu": "w", "lJ": "u"}
WORD = regex.compile(r"\w")
FOREIGN = regex.compile(r"(?V1)[\p{Mn}--[\u0300-\u036f]]")
"""Marks that are no ornament but tell letters apart, as the dots of Arabic and the signs of Indic scripts."""


EAST = regex.compile(r"[\p{Hiragana}\p{Katakana}\p{Hangul}\p{Han}\p{Bopomofo}\u30fc]")
"""Scripts whose characters look like few others, and which are put together from parts by other rules."""


def plain(text: str) -> str:
    """Decomposed, without marks and without what cannot be seen: what the table is applied to."""
    return "".join(
        each
        for each in unicodedata.normalize("NFKD", text)
        if unicodedata.category(each) not in ("Mn", "Me", "Cf") or "\u3099" <= each <= "\u309a"
    )


def pairs(data: dict[str, list[dict[str, str]]]) -> dict[str, list[str]]:
    """What stands beside each single character that is not ASCII and needs an entry."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, others in data.items():
        left = plain(key)
        for other in others:
            if FOREIGN.search(key + other["c"]) or EAST.search(key + other["c"]):
                continue
            right = plain(other["c"])
            for one, two in ((left, right), (right, left)):
                if len(one) == 1 and not one.isascii() and two and two != one and two not in found[one]:
                    found[one].append(two)
    return found


def direct(char: str, beside: dict[str, list[str]]) -> str:
    """The ASCII that a character looks like, by what was added, by the data, or by its name; empty where there is none."""
    if char in OVERRIDES:
        return OVERRIDES[char]
    for other in beside.get(char, ()):
        if other.isascii():
            return SEQUENCES.get(other, other).lower()
    named = NAMED.fullmatch(unicodedata.name(char, ""))
    return next(filter(None, named.groups())).lower() if named else ""


def fits(char: str, target: str) -> bool:
    """Whether words stay words: a sign never becomes a letter, nor a letter a sign, but for letters in circles and boxes."""
    if target.isspace():
        return False
    boxed = unicodedata.category(char) == "So" and NAMED.fullmatch(unicodedata.name(char, "")) is not None
    return boxed or bool(WORD.match(char)) == all(WORD.match(each) for each in target)


def kin(char: str, other: str) -> bool:
    """Whether two letters are of one script, other than those of Europe: readers of it tell them apart."""
    one, two = (unicodedata.name(each, "").partition(" ")[0] for each in (char, other))
    return (
        one == two != ""
        and char != other
        and one not in ("LATIN", "GREEK", "CYRILLIC")
        and WORD.match(char) is not None
    )


def look(char: str, beside: dict[str, list[str]]) -> str:
    """What a character becomes: ASCII, over as many steps as it takes; else the first of those that look alike."""
    seen, ring = {char}, [char]
    while ring:
        for each in ring:
            target = direct(each, beside)
            if target and fits(char, target):
                return target
        near = {other for each in ring for other in beside.get(each, ()) if len(other) == 1 and not other.isascii()}
        ring = sorted(near - seen)
        seen |= near
    alike = [each for each in seen if fits(char, each) and unicodedata.category(each) != "Nd" and not kin(char, each)]
    return min(alike, default=char, key=lambda each: (unicodedata.category(each) == "So", ord(each)))


def table(data: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Character → what it becomes. Upper and lower case become the same, but for letters where both look like something else."""
    beside = pairs(data)
    every = set(beside) | set(OVERRIDES)
    every |= {chr(n) for n in range(0x80, 0x1FFFF) if NAMED.fullmatch(unicodedata.name(chr(n), ""))}
    skip = ("Nd", "Cn", "Co", "Cs", "Zs")
    parts = (each for each in every if unicodedata.category(each) not in skip)
    found = {each: look(each, beside) for each in parts if plain(each) == each or each in OVERRIDES}
    found |= {
        each: direct(each, beside) for each in every if unicodedata.name(each, "").startswith("PARENTHESIZED LATIN")
    }
    for char in sorted(found):
        for small, capital in ((char.lower(), char), (char, char.upper())):
            if len(small) == len(capital) == 1 and small != capital and not (small + capital).isascii():
                join(found, small, capital)
    for char in sorted(found):
        while "".join(found.get(each, each) for each in found[char]) != found[char]:
            found[char] = "".join(found.get(each, each) for each in found[char]).casefold()
    settled = {char: target for char, target in sorted(found.items()) if target != char}
    return {char: target for char, target in settled.items() if len(char.casefold()) == 1 and not char.isascii()}


def join(found: dict[str, str], small: str, capital: str) -> None:
    """Make both cases of a letter the same; Greek ones, where each looks like another letter, stay apart."""
    ours, theirs = found.get(small, small), found.get(capital, capital)
    if unicodedata.name(small).startswith("GREEK") and ours.isascii() and theirs.isascii():
        return
    if small.isascii() or capital.isascii():
        return
    found[small] = found[capital] = ours if ours.isascii() or not theirs.isascii() else theirs


def split(found: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Letters whose capital looks like one letter and whose small form like another."""
    return {
        char: (target, found.get(char.upper(), char.upper()))
        for char, target in found.items()
        if len(char.upper()) == 1 and char.upper() != char and found.get(char.upper(), char.upper()) != target
    }


def source(found: dict[str, str]) -> str:
    """The module."""
    groups: dict[str, list[str]] = defaultdict(list)
    for char, target in found.items():
        groups[target].append(char)
    lines = [
        '"""Which characters look like which: what they become → those that become it. Made by `scripts/make_lookalikes.py`.',
        "",
        "From the confusables of the Unicode security data (UTS #39), © Unicode, Inc., under the Unicode License v3, in the form",
        "of the package confusable_homoglyphs 3.3.1 (MIT); what was added is in the script.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Final",
        "",
        "ALIKE: Final[dict[str, str]] = {",
    ]
    for target in sorted(groups):
        chars = "".join(sorted(groups[target]))
        lines += wrapped(ascii(target), chars)
    return "\n".join([*lines, "}", ""])


def wrapped(key: str, chars: str, width: int = 108) -> list[str]:
    """One entry, its characters as escapes, over as many lines as it needs."""
    pieces, piece = [], ""
    for each in chars:
        shown = ascii(each)[1:-1]
        if len(piece) + len(shown) > width:
            pieces.append(piece)
            piece = ""
        piece += shown
    pieces.append(piece)
    if len(pieces) == 1 and len(key) + len(piece) < width:
        return [
            f'    {key}: "{piece}",'.replace("'", '"')
            if '"' not in key and "'" not in key[1:-1]
            else f'    {key}: "{piece}",'
        ]
    return [f"    {key}: (", *(f'        "{each}"' for each in pieces), "    ),"]


def main() -> int:
    """Write the table; say what it holds."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--json", type=Path, help="confusables.json, where the package is not installed")
    given = words.parse_args()
    path = given.json
    if path is None:
        spec = importlib.util.find_spec("confusable_homoglyphs")
        if spec is None or spec.origin is None:
            print("Install it with: python -m pip install confusable_homoglyphs==3.3.1", file=sys.stderr)
            return 1
        path = Path(spec.origin).with_name("confusables.json")
    found = table(json.loads(path.read_text("utf-8")))
    TARGET.write_text(source(found), "utf-8")
    print(f"{len(found)} characters become {len(set(found.values()))}")
    print("upper and lower case differ:", " ".join(f"{c}:{a}|{b}" for c, (a, b) in split(found).items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
