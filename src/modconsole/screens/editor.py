"""Writing in one's own editor: what is put into the file, which program opens it, what comes back.

The file is in a private folder of its own, which goes away afterwards with whatever the editor left beside it. Below a line
that is cut off again stands what is being answered, as comments.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from modconsole.domain.safetext import for_file
from modconsole.errors import InputError

SCISSORS: Final = "# ------------------------ >8 ------------------------"
"""Everything from this line on is no part of the reply; the sign is the one git uses."""

_HINT: Final = "# What you write above this line is the reply. Leave it empty to keep the draft as it was."
_MOST_QUOTED: Final = 20_000
_USUAL: Final = ("sensible-editor", "editor", "nano", "vim", "vi")


def command(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The editor: `$VISUAL`, else `$EDITOR`, else a usual one. Raises `InputError` where there is none."""
    for name in ("VISUAL", "EDITOR"):
        value = environ.get(name, "").strip()
        if value:
            try:
                words = shlex.split(value)
            except ValueError:
                words = []
            if not words or shutil.which(words[0]) is None:
                raise InputError(
                    f"The editor in ${name} cannot be found.", hint=f"Set {name} to a program that is there."
                )
            return words
    for program in _USUAL:
        if shutil.which(program) is not None:
            return [program]
    raise InputError("No editor was found.", hint="Set EDITOR to one, for example EDITOR=nano.")


def for_editor(draft: str, quoted: Sequence[tuple[str, str]]) -> str:
    """What the file holds: the draft, and as comments who wrote what. Both pass the gate for files."""
    lines = [for_file(draft), "", SCISSORS, _HINT]
    for who, text in quoted:
        lines += ["#", "# " + " ".join(for_file(who, 200).split()) + " wrote:"]
        lines += ["# > " + each for each in for_file(text, _MOST_QUOTED).split("\n")]
    return "\n".join(lines) + "\n"


def from_editor(text: str, given: str) -> str:
    """The reply in a file that came back; `given` is what the file held at first.

    Where the cutting line was removed, the comment lines that we wrote are taken out, and no others: a line that begins with
    `#` may be a heading.
    """
    head, cut, _ = text.partition(SCISSORS)
    if not cut:
        ours = {line for line in given.partition(SCISSORS)[2].split("\n") if line.startswith("#")}
        head = "\n".join(line for line in text.split("\n") if line not in ours)
    return for_file(head).strip()


def edit(words: Sequence[str], content: str, name: str = "reply.txt") -> str | None:
    """Run the editor on a file with this content and give what it holds then; None where the editor failed or gave up.

    `name` is what the file is called: by its end editors know what it is made of.

    Blocks until the editor has ended; the terminal must be free.
    """
    with tempfile.TemporaryDirectory(prefix="modconsole-") as folder:  # made with mode 0700
        path = Path(folder) / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
        try:
            done = subprocess.run([*words, str(path)], check=False)
        except OSError:
            return None
        if done.returncode != 0 or not path.is_file():
            return None
        return path.read_text(encoding="utf-8", errors="replace")
