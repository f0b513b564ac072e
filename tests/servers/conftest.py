"""The real servers, for the tests in this folder."""

from __future__ import annotations

from tests.servers.fixtures import mastodon, mastodon_proxy, wordpress, wp_post, wp_proxy

__all__ = ["mastodon", "mastodon_proxy", "wordpress", "wp_post", "wp_proxy"]
