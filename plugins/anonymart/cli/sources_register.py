"""The command `anonymart sources pull register`: the platform's learners, from PostgreSQL into
landing/learners/.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from anonymart.cli.base import as_json, dated, open_session, print_result
from anonymart.errors import UsageError

ADDRESS = "ANONYMART_REGISTER_URL"


def add_commands(pulling: click.Group) -> None:
    """Add the command to the group of pulls."""
    pulling.add_command(pull_register)


@click.command("register")
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="The platform's names (default: sources/register.yml of the home).",
)
@click.option("--full", is_flag=True, help="Read every learner, not only those changed since the last pull.")
@dated
@as_json
def pull_register(mapping: Path | None, full: bool, as_of: datetime | None, is_json: bool) -> None:
    """Read learners that changed in the platform's PostgreSQL into landing/learners/; `anonymart ingest`
    loads them.

    The address with its password stands in the environment, in ANONYMART_REGISTER_URL, never in the command.
    """
    from anonymart.sources.mapping import load_mapping
    from anonymart.sources.register import pull

    session = open_session(as_of)
    address = os.environ.get(ADDRESS)
    if not address:
        raise UsageError(
            f"Set {ADDRESS} to the address of the platform's PostgreSQL: "
            f"postgresql://user:password@host:5432/database."
        )
    done = pull(session, address, load_mapping(mapping or session.home.register_mapping), session.as_of, full)
    print_result(is_json, asdict(done), lambda _: done.sentences)
