"""modconsole: a terminal moderation console that proves nobody is left without a reply.

The rooms, from the top: `cli`, `app`, `screens`, `widgets`, `desk` and `reports`, `sync`, `store`, `connectors` and
`policy`, `domain`, and at the bottom `keys`, `config` and `errors`. A room imports only what is below it; import-linter
holds that (see `pyproject.toml`).
"""

from __future__ import annotations

__version__ = "0.1.0"
