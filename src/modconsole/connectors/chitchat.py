"""Real direct messages to try the console on at size: the PyPI package `chitchat-dataset` (MIT, an optional extra).

The package is one JSON file: 7,168 conversations of the BYU Chit-Chat Challenge with 258,145 messages by 1,315 people,
written in 2018. It is read where it is installed, never imported: its module would load the file into dictionaries of
several hundred megabytes.

**Who is us.** The data names nobody as staff, so a rule has to: *every account that took part in 50 conversations or
more*. That gives 33 accounts. 1,971 conversations hold only messages of ours, 1,074 are among two of us, 2,491 have
none of us, and in the rest one of us talks with somebody.

**What is odd in the data**, and what is done about it (counted in version 0.9.0):

- 33 messages have no text, or only white space. They are messages and stay; the exchange format allows them.
- 749 messages repeat their author, second and text within a conversation: people who sent the same line twice. They
  stay, each under its own number.
- 7,157 messages carry the same second as the one before them. No time runs backwards. The number in the id keeps the
  order of the file.
- 3,150 conversations have one writer only: nobody ever answered. They are direct messages all the same.
- 243 conversations have no prompt, or an empty one, and so no title.
- `start` is six hours later than the first message in most conversations (seven in some): the messages seem to carry
  the local time of Utah, marked as UTC. `start` is not used, since a conversation cannot begin after its first message.
- The package's description spells times without an offset, its file with `Z`. Both are read; without one it is UTC.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

import msgspec

from modconsole.domain.records import Author, Conversation, Identity, Message, Record, Source
from modconsole.errors import InputError, NotFound

SOURCE = "chitchat"
PACKAGE = "chitchat_dataset"
US_FROM = 50
"""An account that took part in at least this many conversations is one of us."""

INSTALL = "Install it with: python -m pip install 'modconsole[real]'"
COPY_SHIFT = timedelta(hours=31)
"""How much earlier each further copy of a multiplied set is: the copies interleave, and none is in the future."""

_BATCH = 2_000
_T = TypeVar("_T")


class _Utterance(msgspec.Struct):
    text: str
    timestamp: datetime
    sender: str


class _Talk(msgspec.Struct):
    messages: list[list[_Utterance]]
    prompt: str | None = None


class _Said(msgspec.Struct):
    sender: str


class _Senders(msgspec.Struct):
    messages: list[list[_Said]]


class Summary(NamedTuple):
    """What was written: counts of conversations and of messages."""

    conversations: int
    messages: int


def locate() -> Path:
    """The data file of the installed package. Raises `NotFound` with the command that installs it."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "dataset.json"
        if path.is_file():
            return path
    raise NotFound("The package chitchat-dataset, with the real conversations, is not installed.", hint=INSTALL)


def records(path: Path | None = None, *, multiply: int = 1) -> Iterator[Record]:
    """The set as exchange records: the source, then each conversation followed by its messages in order.

    Holds the file (40 MB) and one decoded conversation, whatever `multiply` is. `multiply` repeats everything, for
    measurements at size: copy n has its own conversations and people (`…~n`), is told n times `COPY_SHIFT` earlier, and
    shares only the accounts that are us. Raises `NotFound` where the package is missing, and `InputError` for a file
    that is not this data.
    """
    if multiply < 1:
        raise InputError(f"multiply is {multiply}, and must be 1 or more.")
    file = path or locate()
    talks = _read(file)
    us = frozenset(_us(talks, file))
    yield Source(
        id=SOURCE,
        platform=SOURCE,
        name="Chit-Chat",
        answer="everyone",
        identities=[Identity(id=account) for account in sorted(us)],
    )
    decoder = msgspec.json.Decoder(_Talk)
    for copy in range(multiply):
        for native, raw in talks.items():
            yield from _talk(native, _decode(decoder, raw, file, native), us, copy)


def write_jsonl(path: Path, *, data: Path | None = None, multiply: int = 1) -> Summary:
    """Write `records(...)` as one exchange file (JSON Lines, UTF-8). Returns what was written."""
    encoder = msgspec.json.Encoder()
    conversations = messages = 0
    buffer: list[Record] = []
    with path.open("wb") as file:
        for record in records(data, multiply=multiply):
            conversations += isinstance(record, Conversation)
            messages += isinstance(record, Message)
            buffer.append(record)
            if len(buffer) == _BATCH:
                _flush(file, encoder, buffer)
        _flush(file, encoder, buffer)
    return Summary(conversations, messages)


def _flush(file: IO[bytes], encoder: msgspec.json.Encoder, buffer: list[Record]) -> None:
    file.write(encoder.encode_lines(buffer))
    buffer.clear()


def _read(path: Path) -> dict[str, msgspec.Raw]:
    """Conversation id → its undecoded JSON: views of one buffer, which cost little more than the file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.", hint=INSTALL) from error
    except msgspec.DecodeError as error:
        raise InputError(f"{path.name} is not the data of chitchat-dataset: {error}", hint=INSTALL) from error


def _decode(decoder: msgspec.json.Decoder[_T], raw: msgspec.Raw, path: Path, native: str) -> _T:
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise InputError(f"{path.name}, conversation {native}: {error}", hint=INSTALL) from error


def _us(talks: dict[str, msgspec.Raw], path: Path) -> Iterator[str]:
    """The accounts that took part in at least `US_FROM` conversations."""
    decoder = msgspec.json.Decoder(_Senders)
    conversations: dict[str, int] = {}
    for native, raw in talks.items():
        turns = _decode(decoder, raw, path, native).messages
        for account in {said.sender for turn in turns for said in turn}:
            conversations[account] = conversations.get(account, 0) + 1
    return (account for account, count in conversations.items() if count >= US_FROM)


def _talk(native: str, talk: _Talk, us: frozenset[str], copy: int) -> Iterator[Record]:
    """One conversation and its messages; `copy` numbers the repetition, 0 being the original."""
    mark = f"~{copy}" if copy else ""
    shift = COPY_SHIFT * copy
    conversation = native + mark
    said = [utterance for turn in talk.messages for utterance in turn]
    people = {utterance.sender for utterance in said}
    yield Conversation(
        source=SOURCE,
        id=conversation,
        kind="dm" if len(people) <= 2 else "group_dm",
        title=talk.prompt or None,
    )
    authors = {person: Author(id=person if person in us else person + mark) for person in people}
    for number, utterance in enumerate(said, start=1):
        at = utterance.timestamp
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        yield Message(
            source=SOURCE,
            id=f"{conversation}:{number}",
            conversation=conversation,
            author=authors[utterance.sender],
            created_at=at - shift if copy else at,
            text=utterance.text,
        )
