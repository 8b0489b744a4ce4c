"""Each mart counted a second time: from the landing files as they were delivered, in SQL that was written
from the mart's description and shares nothing with the models.

`MART.sql` gives one row for each closed cell: its dimensions, each count of the contract under its own name
(hidden ones too), and of a mean or quantile the figure and `with_<value>`, the persons with a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart.contracts import MartContract

FOLDER = Path(__file__).parent
SEEDS = FOLDER.parents[1] / "dbt_project" / "seeds"
# What all marts read: the delivered rows, who is in the statistics, and graduates with their answers.
SHARED = ("landing", "persons", "graduates")
# A figure: the persons under it, the numerator of a share or score, the value of a mean or quantile.
Figure = tuple[int, float | None, float | None]
Figures = dict[tuple[str, str], Figure]


def opened(landing: Path, as_of: date) -> duckdb.DuckDBPyConnection:
    """A database of memory with what all marts read."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    for name, value in (("landing", str(landing)), ("seeds", str(SEEDS)), ("as_of", as_of)):
        connection.execute(f"SET VARIABLE {name} = $1", [value])
    for name in SHARED:
        connection.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
    return connection


def counted(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> Figures:
    """The figures of every closed cell of a mart by cell and measure."""
    result = connection.execute((FOLDER / f"{contract.name}.sql").read_text(encoding="utf-8"))
    names = [column[0] for column in result.description]
    figures: Figures = {}
    for values in result.fetchall():
        row = dict(zip(names, values, strict=True))
        key = "|".join(str(row[name]) for name in contract.dimensions)
        for measure in contract.measures:
            figures[key, measure["name"]] = rounded(*_figure(contract.rate_of(measure), row))
    return figures


def rounded(persons: int, numerator: float | None, value: float | None) -> Figure:
    return persons, numerator and round(numerator, 6), value and round(value, 6)


def _figure(measure: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[int, float | None, float | None]:
    match measure["kind"]:
        case "count":
            return row[measure["name"]], None, None
        case "rate":
            return row[measure["denominator"]], row[measure["numerator"]], None
        case "mean":
            return row[measure["base"]], None, row[measure["name"]]
        case "quantile":
            return row[f"with_{measure['value']}"], None, row[measure["name"]]
        case _:
            of = [row[measure[name]] for name in ("promoters", "passives", "detractors")]
            return sum(of), of[0] - of[2], None
