"""The guidelines as one file of HTML that loads nothing, is readable on a phone, and can be put anywhere."""

from __future__ import annotations

from html import escape
from typing import Final

from modconsole.policy.guidelines import Entry, Guidelines, anchor, blocks, pieces

_STYLE: Final = """\
:root{color-scheme:light dark}
body{margin:0 auto;max-width:42rem;padding:1rem;font:1.0625rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
section>article{border-left:3px solid #8886;margin:.75rem 0;padding:.1rem 0 .1rem .9rem}
article:target,article:has(span:target){border-left-color:#c60;background:#fc02}
article p,article ul{margin:.5rem 0}
.link{float:right;text-decoration:none;padding:.35rem .5rem;opacity:.6}
.link:focus,.link:hover{opacity:1}
footer{margin-top:2.5rem;font-size:.875rem;opacity:.75}
nav ul{padding-left:1.1rem}
nav li{padding:.2rem 0}"""


def html(page: Guidelines, footer: str = "") -> str:
    """The page as one file of HTML that loads nothing. `footer` is a line such as its version and date."""
    out = [
        "<!DOCTYPE html>",
        '<html lang="">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        # whatever a rule says, the page runs no script and loads nothing
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{_html(page.title)}</title>",
        f"<style>\n{_STYLE}\n</style>",
        "</head>",
        "<body>",
        "<header>",
        f'<h1 dir="auto">{_html(page.title)}</h1>',
        *_html_blocks(page.intro),
        "</header>",
        *_contents(page),
        "<main>",
    ]
    for at, part in enumerate(page.parts, 1):
        out += [f'<section id="section-{at}">', f'<h2 dir="auto">{_html(part.heading)}</h2>']
        for entry in part.entries:
            out += _article(entry)
        out.append("</section>")
    if page.consequences:
        out += ['<section id="what-follows">', "<h2>What follows</h2>", "<ul>"]
        out += [f"<li>{_html(each)}</li>" for each in page.consequences]
        out += ["</ul>", "</section>"]
    if page.appeals:
        out += ['<section id="appeals">', "<h2>Appeals</h2>", *_html_blocks(page.appeals), "</section>"]
    out.append("</main>")
    if footer:
        out += ["<footer>", f"<p>{_html(footer)}</p>", "</footer>"]
    return "\n".join([*out, "</body>", "</html>"]) + "\n"


def _contents(page: Guidelines) -> list[str]:
    """Links to the sections, where there are several."""
    if len(page.parts) < 2:
        return []
    items = [
        f'<li dir="auto"><a href="#section-{at}">{_html(part.heading)}</a></li>'
        for at, part in enumerate(page.parts, 1)
    ]
    return ["<nav>", "<ul>", *items, "</ul>", "</nav>"]


def _article(entry: Entry) -> list[str]:
    first, *more = (escape(anchor(each)) for each in entry.ids)
    return [
        f'<article id="{first}">',
        *(f'<span id="{each}"></span>' for each in more),
        f'<a class="link" href="#{first}" aria-label="Link to this rule">#</a>',
        *_html_blocks(entry.text),
        "</article>",
    ]


def _html_blocks(text: str) -> list[str]:
    out = []
    for each in blocks(text):
        if each.is_list:
            out += ['<ul dir="auto">', *(f"<li>{_html(line)}</li>" for line in each.lines), "</ul>"]
        else:
            out += [f'<p dir="auto">{_html(line)}</p>' for line in each.lines]
    return out


def _html(line: str) -> str:
    return "".join(
        f'<a href="{escape(text)}" rel="nofollow noopener">{escape(text)}</a>' if link else escape(text)
        for link, text in pieces(line)
    )
