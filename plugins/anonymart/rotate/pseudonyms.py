"""The key `pseudonym`: every keyed hash of the warehouse is hashed once more, with the new key (S-SAFE).

The hashes of answers whose raw rows have gone cannot be made anew from any name, so the new key comes on top
of the old ones: HMAC-SHA256 of the first 64 bits that were there. Whoever has one key alone can make no
pseudonym (docs/decisions/rotated-pseudonyms.md).
"""

from __future__ import annotations

import duckdb

from anonymart import crash, engine, pseudonym_mark
from anonymart.engine import literal
from anonymart.erasure import rewrite
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.ingest import identities
from anonymart.keys import Keys

# Columns of the warehouse that are made with the key: 64 bits as a signed number, and all 256 as digits.
NUMBERS = ("identity_key", "person_key", "response_key", "enrolment_key")
DIGITS = ("pseudonym",)


def count(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of each table of the attached `warehouse` whose hashes the key has made."""
    return {
        f"warehouse.{schema}.{table}": connection.execute(
            f'SELECT count(*) FROM warehouse.{schema}."{table}"'
        ).fetchall()[0][0]
        for schema, table, columns in _tables(connection)
        if columns
    }


def hash_again(home: Home, old: Keys, new: Keys) -> None:
    """Write the warehouse anew with hashes of the new key, then let the vault know it by its digest; nothing
    for what is done already.
    """
    if home.warehouse.exists():
        _hash_warehouse(home, old, new)
    with engine.memory() as connection:
        engine.prepare(connection, home)
        engine.attach(connection, "vault", home.vault, new.vault, "rw")
        connection.execute(
            "UPDATE vault.ledger.key_marks SET mark = $1 WHERE name = 'pseudonym'", [new.digest("pseudonym")]
        )


def _hash_warehouse(home: Home, old: Keys, new: Keys) -> None:
    aside = rewrite.aside(home.warehouse)
    rewrite.remove_aside(home)
    with engine.memory() as connection:
        engine.prepare(connection, home)
        engine.attach(connection, "warehouse", home.warehouse, old.warehouse, "rw")
        connection.execute(f"{engine.NO_VACUUM}; CHECKPOINT warehouse; DETACH warehouse")
        engine.attach(connection, "warehouse", home.warehouse, old.warehouse, "ro")
        if pseudonym_mark.read(connection) == new.digest("pseudonym"):
            return
        engine.attach(connection, "aside", aside, new.warehouse, "rw")
        connection.execute("COPY FROM DATABASE warehouse TO aside (SCHEMA)")
        _install(connection, new)
        for schema, table, columns in _tables(connection):
            again = ", ".join(f"{_again(column)} AS {column}" for column in columns)
            chosen = f"* REPLACE ({again})" if columns else "*"
            connection.execute(
                f'INSERT INTO aside.{schema}."{table}" SELECT {chosen} FROM warehouse.{schema}."{table}"'
            )
        pseudonym_mark.note(connection, new, "aside")
        connection.execute("CHECKPOINT aside")
    if any(path.with_name(path.name + ".wal").exists() for path in (home.warehouse, aside)):
        raise AnonymartError(
            f"The log of {home.warehouse} could not be emptied: run again; nothing was lost."
        )
    rewrite.settle(aside)
    crash.point("rotate.rows_hashed")
    rewrite.take_place(home.warehouse)


def _install(connection: duckdb.DuckDBPyConnection, new: Keys) -> None:
    identities.install_hmac(connection, "link_hash", new.pseudonym_links[-1])


def _again(column: str) -> str:
    """SQL: what a hash becomes."""
    if column in DIGITS:
        return f"link_hash(substr({column}, 1, 16))"
    digits = f"lpad(lower(hex({column})), 16, '0')"
    return identities.first_64_bits(f"link_hash({digits})")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, list[str]]]:
    """Schema and name of every table of the warehouse, and its columns that the key has made."""
    names = ", ".join(map(literal, (*NUMBERS, *DIGITS)))
    return connection.execute(f"""
        SELECT schema_name, table_name, coalesce(list(column_name) FILTER (column_name IN ({names})), [])
        FROM duckdb_columns() SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name)
        WHERE database_name = 'warehouse' GROUP BY ALL ORDER BY ALL
    """).fetchall()
