"""The command `anonymart sources changes`: what the sources brought that they did not bring before, and which
are silent.
"""

from __future__ import annotations

from datetime import datetime

import click

from anonymart.cli.base import as_json, dated, open_session, print_result
from anonymart.source_order import SOURCES


def add_commands(sources: click.Group) -> None:
    """Add the command to the group of sources."""
    sources.add_command(changes)


@click.command("changes")
@click.option("--source", type=click.Choice(SOURCES), help="Only this source.")
@dated
@as_json
def changes(source: str | None, as_of: datetime | None, is_json: bool) -> None:
    """List columns that came, went or changed their type, new verbs, and the sources that are silent longer
    than usual.
    """
    from anonymart.ingest import listing

    session = open_session(as_of)
    found = listing.listed(session, (source,) if source else None)
    print_result(is_json, found.as_dict(), lambda _: found.sentences)
