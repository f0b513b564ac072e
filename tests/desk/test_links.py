"""Links come from platforms: what is opened or copied is http or https, with a host, and nothing in it that is obeyed."""

from __future__ import annotations

import pytest

from modconsole.desk.links import checked


@pytest.mark.parametrize(
    "url", ["https://blog.example/a?b=c#d", "http://xn--bcher-kva.example:8080/%20", "HTTPS://EXAMPLE.org/ü"]
)
def test_a_link_is_a_link(url: str) -> None:
    """It comes out as it went in."""
    assert checked(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None, "", "javascript:alert(1)", "file:///etc/passwd", "ftp://x.example/", "//x.example/", "https://", "https:///x",
        "https://bank.example@evil.example/", "https://x.example/ --flag", "https://x.example/\x1b]0;x\x07",
        "https://x.example/\u202egpj.exe", "https://x.example/`id`", "https://x.example/\\x", "https://[", "-https://x.example",
        "https://x.example/" + "a" * 2000,
    ],
)  # fmt: skip
def test_what_is_none_is_not_followed(url: str | None) -> None:
    """An empty text says so."""
    assert checked(url) == ""
