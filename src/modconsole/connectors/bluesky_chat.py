"""Direct messages of Bluesky (`chat.bsky.convo`): reading them, sending one, and looking for one that may have arrived.

Messages are kept by a service of their own, reached through our server with a header. A conversation's `rev` grows with
everything that happens in it, and the list of conversations has the newest first: it is walked down to the old mark,
requests and accepted ones alike, and each conversation that changed is read back to the mark. The log (`getLog`) is
read beside it, for what the list does not say. Its place is taken *before* the first list: without a cursor it begins
now, not at the beginning.

Nobody can delete a message for both sides, nor change one. A message that *we* deleted is gone for us and still there
for the other: theirs counts as deleted, ours stays the answer that it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from modconsole.connectors.base import Known, Outgoing, Page
from modconsole.connectors.bluesky_api import PAGE, Api
from modconsole.connectors.bluesky_lists import Run
from modconsole.connectors.bluesky_map import (
    ChatMessage,
    Convo,
    LogEntry,
    Profile,
    chat_conversation,
    chat_id,
    chat_message,
    chat_parts,
)
from modconsole.connectors.bluesky_text import CHAT_BYTES, CHAT_GRAPHEMES, facets, fitting, read_time, tid_instant
from modconsole.domain.records import Message, Record
from modconsole.domain.times import HOUR, MINUTE, to_instant
from modconsole.domain.walk import Walk, restart, step
from modconsole.errors import Gone, InputError, Refused

OVERLAP = HOUR
"""How far beyond the mark is read again: the revisions come from several machines, whose clocks are not one."""
LIST_PAGES = 10
"""Pages of conversations in one run; a full walk has no bound."""
LOG_PAGES = 20
SKEW = 10 * MINUTE
"""How far Bluesky's clock may be behind ours when a message is looked for."""


class Convos(msgspec.Struct):
    """A page of conversations."""

    convos: list[Any] = msgspec.field(default_factory=list)
    cursor: str | None = None


class OneConvo(msgspec.Struct):
    """One conversation."""

    convo: Convo


class Messages(msgspec.Struct, rename="camel"):
    """A page of messages, newest first."""

    messages: list[Any] = msgspec.field(default_factory=list)
    related_profiles: list[Any] = msgspec.field(default_factory=list)
    cursor: str | None = None


class Log(msgspec.Struct):
    """A page of what happened, oldest first."""

    logs: list[Any] = msgspec.field(default_factory=list)
    cursor: str | None = None


