"""The command `anonymart sources catalogue`: what the catalogue knows, and what statements name that it does
not.
"""

from __future__ import annotations

from pathlib import Path

import click

from anonymart.cli.base import as_json, open_session, print_result


def add_commands(sources: click.Group) -> None:
    """Add the command to the group of sources."""
    sources.add_command(catalogue)


@click.command("catalogue")
@click.option(
    "--unmatched", is_flag=True, help="What statements of the raw rows name and no catalogue knows."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --unmatched: write rows to complete and to put into landing/catalogue/, as CSV.",
)
@as_json
def catalogue(unmatched: bool, out: Path | None, is_json: bool) -> None:
    """List the things of the catalogue by kind, or with --unmatched what is missing in it. Ids are written
    only into the file of --out.
    """
    from anonymart.catalogue.listing import listed
    from anonymart.catalogue.proposal import propose
    from anonymart.errors import UsageError

    if out and not unmatched:
        raise UsageError("--out goes with --unmatched: it writes what the catalogue does not know.")
    session = open_session()
    if not unmatched:
        found = listed(session)
        print_result(is_json, found.as_dict(), lambda _: found.sentences)
        return
    proposal = propose(session)
    if out:
        proposal.write(out)
    more = (
        [
            f"Rows to complete stand in {out}: give each a code (or a title), then put the file into "
            f"landing/catalogue/."
        ]
        if out and proposal.rows
        else []
    )
    print_result(
        is_json,
        {**proposal.as_dict(), "out": str(out) if out else None},
        lambda _: [*proposal.sentences, *more],
    )
