"""The visible screen as a picture."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from tests.tools.ttyprobe.emulator import Terminal

_PALETTE = {
    "dark": {"fg": "d0d0d0", "bg": "101010"},
    "light": {"fg": "202020", "bg": "fafafa"},
}
_NAMED = dict(
    zip(
        ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white"),
        ("000000", "cd3131", "0dbc79", "e5e510", "2472c8", "bc3fbc", "11a8cd", "e5e5e5"),
        strict=False,
    )
)
_NAMED["yellow"] = _NAMED["brown"]
_NAMED.update(
    zip(
        (
            "brightblack",
            "brightred",
            "brightgreen",
            "brightbrown",
            "brightblue",
            "brightmagenta",
            "brightcyan",
            "brightwhite",
        ),
        ("666666", "f14c4c", "23d18b", "f5f543", "3b8eea", "d670d6", "29b8db", "ffffff"),
        strict=False,
    )
)
_NAMED["brightyellow"] = _NAMED["brightbrown"]
_NAMED["bfightmagenta"] = _NAMED["brightmagenta"]  # a spelling slip in pyte 0.8.2

_FONT_DIRS = [
    "/usr/share/fonts/truetype/dejavu",
    "/usr/share/fonts/dejavu",
    "/usr/share/fonts/TTF",
    str(Path(__file__).parent / "fonts"),
]
_FALLBACKS = [
    "/usr/share/fonts/opentype/unifont/unifont.otf",
    "/usr/share/fonts/opentype/unifont/unifont_upper.otf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
]


def _find_font(name: str) -> str | None:
    env = os.environ.get("TTYPROBE_FONT_DIR")
    for folder in ([env] if env else []) + _FONT_DIRS:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    return None


def render_png(terminal: Terminal, path: str | Path, *, font_size: int = 16, theme: str = "dark") -> None:
    """Draw the visible screen.  Wants DejaVu Sans Mono (apt: fonts-dejavu-core);
    uses Pillow's own font, less well, where there is none."""
    from PIL import Image, ImageDraw, ImageFont

    regular = _find_font("DejaVuSansMono.ttf")
    bold_path = _find_font("DejaVuSansMono-Bold.ttf") or regular
    if regular:
        normal: Any = ImageFont.truetype(regular, font_size)
        bold: Any = ImageFont.truetype(bold_path or regular, font_size)
    else:
        normal = bold = ImageFont.load_default(font_size)
    others = [ImageFont.truetype(p, font_size) for p in _FALLBACKS if os.path.exists(p)]
    missing = normal.getmask("\U0010ffff").getbbox(), bytes(normal.getmask("\U0010ffff"))

    def font_for(char: str, heavy: bool) -> Any:
        if char < "\u0250" or "\u2500" <= char <= "\u259f":
            return bold if heavy else normal
        mask = normal.getmask(char)
        if (mask.getbbox(), bytes(mask)) != missing or not others:
            return bold if heavy else normal
        return others[1] if len(others) > 1 and ord(char) > 0xFFFF else others[0]

    width = round(normal.getlength("M"))
    ascent, descent = normal.getmetrics()
    height = ascent + descent
    base = _PALETTE[theme]

    def colour(name: str, default: str) -> str:
        if name == "default":
            return "#" + base[default]
        return "#" + _NAMED.get(name, name if re.fullmatch("[0-9a-fA-F]{6}", name) else base[default])

    rows = terminal.visible
    columns = len(rows[0])
    image = Image.new("RGB", (columns * width, len(rows) * height), "#" + base["bg"])
    draw = ImageDraw.Draw(image)
    for y, row in enumerate(rows):
        for x, char in enumerate(row):
            fg, bg = colour(char.fg, "fg"), colour(char.bg, "bg")
            if char.reverse:
                fg, bg = bg, fg
            left, top = x * width, y * height
            if char.data == "":  # right half of a wide char
                continue
            cells = 2 if x + 1 < columns and row[x + 1].data == "" else 1
            draw.rectangle([left, top, left + cells * width - 1, top + height - 1], fill=bg)
            if char.data.strip():
                draw.text((left, top), char.data, fill=fg, font=font_for(char.data[0], char.bold))
            if char.underscore:
                draw.line([left, top + ascent + 1, left + cells * width, top + ascent + 1], fill=fg)
            if char.strikethrough:
                draw.line([left, top + height // 2, left + cells * width, top + height // 2], fill=fg)
    x, y, shown = terminal.cursor
    if shown and y < len(rows):
        x = min(x, columns - 1)
        draw.rectangle([x * width, y * height, (x + 1) * width - 1, (y + 1) * height - 1], outline="#ffcc00")
    image.save(path)
