"""The suite that a new mart needs, in the words of the suites of the others: `python -m
anonymart.gate.propose MART`.

It is printed and not written: whoever adds the mart reads each line, and puts it into
`expectations/suites/MART.yml`.
"""

from __future__ import annotations

from collections.abc import Mapping

import click
import yaml

from anonymart.contracts import MartContract, load_contracts
from anonymart.errors import UsageError
from anonymart.gate.suites import Line, load_suites, needed


def proposal(name: str, contracts: Mapping[str, MartContract]) -> str:
    """The YAML of the suite that the contract of a mart asks for. Raises UsageError for an unknown mart, or a
    rule that no suite words yet.
    """
    if name not in contracts:
        raise UsageError(
            f"There is no mart {name}: write its contract in dbt_project/models/marts/{name}.yml first."
        )
    words: dict[str, Line] = {
        line.forbids: line for suite in load_suites(contracts)[0] for line in suite.lines
    }
    columns: dict[str, list[str]] = {}
    for forbids, column, _, _ in needed(name, contracts):
        if forbids not in words:
            raise UsageError(f"No suite says what {forbids} forbids: write that line by hand.")
        columns.setdefault(forbids, []).append(column)
    entries = [
        {
            "forbids": forbids,
            **({} if named == ["*"] else {"columns": named}),
            "policy": words[forbids].policy,
            "says": words[forbids].says,
        }
        for forbids, named in columns.items()
    ]
    suite = {
        "suite": name,
        "about": f"What the mart {name} may not hold, on the files that would be published.",
        "expectations": entries,
    }
    return yaml.safe_dump(suite, sort_keys=False, allow_unicode=True, width=1000)


@click.command()
@click.argument("mart")
def main(mart: str) -> None:
    """Print the suite that the contract of MART asks for."""
    click.echo(proposal(mart, load_contracts()), nl=False)


if __name__ == "__main__":
    main()
