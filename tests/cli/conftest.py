"""The command line in this process: what it printed, and its exit code."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modconsole.cli.root import run
from modconsole.domain.exchange import encode
from modconsole.domain.records import Record

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Said:
    """What a call came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


Cli = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of modconsole's own, and no other setting."""
    for name in ("MODCONSOLE_DB", "MODCONSOLE_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODCONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODCONSOLE_USER", "ann")
    monkeypatch.setenv("MODCONSOLE_KEYRING", "off")
    return tmp_path


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Calls `modconsole` with words, and perhaps something on standard input."""

    def call(*words: str, stdin: bytes = b"") -> Said:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(list(words))
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return call


def write(path: Path, records: Iterable[Record]) -> Path:
    """Records as a file."""
    path.write_bytes(b"".join(encode(record) + b"\n" for record in records))
    return path
