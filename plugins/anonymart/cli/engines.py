"""The command `anonymart compare-engines`: the same models on another engine, held against DuckDB."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from anonymart.cli.base import as_json, dated, open_session, print_result
from anonymart.progress import Progress


@click.command("compare-engines")
@click.option(
    "--engine",
    type=click.Choice(["sail", "spark"]),
    default="sail",
    show_default=True,
    help="The engine beside DuckDB; `make engines` makes its environment.",
)
@click.option(
    "--landing",
    type=click.Path(path_type=Path),
    help="Folder of <source>/ folders (default: landing of the home). It is read and left as it is.",
)
@dated
@as_json
def compare_engines(engine: str, landing: Path | None, as_of: datetime | None, is_json: bool) -> None:
    """Build with DuckDB and with another engine, and compare each row.

    One landing folder and the keys of this home are taken into a home of its own, which is removed at the
    end. DuckDB reads the files and keeps the histories; the engine is handed them under pseudonyms, makes
    persons' cells, protection, evidence and marts, and every true count, cell key, noise, published figure
    and reason is compared; then once more half a year later, with the cells of a first release carried.

    Exit codes: 1 when a row differs or the engine fails, 2 when the engine is not there.
    """
    from anonymart.engines import compare
    from anonymart.lock import writing

    session = open_session(as_of)
    with writing(session.home):
        found = compare.compare_landing(session, engine, landing or session.home.landing, Progress())
    result: dict[str, Any] = {
        "engine": engine,
        "is_same": all(each.is_same for each in found),
        "comparisons": [each.as_dict() for each in found],
    }
    print_result(is_json, result, lambda _: [line for each in found for line in compare.lines(each)])
    if not result["is_same"]:
        raise click.exceptions.Exit(1)
