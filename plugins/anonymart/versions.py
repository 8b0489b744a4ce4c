"""The version of the tables of vault and warehouse: one number, kept in each of both files.

A home made before there were versions counts as 0. The number of the last migration is what this program
writes.
"""

from __future__ import annotations

import duckdb

from anonymart.errors import UsageError

# The number of the newest migration in `anonymart.migrate.steps`.
NEWEST = 13
TABLES = {"vault": "vault.ledger.schema_version", "warehouse": "warehouse.main.schema_version"}


def read(connection: duckdb.DuckDBPyConnection, zone: str) -> int:
    """The version of the zone attached under its name; 0 where none was written yet."""
    try:
        row = connection.execute(f"SELECT max(version) FROM {TABLES[zone]}").fetchone()
    except duckdb.CatalogException:
        return 0
    return row[0] if row and row[0] is not None else 0


def write(connection: duckdb.DuckDBPyConnection, zone: str, version: int) -> None:
    """Note the version in the zone attached to write, within the caller's transaction."""
    connection.execute(f"CREATE TABLE IF NOT EXISTS {TABLES[zone]} (version INTEGER)")
    connection.execute(f"DELETE FROM {TABLES[zone]}")
    connection.execute(f"INSERT INTO {TABLES[zone]} (version) VALUES (?)", [version])


def refuse_newer(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Raise UsageError when a newer Anonymart has written the zone: what it added would be lost or
    misread.
    """
    found = read(connection, zone)
    if found > NEWEST:
        raise UsageError(
            f"The {zone} was written by a newer Anonymart (schema version {found}, this one knows {NEWEST}): "
            "install that one again, or put back copies of vault and warehouse from before; nothing was done."
        )
