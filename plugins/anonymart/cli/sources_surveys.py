"""The commands `anonymart sources check` and `infer`: what ingestion will do with a file, and a YAML proposed
for a survey that nobody knows yet.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from anonymart.cli.base import day_of, keys_of
from anonymart.errors import UsageError
from anonymart.session import Session
from anonymart.source_order import SOURCES as ALL_SOURCES
from anonymart.surveys.mapping import SOURCES

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_SOURCE = click.option(
    "--source",
    type=click.Choice(SOURCES),
    help="nps or salary (default: the name of the file's folder, else nps).",
)


def add_commands(sources: click.Group) -> None:
    """Add both commands to the group of sources."""
    sources.add_command(check_command)
    sources.add_command(infer_command)


@click.command("check")
@_FILE
@click.option(
    "--source",
    type=click.Choice(ALL_SOURCES),
    help="The source (default: the name of the file's folder, else found out from its columns).",
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML to read the file by, in the place of those that are known.",
)
@click.option(
    "--no-vault",
    is_flag=True,
    help="Ask no vault: needs neither a home nor keys, and cannot count answers that match no person.",
)
@click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="The day the rules are applied for, YYYY-MM-DD (default: today in Paris).",
)
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object on standard output.")
def check_command(
    file: Path,
    source: str | None,
    mapping: Path | None,
    no_vault: bool,
    as_of: datetime | None,
    is_json: bool,
) -> None:
    """Say what `anonymart ingest` will do with FILE, of any source: how it is read, what loads, what not and
    why.

    The file is loaded on trial by the same code, into a copy of what the vault knows that is in memory only:
    nothing is stored. Counts and names of columns only. Exit 2 when the whole file would be refused.
    """
    from anonymart.home import Home
    from anonymart.migrate.home import bring_up_to_date
    from anonymart.policy import load_policy
    from anonymart.progress import Progress
    from anonymart.surveys.check import check, source_of

    policy = load_policy()
    home = None if no_vault else Home.from_env()
    home = home.prepare() if home and home.vault.exists() else None
    keys = keys_of(home) if home else None
    if home and keys:
        bring_up_to_date(Session(home, keys), Progress())
    found = check(file, source or source_of(file), day_of(as_of, policy), policy, mapping, home, keys)
    if is_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found.as_dict())))
    if found.is_refused:
        raise click.exceptions.Exit(2)


@click.command("infer")
@_FILE
@_SOURCE
@click.option(
    "--json", "is_json", is_flag=True, help="Print one JSON object with the YAML on standard output."
)
def infer_command(file: Path, source: str | None, is_json: bool) -> None:
    """Propose a YAML for FILE, to be reviewed and put into expectations/sources/: names of columns, never a
    value.
    """
    from anonymart.files.landed import FileRefused
    from anonymart.surveys.infer import infer

    try:
        proposal = infer(file, source or _by_folder(file))
    except FileRefused as refusal:
        raise UsageError(f"The file cannot be read: {refusal}.") from None
    click.echo(json.dumps({"yaml": proposal}, ensure_ascii=False) if is_json else proposal, nl=is_json)


def _by_folder(file: Path) -> str:
    parent = file.resolve().parent.name
    return parent if parent in SOURCES else SOURCES[0]


def _lines(found: dict) -> list[str]:
    from anonymart.surveys.salary_figures import sentence

    lines = [f"source: {found['source']}", f"reader: {found['reader']}"]
    if found["status"] == "refused":
        lines.append(f"The file would be refused: {found['reason']}.")
        lines += (
            [f"encodings: {', '.join(f'{key} {n}' for key, n in found['encodings'].items())}"]
            if found["encodings"]
            else []
        )
        return [*lines, f"{found['n_read']} rows were read"] if found["n_read"] else lines
    if found["status"] == "known":
        return [*lines, f"Nothing would be loaded: {found['reason']}."]
    for name in ("separator", "date_order"):
        lines += [f"{name.replace('_', ' ')}: {found[name]}"] if found[name] else []
    lines += [
        f"{name}: {', '.join(f'{key} {n}' for key, n in found[name].items())}"
        for name in ("encodings", "titles")
        if found[name]
    ]
    lines += [
        f"{name} is written as: {', '.join(f'{form} {n}' for form, n in forms.items())}"
        for name, forms in found["times"].items()
    ]
    lines += [f"{name} <- {column}" for name, column in found["fields"].items()]
    not_read = found["not_read"] or found["unknown_columns"]
    lines += [f"not read: {', '.join(not_read)}"] if not_read else []
    lines += [f"scores from {found['scores'][0]} to {found['scores'][1]}"] if found["scores"] else []
    counted = ", ".join(f"{found[name]} {name}" for name in ("refused", "quarantined", "duplicate"))
    lines.append(f"{found['delivered']} delivered, {found['loaded']} would load, {counted}")
    lines += [f"  {n} {reason}" for reason, n in found["reasons"].items()]
    lines += found["sentences"]
    lines += [f"other than before: {change['kind']} {change['name']}" for change in found["changes"]]
    lines += [sentence(found["salaries"])] if found["salaries"] else []
    return [*lines, *([f"{found['no_person']} match no person"] if found["no_person"] is not None else [])]
