"""Opening a link in a browser that has a window of its own. One that would take over this terminal is not started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping


def opener(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str | None:
    """The program that opens links in a window; None where there is no window to open, as over SSH."""
    if platform == "darwin":
        return shutil.which("open")
    if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return shutil.which("xdg-open")
    return None


def open_link(link: str) -> bool:
    """Open a link that `desk.links` has checked. False where no browser can be reached; nothing it says gets onto the screen."""
    program = opener()
    if program is None:
        return False
    try:
        subprocess.Popen(
            [program, link],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    return True
