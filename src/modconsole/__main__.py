"""`python -m modconsole` is `modconsole`."""

from __future__ import annotations

from modconsole.cli import main

main()
