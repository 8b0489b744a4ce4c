"""`anonymart demo generate` and `sample`: the fictional school, and exports of tools, from the command
line.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from anonymart.demo import DEMO_AS_OF, DEMO_LEARNERS, DEMO_SEED
from anonymart.demo.samples import SAMPLES, sample


@click.command("generate")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder that gets landing/ and truth/."
)
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
    click.echo(
        f"A school of {learners:,} learners with {report['statements']:,} statements stands in "
        f"{report['landing']}."
    )
    click.echo(
        f"What was planted in it ({report['identifiers']:,} identifiers) is told in {report['truth']}."
    )


@click.command("sample")
@click.argument("tool", type=click.Choice(["all", *SAMPLES]))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that gets nps/FILE or learning/FILE; it may be a landing folder.",
)
@click.option(
    "--answers",
    "n",
    default=40,
    show_default=True,
    type=click.IntRange(min=1),
    help="Number of answers or events.",
)
@click.option("--seed", default=DEMO_SEED, show_default=True, help="Same seed, same bytes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sample_command(tool: str, out: Path, n: int, seed: int, as_json: bool) -> None:
    """Write an export as TOOL writes it, with answers or activity of fictional people; `all` writes one of
    each tool.

    Then `anonymart sources check FILE --no-vault` tells what would become of an export of answers.
    """
    written = {}
    for name in SAMPLES if tool == "all" else [tool]:
        folder, file, _ = SAMPLES[name]
        path = out / folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample(name, n, seed))
        written[name] = str(path)
    click.echo(json.dumps(written) if as_json else "\n".join(written.values()))
