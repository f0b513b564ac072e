"""The console with a platform that says nothing but hostile things of itself: `python -m tests.hostile.adding_app DB HOME`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from modconsole.app import run
from modconsole.connectors.base import Account
from modconsole.desk.desk import Desk
from modconsole.domain.records import Identity
from modconsole.errors import SignInError
from tests.hostile.corpus import PAYLOADS
from tests.tools import village

TEXTS = [text.encode("utf-8", "replace").decode()[:2_000] for text in PAYLOADS.values()]
"""As they can come out of JSON, cut to a few screens."""

if __name__ == "__main__":
    from dataclasses import replace

    found = village.register()
    bad = PAYLOADS["query: background"] + PAYLOADS["closing tag without an opening"]
    found.PLATFORM = replace(found.PLATFORM, title=f"Village{bad}", about=bad * 3)
    found.account = Account(
        id=f"us:{bad}",
        name=bad,
        handle=bad,
        missing=tuple(TEXTS),
        site_name=bad,
        site_url=bad,
        syncs=tuple(TEXTS),
        others=tuple(Identity(id=f"{number}:{text[:100]}", name=text) for number, text in enumerate(TEXTS)),
    )
    found.trouble = [SignInError(f"The village says {bad}", hint=bad)]
    at = int(os.environ["AT"])
    sys.exit(run(Desk(sys.argv[1], who="mara", clock=lambda: at), home=Path(sys.argv[2])))
