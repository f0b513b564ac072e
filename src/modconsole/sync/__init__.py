"""Moves things between platforms and the store.

- `registry`  platform name → connector
- `enroll`    a new source: the sign-in verified, who we are there written down
- `pull`      one run over one source: page by page, each with its position
- `push`      the outbox of one source: sent, looked for, read back
- `moderate`  moderation acts and their undo, for somebody who waits for them
- `acts`      moderation acts on their way: queued ones, and those that a crash left
- `reports`   what a run did, and what happens meanwhile, as plain values
- `job`       one source's turn: sends first, then what is new
- `lease`     who of several processes syncs this database
- `engine`    all sources, once or for ever

No screen, no SQL and no HTTP here; the time is always given. What users and operators should know is in `docs/sync.md`.
"""

from __future__ import annotations
