"""Calls of the YouTube Data API v3: what is asked, what it costs, how it is decoded, and what its reasons mean to a person.

Paths, parameters and shapes are those of Google's discovery document (`youtube.v3.json`, revision 20261104); the
reasons of errors are those of developers.google.com/youtube/v3/docs/errors. Lists give their items raw: one that
cannot be understood must not take the others with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from modconsole.connectors.http import Answer, Http, retry_after, unreadable
from modconsole.connectors.youtube_oauth import Secret
from modconsole.connectors.youtube_quota import CHANGE, Quota
from modconsole.errors import Gone, OutcomeUnknown, PlatformError, RateLimited, Refused, SignInError

if TYPE_CHECKING:
    import httpx

BASE = "https://youtube.googleapis.com/"
PATH = "youtube/v3/"
PER_PAGE = 100
"""The largest page of comments and threads (`maxResults`)."""
BY_ID = 50
"""Ids in one call."""

T = TypeVar("T")

_AGAIN = "Sign in again with `modconsole sources add youtube`."

REASONS: dict[str, tuple[type[PlatformError], str, str]] = {
    "authError": (SignInError, "YouTube did not accept the sign-in.", _AGAIN),
    "youtubeSignupRequired": (SignInError, "This Google account has no YouTube channel.", "Sign in with one that has."),
    "insufficientPermissions": (
        SignInError,
        "The sign-in does not allow to see and manage comments.",
        f"{_AGAIN} Leave the tick at the permission that Google asks for.",
    ),
    "accessNotConfigured": (
        SignInError,
        "The YouTube Data API is switched off in your Google Cloud project.",
        "Switch it on there, under APIs and services.",
    ),
    "rateLimitExceeded": (RateLimited, "YouTube asks us to slow down.", ""),
    "userRateLimitExceeded": (RateLimited, "YouTube asks us to slow down.", ""),
    "commentsDisabled": (Refused, "Comments are switched off on this video.", "Switch them on in YouTube Studio."),
    "commentTextTooLong": (Refused, "YouTube found the reply too long.", "Shorten it."),
    "commentTextRequired": (Refused, "The reply is empty.", ""),
    "parentCommentIsPrivate": (Refused, "The comment is not public: nobody can reply to it.", "Approve it first."),
    "ineligibleAccount": (Refused, "This account may not write comments on YouTube.", "Look at it in YouTube itself."),
    "operationNotSupported": (Refused, "YouTube does not do this with this comment.", ""),
    "invalidPageToken": (Refused, "YouTube no longer knows the place to go on from.", "It is read from the start."),
    "forbidden": (Refused, "YouTube does not allow this to our channel.", "Only the owner of a video may moderate it."),
    "commentNotFound": (Gone, "The comment no longer exists on YouTube.", ""),
    "commentThreadNotFound": (Gone, "The comment no longer exists on YouTube.", ""),
    "parentCommentNotFound": (Gone, "The comment to reply to no longer exists on YouTube.", ""),
    "videoNotFound": (Gone, "The video no longer exists, or is private.", ""),
    "channelNotFound": (Gone, "The channel no longer exists on YouTube.", ""),
}
"""What the API's reasons come to. A reason that is not here goes by its status code."""

OUT_OF_QUOTA = ("quotaExceeded", "dailyLimitExceeded")
CODES = {"commentTextTooLong": "too_long", "commentTextRequired": "empty"}


class Listing(Struct):
    """One page of a list; items as they came."""

    items: list[Raw] = []
    following: str | None = msgspec.field(default=None, name="nextPageToken")


class _Error(Struct):
    reason: str = ""


class _Errors(Struct):
    errors: list[_Error] = []


class _Failure(Struct):
    error: _Errors


def reason(answer: Answer) -> str:
    """The API's word for what went wrong; empty where the answer has none."""
    try:
        failure = msgspec.json.decode(answer.body, type=_Failure)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    found = failure.error.errors[0].reason if failure.error.errors else ""
    return found if found.isascii() and found.isalnum() else ""


