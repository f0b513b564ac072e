"""When an edit changes what somebody says, and when it only mends a comma.

Two texts differ *substantively* when their normalised forms are less than 90 % alike. Normalised: as plain text, NFKC,
casefolded, without white space and punctuation (Unicode category P). Alike: twice the length of the longest common
subsequence over the sum of the lengths, which is rapidfuzz's normalised Indel similarity.
"""

from __future__ import annotations

import unicodedata


def plain(text: str, form: str = "text") -> str:
    """The words of a text: of HTML without its tags, line breaks kept; of others as they stand."""
    if form != "html" or ("<" not in text and "&" not in text):
        return text
    from selectolax.lexbor import LexborHTMLParser  # only HTML needs it

    tree = LexborHTMLParser(text)
    for node in tree.css("script, style"):
        node.decompose()
    for node in tree.css("br"):
        node.replace_with("\n")
    for node in tree.css("p, div, li, blockquote, pre, h1, h2, h3, h4, h5, h6, tr"):
        node.insert_after("\n\n" if node.tag == "p" else "\n")
    body = tree.body
    return body.text().strip() if body is not None else ""


def normalised(text: str, form: str = "text") -> str:
    """The form in which two texts are compared."""
    folded = unicodedata.normalize("NFKC", plain(text, form)).casefold()
    return "".join(char for char in folded if not char.isspace() and not unicodedata.category(char).startswith("P"))


def differ(one: str, other: str, form: str = "text", other_form: str | None = None) -> bool:
    """Whether two texts differ substantively. `form` is the format of both, unless `other_form` says otherwise."""
    other_form = form if other_form is None else other_form
    if one == other and form == other_form:
        return False
    left, right = normalised(one, form), normalised(other, other_form)
    if left == right:
        return False
    from rapidfuzz.distance import Indel  # only edits need it

    total = len(left) + len(right)
    return 10 * (total - Indel.distance(left, right)) < 9 * total