class ChatPull:
    """The direct messages' part of one pull."""

    def __init__(self, run: Run, known: Known) -> None:
        self.run = run
        self.reader = run.reader
        self.api = run.api
        self.full = run.full
        self.complete = False
        """Whether the walk has come to its end."""
        self._position = run.position
        self._known = frozenset((*known.waiting, *known.recent, *known.queued, *known.live))
        self._live = known.live
        self._read: set[str] = set()
        self._gone: list[str] = []

    # ------------------------------------------------------------------ discovery

    def changed(self) -> Iterator[Page]:
        """Conversations in which something happened, from the list and from the log."""
        for name in ("requests", "accepted"):
            walk = Walk() if self.full else Walk.from_json(self._position.get(f"dm_{name}"))
            yield from self._listing(name, walk)
        yield from self._logged()
        self.complete = not any(Walk.from_json(self._position.get(f"dm_{n}")).cursor for n in ("requests", "accepted"))

    def _listing(self, name: str, walk: Walk) -> Iterator[Page]:
        if "log" not in self._position:
            self._position["log"] = self.api.chat("getLog", Log).cursor
        mark, turns = walk.mark, 0
        while True:
            query = {"limit": str(PAGE), "status": "request" if name == "requests" else "accepted"}
            if walk.cursor is not None:
                query["cursor"] = walk.cursor
            try:
                listed = self.api.chat("listConvos", Convos, query)
            except Refused as error:
                if walk.cursor is None or error.code == "not_for_messages":
                    raise
                walk = restart(walk)  # a cursor that the service no longer takes
                continue
            convos = [c for raw in listed.convos if (c := self.reader.understood(raw, Convo, "a conversation"))]
            records: list[Record] = []
            for convo in convos:
                if mark is None or _age(convo) > mark - OVERLAP:
                    records += self._messages(convo, mark)
            walk, ended = step(walk, [_age(convo) for convo in convos], listed.cursor, overlap=OVERLAP)
            self._position[f"dm_{name}"] = walk.to_json()
            turns += 1
            enough = ended or (turns >= LIST_PAGES and not self.full)
            yield self.run.page(
                "queues" if name == "requests" else "discovery", records, complete=ended, gone=self._gone
            )
            self._gone = []
            if enough:
                return

    def _logged(self) -> Iterator[Page]:
        """What the log tells of: conversations that the lists did not show as changed, and messages that we deleted."""
        for _ in range(LOG_PAGES):
            cursor = self._position.get("log")
            try:
                log = self.api.chat("getLog", Log, {"cursor": cursor} if isinstance(cursor, str) else None)
            except Refused as error:
                if error.code == "not_for_messages":
                    raise
                self._position.pop("log", None)  # forgotten there: it begins anew, and the lists have told the rest
                return
            records: list[Record] = []
            for raw in log.logs:
                entry = self.reader.understood(raw, LogEntry, "an entry of the message log")
                if entry is not None and entry.kind.endswith("#logCreateMessage"):
                    records += self._of_log(entry.convo_id)
                elif entry is not None and entry.kind.endswith("#logDeleteMessage"):
                    one = self.reader.understood(entry.message, ChatMessage, "a deleted direct message")
                    if one is not None:
                        self._deleted(entry.convo_id, one)
            moved = log.cursor is not None and log.cursor != cursor
            if moved:
                self._position["log"] = log.cursor
            if records or self._gone:
                yield self.run.page("discovery", records, gone=self._gone)
                self._gone = []
            if not log.logs or not moved:
                return

    def _of_log(self, ident: str) -> list[Record]:
        convo = self._convo(ident) if ident and ident not in self._read else None
        return self._messages(convo, None, pages=1) if convo is not None else []

    # ------------------------------------------------------------------ known conversations

    def again(self, conversations: Iterable[str]) -> Iterator[Page]:
        """Known conversations that the lists did not bring: their newest messages, on a full walk all of them."""
        for conversation in conversations:
            parts = chat_parts(conversation)
            if parts is None or parts[0] in self._read:
                continue
            ident = parts[0]
            convo = self._convo(ident)
            if convo is not None:
                records = self._messages(convo, None, pages=None if self.full else 1)
                yield self.run.page("threads", records, gone=self._gone)
            elif self.full:
                yield self.run.page("threads", [], gone=[i for i in self._live if i.startswith(f"{chat_id(ident)}/")])
            self._gone = []

    def _convo(self, ident: str) -> Convo | None:
        try:
            return self.api.chat("getConvo", OneConvo, {"convoId": ident}).convo
        except Gone:
            return None

    def _messages(self, convo: Convo, mark: int | None, pages: int | None = None) -> list[Record]:
        """The messages of a conversation, from the newest down to the mark."""
        self._read.add(convo.id)
        records: list[Record] = [chat_conversation(convo, self.api.did, self.reader.source, self.reader.now)]
        people = {person.did: person for person in convo.members}
        for page in history(self.api, convo.id, pages=pages):
            for raw in page.related_profiles:
                person = self.reader.understood(raw, Profile, "a person")
                if person is not None:
                    people[person.did] = person
            found = [m for raw in page.messages if (m := self.reader.understood(raw, ChatMessage, "a direct message"))]
            for one in found:
                if one.what == "message":
                    records.append(chat_message(one, convo, people, self.reader.source, self.reader.now))
                elif one.what == "deleted":
                    self._deleted(convo.id, one)
            ages = [tid_instant(one.rev) for one in found]
            if mark is not None and ages and all(age is not None and age < mark - OVERLAP for age in ages):
                break
        return records

    def _deleted(self, convo: str, one: ChatMessage) -> None:
        ident = chat_id(convo, one.id)
        if ident in self._known and ident not in self._gone and (one.sender is None or one.sender.did != self.api.did):
            self._gone.append(ident)


