"""`rules lab`: the process in which the console tries rules as they are typed. Hidden: it is not for people."""

from __future__ import annotations

import click

from modconsole.config import paths


@click.command("lab", hidden=True)
@click.option("--rules", metavar="DIR", help="The folder of rules.")
@click.pass_obj
def lab_(db: str | None, rules: str | None) -> None:
    """Answer the rule lab on standard input and output, until standard input ends."""
    from modconsole.desk import lab_work
    from modconsole.desk.desk import Desk

    path = paths.database(db)
    lab_work.work(Desk(path, create=False, rules=paths.rules(path, rules)))
