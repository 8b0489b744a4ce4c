"""The command `anonymart figures`: what the reviewer is told of a release beside its files."""

from __future__ import annotations

import click

from anonymart.cli.base import as_json, open_session, print_result


@click.command("figures")
@click.argument("release_id")
@as_json
def figures_command(release_id: str, is_json: bool) -> None:
    """Print the exact figures about persons that were noted when RELEASE_ID was made, waiting or published.

    What changed definitions may have moved, requests that were open, what protection cost, which rule hid how
    many figures, cells with a burst of new people, and how often each attack tried. For the privacy reviewer:
    they are made from true figures, stand in the vault, and are in no file of a release.

    \b
      anonymart figures 2026-06-30.1
      anonymart figures 2026-06-30.1 --json

    Exit codes: 2 when nothing was noted under this id.
    """
    from anonymart.errors import UsageError
    from anonymart.lock import reading
    from anonymart.release import exact_page, for_reviewer

    session = open_session()
    with reading(session.home), session.connect(vault="ro") as connection:
        found = for_reviewer.notes(connection, release_id)
    if not found:
        raise UsageError(
            f"Nothing was noted of {release_id}: give the id of a release or candidate of this home, "
            "as `anonymart approvals` lists them."
        )
    print_result(is_json, {"release_id": release_id, **found}, lambda _: exact_page.lines(found))
