"""The only room that speaks SQL: one SQLite database holds everything.

- `schema`    tables and migrations (sqlite-utils)
- `db`        opening, transactions, waiting for the other writer
- `rows`      records to rows and back
- `names`     row ids of sources, conversations, people
- `ingest`    records in: versions, people, search, and the asks of what they touch
- `cases`     conversations as the question "who is waiting?" sees them
- `refresh`   the ask cache, renewed in the transaction of each change
- `queue`     the queue in queue order, page by page; counts
- `lists`     inbox, conversation, search hits
- `places`    sources, and what each can vouch for
- `journal`   decisions, their undo, drafts; all that we did
- `acts`      moderation acts on their way and done
- `outbox`    replies on their way
- `landing`   what a page of a sync brought, and what cannot be stored
- `marks`     where each sync stands, coverage, the lease of who syncs
- `strikes`   strikes and what the ladder proposes; `appeals`; `publications` of the guidelines
- `export`    records out
- `verify`    everything recomputed from nothing and compared
"""

from __future__ import annotations
