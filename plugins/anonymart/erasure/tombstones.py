"""What keeps the erased out: keyed hashes of their identifiers, each with a time (R-ERASE).

The file lies beside the vault, so that a vault restored from a copy does not bring anybody back. It holds no
identifier: the hash is SHA-256 of a key derived from the person key and the identifier, cut to 64 bits.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import duckdb

from anonymart import engine
from anonymart.chain import Chain
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.rows import one_row
from anonymart.session import Session

SCHEMA = """
CREATE TABLE IF NOT EXISTS tombstones.erased (
    identifier_hash UBIGINT, until_at TIMESTAMP, kind VARCHAR, knows_learner BOOLEAN, is_swept BOOLEAN
);
CREATE TABLE IF NOT EXISTS tombstones.purged (
    source VARCHAR, column_name VARCHAR, from_at TIMESTAMP, until_at TIMESTAMP, file_marks VARCHAR[],
    is_swept BOOLEAN
);
CREATE TABLE IF NOT EXISTS tombstones.receipt_head (receipt_no BIGINT, hash VARCHAR);
"""
ERASED = "erased (R-ERASE)"
NEW_ID = "the e-mail or account of somebody who was erased, under another learner_id (R-ERASE)"


class Kind(StrEnum):
    """How an identifier belonged to the erased person."""

    OWN = "own"
    SHARED = "shared"
    """Claimed by somebody else as well: it names nobody, so it does not reveal who else was
    erased. A fold of this kind holds for nobody.
    """
    LOOSE = "loose"
    """A fold, which all spellings have in common: holds only for spellings that no learner claims."""


def attach(
    connection: duckdb.DuckDBPyConnection, session: Session, mode: str = "rw", is_checked: bool = True
) -> None:
    """Attach the file as `tombstones`, made when there is none yet; `vault` is attached already.

    Raises AnonymartError when receipts tell of removals that the file does not know: the erased would come
    back.
    """
    if not session.home.tombstones.exists() and session.home.receipts.exists():
        raise AnonymartError(
            f"{session.home.tombstones} is missing though people were erased: restore it, or they would come "
            f"back with old files."
        )
    engine.attach(connection, "tombstones", session.home.tombstones, session.keys.vault, mode)
    if mode == "rw":
        connection.execute(SCHEMA)
    if is_checked:
        check(connection, session.home)


def check(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Raise AnonymartError when `tombstones` is an old copy."""
    found = missing_removals(connection, home)
    if found:
        raise AnonymartError(
            f"{home.tombstones} knows of {found[0]} removals and the receipts tell of {found[1]}, so it "
            f"is an old copy, under which people "
            "erased since would come back: put its newest copy back, then run again; nothing was loaded."
        )


def missing_removals(connection: duckdb.DuckDBPyConnection, home: Home) -> tuple[int, int] | None:
    """How many removals `tombstones` knows of and how many there were, by the receipts and the vault's note
    of the last one; None: all.

    A removal that a kill cut short after its receipt is still open in the vault, and not missing.
    """
    entries, _ = Chain(home.receipts, "receipt_no", "receipt").read()
    known, in_vault = (
        _last_receipt(connection, database) for database in ("tombstones.main", "vault.ledger")
    )
    newest = max(len(entries), in_vault)
    if known >= newest:
        return None
    is_open = one_row(
        connection.execute("SELECT EXISTS (FROM vault.ledger.removals WHERE removal_no = $1)", [newest])
    )[0]
    return None if known == newest - 1 and in_vault < newest and is_open else (known, newest)


def _last_receipt(connection: duckdb.DuckDBPyConnection, database: str) -> int:
    zone, schema = database.split(".")
    there = (
        "SELECT EXISTS (FROM duckdb_tables() WHERE database_name = $1 AND schema_name = $2 AND table_name "
        "= 'receipt_head')"
    )
    if not one_row(connection.execute(there, [zone, schema]))[0]:
        return 0
    return one_row(connection.execute(f"SELECT coalesce(max(receipt_no), 0) FROM {database}.receipt_head"))[0]


def write(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """Add tombstones in a transaction of their own, and give how many are new or later than before.

    `query` gives (identifier_hash, until_at, kind, knows_learner, is_swept) and may read TEMP tables of the
    connection.
    """
    return write_rows(connection, connection.execute(query).fetchall())


def write_rows(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[int, datetime, str, bool, bool]]
) -> int:
    """The same for rows at hand. A later time takes the place of an earlier one, and what was known stays
    known.
    """
    if not rows:
        return 0
    # A transaction writes one file only: the caller's may be the vault's, so this one has a cursor of its
    # own.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE OR REPLACE TEMP TABLE fresh AS
            SELECT unnest($1::UBIGINT[]) AS identifier_hash, unnest($2::TIMESTAMP[]) AS until_at,
                unnest($3::VARCHAR[]) AS kind,
                unnest($4::BOOLEAN[]) AS knows_learner, unnest($5::BOOLEAN[]) AS is_swept
        """,
            [list(column) for column in zip(*rows, strict=True)],
        )
        cursor.execute("""
            CREATE OR REPLACE TEMP TABLE fresh AS
            SELECT identifier_hash, max(until_at) AS until_at, min_by(kind,
                CASE kind WHEN 'own' THEN 0 WHEN 'shared' THEN 1 ELSE 2 END) AS kind,
                bool_or(knows_learner) AS knows_learner, bool_and(is_swept) AS is_swept
            FROM (
                FROM fresh
                UNION ALL BY NAME
                FROM tombstones.erased AS known SEMI JOIN fresh USING (identifier_hash)
            )
            GROUP BY identifier_hash;
            DELETE FROM fresh WHERE (identifier_hash, until_at, kind, knows_learner, is_swept) IN (
                SELECT (identifier_hash, until_at, kind, knows_learner, is_swept) FROM tombstones.erased
            );
            BEGIN;
            DELETE FROM tombstones.erased WHERE identifier_hash IN (SELECT identifier_hash FROM fresh);
            INSERT INTO tombstones.erased BY NAME FROM fresh;
            COMMIT
        """)
        return one_row(cursor.execute("SELECT count(*) FROM fresh"))[0]


def n_unswept(connection: duckdb.DuckDBPyConnection) -> int:
    """Tombstones whose rows have not all gone yet."""
    return one_row(connection.execute("SELECT count(*) FROM tombstones.erased WHERE NOT is_swept"))[0]
