"""The servers' fixtures themselves: a missing server is told, and in CI it is an error; the proxy breaks only when
told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.wordpress import WordPress

PROJECT = Path(__file__).resolve().parents[2]
ONE_TEST = "tests/servers/test_wordpress_facts.py::test_there_are_no_rate_limit_headers"


def run(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One test that needs the server, where the server's files are not."""
    environ = {**os.environ, "MODCONSOLE_NO_SKIP": "", **environ}
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-n", "0", ONE_TEST]
    return subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=False)


def test_a_missing_server_skips_and_says_how_to_get_it(tmp_path: Path) -> None:
    """The reason names the script."""
    done = run({"MODCONSOLE_SERVERS": str(tmp_path)})
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout
    assert "scripts/fetch_servers.py" in done.stdout


def test_a_missing_server_is_an_error_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    """CI sets `MODCONSOLE_NO_SKIP=1`."""
    done = run({"MODCONSOLE_SERVERS": str(tmp_path), "MODCONSOLE_NO_SKIP": "1"})
    assert done.returncode == 1, done.stdout
    assert "scripts/fetch_servers.py" in done.stdout


@pytest.mark.server
def test_the_proxy_changes_nothing_unless_told(wordpress: WordPress, wp_proxy: FaultProxy) -> None:
    """The same answer through it and past it, and one fault hits one request."""
    path = "/wp-json/wp/v2/comments?per_page=1"
    with httpx.Client(trust_env=False) as client:
        direct, through = client.get(wordpress.url + path), client.get(wp_proxy.url + path)
        assert through.json() == client.get(wp_proxy.url + path).json()
        assert (through.status_code, through.headers["X-WP-Total"]) == (200, direct.headers["X-WP-Total"])
        wp_proxy.fail(Fault("drop_before", "GET", "/comments"))
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(wp_proxy.url + path)
        assert client.get(wp_proxy.url + path).status_code == 200
    assert wp_proxy.requests == [f"GET {path}"] * 4


@pytest.mark.server
def test_a_killed_server_comes_back_at_the_same_place_with_everything(wordpress: WordPress, wp_post: int) -> None:
    """What was stored before SIGKILL is there after it."""
    comment = wordpress.comment(wp_post, "Remember me")
    wordpress.kill()
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get(wordpress.url)
    wordpress.restart()
    assert [c["id"] for c in wordpress.comments(wp_post)] == [comment]
