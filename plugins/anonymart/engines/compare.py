"""Do two engines make the same of one landing folder and one key file? Each table that the engine made is
held against DuckDB's, row by row and column by column.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from anonymart import lists
from anonymart.contracts import load_contracts
from anonymart.engine import literal
from anonymart.engines import handover, process
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.progress import Progress
from anonymart.session import Session

PREFIX = "engine-"
# What the engine makes, in dbt's words.
SELECTED = (
    "path:models/intermediate/cells",
    "path:models/intermediate/people",
    "path:models/intermediate/observed",
    "path:models/marts",
    "path:models/evidence",
    *("int_graduates", "int_nps_counted", "int_salary_quarantine", "int_no_person_counts", "int_left_out"),
)
_OTHERS = (
    *("int_graduates", "int_nps_counted", "int_salary_quarantine", "int_no_person_counts", "int_left_out"),
    *("int_observed__enrolments", "int_observed__nps_answers", "int_observed__project_submissions"),
    "int_closed_periods",
)


@dataclass
class Compared:
    """One table of both: how many rows each has, how many of them the other has not, and columns that only
    one has.
    """

    table: str
    rows: tuple[int, int]
    only_duckdb: int = 0
    only_engine: int = 0
    columns: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        return not (self.only_duckdb or self.only_engine or self.columns) and self.rows[0] == self.rows[1]

    def as_dict(self) -> dict[str, Any]:
        """One object for `--json`."""
        return {
            "table": self.table,
            "rows": self.rows[0],
            "rows_engine": self.rows[1],
            "only_duckdb": self.only_duckdb,
            "only_engine": self.only_engine,
            "columns": self.columns,
        }


@dataclass
class Comparison:
    """What both engines made: each table, and the seconds of each part."""

    engine: str
    tables: list[Compared]
    seconds: dict[str, float]

    @property
    def is_same(self) -> bool:
        return all(each.is_same for each in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """One object for `--json`."""
        different = sum(not each.is_same for each in self.tables)
        return {
            "engine": self.engine,
            "different_tables": different,
            "tables": [each.as_dict() for each in self.tables],
            "seconds": self.seconds,
        }


def tables() -> list[str]:
    """The tables that are compared, with their schemas."""
    marts = sorted(load_contracts())
    return [
        *(f"intermediate.{name}" for name in _OTHERS),
        *(f"intermediate.int_people__{mart}" for mart in marts),
        *(f"intermediate.int_cells__{mart}" for mart in marts),
        "evidence.cell_evidence",
        *(f"marts.{mart}" for mart in marts),
    ]


def compare(session: Session, engine: str, progress: Progress, project: Path | None = None) -> Comparison:
    """Let the engine make what DuckDB made of this home, and hold both against each other.

    The home must have been built on the session's day. What is handed over and what is made lies in a private
    folder of the home, which is removed whatever happens. Raises AnonymartError naming the model that the
    engine could not make, and UsageError where the engine is not there.
    """
    process.python(engine)
    remove(session.home)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=session.home.tmp))
    try:
        ledger = handover.write(session, folder / "given")
        told = handover.orders(session, engine, folder, ledger, project or lists.project())
        seconds = _run(engine, told, folder, progress)
        with session.connect(vault="ro", warehouse="ro") as connection:
            compared = [_table(connection, name, folder / "made" / name) for name in tables()]
        return Comparison(engine, compared, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(home: Home) -> None:
    """Remove what a kill left of a comparison; the caller holds the writer's lock."""
    for place in home.tmp.glob(f"{PREFIX}*"):
        shutil.rmtree(place, ignore_errors=True)


def _run(engine: str, told: str, folder: Path, progress: Progress) -> dict[str, float]:
    seconds: dict[str, float] = {}
    failures: list[str] = []
    for event in process.events(engine, told, folder):
        if event["kind"] in ("node", "written"):
            seconds[event["name"]] = seconds.get(event["name"], 0.0) + event["seconds"]
            if event.get("status", "success") not in ("success", "skipped"):
                failures.append(f"{event['name']} ({event['why']})")
        elif event["kind"] == "start_up":
            seconds["start_up"] = event["seconds"]
        elif event["kind"] == "fault":
            failures.append(event["why"])
        elif event["kind"] == "end" and event["code"] and not failures:
            failures.append(f"its process ended with code {event['code']}")
    if failures:
        raise AnonymartError(f"The engine {engine} failed at {failures[0]}: nothing was compared, nothing was kept.")
    progress.say(f"  {engine} made {len(seconds)} tables")
    return seconds


def _table(connection: duckdb.DuckDBPyConnection, name: str, made: Path) -> Compared:
    """Both tables as bags of rows. Numbers are compared as numbers: 3 is 3.0, whatever the types."""
    here = f"warehouse.{name}"
    there = f"read_parquet({literal(str(made / '*.parquet'))})"
    types = {side: _types(connection, table) for side, table in (("here", here), ("there", there))}
    shared = [column for column in types["here"] if column in types["there"]]
    columns = [
        *(f"{column} (only DuckDB)" for column in types["here"] if column not in types["there"]),
        *(f"{column} (only engine)" for column in types["there"] if column not in types["here"]),
    ]
    told = {
        side: ", ".join(_plain(column, types["here"][column], types["there"][column]) for column in shared)
        for side in ("here", "there")
    }
    one = f"SELECT {told['here']} FROM {here}"
    two = f"SELECT {told['there']} FROM {there}"
    counts = [_count(connection, query) for query in (one, two)]
    only = [_count(connection, f"({a}) EXCEPT ALL ({b})") for a, b in ((one, two), (two, one))]
    return Compared(name, (counts[0], counts[1]), only[0], only[1], columns)


def _types(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()}


_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT")


def _plain(column: str, here: str, there: str) -> str:
    quoted = f'"{column}"'
    if here == there:
        return quoted
    if here in _WHOLE and there in _WHOLE:
        return f"CAST({quoted} AS HUGEINT) AS {quoted}"
    numbers = (*_WHOLE, "DOUBLE", "FLOAT")
    if all(kind in numbers or kind.startswith("DECIMAL") for kind in (here, there)):
        return f"CAST({quoted} AS DOUBLE) AS {quoted}"
    return f"CAST({quoted} AS {here}) AS {quoted}"


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int((connection.execute(f"SELECT count(*) FROM ({query})").fetchone() or (0,))[0])


def as_json(comparison: Comparison) -> str:
    """The comparison as one line."""
    return json.dumps(comparison.as_dict())
