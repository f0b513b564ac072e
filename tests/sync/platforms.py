"""A platform that only a test has, known to the registry for as long as the test runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from modconsole.connectors.signing import Can, Field, PlatformInfo, SignedIn, SignIn, Step
from modconsole.sync import registry

YES = Can("yes")


def info(name: str, **given: Any) -> PlatformInfo:
    """What a platform that can do everything says of itself."""
    usual: dict[str, Any] = {
        "title": name.title(),
        "about": "Only for tests.",
        "incremental": YES,
        "full_thread": YES,
        "direct_messages": YES,
        "own_replies": YES,
        "edits": YES,
        "deletions": YES,
        "idempotent_send": YES,
    }
    return PlatformInfo(name=name, **{**usual, **given})


def sign_in(clock: Callable[[], int]) -> SignIn:
    """Asks for a password."""
    answers = yield Step("Sign in", (Field("password", "Password", secret=True),))
    return SignedIn({}, answers["password"], "new")


def add(monkeypatch: pytest.MonkeyPatch, name: str, connect: Callable[..., Any], **given: Any) -> None:
    """Let the registry know a platform whose connectors `connect` makes."""
    made = ModuleType(f"modconsole.connectors.{name}")
    made.__dict__.update(PLATFORM=info(name, **given), connect=connect, sign_in=sign_in)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr(registry, "BUILT_IN", (*registry.BUILT_IN, name))
