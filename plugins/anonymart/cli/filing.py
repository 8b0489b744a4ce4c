"""The commands `anonymart filing`: what a school hands to authorities, from the figures of one release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from anonymart.cli.base import Function, as_json, print_result
from anonymart.errors import UsageError

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group("filing")
def filing() -> None:
    """What is handed to authorities, from the published figures of one release and from nothing else."""


def _from_release(command: Function) -> Function:
    """What both commands are given."""
    options: list[Callable[[Any], Any]] = [
        click.argument("folder", metavar="RELEASE", type=_FOLDER),
        click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the files."),
        click.option(
            "--public-key",
            type=click.Path(path_type=Path),
            help="The file that the school handed out (`anonymart keys public`): whose signature must stand.",
        ),
    ]
    found = as_json(command)
    for option in reversed(options):
        found = option(found)
    return found


@filing.command("rncp")
@_from_release
def rncp_command(folder: Path, out: Path, public_key: Path | None, is_json: bool) -> None:
    """Write the statistics of the RNCP record of each diploma from a RELEASE folder, marked indicative.

    rncp.csv has the columns of the register's record, a row for each diploma and promotion; an empty cell
    says why. rncp_a_remplir.csv lists what the school fills from its own schooling files. Opens no home: no
    exact figure is at hand.

    \b
      anonymart filing rncp releases/current --out filing

    Exit 3 when the release is not as it was published, or was recalled.
    """
    from anonymart.filing import rncp

    found = rncp.record(folder.resolve(), _key(public_key))
    files = rncp.write(found, out)
    print_result(is_json, {**found, "files": files}, lambda told: _record_lines(told, out))


@filing.command("qualiopi")
@_from_release
@click.option(
    "--diploma",
    "diplomas",
    multiple=True,
    metavar="PATH=DIPLOMA",
    help="The diploma that a path leads to, by their codes; may be given several times.",
)
def qualiopi_command(
    folder: Path, out: Path, public_key: Path | None, diplomas: tuple[str, ...], is_json: bool
) -> None:
    """Write one dated page of results for each programme (Qualiopi, indicator 2) from a RELEASE folder.

    PATH.html in French and English, PATH.fr.csv and PATH.en.csv: satisfaction (NPS), success, abandonment,
    insertion, each with period, persons, interval and response rates, or why it is empty. Without --diploma
    the insertion is that of all diplomas together.

    \b
      anonymart filing qualiopi releases/current --out qualiopi

    Exit 3 when the release is not as it was published, or was recalled.
    """
    from anonymart.filing import qualiopi

    found = qualiopi.programmes(folder.resolve(), _pairs(diplomas), _key(public_key))
    files = qualiopi.write(found, out)
    print_result(is_json, {**found, "files": files}, lambda told: _programme_lines(told, out))


def _key(path: Path | None) -> Any:
    from anonymart.release.signature import read_public_key

    return read_public_key(path) if path else None


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if not all(path and sign and diploma for path, sign, diploma in pairs):
        raise UsageError("--diploma is PATH=DIPLOMA, by their codes.")
    return {path: diploma for path, _, diploma in pairs}


def _record_lines(told: dict[str, Any], out: Path) -> list[str]:
    from anonymart.filing.rncp import FIGURES
    from anonymart.filing.words import words

    lines = [words()["indicative"]["en"].format(**told) + "."]
    for each in told["records"]:
        figures = [
            f"{name} {each[name] if each[name] is not None else each['reasons'][name]}" for _, name in FIGURES
        ]
        lines.append(f"{each['diploma_id']} {each['promotion_year']}: {', '.join(figures)}")
    lines += ["The school fills from its own files:"]
    lines += [f"  {each['field']['en']}" for each in told["filled_by_the_school"]]
    return [*lines, f"Written to {out}: {', '.join(told['files'])}."]


def _programme_lines(told: dict[str, Any], out: Path) -> list[str]:
    lines = [f"Release {told['release_id']}, as of {told['as_of']}."]
    for each in told["programmes"]:
        empty = sum(row["value"] is None for row in each["indicators"])
        lines.append(f"{each['path_id']}: {len(each['indicators'])} figures, {empty} of them empty")
    return [*lines, f"Written to {out}: {len(told['files'])} files."]
