"""The command `anonymart persons`: who is in the statistics and who is out, in counts."""

from __future__ import annotations

import click

from anonymart.cli.base import as_json, open_session, print_result


@click.command()
@as_json
def persons(is_json: bool) -> None:
    """Count the persons of the register that are in the statistics, and those that are out by reason; and
    what waits of people unknown to it.

    True counts as of the last build, for the privacy reviewer and the data team: they stand in no release.
    """
    from anonymart.persons import count

    session = open_session()
    found = count(session)
    print_result(is_json, found.as_dict(), lambda _: found.sentences)
