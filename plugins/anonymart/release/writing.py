"""Writing marts into the files of a release: the same bytes each time, so that the gate can write them again
and compare (S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from anonymart.contracts import MartContract
from anonymart.engine import literal
from anonymart.release.folder import MARTS_SCHEMA, STORAGE_VERSION


def attach_new(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a file that is not there yet as `release`."""
    connection.execute(f"ATTACH {literal(str(path))} AS release (STORAGE_VERSION '{STORAGE_VERSION}')")


def write_marts(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], source: str
) -> None:
    """Write the marts of a schema into the attached, empty `release`, with the contracts' descriptions.

    One thread without compression writes the same bytes each time; DuckDB's compression put the same rows
    down otherwise in 6 of 100 files. The setting stays: blocks may be written as late as with DETACH.
    """
    connection.execute("SET force_compression = 'uncompressed'")
    connection.execute("BEGIN")
    for contract in contracts.values():
        table = f"release.main.{contract.name}"
        columns = ", ".join(f'"{name}"' for name in contract.column_names)
        connection.execute(
            f"CREATE TABLE {table} AS SELECT {columns} FROM {source}.{contract.name} ORDER BY "
            f"{_order(contract)}"
        )
        comments = [f"COMMENT ON TABLE {table} IS {literal(contract.description)}"]
        comments += [
            f'COMMENT ON COLUMN {table}."{column.name}" IS {literal(column.description)}'
            for column in contract.columns
        ]
        connection.execute("; ".join(comments))
    connection.execute("COMMIT")


def write_parquet(connection: duckdb.DuckDBPyConnection, contract: MartContract, target: Path) -> None:
    """Write one mart of the attached `release` as Parquet."""
    connection.execute(
        f"COPY (SELECT * FROM {source(contract)}) TO {literal(str(target))} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )


def source(contract: MartContract) -> str:
    """SQL after FROM: the rows of one mart of the attached `release`, in their order."""
    return f"release.{MARTS_SCHEMA}.{contract.name} ORDER BY {_order(contract)}"


def _order(contract: MartContract) -> str:
    return ", ".join(f'"{name}"' for name in contract.dimensions)