def history(api: Api, convo: str, *, pages: int | None = None) -> Iterator[Messages]:
    """The messages of a conversation, page by page, newest first."""
    cursor: str | None = None
    turns = 0
    while pages is None or turns < pages:
        query = {"convoId": convo, "limit": str(PAGE)}
        if cursor is not None:
            query["cursor"] = cursor
        page = api.chat("getMessages", Messages, query)
        yield page
        turns += 1
        if not page.cursor or page.cursor == cursor:
            return
        cursor = page.cursor


def _age(convo: Convo) -> int:
    """When something last happened in it."""
    return tid_instant(convo.rev) or 0


# ------------------------------------------------------------------ one message


class Chat:
    """Sending, finding and reading single direct messages."""

    def __init__(self, api: Api, source: str) -> None:
        self.api = api
        self.source = source

    def send(self, reply: Outgoing, now: int) -> Message:
        """Send a message. It cannot be made safe to repeat: what is in doubt is looked for."""
        convo = self._convo(reply.conversation)
        text = fitting(reply.text, CHAT_GRAPHEMES, CHAT_BYTES)
        body: dict[str, Any] = {"text": text}
        marks = facets(text, self.api.resolve)
        if marks:
            body["facets"] = marks
        at = chat_parts(reply.reply_to) if reply.reply_to is not None and convo.group else None
        if at is not None and at[0] == convo.id and at[1]:
            body["replyTo"] = {"messageId": at[1]}
        sent = self.api.chat_post("sendMessage", ChatMessage, {"convoId": convo.id, "message": body})
        return self._record(sent, convo, now)

    def find(self, reply: Outgoing, candidates: frozenset[str], now: int) -> Message | None:
        """Ours, in this conversation, the same words, not older than the first try."""
        convo = self._convo(reply.conversation)
        wanted = reply.text.replace("\r\n", "\n").replace("\r", "\n").strip()
        for page in history(self.api, convo.id):
            earliest = reply.attempted_at - SKEW - self.api.http.lag if reply.attempted_at is not None else None
            for one in sorted(_understood(page), key=lambda one: one.sent_at, reverse=True):
                sent = read_time(one.sent_at)
                if earliest is not None and sent is not None and to_instant(sent) < earliest:
                    return None
                ours = one.sender is not None and one.sender.did == self.api.did and one.what == "message"
                if ours and one.text.strip() == wanted and chat_id(convo.id, one.id) not in candidates:
                    return self._record(one, convo, now)
        return None

    def read(self, message: str, now: int) -> Message | None:
        """One message as it stands now: the service gives none by its id, so the conversation is read down to it."""
        parts = chat_parts(message)
        if parts is None or not parts[1]:
            return None
        try:
            convo = self._convo(chat_id(parts[0]))
            for page in history(self.api, convo.id):
                for one in _understood(page):
                    if one.id == parts[1]:
                        return self._record(one, convo, now) if one.what == "message" else None
                    at, wanted = tid_instant(one.id), tid_instant(parts[1])
                    if at is not None and wanted is not None and at < wanted - OVERLAP:
                        return None
        except Gone:
            pass
        return None

    def _convo(self, conversation: str) -> Convo:
        parts = chat_parts(conversation)
        if parts is None or parts[1]:
            raise InputError("This is no conversation of direct messages on Bluesky.")
        return self.api.chat("getConvo", OneConvo, {"convoId": parts[0]}).convo

    def _record(self, one: ChatMessage, convo: Convo, now: int) -> Message:
        people = {person.did: person for person in convo.members}
        return chat_message(one, convo, people, self.source, now)


def _understood(page: Messages) -> Iterator[ChatMessage]:
    for raw in page.messages:
        try:
            yield msgspec.convert(raw, ChatMessage)
        except (msgspec.ValidationError, ValueError):
            continue