class Api:
    """The calls of one signed-in channel. `renew` replaces a token that has run out."""

    def __init__(
        self,
        base: str,
        secret: Callable[[], Secret],
        renew: Callable[[], object],
        quota: Quota,
        clock: Callable[[], int],
        transport: httpx.BaseTransport | None,
    ) -> None:
        self.base = f"{base.rstrip('/')}/{PATH}"
        self.quota = quota
        self.http = Http(
            base,
            headers=lambda: {"Authorization": f"Bearer {secret().access_token}"},
            expired=lambda answer: answer.status == 401,
            renew=renew,
            refine=self._refine,
            budget=quota,
            clock=clock,
            transport=transport,
        )

    def _refine(self, answer: Answer) -> PlatformError | None:
        word = reason(answer)
        if word in OUT_OF_QUOTA:
            self.quota.exhausted()
            return RateLimited(
                "The day's quota of your Google Cloud project for YouTube is used up.",
                hint="It is whole again at midnight Pacific time.",
                retry_after=self.quota.resets_in(),
            )
        if word not in REASONS:
            return Refused("YouTube refused the request.", code=word) if word and answer.status == 400 else None
        kind, sentence, hint = REASONS[word]
        if kind is RateLimited:
            return RateLimited(sentence, hint=hint, retry_after=retry_after(answer))
        if kind is Refused:
            return Refused(sentence, hint=hint, code=CODES.get(word, word))
        return kind(sentence, hint=hint)

    # ------------------------------------------------------------------ reading

    def page(self, what: str, query: Mapping[str, str], *, part: str = "id,snippet") -> Listing:
        """One page of a list. Raises `Refused` with code `invalidPageToken` for a place that YouTube no longer knows."""
        return self.http.read(
            self.base + what, {"part": part, **query}, lambda answer: self._decoded(answer, Listing, writing=False)
        )

    def threads(self, query: Mapping[str, str], cursor: str | None = None) -> Listing:
        """Threads, newest first by their top comment. What new replies do to that order is nowhere documented:
        nothing, we assume.
        """
        page = {"pageToken": cursor} if cursor is not None else {}
        asked = {"order": "time", "maxResults": str(PER_PAGE), "textFormat": "plainText", **query, **page}
        return self.page("commentThreads", asked, part="id,snippet,replies")

    def replies(self, parent: str, cursor: str | None = None) -> Listing:
        """Replies below a top comment."""
        page = {"pageToken": cursor} if cursor is not None else {}
        return self.page(
            "comments", {"parentId": parent, "maxResults": str(PER_PAGE), "textFormat": "plainText", **page}
        )

    def comments(self, ids: Sequence[str]) -> Listing:
        """Comments by their ids, at most `BY_ID`. Those that do not exist are left out; none says its moderation status."""
        return self.page("comments", {"id": ",".join(ids), "textFormat": "plainText"})

    def videos(self, ids: Iterable[str]) -> Listing:
        """Titles of at most `BY_ID` videos."""
        return self.page("videos", {"id": ",".join(ids)})

    def channel(self) -> Listing:
        """The channel that is signed in, as a list of one; empty for a Google account without a channel."""
        return self.page("channels", {"mine": "true"}, part="id,snippet,statistics")

    # ------------------------------------------------------------------ changing

    def reply(self, parent: str, text: str) -> Raw:
        """Write a reply below a top comment."""
        return self._insert("comments", {"snippet": {"parentId": parent, "textOriginal": text}})

    def comment(self, channel: str, video: str, text: str) -> Raw:
        """Write a top comment of our own; gives the thread."""
        top = {"snippet": {"textOriginal": text}}
        return self._insert(
            "commentThreads", {"snippet": {"channelId": channel, "videoId": video, "topLevelComment": top}}
        )

    def moderate(self, comment: str, status: str, *, ban: bool = False) -> None:
        """Set a comment's moderation status: `published`, `heldForReview` or `rejected`. `ban` goes with `rejected` only."""
        asked = {"id": comment, "moderationStatus": status, **({"banAuthor": "true"} if ban else {})}
        self._write("POST", "comments/setModerationStatus", asked)

    def delete(self, comment: str) -> None:
        """Delete a comment of ours for good."""
        self._write("DELETE", "comments", {"id": comment})

    def _insert(self, what: str, body: dict[str, Any]) -> Raw:
        return self._decoded(self._write("POST", what, {"part": "id,snippet"}, body), Raw, writing=True)

    def _write(self, method: str, what: str, query: Mapping[str, str], body: Any = None) -> Answer:
        """One change. A `processingFailure` may come after the change was made (docs: it can be transient)."""
        try:
            with self.quota.costing(CHANGE):
                return self.http.write(method, self.base + what, body, params=query)
        except Refused as error:
            if error.code == "processingFailure":
                raise OutcomeUnknown("YouTube failed while it worked on this: it may have been done, or not.") from None
            raise

    def _decoded(self, answer: Answer, kind: type[T], *, writing: bool) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=writing) from None
