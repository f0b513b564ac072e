"""Print one of the README's two commands, so that CI runs the very line that people are told to type.

usage: python3 scripts/readme_command.py demo|tests
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def commands(text: str) -> dict[str, str]:
    """The commands of the README by the comment that stands above each: `<!-- command: NAME -->`."""
    return dict(re.findall(r"<!-- command: (\w+) -->\s+```(?:sh)?\n(.+)\n```", text))


if __name__ == "__main__":
    print(commands(README.read_text(encoding="utf-8"))[sys.argv[1]])
