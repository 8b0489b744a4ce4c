"""Receipts of what was removed: one line each in receipts.ndjson, a chain of keyed hashes; they name nobody.

The last hash stands in the vault and beside the tombstones too, so that a receipt cut off at the end is
missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from anonymart.chain import FIRST, OTHER_KEY, Chain, other_key
from anonymart.erasure import tombstones
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema

_HEADS = {
    "vault": "vault.ledger.receipt_head",
    "tombstones": "tombstones.main.receipt_head",
    "warehouse": "warehouse.main.receipt_head",
}


@dataclass(frozen=True)
class Verdict:
    """Whether the chain holds, over how many receipts, and what is wrong with it."""

    passed: bool
    n_receipts: int
    problem: str | None = None


def append(session: Session, receipt_no: int, content: dict[str, Any]) -> dict[str, Any]:
    """Add one receipt and give it with its number and hash; once more with the same number gives the one that
    is there.

    Raises AnonymartError when the chain is broken: what comes after would prove nothing.
    """
    file = chain(session.home)
    entries, whole = file.read()
    _, problem = file.check(entries, session.keys)
    if not problem and receipt_no == len(entries) and entries:
        return entries[-1]
    if not problem and receipt_no != len(entries) + 1:
        problem = f"receipt {len(entries) + 1} is missing"
    if problem == OTHER_KEY:
        raise other_key(session.home.receipts)
    if problem:
        raise AnonymartError(
            f"The receipts in {session.home.receipts} do not hold ({problem}): restore the file, then run "
            f"again; nothing was lost."
        )
    entry = file.next_entry(receipt_no, entries[-1]["hash"] if entries else FIRST, content, session.keys)
    file.append(entry, whole)
    return entry


def note_head(connection: duckdb.DuckDBPyConnection, database: str, receipt_no: int, value: str) -> None:
    """Keep number and hash of the last receipt in 'vault', 'tombstones' or 'warehouse', within the caller's
    transaction.
    """
    if database == "warehouse":
        connection.execute(f"CREATE TABLE IF NOT EXISTS {_HEADS[database]} (receipt_no BIGINT, hash VARCHAR)")
    connection.execute(f"DELETE FROM {_HEADS[database]}")
    connection.execute(f"INSERT INTO {_HEADS[database]} VALUES (?, ?)", [receipt_no, value])


def head(connection: duckdb.DuckDBPyConnection, database: str) -> tuple[int, str]:
    """Number and hash of the last receipt that the database knows; (0, FIRST) when there was none."""
    if not knows_head(connection, database):
        return 0, FIRST
    return connection.execute(
        f"SELECT receipt_no, hash FROM {_HEADS[database]} ORDER BY receipt_no DESC LIMIT 1"
    ).fetchone() or (0, FIRST)


def knows_head(connection: duckdb.DuckDBPyConnection, database: str) -> bool:
    """Whether the database has a place for the head yet."""
    return one_row(
        connection.execute(
            "SELECT EXISTS (FROM duckdb_tables() WHERE database_name = $1 AND table_name = 'receipt_head')",
            [database],
        )
    )[0]


def verify(session: Session) -> Verdict:
    """Check every receipt, their order, and that the last one is the one that vault and tombstones know."""
    file = chain(session.home)
    entries, whole = file.read()
    n_good, problem = file.check(entries, session.keys)
    if problem is None and file.is_torn(whole):
        problem = "the last line is torn"
    if problem is None and session.home.vault.exists():
        connection = session.connect(vault="rw")
        try:
            schema.create(connection, session.keys)
            # What they do not know of is told by the verdict.
            tombstones.attach(connection, session, is_checked=False)
            for database in ("vault", "tombstones"):
                number, value = head(connection, database)
                at_hand = (
                    (entries[number - 1]["hash"] if number else FIRST) if number <= len(entries) else None
                )
                if at_hand != value or number < len(entries) - 1:
                    problem = f"the last receipt is not the one that the {database} knows (number {number})"
                    break
            if problem is None and (missing := tombstones.missing_removals(connection, session.home)):
                problem = (
                    f"the tombstones are an old copy, which knows of {missing[0]} of {missing[1]} removals"
                )
        finally:
            connection.close()
    return Verdict(problem is None, n_good, problem)


def chain(home: Home) -> Chain:
    """The receipts as a chain."""
    return Chain(home.receipts, "receipt_no", "receipt")
