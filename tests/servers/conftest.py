"""The real servers, for the tests in this folder."""

from __future__ import annotations

from tests.servers.fixtures import bluesky, wordpress, wp_post, wp_proxy

__all__ = ["bluesky", "wordpress", "wp_post", "wp_proxy"]
