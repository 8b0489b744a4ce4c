"""Do two engines make the same of one landing folder and one key file? Each table that the engine made is
held against DuckDB's, row by row and column by column.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from anonymart import lists
from anonymart.contracts import load_contracts
from anonymart.engine import literal
from anonymart.engines import handover, process
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.lock import writing
from anonymart.progress import Progress
from anonymart.session import Session

PREFIX = "engine-"
_LATER_DAYS = 184
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
    carried: int = 0

    @property
    def is_same(self) -> bool:
        return all(each.is_same for each in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """One object for `--json`."""
        different = sum(not each.is_same for each in self.tables)
        return {
            "engine": self.engine,
            "different_tables": different,
            "carried_cells": self.carried,
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
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=session.home.tmp))
    try:
        return compare_in(folder, session, engine, progress, project)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def compare_in(
    folder: Path, session: Session, engine: str, progress: Progress, project: Path | None = None
) -> Comparison:
    """As `compare`, in a folder of the caller, who removes it: all that the engine is handed and writes."""
    ledger = handover.write(session, folder / "given")
    told = _orders(session, engine, folder, ledger, project or lists.project())
    seconds = _run(engine, told, folder, progress)
    with session.connect(vault="ro", warehouse="ro") as connection:
        compared = [_table(connection, name, folder / "made" / name) for name in tables()]
        carried = sum(
            _count(connection, f'SELECT * FROM vault.ledger."{name}"')
            for name in ledger
            if name.startswith("cells_")
        )
    return Comparison(engine, compared, seconds, carried)


def compare_landing(
    session: Session, engine: str, landing: Path, progress: Progress, sees_later: bool = True
) -> list[Comparison]:
    """Take a landing folder into a home of its own, with the keys of this one, and compare; then, where its
    release can be published there, once more half a year later, with the cells of that release carried.

    That home lies in a private folder of this one and is removed whatever happens; the landing folder is
    left as it is. Raises as `compare`.
    """
    from anonymart import ingest, run
    from anonymart.release.approval import Reviewer

    process.python(engine)
    if not landing.is_dir():
        raise UsageError(f"The landing folder {landing} is not there: name one with --landing.")
    remove(session.home)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=session.home.tmp))
    try:
        there = replace(session, home=Home(folder / "home").prepare())
        if session.home.keys_file.is_file() and there.home.keys_file != session.home.keys_file:
            shutil.copy2(session.home.keys_file, there.home.keys_file)
        shutil.copytree(landing, folder / "landing")
        with writing(there.home):
            with progress.step("engines", "Ingest and build with DuckDB"):
                ingest.ingest(there, folder / "landing", None, Progress(quiet=True))
                run.build(there)
            found = [compare(there, engine, progress)]
            if not sees_later:
                return found
            reviewer = Reviewer(
                "compare-engines", "A home that is removed at once", "a comparison of engines"
            )
            told = run.run(there, run.Options(folder / "landing", reviewer=reviewer), Progress(quiet=True))
            if not told.release_id:
                progress.say("  no release can be made of this landing folder, so no cells are carried")
                return found
            later = there.on(session.as_of + timedelta(days=_LATER_DAYS))
            with progress.step("engines", "Build half a year later, with the cells of a release carried"):
                run.build(later)
            return [*found, compare(later, engine, progress)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(home: Home) -> None:
    """Remove what a kill left of a comparison; the caller holds the writer's lock."""
    for place in home.tmp.glob(f"{PREFIX}*"):
        shutil.rmtree(place, ignore_errors=True)


def _orders(session: Session, engine: str, folder: Path, ledger: list[str], project: Path) -> str:
    """What the engine's process is told, as one line; no key is in it."""
    return json.dumps({
        "engine": engine,
        "folder": str(folder),
        "project": str(project),
        "select": list(SELECTED),
        "tables": tables(),
        "vars": {"as_of": str(session.as_of), "policy": session.policy.raw, "ledger_tables": ledger},
    })  # fmt: skip


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
        raise AnonymartError(
            f"The engine {engine} failed at {failures[0]}: nothing was compared, nothing was kept."
        )
    progress.say(f"  {engine} made {len(seconds)} tables")
    return seconds


def _table(connection: duckdb.DuckDBPyConnection, name: str, made: Path) -> Compared:
    """Both tables as bags of rows. Numbers are compared as numbers: 3 is 3.0, whatever the types."""
    here = f"warehouse.{name}"
    # Every table was written, or the run had failed; of one without rows an engine may write no file.
    if not any(made.glob("*.parquet")):
        n_rows = _count(connection, f"SELECT * FROM {here}")
        return Compared(name, (n_rows, 0), only_duckdb=n_rows)
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


def lines(comparison: Comparison) -> list[str]:
    """A line for each table, and what it comes to."""
    rows = [f"{'table':<52}{'DuckDB':>9}{comparison.engine:>9}{'differ':>8}"]
    for each in comparison.tables:
        differ = max(each.only_duckdb, each.only_engine)
        rows.append(f"{each.table:<52}{each.rows[0]:>9}{each.rows[1]:>9}{differ:>8}")
        rows += [f"    {column}" for column in each.columns]
    different = [each.table for each in comparison.tables if not each.is_same]
    total = len(comparison.tables)
    rows.append(
        f"Different: {', '.join(different)}."
        if different
        else f"{comparison.carried} cells carried; no row differs in {total} tables."
    )
    return rows
