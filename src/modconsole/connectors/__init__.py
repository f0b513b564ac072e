"""The only room that speaks HTTP: one connector for each platform, and what they share.

- `base`        the contract that every connector keeps
- `http`        requests, time-outs, retries of reads, and the one table from failures to errors
- `writes`      the way to let a connector send or act: after a write, no failure looks as if nothing had been done
- `wordpress`   comments of a WordPress site (`wordpress_site` finds its interface, `wordpress_api` calls it,
                `wordpress_pull` walks it, `wordpress_map` turns its comments into records)
- `mastodon`    mentions, threads and direct messages of an account on Mastodon and its kin (`mastodon_api` calls and decodes,
                `mastodon_pull` walks the lists, `mastodon_reread` the threads, `mastodon_threads` says what belongs together)
- `reddit`      posts, comments, the queue and the modmail of subreddits (its parts are named in its docstring)

One platform never imports another. httpx is imported when the first request is made: it costs 66 ms, and most starts
of the console make none.
"""

from __future__ import annotations
