"""`anonymart perturbation`: the table from which the noise of counts is drawn."""

from __future__ import annotations

import json
from itertools import groupby

import click

from anonymart.disclosure.perturbation import SEED, check_seed, of_policy, write_seed
from anonymart.policy import load_policy


@click.command()
@click.option(
    "--write", "is_written", is_flag=True, help="Write the table of the present policy.yml as the dbt seed."
)
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object on standard output.")
def perturbation(is_written: bool, is_json: bool) -> None:
    """Show the noise of counts: for each true count the published ones and their probabilities (S-ANON).

    One table for each class of noise: coarse for marts of large cells, fine for those of many small ones,
    broad for those of the whole school (meta.disclosure.noise of a mart). They are computed from `counts` in
    expectations/policy.yml: mean 0, the given variance, the largest entropy, no published count from 1 to
    under the smallest. The last row stands for every larger count. After a change of these figures a build
    stops until `--write` has renewed the seed.
    """
    policy = load_policy()
    if is_written:
        write_seed(of_policy(policy))
    check_seed(policy)
    tables = of_policy(policy)
    if is_json:
        rows = [
            {
                "noise": noise,
                "true_count": e.true_count,
                "published": e.true_count + e.deviation,
                "probability": e.probability,
            }
            for noise, entries in tables.items()
            for e in entries
        ]
        click.echo(json.dumps({"seed": str(SEED), "is_written": is_written, "table": rows}))
        return
    if is_written:
        click.echo(f"Written: {SEED}")
    for noise, entries in tables.items():
        click.echo(f"Noise of {noise} marts:")
        for true_count, row in groupby(entries, key=lambda entry: entry.true_count):
            shown = "  ".join(
                f"{entry.true_count + entry.deviation}: {entry.probability:.4f}" for entry in row
            )
            click.echo(f"{true_count:>3} -> {shown}")
