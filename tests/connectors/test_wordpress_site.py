"""Finding a site's interface, and where a password may not go."""

from __future__ import annotations

import httpx
import pytest

from modconsole.connectors.signing import Credentials
from modconsole.connectors.wordpress import connect
from modconsole.connectors.wordpress_site import checked_address, discover
from modconsole.errors import InputError, Refused, Unreachable


def site(pages: dict[str, httpx.Response]) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A web of these pages, by address, and the requests that it got."""
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return pages.get(str(request.url), httpx.Response(404))

    return httpx.MockTransport(handler), asked


def linked(api: str) -> httpx.Response:
    """A front page that names its interface."""
    return httpx.Response(
        200, headers={"Link": f'<https://x.example/>; rel=shortlink, <{api}>; rel="https://api.w.org/"'}
    )


INDEX = httpx.Response(200, json={"name": "Blog", "namespaces": ["oembed/1.0", "wp/v2"]})


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("blog.example", "https://blog.example/"),
        (" https://blog.example/sub ", "https://blog.example/sub"),
        ("https://blog.example/?p=1#top", "https://blog.example/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("http://localhost/blog/", "http://localhost/blog/"),
        ("http://[::1]:81/", "http://[::1]:81/"),
    ],
)
def test_addresses_are_completed(given: str, address: str) -> None:
    """https unless something else is written; plain http on this machine only."""
    assert checked_address(given) == address


@pytest.mark.parametrize(
    "given",
    ["", "   ", "http://blog.example", "http://10.0.0.5/", "http://127.0.0.1.evil.example/", "ftp://blog.example",
     "https://ann:s3cret@blog.example/", "https://", "https://[broken", "https://blog.example:99999/", "file:///etc/passwd"],
)  # fmt: skip
def test_no_password_goes_to_such_an_address(given: str) -> None:
    """Readable on the way, no site at all, or with a password in it: refused, and not repeated."""
    with pytest.raises(InputError) as caught:
        connect({"url": given, "user": "ann"}, Credentials("secret"))
    assert "s3cret" not in str(caught.value)


def test_a_stored_interface_is_held_to_the_same_rule() -> None:
    """Somebody may have changed the settings by hand."""
    with pytest.raises(InputError):
        connect(
            {"url": "https://blog.example", "user": "ann", "api": "http://blog.example/wp-json/"}, Credentials("secret")
        )


@pytest.mark.parametrize(
    "settings",
    [{}, {"url": "https://blog.example"}, {"user": "ann"}, {"url": 7, "user": "ann"}, {"url": "x", "user": "a:b"}],
)
def test_settings_that_lack_something_are_refused(settings: dict[str, object]) -> None:
    """Before anything is asked."""
    with pytest.raises(InputError):
        connect(settings, Credentials("secret"))


def test_the_front_page_names_the_interface() -> None:
    """One request, without a sign-in."""
    transport, asked = site({"https://blog.example/": linked("https://blog.example/api/")})
    assert discover("blog.example", transport=transport).api == "https://blog.example/api/"
    assert len(asked) == 1
    assert "authorization" not in asked[0].headers


def test_a_site_behind_a_proxy_that_calls_itself_http_is_asked_with_https() -> None:
    """The link is wrong about the scheme; ours is kept."""
    transport, _ = site({"https://blog.example/": linked("http://blog.example/wp-json/")})
    assert discover("blog.example", transport=transport).api == "https://blog.example/wp-json/"


@pytest.mark.parametrize(
    ("place", "api"),
    [
        ("https://blog.example/sub/wp-json/", "https://blog.example/sub/wp-json/"),
        ("https://blog.example/sub?rest_route=/", "https://blog.example/sub?rest_route=/"),
    ],
)
def test_without_a_link_the_usual_places_are_tried(place: str, api: str) -> None:
    """Something strips headers, or the site has no permalinks."""
    transport, _ = site({"https://blog.example/sub": httpx.Response(200), place: INDEX})
    assert discover("https://blog.example/sub", transport=transport).api == api


@pytest.mark.parametrize("target", ["https://www.blog.example/", "https://blog.example/home/", "/home/"])
def test_redirects_within_the_site_are_followed(target: str) -> None:
    """To and from `www.`, and to another path."""
    onward = httpx.URL("https://blog.example/").join(target)
    pages = {
        "https://blog.example/": httpx.Response(301, headers={"Location": target}),
        str(onward): linked(str(onward.join("/wp-json/"))),
    }
    transport, _ = site(pages)
    assert discover("blog.example", transport=transport).url == str(onward)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "http://blog.example/", "https://blog.example.evil.example/"]
)
def test_redirects_away_are_not_followed(target: str) -> None:
    """Another host, or down to plain http: a person decides."""
    transport, asked = site({"https://blog.example/": httpx.Response(302, headers={"Location": target})})
    with pytest.raises(InputError):
        discover("blog.example", transport=transport)
    assert len(asked) == 1


def test_a_circle_of_redirects_ends() -> None:
    """After a few hops."""
    transport, asked = site({"https://blog.example/": httpx.Response(302, headers={"Location": "/"})})
    with pytest.raises(Refused):
        discover("blog.example", transport=transport)
    assert len(asked) < 10


def test_an_interface_on_another_host_is_not_taken() -> None:
    """The link could send the password anywhere."""
    transport, _ = site({"https://blog.example/": linked("https://evil.example/wp-json/")})
    with pytest.raises(Refused):
        discover("blog.example", transport=transport)


@pytest.mark.parametrize(
    "page", [httpx.Response(200, text="<html>"), httpx.Response(200, json=[]), httpx.Response(403)]
)
def test_a_site_that_is_no_wordpress_is_called_that(page: httpx.Response) -> None:
    """Whatever it answers at the usual places."""
    places = ("https://blog.example/", "https://blog.example/wp-json/", "https://blog.example/?rest_route=/")
    transport, _ = site(dict.fromkeys(places, page))
    with pytest.raises(Refused) as caught:
        discover("blog.example", transport=transport)
    assert caught.value.code == "no_interface"


def test_a_site_that_is_down_is_not_called_no_wordpress() -> None:
    """It may be one, tomorrow."""

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unreachable):
        discover("blog.example", transport=httpx.MockTransport(down))


def test_no_repr_has_the_password() -> None:
    """Tracebacks show them."""
    connector = connect({"url": "https://blog.example", "user": "ann"}, Credentials("abcd EFGH"))
    assert "EFGH" not in repr(connector)
