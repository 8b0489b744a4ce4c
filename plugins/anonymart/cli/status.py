"""`anonymart status`: how the home stands, for a person and for a monitor."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from anonymart.cli.base import as_json, dated, day_of, print_result


@click.command("status")
@dated
@as_json
def status(as_of: datetime | None, is_json: bool) -> None:
    """Tell how the home stands: zones, what waits in landing, last run and release, open requests, chains,
    keys, policy, backups, disk.

    Counts, days and digests only. It opens everything to read only; while a run writes it tells what stands
    in files, and that a run writes. The last line says what asks for a person.

    Exit codes: 0 when nothing asks for a person, 5 when something does, 2 for a home that does not exist or a
    configuration that is refused.
    """
    from anonymart.home import Home
    from anonymart.policy import load_policy
    from anonymart.status import lines, look

    policy = load_policy()
    found = look(Home.from_env(), policy, day_of(as_of, policy), datetime.now(UTC))
    print_result(is_json, found.as_dict(), lambda told: [*lines(told), *found.sentences])
    if found.exit_code:
        raise click.exceptions.Exit(found.exit_code)
