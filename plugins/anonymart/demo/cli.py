"""`anonymart demo generate`: the fictional school from the command line."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from anonymart.demo import DEMO_AS_OF, DEMO_LEARNERS, DEMO_SEED


@click.command("generate")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder that gets landing/ and truth/.")
@click.option("--learners", default=DEMO_LEARNERS, show_default=True, help="Number of fictional learners.")
@click.option("--seed", default=DEMO_SEED, show_default=True, help="Same seed, same bytes.")
@click.option(
    "--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), default=DEMO_AS_OF.isoformat(), show_default=True,
    help="Last day of the six years.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def generate_command(out: Path, learners: int, seed: int, as_of: datetime, as_json: bool) -> None:
    """Write a fictional school: a landing folder for every source, and the truth about it beside."""
    from anonymart.demo.generate import generate

    report = generate(out, learners, seed, as_of.date())
    if as_json:
        click.echo(json.dumps(report))
        return
    click.echo(f"A school of {learners:,} learners with {report['statements']:,} statements stands in {report['landing']}.")
    click.echo(f"What was planted in it ({report['identifiers']:,} identifiers) is told in {report['truth']}.")
