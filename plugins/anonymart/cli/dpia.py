"""`anonymart dpia`: a draft of the impact assessment for the CNIL's PIA tool."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from anonymart.cli.base import as_json, dated, day_of, print_result


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write to this file (default: standard output)."
)
@dated
@as_json
def dpia(output: Path | None, as_of: datetime | None, is_json: bool) -> None:
    """A draft of the impact assessment (GDPR article 35), in French, as the CNIL's PIA tool imports it.

    What the home knows is filled: data, supports, controls, and how the attacks on the current release ended.
    What a person must judge is left open and marked. Holds no count of persons and reads files only.
    """
    from anonymart.home import Home
    from anonymart.policy import load_policy
    from anonymart.processing import record
    from anonymart.processing.dpia import TO_JUDGE, draft

    home, policy = Home.from_env(), load_policy()
    made = draft(home, policy, record.of_home(home, policy, day_of(as_of, policy)))
    text = json.dumps(made, ensure_ascii=False, indent=1)
    if output is None:
        click.echo(text)
        return
    output.write_text(text + "\n", encoding="utf-8")
    n_open = sum(TO_JUDGE in json.dumps(answer, ensure_ascii=False) for answer in made["answers"])
    result = {"file": str(output), "answers": len(made["answers"]), "to_judge": n_open}
    print_result(
        is_json,
        result,
        lambda told: [f"Written: {told['file']}; {told['to_judge']} of {told['answers']} answers to judge."],
    )
