"""The real servers, for the tests in this folder."""

from __future__ import annotations

from tests.servers.fixtures import fedi, mastodon, mastodon_proxy, wordpress, wp_post, wp_proxy

__all__ = ["fedi", "mastodon", "mastodon_proxy", "wordpress", "wp_post", "wp_proxy"]
