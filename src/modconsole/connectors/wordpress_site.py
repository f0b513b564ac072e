"""Where a WordPress site's interface is, and whether a password may travel there.

A site tells its REST address in a `Link` header with `rel="https://api.w.org/"` on every page (REST handbook,
"Discovery"). Where something strips that header, `/wp-json/` is the usual place, and `?rest_route=/` works on sites
without permalinks. Nothing here carries a credential.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit, urlunsplit

from modconsole.connectors.addresses import safe
from modconsole.connectors.http import Answer, Http
from modconsole.errors import InputError, PlatformError, Refused

if TYPE_CHECKING:
    import httpx

RELATION = "https://api.w.org/"
MAX_HOPS = 5


@dataclass(frozen=True)
class Site:
    """A site's address and the address of its REST interface: ends in `/wp-json/` or in `?rest_route=/`."""

    url: str
    api: str


def checked_address(address: str) -> str:
    """The site's address, complete and safe to send a password to.

    https is required, for an application password travels with every request; plain http is accepted on loopback only.
    Raises `InputError` otherwise, without repeating a password that somebody put into the address.
    """
    parts = safe(address, what="site", example="https://blog.example")
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "", ""))


def discover(address: str, *, transport: httpx.BaseTransport | None = None) -> Site:
    """Find the REST interface of the site at `address`.

    Follows redirects within the site (to https, to or from `www.`), never to another host: a password must not follow
    them. Raises `InputError` for an address that cannot be used, `Refused` where there is no WordPress,
    `Unreachable`.
    """
    url = checked_address(address)
    web = Http(url, transport=transport)
    try:
        url, answer = _follow(web, url)
        linked = _linked(answer, url)
        if linked:
            return Site(url, linked)
        tried = [urljoin(url if url.endswith("/") else url + "/", "wp-json/"), url.split("?")[0] + "?rest_route=/"]
        for api in tried:
            if _is_interface(web, api):
                return Site(url, api)
    finally:
        web.close()
    raise Refused(
        f"No WordPress interface was found at {web.host}.",
        hint="Give the site's front page. Some security plugins switch the REST interface off.",
        code="no_interface",
    )


def _follow(web: Http, url: str) -> tuple[str, Answer]:
    for _ in range(MAX_HOPS):
        answer = web.head(url)
        target = answer.headers.get("location")
        if not 300 <= answer.status < 400 or not target:
            return url, answer
        onward = urljoin(url, target)
        if not _same_site(url, onward):
            raise InputError(
                f"{urlsplit(url).hostname} sends its visitors on to {urlsplit(onward).hostname}.",
                hint="If that is your site, add it under that address.",
            )
        url = checked_address(onward)
    raise Refused(f"{web.host} sends its visitors in a circle.", code="redirects")


def _same_site(one: str, other: str) -> bool:
    """Same host but for `www.`, and never from https down to http."""
    a, b = urlsplit(one), urlsplit(other)
    if a.scheme == "https" and b.scheme != "https":
        return False
    return (a.hostname or "").removeprefix("www.") == (b.hostname or "").removeprefix("www.")


def _linked(answer: Answer, url: str) -> str:
    """The interface's address from the `Link` header, or empty. A site behind a proxy that ends TLS may name itself
    with http there: the scheme of the address that we used is kept."""
    for target, rest in re.findall(r"<([^<>]*)>([^<]*)", answer.headers.get("link", "")):
        if re.search(rf'rel="?{re.escape(RELATION)}"?', rest):
            found = urlsplit(urljoin(url, str(target)))._replace(scheme=urlsplit(url).scheme)
            api = urlunsplit(found)
            if _same_site(url, api) and (api.endswith("/") or "rest_route=" in api):
                return api
    return ""


def _is_interface(web: Http, api: str) -> bool:
    """Whether the index of a REST interface is there; it lists its namespaces (REST handbook, "Discovery")."""
    try:
        body = web.read(api, None, Answer.json)
    except PlatformError as error:
        if error.retryable:
            raise
        return False
    return isinstance(body, dict) and "wp/v2" in body.get("namespaces", ())
