"""The running servers, for the tests in this folder."""

from __future__ import annotations

from tests.servers.fixtures import (
    bluesky,
    fedi,
    mastodon,
    mastodon_proxy,
    matrix,
    matrix_proxy,
    wordpress,
    wp_post,
    wp_proxy,
)

__all__ = [
    "bluesky",
    "fedi",
    "mastodon",
    "mastodon_proxy",
    "matrix",
    "matrix_proxy",
    "wordpress",
    "wp_post",
    "wp_proxy",
]
