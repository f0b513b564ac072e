"""Everything about rules that has a limit: the engine as sync uses it, and one edited rule over a million messages.

    python -m benchmarks.bench_rules

The two halves are `benchmarks.rules_live` and `benchmarks.rules_backtest`; each can be run by itself.
"""

from __future__ import annotations

import subprocess
import sys

HALVES = ("benchmarks.rules_live", "benchmarks.rules_backtest")


def main() -> int:
    """Run both, one after the other, each in a process of its own; 1 where one of them kept not all its limits."""
    worst = 0
    for half in HALVES:
        print(f"== {half}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", half], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
