"""`anonymart register`: the processing register of the home, and the information of learners made from it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from anonymart.cli.base import as_json, dated, day_of, print_result


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "json", "csv"]),
    help="A page, plain data, or a table with the columns of the CNIL's template (default: html).",
)
@click.option(
    "--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Of the table (csv)."
)
@click.option(
    "--for-learners", is_flag=True, help="The information of learners for the school's site, as a page."
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write to this file (default: standard output)."
)
@dated
@as_json
def register(
    form: str | None,
    language: str,
    for_learners: bool,
    output: Path | None,
    as_of: datetime | None,
    is_json: bool,
) -> None:
    """The record of processing activities (GDPR article 30), made from what the home really keeps.

    Each line tells purpose, basis, persons, data, recipients, transfers, term and measures, and names the
    entries of the policy, the test and the newest receipt that show it. It holds no count of persons and
    reads files only. A release has its own, `processing_register.html`.
    """
    from anonymart.home import Home
    from anonymart.policy import load_policy
    from anonymart.processing import learners, page, record

    if for_learners and (form or is_json):
        raise click.UsageError("--for-learners is a page: it goes without --format and --json.")
    policy = load_policy()
    told = record.of_home(Home.from_env(), policy, day_of(as_of, policy))
    if for_learners:
        text = learners.page(told, policy)
    elif is_json and form is None:
        text = json.dumps(told, ensure_ascii=False)
    elif form == "json":
        text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    elif form == "csv":
        text = page.as_csv(told, language)
    else:
        text = page.page(told)
    if output is None:
        click.echo(text, nl=is_json)
        return
    output.write_text(text, encoding="utf-8", newline="")
    print_result(is_json, {"file": str(output)}, lambda found: [f"Written: {found['file']}"])
