"""Cells of a release beside those of the ledger: which are new, which are carried, which periods they close
(S-ANON).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.engine import table_exists
from anonymart.release import ledger
from anonymart.session import PEOPLE

# The periods that close with the build of the warehouse, those without anybody in them included.
CLOSING = "intermediate.int_closed_periods"


def same_cell(contract: MartContract, left: str, right: str) -> str:
    """SQL: two rows are of the same cell, by all dimensions."""
    return " AND ".join(
        f'{left}."{name}" IS NOT DISTINCT FROM {right}."{name}"' for name in contract.dimensions
    )


def new_cells(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, marts: str = "release.main"
) -> str:
    """SQL for the rows of a mart of the attached `release`, or of other `marts`, whose cell the ledger does
    not know.
    """
    table = f"SELECT cell.* FROM {marts}.{contract.name} AS cell"
    if not table_exists(connection, "ledger", f"cells_{contract.name}"):
        return table
    return (
        f"{table} ANTI JOIN vault.ledger.cells_{contract.name} AS known ON "
        f"{same_cell(contract, 'cell', 'known')}"
    )


def key_sql(names: tuple[str, ...], row: str) -> str:
    """SQL for the texts of some columns joined by '|', the way evidence and ledger name cells and periods."""
    return "concat_ws('|', " + ", ".join(f"coalesce({row}.\"{name}\"::VARCHAR, '')" for name in names) + ")"


def has_people(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> bool:
    """Whether the warehouse holds the people of a mart, as a table or a view."""
    people = str(contract.disclosure["people"])
    found = connection.execute(
        "SELECT count(*) FROM (SELECT view_name AS name FROM duckdb_views() WHERE database_name = "
        "'warehouse' AND schema_name = 'intermediate' "
        "UNION ALL SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse' AND "
        "schema_name = 'intermediate') WHERE name = ?",
        [people],
    ).fetchone()
    return bool(found and found[0])


def people(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> str:
    """The people of a mart as a table, a person being a number (`number_of`): where they are noted
    (`people_file.kept`), else in the connection's memory. In the warehouse they are a view on years of
    history, which is read once this way. Raises duckdb.Error where they are not there.

    For a connection that has the warehouse attached to read only.
    """
    if table_exists(connection, "main", contract.name, database=PEOPLE):
        return f"{PEOPLE}.main.{contract.name}"
    table = f"memory.main.people_of_{contract.name}"
    connection.execute(copy_people(contract, table))
    return table


def copy_people(contract: MartContract, table: str) -> str:
    """SQL that makes the table of the people of a mart, if it is not there."""
    person = f'"{contract.disclosure["person"]}"'
    return (
        f"CREATE TABLE IF NOT EXISTS {table} AS SELECT * REPLACE ({number_of(person)} AS {person}) "
        f"FROM warehouse.intermediate.{contract.disclosure['people']}"
    )


def number_of(pseudonym: str) -> str:
    """SQL for 64 bits in place of a pseudonym, while many people are compared in memory: a tenth of its size.

    Among ten million people two have the same number once in 400,000 schools; they then count as one person,
    and as out where one of them must be.
    """
    return f"hash({pseudonym})"


def counts(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> dict[str, Any]:
    """Rows, new cells, periods that close, figures in all, and how many of these are suppressed for which
    reason.
    """
    table = f"release.main.{contract.name}"
    rows = _number(connection, f"SELECT count(*) FROM {table}")
    fresh = _number(connection, f"SELECT count(*) FROM ({new_cells(connection, contract)})")
    closing = _number(
        connection, f"SELECT count(*) FROM ({_closing(connection)}) WHERE mart = '{contract.name}'"
    )
    if not rows:
        # A mart that has not begun closes nothing: its source may come later.
        closing = 0
    found = {
        "rows": rows,
        "new_cells": fresh,
        "closed_periods": closing,
        "figures": rows * len(contract.figures),
    }
    for reason in ("too_few", "protected"):
        total = (
            " + ".join(f"count(*) FILTER (\"{figure}_reason\" = '{reason}')" for figure in contract.figures)
            or "0"
        )
        found[reason] = _number(connection, f"SELECT {total} FROM {table}")
    return found


def has_news(connection: duckdb.DuckDBPyConnection, contracts: Iterable[MartContract]) -> bool:
    """Whether the warehouse as it was built has a cell or closes a period that no release has, or a release
    was withdrawn and not replaced: else there is nothing to publish. Also true where a mart is missing.
    """
    return bool(ledger.replaces(connection)) or any(_is_news(connection, each) for each in contracts)


def without_people(connection: duckdb.DuckDBPyConnection, contracts: Iterable[MartContract]) -> list[str]:
    """The marts without any cell that nobody could be in either: not one row of their people is there."""
    return [
        contract.name
        for contract in without_any(connection, contracts)
        if not has_anybody(connection, contract)
    ]


def without_any(
    connection: duckdb.DuckDBPyConnection, contracts: Iterable[MartContract]
) -> list[MartContract]:
    """The marts of which the warehouse holds no cell."""
    return [
        contract
        for contract in contracts
        if not _number(connection, f"SELECT count(*) FROM warehouse.marts.{contract.name}")
    ]


def has_anybody(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> bool:
    """Whether a row of the people of a mart is there, by the view as it stands."""
    people = f"warehouse.intermediate.{contract.disclosure['people']}"
    return bool(_number(connection, f"SELECT EXISTS (FROM {people})"))


def _is_news(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> bool:
    if not table_exists(connection, "marts", contract.name, database="warehouse"):
        return True
    if not _number(connection, f"SELECT count(*) FROM warehouse.marts.{contract.name}"):
        return False
    return bool(
        _number(
            connection,
            f"SELECT (SELECT count(*) FROM ({new_cells(connection, contract, 'warehouse.marts')})) + "
            f"(SELECT count(*) FROM ({_closing(connection)}) WHERE mart = '{contract.name}')",
        )
    )


def _closing(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL for the periods that close: a build that was published already closes none of its periods again."""
    periods = f"SELECT closing.* FROM warehouse.{CLOSING} AS closing"
    if not table_exists(connection, "ledger", "closed_periods"):
        return periods
    return f"{periods} ANTI JOIN vault.ledger.closed_periods AS known USING (mart, period_key)"


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
