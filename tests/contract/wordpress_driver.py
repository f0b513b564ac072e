"""A real WordPress, as the contract suite drives it."""

from __future__ import annotations

import html
import itertools
import json
import re
from typing import Any

import pytest

from modconsole.connectors.signing import Credentials
from tests.contract.driver import Driver, There
from tests.servers import fixtures
from tests.servers.wordpress import WordPress, missing


class WordPressDriver(Driver):
    """Posts are spots; visitors write by hand into the site's own functions."""

    platform = "wordpress"
    real = True

    def __init__(self, site: WordPress) -> None:
        self.site = site
        self._low = itertools.count(500_000)
        highest = self.site.php(
            'global $wpdb; echo json_encode([$wpdb->get_var("SELECT MAX(comment_ID) FROM $wpdb->comments")]);'
        )
        if int(highest[0] or 0) < 1_000_000:  # from here on numbers are given out above those that imports may take
            self._insert(self.spot(), "The first of many", by="ann", parent=None, ident=1_000_000)

    @property
    def us(self) -> str:
        return f"user:{self.site.people['moderator'].id}"

    def settings(self, url: str | None = None) -> dict[str, Any]:
        return {"url": url or self.site.url, "user": "moderator"}

    def credentials(self) -> Credentials:
        return Credentials(self.site.people["moderator"].application_password)

    def wrong_credentials(self) -> Credentials:
        return Credentials("abcd efgh ijkl mnop qrst uvwx")

    @property
    def port(self) -> int:
        return self.site.port

    def spot(self) -> str:
        return str(self.site.post("A spot"))

    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        return str(self._insert(spot, text, by=by, parent=parent))

    def native(self, spot: str, text: str, parent: str) -> str:
        return str(self._insert(spot, text, by="moderator", parent=parent))

    def _insert(self, spot: str, text: str, *, by: str, parent: str | None, ident: int = 0) -> int:
        person = self.site.people.get(by)
        fields = {
            "comment_post_ID": int(spot),
            "comment_content": text,
            "comment_parent": int(parent or 0),
            "comment_author": by,
            "comment_author_email": f"{by}@example.test",
            "user_id": person.id if person is not None else 0,
            "comment_approved": 1,
        }
        move = (
            f"global $wpdb; $wpdb->update($wpdb->comments, ['comment_ID' => {ident}], ['comment_ID' => $id]); $id = {ident};"
            if ident
            else ""
        )
        (found,) = self.site.php(
            f"$id = wp_insert_comment(wp_slash(json_decode({_quoted(json.dumps(fields))}, true))); {move}"
            " echo json_encode([$id]);"
        )
        return int(found)

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        change = json.dumps({"comment_ID": int(message), "comment_content": text})
        self.site.php(f"wp_update_comment(wp_slash(json_decode({_quoted(change)}, true))); echo '[]';")
        return message

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        self.site.delete(int(message))

    def unannounced(self, spot: str, text: str, parent: str) -> str:
        """As an import does it: a comment whose number is far below those that were seen long ago."""
        return str(self._insert(spot, text, by="ann", parent=parent, ident=next(self._low)))

    def settle(self) -> None:
        """WordPress answers from its database."""

    def truth(self, spot: str) -> dict[str, There]:
        rows = self.site.php(
            "$found = []; foreach (get_comments(['post_id' => " + spot + ", 'status' => 'approve', 'type' => 'comment',"
            " 'number' => 0]) as $c) $found[] = [$c->comment_ID, $c->user_id, $c->comment_author, $c->comment_author_email,"
            " $c->comment_content]; echo json_encode($found);"
        )
        found = {}
        for ident, user, name, _, text in rows:
            author = f"user:{user}" if int(user) else f"guest:{name}"
            found[str(ident)] = There(author, html.unescape(re.sub(r"<[^>]*>", "", text)).strip())
        return found


def _quoted(text: str) -> str:
    """A PHP string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def make() -> Driver:
    """The one site of this process."""
    why = missing()
    if why:
        pytest.skip(why)
    return WordPressDriver(fixtures._running())


__all__ = ["WordPressDriver", "make"]
