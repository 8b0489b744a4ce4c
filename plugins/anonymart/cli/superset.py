"""`anonymart superset`: a release as datasets, charts and dashboards of Apache Superset."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from anonymart.cli.base import as_json, print_result

_REPLACE = "duckdb:////REPLACE/THIS/BY/THE/PATH/OF/marts.duckdb"


@click.command("superset")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="The ZIP to write.")
@click.option(
    "--database",
    default=_REPLACE,
    show_default=True,
    help="Where Superset finds marts.duckdb: an absolute path on its own machine, behind duckdb:///.",
)
@as_json
def superset(folder: Path, target: Path, database: str, is_json: bool) -> None:
    """Write a ZIP that Apache Superset imports, for the release folder DIR.

    A dataset for each mart and each table of names, charts, and six dashboards with filters by course, path,
    diploma and year. It holds no figure: Superset reads them from marts.duckdb, by duckdb-engine. A metric
    gives one published cell, and nothing where a chart would put several together. Needs no home and no key.

    \b
      anonymart superset releases/current --to superset.zip --database duckdb:////srv/marts.duckdb

    Exit 2 when DIR holds no release or the ZIP is there already; 3 when the release is not as it was
    published, or recalled.
    """
    from anonymart.superset import make_bundle

    made = make_bundle(folder, target, database)
    print_result(is_json, asdict(made), _lines)


def _lines(made: dict) -> list[str]:
    counted = f"{made['n_datasets']} datasets, {made['n_charts']} charts, {made['n_dashboards']} dashboards"
    lines = [f"{made['file']}: {counted} of release {made['release_id']}."]
    if made["without_charts"]:
        lines.append(
            f"Without charts, since this version does not describe them: {', '.join(made['without_charts'])}."
        )
    if made["database"].startswith(_REPLACE):
        lines.append("Replace the address of the database in Superset after the import, or use --database.")
    return lines
