# ruff: noqa: UP031
"""CPU and memory of a process and all that it started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import time


def _become_subreaper() -> None:
    """Daemons started by the probed program become our children, so that their
    memory and CPU are counted and so that they can be ended with the session."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task)) as handle:
                found += map(int, handle.read().split())
    except (OSError, ValueError):
        pass
    return found


class ProcTree:
    """CPU seconds and resident memory of a process and all its descendants."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.cpu: dict[int, float] = {}
        self.known: set[int] = {root}
        self.adopted_before = set(_children(os.getpid())) - {root}
        self.peak_rss_kb = 0
        self.last_rss_kb = 0
        self.peak_processes = 0

    def pids(self) -> list[int]:
        todo, seen = [self.root], []
        todo += [p for p in _children(os.getpid()) if p not in self.adopted_before]
        while todo:
            pid = todo.pop()
            if pid not in seen:
                seen.append(pid)
                todo += _children(pid)
        self.known.update(seen)
        return seen

    def sample(self) -> float:
        """Update memory peaks; return CPU seconds used so far by the tree."""
        rss = hwm = live = 0
        for pid in self.pids():
            try:
                # CLOCK id of another process' CPU clock: see clock_getcpuclockid(3)
                self.cpu[pid] = time.clock_gettime((~pid << 3) | 2)
                with open("/proc/%d/status" % pid) as handle:
                    status = handle.read()
            except OSError:
                continue
            m = re.search(r"VmRSS:\s+(\d+)", status)
            rss += int(m[1]) if m else 0
            m = re.search(r"VmHWM:\s+(\d+)", status)
            hwm += int(m[1]) if m else 0
            live += 1
        if rss:
            self.last_rss_kb = rss
        self.peak_rss_kb = max(self.peak_rss_kb, hwm)
        self.peak_processes = max(self.peak_processes, live)
        return sum(self.cpu.values())
