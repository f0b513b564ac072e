"""Everything a moderator can do, without a screen: what keys and command line both call.

- `desk`       who works here, on which database, by which clock
- `asks`       reply, close, reopen, snooze, claim, promise, note, tag, link; undo
- `views`      pages for lists, the header, a conversation, the proof
- `documents`  the JSON documents of the command line
- `files`      import and export
- `sources`    sources, identities, what a change of identities would do
- `sweep`      syncing: once, for ever, and for the nightly sweep
- `demo`       the demo's database
"""

from __future__ import annotations
