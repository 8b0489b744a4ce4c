"""Which key `pseudonym` the warehouse was written with: a warehouse of another key would belong to nobody."""

from __future__ import annotations

import duckdb

from anonymart.errors import UsageError
from anonymart.keys import Keys

_TABLE = "main.pseudonym_mark"


def read(connection: duckdb.DuckDBPyConnection, zone: str = "warehouse") -> str | None:
    """The digest of the key; None in a warehouse from before digests were noted, which has the first key."""
    try:
        row = connection.execute(f"SELECT mark FROM {zone}.{_TABLE}").fetchone()
    except duckdb.CatalogException:
        return None
    return row[0] if row else None


def note(connection: duckdb.DuckDBPyConnection, keys: Keys, zone: str = "warehouse") -> None:
    """Note the digest in the warehouse attached to write."""
    connection.execute(f"CREATE TABLE IF NOT EXISTS {zone}.{_TABLE} (mark VARCHAR)")
    connection.execute(f"DELETE FROM {zone}.{_TABLE}")
    connection.execute(f"INSERT INTO {zone}.{_TABLE} VALUES (?)", [keys.digest("pseudonym")])


def check(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Raise UsageError when the attached `warehouse` was written with another key than this one."""
    known = read(connection)
    if known == keys.digest("pseudonym") or (known is None and _may_have_no_digest(connection, keys)):
        return
    raise UsageError(
        "The key 'pseudonym' is not the one that this warehouse is kept with: put back the key file and the "
        "warehouse of one day."
    )


def _may_have_no_digest(connection: duckdb.DuckDBPyConnection, keys: Keys) -> bool:
    """Before the first rotation, and while no model was built."""
    if len(keys.pseudonym_links) == 1:
        return True
    row = connection.execute(
        "SELECT NOT EXISTS (FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name = "
        "'intermediate')"
    ).fetchone()
    return bool(row and row[0])
