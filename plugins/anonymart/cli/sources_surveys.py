"""The commands `anonymart sources check` and `infer`: what an export of a survey tool would become, and a YAML proposed for one that nobody knows yet."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from anonymart.errors import UsageError
from anonymart.surveys.mapping import SOURCES

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_SOURCE = click.option("--source", type=click.Choice(SOURCES), help="nps or salary (default: the name of the file's folder, else nps).")


def register(sources: click.Group) -> None:
    """Add both commands to the group of sources."""
    sources.add_command(check_command)
    sources.add_command(infer_command)


@click.command("check")
@_FILE
@_SOURCE
@click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A YAML to read the file by, in the place of those in expectations/sources/.")
@click.option("--no-vault", is_flag=True, help="Ask no vault: needs neither a home nor keys, and cannot count answers that match no person.")
@click.option("--as-of", type=click.DateTime(formats=["%Y-%m-%d"]), help="The day the rules are applied for, YYYY-MM-DD (default: today in Paris).")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object on standard output.")
def check_command(file: Path, source: str | None, mapping: Path | None, no_vault: bool, as_of: datetime | None, is_json: bool) -> None:
    """Say what would become of FILE, before anything is stored: which reader, what would load, what not and why.

    Counts and names of columns only; nothing is written. Exit 2 when the whole file would be refused.
    """
    from anonymart.cli.commands import _day
    from anonymart.home import Home
    from anonymart.keys import Keys
    from anonymart.policy import load_policy
    from anonymart.surveys.check import check

    home = None if no_vault else Home.from_env()
    home = home if home and home.vault.exists() else None
    keys = Keys.load(home) if home else None
    found = check(file, source or _by_folder(file), _day(as_of, load_policy()), mapping, home, keys)
    if is_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found.as_dict())))
    if found.refused:
        raise click.exceptions.Exit(2)


@click.command("infer")
@_FILE
@_SOURCE
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object with the YAML on standard output.")
def infer_command(file: Path, source: str | None, is_json: bool) -> None:
    """Propose a YAML for FILE, to be reviewed and put into expectations/sources/: names of columns, never a value."""
    from anonymart.ingest.files import FileRefused
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
    lines = [f"reader: {found['reader']}"]
    if found["refused"]:
        lines.append(f"The file would be refused: {found['refused']}.")
        lines += [f"encodings: {', '.join(f'{key} {n}' for key, n in found['encodings'].items())}"] if found["encodings"] else []
        return [*lines, f"{found['delivered']} rows were read"] if found["delivered"] else lines
    for name in ("separator", "date_order"):
        lines += [f"{name.replace('_', ' ')}: {found[name]}"] if found[name] else []
    lines += [f"{name}: {', '.join(f'{key} {n}' for key, n in found[name].items())}" for name in ("encodings", "salaries", "titles") if found[name]]
    lines += [f"{name} is written as: {', '.join(f'{form} {n}' for form, n in forms.items())}" for name, forms in found["times"].items()]
    lines += [f"{name} <- {column}" for name, column in found["fields"].items()]
    lines += [f"not read: {', '.join(found['columns_refused'])}"] if found["columns_refused"] else []
    lines += [f"scores from {found['scores'][0]} to {found['scores'][1]}"] if found["scores"] else []
    lines.append(f"{found['delivered']} delivered, {found['would_load']} would load, {found['quarantined']} quarantined, {found['duplicate']} duplicate")
    lines += [f"  {n} {reason}" for reason, n in found["reasons"].items()]
    return [*lines, *([f"{found['no_person']} match no person"] if found["no_person"] is not None else [])]
