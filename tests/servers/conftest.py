"""The real servers, for the tests in this folder."""

from __future__ import annotations

from tests.servers.fixtures import matrix, matrix_proxy, wordpress, wp_post, wp_proxy

__all__ = ["matrix", "matrix_proxy", "wordpress", "wp_post", "wp_proxy"]
