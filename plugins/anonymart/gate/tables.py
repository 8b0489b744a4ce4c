"""Filling small tables of the gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Insert rows, none included, in one statement: one for each row would take the gate's time."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        marks = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"INSERT INTO {table} SELECT {marks}", columns)
