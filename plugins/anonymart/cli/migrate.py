"""The command `anonymart migrate`: a home of an older version becomes one of this version."""

from __future__ import annotations

from dataclasses import asdict

import click

from anonymart.cli.base import as_json, keys_of, print_result
from anonymart.home import Home
from anonymart.lock import writing
from anonymart.session import Session


@click.command("migrate")
@click.option("--plan", "is_plan", is_flag=True, help="Only show the versions and what each step does.")
@click.option(
    "--done", "is_over", is_flag=True, help="Remove the copies from before the migration: all is well."
)
@as_json
def migrate(is_plan: bool, is_over: bool, is_json: bool) -> None:
    """Bring vault, warehouse and ledger of an older home to the version of this program; forward only.

    Copies both files first, beside themselves and encrypted as they are, then takes step by step; running it
    again does nothing. Every other command does the same on an older home before its own work. `--done`
    removes the copies, and so does each rewrite of the files: an erasure at once. A home of a newer version
    is refused.
    """
    from anonymart.erasure import files
    from anonymart.migrate import home as library

    if is_plan and is_over:
        raise click.UsageError(
            "--plan shows what would be done and --done removes the copies: give one of them."
        )
    home = Home.from_env().prepare()
    keys = keys_of(home)
    n_removed = 0
    if is_plan:
        found = library.plan(Session(home, keys))
    else:
        with writing(home):
            found = library.migrate(Session(home, keys))
            if is_over:
                n_removed = sum(files.remove_copies(home).values())
                found.copies = []
    print_result(is_json, {**asdict(found), "copies_removed": n_removed}, _lines)


def _lines(result: dict) -> list[str]:
    behind = {zone: version for zone, version in result["versions"].items() if version < result["newest"]}
    lines = [
        f"{zone}: version {version}, this program writes {result['newest']}"
        for zone, version in result["versions"].items()
    ]
    if not behind:
        lines.append("Nothing to migrate.")
    else:
        lines += [f"{step['number']}. {step['zone']}: {step['does']}" for step in result["steps"]]
        lines.append("Migrated." if result["is_done"] else "To act: anonymart migrate")
    lines += [f"copy from before: {name}" for name in result["copies"]]
    return [*lines, *([f"{result['copies_removed']} copies removed."] if result["copies_removed"] else [])]
