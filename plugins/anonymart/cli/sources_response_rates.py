"""The command `anonymart sources response-rates`: who answers while a survey is in the field, in counts."""

from __future__ import annotations

from datetime import datetime

import click

from anonymart.cli.base import as_json, dated, open_session, print_result


def add_commands(sources: click.Group) -> None:
    """Add the command to the group of sources."""
    sources.add_command(response_rates)


@click.command("response-rates")
@dated
@as_json
def response_rates(as_of: datetime | None, is_json: bool) -> None:
    """Count by survey and month who was asked, who answered, and what became of the delivered rows.

    Exact figures from vault and warehouse, for the data team: they stand in no release. Counts only.
    """
    from anonymart.lock import reading
    from anonymart.surveys.response_rates import measure

    session = open_session(as_of)
    with reading(session.home):
        found = measure(session)
    print_result(is_json, found.as_dict(), lambda _: found.sentences)
