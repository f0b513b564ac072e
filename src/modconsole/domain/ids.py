"""Ids of our own making. Platforms' ids are opaque text and never made here."""

from __future__ import annotations

import uuid


def new_id(now: int) -> str:
    """A UUID of version 7 (RFC 9562): sorts by time, so that merged databases keep the order of acts. `now` is an instant."""
    random = uuid.uuid4().int
    value = ((now // 1000) & ((1 << 48) - 1)) << 80 | 0x7 << 76 | ((random >> 64) & 0xFFF) << 64 | 0x2 << 62
    return str(uuid.UUID(int=value | (random & ((1 << 62) - 1))))
