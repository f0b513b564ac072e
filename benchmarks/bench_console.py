"""What the console costs in a terminal, on a million messages: start, memory, keys. Beside a bare Textual app in the same run.

usage: python -m benchmarks.bench_console [--db FILE] [--runs N] [--multiply N]

Without --db the chitchat set, four times over (1,032,580 messages), is imported into a temporary database first. Everything
is measured from outside, through a pseudo-terminal of 120×40, by `tests.tools.ttyprobe`. Bytecode of everything involved is
compiled before, as an installation does it.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from tests.tools.ttyprobe import Session

ROOT = Path(__file__).resolve().parent.parent
KEYS = (("j", "j", 60), ("k", "k", 30), ("page down", "<PgDn>", 30), ("page up", "<PgUp>", 10))
ENDS = (("end", "<End>"), ("home", "<Home>"))
LISTS: dict[str, tuple[str | None, str]] = {"queue": (None, " of "), "inbox": ("2", " of ")}


def session(command: list[str]) -> Session:
    """A program in a terminal of 120×40, as an installed one runs: with its bytecode."""
    env = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": None, "TERM": "xterm-256color"}
    return Session(command, size=(120, 40), env=env, timeout=60)


def start_ms(command: list[str], text: str) -> tuple[float, int]:
    """Milliseconds from exec until a text is on the screen, and the peak memory in kB."""
    with session(command) as probe:
        probe.wait_text(text, label="ready")
        probe.settle()
        return float(probe.waits[0]["ms"]), int(probe.result()["totals"]["peak_rss_kb"])


def p95(values: list[float]) -> float:
    """The 95th percentile, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered) + 0.5) - 1)]


def keys(command: list[str], text: str, go_to: str | None = None) -> dict[str, dict[str, float]]:
    """Settled milliseconds and bytes of each kind of key, after the list is there; and the peak memory."""
    with session(command) as probe:
        probe.wait_text(text)
        probe.settle(quiet=0.4)
        if go_to is not None:
            probe.key(go_to)
            probe.settle(quiet=0.4)
        found: dict[str, list[tuple[float, int, int]]] = {}
        rounds = [(label, key) for label, key, times in KEYS for _ in range(times)] + [
            e for _ in range(8) for e in ENDS
        ]
        for label, key in rounds:
            done = probe.key(key)
            found.setdefault(label, []).append((float(done.settled_ms or 0.0), done.bytes, done.frames))
        idle = probe.result()["totals"]["bytes_out"]
        probe.sleep(3.0)
        totals = probe.result()["totals"]
    figures = {
        label: {
            "median": statistics.median(ms for ms, _, _ in every),
            "p95": p95([ms for ms, _, _ in every]),
            "bytes": statistics.median(size for _, size, _ in every),
            "frames": statistics.median(frames for _, _, frames in every),
        }
        for label, every in found.items()
    }
    figures["idle"] = {"bytes": float(totals["bytes_out"] - idle)}
    figures["memory"] = {"peak_mb": totals["peak_rss_kb"] / 1024}
    return figures


def database(folder: Path, multiply: int) -> Path:
    """The chitchat set, multiplied, in a database of its own."""
    from modconsole.connectors.chitchat import write_jsonl

    talk = folder / "chitchat.jsonl"
    print(f"writing {write_jsonl(talk, multiply=multiply).messages:,} messages", flush=True)
    path = folder / "million.db"
    subprocess.run([sys.executable, "-m", "modconsole", "--db", str(path), "import", str(talk)], check=True)
    talk.unlink()
    return path


def main() -> None:
    """Measure and print, each figure with its limit."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--db", type=Path)
    options.add_argument("--runs", type=int, default=9)
    options.add_argument("--multiply", type=int, default=4)
    given = options.parse_args()
    for folder in (sysconfig.get_paths()["purelib"], ROOT / "src", ROOT / "benchmarks"):
        compileall.compile_dir(str(folder), quiet=2, workers=0)
    with tempfile.TemporaryDirectory() as folder:
        path = given.db or database(Path(folder), given.multiply)
        report(path, given.runs)


def report(path: Path, runs: int) -> None:
    """All figures for one database."""
    bare = [sys.executable, str(ROOT / "benchmarks" / "bare_app.py")]
    ours = [sys.executable, "-m", "modconsole", "--db", str(path)]
    starts: dict[str, list[tuple[float, int]]] = {"bare": [], "ours": []}
    for _ in range(runs):  # one after the other, so that both see the same machine
        starts["bare"].append(start_ms(bare, "hello"))
        starts["ours"].append(start_ms(ours, " of "))
    least = statistics.median(ms for ms, _ in starts["bare"])
    first = statistics.median(ms for ms, _ in starts["ours"])
    print(f"start, first screen   ours {first:6.0f} ms   bare {least:6.0f} ms   ratio {first / least:.2f} (at most 2)")
    peer = keys([sys.executable, str(ROOT / "benchmarks" / "bare_list.py")], "1 of 100")
    limit = max(16.0, 1.3 * peer["j"]["p95"])
    print(
        f"bare list of 100      j p95 {peer['j']['p95']:.1f} ms; limits: a key {limit:.1f} ms, a page {3 * limit:.1f} ms"
    )
    for name, (go_to, text) in LISTS.items():
        figures = keys(ours, text, go_to)
        peak = max([figures["memory"]["peak_mb"], *(kb / 1024 for _, kb in starts["ours"])])
        print(
            f"{name}: peak memory {peak:.0f} MB (at most 100), {figures['idle']['bytes']:.0f} bytes in 3 s of idleness"
        )
        for label in [key[0] for key in KEYS] + [end[0] for end in ENDS]:
            f, most = figures[label], limit if label in "jk" else 3 * limit
            print(
                f"  {label:10} median {f['median']:5.1f}  p95 {f['p95']:5.1f} ms (at most {most:.1f})"
                f"   {f['bytes']:5.0f} bytes, {f['frames']:.0f} frame"
            )


if __name__ == "__main__":
    main()
