"""Writing marts and names into the files of a release: the same bytes each time, so that the gate can write
them again and compare (S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from anonymart.contracts import MartContract
from anonymart.engine import literal
from anonymart.release.folder import NAMES_SCHEMA, STORAGE_VERSION
from anonymart.release.name_tables import NAME_TABLES
from anonymart.release.tables import ReleaseTable, of_marts


def attach_new(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a file that is not there yet as `release`."""
    connection.execute(f"ATTACH {literal(str(path))} AS release (STORAGE_VERSION '{STORAGE_VERSION}')")


def write_marts(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], source: str
) -> None:
    """Write the marts of a schema into the attached, empty `release`, with the contracts' descriptions."""
    tables = of_marts(contracts.values(), ())
    write_tables(connection, {table: f"FROM {source}.{table.name}" for table in tables})


def write_names(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, str]) -> None:
    """Write the tables of names into `release`, behind its marts, each by the query that gives its rows."""
    connection.execute(f"CREATE SCHEMA release.{NAMES_SCHEMA}")
    write_tables(connection, {NAME_TABLES[name]: query for name, query in queries.items()})


def write_tables(connection: duckdb.DuckDBPyConnection, queries: Mapping[ReleaseTable, str]) -> None:
    """Write tables by the query that gives the rows of each.

    One thread without compression writes the same bytes each time; DuckDB's compression put the same rows
    down otherwise in 6 of 100 files. The setting stays: blocks may be written as late as with DETACH.
    """
    connection.execute("SET force_compression = 'uncompressed'")
    connection.execute("BEGIN")
    for table, query in queries.items():
        name = f"release.{table.schema}.{table.name}"
        columns = ", ".join(f'"{column}"' for column in table.column_names)
        order = ", ".join(f'"{column}"' for column in table.keys)
        connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM ({query}) ORDER BY {order}")
        comments = [f"COMMENT ON TABLE {name} IS {literal(table.description)}"]
        comments += [
            f'COMMENT ON COLUMN {name}."{column.name}" IS {literal(column.description)}'
            for column in table.columns
        ]
        connection.execute("; ".join(comments))
    connection.execute("COMMIT")


def write_parquet(connection: duckdb.DuckDBPyConnection, table: ReleaseTable, target: Path) -> None:
    """Write one table of the attached `release` as Parquet."""
    connection.execute(
        f"COPY (SELECT * FROM {table.rows()}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
