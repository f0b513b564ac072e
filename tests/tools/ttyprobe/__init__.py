"""Black-box probe for terminal programs: latency, bytes, memory, and what was asked of the terminal.

Starts a program in a pseudo-terminal, plays a modern terminal to it, optionally behind an emulated slow link, presses
keys, and says what the user would have seen and when. Linux, Python 3.11, pyte; Pillow only for pictures.

    with Session(["modconsole"], size=(120, 40), link="slow") as session:
        session.wait_text("Queue")
        down = session.key("j", repeat=20)
        assert down.bytes < 700 and not session.terminal.osc
"""

from tests.tools.ttyprobe.emulator import Terminal
from tests.tools.ttyprobe.keys import encode_key, split_keys
from tests.tools.ttyprobe.link import LINKS, Link, make_link
from tests.tools.ttyprobe.profiles import PROFILES, ProbeError, Profile
from tests.tools.ttyprobe.session import KeyResult, Session

__all__ = [
    "LINKS", "PROFILES", "KeyResult", "Link", "ProbeError", "Profile", "Session", "Terminal", "encode_key",
    "make_link", "split_keys",
]  # fmt: skip
