"""The moderation acts that Mastodon has: what each does there in a sentence, how it is taken back, what it takes."""

from __future__ import annotations

from modconsole.connectors.acts import ActInfo

REPORTS = "to manage reports on the server (staff)"
USERS = "to manage users on the server (staff)"
SENSITIVE = "sensitive"
LONGEST_COMMENT = 1000
"""Characters of a report's comment (`Report::COMMENT_SIZE_LIMIT`)."""
CATEGORIES = ("spam", "legal", "violation", "other")

ACTS: tuple[ActInfo, ...] = (
    ActInfo(
        "approve",
        "message",
        "Accepts the author's notification request: what they address to us is no longer filtered, now and later.",
        fits=frozenset(("held",)),
        whose="theirs",
    ),
    ActInfo(
        "remove",
        "message",
        "Deletes a post of our own from the server and asks other servers to delete it; others' posts it cannot delete.",
        fits=frozenset(("live", "held")),
        whose="ours",
    ),
    ActInfo(
        "report",
        "message",
        "Sends a report of the post and its author to the staff of our server.",
        takes=frozenset(("reason", "label")),
        choices=CATEGORIES,
        fits=frozenset(("live", "held")),
        whose="theirs",
    ),
    ActInfo(
        "acknowledge",
        "message",
        "Resolves the open reports of the post without any action against its author.",
        undo="the reports are opened again",
        fits=frozenset(("held",)),
        right=REPORTS,
    ),
    ActInfo(
        "escalate",
        "message",
        "Opens the resolved reports of the post again, so that staff look at it once more.",
        undo="the reports are resolved again",
        fits=frozenset(),  # which posts had a report that was resolved, nothing shows: it is the undo of `acknowledge`
        right=REPORTS,
    ),
    ActInfo(
        "mute",
        "conversation",
        "Mutes the thread: no more notifications of it, for us alone; it is still read whole here.",
        undo="unmuted",
    ),
    ActInfo("unmute", "conversation", "Lets notifications of the thread come again.", undo="muted again"),
    ActInfo(
        "approve",
        "person",
        "Accepts their notification request, or else their request to follow us.",
    ),
    ActInfo(
        "mute",
        "person",
        "Mutes the account: its posts and notifications disappear for us alone, and it is not told.",
        undo="unmuted",
        takes=frozenset(("until",)),
    ),
    ActInfo("unmute", "person", "Shows the account's posts and notifications to us again.", undo="muted again"),
    ActInfo(
        "block",
        "person",
        "Blocks the account: neither sees the other any more, follows end on both sides, and it can find out.",
        undo="unblocked; follows do not come back",
    ),
    ActInfo("unblock", "person", "Ends the block; follows do not come back.", undo="blocked again"),
    ActInfo(
        "report",
        "person",
        "Sends a report of the account to the staff of our server.",
        takes=frozenset(("reason", "label")),
        choices=CATEGORIES,
    ),
    ActInfo(
        "hide",
        "person",
        "Limits (silences) the account on the whole server: only its followers see its posts.",
        undo="no longer limited",
        takes=frozenset(("reason",)),
        right=USERS,
    ),
    ActInfo("unhide", "person", "Ends the limit (silence) of the account.", undo="limited again", right=USERS),
    ActInfo(
        "ban",
        "person",
        "Suspends the account on the whole server: nobody sees it, and its data is deleted after 30 days.",
        undo="no longer suspended, within 30 days",
        takes=frozenset(("reason",)),
        right=USERS,
    ),
    ActInfo("unban", "person", "Ends the suspension of the account.", undo="suspended again", right=USERS),
    ActInfo(
        "lock",
        "person",
        "Freezes (disables) an account of our own server: it cannot sign in, and its posts stay.",
        undo="enabled again",
        takes=frozenset(("reason",)),
        right=USERS,
    ),
    ActInfo(
        "unlock", "person", "Lets a frozen account of our own server sign in again.", undo="frozen again", right=USERS
    ),
    ActInfo(
        "label",
        "person",
        "Marks all media of the account as sensitive on the whole server.",
        undo="no longer marked",
        takes=frozenset(("reason", "label")),
        choices=(SENSITIVE,),
        right=USERS,
    ),
    ActInfo(
        "unlabel",
        "person",
        "Stops marking the account's media as sensitive.",
        undo="marked again",
        takes=frozenset(("label",)),
        choices=(SENSITIVE,),
        right=USERS,
    ),
)
