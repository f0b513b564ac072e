"""Everything a moderator can do, without a screen: what keys and command line both call.

- `desk`       who works here, on which database, by which clock
- `asks`       reply, close, reopen, snooze, claim, promise, note, tag, link
- `moderating` acts on messages, persons and conversations, on the platform itself
- `undoing`    one undo for everything
- `views`      pages for lists, the header, a conversation
- `explain`    the proof in words, with target and due date
- `composing`  who answers as whom, where, with how much room; `drafts`, `platforms` beside it
- `outgoing`   the outbox; pausing sources
- `searching`  search hits as a list; `links`, `seen`, `edits`, `ahead` are small helpers of the screens
- `seen`       whether an ask is still what was seen when a key was pressed
- `composing`  what the writer of a reply must see, and what has happened since; `drafts`, `platforms` (how long it may be)
- `explain`    the proof, told; `edits`: the texts that a message had; `ahead`: the next ask; `links`: checked links
- `documents`  the JSON documents of the command line
- `files`      import and export
- `sources`    sources, identities, what a change of identities would do
- `sweep`      syncing: once, for ever, and for the nightly sweep
- `ruling`     the rules of the house; `checking` and `trying` them; `drafting` and `importing_rules`
- `guidelines` what members read; `notices` what one of them is told
- `strikes`    strikes and what follows; `appeals`
- `demo`       the demo's database
"""

from __future__ import annotations
