# ruff: noqa: UP031
"""An emulated path between program and terminal: round trip, rate, packets."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.tools.ttyprobe.profiles import ProbeError


@dataclass
class Link:
    """An emulated path between the program and the terminal.

    ``rtt`` is in seconds and split evenly, ``rate`` is bytes/s *towards the
    user* (None = unlimited), ``up_rate`` bytes/s from the user.  ``overhead``
    bytes are charged per packet of at most ``mtu`` bytes (ssh over TCP/IP: about
    80).  ``window`` is how much the far side buffers before the program blocks.
    """

    rtt: float = 0.0
    rate: float | None = None
    up_rate: float | None = None
    overhead: int = 0
    mtu: int = 1400
    window: int = 256 * 1024
    name: str = "local"

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "rtt_ms": self.rtt * 1000,
            "rate_Bps": self.rate,
            "up_rate_Bps": self.up_rate,
            "overhead": self.overhead,
        }


LINKS: dict[str, Link] = {
    "local": Link(),
    "lan": Link(rtt=0.002, rate=12_500_000, overhead=80, name="lan"),
    "wan": Link(rtt=0.080, rate=1_250_000, overhead=80, name="wan"),
    "mobile": Link(rtt=0.200, rate=32_000, up_rate=16_000, overhead=80, name="mobile"),
    "slow": Link(rtt=0.200, rate=8_000, up_rate=8_000, overhead=80, name="slow"),
}


class _Channel:
    """One direction of a link: bytes go in, come out later, in small pieces."""

    def __init__(self, rate: float | None, delay: float, overhead: int, mtu: int):
        self.rate, self.delay, self.overhead, self.mtu = rate, delay, overhead, mtu
        self.busy_until = 0.0
        self.items: collections.deque[tuple[float, bytes]] = collections.deque()
        self.in_flight = 0

    def push(self, data: bytes, t: float) -> None:
        if not data:
            return
        self.in_flight += len(data)
        if self.rate is None:
            self.items.append((t + self.delay, data))
            return
        # Pieces of at most 10 ms of line time, so that a screen is seen to fill.
        piece = max(1, min(self.mtu, int(self.rate * 0.010)))
        start = max(t, self.busy_until)
        for packet_at in range(0, len(data), self.mtu):
            packet = data[packet_at : packet_at + self.mtu]
            start += self.overhead / self.rate
            for at in range(0, len(packet), piece):
                part = packet[at : at + piece]
                start += len(part) / self.rate
                self.items.append((start + self.delay, part))
        self.busy_until = start

    def due(self) -> float | None:
        return self.items[0][0] if self.items else None

    def pop(self, t: float) -> Iterator[tuple[float, bytes]]:
        while self.items and self.items[0][0] <= t:
            when, data = self.items.popleft()
            self.in_flight -= len(data)
            yield when, data


def _number(text: str) -> float:
    """Seconds: ``250ms``, ``2s``, ``2``."""
    match = re.fullmatch(r"([0-9.]+)(ms|s)?", text)
    if not match:
        raise ProbeError("not a time: %r" % text)
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def make_link(rtt: str | float | None, rate: str | float | None) -> Link:
    """``rtt`` in ms or with a unit, ``rate`` in bytes/s or with kbit / mbit."""
    seconds = 0.0
    if rtt is not None:
        seconds = _number(rtt) if isinstance(rtt, str) and rtt.endswith("s") else float(rtt) / 1000
    number = None
    if rate is not None:
        match = re.fullmatch(r"([0-9.]+)\s*(kbit|mbit|kB|B)?", str(rate))
        if not match:
            raise ProbeError("not a rate: %r" % rate)
        number = float(match[1]) * {"kbit": 125, "mbit": 125_000, "kB": 1000, "B": 1, None: 1}[match[2]]
    return Link(
        rtt=seconds,
        rate=number,
        up_rate=number,
        overhead=80 if number else 0,
        name="%gms/%s" % (seconds * 1000, rate or "unlimited"),
    )
